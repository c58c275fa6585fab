package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

var ctx = context.Background()

// Every size from one leaf to beyond two levels of tiles has the root that
// the definition in RFC 6962 gives.
func TestAppendRoot(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	for n := range 600 {
		if _, _, err := b.Append(ctx, s, testOrigin, drafts(n, 1)...); err != nil {
			t.Fatal(err)
		}
		head, err := b.Reader().Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n > 20 && n%37 != 0 && n%256 > 2 {
			continue
		}
		want := naiveRoot(leafHashes(entriesOf(t, b.Reader(), head.Size)))
		if head.Size != int64(n+1) || head.Root != want {
			t.Fatalf("got root %v at size %d, want %v at %d", head.Root, head.Size, want, n+1)
		}
	}
	wantWhole(t, b, k.PublicKey())
}

// The same drafts, salts and time give the same bytes in every table, however
// they are cut into batches.
func TestAppendBatches(t *testing.T) {
	total := 1500
	if testing.Short() {
		total = 600
	}
	k := newKey(t)
	r := newRand(t)
	build := func(batch func() int) *ledgertest.State {
		s := &ledger.Sequencer{Key: k, Now: func() time.Time { return testStart }}
		ledger.SetRand(s, rand.NewChaCha8([32]byte{1}))
		b := ledgertest.New(t)
		for n := 0; n < total; {
			size := min(batch(), total-n)
			if _, _, err := b.Append(ctx, s, testOrigin, drafts(n, size)...); err != nil {
				t.Fatal(err)
			}
			n += size
		}
		wantWhole(t, b, k.PublicKey())
		var state *ledgertest.State
		b.Tamper(func(s *ledgertest.State) { state = s })
		return state
	}
	want := build(func() int { return 1 })
	for _, most := range []int{3, 255, 256, 257, 700, total} {
		got := build(func() int { return 1 + r.IntN(most) })
		if got.Head.Root != want.Head.Root || !bytes.Equal(got.Head.Checkpoint, want.Head.Checkpoint) {
			t.Errorf("got head %v in batches up to %d, want %v", got.Head.Root, most, want.Head.Root)
		}
		if len(got.Tiles) != len(want.Tiles) {
			t.Errorf("got %d tiles in batches up to %d, want %d", len(got.Tiles), most, len(want.Tiles))
		}
		for id, data := range want.Tiles {
			if !bytes.Equal(got.Tiles[id], data) {
				t.Errorf("got another tile %v in batches up to %d", id, most)
			}
		}
	}
}

// A level 2 hash needs 65,536 leaves.
func TestAppendThreeLevels(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 65,800 entries")
	}
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	const size = 65800
	for n := 0; n < size; {
		batch := min(7000, size-n)
		if _, _, err := b.Append(ctx, s, testOrigin, drafts(n, batch)...); err != nil {
			t.Fatal(err)
		}
		n += batch
	}
	head, err := b.Reader().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := naiveRoot(leafHashes(entriesOf(t, b.Reader(), size))); head.Root != want {
		t.Errorf("got root %v, want %v", head.Root, want)
	}
	wantWhole(t, b, k.PublicKey())
	for _, i := range []int64{0, 255, 256, 65535, 65536, size - 1} {
		rc, err := ledger.Prove(ctx, b.Reader(), i)
		if err != nil {
			t.Fatal(err)
		}
		if err := rc.Verify(k.PublicKey()); err != nil {
			t.Errorf("got %v for entry %d, want a receipt that holds", err, i)
		}
	}
	b.Tamper(func(s *ledgertest.State) { s.Entries[65534].Leaf[30] ^= 1 })
	wantProblem(t, check(t, b, k.PublicKey()), ledger.KindEntry, 65534)
}

func TestAppendFirst(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	if _, _, err := b.Append(ctx, s, testOrigin); err == nil {
		t.Error("got no error for no drafts")
	}
	_, _, err := b.Append(ctx, s, testOrigin, drafts(1, 1)...)
	wantError(t, err, "not open")
	first, head, err := b.Append(ctx, s, testOrigin, drafts(0, 2)...)
	if err != nil {
		t.Fatal(err)
	}
	if first != 0 || head.Size != 2 || head.Origin != testOrigin || head.At.Nanosecond()%1e6 != 0 {
		t.Errorf("got first %d, head %+v", first, head)
	}
	_, _, err = b.Append(ctx, s, rootOrigin, drafts(2, 1)...)
	wantError(t, err, "the stored book is")
	// The root book takes other books' open leaves.
	if _, _, err := b.Append(ctx, s, testOrigin, ledger.Draft{Type: "open"}); err != nil {
		t.Errorf("got %v for a later leaf of type open, want no error", err)
	}
	last := entriesOf(t, b.Reader(), 3)[2]
	if string(last.Opening) != "{}" {
		t.Errorf("got opening %q for a draft without one, want {}", last.Opening)
	}
}

