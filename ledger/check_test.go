package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

func wantProblem(tb testing.TB, ps []ledger.Problem, kind string, index int64) {
	tb.Helper()
	if !slices.ContainsFunc(ps, func(p ledger.Problem) bool { return p.Kind == kind && p.Index == index }) {
		tb.Errorf("got problems %v, want one of kind %s at %d", ps, kind, index)
	}
}

// wantOnly fails for problems of other kinds too.
func wantOnly(tb testing.TB, ps []ledger.Problem, index int64, kinds ...string) {
	tb.Helper()
	for _, kind := range kinds {
		at := index
		if kind == ledger.KindRoot || kind == ledger.KindCheckpoint {
			at = -1
		}
		wantProblem(tb, ps, kind, at)
	}
	for _, p := range ps {
		if !slices.Contains(kinds, p.Kind) || p.Index != index && p.Index != -1 {
			tb.Errorf("got problem %v, want only kinds %v at %d", p, kinds, index)
		}
	}
}

// tampered checks one book again and again, each time with one change.
func tampered(tb testing.TB, k *ledger.Key, size int) func(func(*ledgertest.State)) []ledger.Problem {
	tb.Helper()
	b := ledgertest.New(tb)
	fill(tb, b, newSequencer(k), testOrigin, size)
	wantWhole(tb, b, k.PublicKey())
	var whole ledgertest.State
	b.Tamper(func(s *ledgertest.State) { whole = *s })
	return func(change func(*ledgertest.State)) []ledger.Problem {
		tb.Helper()
		b.Tamper(func(s *ledgertest.State) { *s = whole })
		b.Tamper(change)
		return check(tb, b, k.PublicKey())
	}
}

// Any changed byte of any entry is found, and the entry is named.
func TestCheckEntryBytes(t *testing.T) {
	check := tampered(t, newKey(t), 300)
	for _, i := range []int64{0, 7, 255, 256, 299} {
		var leaf, salt, opening int
		check(func(s *ledgertest.State) {
			leaf, salt, opening = len(s.Entries[i].Leaf), len(s.Entries[i].Salt), len(s.Entries[i].Opening)
		})
		for at := 0; at < leaf; at += 1 + int(i) { // every byte of the first
			ps := check(func(s *ledgertest.State) { s.Entries[i].Leaf[at] ^= 1 })
			wantProblem(t, ps, ledger.KindEntry, i)
			wantProblem(t, ps, ledger.KindRoot, -1)
		}
		for at := range salt {
			wantOnly(t, check(func(s *ledgertest.State) { s.Entries[i].Salt[at] ^= 1 }), i, ledger.KindOpening)
		}
		for at := range opening {
			wantOnly(t, check(func(s *ledgertest.State) { s.Entries[i].Opening[at] ^= 1 }), i, ledger.KindOpening)
		}
	}
}

// A leaf replaced by another good leaf is named, though it parses.
func TestCheckEntryReplaced(t *testing.T) {
	check := tampered(t, newKey(t), 700)
	for _, i := range []int64{1, 300, 699} {
		ps := check(func(s *ledgertest.State) {
			s.Entries[i].Leaf = bytes.Replace(s.Entries[i].Leaf, []byte("u-1"), []byte("u-2"), 1)
		})
		wantOnly(t, ps, i, ledger.KindEntry, ledger.KindRoot)
		ps = check(func(s *ledgertest.State) { s.Entries[i].Opening = []byte("{}") })
		wantOnly(t, ps, i, ledger.KindOpening)
		ps = check(func(s *ledgertest.State) { s.Entries[i].Salt, s.Entries[i].Opening = nil, nil })
		wantOnly(t, ps, i, ledger.KindErased)
		ps = check(func(s *ledgertest.State) { s.Entries[i].Salt = nil })
		wantOnly(t, ps, i, ledger.KindOpening)
	}
}

