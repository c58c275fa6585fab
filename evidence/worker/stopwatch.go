package worker

import (
	"sync"
	"time"
)

// Stopwatch bounds the time of one file: it calls a function when
// the time that is not paused exceeds its limit. It is safe for concurrent use.
type Stopwatch struct {
	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration // guarded by mu; at the last resume
	since  time.Time     // guarded by mu; zero while paused
	struck bool          // guarded by mu
}

// StartStopwatch starts the time; kill is called at most once, from another
// goroutine.
func StartStopwatch(limit time.Duration, kill func()) *Stopwatch {
	s := &Stopwatch{left: limit, since: time.Now()}
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

// Pause lets the time stand still until Resume.
func (s *Stopwatch) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.left -= time.Since(s.since)
	s.since = time.Time{}
}

// Resume lets the time run on after Pause.
func (s *Stopwatch) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Now()
	s.timer.Reset(max(s.left, 0))
}

// Stop ends the time; kill is not called any more.
func (s *Stopwatch) Stop() { s.timer.Stop() }

// Fired reports whether the limit was reached.
func (s *Stopwatch) Fired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}
