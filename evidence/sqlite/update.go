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
	"minhchung/ledger"
)

// attempts bounds how often fn is run while another process holds the file or
// moves the head.
const attempts = 5

// Update implements evidence.Store. fn must not call Update of the same Store:
// there is one writer. Errors: evidence.ErrReadOnly, ErrFull, ErrOutcome;
// whatever fn returns.
func (s *Store) Update(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(tx evidence.Tx) error) (evidence.Commitment, error) {
	switch {
	case !scope.Allows(book):
		return evidence.Commitment{}, notThere(book)
	case s.writer == nil:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: %w", book, evidence.ErrReadOnly)
	case s.options.Sequencer == nil:
		return evidence.Commitment{}, fmt.Errorf("updating book %s: the store was opened without a sequencer", book)
	case book != evidence.RootBook:
		if err := book.Validate(); err != nil {
			return evidence.Commitment{}, err
		}
	}
	for attempt := 1; ; attempt++ {
		done, err := s.update(ctx, scope, book, fn)
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

func (s *Store) update(ctx context.Context, scope evidence.Scope, id evidence.BookID, fn func(tx evidence.Tx) error) (evidence.Commitment, error) {
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
	b := &book{reader: &reader{conn: c, scope: scope, book: id, key: id.String()}}
	tx, err := newTx(ctx, s, b.reader)
	if err != nil {
		return evidence.Commitment{}, err
	}
	if err := fn(tx); err != nil {
		return evidence.Commitment{}, err
	}
	if err := errors.Join(tx.failed, c.broken); err != nil {
		return evidence.Commitment{}, fmt.Errorf("a write failed and was not undone: %w", err)
	}
	if len(b.pending) == 0 {
		return evidence.Commitment{}, nil
	}
	first, head, err := s.options.Sequencer.Append(ctx, b, tx.origin, b.pending)
	if err != nil {
		return evidence.Commitment{}, err
	}
	if first != b.base {
		panic(fmt.Sprintf("book %s: events were projected from %d and appended at %d", id, b.base, first))
	}
	if err := ctx.Err(); err != nil {
		return evidence.Commitment{}, err
	}
	open = false
	done := evidence.Commitment{First: first, Head: head}
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
		r := &reader{conn: c, book: b.book, key: b.key}
		var err error
		stored, err = r.Entry(ctx, done.First)
		return err
	})
	switch {
	case err == nil && bytes.Equal(stored.Leaf, b.first):
		return done, nil
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return evidence.Commitment{}, fmt.Errorf("committing to book %s, nothing was stored: %w", b.book, failure)
	}
	return evidence.Commitment{}, fmt.Errorf("%w (%w; %w)", evidence.ErrOutcome, failure, err)
}
