package evidence

import (
	"context"
	"fmt"

	"minhchung/ledger"
)

// Holdings counts what the tables hold of a book's ledger and blobs.
type Holdings struct{ Entries, Tiles, Blobs int64 }

// HoldingsReader is a Reader that can count its tables. Reading by index and
// digest never meets a row that is too many; only a count does.
type HoldingsReader interface {
	Holdings(ctx context.Context) (Holdings, error)
}

// tileWidth is the number of hashes in a whole tile (C2SP tlog-tiles).
const tileWidth = 256

// tilesOf returns how many tiles the log of a size has, partial ones too.
func tilesOf(size int64) (n int64) {
	for ; size > 0; size /= tileWidth {
		n += (size + tileWidth - 1) / tileWidth
	}
	return n
}

// holdings names rows that are too many. What is missing has been named where
// it was to be read.
func (c *check) holdings(r Reader, _ ledger.PublicKey) error {
	h, ok := r.(HoldingsReader)
	if !ok {
		return nil
	}
	got, err := h.Holdings(c.ctx)
	if err != nil {
		return fmt.Errorf("counting entries, tiles and blobs: %w", err)
	}
	for _, t := range []struct {
		table     string
		got, want int64
		list      *[]Problem
	}{
		{"entry", got.Entries, c.report.Head.Size, &c.report.Ledger},
		{"tile", got.Tiles, tilesOf(c.report.Head.Size), &c.report.Ledger},
		{"blob", got.Blobs, int64(len(c.blobs)), &c.report.Evidence},
	} {
		if t.got > t.want {
			add(t.list, Problem{Kind: ProblemExtra, Table: t.table,
				Detail: fmt.Sprintf("%d are stored, the book has %d: somebody put some there", t.got, t.want)})
		}
	}
	return nil
}