func TestAppendBadDraft(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	fill(t, b, s, testOrigin, 3)
	for _, bad := range []ledger.Draft{
		{Type: "Row"}, {Type: "row", Actor: "\xff"}, {Type: "row", Opening: []byte("\xff")},
		{Type: "row", Refs: map[string]string{"row": string(make([]byte, 500))}},
	} {
		if _, _, err := b.Append(ctx, s, testOrigin, drafts(3, 1)[0], bad); err == nil {
			t.Errorf("got no error for the draft %+v", bad)
		}
	}
	if head, _ := b.Reader().Head(ctx); head.Size != 3 {
		t.Errorf("got size %d after refused drafts, want 3", head.Size)
	}
	wantWhole(t, b, k.PublicKey())
}

func TestAppendClock(t *testing.T) {
	k := newKey(t)
	now := testStart
	s := &ledger.Sequencer{Key: k, Now: func() time.Time { return now }}
	b := ledgertest.New(t)
	appendAt := func(n int, at time.Time) (time.Time, error) {
		now = at
		_, head, err := b.Append(ctx, s, testOrigin, drafts(n, 1)...)
		return head.At, err
	}
	if at, err := appendAt(0, testStart.Add(999*time.Microsecond)); err != nil || !at.Equal(testStart) {
		t.Fatalf("got %v, %v, want %v", at, err, testStart)
	}
	// Behind by as much as is allowed: the leaf keeps the older time.
	if at, err := appendAt(1, testStart.Add(-5*time.Second)); err != nil || !at.Equal(testStart) {
		t.Errorf("got %v, %v five seconds behind, want %v", at, err, testStart)
	}
	if _, err := appendAt(2, testStart.Add(-5*time.Second-time.Millisecond)); !errors.Is(err, ledger.ErrClockBehind) {
		t.Errorf("got %v more than five seconds behind, want ErrClockBehind", err)
	}
	s.MaxBehind = time.Hour
	if at, err := appendAt(2, testStart.Add(-time.Hour)); err != nil || !at.Equal(testStart) {
		t.Errorf("got %v, %v an hour behind, want %v", at, err, testStart)
	}
	if at, err := appendAt(3, testStart.Add(time.Hour)); err != nil || !at.Equal(testStart.Add(time.Hour)) {
		t.Errorf("got %v, %v, want an hour later", at, err)
	}
	wantWhole(t, b, k.PublicKey())
}

func TestAppendHeadMoved(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	fill(t, b, s, testOrigin, 5)
	slow, fast := b.Begin(), b.Begin()
	if _, _, err := s.Append(ctx, slow, testOrigin, drafts(5, 2)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := newSequencer(k).Append(ctx, fast, testOrigin, drafts(5, 3)); err != nil {
		t.Fatal(err)
	}
	if err := fast.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("got %v from the slower commit, want ErrHeadMoved", err)
	}
	// Who reads before and swaps after the other's commit loses at the swap.
	slow = b.Begin()
	if _, _, err := b.Append(ctx, s, testOrigin, drafts(8, 1)...); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Append(ctx, slow, testOrigin, drafts(8, 1)); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("got %v from the slower swap, want ErrHeadMoved", err)
	}
	wantWhole(t, b, k.PublicKey())
}

// Several sequencers at once, each trying again when it was too slow.
func TestAppendConcurrent(t *testing.T) {
	const writers, each = 4, 25
	k := newKey(t)
	b := ledgertest.New(t)
	fill(t, b, newSequencer(k), testOrigin, 1)
	clock := newSequencer(k).Now
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			s := &ledger.Sequencer{Key: k, Now: clock}
			for i := range each {
				for {
					_, _, err := b.Append(ctx, s, testOrigin, drafts(i+1, 1)...)
					if err == nil {
						break
					}
					if !errors.Is(err, ledger.ErrHeadMoved) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if head, _ := b.Reader().Head(ctx); head.Size != 1+writers*each {
		t.Errorf("got size %d, want %d", head.Size, 1+writers*each)
	}
	wantWhole(t, b, k.PublicKey())
}

// Each step fails before and after it took effect; then everything in memory
// is dropped and the book must be whole, no shorter than what was promised,
// and able to grow.
func TestAppendFailures(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 300} {
		for _, step := range []string{"Head", "Tiles", "Entries", "PutTiles", "PutEntries", "SwapHead", "Commit"} {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s after=%t at %d", step, after, size), func(t *testing.T) {
					testFailure(t, size, step, after)
				})
			}
		}
	}
}

