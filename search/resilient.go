package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"minhchung/evidence"
)

// ErrAway says that the index could not be asked or written: nothing of the
// ledger is wrong, and what it lacks is put when it is back.
var ErrAway = errors.New("the search index does not answer")

// Searcher is the part of an Index that only asks.
type Searcher interface {
	// Search is Index.Search.
	Search(ctx context.Context, scope evidence.Scope, r Request) (Answer, error)
}

// Resilient is an Index that can go away and come back: a server that is down,
// a folder that is broken. Searches are then answered by Texts, marked
// Degraded; writes fail with ErrAway, and a follower that tries again brings
// the index up to date. It may be used concurrently. Close does nothing: who
// opened the index closes it.
type Resilient struct {
	// Open returns the index; it is called for every use, and so has to
	// remember what it opened. A call may outlast the request that made it.
	Open func() (Index, error)
	// Forget is told of an index that failed otherwise than by silence, so that
	// Open opens another: what it was may be gone from the server. It may be nil.
	Forget func(Index)
	// Bound ends a context early when the index is known not to answer, and says
	// by its cause why; nil bounds nothing.
	Bound func(context.Context) (context.Context, func())
	// Texts answers when the index does not.
	Texts Searcher
	// Patience is how long a question to the index may take, 4 s when 0. Writing
	// a batch is bounded by Bound alone.
	Patience time.Duration
	// Pause is how long searches do not ask an index that failed, 3 s when 0,
	// unless a write found it back.
	Pause time.Duration
	// Now is the clock of Pause; time.Now when nil.
	Now func() time.Time

	mu    sync.Mutex
	until time.Time // searches ask Texts before; guarded by mu
}

var (
	_ Index     = (*Resilient)(nil)
	_ Lister    = (*Resilient)(nil)
	_ Rebuilder = (*Resilient)(nil)
	_ Searcher  = (*Scanner)(nil)
)

// Defaults of Resilient; with Scanner's time they stay below the time that a
// page may take.
const (
	defaultPatience = 4 * time.Second
	defaultPause    = 3 * time.Second
)

// Search implements Index. An error is the caller's, or that of both: the
// index and the texts.
func (x *Resilient) Search(ctx context.Context, scope evidence.Scope, r Request) (a Answer, err error) {
	away := ErrAway
	if !x.paused() {
		away = x.ask(ctx, func(ctx context.Context, i Index) (err error) {
			a, err = i.Search(ctx, scope, r)
			return err
		})
		if away == nil || !errors.Is(away, ErrAway) {
			return a, away
		}
	}
	if a, err = x.Texts.Search(ctx, scope, r); err != nil {
		return Answer{}, fmt.Errorf("%w (%w)", err, away)
	}
	a.Degraded = true
	return a, nil
}

// Cursors implements Index.
func (x *Resilient) Cursors(ctx context.Context) (c map[evidence.BookID]int64, err error) {
	err = x.ask(ctx, func(ctx context.Context, i Index) (err error) {
		c, err = i.Cursors(ctx)
		return err
	})
	return c, err
}

// Apply implements Index.
func (x *Resilient) Apply(ctx context.Context, b Batch) error {
	return x.use(ctx, ctx, func(ctx context.Context, i Index) error { return i.Apply(ctx, b) })
}

// Rebuild implements Rebuilder. What the generation meets is not told as
// ErrAway.
func (x *Resilient) Rebuild(ctx context.Context) (g Generation, err error) {
	err = x.use(ctx, ctx, func(ctx context.Context, i Index) error {
		r, ok := i.(Rebuilder)
		if !ok {
			return errors.New("the index cannot build a new generation")
		}
		g, err = r.Rebuild(ctx)
		return err
	})
	return g, err
}

// IDs implements Lister.
func (x *Resilient) IDs(ctx context.Context, unit evidence.UnitID) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		stopped := false
		err := x.use(ctx, ctx, func(ctx context.Context, i Index) error {
			l, ok := i.(Lister)
			if !ok {
				return errors.New("the index cannot list its pages")
			}
			for id, err := range l.IDs(ctx, unit) {
				if err != nil {
					return err
				}
				if stopped = !yield(id, nil); stopped {
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield("", err)
		}
	}
}

// Close implements Index.
func (x *Resilient) Close() error { return nil }

// ask is use with patience.
func (x *Resilient) ask(ctx context.Context, do func(context.Context, Index) error) error {
	patient, cancel := context.WithTimeout(ctx, cmp.Or(x.Patience, defaultPatience))
	defer cancel()
	return x.use(ctx, patient, do)
}

// use opens the index and uses it within a context, and tells failures of the
// index from those of the caller.
func (x *Resilient) use(caller, ctx context.Context, do func(context.Context, Index) error) error {
	if x.Bound != nil {
		bound, done := x.Bound(ctx)
		defer done()
		ctx = bound
	}
	index, err := x.open(ctx)
	if err == nil {
		err = do(ctx, index)
	}
	var question *QueryError
	switch {
	case err == nil:
		x.rest(0)
		return nil
	case caller.Err() != nil, errors.As(err, &question), errors.Is(err, ErrRebuilding):
		return err
	case ctx.Err() != nil: // silence: another opening would meet it too
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case index != nil && x.Forget != nil:
		x.Forget(index)
	}
	x.rest(cmp.Or(x.Pause, defaultPause))
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// open waits for Open no longer than ctx.
func (x *Resilient) open(ctx context.Context) (Index, error) {
	type opened struct {
		index Index
		err   error
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	done := make(chan opened, 1)
	go func() {
		index, err := x.Open()
		done <- opened{index, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case o := <-done:
		return o.index, o.err
	}
}

func (x *Resilient) now() time.Time {
	if x.Now != nil {
		return x.Now()
	}
	return time.Now()
}

// rest lets searches pass the index over for a while.
func (x *Resilient) rest(d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.until = x.now().Add(d)
}

func (x *Resilient) paused() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.now().Before(x.until)
}