func TestCheckEntryMissing(t *testing.T) {
	check := tampered(t, newKey(t), 300)
	for _, i := range []int{0, 100, 256, 299} {
		ps := check(func(s *ledgertest.State) { s.Entries = slices.Delete(s.Entries, i, i+1) })
		wantProblem(t, ps, ledger.KindEntry, int64(i))
		if n := countKind(ps, ledger.KindEntry); n != 1 {
			t.Errorf("got %d entries named, want 1: %v", n, ps)
		}
	}
	ps := check(func(s *ledgertest.State) {
		e := s.Entries[299]
		e.Index = 300
		s.Entries = append(s.Entries, e)
	})
	wantOnly(t, ps, 300, ledger.KindEntry)
	ps = check(func(s *ledgertest.State) { // two entries in each other's place
		a, b := &s.Entries[10], &s.Entries[20]
		a.Index, b.Index = b.Index, a.Index
	})
	wantProblem(t, ps, ledger.KindEntry, 10)
	wantProblem(t, ps, ledger.KindEntry, 20)
}

func countKind(ps []ledger.Problem, kind string) (n int) {
	for _, p := range ps {
		if p.Kind == kind {
			n++
		}
	}
	return n
}

// Any changed byte of any tile is found; the entries are not blamed.
func TestCheckTileBytes(t *testing.T) {
	check := tampered(t, newKey(t), 300)
	var ids []ledgertest.TileID
	lengths := make(map[ledgertest.TileID]int)
	check(func(s *ledgertest.State) {
		for id, data := range s.Tiles {
			ids = append(ids, id)
			lengths[id] = len(data)
		}
	})
	if len(ids) != 3 {
		t.Fatalf("got tiles %v, want 3", ids)
	}
	for _, id := range ids {
		for at := 0; at < lengths[id]; at += 31 { // each hash at least once
			ps := check(func(s *ledgertest.State) { s.Tiles[id][at] ^= 0x80 })
			first := (id.N*256 + int64(at/32)) << (8 * id.Level)
			wantOnly(t, ps, first, ledger.KindTile)
		}
		wantOnly(t, check(func(s *ledgertest.State) { delete(s.Tiles, id) }), id.N<<(8*(id.Level+1)), ledger.KindTile)
		wantOnly(t, check(func(s *ledgertest.State) { s.Tiles[id] = s.Tiles[id][:lengths[id]-1] }), id.N<<(8*(id.Level+1)), ledger.KindTile)
	}
}

// An entry and a tile elsewhere: each is named for what it is.
func TestCheckEntryAndTile(t *testing.T) {
	check := tampered(t, newKey(t), 600)
	ps := check(func(s *ledgertest.State) {
		s.Entries[5].Leaf[20] ^= 1
		s.Tiles[ledgertest.TileID{Level: 0, N: 1}][0] ^= 1
	})
	wantProblem(t, ps, ledger.KindEntry, 5)
	wantProblem(t, ps, ledger.KindTile, 256)
	if n := countKind(ps, ledger.KindEntry) + countKind(ps, ledger.KindTile); n != 2 {
		t.Errorf("got %d entries and tiles named, want 2: %v", n, ps)
	}
	// A damaged or missing tile above does not shift the blame to the tile
	// below.
	ps = check(func(s *ledgertest.State) {
		s.Entries[5].Leaf[20] ^= 1
		s.Tiles[ledgertest.TileID{Level: 1}][32] ^= 1
	})
	wantProblem(t, ps, ledger.KindEntry, 5)
	wantProblem(t, ps, ledger.KindTile, 256)
	if n := countKind(ps, ledger.KindEntry) + countKind(ps, ledger.KindTile); n != 2 {
		t.Errorf("got %d entries and tiles named, want 2: %v", n, ps)
	}
	ps = check(func(s *ledgertest.State) {
		s.Entries[5].Leaf[20] ^= 1
		delete(s.Tiles, ledgertest.TileID{Level: 1})
	})
	wantProblem(t, ps, ledger.KindEntry, 5)
	wantProblem(t, ps, ledger.KindTile, 0)
	if n := countKind(ps, ledger.KindTile); n != 1 {
		t.Errorf("got %d tiles named, want only the missing one: %v", n, ps)
	}
	// A forger who changes the entry and its hash consistently up to the
	// edge, but cannot sign: the entry is no longer anybody's.
	ps = check(func(s *ledgertest.State) {
		s.Entries[599].Leaf[20] ^= 1
		s.Tiles[ledgertest.TileID{Level: 0, N: 2}][0] ^= 1
	})
	wantProblem(t, ps, ledger.KindRoot, -1)
	wantProblem(t, ps, ledger.KindEntry, 599)
}

