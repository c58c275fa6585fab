package worker

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// policies counts the threads of a process by their scheduling policy.
func policies(t *testing.T, pid int) map[uint32]int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("no threads of process %d: %v", pid, err)
	}
	found := map[uint32]int{}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			t.Fatal(err)
		}
		if attr, err := unix.SchedGetAttr(tid, 0); err == nil { // or the thread has ended
			found[attr.Policy]++
		}
	}
	return found
}

// Children interrupt nobody, from their first thread to their last; those who
// start them go on as before.
func TestChildrenAreBatchWork(t *testing.T) {
	before := policies(t, unix.Getpid())
	if before[unix.SCHED_BATCH] > 0 || before[unix.SCHED_NORMAL] == 0 {
		t.Skipf("this test runs with the scheduling policies %v", before)
	}
	p := testPool(t, func(c *Config) { c.WindowBytes, c.Workers = testWindow, 2 })
	honest(t, p)
	got, err := p.Do(context.Background(), job("pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(got.Answer))
	if err != nil {
		t.Fatal(err)
	}
	if child := policies(t, pid); len(child) != 1 || child[unix.SCHED_BATCH] == 0 {
		t.Errorf("the child's threads have the policies %v, want SCHED_BATCH alone", child)
	}
	if own := policies(t, unix.Getpid()); len(own) != 1 {
		t.Errorf("our own threads have the policies %v, want SCHED_NORMAL alone", own)
	}
}
