package postgres

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence/relation"
	"minhchung/ledger"
)

var _ ledger.Tx = (*book)(nil)

// book is the ledger's own view of a book inside an Update. What it writes
// waits for the commit.
type book struct {
	*relation.Reader
	conn  *conn
	first []byte // the first leaf that was put, to recognise this commit later
	edge  edge   // as it will be
}

func newBook(r *relation.Reader, c *conn) *book { return &book{Reader: r, conn: c, edge: c.edge} }

// Tiles implements ledger.Reader.
func (b *book) Tiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	if data, ok := b.conn.edge.stored(tiles); ok {
		return data, nil
	}
	return b.Reader.Tiles(ctx, tiles)
}

// Entries implements ledger.Reader.
func (b *book) Entries(ctx context.Context, first, end int64, fn func(ledger.Entry) error) error {
	if last := b.conn.edge.last; last != nil && first == last.Index && end == first+1 {
		return fn(*last)
	}
	return b.Reader.Entries(ctx, first, end, fn)
}

// PutTiles implements ledger.Tx.
func (b *book) PutTiles(ctx context.Context, tiles []tlog.Tile, data [][]byte) error {
	var p parts
	for i, t := range tiles {
		p.add(t, data[i], b.edge.tiles[tileID{int64(t.L), t.N}])
	}
	b.edge = b.edge.with(tiles, data)
	return b.queue(ctx, insertTiles.of(escape(b.Key()), p.levels, p.ns, p.numbers, p.data))
}

// insertTiles lets a part only grow to the right: another one is NULL, which
// the table refuses.
var insertTiles = newInsertion(`tile (book, level, n, part, data)`, []string{"bigint", "bigint", "bigint", "bytea"},
	`ON CONFLICT (book, level, n, part) DO UPDATE SET data = CASE WHEN substr(excluded.data, 1, length(tile.data)) = tile.data THEN excluded.data END`)

// PutEntries implements ledger.Tx.
func (b *book) PutEntries(ctx context.Context, entries []ledger.Entry) error {
	indexes := make([]int64, len(entries))
	leaves, salts, openings := make([][]byte, len(entries)), make([][]byte, len(entries)), make([][]byte, len(entries))
	for i, e := range entries {
		if b.first == nil {
			b.first = e.Leaf
		}
		indexes[i], leaves[i], salts[i], openings[i] = e.Index, e.Leaf, e.Salt, e.Opening
	}
	if len(entries) > 0 {
		last := entries[len(entries)-1]
		b.edge.last = &last
	}
	err := b.queue(ctx, insertEntries.of(escape(b.Key()), indexes, leaves, salts, openings))
	if err == nil && len(b.conn.pending.other) > maxWaiting { // a whole book is taken over
		err = b.conn.flush(ctx)
	}
	return err
}

var insertEntries = newInsertion(`entry (book, idx, leaf, salt, opening)`, []string{"bigint", "bytea", "bytea", "bytea"}, ``)

// maxWaiting bounds the statements that wait.
const maxWaiting = 64

// queue lets a statement wait.
func (b *book) queue(ctx context.Context, s statement) error {
	if err := b.conn.ready(ctx); err != nil {
		return err
	}
	b.conn.pending.other = append(b.conn.pending.other, s)
	return nil
}

// SwapHead implements ledger.Tx. Where the head has another size, or is there
// when it should not be or the other way round, the new one's size is NULL,
// which the table refuses: refused says so then.
func (b *book) SwapHead(ctx context.Context, oldSize int64, h ledger.Head) error {
	return b.queue(ctx, statement{`INSERT INTO head (book, origin, size, root, at, checkpoint)
		VALUES ($1, $2, CASE WHEN (SELECT size FROM head WHERE book = $1) IS NOT DISTINCT FROM nullif($7::bigint, -1) THEN $3::bigint END, $4, $5, $6)
		ON CONFLICT (book) DO UPDATE SET origin = excluded.origin, size = excluded.size,
			root = excluded.root, at = excluded.at, checkpoint = excluded.checkpoint`,
		[]any{escape(b.Key()), h.Origin, h.Size, h.Root[:], relation.HeadTime(h), h.Checkpoint, oldSize}})
}