func TestCheckHead(t *testing.T) {
	check := tampered(t, newKey(t), 300)
	var n int
	check(func(s *ledgertest.State) { n = len(s.Head.Checkpoint) })
	for at := range n {
		for _, x := range []byte{1, 2, 0x80} {
			ps := check(func(s *ledgertest.State) { s.Head.Checkpoint[at] ^= x })
			wantOnly(t, ps, -1, ledger.KindCheckpoint)
		}
	}
	tests := []struct {
		name   string
		change func(*ledgertest.State)
	}{
		{"origin", func(s *ledgertest.State) { s.Head.Origin = rootOrigin }},
		{"root", func(s *ledgertest.State) { s.Head.Root[31] ^= 1 }},
		{"smaller", func(s *ledgertest.State) { s.Head.Size-- }},
		{"larger", func(s *ledgertest.State) { s.Head.Size++ }},
		{"huge", func(s *ledgertest.State) { s.Head.Size = 1 << 62 }},
		{"negative", func(s *ledgertest.State) { s.Head.Size = -1 }},
		{"time", func(s *ledgertest.State) { s.Head.At = s.Head.At.Add(time.Millisecond) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantOnly(t, check(tt.change), -1, ledger.KindCheckpoint) })
	}
	// Nothing signed to hold against a huge size: it must end all the same.
	ps := check(func(s *ledgertest.State) { s.Head.Size, s.Head.Checkpoint = 1<<40, nil })
	if len(ps) > 1500 {
		t.Errorf("got %d problems, want the check to stop after 1000", len(ps))
	}
	wantProblem(t, ps, ledger.KindEntry, 300)
}

// Cutting the newest entries and tiles off cleanly, with an older head, is no
// damage in itself; an older head with newer entries or tiles still there is.
func TestCheckRollback(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	old := fill(t, b, s, testOrigin, 290)
	if _, _, err := b.Append(ctx, s, testOrigin, drafts(290, 5)...); err != nil {
		t.Fatal(err)
	}
	b.Tamper(func(s *ledgertest.State) { s.Head = &old })
	wantOnly(t, check(t, b, k.PublicKey()), 290, ledger.KindEntry, ledger.KindTile)
	b.Tamper(func(s *ledgertest.State) { s.Entries = s.Entries[:290] })
	wantOnly(t, check(t, b, k.PublicKey()), 290, ledger.KindTile)
	edge := ledgertest.TileID{Level: 0, N: 1}
	b.Tamper(func(s *ledgertest.State) { s.Tiles[edge] = s.Tiles[edge][:(290-256)*32] })
	wantWhole(t, b, k.PublicKey())
}

