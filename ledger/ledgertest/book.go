// Package ledgertest is for tests of whatever appends to a ledger: a book in
// memory that holds its callers to the contract of ledger.Tx, fails on demand
// and can be tampered with.
package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
)

// TileID names a stored tile; its width is the length of its data.
type TileID struct {
	Level int
	N     int64
}

// State is everything stored of a book.
type State struct {
	Head    *ledger.Head // nil: never opened
	Tiles   map[TileID][]byte
	Entries []ledger.Entry
}

// Book is a book in memory. It is safe for concurrent use. Violations of the
// contract, such as a rewritten entry, fail the test besides being errors.
type Book struct {
	// Fail, if not nil, is called before and after each step of a
	// transaction takes effect: "Head", "Tiles", "Entries", "PutTiles",
	// "PutEntries", "SwapHead", "Commit". An error fails the step; after a
	// Commit it is the answer that got lost. Set it before use.
	Fail func(step string, after bool) error

	tb    testing.TB
	mu    sync.Mutex
	state State // what is in it is never changed in place
}

// New returns a book that was never opened.
func New(tb testing.TB) *Book {
	return &Book{tb: tb, state: State{Tiles: make(map[TileID][]byte)}}
}

// Tamper changes the stored state behind everybody's back. It gets a deep copy
// to change, so that readers keep the state they have.
func (b *Book) Tamper(change func(*State)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := State{Tiles: make(map[TileID][]byte)}
	if b.state.Head != nil {
		h := *b.state.Head
		h.Checkpoint = bytes.Clone(h.Checkpoint)
		s.Head = &h
	}
	for id, data := range b.state.Tiles {
		s.Tiles[id] = bytes.Clone(data)
	}
	for _, e := range b.state.Entries {
		e.Leaf, e.Salt, e.Opening = bytes.Clone(e.Leaf), bytes.Clone(e.Salt), bytes.Clone(e.Opening)
		s.Entries = append(s.Entries, e)
	}
	change(&s)
	b.state = s
}

// Begin starts a transaction. It sees the state of now and what it writes
// itself. A Tx is for one goroutine and must end in Commit, or be dropped.
func (b *Book) Begin() *Tx {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Tx{book: b, base: b.state, head: b.state.Head, tiles: make(map[TileID][]byte)}
}

// Reader returns a reader of the state of now.
func (b *Book) Reader() ledger.Reader { return b.Begin() }

// Append is Begin, s.Append and Commit.
func (b *Book) Append(ctx context.Context, s *ledger.Sequencer, origin string, drafts ...ledger.Draft) (int64, ledger.Head, error) {
	tx := b.Begin()
	first, head, err := s.Append(ctx, tx, origin, drafts)
	if err != nil {
		return 0, ledger.Head{}, err
	}
	if err := tx.Commit(); err != nil {
		return 0, ledger.Head{}, err
	}
	return first, head, nil
}

// Tx is one transaction over a Book.
type Tx struct {
	book    *Book
	base    State // as of Begin
	head    *ledger.Head
	tiles   map[TileID][]byte // written here
	entries []ledger.Entry    // written here
	swapped bool
}

var _ ledger.Tx = (*Tx)(nil)

// step runs fn between the two chances to fail.
func (tx *Tx) step(ctx context.Context, name string, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	fail := tx.book.Fail
	if fail == nil {
		return fn()
	}
	if err := fail(name, false); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	return fail(name, true)
}

// broken reports a violation of the contract by the caller.
func (tx *Tx) broken(format string, args ...any) error {
	err := fmt.Errorf("ledger contract: "+format, args...)
	tx.book.tb.Helper()
	tx.book.tb.Error(err)
	return err
}

// Head implements ledger.Reader.
func (tx *Tx) Head(ctx context.Context) (head ledger.Head, err error) {
	err = tx.step(ctx, "Head", func() error {
		if tx.head == nil {
			return fmt.Errorf("the head of the book: %w", fs.ErrNotExist)
		}
		head = *tx.head
		return nil
	})
	return head, err
}

// Tiles implements ledger.Reader.
func (tx *Tx) Tiles(ctx context.Context, tiles []tlog.Tile) (data [][]byte, err error) {
	err = tx.step(ctx, "Tiles", func() error {
		for _, t := range tiles {
			d, ok := tx.tile(TileID{t.L, t.N})
			if !ok || len(d) < t.W*tlog.HashSize {
				return fmt.Errorf("tile %s: %w", ledger.TilePath(t), fs.ErrNotExist)
			}
			data = append(data, bytes.Clone(d[:t.W*tlog.HashSize]))
		}
		return nil
	})
	return data, err
}

func (tx *Tx) tile(id TileID) ([]byte, bool) {
	if d, ok := tx.tiles[id]; ok {
		return d, true
	}
	d, ok := tx.base.Tiles[id]
	return d, ok
}

