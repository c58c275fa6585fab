// Package health knows which engines answer: it asks each of them again and
// again, ends the work that waits for one that went away, and tells others at
// /healthz, /readyz and /metrics.
package health

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Engine is a server that the program depends on.
type Engine struct {
	Name string // "database", "replica", "documents", "search"
	// Needed is false for an engine without which only its own pages fail.
	Needed bool
	// Ping asks once. It is called by one goroutine at a time.
	Ping func(ctx context.Context) error
}

// Whoever meets an engine that is away is to hear of it within two seconds:
// the longest silence between two questions and the longest wait for an answer
// stay below.
const (
	every  = 300 * time.Millisecond
	answer = 1200 * time.Millisecond
)

// Monitor asks engines. It is safe for concurrent use.
type Monitor struct {
	log     *slog.Logger
	engines []Engine

	mu    sync.Mutex
	state map[string]*state // guarded by mu, the states too
}

// state is what is known of one engine.
type state struct {
	err      error     // nil while it answers
	since    time.Time // of the last change
	failures int64     // questions without a good answer, ever
	waiting  map[*context.CancelCauseFunc]struct{}
}

// New returns a Monitor that holds every engine for up until it was asked. log
// hears of every change.
func New(log *slog.Logger, engines []Engine) *Monitor {
	m := &Monitor{log: log, engines: engines, state: map[string]*state{}}
	for _, e := range engines {
		m.state[e.Name] = &state{since: time.Now(), waiting: map[*context.CancelCauseFunc]struct{}{}}
	}
	return m
}

// Run asks until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, e := range m.engines {
		all.Go(func() {
			for ctx.Err() == nil {
				m.ask(ctx, e)
				select {
				case <-ctx.Done():
				case <-time.After(every):
				}
			}
		})
	}
	all.Wait()
}

// ask asks one engine once.
func (m *Monitor) ask(ctx context.Context, e Engine) {
	limited, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	err := e.Ping(limited)
	if ctx.Err() != nil {
		return // we stopped, not the engine
	}
	m.set(e.Name, err)
}

// DownError says that an engine does not answer.
type DownError struct {
	Engine string
	Err    error // what the last question met
}

// Error implements error.
func (e *DownError) Error() string { return fmt.Sprintf("the %s does not answer: %v", e.Engine, e.Err) }

// Unwrap returns what the last question met.
func (e *DownError) Unwrap() error { return e.Err }

// set notes an answer; work that waits for an engine that went away ends.
func (m *Monitor) set(name string, err error) {
	m.mu.Lock()
	s := m.state[name]
	changed := (err == nil) != (s.err == nil)
	s.err = err
	if err != nil {
		s.failures++
	}
	if changed {
		s.since = time.Now()
	}
	var waiting []*context.CancelCauseFunc
	if changed && err != nil {
		for w := range s.waiting {
			waiting = append(waiting, w)
		}
	}
	m.mu.Unlock()
	for _, w := range waiting {
		(*w)(&DownError{name, err})
	}
	switch {
	case changed && err != nil:
		m.log.Warn("engine went away", "engine", name, "error", err)
	case changed:
		m.log.Info("engine is back", "engine", name)
	}
}

// Bound returns a context that ends, with a *DownError as its cause, when the
// engine does not answer; at once when it does not now. An engine that is not
// watched is always there. done must be called.
func (m *Monitor) Bound(ctx context.Context, engine string) (bound context.Context, done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, watched := m.state[engine]
	if !watched {
		return ctx, func() {}
	}
	bound, cancel := context.WithCancelCause(ctx)
	if s.err != nil {
		cancel(&DownError{engine, s.err})
		return bound, func() {}
	}
	s.waiting[&cancel] = struct{}{}
	return bound, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(s.waiting, &cancel)
		cancel(nil)
	}
}

// status is what is known of an engine, for those who ask us.
type status struct {
	Engine   string
	Needed   bool
	Err      error
	Since    time.Time
	Failures int64
}

func (m *Monitor) statuses() []status {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []status
	for _, e := range m.engines {
		s := m.state[e.Name]
		all = append(all, status{e.Name, e.Needed, s.err, s.since, s.failures})
	}
	return all
}
