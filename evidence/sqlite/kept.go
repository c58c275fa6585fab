package sqlite

import (
	"context"
	"fmt"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Keep implements evidence.Store.
func (s *Store) Keep(ctx context.Context, scope evidence.Scope, book evidence.BookID, kept evidence.Kept) error {
	switch {
	case !scope.Allows(book):
		return notThere(book)
	case s.writer == nil:
		return fmt.Errorf("keeping what followers made of book %s: %w", book, evidence.ErrReadOnly)
	}
	if err := s.keep(ctx, &reader{scope: scope, book: book, key: book.String()}, kept); err != nil {
		return fmt.Errorf("keeping what followers made of book %s: %w", book, updateError(ctx, err))
	}
	return nil
}

func (s *Store) keep(ctx context.Context, r *reader, kept evidence.Kept) error {
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
	r.conn = c
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if _, err := r.Head(ctx); err != nil {
		return err
	}
	for _, t := range kept.Texts {
		if err := r.putText(ctx, t); err != nil {
			return err
		}
	}
	for follower, at := range kept.Places {
		_, err := c.exec(ctx, `INSERT INTO place (book, follower, at) VALUES (?, ?, ?) ON CONFLICT (book, follower) DO UPDATE SET at = excluded.at`,
			r.key, follower, at)
		if err != nil {
			return err
		}
	}
	open = false
	if err := s.commit(c); err != nil {
		s.writer.drop(c) // nobody knows whether it took effect; keeping again does no harm
		return err
	}
	s.writer.put(c)
	return nil
}

func (r *reader) putText(ctx context.Context, t evidence.DocumentText) error {
	there, err := r.exists(ctx, `SELECT EXISTS (SELECT 1 FROM "document" WHERE book = ? AND key = ?)`, r.key, t.Document.String())
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("text of document %s: %w", t.Document, fs.ErrNotExist)
	}
	var last int64
	if err := r.conn.row(ctx, `SELECT coalesce(max(seq), 0) FROM kept_text WHERE book = ?`, []any{r.key}, &last); err != nil {
		return err
	}
	_, err = r.conn.exec(ctx, `INSERT INTO kept_text (book, document, reader, ocr, seq, content) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (book, document) DO UPDATE SET reader = excluded.reader, ocr = excluded.ocr, seq = excluded.seq, content = excluded.content`,
		r.key, t.Document.String(), t.Reader, t.OCR, last+1, t.Content)
	return err
}

// TextOf implements evidence.Reader.
func (r *reader) TextOf(ctx context.Context, sha signature.Hash) (evidence.DocumentText, error) {
	t := evidence.DocumentText{Document: sha}
	err := r.conn.row(ctx, `SELECT reader, ocr, seq, content FROM kept_text WHERE book = ? AND document = ?`, []any{r.key, sha.String()},
		&t.Reader, &t.OCR, &t.Seq, &t.Content)
	return t, missing(err, "text of document %s", sha)
}

// Texts implements evidence.Reader.
func (r *reader) Texts(ctx context.Context, after int64) ([]evidence.DocumentText, error) {
	var list []evidence.DocumentText
	err := r.conn.each(ctx, func(scan scanner) error {
		var t evidence.DocumentText
		var sha string
		if err := scan(&sha, &t.Reader, &t.OCR, &t.Seq); err != nil {
			return err
		}
		err := unhex(&t.Document, sha)
		list = append(list, t)
		return err
	}, `SELECT document, reader, ocr, seq FROM kept_text WHERE book = ? AND seq > ? ORDER BY seq`, r.key, after)
	return list, err
}

// Place implements evidence.Reader.
func (r *reader) Place(ctx context.Context, follower string) (int64, error) {
	var at int64
	err := r.conn.row(ctx, `SELECT coalesce((SELECT at FROM place WHERE book = ? AND follower = ?), 0)`, []any{r.key, follower}, &at)
	return at, err
}

const confirmColumns = `SELECT key, document, number, notation, date, "by", person, note, denied, reader, number_place, number_page, date_place, date_page, entry FROM "confirm" WHERE book = ?`

func scanConfirmation(scan scanner) (evidence.Confirmation, error) {
	var c evidence.Confirmation
	var document string
	err := scan(&c.Row, &document, &c.Number, &c.Notation, &c.Date, &c.By, &c.Person, &c.Note, &c.Denied, &c.Reader,
		&c.NumberPlace, &c.NumberPage, &c.DatePlace, &c.DatePage, &c.Entry)
	if err != nil {
		return c, err
	}
	return c, unhex(&c.Document, document)
}

// Confirmations implements evidence.Reader.
func (r *reader) Confirmations(ctx context.Context) ([]evidence.Confirmation, error) {
	var list []evidence.Confirmation
	err := r.conn.each(ctx, func(scan scanner) error {
		c, err := scanConfirmation(scan)
		list = append(list, c)
		return err
	}, confirmColumns+` ORDER BY key`, r.key)
	return list, err
}

// ConfirmationOf implements evidence.Reader.
func (r *reader) ConfirmationOf(ctx context.Context, row string) (evidence.Confirmation, error) {
	c, err := scanConfirmation(func(dest ...any) error {
		return r.conn.row(ctx, confirmColumns+` AND key = ?`, []any{r.key, row}, dest...)
	})
	return c, missing(err, "confirmation of row %s", row)
}
