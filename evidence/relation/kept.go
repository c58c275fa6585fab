package relation

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Keep answers evidence.Store.Keep inside a transaction that nobody else
// keeps in at the same time.
func Keep(ctx context.Context, w Writer, book evidence.BookID, kept evidence.Kept) error {
	r := NewReader(w, evidence.Scope{}, book)
	if _, err := r.Head(ctx); err != nil {
		return err
	}
	var last int64
	if err := w.Row(ctx, `SELECT coalesce(max(seq), 0) FROM kept_text WHERE book = ?`, []any{r.key}, &last); err != nil {
		return err
	}
	for _, t := range kept.Texts {
		there, err := r.exists(ctx, `SELECT EXISTS (SELECT 1 FROM "document" WHERE book = ? AND key = ?)`, r.key, t.Document.String())
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("text of document %s: %w", t.Document, fs.ErrNotExist)
		}
		last++
		err = w.Exec(ctx, `INSERT INTO kept_text (book, document, reader, ocr, seq, content) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (book, document) DO UPDATE SET reader = excluded.reader, ocr = excluded.ocr, seq = excluded.seq, content = excluded.content`,
			r.key, t.Document.String(), t.Reader, t.OCR, last, t.Content)
		if err != nil {
			return err
		}
	}
	for _, follower := range slices.Sorted(maps.Keys(kept.Places)) {
		err := w.Exec(ctx, `INSERT INTO place (book, follower, at) VALUES (?, ?, ?) ON CONFLICT (book, follower) DO UPDATE SET at = excluded.at`,
			r.key, follower, kept.Places[follower])
		if err != nil {
			return err
		}
	}
	return nil
}

// TextOf implements evidence.Reader.
func (r *Reader) TextOf(ctx context.Context, sha signature.Hash) (evidence.DocumentText, error) {
	t := evidence.DocumentText{Document: sha}
	err := r.conn.Row(ctx, `SELECT reader, ocr, seq, content FROM kept_text WHERE book = ? AND document = ?`, []any{r.key, sha.String()},
		&t.Reader, &t.OCR, &t.Seq, &t.Content)
	return t, missing(err, "text of document %s", sha)
}

// Texts implements evidence.Reader.
func (r *Reader) Texts(ctx context.Context, after int64) ([]evidence.DocumentText, error) {
	var list []evidence.DocumentText
	err := r.conn.Each(ctx, func(scan Scan) error {
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
func (r *Reader) Place(ctx context.Context, follower string) (int64, error) {
	var at int64
	err := r.conn.Row(ctx, `SELECT coalesce((SELECT at FROM place WHERE book = ? AND follower = ?), 0)`, []any{r.key, follower}, &at)
	return at, err
}

const confirmColumns = `SELECT key, document, number, notation, date, "by", person, note, denied, reader, number_place, number_page, date_place, date_page, entry FROM "confirm" WHERE book = ?`

func scanConfirmation(scan Scan) (evidence.Confirmation, error) {
	var c evidence.Confirmation
	var document string
	var denied int64
	err := scan(&c.Row, &document, &c.Number, &c.Notation, (*string)(&c.Date), &c.By, &c.Person, &c.Note, &denied, &c.Reader,
		&c.NumberPlace, &c.NumberPage, &c.DatePlace, &c.DatePage, &c.Entry)
	c.Denied = denied != 0
	if err != nil {
		return c, err
	}
	return c, unhex(&c.Document, document)
}

// Confirmations implements evidence.Reader.
func (r *Reader) Confirmations(ctx context.Context) ([]evidence.Confirmation, error) {
	var list []evidence.Confirmation
	err := r.conn.Each(ctx, func(scan Scan) error {
		c, err := scanConfirmation(scan)
		list = append(list, c)
		return err
	}, confirmColumns+` ORDER BY key`, r.key)
	return list, err
}

// ConfirmationOf implements evidence.Reader.
func (r *Reader) ConfirmationOf(ctx context.Context, row string) (evidence.Confirmation, error) {
	c, err := scanConfirmation(func(dest ...any) error {
		return r.conn.Row(ctx, confirmColumns+` AND key = ?`, []any{r.key, row}, dest...)
	})
	return c, missing(err, "confirmation of row %s", row)
}