// Entries implements ledger.Reader. A missing entry is fs.ErrNotExist.
func (tx *Tx) Entries(ctx context.Context, first, end int64, fn func(ledger.Entry) error) error {
	return tx.step(ctx, "Entries", func() error {
		for i := first; i < end; i++ {
			e, ok := tx.entry(i)
			if !ok {
				return fmt.Errorf("entry %d: %w", i, fs.ErrNotExist)
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// entry looks in the place first and then everywhere, since a test may have
// taken entries out.
func (tx *Tx) entry(index int64) (ledger.Entry, bool) {
	base := tx.base.Entries
	if index >= 0 && index < int64(len(base)) && base[index].Index == index {
		return base[index], true
	}
	for _, list := range [][]ledger.Entry{base, tx.entries} {
		if i := slices.IndexFunc(list, func(e ledger.Entry) bool { return e.Index == index }); i >= 0 {
			return list[i], true
		}
	}
	return ledger.Entry{}, false
}

// PutTiles implements ledger.Tx. A tile may only be widened.
func (tx *Tx) PutTiles(ctx context.Context, tiles []tlog.Tile, data [][]byte) error {
	return tx.step(ctx, "PutTiles", func() error {
		if len(tiles) != len(data) {
			return tx.broken("%d tiles with %d data", len(tiles), len(data))
		}
		for i, t := range tiles {
			if t.H != ledger.TileHeight || t.W < 1 || t.W > 1<<ledger.TileHeight || len(data[i]) != t.W*tlog.HashSize {
				return tx.broken("tile %+v with %d bytes", t, len(data[i]))
			}
			id := TileID{t.L, t.N}
			if old, ok := tx.tile(id); ok && (len(data[i]) < len(old) || !bytes.Equal(data[i][:len(old)], old)) {
				return tx.broken("%s is rewritten instead of widened", ledger.TilePath(t))
			}
			tx.tiles[id] = bytes.Clone(data[i])
		}
		return nil
	})
}

// PutEntries implements ledger.Tx. Indexes go on where the last one ended.
func (tx *Tx) PutEntries(ctx context.Context, entries []ledger.Entry) error {
	return tx.step(ctx, "PutEntries", func() error {
		for _, e := range entries {
			next := int64(len(tx.base.Entries) + len(tx.entries))
			if e.Index != next {
				return tx.broken("entry %d is stored where %d comes next", e.Index, next)
			}
			if len(e.Leaf) == 0 || len(e.Leaf) > ledger.MaxLeafBytes || len(e.Salt) != ledger.SaltBytes || e.Opening == nil {
				return tx.broken("entry %d has a leaf of %d bytes, a salt of %d, opening %t", e.Index, len(e.Leaf), len(e.Salt), e.Opening != nil)
			}
			e.Leaf, e.Salt, e.Opening = bytes.Clone(e.Leaf), bytes.Clone(e.Salt), bytes.Clone(e.Opening)
			tx.entries = append(tx.entries, e)
		}
		return nil
	})
}

// SwapHead implements ledger.Tx. It compares with what is committed now.
func (tx *Tx) SwapHead(ctx context.Context, oldSize int64, head ledger.Head) error {
	return tx.step(ctx, "SwapHead", func() error {
		if err := tx.unmoved(oldSize); err != nil {
			return err
		}
		if n := int64(len(tx.base.Entries) + len(tx.entries)); head.Size != n {
			return tx.broken("the head has the size %d, there are %d entries", head.Size, n)
		}
		if head.Size <= oldSize {
			return tx.broken("the head goes from size %d to %d", oldSize, head.Size)
		}
		head.Checkpoint = bytes.Clone(head.Checkpoint)
		tx.head, tx.swapped = &head, true
		return nil
	})
}

// unmoved compares oldSize with the head of this transaction, and the head it
// began with with the committed one.
func (tx *Tx) unmoved(oldSize int64) error {
	tx.book.mu.Lock()
	defer tx.book.mu.Unlock()
	if tx.book.state.Head != tx.base.Head || size(tx.head) != oldSize {
		return ledger.ErrHeadMoved
	}
	return nil
}

func size(head *ledger.Head) int64 {
	if head == nil {
		return -1
	}
	return head.Size
}

// Commit makes what the transaction wrote visible, all of it or nothing. It
// fails with ledger.ErrHeadMoved when another one was faster.
func (tx *Tx) Commit() error {
	return tx.step(context.Background(), "Commit", func() error {
		b := tx.book
		b.mu.Lock()
		defer b.mu.Unlock()
		if !tx.swapped {
			if len(tx.tiles)+len(tx.entries) > 0 {
				return tx.broken("a commit without a new head")
			}
			return nil
		}
		if b.state.Head != tx.base.Head {
			return ledger.ErrHeadMoved
		}
		tiles := maps.Clone(tx.base.Tiles)
		maps.Copy(tiles, tx.tiles)
		// A state has one successor at most, so that growing its slice in
		// place shows nothing to those who read the shorter one.
		b.state = State{Head: tx.head, Tiles: tiles, Entries: append(tx.base.Entries, tx.entries...)}
		return nil
	})
}

// ErrInjected is what FailAt makes a step fail with.
var ErrInjected = errors.New("injected failure")

// FailAt returns a function for Book.Fail: the nth call (from 1) of the named
// step fails, before or after it takes effect. Nothing else does.
func FailAt(step string, after bool, nth int) func(string, bool) error {
	n := 0
	return func(s string, a bool) error {
		if s != step || a != after {
			return nil
		}
		if n++; n != nth {
			return nil
		}
		return fmt.Errorf("%s (after: %t): %w", s, a, ErrInjected)
	}
}
