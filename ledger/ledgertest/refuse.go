package ledgertest

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
)

// Refuse tries what a database must refuse as a ledger.Tx. begin runs fn in a
// new transaction over a book of exactly two leaves, sends what the driver kept
// back, and undoes it. Its error is the first of these.
func Refuse(t *testing.T, begin func(fn func(tx ledger.Tx) error) error) {
	t.Helper()
	ctx := context.Background()
	attempt := func(name string, want error, do func(tx ledger.Tx, head ledger.Head) error) {
		t.Run(name, func(t *testing.T) {
			err := begin(func(tx ledger.Tx) error {
				head, err := tx.Head(ctx)
				if err != nil || head.Size != 2 {
					t.Errorf("the book has %d leaves and %v, want 2", head.Size, err)
				}
				return do(tx, head)
			})
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("got %v, want an error (%v)", err, want)
			}
		})
	}
	for _, old := range []int64{-1, 1, 3} {
		attempt("a head of another size", ledger.ErrHeadMoved, func(tx ledger.Tx, head ledger.Head) error { return tx.SwapHead(ctx, old, head) })
	}
	attempt("an entry that is there", nil, func(tx ledger.Tx, _ ledger.Head) error {
		return tx.PutEntries(ctx, []ledger.Entry{{Index: 1, Leaf: []byte("x"), Salt: ledger.NewSalt(), Opening: []byte("{}")}})
	})
	attempt("a tile with other hashes", ledger.ErrDamaged, func(tx ledger.Tx, _ ledger.Head) error {
		return tx.PutTiles(ctx, []tlog.Tile{{H: ledger.TileHeight, W: 2}}, [][]byte{make([]byte, 64)})
	})
	attempt("a narrower tile", ledger.ErrDamaged, func(tx ledger.Tx, _ ledger.Head) error {
		data, err := tx.Tiles(ctx, []tlog.Tile{{H: ledger.TileHeight, W: 1}})
		if err != nil {
			return err
		}
		return tx.PutTiles(ctx, []tlog.Tile{{H: ledger.TileHeight, W: 1}}, data)
	})
}
