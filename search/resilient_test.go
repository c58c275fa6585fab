package search_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/search"
)

// moody is an index that can be away: its calls fail, or are silent until
// their context ends.
type moody struct {
	search.Index
	away, silent atomic.Bool
	asked        atomic.Int32
}

func (m *moody) meet(ctx context.Context) error {
	m.asked.Add(1)
	if m.silent.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	if m.away.Load() {
		return errAway
	}
	return nil
}

func (m *moody) Search(ctx context.Context, scope evidence.Scope, r search.Request) (search.Answer, error) {
	if err := m.meet(ctx); err != nil {
		return search.Answer{}, err
	}
	return m.Index.Search(ctx, scope, r)
}

func (m *moody) Cursors(ctx context.Context) (map[evidence.BookID]int64, error) {
	if err := m.meet(ctx); err != nil {
		return nil, err
	}
	return m.Index.Cursors(ctx)
}

func (m *moody) Apply(ctx context.Context, b search.Batch) error {
	if err := m.meet(ctx); err != nil {
		return err
	}
	return m.Index.Apply(ctx, b)
}

// outage is a desk whose index can go away.
type outage struct {
	*desk
	index     *moody
	resilient *search.Resilient
	now       time.Time
	forgotten int
}

func newOutage(t *testing.T) *outage {
	o := &outage{desk: newDesk(t), now: time.Unix(1_700_000_000, 0)}
	o.index = &moody{Index: o.desk.Index}
	o.resilient = &search.Resilient{
		Open:   func() (search.Index, error) { return o.index, nil },
		Forget: func(search.Index) { o.forgotten++ },
		Texts:  &search.Scanner{Store: o.store, Rule: "nd30"},
		Now:    func() time.Time { return o.now },
	}
	o.desk.Index = o.resilient
	return o
}

// says returns how an answer was made.
func (o *outage) says(query string) (total int, degraded bool) {
	o.t.Helper()
	q, err := search.Parse(query)
	if err != nil {
		o.t.Fatal(err)
	}
	a, err := o.resilient.Search(o.t.Context(), all, search.Request{Query: q, Strict: true})
	if err != nil {
		o.t.Fatal(err)
	}
	return a.Total, a.Degraded
}

func (o *outage) wantAnswer(what string, total int, degraded bool) {
	o.t.Helper()
	if got, was := o.says("kế hoạch cải cách"); got != total || was != degraded {
		o.t.Errorf("%s: got %d pages, degraded %v, want %d, %v", what, got, was, total, degraded)
	}
}

// Documents go on coming while the index is away; then the follower brings it
// up to date.
func TestBacklogDrainsAfterAnOutage(t *testing.T) {
	o := newOutage(t)
	o.append(received(1)...)
	o.read(1, "kế hoạch cải cách")
	o.catch()
	o.wantAnswer("before", 1, false)
	o.index.away.Store(true)
	o.wantAnswer("away", 1, true)
	for n := 2; n < 5; n++ {
		o.append(received(n)...)
		o.read(n, "kế hoạch cải cách")
		if err := o.Catch(t.Context(), book); !errors.Is(err, search.ErrAway) || !errors.Is(err, errAway) {
			t.Fatalf("got %v of following, want ErrAway and why", err)
		}
		o.wantAnswer("away", n, true)
	}
	if o.forgotten == 0 {
		t.Error("an index that failed was not forgotten")
	}
	o.index.away.Store(false)
	o.wantAnswer("back, and still passed over", 4, true)
	o.catch() // finds it back: searches need not wait
	o.wantAnswer("caught up", 4, false)
}

// Only the first search of a pause waits for an index that is away.
func TestSearchesPauseAfterAFailure(t *testing.T) {
	o := newOutage(t)
	o.index.away.Store(true)
	for range 5 {
		o.wantAnswer("away", 0, true)
	}
	if n := o.index.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	o.index.away.Store(false)
	o.now = o.now.Add(10 * time.Second)
	o.wantAnswer("after the pause", 0, false)
}

// An index that is silent is left alone after some patience, or at once when
// it is known to be down.
func TestSilentIndex(t *testing.T) {
	o := newOutage(t)
	o.index.silent.Store(true)
	o.resilient.Patience = time.Millisecond
	o.wantAnswer("silent", 0, true)
	if o.forgotten != 0 {
		t.Error("a silent index was forgotten: opening another meets the same silence")
	}
	o.now = o.now.Add(10 * time.Second)
	before := o.index.asked.Load()
	known := errors.New("known to be down")
	o.resilient.Patience = time.Hour
	o.resilient.Bound = func(ctx context.Context) (context.Context, func()) {
		bound, cancel := context.WithCancelCause(ctx)
		cancel(known)
		return bound, func() {}
	}
	o.wantAnswer("known to be down", 0, true)
	if _, err := o.resilient.Cursors(t.Context()); !errors.Is(err, known) || !errors.Is(err, search.ErrAway) {
		t.Errorf("got %v, want the cause", err)
	}
	if n := o.index.asked.Load(); n != before {
		t.Errorf("asked %d times of an index known to be down, want never", n-before)
	}
}

// What the caller ended is no outage, and what neither can answer is an error.
func TestFailuresThatAreNoOutage(t *testing.T) {
	o := newOutage(t)
	q, err := search.Parse("kế hoạch")
	if err != nil {
		t.Fatal(err)
	}
	o.index.silent.Store(true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.resilient.Search(ended, all, search.Request{Query: q}); !errors.Is(err, context.Canceled) || errors.Is(err, search.ErrAway) {
		t.Errorf("got %v of a caller who left, want only that", err)
	}
	o.index.silent.Store(false)
	o.wantAnswer("no pause after it", 0, false)
	o.index.away.Store(true)
	if err := o.store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := o.resilient.Search(t.Context(), all, search.Request{Query: q}); err == nil || !errors.Is(err, errAway) {
		t.Errorf("got %v with index and database away, want an error that says both", err)
	}
}
