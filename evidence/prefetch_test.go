package evidence_test

import (
	"context"
	"fmt"
	"testing"

	"minhchung/evidence"
)

// farStore has transactions that count what is read one by one although nobody
// asked for it together.
type farStore struct {
	evidence.Store
	together, alone int
}

func (s *farStore) Update(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(evidence.Tx) error) (evidence.Commitment, error) {
	return s.Store.Update(ctx, scope, book, func(tx evidence.Tx) error {
		return fn(&farTx{Tx: tx, store: s, known: map[string]bool{}})
	})
}

type farTx struct {
	evidence.Tx
	store *farStore
	known map[string]bool
}

func (t *farTx) Prefetch(_ context.Context, keys evidence.Keys) error {
	t.store.together++
	for _, row := range keys.Rows {
		t.known[row] = true
		for _, rule := range keys.Rules {
			t.known[rule+" "+row] = true
		}
	}
	return nil
}

func (t *farTx) count(key string) {
	if !t.known[key] {
		t.store.alone++
	}
}

func (t *farTx) Row(ctx context.Context, id string) (evidence.Row, error) {
	t.count(id)
	return t.Tx.Row(ctx, id)
}

func (t *farTx) MatchOf(ctx context.Context, id string) (evidence.Match, error) {
	t.count(id)
	return t.Tx.MatchOf(ctx, id)
}

func (t *farTx) ConfirmationOf(ctx context.Context, id string) (evidence.Confirmation, error) {
	t.count(id)
	return t.Tx.ConfirmationOf(ctx, id)
}

func (t *farTx) StateOf(ctx context.Context, rule, id string) (evidence.RowState, error) {
	t.count(rule + " " + id)
	return t.Tx.StateOf(ctx, rule, id)
}

// A register of many rows, and files for all of them, are counted with a
// handful of reads where each takes its time.
func TestRowsAreReadTogether(t *testing.T) {
	_, in, _ := office(t)
	far := &farStore{Store: in.Store}
	in.Store, in.Group = far, 64
	const n = 600
	begin(t, in, n)
	if far.alone > 0 || far.together != 2 {
		t.Errorf("register: got %d single reads and %d together, want 0 and 2", far.alone, far.together)
	}
	files := make([]evidence.File, 100)
	for i := range files {
		files[i] = file(fmt.Sprint(i), fmt.Sprintf("signed %d\n", i), row(i+1).ID)
	}
	if _, err := in.Receive(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	if far.alone > 0 {
		t.Errorf("files: got %d single reads, want 0", far.alone)
	}
	if got, _ := states(t, in); len(got) != n || got[row(1).ID] != "PROVEN " {
		t.Errorf("got %d states, the first %q, want %d and PROVEN", len(got), got[row(1).ID], n)
	}
}
