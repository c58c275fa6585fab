package report_test

import (
	"context"
	"testing"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/ledger"
)

// busy is a store into which somebody writes and anchors whenever a second
// View begins inside a first one.
type busy struct {
	evidence.Store
	t    *testing.T
	open int
}

func (b *busy) View(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(r evidence.Reader) error) error {
	if b.open++; b.open == 2 {
		b.write()
	}
	return b.Store.View(ctx, scope, book, fn)
}

// write adds a document to the book and anchors it.
func (b *busy) write() {
	b.t.Helper()
	_, err := b.Update(b.t.Context(), everything, thisBook, func(tx evidence.Tx) error {
		_, err := tx.Append(b.t.Context(), evidence.RowAdded{Row: evidence.Row{ID: "1"}})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	in := evidence.Intake{Store: b.Store, Scope: everything, Book: thisBook}
	if err := in.Anchor(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// TestReceiptWhileOthersWrite: an anchor that was written after the book was
// read is of a size that the reader of the book does not have.
func TestReceiptWhileOthersWrite(t *testing.T) {
	s := shelf(t, document()...)
	if err := (&evidence.Intake{Store: s, Scope: everything, Book: thisBook}).Anchor(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, scope := range map[string]evidence.Scope{"with the root book": everything, "without it": {Units: []evidence.UnitID{thisBook.Unit}}} {
		var got report.Receipt
		err := report.Readers(t.Context(), &busy{Store: s, t: t}, scope, thisBook, func(r, root evidence.Reader) (err error) {
			got, err = report.ProveDocument(t.Context(), r, root, ledger.PublicKey{}, thisBook, paperSHA)
			return err
		})
		if err != nil || len(got.Receipts) != 3 || got.Anchored != scope.All {
			t.Errorf("%s: got %d receipts, anchored %v, %v, want 3, %v", name, len(got.Receipts), got.Anchored, err, scope.All)
		}
	}
}
