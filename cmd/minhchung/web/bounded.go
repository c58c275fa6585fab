package web

import (
	"context"
	"fmt"
	"net/http"
)

// The engines that requests depend on, by the names of health.Engine.
const (
	database  = "database"
	replica   = "replica" // of the database, for what changes something
	documents = "documents"
)

// bounded answers a request unless the engine is away, and no longer than it
// is there: who asks is told "unavailable" at once instead of waiting for a
// server that is silent.
func (s *server) bounded(engine string, r *http.Request, answer func(*http.Request) error) error {
	return s.boundedWork(r.Context(), engine, func(ctx context.Context) error { return answer(r.WithContext(ctx)) })
}

// needing is a handler that works only while an engine answers.
func (s *server) needing(engine string, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, who visitor) error {
		return s.bounded(engine, r, func(r *http.Request) error { return h(w, r, who) })
	}
}

// boundedWork is bounded for work that has no request. Work that was ended
// changed nothing, or everything: each change is one transaction.
func (s *server) boundedWork(ctx context.Context, engine string, do func(context.Context) error) error {
	bound, done := s.Bound(ctx, engine)
	defer done()
	err := bound.Err()
	if err == nil {
		err = do(bound)
	}
	if err != nil && bound.Err() != nil && ctx.Err() == nil {
		return problem{code: "unavailable", err: fmt.Errorf("%w (%w)", context.Cause(bound), err)}
	}
	return err
}
