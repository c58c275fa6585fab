package postgres

import (
	"context"
	"fmt"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// Keep implements evidence.Store. Keeping again after a lost answer does no
// harm, so the outcome of a failed commit is not looked for.
func (s *Store) Keep(ctx context.Context, scope evidence.Scope, book evidence.BookID, kept evidence.Kept) error {
	switch {
	case !scope.Allows(book):
		return relation.NotThere(book)
	case s.options.ReadOnly, s.options.Role == Auditor:
		return fmt.Errorf("keeping what followers made of book %s: %w", book, evidence.ErrReadOnly)
	}
	for attempt := 1; ; attempt++ {
		err := s.keep(ctx, scope, book, kept)
		if err == nil {
			return nil
		}
		if attempt == attempts || !isRetry(err) && sqlState(err) != codeLockTimeout {
			return fmt.Errorf("keeping what followers made of book %s: %w", book, cancelled(ctx, err))
		}
	}
}

func (s *Store) keep(ctx context.Context, scope evidence.Scope, book evidence.BookID, kept evidence.Kept) error {
	c, err := s.begin(ctx, scope, "BEGIN ISOLATION LEVEL READ COMMITTED")
	if err != nil {
		return err
	}
	// Another lock than that of Update: followers do not hold up writers.
	var nothing string
	err = c.Row(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(?, 1))::text`, []any{book.String()}, &nothing)
	if err == nil {
		err = relation.Keep(ctx, c, book, kept)
	}
	if err != nil {
		c.rollback()
		return err
	}
	return s.commit(c)
}
