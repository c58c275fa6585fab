package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// channel is what LISTEN and NOTIFY name.
const channel = "minhchung_book"

// notices tells other processes which books grew. It does so after the commit
// and beside it: NOTIFY inside the transaction takes a lock of the whole
// database while COMMIT waits for the disk. A notice that is lost costs
// nothing, since watchers look by themselves too.
type notices struct {
	mu     sync.Mutex
	books  map[evidence.BookID]bool
	wake   chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}
}

const (
	// noticeAfter lets a busy store take its connection again first: with
	// another one, the server would plan every statement once more.
	noticeAfter = 2 * time.Millisecond
	// noticeEvery is the least time between two notices of a store.
	noticeEvery = 20 * time.Millisecond
)

func startNotices(pool *pgxpool.Pool) *notices {
	ctx, cancel := context.WithCancel(context.Background())
	n := &notices{books: map[evidence.BookID]bool{}, wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(n.ended)
		for {
			select {
			case <-n.wake:
				pause(ctx, noticeAfter)
				n.send(ctx, pool)
				pause(ctx, noticeEvery) // a busy store tells of many commits at once
			case <-ctx.Done():
				return
			}
		}
	}()
	return n
}

// pause waits, but not for longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (n *notices) tell(book evidence.BookID) {
	n.mu.Lock()
	n.books[book] = true
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *notices) send(ctx context.Context, pool *pgxpool.Pool) {
	n.mu.Lock()
	books := make([]string, 0, len(n.books))
	for b := range n.books {
		books = append(books, b.String())
	}
	clear(n.books)
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	// A failure is of no account: whoever watches polls.
	_, _ = pool.Exec(ctx, `SELECT pg_notify($1, b) FROM unnest($2::text[]) b`, channel, books)
}

func (n *notices) stop() {
	n.cancel()
	<-n.ended
}

// Watch implements evidence.Watcher: it listens, and looks at all heads every
// Options.PollEvery besides.
func (s *Store) Watch(ctx context.Context, scope evidence.Scope) (<-chan evidence.BookID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &watcher{store: s, scope: scope, sizes: map[string]int64{}, grown: make(chan evidence.BookID), hint: make(chan struct{}, 1)}
	go w.listen(ctx)
	go w.run(ctx)
	return w.grown, nil
}

type watcher struct {
	store *Store
	scope evidence.Scope
	sizes map[string]int64 // as they were sent
	grown chan evidence.BookID
	hint  chan struct{} // something was heard
}

// listen turns notices into hints. It connects again when the connection is
// lost; meanwhile polling does the work.
func (w *watcher) listen(ctx context.Context) {
	for ctx.Err() == nil {
		w.hear(ctx)
		select {
		case <-time.After(w.store.options.PollEvery):
		case <-ctx.Done():
		}
	}
}

func (w *watcher) hear(ctx context.Context) {
	c, err := pgx.ConnectConfig(ctx, w.store.listen)
	if err != nil {
		return
	}
	defer c.Close(context.WithoutCancel(ctx))
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return
	}
	for {
		w.nudge() // also for what was committed before we listened
		if _, err := c.WaitForNotification(ctx); err != nil {
			return
		}
	}
}

func (w *watcher) nudge() {
	select {
	case w.hint <- struct{}{}:
	default:
	}
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.grown)
	poll := time.NewTicker(w.store.options.PollEvery)
	defer poll.Stop()
	for {
		// An error means that the database is away: the next round looks again.
		_ = w.look(ctx)
		select {
		case <-w.hint:
		case <-poll.C:
		case <-ctx.Done():
			return
		}
	}
}

// look sends every book whose size is not the one that was sent last.
func (w *watcher) look(ctx context.Context) error {
	sizes := map[string]int64{}
	err := w.store.read(ctx, w.scope, func(c *conn) error {
		return c.Each(ctx, func(scan relation.Scan) error {
			var name string
			var size int64
			err := scan(&name, &size)
			sizes[name] = size
			return err
		}, `SELECT book, size FROM head`)
	})
	if err != nil {
		return err
	}
	for name, size := range sizes {
		book := bookOf(name)
		if w.sizes[name] == size || !w.scope.Allows(book) {
			continue
		}
		select {
		case w.grown <- book:
			w.sizes[name] = size
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