func TestCheckOrder(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	now := testStart
	s := &ledger.Sequencer{Key: k, MaxBehind: time.Hour, Now: func() time.Time { return now }}
	fill(t, b, s, testOrigin, 3)
	// An opening leaf that was made another one.
	b.Tamper(func(st *ledgertest.State) {
		st.Entries[0].Leaf = bytes.Replace(st.Entries[0].Leaf, []byte(`"open"`), []byte(`"row"`), 1)
	})
	wantProblem(t, check(t, b, k.PublicKey()), ledger.KindOrder, 0)
	// A fourth leaf of another book, made a minute before the third of ours.
	early := ledgertest.New(t)
	now = testStart.Add(-time.Minute)
	fill(t, early, s, testOrigin, 4)
	var last ledger.Entry
	early.Tamper(func(st *ledgertest.State) { last = st.Entries[3] })
	b.Tamper(func(st *ledgertest.State) { st.Entries = append(st.Entries, last); st.Head.Size++ })
	ps := check(t, b, newKey(t).PublicKey())
	wantProblem(t, ps, ledger.KindOrder, 3)
}

func TestCheckEach(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	fill(t, b, newSequencer(k), testOrigin, 300)
	var n int64
	_, err := ledger.Check(ctx, b.Reader(), k.PublicKey(), func(e ledger.Entry, l ledger.Leaf) error {
		if e.Index != n || l.Refs["row"] != fmt.Sprintf("%d/BC-UBND", n) {
			t.Errorf("got entry %d, leaf %+v, want %d", e.Index, l, n)
		}
		n++
		return nil
	})
	if err != nil || n != 300 {
		t.Errorf("got %d entries, %v, want 300", n, err)
	}
	for _, stop := range []error{errors.New("stop"), fs.ErrNotExist} {
		_, err = ledger.Check(ctx, b.Reader(), k.PublicKey(), func(ledger.Entry, ledger.Leaf) error { return stop })
		if !errors.Is(err, stop) {
			t.Errorf("got %v, want the error of each: %v", err, stop)
		}
	}
}

// What we could not read is an error and not a problem of the book.
func TestCheckErrors(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	if _, err := ledger.Check(ctx, b.Reader(), k.PublicKey(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v for a book that was never opened, want fs.ErrNotExist", err)
	}
	fill(t, b, newSequencer(k), testOrigin, 300)
	for _, step := range []string{"Head", "Entries", "Tiles"} {
		for nth := 1; nth <= 3; nth++ {
			b.Fail = ledgertest.FailAt(step, false, nth)
			ps, err := ledger.Check(ctx, b.Reader(), k.PublicKey(), nil)
			if want := step != "Head" || nth == 1; want != errors.Is(err, ledgertest.ErrInjected) {
				t.Errorf("got %v, %v when %s fails", ps, err, step)
			}
			b.Fail = nil
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := ledger.Check(cancelled, b.Reader(), k.PublicKey(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if ps := check(t, b, newKey(t).PublicKey()); len(ps) != 1 || ps[0].Kind != ledger.KindCheckpoint {
		t.Errorf("got %v for another key, want one checkpoint problem", ps)
	}
}

// Memory and work stay bounded when everything is wrong.
func TestCheckEverythingWrong(t *testing.T) {
	check := tampered(t, newKey(t), 3000)
	ps := check(func(s *ledgertest.State) {
		for i := range s.Entries {
			s.Entries[i].Leaf = bytes.Replace(s.Entries[i].Leaf, []byte("u-1"), []byte("u-2"), 1)
		}
	})
	wantProblem(t, ps, ledger.KindEntry, 0)
	wantProblem(t, ps, ledger.KindEntry, 999)
	if len(ps) < 1000 || len(ps) > 1300 {
		t.Errorf("got %d problems, want about 1000", len(ps))
	}
}

func BenchmarkCheck(b *testing.B) {
	k := newKey(b)
	book := ledgertest.New(b)
	fill(b, book, newSequencer(k), testOrigin, 10000)
	b.ReportAllocs()
	for b.Loop() {
		if ps, err := ledger.Check(ctx, book.Reader(), k.PublicKey(), nil); err != nil || len(ps) > 0 {
			b.Fatal(ps, err)
		}
	}
	b.ReportMetric(float64(b.N*10000)/b.Elapsed().Seconds(), "entries/s")
}
