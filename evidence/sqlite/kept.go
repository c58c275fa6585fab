package sqlite

import (
	"context"
	"fmt"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// Keep implements evidence.Store.
func (s *Store) Keep(ctx context.Context, scope evidence.Scope, book evidence.BookID, kept evidence.Kept) error {
	switch {
	case !scope.Allows(book):
		return relation.NotThere(book)
	case s.writer == nil:
		return fmt.Errorf("keeping what followers made of book %s: %w", book, evidence.ErrReadOnly)
	}
	if err := s.keep(ctx, book, kept); err != nil {
		return fmt.Errorf("keeping what followers made of book %s: %w", book, updateError(ctx, err))
	}
	return nil
}

func (s *Store) keep(ctx context.Context, book evidence.BookID, kept evidence.Kept) error {
	c, err := s.writer.take(ctx)
	if err != nil {
		return err
	}
	open := true
	defer func() { // also when a driver panics
		if open {
			s.writer.rollback(c)
		}
	}()
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := relation.Keep(ctx, c, book, kept); err != nil {
		return err
	}
	open = false
	if err := s.commit(c); err != nil {
		s.writer.drop(c) // nobody knows whether it took effect; keeping again does no harm
		return err
	}
	s.writer.put(c)
	return nil
}
