package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// afterFailedCommit finds out on another connection what became of a COMMIT
// that did not answer: the first leaf of this commit has a salt of its own, so
// it is there or it is not; and it is where it must be when the replicas have
// it too. Nothing is signed again here. What cannot be found out is
// evidence.ErrOutcome.
func (s *Store) afterFailedCommit(b *book, done evidence.Commitment, failure error) (evidence.Commitment, error) {
	if isRetry(failure) || errors.Is(failure, errUndone) {
		return evidence.Commitment{}, fmt.Errorf("committing to book %s: %w", b.Book(), failure)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*s.options.Lock)
	defer cancel()
	stored, err := s.lookAgain(ctx, b.Book(), done.First)
	switch {
	case err == nil && bytes.Equal(stored.Leaf, b.first):
		return done, nil
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return evidence.Commitment{}, fmt.Errorf("committing to book %s, nothing was stored: %w", b.Book(), failure)
	}
	return evidence.Commitment{}, fmt.Errorf("%w (%w; %w)", evidence.ErrOutcome, failure, err)
}

// lookAgain reads an entry once the transaction that wrote it has ended: until
// then it holds the book's advisory lock, and a COMMIT that is on its way may
// still arrive. READ COMMITTED sees what that lock waited for.
func (s *Store) lookAgain(ctx context.Context, book evidence.BookID, index int64) (ledger.Entry, error) {
	for {
		entry, err := s.tryLook(ctx, book, index)
		if err == nil || ctx.Err() != nil || !isAway(err) && !errors.Is(err, evidence.ErrUnavailable) {
			return entry, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return entry, err
		}
	}
}

func (s *Store) tryLook(ctx context.Context, book evidence.BookID, index int64) (ledger.Entry, error) {
	c, err := s.begin(ctx, evidence.Scope{All: true}, "BEGIN ISOLATION LEVEL READ COMMITTED")
	if err != nil {
		return ledger.Entry{}, err
	}
	defer c.rollback()
	var nothing string
	err = c.Row(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(?, 0))::text`, []any{book.String()}, &nothing)
	if err != nil {
		return ledger.Entry{}, err
	}
	r := relation.NewReader(c, evidence.Scope{}, book)
	entry, err := r.Entry(ctx, index)
	if err != nil {
		return entry, err
	}
	return entry, s.confirm(ctx, c, r.Key())
}
