package worker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// held counts the threads of a process that may not run on all cores that this
// test was given, before any child was started.
func held(t *testing.T, pid int, all unix.CPUSet) int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("no threads of process %d: %v", pid, err)
	}
	n := 0
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			t.Fatal(err)
		}
		var mask unix.CPUSet
		if err := unix.SchedGetaffinity(tid, &mask); err == nil && mask != all { // or the thread has ended
			n++
		}
	}
	return n
}

func allowed(t *testing.T) (all unix.CPUSet) {
	t.Helper()
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Files of many callers, some of them slow or deadly, leave no thread of ours
// on one core, and no core taken.
func TestPlacesAreLeft(t *testing.T) {
	all := allowed(t)
	p := testPool(t, func(c *Config) { c.WindowBytes, c.Workers = testWindow, 3 })
	var callers sync.WaitGroup
	for caller := range 6 {
		callers.Go(func() {
			for i := range 60 {
				word := "honest file"
				switch {
				case i%20 == caller:
					word = "nap"
				case i%30 == caller+7:
					word = "exit"
				}
				got, err := p.Do(context.Background(), job(word))
				if want := word != "exit"; err != nil || (string(got.Answer) == "read") != want {
					t.Errorf("%s: got %q, %q, %v", word, got.Answer, got.Problem, err)
				}
			}
		})
	}
	callers.Wait()
	if n := held(t, os.Getpid(), all); n > 0 {
		t.Errorf("got %d threads of ours on fewer cores than before, want 0", n)
	}
	if n := pairs.Load(); n != 0 {
		t.Errorf("got %d waiting threads, want 0", n)
	}
	for core := range cores {
		if cores[core].Load() {
			t.Errorf("core %d is taken", core)
		}
	}
}

// A child is held to a core while its parent waits for it there, and let go
// when it takes long.
func TestPlaceOfAChild(t *testing.T) {
	all := allowed(t)
	if all.Count() < 2 {
		t.Skip("there is one core: nothing can be held to it")
	}
	p := testPool(t, func(c *Config) { c.WindowBytes = testWindow })
	if got, err := p.Do(context.Background(), job("main-thread")); err != nil || string(got.Answer) != "true" {
		t.Fatalf("serves on the main thread: got %s, %v, want true", got.Answer, err)
	}
	for word, want := range map[string]int{"honest file": 1, "nap": 0} {
		// Now and then the thread is interrupted, and lets go of a quick child too.
		held := func() int {
			if _, err := p.Do(context.Background(), job(word)); err != nil {
				t.Fatal(err)
			}
			return held(t, p.idle[0].PID(), all)
		}
		n := held()
		for tries := 0; n != want && want > 0 && tries < 100; tries++ {
			n = held()
		}
		if n != want {
			t.Errorf("%s: got %d threads of the child held to a core, want %d", word, n, want)
		}
	}
}

// A reader of answers hears of Close although somebody else keeps the pipe
// open, and of what comes in several pieces.
func TestAnswersEnd(t *testing.T) {
	r, w, err := answerPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if r.await(time.Millisecond) {
		t.Error("await saw an answer before there was one")
	}
	fmt.Fprint(w, "one")
	if !r.await(time.Hour) {
		t.Error("await did not see the answer")
	}
	buf := make([]byte, 8)
	if n, err := r.Read(buf); err != nil || string(buf[:n]) != "one" {
		t.Errorf("got %q, %v, want one", buf[:n], err)
	}
	fmt.Fprint(w, "two")
	if n, err := r.Read(buf); err != nil || string(buf[:n]) != "two" {
		t.Errorf("got %q, %v, want two", buf[:n], err)
	}
	ended := make(chan error)
	go func() {
		_, err := r.Read(buf)
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond) // it waits by now, or finds the pipe closed
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v, want an error of a closed file", err)
	}
}
