// Package workertest helps tests of worker pools to see that nothing is left
// of their children. It reads /proc, so it works on Linux only.
package workertest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// NothingLeft notes what runs now. The function it returns waits up to 2 s
// and fails the test when this process then has more goroutines than before,
// or any living child.
func NothingLeft(t testing.TB) (check func()) {
	goroutines := runtime.NumGoroutine()
	return func() {
		t.Helper()
		for range 100 {
			if runtime.NumGoroutine() <= goroutines && len(Children(os.Getpid())) == 0 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("got %d goroutines and children %v left, want %d and none", runtime.NumGoroutine(), Children(os.Getpid()), goroutines)
	}
}

// Children returns the process ids of the living children of pid.
func Children(pid int) []int {
	var ids []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		var state string
		var parent int
		if n, _ := fmt.Sscanf(after, "%s %d", &state, &parent); n == 2 && parent == pid && state != "Z" {
			var id int
			if _, err := fmt.Sscan(e.Name(), &id); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
