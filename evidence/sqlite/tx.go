package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// tx is the one transaction of an Update.
type tx struct {
	*reader
	store  *Store
	origin string
	open   bool  // the book has or will have its first leaf
	depth  int   // of savepoints
	failed error // of an Append that was not undone by a savepoint
}

var _ evidence.Tx = (*tx)(nil)

func newTx(ctx context.Context, s *Store, r *reader) (*tx, error) {
	t := &tx{reader: r, store: s, origin: s.Origin(r.book), open: true}
	head, err := r.Head(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.open = false
	case err != nil:
		return nil, err
	default:
		// A book keeps the origin it was opened with, whatever the host is
		// called today.
		t.origin, r.base = head.Origin, head.Size
	}
	return t, nil
}

// Append implements evidence.Tx.
func (t *tx) Append(ctx context.Context, events ...evidence.Event) (int64, error) {
	if len(events) == 0 {
		return 0, errors.New("appending: there are no events")
	}
	if !t.open && t.book == evidence.RootBook {
		if e, ok := events[0].(evidence.Opened); !ok || e.Book != evidence.RootBook {
			if err := t.append(ctx, evidence.Opened{Book: evidence.RootBook}); err != nil {
				return 0, err
			}
		}
	}
	first := t.base + int64(len(t.pending))
	for _, e := range events {
		if err := t.append(ctx, e); err != nil {
			if t.failed == nil {
				t.failed = err
			}
			return 0, err
		}
	}
	return first, nil
}

func (t *tx) append(ctx context.Context, e evidence.Event) error {
	if o, ok := e.(evidence.Opened); ok {
		var err error
		if e, err = t.firstLeaf(o); err != nil {
			return err
		}
	} else if !t.open {
		return fmt.Errorf("book %s was never opened: %w", t.book, fs.ErrNotExist)
	}
	d, err := e.Draft()
	if err != nil {
		return err
	}
	d.Actor = t.scope.Actor
	for _, rec := range e.Records(t.base + int64(len(t.pending))) {
		if err := t.put(ctx, rec); err != nil {
			return err
		}
	}
	t.pending = append(t.pending, d)
	return nil
}

// firstLeaf checks an Opened: first and once in a book of its own, any number
// in the root book, and always with the origin this store gives.
func (t *tx) firstLeaf(o evidence.Opened) (evidence.Event, error) {
	origin := t.store.Origin(o.Book)
	if o.Origin == "" {
		o.Origin = origin
	}
	switch {
	case o.Origin != origin:
		return nil, fmt.Errorf("book %s has the origin %q here, not %q", o.Book, origin, o.Origin)
	case o.Book == t.book && t.open:
		return nil, fmt.Errorf("book %s is open already: %w", t.book, fs.ErrExist)
	case o.Book == t.book:
		t.open = true
	case t.book != evidence.RootBook || !t.open:
		return nil, fmt.Errorf("book %s cannot be opened in book %s", o.Book, t.book)
	}
	return o, nil
}

// PutBlobs implements evidence.Tx. DER without its digest is refused.
func (t *tx) PutBlobs(ctx context.Context, blobs []signature.Blob) error {
	for _, b := range blobs {
		if got := signature.HashOf(b.DER); got != b.SHA256 {
			return fmt.Errorf("blob %s has the digest %s", b.SHA256, got)
		}
		_, err := t.conn.exec(ctx, `INSERT INTO blob (book, sha256, der) VALUES (?, ?, ?) ON CONFLICT (book, sha256) DO NOTHING`,
			t.key, b.SHA256[:], b.DER)
		if err != nil {
			return fmt.Errorf("blob %s: %w", b.SHA256, err)
		}
	}
	return nil
}

// Savepoint implements evidence.Tx.
func (t *tx) Savepoint(ctx context.Context, fn func() error) error {
	t.depth++
	defer func() { t.depth-- }()
	name := fmt.Sprintf("s%d", t.depth)
	if _, err := t.conn.exec(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	pending, open, failed := len(t.pending), t.open, t.failed
	err := fn()
	if err == nil {
		// fn may have passed over a write that failed.
		err = errors.Join(t.failed, t.conn.broken)
	}
	if err == nil {
		_, err = t.conn.exec(ctx, "RELEASE "+name)
		return err
	}
	t.pending, t.open = t.pending[:pending], open
	_, undo := t.conn.run("ROLLBACK TO " + name)
	if undo == nil {
		_, undo = t.conn.run("RELEASE " + name)
	}
	if undo != nil {
		// Not undone: the transaction must not be committed.
		t.failed = fmt.Errorf("undoing a savepoint: %w", undo)
		return errors.Join(err, t.failed)
	}
	t.failed, t.conn.broken = failed, nil
	return err
}
