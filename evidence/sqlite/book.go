package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence"
	"minhchung/ledger"
)

// reader reads one book on one connection, inside its transaction.
type reader struct {
	conn  *conn
	scope evidence.Scope
	book  evidence.BookID
	key   string // book.String(), the column "book"

	// pending and base are set inside an Update: drafts without a leaf yet.
	pending []ledger.Draft
	base    int64
}

var (
	_ evidence.Reader = (*reader)(nil)
	_ ledger.Tx       = (*book)(nil)
)

// missing turns "no rows" into fs.ErrNotExist with the name of the thing.
func missing(err error, format string, args ...any) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = fs.ErrNotExist
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// Head implements ledger.Reader.
func (r *reader) Head(ctx context.Context) (ledger.Head, error) {
	var h ledger.Head
	var root []byte
	var at string
	err := r.conn.row(ctx, `SELECT origin, size, root, at, checkpoint FROM head WHERE book = ?`, []any{r.key},
		&h.Origin, &h.Size, &root, &at, &h.Checkpoint)
	if err != nil {
		return ledger.Head{}, missing(err, "book %s", r.book)
	}
	if h.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return ledger.Head{}, fmt.Errorf("head of book %s: %w (%w)", r.book, evidence.ErrRecord, err)
	}
	if copy(h.Root[:], root) != len(h.Root) {
		return ledger.Head{}, fmt.Errorf("head of book %s: a root of %d bytes: %w", r.book, len(root), evidence.ErrRecord)
	}
	return h, nil
}

// Tiles implements ledger.Reader.
func (r *reader) Tiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		var b []byte
		err := r.conn.row(ctx, `SELECT data FROM tile WHERE book = ? AND level = ? AND n = ?`, []any{r.key, t.L, t.N}, &b)
		if err != nil {
			return nil, missing(err, "tile %s of book %s", t.Path(), r.book)
		}
		want := t.W * tlog.HashSize
		if t.H != ledger.TileHeight || t.W < 1 || len(b) < want {
			return nil, fmt.Errorf("tile %s of book %s: %w", t.Path(), r.book, fs.ErrNotExist)
		}
		data[i] = b[:want:want]
	}
	return data, nil
}

// entryBatch is how many entries are held in memory at a time.
const entryBatch = 128

// Entries implements ledger.Reader. An index that is not stored is
// fs.ErrNotExist. fn may use the reader.
func (r *reader) Entries(ctx context.Context, first, end int64, fn func(ledger.Entry) error) error {
	for next := first; next < end; {
		batch := make([]ledger.Entry, 0, entryBatch)
		err := r.conn.each(ctx, func(scan scanner) error {
			var e ledger.Entry
			if err := scan(&e.Index, &e.Leaf, &e.Salt, &e.Opening); err != nil {
				return err
			}
			batch = append(batch, e)
			return nil
		}, `SELECT idx, leaf, salt, opening FROM entry WHERE book = ? AND idx >= ? AND idx < ? ORDER BY idx LIMIT ?`,
			r.key, next, end, entryBatch)
		if err != nil {
			return fmt.Errorf("entries of book %s: %w", r.book, err)
		}
		for _, e := range batch {
			if e.Index != next {
				break
			}
			if err := fn(e); err != nil {
				return err
			}
			next++
		}
		if len(batch) == 0 || batch[len(batch)-1].Index != next-1 {
			return fmt.Errorf("entry %d of book %s: %w", next, r.book, fs.ErrNotExist)
		}
	}
	return nil
}

// Entry implements evidence.Reader.
func (r *reader) Entry(ctx context.Context, index int64) (ledger.Entry, error) {
	return r.entryOf(ctx, r.key, index)
}

func (r *reader) entryOf(ctx context.Context, book string, index int64) (ledger.Entry, error) {
	e := ledger.Entry{Index: index}
	err := r.conn.row(ctx, `SELECT leaf, salt, opening FROM entry WHERE book = ? AND idx = ?`, []any{book, index},
		&e.Leaf, &e.Salt, &e.Opening)
	if err != nil {
		return ledger.Entry{}, missing(err, "entry %d of book %s", index, book)
	}
	return e, nil
}

// opening returns an entry's opening, of a pending entry too.
func (r *reader) opening(ctx context.Context, book string, index int64) ([]byte, error) {
	if n := index - r.base; book == r.key && r.base >= 0 && n >= 0 && n < int64(len(r.pending)) {
		return r.pending[n].Opening, nil
	}
	e, err := r.entryOf(ctx, book, index)
	return e.Opening, err
}

// book is the ledger's own view of a book inside an Update.
type book struct {
	*reader
	first []byte // the first leaf that was put, to recognise this commit later
}

// PutTiles implements ledger.Tx. A tile only ever grows to the right.
func (b *book) PutTiles(ctx context.Context, tiles []tlog.Tile, data [][]byte) error {
	for i, t := range tiles {
		n, err := b.conn.exec(ctx, `INSERT INTO tile (book, level, n, data) VALUES (?, ?, ?, ?)
			ON CONFLICT (book, level, n) DO UPDATE SET data = excluded.data
			WHERE substr(excluded.data, 1, length(tile.data)) = tile.data`, b.key, t.L, t.N, data[i])
		if err != nil {
			return fmt.Errorf("tile %s of book %s: %w", t.Path(), b.book, err)
		}
		if n != 1 {
			return fmt.Errorf("tile %s of book %s: %w: it would be rewritten", t.Path(), b.book, ledger.ErrDamaged)
		}
	}
	return nil
}

// PutEntries implements ledger.Tx.
func (b *book) PutEntries(ctx context.Context, entries []ledger.Entry) error {
	for _, e := range entries {
		if b.first == nil {
			b.first = e.Leaf
		}
		_, err := b.conn.exec(ctx, `INSERT INTO entry (book, idx, leaf, salt, opening) VALUES (?, ?, ?, ?, ?)`,
			b.key, e.Index, e.Leaf, e.Salt, e.Opening)
		if err != nil {
			return fmt.Errorf("entry %d of book %s: %w", e.Index, b.book, err)
		}
	}
	return nil
}

// SwapHead implements ledger.Tx.
func (b *book) SwapHead(ctx context.Context, oldSize int64, h ledger.Head) error {
	at := h.At.UTC().Format(time.RFC3339Nano)
	var n int64
	var err error
	if oldSize < 0 {
		n, err = b.conn.exec(ctx, `INSERT INTO head (book, origin, size, root, at, checkpoint) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (book) DO NOTHING`, b.key, h.Origin, h.Size, h.Root[:], at, h.Checkpoint)
	} else {
		n, err = b.conn.exec(ctx, `UPDATE head SET origin = ?, size = ?, root = ?, at = ?, checkpoint = ?
			WHERE book = ? AND size = ?`, h.Origin, h.Size, h.Root[:], at, h.Checkpoint, b.key, oldSize)
	}
	switch {
	case err != nil:
		return fmt.Errorf("head of book %s: %w", b.book, err)
	case n != 1:
		return fmt.Errorf("head of book %s: %w", b.book, ledger.ErrHeadMoved)
	}
	return nil
}
