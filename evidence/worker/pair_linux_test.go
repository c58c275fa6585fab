package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// behind gives the only child a file and, while it is at it, a second one. It
// returns when both are through.
func behind(t *testing.T, p *Pool, first, second func()) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(first)
	waitForLoad(t, p, 1, true)
	wg.Go(second)
	waitForLoad(t, p, 2, false)
	wg.Wait()
}

// waitForLoad waits until the only child has so many files, and has begun with
// one.
func waitForLoad(t *testing.T, p *Pool, load int64, begun bool) {
	t.Helper()
	for range 2000 {
		p.mu.Lock()
		there := len(p.children) == 1 && p.children[0].load == load &&
			(!begun || p.children[0].window.ticket.Load() == p.numbers.Load())
		p.mu.Unlock()
		if there {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("the child was never seen with %d files", load)
}

func expect(t *testing.T, p *Pool, content string) {
	t.Helper()
	if got, err := p.Do(context.Background(), job(content)); err != nil || string(got.Answer) != content {
		t.Errorf("%q: got %q, %q, %v, want it back", content, got.Answer, got.Problem, err)
	}
}

// A second file lies in the window while the child is at the first, and each
// has its own answer.
func TestTwoFilesOfOneChild(t *testing.T) {
	p := windowPool(t)
	honest(t, p)
	id := fmt.Sprint(onlyChild(p).PID())
	behind(t, p, func() {
		if got, err := p.Do(context.Background(), job("pause pid")); err != nil || string(got.Answer) != id {
			t.Errorf("got %q, %q, %v, want %s", got.Answer, got.Problem, err, id)
		}
	}, func() { expect(t, p, "echo the second") })
	if now := fmt.Sprint(onlyChild(p).PID()); now != id {
		t.Errorf("got child %s afterwards, want %s still", now, id)
	}
}

// A file whose child was ended by the other one is read by another child.
func TestTheOtherFileIsNotBlamed(t *testing.T) {
	for _, word := range []string{"exit", "killed", "panic", "spin", "half", "flood", "declared", "wrong-kind"} {
		t.Run(word, func(t *testing.T) {
			p := windowPool(t)
			honest(t, p)
			behind(t, p, func() {
				if got, err := p.Do(context.Background(), job("pause "+word)); err != nil || got.Problem == "" {
					t.Errorf("got %q, %v, want a problem", got.Answer, err)
				}
			}, func() { expect(t, p, "echo the second") })
		})
	}
}

// The same holds when the parent ends the child: an answer that Check refuses,
// a caller who gives up, first or second.
func TestTheOtherFileSurvivesTheParent(t *testing.T) {
	p := windowPool(t)
	honest(t, p)
	behind(t, p, func() {
		j := job("pause pid")
		j.Check = func([]byte) error { return errors.New("not this one") }
		if got, err := p.Do(context.Background(), j); err != nil || got.Problem == "" {
			t.Errorf("got %q, %v, want a problem", got.Answer, err)
		}
	}, func() { expect(t, p, "echo the second") })

	ctx, cancel := context.WithCancel(context.Background())
	behind(t, p, func() {
		if got, err := p.Do(ctx, job("sleep")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %q, %q, %v, want the context's error", got.Answer, got.Problem, err)
		}
	}, func() {
		time.AfterFunc(50*time.Millisecond, cancel)
		expect(t, p, "echo the second")
	})

	honest(t, p)
	ctx, cancel = context.WithCancel(context.Background())
	behind(t, p, func() { // its child is killed while it is at this file
		if got, err := p.Do(context.Background(), job("pause size")); err != nil || string(got.Answer) != "4" {
			t.Errorf("got %q, %q, %v, want 4", got.Answer, got.Problem, err)
		}
	}, func() {
		time.AfterFunc(50*time.Millisecond, cancel)
		if got, err := p.Do(ctx, job("echo the second")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %q, %q, %v, want the context's error", got.Answer, got.Problem, err)
		}
	})
	honest(t, p)
}

// Files in the window and through the pipe, good and bad, at few children that
// are replaced often: every file has its own answer.
func TestCrowdAtTheWindow(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Workers, c.Recycle, c.WindowBytes = 2, 5, testWindow })
	bad := []string{"exit now", "killed by", "panic", "declared", "error"}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 15 {
				switch n := g*15 + i; {
				case n%7 == 3:
					word := bad[n%len(bad)]
					if got, err := p.Do(context.Background(), job(word)); err != nil || got.Problem == "" {
						t.Errorf("%s: got %q, %v, want a problem", word, got.Answer, err)
					}
				case n%5 == 2:
					expect(t, p, fmt.Sprint("echo ", n, strings.Repeat(" large", testWindow/5)))
				default:
					expect(t, p, fmt.Sprint("echo ", n))
				}
			}
		})
	}
	wg.Wait()
	if n := children(p); n > 2 {
		t.Errorf("got %d children, want 2 at most", n)
	}
}
