package worker

import (
	"sync"
	"time"
)

// stopwatch calls kill when the time that is not paused exceeds its limit.
type stopwatch struct {
	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration // guarded by mu; at the last resume
	since  time.Time     // guarded by mu; zero while paused
	struck bool          // guarded by mu
}

func startStopwatch(limit time.Duration, kill func()) *stopwatch {
	s := &stopwatch{left: limit, since: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(limit, func() {
		s.mu.Lock()
		s.struck = true
		s.mu.Unlock()
		kill()
	})
	return s
}

func (s *stopwatch) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.left -= time.Since(s.since)
	s.since = time.Time{}
}

func (s *stopwatch) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Now()
	s.timer.Reset(max(s.left, 0))
}

func (s *stopwatch) stop() { s.timer.Stop() }

// fired reports whether the limit was reached.
func (s *stopwatch) fired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// tail keeps the first bytes a child writes to standard error and drops the
// rest, so that a flood costs nothing.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

const tailBytes = 4 << 10

// Write never fails and never blocks.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[:min(len(b), tailBytes-len(t.buf))]...)
	return len(b), nil
}

// String returns what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
