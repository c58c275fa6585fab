package relation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// Tx is the one transaction of an Update. It implements evidence.Tx.
type Tx struct {
	*Reader
	writer Writer
	host   string
	origin string
	tally  tally
	known  *known // nil: nothing was read together
	open   bool   // the book has or will have its first leaf
	gone   bool   // departed to another installation
	depth  int    // of savepoints
	failed error  // of an Append that was not undone by a savepoint
}

var (
	_ evidence.Tx         = (*Tx)(nil)
	_ evidence.Prefetcher = (*Tx)(nil)
)

// NewTx returns the transaction over the book that has this state; nil for one
// that was never opened. host is the first part of the origin of books that are
// opened in it.
func NewTx(w Writer, scope evidence.Scope, book evidence.BookID, host string, state *State) *Tx {
	t := &Tx{Reader: NewReader(w, scope, book), writer: w, host: host, origin: book.Origin(host), tally: newTally()}
	t.tally.fresh = state == nil
	if state != nil {
		// A book keeps the origin it was opened with, whatever the host is
		// called today.
		t.head, t.open, t.origin, t.base, t.gone = &state.Head, true, state.Origin, state.Size, state.Departed
	}
	return t
}

// Finish appends to the ledger what fn appended to the transaction, by way of
// the driver's ledger.Tx. What remains is the commit. The zero Commitment says
// that nothing was appended and nothing is to be committed.
func (t *Tx) Finish(ctx context.Context, s *ledger.Sequencer, book ledger.Tx) (evidence.Commitment, error) {
	if err := t.tally.flush(ctx, t); err != nil {
		return evidence.Commitment{}, err
	}
	if err := errors.Join(t.failed, t.writer.Broken()); err != nil {
		return evidence.Commitment{}, fmt.Errorf("a write failed and was not undone: %w", err)
	}
	if len(t.pending) == 0 {
		return evidence.Commitment{}, nil
	}
	first, head, err := s.Append(ctx, book, t.origin, t.pending)
	if err != nil {
		return evidence.Commitment{}, err
	}
	if first != t.base {
		panic(fmt.Sprintf("book %s: events were projected from %d and appended at %d", t.book, t.base, first))
	}
	return evidence.Commitment{First: first, Head: head}, ctx.Err()
}

// Append implements evidence.Tx.
func (t *Tx) Append(ctx context.Context, events ...evidence.Event) (int64, error) {
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

func (t *Tx) append(ctx context.Context, e evidence.Event) error {
	if o, ok := e.(evidence.Opened); ok {
		var err error
		if e, err = t.firstLeaf(ctx, o); err != nil {
			return err
		}
	} else if !t.open {
		return fmt.Errorf("book %s was never opened: %w", t.book, fs.ErrNotExist)
	}
	if move, ok := e.(evidence.Moved); ok {
		t.gone = t.gone && move.Step != evidence.MoveArrived
	}
	if t.gone {
		return fmt.Errorf("book %s: %w", t.book, evidence.ErrMoved)
	}
	d, err := e.Draft()
	if err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrRefused, err)
	}
	d.Actor = t.scope.Actor
	if err := t.project(ctx, e, t.base+int64(len(t.pending))); err != nil {
		return err
	}
	t.learn(e)
	t.pending = append(t.pending, d)
	return nil
}

// project writes what the tables show of the event at index.
func (t *Tx) project(ctx context.Context, e evidence.Event, index int64) error {
	if changed, ok := e.(evidence.StateChanged); ok {
		if err := t.count(ctx, changed.State); err != nil {
			return err
		}
	}
	if opened, ok := e.(evidence.Opened); ok && opened.Book == t.book {
		if w, ok := t.writer.(Opener); ok {
			if err := w.Opening(ctx, t.book); err != nil {
				return fmt.Errorf("opening book %s: %w", t.book, err)
			}
		}
	}
	for _, rec := range e.Records(index) {
		if err := t.writer.Put(ctx, t.key, rec); err != nil {
			return fmt.Errorf("record %s of table %s: %w", rec.Key, rec.Table, err)
		}
	}
	return nil
}

// firstLeaf checks an Opened: first and once in a book of its own, any number
// in the root book, and always with the origin this store gives, or that a book
// which moved here brought with it.
func (t *Tx) firstLeaf(ctx context.Context, o evidence.Opened) (evidence.Event, error) {
	origin := o.Book.Origin(t.host)
	if o.Book != t.book && o.Origin != "" && o.Origin != origin {
		state, err := ReadState(ctx, t.conn, o.Book)
		if err != nil {
			return nil, err
		}
		if state != nil {
			origin = state.Origin
		}
	}
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
func (t *Tx) PutBlobs(ctx context.Context, blobs []signature.Blob) error {
	for _, b := range blobs {
		if got := signature.HashOf(b.DER); got != b.SHA256 {
			return fmt.Errorf("blob %s has the digest %s", b.SHA256, got)
		}
	}
	return t.writer.PutBlobs(ctx, t.key, blobs)
}

// Savepoint implements evidence.Tx.
func (t *Tx) Savepoint(ctx context.Context, fn func() error) error {
	t.depth++
	defer func() { t.depth-- }()
	name := fmt.Sprintf("s%d", t.depth)
	// Flushed before, so that undoing never has to tell apart what belongs
	// to which savepoint.
	if err := t.tally.flush(ctx, t); err != nil {
		return err
	}
	if err := t.writer.Savepoint(ctx, name); err != nil {
		return err
	}
	pending, open, gone, failed := len(t.pending), t.open, t.gone, t.failed
	err := fn()
	if err == nil {
		err = t.tally.flush(ctx, t)
	}
	if err == nil {
		// fn may have passed over a write that failed.
		err = errors.Join(t.failed, t.writer.Broken())
	}
	if err == nil {
		if err = t.writer.Release(ctx, name); err == nil {
			return nil
		}
	}
	t.pending, t.open, t.gone = t.pending[:pending], open, gone
	t.tally.forget()
	t.known = nil
	if undo := t.writer.RollbackTo(name); undo != nil {
		// Not undone: the transaction must not be committed.
		t.failed = fmt.Errorf("undoing a savepoint: %w", undo)
		return errors.Join(err, t.failed)
	}
	t.failed = failed
	return err
}
