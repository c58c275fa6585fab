package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
)

const testWindow = 64 << 10

func windowPool(t testing.TB) *Pool {
	return testPool(t, func(c *Config) { c.WindowBytes = testWindow })
}

// What files do to a child in the window ends like what they do to one through
// the pipe (TestHostileFiles), and the next file is read.
func TestHostileFilesInTheWindow(t *testing.T) {
	p := windowPool(t)
	for word, want := range map[string]string{
		"spin": "longer than 2s", "half": "longer than 2s", "refused": "more than 256 MiB", "panic": "stopped", "error": "stopped",
		"exit": "stopped", "killed": "stopped", "huge": "stopped", "flood": "could not be used", "declared": "could not be used", "wrong-kind": "could not be used",
	} {
		got, err := p.Do(context.Background(), job(word))
		if err != nil || !strings.Contains(got.Problem, want) || got.Answer != nil {
			t.Errorf("%s: got %q, %q, %v, want a problem with %q", word, got.Answer, got.Problem, err, want)
		}
		honest(t, p)
	}
}

// The child sees exactly the file, up to the window's size, and larger files
// through the pipe.
func TestWindowSizes(t *testing.T) {
	p := windowPool(t)
	for _, size := range []int{0, 1, testWindow - 1, testWindow, testWindow + 1, 3 * testWindow, 5} {
		content := "size " + strings.Repeat("x", max(size-5, 0))
		content = content[:size]
		want := fmt.Sprint(size)
		if size < len("size ") {
			want = "read"
		}
		if got, err := p.Do(context.Background(), job(content)); err != nil || string(got.Answer) != want {
			t.Errorf("%d bytes: got %q, %q, %v, want %s", size, got.Answer, got.Problem, err, want)
		}
	}
}

// A child that was taken over can neither change the file in the window nor
// make itself able to.
func TestWindowIsNotTheChildsToWrite(t *testing.T) {
	p := windowPool(t)
	if got, err := p.Do(context.Background(), job("unprotect")); err != nil || string(got.Answer) != syscall.EACCES.Error() {
		t.Errorf("got %q, %q, %v, want %v", got.Answer, got.Problem, err, syscall.EACCES)
	}
	if got, err := p.Do(context.Background(), job("scribble")); err != nil || got.Problem != "the reader stopped while reading the file" {
		t.Errorf("got %q, %q, %v, want a child that ended", got.Answer, got.Problem, err)
	}
	honest(t, p)
}

// A Body that fails is the caller's matter: the child lives on.
func TestBodyFaultsBeforeTheWindow(t *testing.T) {
	p := windowPool(t)
	first, err := p.Do(context.Background(), job("pid"))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is gone")
	for _, j := range []Job{
		{Size: 10, Body: strings.NewReader("short")},
		{Size: 2, Body: strings.NewReader("long")},
		{Size: 3, Body: iotest.ErrReader(broken)},
	} {
		if got, err := p.Do(context.Background(), j); err == nil {
			t.Errorf("got %q, want an error", got.Answer)
		}
	}
	if again, err := p.Do(context.Background(), job("pid")); err != nil || string(again.Answer) != string(first.Answer) {
		t.Errorf("got child %s, %v, want %s, which did nothing wrong", again.Answer, err, first.Answer)
	}
}

// A child that is gone before it takes its ticket says nothing about the file,
// which the next one finds in the same window.
func TestDeathBeforeTheTicket(t *testing.T) {
	p := windowPool(t)
	honest(t, p)
	open := openFiles(t)
	for range 20 {
		p.mu.Lock()
		idle := p.idle[0]
		p.mu.Unlock()
		syscall.Kill(idle.PID(), syscall.SIGKILL)
		if got, err := p.Do(context.Background(), job("size 12345")); err != nil || string(got.Answer) != "10" {
			t.Fatalf("got %q, %q, %v, want 10", got.Answer, got.Problem, err)
		}
	}
	for range 3 {
		if _, err := p.Do(context.Background(), job("dies-later")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60 * time.Millisecond)
		honest(t, p)
	}
	if now := openFiles(t); now > open {
		t.Errorf("got %d open files, had %d before the children were replaced", now, open)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// Children that never get ready are an error here too.
func TestNoChildForTheWindow(t *testing.T) {
	for _, mode := range []string{"refuse", "exit", "mute"} {
		p := testPool(t, func(c *Config) { c.StartTimeout, c.Setup, c.WindowBytes = 300*time.Millisecond, mode, testWindow })
		if got, err := p.Do(context.Background(), job("honest file")); err == nil {
			t.Errorf("%s: got %q, want an error: nobody looked", mode, got.Answer)
		}
	}
}
