package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

// adopt takes the book from into to.
func adopt(t *testing.T, s *ledger.Sequencer, from, to *ledgertest.Book) (ledger.Head, error) {
	t.Helper()
	ctx := t.Context()
	r := from.Reader()
	head, err := r.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx := to.Begin()
	a, err := s.Adopt(ctx, tx, head)
	if err != nil {
		return ledger.Head{}, err
	}
	if err := r.Entries(ctx, 0, head.Size, func(e ledger.Entry) error { return a.Add(ctx, e) }); err != nil {
		return ledger.Head{}, err
	}
	got, err := a.Finish(ctx)
	if err != nil {
		return ledger.Head{}, err
	}
	return got, tx.Commit()
}

func TestAdoptedBookGoesOnAndComesBack(t *testing.T) {
	ctx := context.Background()
	sequencers := make([]*ledger.Sequencer, 2)
	for i := range sequencers {
		key, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		sequencers[i] = &ledger.Sequencer{Key: key}
	}
	here, there := ledgertest.New(t), ledgertest.New(t)
	const origin = "test.example/xa-thu/2022"
	grow := func(s *ledger.Sequencer, b *ledgertest.Book, n int) {
		t.Helper()
		for i := range n {
			d := ledger.Draft{Type: "row", Refs: map[string]string{"row": fmt.Sprint(i)}}
			if r := b.Reader(); i == 0 {
				if _, err := r.Head(ctx); err != nil {
					d.Type = "open"
				}
			}
			if _, _, err := b.Append(ctx, s, origin, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	same := func(a, b *ledgertest.Book, s *ledger.Sequencer) {
		t.Helper()
		got, err := adopt(t, s, a, b)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := a.Reader().Head(ctx)
		if got.Size != want.Size || got.Root != want.Root || got.Origin != want.Origin || !got.At.Equal(want.At) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		problems, err := ledger.Check(ctx, b.Reader(), s.Key.PublicKey(), nil)
		if err != nil || len(problems) > 0 {
			t.Errorf("check: %v and %v", problems, err)
		}
	}
	grow(sequencers[0], here, 300)
	same(here, there, sequencers[1])
	same(here, there, sequencers[1]) // again: nothing to do
	grow(sequencers[1], there, 600)
	same(there, here, sequencers[0])
	grow(sequencers[0], here, 1)
	if _, err := adopt(t, sequencers[0], there, here); !errors.Is(err, ledger.ErrForked) {
		t.Errorf("a book that is shorter there: got %v, want ErrForked", err)
	}
	grow(sequencers[1], there, 2)
	if _, err := adopt(t, sequencers[0], there, here); !errors.Is(err, ledger.ErrForked) {
		t.Errorf("a book that went on in both places: got %v, want ErrForked", err)
	}
}
