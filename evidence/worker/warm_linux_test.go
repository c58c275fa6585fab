package worker

import (
	"context"
	"strconv"
	"testing"
	"time"
)

// ready waits until the pool has n idle children, and returns their processes.
func ready(t *testing.T, p *Pool, n int) map[string]bool {
	t.Helper()
	got := 0
	for range 20_000 {
		p.mu.Lock()
		pids := map[string]bool{}
		for _, c := range p.idle {
			pids[strconv.Itoa(c.PID())] = true
		}
		p.mu.Unlock()
		if got = len(pids); got == n {
			return pids
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("got %d children, want %d", got, n)
	return nil
}

// Children that were started before the first file have heard the briefing,
// and answer; there are as many as the pool may have, however often it is
// warmed.
func TestWarm(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Workers = 3 })
	b, err := NewBriefing("rules")
	if err != nil {
		t.Fatal(err)
	}
	p.Warm(b)
	pids := ready(t, p, 3)
	p.Warm(b)
	j := job("pid")
	j.Briefing = b
	if got, err := p.Do(context.Background(), j); err != nil || !pids[string(got.Answer)] {
		t.Errorf("got process %s, %v, want one of %v", got.Answer, err, pids)
	}
	j = job("briefing")
	j.Briefing = b
	if got, err := p.Do(context.Background(), j); err != nil || string(got.Answer) != `1"rules"` && string(got.Answer) != `1 "rules"` {
		t.Errorf("got %q, %v, want one briefing", got.Answer, err)
	}
	ready(t, p, 3)
}

// Children that cannot start are a matter of the first file, and a closed pool
// starts none.
func TestWarmWithoutChildren(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Setup, c.StartTimeout = "refuse", 300*time.Millisecond })
	p.Warm(&Briefing{message: []byte("{}")})
	if got, err := p.Do(context.Background(), job("honest file")); err == nil {
		t.Errorf("got %q, want an error: nobody looked", got.Answer)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.Warm(&Briefing{message: []byte("{}")})
	if n := len(p.slots); n != 0 {
		t.Errorf("got %d files in work after Close, want 0", n)
	}
}
