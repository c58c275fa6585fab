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
func (s *Store) Update(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(tx evidence.Tx) error) (evidence.Commitment, error) {
	switch {
	case !scope.Allows(book):
		return evidence.Commitment{}, relation.NotThere(book)
	case s.options.ReadOnly, s.options.Role == Auditor, s.options.Role == Follower && book != evidence.RootBook:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: %w", book, evidence.ErrReadOnly)
	case s.options.Sequencer == nil:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: the store was opened without a sequencer", book)
	case book != evidence.RootBook:
		if err := book.Validate(); err != nil {
			return evidence.Commitment{}, err
		}
	}
	// Writers of this process wait here, where it costs no connection.
	leave, err := s.queue(ctx, book)
	if err != nil {
		return evidence.Commitment{}, err
	}
	defer leave()
	for attempt := 1; ; {
		done, ran, err := s.update(ctx, scope, book, fn)
		if err == nil || attempt == attempts || ctx.Err() != nil || !isRetry(err) {
			if err == nil && done.Head.Size > 0 {
				s.notices.tell(book)
			}
			return done, cancelled(ctx, err)
		}
		if ran { // else another process was only faster to the lock
			attempt++
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
func (s *Store) queue(ctx context.Context, book evidence.BookID) (leave func(), err error) {
	slot, _ := s.queues.LoadOrStore(book, make(chan struct{}, 1))
	c := slot.(chan struct{})
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// update is one attempt; ran says that fn was called.
func (s *Store) update(ctx context.Context, scope evidence.Scope, id evidence.BookID, fn func(tx evidence.Tx) error) (done evidence.Commitment, ran bool, err error) {
	c, err := s.begin(ctx, scope, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	if err != nil {
		return done, false, err
	}
	open := true
	defer func() { // also when fn panics
		if open {
			c.rollback()
		}
	}()
	head, clock, err := c.lock(ctx, id)
	if err != nil {
		return done, false, err
	}
	tx := relation.NewTx(c, scope, id, s.options.Host, head)
	if err := fn(tx); err != nil {
		// A statement that failed is why fn did, whatever it made of it.
		if isRetry(c.broken) {
			err = c.broken
		}
		return done, true, err
	}
	b := &book{Reader: tx.Reader, conn: c}
	sequencer := *s.options.Sequencer
	if sequencer.Now == nil {
		sequencer.Now = clock
	}
	done, err = tx.Finish(ctx, &sequencer, b)
	if err != nil || done.Head.Size == 0 {
		return evidence.Commitment{}, true, err
	}
	open = false
	if err := s.commit(c); err != nil {
		done, err = s.afterFailedCommit(b, done, err)
		return done, true, err
	}
	return done, true, nil
}

// lock waits for other writers of the book and returns its head (nil: never
// opened) and the server's clock. The advisory lock is there for books without
// a head and for afterFailedCommit; the row lock fails at once, as a
// serialization failure, when the head moved while we waited.
func (c *conn) lock(ctx context.Context, id evidence.BookID) (head *ledger.Head, clock func() time.Time, err error) {
	var now time.Time
	err = c.send(ctx, func(batch *pgx.Batch) {
		batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, id.String())
		batch.Queue(rebind(relation.HeadQuery)+` FOR UPDATE`, id.String())
		batch.Queue(`SELECT clock_timestamp()`)
	}, func(results pgx.BatchResults) error {
		if _, err := results.Exec(); err != nil {
			return err
		}
		rows, err := results.Query()
		if err != nil {
			return err
		}
		for rows.Next() {
			h, err := relation.ScanHead(id, unescaped(rows))
			if err != nil {
				rows.Close()
				return err
			}
			head = &h
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return results.QueryRow().Scan(&now)
	})
	read := time.Now()
	return head, func() time.Time { return now.Add(time.Since(read)) }, err
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
