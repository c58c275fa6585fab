package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/storetest"
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
	return reopen(t, filepath.Join(dir, "minhchung.db"), Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "test.example"})
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

func pathOf(t testing.TB, s *Store) string {
	t.Helper()
	var path string
	err := s.reader.read(context.Background(), func(c *conn) error {
		var seq int
		var name string
		return c.Row(context.Background(), "PRAGMA database_list", nil, &seq, &name, &path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) evidence.Store { return openTest(t) },
		Reopen: func(t *testing.T, s evidence.Store) evidence.Store {
			old := s.(*Store)
			path := pathOf(t, old)
			if err := old.Close(); err != nil {
				t.Error(err)
			}
			return reopen(t, path, old.options)
		},
		ReadOnly: func(t *testing.T, s evidence.Store) evidence.Store {
			return reopen(t, pathOf(t, s.(*Store)), Options{ReadOnly: true})
		},
		Public: func(s evidence.Store) ledger.PublicKey { return s.(*Store).options.Sequencer.Key.PublicKey() },
	})
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
	if done.Head.Size != 2 || done.Head.Origin != "test.example/root" {
		t.Errorf("head: got %d %q, want 2 test.example/root", done.Head.Size, done.Head.Origin)
	}
}