func testFailure(t *testing.T, size int, step string, after bool) {
	k := newKey(t)
	b := ledgertest.New(t)
	old := fill(t, b, newSequencer(k), testOrigin, size)
	b.Fail = ledgertest.FailAt(step, after, 1)
	_, head, err := b.Append(ctx, newSequencer(k), testOrigin, drafts(size, 7)...)
	b.Fail = nil
	// A new book has no tiles or entries to read, and no head to be found.
	unread := size == 0 && (step == "Tiles" || step == "Entries" || step == "Head" && after)
	switch {
	case unread && err != nil:
		t.Fatalf("got %v, want no error for a step that is not taken", err)
	case !unread && !errors.Is(err, ledgertest.ErrInjected):
		t.Fatalf("got %v, want the injected failure", err)
	case err != nil && head.Checkpoint != nil:
		t.Errorf("got the checkpoint %s with an error, want none", head.Checkpoint)
	}
	reopened := newSequencer(k)
	next := size
	if now, err := b.Reader().Head(ctx); err == nil {
		wantWhole(t, b, k.PublicKey())
		next = int(now.Size)
	}
	if want := size + 7; unread || step == "Commit" && after {
		if next != want {
			t.Fatalf("got size %d, want %d", next, want)
		}
	} else if next != size {
		t.Fatalf("got size %d after a failure, want %d", next, size)
	}
	if _, _, err := b.Append(ctx, reopened, testOrigin, drafts(next, 3)...); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, b, k.PublicKey())
	if size == 0 {
		return
	}
	proof, now, err := ledger.ConsistencyProve(ctx, b.Reader(), old.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.ConsistencyVerify(k.PublicKey(), old.Checkpoint, now.Checkpoint, proof); err != nil {
		t.Errorf("got %v, want the book to continue the promised one", err)
	}
}

// Nothing is built on a state that contradicts itself.
func TestAppendDamaged(t *testing.T) {
	k := newKey(t)
	edge := ledgertest.TileID{Level: 0, N: 1}
	tests := []struct {
		name   string
		change func(*ledgertest.State)
	}{
		{"tile on the edge", func(s *ledgertest.State) { s.Tiles[edge][40] ^= 1 }},
		{"short tile", func(s *ledgertest.State) { s.Tiles[edge] = s.Tiles[edge][:64] }},
		{"missing tile", func(s *ledgertest.State) { delete(s.Tiles, ledgertest.TileID{Level: 1}) }},
		{"root", func(s *ledgertest.State) { s.Head.Root[0] ^= 1 }},
		{"size", func(s *ledgertest.State) { s.Head.Size-- }},
		{"huge size", func(s *ledgertest.State) { s.Head.Size = 1 << 60 }},
		{"zero size", func(s *ledgertest.State) { s.Head.Size = 0 }},
		{"time", func(s *ledgertest.State) { s.Head.At = s.Head.At.Add(-time.Hour) }},
		{"checkpoint", func(s *ledgertest.State) { s.Head.Checkpoint[len(s.Head.Checkpoint)-4] ^= 1 }},
		{"no checkpoint", func(s *ledgertest.State) { s.Head.Checkpoint = nil }},
		{"last entry", func(s *ledgertest.State) { s.Entries[299].Leaf[20] ^= 1 }},
		{"last entry missing", func(s *ledgertest.State) { s.Entries = s.Entries[:299] }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ledgertest.New(t)
			s := newSequencer(k)
			fill(t, b, s, testOrigin, 300)
			b.Tamper(tt.change)
			if _, _, err := b.Append(ctx, s, testOrigin, drafts(300, 1)...); !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		})
	}
	b := ledgertest.New(t)
	fill(t, b, newSequencer(k), testOrigin, 3)
	if _, _, err := b.Append(ctx, newSequencer(newKey(t)), testOrigin, drafts(3, 1)...); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("got %v for another key, want ErrDamaged", err)
	}
}

// Appending reads the right edge only, whatever the size of the book.
func TestAppendReads(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	b := ledgertest.New(t)
	fill(t, b, s, testOrigin, 3000)
	tx := &countingTx{Tx: b.Begin()}
	if _, _, err := s.Append(ctx, tx, testOrigin, drafts(3000, 1000)); err != nil {
		t.Fatal(err)
	}
	want := []tlog.Tile{{H: 8, L: 0, N: 11, W: 3000 % 256}, {H: 8, L: 1, N: 0, W: 11}}
	if !slices.Equal(tx.tiles, want) || tx.entries != 1 {
		t.Errorf("got %d entries and the tiles %v read, want 1 and %v", tx.entries, tx.tiles, want)
	}
}

type countingTx struct {
	ledger.Tx
	tiles   []tlog.Tile
	entries int64
}

func (c *countingTx) Tiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	c.tiles = append(c.tiles, tiles...)
	return c.Tx.Tiles(ctx, tiles)
}

func (c *countingTx) Entries(ctx context.Context, first, end int64, fn func(ledger.Entry) error) error {
	c.entries += end - first
	return c.Tx.Entries(ctx, first, end, fn)
}

// BenchmarkAppend measures appending to a book in memory, in batches.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 64, 1024} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			s := &ledger.Sequencer{Key: newKey(b)}
			book := ledgertest.New(b)
			fill(b, book, s, testOrigin, 1)
			ds := drafts(1, batch)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := book.Append(ctx, s, testOrigin, ds...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}
