package ledgertest_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

// recorder counts the errors that a double reports instead of failing.
type recorder struct {
	testing.TB
	errors int
}

func (r *recorder) Error(...any) { r.errors++ }
func (r *recorder) Helper()      {}

// Every breach of the ledger.Tx contract is an error and fails the test.
func TestContract(t *testing.T) {
	ctx := context.Background()
	key, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	entry := ledger.Entry{Index: 2, Leaf: []byte("x"), Salt: ledger.NewSalt(), Opening: []byte("{}")}
	tile := tlog.Tile{H: 8, L: 0, N: 0, W: 2}
	tests := []struct {
		name string
		do   func(*ledgertest.Tx) error
	}{
		{"rewritten tile", func(tx *ledgertest.Tx) error {
			return tx.PutTiles(ctx, []tlog.Tile{tile}, [][]byte{make([]byte, 64)})
		}},
		{"narrower tile", func(tx *ledgertest.Tx) error {
			return tx.PutTiles(ctx, []tlog.Tile{{H: 8, W: 1}}, [][]byte{make([]byte, 32)})
		}},
		{"tile of a wrong length", func(tx *ledgertest.Tx) error {
			return tx.PutTiles(ctx, []tlog.Tile{{H: 8, N: 1, W: 1}}, [][]byte{make([]byte, 31)})
		}},
		{"tile of another height", func(tx *ledgertest.Tx) error {
			return tx.PutTiles(ctx, []tlog.Tile{{H: 4, N: 1, W: 1}}, [][]byte{make([]byte, 32)})
		}},
		{"tile without data", func(tx *ledgertest.Tx) error { return tx.PutTiles(ctx, []tlog.Tile{tile}, nil) }},
		{"rewritten entry", func(tx *ledgertest.Tx) error {
			e := entry
			e.Index = 1
			return tx.PutEntries(ctx, []ledger.Entry{e})
		}},
		{"gap", func(tx *ledgertest.Tx) error {
			e := entry
			e.Index = 3
			return tx.PutEntries(ctx, []ledger.Entry{e})
		}},
		{"entry without an opening", func(tx *ledgertest.Tx) error {
			e := entry
			e.Opening = nil
			return tx.PutEntries(ctx, []ledger.Entry{e})
		}},
		{"head without entries", func(tx *ledgertest.Tx) error { return tx.SwapHead(ctx, 2, ledger.Head{Size: 3}) }},
		{"head that stays", func(tx *ledgertest.Tx) error { return tx.SwapHead(ctx, 2, ledger.Head{Size: 2}) }},
		{"commit without a head", func(tx *ledgertest.Tx) error {
			if err := tx.PutEntries(ctx, []ledger.Entry{entry}); err != nil {
				return err
			}
			return tx.Commit()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{TB: t}
			b := ledgertest.New(r)
			s := &ledger.Sequencer{Key: key, Now: func() time.Time { return time.UnixMilli(0) }}
			if _, _, err := b.Append(ctx, s, "test.example/book", ledger.Draft{Type: "open"}, ledger.Draft{Type: "row"}); err != nil {
				t.Fatal(err)
			}
			if err := tt.do(b.Begin()); err == nil || r.errors != 1 {
				t.Errorf("got %v and %d errors reported, want an error and 1", err, r.errors)
			}
		})
	}
}
