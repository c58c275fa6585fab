package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"minhchung/evidence"
	"minhchung/ledger"
)

var everything = evidence.Scope{All: true, Actor: "u-1"}

// openTest opens a new store in a folder of its own.
func openTest(t testing.TB) *Store {
	t.Helper()
	dir := t.TempDir()
	key, err := ledger.GenerateKey(filepath.Join(dir, "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	return reopen(t, filepath.Join(dir, "minhchung.db"), Options{Sequencer: &ledger.Sequencer{Key: key}})
}

func reopen(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestFirstUpdateOfTheRootBookOpensIt(t *testing.T) {
	s, ctx := openTest(t), context.Background()
	done, err := s.Update(ctx, everything, evidence.RootBook, func(tx evidence.Tx) error {
		first, err := tx.Append(ctx, evidence.UnitAdded{Unit: evidence.Unit{ID: "xa-thu", Name: "Xã Thử"}})
		if first != 1 {
			t.Errorf("first entry: got %d, want 1 behind the opening", first)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if done.Head.Size != 2 || done.Head.Origin != "localhost/root" {
		t.Errorf("head: got %d %q, want 2 localhost/root", done.Head.Size, done.Head.Origin)
	}
}
