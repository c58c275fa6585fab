package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// attempts bounds how often fn is run while other processes move the head.
const attempts = 10

// Update implements evidence.Store. fn must not call Update of the same book.
// Errors: evidence.ErrReadOnly, ErrUnavailable, ErrFull, ErrOutcome; whatever
// fn returns.
func (s *Store) Update(ctx context.Context, scope evidence.Scope, id evidence.BookID, fn func(tx evidence.Tx) error) (evidence.Commitment, error) {
	return s.run(ctx, scope, id, func(tx *relation.Tx, q *ledger.Sequencer, b *book) (evidence.Commitment, error) {
		if err := fn(tx); err != nil {
			return evidence.Commitment{}, err
		}
		return tx.Finish(ctx, q, b)
	})
}

// TakeOver implements evidence.Mover.
func (s *Store) TakeOver(ctx context.Context, scope evidence.Scope, id evidence.BookID, from evidence.Reader, pub ledger.PublicKey) error {
	_, err := s.run(ctx, scope, id, func(tx *relation.Tx, q *ledger.Sequencer, b *book) (evidence.Commitment, error) {
		return tx.TakeOver(ctx, q, b, from, pub)
	})
	return err
}

// body does the work of a transaction over a book and returns what is to be
// committed.
type body func(tx *relation.Tx, q *ledger.Sequencer, b *book) (evidence.Commitment, error)

// run runs body in a transaction over the book and commits what it returns.
func (s *Store) run(ctx context.Context, scope evidence.Scope, id evidence.BookID, work body) (evidence.Commitment, error) {
	switch {
	case !scope.Allows(id):
		return evidence.Commitment{}, relation.NotThere(id)
	case s.options.ReadOnly, s.options.Role == Auditor, s.options.Role == Follower && id != evidence.RootBook:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: %w", id, evidence.ErrReadOnly)
	case s.options.Sequencer == nil:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: the store was opened without a sequencer", id)
	case id != evidence.RootBook:
		if err := id.Validate(); err != nil {
			return evidence.Commitment{}, err
		}
	}
	// Writers of this process wait here, where it costs no connection.
	leave, err := s.queue(ctx, id)
	if err != nil {
		return evidence.Commitment{}, err
	}
	defer func() { leave() }()
	deadline := time.Now().Add(s.options.Lock)
	for attempt := 1; ; {
		got, err := s.update(ctx, scope, id, work)
		if got.late != nil {
			release := leave
			leave = func() { go func() { <-got.late; release() }() }
		}
		if got.ran {
			attempt++
		}
		again := isRetry(err) || sqlState(err) == codeLockTimeout
		if !again || ctx.Err() != nil || attempt > attempts || !got.ran && time.Now().After(deadline) {
			return got.done, cancelled(ctx, err)
		}
		pause := time.Duration(1+rand.Int64N(10<<attempt)) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return evidence.Commitment{}, ctx.Err()
		}
	}
}

// queue waits until no other Update of this process is in the book.
func (s *Store) queue(ctx context.Context, id evidence.BookID) (leave func(), err error) {
	slot, _ := s.queues.LoadOrStore(id, make(chan struct{}, 1))
	c := slot.(chan struct{})
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// attempted is what became of one attempt of an Update.
type attempted struct {
	done evidence.Commitment
	ran  bool // fn was called; else another process was only faster to the lock
	// late is closed when the COMMIT has ended that the caller did not wait
	// for; nil without one.
	late <-chan struct{}
}

func (s *Store) update(ctx context.Context, scope evidence.Scope, id evidence.BookID, work body) (attempted, error) {
	l := locked{known: s.edges.get(id)}
	c, err := s.begin(ctx, scope, "BEGIN ISOLATION LEVEL REPEATABLE READ", l.step(id))
	if err != nil {
		return attempted{}, err
	}
	open := true
	defer func() { // also when work panics
		if open {
			c.rollback()
		}
	}()
	tx := relation.NewTx(c, scope, id, s.options.Host, l.state)
	b := newBook(tx.Reader, c)
	sequencer := *s.options.Sequencer
	if sequencer.Now == nil {
		sequencer.Now = l.clock
	}
	done, err := work(tx, &sequencer, b)
	if err != nil {
		// A statement that failed is why the work did, whatever it made of it.
		if isRetry(c.broken) {
			err = c.broken
		}
		return attempted{ran: true}, err
	}
	if done.Head.Size == 0 && len(s.options.Standbys) == 0 {
		return attempted{ran: true}, nil
	}
	open = false
	return s.finish(ctx, b, done)
}

// finish commits, and waits for it whatever becomes of the caller: a COMMIT
// that was interrupted half way is one whose outcome nobody knows. Only who was
// told that the database is away hears that at once, while the COMMIT goes on.
// done may say that nothing was appended.
func (s *Store) finish(ctx context.Context, b *book, done evidence.Commitment) (attempted, error) {
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = s.commit(b.conn)
		if done.Head.Size == 0 {
			return
		}
		if err != nil {
			done, err = s.afterFailedCommit(b, done, err)
		}
		if err == nil {
			s.edges.put(b.Book(), b.edge, done.Head)
			s.notices.tell(b.Book())
		}
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		if away := context.Cause(ctx); errors.Is(away, evidence.ErrUnavailable) {
			return attempted{ran: true, late: ended}, fmt.Errorf("committing to book %s: %w (%v)", b.Book(), evidence.ErrOutcome, away)
		}
		<-ended
	}
	return attempted{done: done, ran: true}, err
}

// errUndone says that a COMMIT failed and certainly committed nothing.
var errUndone = errors.New("the transaction was rolled back")

// commit ends the transaction and gives the connection back.
func (s *Store) commit(c *conn) error {
	defer c.rollback()
	if s.commitHook != nil {
		return s.commitHook(c, func() error { return s.end(c) })
	}
	return s.end(c)
}

// end sends the waiting writes and COMMIT, in one round trip: behind a write
// that fails, the server skips the rest. It is not bound to a caller's context,
// see finish.
func (s *Store) end(c *conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	if err := s.prepareWait(ctx, c); err != nil {
		return err
	}
	reached := false
	err := c.send(ctx, nil, func(batch *pgx.Batch) { batch.Queue("COMMIT") }, func(results pgx.BatchResults) error {
		reached = true
		tag, err := results.Exec()
		if err == nil && tag.String() != "COMMIT" {
			return errUndone
		}
		return err
	})
	switch {
	case err == nil:
		return s.waited(c)
	case !reached && sqlState(err) != "": // it was a write that the server refused
		return fmt.Errorf("%w: %w", errUndone, err)
	}
	return err
}
