package worker

import (
	"sync"
	"time"
)

// Stopwatch bounds the time of one file: it calls a function when the time
// that is not paused exceeds its limit. It is safe for concurrent use.
//
// It is late by up to a tenth of a second: all stopwatches are looked at by
// one goroutine now and then, since a timer for each file costs more than many
// a file does (a fresh timer wakes a thread that waits for pipes).
type Stopwatch struct {
	mu     sync.Mutex
	kill   func()
	left   time.Duration // guarded by mu; at the last resume
	since  time.Time     // guarded by mu; zero while paused
	struck bool          // guarded by mu
}

// StartStopwatch starts the time; kill is called at most once, from another
// goroutine.
func StartStopwatch(limit time.Duration, kill func()) *Stopwatch {
	s := &Stopwatch{kill: kill, left: limit, since: time.Now()}
	running.add(s)
	return s
}

// Pause lets the time stand still until Resume.
func (s *Stopwatch) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left -= time.Since(s.since)
	s.since = time.Time{}
}

// Resume lets the time run on after Pause.
func (s *Stopwatch) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Now()
}

// Stop ends the time; kill is not called any more.
func (s *Stopwatch) Stop() { running.remove(s) }

// Fired reports whether the limit was reached.
func (s *Stopwatch) Fired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// strike reports whether the limit is reached at now; once.
func (s *Stopwatch) strike(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.struck || s.since.IsZero() || now.Sub(s.since) < s.left {
		return false
	}
	s.struck = true
	return true
}

// lookEvery is how often running stopwatches are looked at.
const lookEvery = 50 * time.Millisecond

// watchers are the stopwatches that run.
type watchers struct {
	mu      sync.Mutex
	all     map[*Stopwatch]bool // guarded by mu
	awake   bool                // guarded by mu; somebody looks at them
	touched bool                // guarded by mu; one was added since the last look
}

var running = watchers{all: map[*Stopwatch]bool{}}

func (w *watchers) add(s *Stopwatch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[s], w.touched = true, true
	if !w.awake {
		w.awake = true
		go w.look()
	}
}

func (w *watchers) remove(s *Stopwatch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, s)
}

// look ends when nothing has run for a while.
func (w *watchers) look() {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	for now := range ticks.C {
		struck, more := w.struck(now)
		for _, s := range struck {
			s.kill()
		}
		if !more {
			return
		}
	}
}

func (w *watchers) struck(now time.Time) (list []*Stopwatch, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.all {
		if s.strike(now) {
			list = append(list, s)
			delete(w.all, s)
		}
	}
	w.awake = w.touched || len(w.all) > 0
	w.touched = false
	return list, w.awake
}
