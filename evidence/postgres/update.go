package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

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
	defer leave()
	deadline := time.Now().Add(s.options.Lock)
	for attempt := 1; ; {
		done, ran, err := s.update(ctx, scope, id, work)
		if err == nil && done.Head.Size > 0 {
			s.notices.tell(id)
		}
		if ran { // else another process was only faster to the lock
			attempt++
		}
		again := isRetry(err) || sqlState(err) == codeLockTimeout
		if !again || ctx.Err() != nil || attempt > attempts || !ran && time.Now().After(deadline) {
			return done, cancelled(ctx, err)
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

// update is one attempt; ran says that fn was called.
func (s *Store) update(ctx context.Context, scope evidence.Scope, id evidence.BookID, work body) (done evidence.Commitment, ran bool, err error) {
	var l locked
	c, err := s.begin(ctx, scope, "BEGIN ISOLATION LEVEL REPEATABLE READ", l.step(id))
	if err != nil {
		return done, false, err
	}
	open := true
	defer func() { // also when work panics
		if open {
			c.rollback()
		}
	}()
	tx := relation.NewTx(c, scope, id, s.options.Host, l.state)
	b := &book{Reader: tx.Reader, conn: c}
	sequencer := *s.options.Sequencer
	if sequencer.Now == nil {
		sequencer.Now = l.clock
	}
	done, err = work(tx, &sequencer, b)
	if err != nil {
		// A statement that failed is why the work did, whatever it made of it.
		if isRetry(c.broken) {
			err = c.broken
		}
		return evidence.Commitment{}, true, err
	}
	if done.Head.Size == 0 {
		return evidence.Commitment{}, true, nil
	}
	open = false
	if err := s.commit(c); err != nil {
		done, err = s.afterFailedCommit(b, done, err)
		return done, true, err
	}
	return done, true, nil
}

// errUndone says that the server made a rollback of our COMMIT.
var errUndone = errors.New("the server rolled the transaction back")

// commit is not bound to the caller's context: a COMMIT that was interrupted
// half way is one whose outcome nobody knows. Waiting for a replica must not
// be ended by the statement timeout either: the server would then commit
// without it.
func (s *Store) commit(c *conn) error {
	defer c.rollback()
	run := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), c.patience)
		defer cancel()
		if len(s.options.Standbys) > 0 {
			if _, err := c.c.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
				return err
			}
		}
		tag, err := c.c.Exec(ctx, "COMMIT")
		if err == nil && tag.String() != "COMMIT" {
			return errUndone
		}
		return err
	}
	if s.commitHook != nil {
		return s.commitHook(run)
	}
	return run()
}
