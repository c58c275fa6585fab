package bleve

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"minhchung/evidence"
	"minhchung/search"
	"minhchung/search/searchtest"
)

func TestConformance(t *testing.T) {
	searchtest.Run(t, func(t *testing.T) search.Index { return open(t, t.TempDir()) })
}

func open(t *testing.T, dir string) *Index {
	t.Helper()
	x, err := Open(dir)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

var everything = evidence.Scope{All: true}

func fill(t *testing.T, x interface {
	Apply(ctx context.Context, b search.Batch) error
}, pages int) {
	t.Helper()
	g := searchtest.NewGenerator(7)
	b := search.Batch{Cursors: map[evidence.BookID]int64{{Unit: "xa-000", Period: "2020"}: int64(pages)}}
	for i := range pages {
		b.Put = append(b.Put, g.Page(i))
	}
	if err := x.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func answer(t *testing.T, x *Index, text string) search.Answer {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	a, err := x.Search(t.Context(), everything, search.Request{Query: q, Facets: search.Facets(), Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestDeletedFolderGivesTheSameHits is the promise that the index follows the
// ledger and holds nothing of its own.
func TestDeletedFolderGivesTheSameHits(t *testing.T) {
	queries := []string{"cải cách hành chính", "kiem diem", "số 12", "keo hoach cong tac", `"hồ sơ" -"văn bản"`, "tuy*"}
	dir := filepath.Join(t.TempDir(), "index")
	var before []search.Answer
	for round := range 3 {
		x := open(t, dir)
		if round != 1 { // in round 1 the index is only opened again
			fill(t, x, 300)
		}
		for i, q := range queries {
			a := answer(t, x, q)
			if round == 0 {
				before = append(before, a)
			} else if !reflect.DeepEqual(a, before[i]) {
				t.Errorf("round %d: %q: got other hits than before", round, q)
			}
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		if round == 1 {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestOtherVersionIsBuiltAnew(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	fill(t, x, 3)
	if err := x.store.index.SetInternal(versionKey, []byte("of another day")); err != nil {
		t.Fatal(err)
	}
	x.Close()
	if _, err := OpenReadOnly(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read-only: got %v, want fs.ErrNotExist", err)
	}
	x = open(t, dir)
	if c, err := x.Cursors(t.Context()); err != nil || len(c) != 0 {
		t.Errorf("got cursors %v, %v, want none", c, err)
	}
	if n := generations(t, dir); n != 1 {
		t.Errorf("got %d generations, want 1", n)
	}
}

func generations(t *testing.T, dir string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "gen-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// TestCrashLeavesOneGeneration opens what a crash in each step of a rebuild
// leaves.
func TestCrashLeavesOneGeneration(t *testing.T) {
	for _, c := range []struct {
		name  string
		crash func(t *testing.T, dir string)
		pages int
	}{
		{"while building", func(t *testing.T, dir string) {
			if err := os.CopyFS(filepath.Join(dir, "gen-000002"), os.DirFS(filepath.Join(dir, "gen-000001"))); err != nil {
				t.Fatal(err)
			}
		}, 30},
		{"while naming", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "current-123"), "gen-000002")
		}, 30},
		{"before removing", func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "gen-000001"), filepath.Join(dir, "gen-000005")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "CURRENT"), "gen-000005\n")
			write(t, filepath.Join(dir, "gen-000001"), "")
		}, 30},
		{"folder gone", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "CURRENT"), "gen-000009\n") }, 0},
		{"hostile name", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "CURRENT"), "../../etc\n") }, 0},
		{"empty name", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "CURRENT"), "") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			x := open(t, dir)
			fill(t, x, 30)
			x.Close()
			c.crash(t, dir)
			x = open(t, dir)
			q, _ := search.Parse("xa*")
			a, err := x.Search(t.Context(), everything, search.Request{Query: q})
			if err != nil {
				t.Fatal(err)
			}
			if (a.Total > 0) != (c.pages > 0) {
				t.Errorf("got %d pages found, want some: %v", a.Total, c.pages > 0)
			}
			if n := generations(t, dir); n != 1 {
				t.Errorf("got %d generations, want 1", n)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSecondHolderIsRefused: no command hangs on a lock; one that did would
// run into the time limit of the whole test.
func TestSecondHolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if x, err := Open(dir); err == nil {
		x.Close()
		t.Error("got a second holder")
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenReadOnly(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder: got %v, want fs.ErrNotExist", err)
	}
	x := open(t, dir)
	fill(t, x, 30)
	want := answer(t, x, "văn bản")
	x.Close()
	r, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := answer(t, r, "văn bản"); !reflect.DeepEqual(got, want) {
		t.Error("got another answer than the writer gave")
	}
	if err := r.Apply(t.Context(), search.Batch{Put: []search.Page{{Text: "x"}}}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Apply: got %v, want ErrReadOnly", err)
	}
	if _, err := r.Rebuild(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Rebuild: got %v, want ErrReadOnly", err)
	}
}

// TestCancelledBatchKeepsTheCursor: a batch that is not whole is done again.
func TestCancelledBatchKeepsTheCursor(t *testing.T) {
	x := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := searchtest.NewGenerator(1)
	b := search.Batch{Cursors: map[evidence.BookID]int64{{Unit: "xa-000", Period: "2020"}: 9}}
	for i := range 2*batchPages + 1 {
		b.Put = append(b.Put, g.Page(i))
	}
	if err := x.Apply(ctx, b); err == nil {
		t.Fatal("got no error of a cancelled batch")
	}
	if c, err := x.Cursors(t.Context()); err != nil || len(c) != 0 {
		t.Errorf("got cursors %v, %v, want none", c, err)
	}
}
