package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// attempts bounds how often fn is run while another process holds the file or
// moves the head.
const attempts = 5

// Update implements evidence.Store. fn must not call Update of the same Store:
// there is one writer. Errors: evidence.ErrReadOnly, ErrFull, ErrOutcome;
// whatever fn returns.
func (s *Store) Update(ctx context.Context, scope evidence.Scope, id evidence.BookID, fn func(tx evidence.Tx) error) (evidence.Commitment, error) {
	return s.run(ctx, scope, id, func(tx *relation.Tx, b *book) (evidence.Commitment, error) {
		if err := fn(tx); err != nil {
			return evidence.Commitment{}, err
		}
		return tx.Finish(ctx, s.options.Sequencer, b)
	})
}

// TakeOver implements evidence.Mover.
func (s *Store) TakeOver(ctx context.Context, scope evidence.Scope, id evidence.BookID, from evidence.Reader, pub ledger.PublicKey) error {
	_, err := s.run(ctx, scope, id, func(tx *relation.Tx, b *book) (evidence.Commitment, error) {
		return tx.TakeOver(ctx, s.options.Sequencer, b, from, pub)
	})
	return err
}

// run runs body in a transaction over the book and commits what it returns.
func (s *Store) run(ctx context.Context, scope evidence.Scope, id evidence.BookID, body func(*relation.Tx, *book) (evidence.Commitment, error)) (evidence.Commitment, error) {
	switch {
	case !scope.Allows(id):
		return evidence.Commitment{}, relation.NotThere(id)
	case s.writer == nil:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: %w", id, evidence.ErrReadOnly)
	case s.options.Sequencer == nil:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: the store was opened without a sequencer", id)
	case id != evidence.RootBook:
		if err := id.Validate(); err != nil {
			return evidence.Commitment{}, err
		}
	}
	for attempt := 1; ; attempt++ {
		done, err := s.update(ctx, scope, id, body)
		if err == nil || attempt == attempts || !(errors.Is(err, ledger.ErrHeadMoved) || isBusy(err)) {
			return done, updateError(ctx, err)
		}
		// Spread out, so that two processes do not meet again.
		pause := time.Duration(1+rand.Int64N(10<<attempt)) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return evidence.Commitment{}, ctx.Err()
		}
	}
}

// updateError says "cancelled" when that was the cause: SQLite only says
// "interrupted".
func updateError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, evidence.ErrOutcome) && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return classify(err)
}

func (s *Store) update(ctx context.Context, scope evidence.Scope, id evidence.BookID, body func(*relation.Tx, *book) (evidence.Commitment, error)) (evidence.Commitment, error) {
	c, err := s.writer.take(ctx)
	if err != nil {
		return evidence.Commitment{}, err
	}
	open := true
	defer func() { // also when fn panics
		if open {
			s.writer.rollback(c)
		}
	}()
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return evidence.Commitment{}, err
	}
	state, err := relation.ReadState(ctx, c, id)
	if err != nil {
		return evidence.Commitment{}, err
	}
	tx := relation.NewTx(c, scope, id, s.options.Host, state)
	b := &book{Reader: tx.Reader, conn: c}
	done, err := body(tx, b)
	if err != nil || done.Head.Size == 0 {
		return evidence.Commitment{}, err
	}
	open = false
	if err := s.commit(c); err != nil {
		s.writer.drop(c)
		return s.afterFailedCommit(b, done, err)
	}
	s.writer.put(c)
	return done, nil
}

// commit is not bound to the caller's context: a COMMIT that was interrupted
// half way is one whose outcome nobody knows.
func (s *Store) commit(c *conn) error {
	run := func() error {
		_, err := c.run("COMMIT")
		return err
	}
	if s.commitHook != nil {
		return s.commitHook(run)
	}
	return run()
}

// afterFailedCommit looks at the file through a fresh connection: the first
// leaf of this commit has a salt of its own, so it is there or it is not. What
// cannot be found out is evidence.ErrOutcome. Nothing is signed again here.
func (s *Store) afterFailedCommit(b *book, done evidence.Commitment, failure error) (evidence.Commitment, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var stored ledger.Entry
	err := s.reader.fresh(ctx, func(c *conn) error {
		var err error
		stored, err = relation.NewReader(c, evidence.Scope{}, b.Book()).Entry(ctx, done.First)
		return err
	})
	switch {
	case err == nil && bytes.Equal(stored.Leaf, b.first):
		return done, nil
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return evidence.Commitment{}, fmt.Errorf("committing to book %s, nothing was stored: %w", b.Book(), failure)
	}
	return evidence.Commitment{}, fmt.Errorf("%w (%w; %w)", evidence.ErrOutcome, failure, err)
}
