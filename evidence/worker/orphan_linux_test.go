package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"minhchung/evidence/worker/workertest"
)

// A child in the middle of a file ends when its parent is killed.
func TestOrphanEnds(t *testing.T) {
	testPool(t, nil) // for the check at the end
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	middle := exec.Command(exe, childArgument, "middle")
	out, err := middle.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := middle.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	id := 0
	for _, digit := range bytes.TrimSpace(line[:n]) {
		id = id*10 + int(digit-'0')
	}
	middle.Process.Kill()
	middle.Wait()
	for range 100 {
		if syscall.Kill(id, 0) != nil {
			return
		}
		if stat, err := os.ReadFile("/proc/" + string(bytes.TrimSpace(line[:n])) + "/stat"); err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return // dead, and waiting for whoever reaps orphans here
		}
		time.Sleep(20 * time.Millisecond)
	}
	syscall.Kill(id, syscall.SIGKILL)
	t.Error("the child of a killed parent still runs after 2s")
}

// middleMain is a parent of its own: it starts a child that spins, says the
// child's id and waits to be killed.
func middleMain() int {
	p, err := New(Config{Command: []string{"/proc/self/exe", childArgument}, Workers: 1, Limits: Limits{Timeout: time.Minute}})
	if err != nil {
		return 1
	}
	announced := make(chan struct{})
	go func() {
		defer close(announced)
		for range 1000 {
			if ids := workertest.Children(os.Getpid()); len(ids) > 0 {
				time.Sleep(200 * time.Millisecond) // it is in the file by then
				fmt.Println(ids[0])
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, err = p.Do(context.Background(), job("spin"))
	<-announced
	if errors.Is(err, ErrClosed) {
		return 2
	}
	return 0
}
