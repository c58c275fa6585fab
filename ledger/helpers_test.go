package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

const (
	testOrigin = "test.example/xa-thu-nghiem/2022"
	rootOrigin = "test.example/root"
)

var testStart = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// newKey makes a key in a file of its own, as the program does.
func newKey(tb testing.TB) *ledger.Key {
	tb.Helper()
	k, err := ledger.GenerateKey(filepath.Join(tb.TempDir(), "key"))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// newSequencer has a clock that goes on by 1.5 ms each time it is read.
func newSequencer(k *ledger.Key) *ledger.Sequencer {
	var mu sync.Mutex
	now := testStart
	return &ledger.Sequencer{Key: k, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(1500 * time.Microsecond)
		return now
	}}
}

// drafts makes n drafts from index first on; the draft 0 opens the book.
func drafts(first, n int) []ledger.Draft {
	ds := make([]ledger.Draft, n)
	for i := range ds {
		ds[i] = ledger.Draft{
			Type: "row", Actor: "u-1",
			Refs:    map[string]string{"row": fmt.Sprintf("%d/BC-UBND", first+i)},
			Codes:   map[string]string{"kind": "original"},
			Opening: fmt.Appendf(nil, `{"subject":"Báo cáo số %d"}`, first+i),
		}
	}
	if first == 0 && n > 0 {
		ds[0].Type = "open"
	}
	return ds
}

// fill appends n entries in batches of at most 300.
func fill(tb testing.TB, b *ledgertest.Book, s *ledger.Sequencer, origin string, n int) ledger.Head {
	tb.Helper()
	var head ledger.Head
	for first := 0; first < n; {
		batch := min(300, n-first)
		at, h, err := b.Append(context.Background(), s, origin, drafts(first, batch)...)
		if err != nil {
			tb.Fatal(err)
		}
		if at != int64(first) {
			tb.Fatalf("got first index %d, want %d", at, first)
		}
		head = h
		first += batch
	}
	return head
}

func entriesOf(tb testing.TB, r ledger.Reader, size int64) []ledger.Entry {
	tb.Helper()
	var es []ledger.Entry
	err := r.Entries(context.Background(), 0, size, func(e ledger.Entry) error {
		es = append(es, e)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return es
}

// naiveRoot is the definition of RFC 6962 section 2.1, word for word.
func naiveRoot(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(naiveRoot(leaves[:k]), naiveRoot(leaves[k:]))
}

func leafHashes(es []ledger.Entry) []tlog.Hash {
	var hs []tlog.Hash
	for _, e := range es {
		hs = append(hs, tlog.RecordHash(e.Leaf))
	}
	return hs
}

// wantWhole fails unless Check finds nothing.
func wantWhole(tb testing.TB, b *ledgertest.Book, pub ledger.PublicKey) {
	tb.Helper()
	for _, p := range check(tb, b, pub) {
		tb.Errorf("got problem %v, want none", p)
	}
}

func check(tb testing.TB, b *ledgertest.Book, pub ledger.PublicKey) []ledger.Problem {
	tb.Helper()
	ps, err := ledger.Check(context.Background(), b.Reader(), pub, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return ps
}

// newRand logs its seed when the test fails.
func newRand(tb testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func wantError(tb testing.TB, err error, part string) {
	tb.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		tb.Errorf("got error %v, want one with %q", err, part)
	}
}
