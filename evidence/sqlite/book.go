package sqlite

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence/relation"
	"minhchung/ledger"
)

var _ ledger.Tx = (*book)(nil)

// book is the ledger's own view of a book inside an Update.
type book struct {
	*relation.Reader
	conn  *conn
	first []byte // the first leaf that was put, to recognise this commit later
}

// PutTiles implements ledger.Tx. A tile only ever grows to the right.
func (b *book) PutTiles(ctx context.Context, tiles []tlog.Tile, data [][]byte) error {
	for i, t := range tiles {
		n, err := b.conn.exec(ctx, `INSERT INTO tile (book, level, n, data) VALUES (?, ?, ?, ?)
			ON CONFLICT (book, level, n) DO UPDATE SET data = excluded.data
			WHERE substr(excluded.data, 1, length(tile.data)) = tile.data`, b.Key(), t.L, t.N, data[i])
		if err != nil {
			return fmt.Errorf("tile %s of book %s: %w", t.Path(), b.Book(), err)
		}
		if n != 1 {
			return fmt.Errorf("tile %s of book %s: %w: it would be rewritten", t.Path(), b.Book(), ledger.ErrDamaged)
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
			b.Key(), e.Index, e.Leaf, e.Salt, e.Opening)
		if err != nil {
			return fmt.Errorf("entry %d of book %s: %w", e.Index, b.Book(), err)
		}
	}
	return nil
}

// SwapHead implements ledger.Tx.
func (b *book) SwapHead(ctx context.Context, oldSize int64, h ledger.Head) error {
	at := relation.HeadTime(h)
	var n int64
	var err error
	if oldSize < 0 {
		n, err = b.conn.exec(ctx, `INSERT INTO head (book, origin, size, root, at, checkpoint) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (book) DO NOTHING`, b.Key(), h.Origin, h.Size, h.Root[:], at, h.Checkpoint)
	} else {
		n, err = b.conn.exec(ctx, `UPDATE head SET origin = ?, size = ?, root = ?, at = ?, checkpoint = ?
			WHERE book = ? AND size = ?`, h.Origin, h.Size, h.Root[:], at, h.Checkpoint, b.Key(), oldSize)
	}
	switch {
	case err != nil:
		return fmt.Errorf("head of book %s: %w", b.Book(), err)
	case n != 1:
		return fmt.Errorf("head of book %s: %w", b.Book(), ledger.ErrHeadMoved)
	}
	return nil
}
