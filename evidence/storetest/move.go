package storetest

import (
	"errors"
	"reflect"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

func entriesOf(t *testing.T, s evidence.Store, b evidence.BookID) (list []ledger.Entry) {
	t.Helper()
	view(t, s, b, func(r evidence.Reader) error {
		head, err := r.Head(t.Context())
		if err != nil {
			return err
		}
		return r.Entries(t.Context(), 0, head.Size, func(e ledger.Entry) error {
			list = append(list, e)
			return nil
		})
	})
	return list
}

// takeOver moves the book from one store to the other, as far as stores do it,
// and compares both.
func takeOver(t *testing.T, h Harness, from, to evidence.Store, b evidence.BookID) {
	t.Helper()
	err := from.View(t.Context(), all, b, func(r evidence.Reader) error {
		return to.(evidence.Mover).TakeOver(t.Context(), all, b, r, h.Public(from))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, wanted := entriesOf(t, to, b), entriesOf(t, from, b); !reflect.DeepEqual(got, wanted) {
		t.Errorf("the %d entries are not the same as the %d before", len(got), len(wanted))
	}
	sound(t, h, to, b)
}

func testTakeOver(t *testing.T, h Harness) {
	here, there, ctx := h.Open(t), h.Open(t), t.Context()
	if _, ok := here.(evidence.Mover); !ok {
		t.Skip("the driver takes over no books")
	}
	blob := signature.Blob{SHA256: signature.HashOf([]byte("der")), DER: []byte("der")}
	_, err := here.Update(ctx, all, book, func(tx evidence.Tx) error {
		facts := evidence.FactsRead{Facts: signature.Facts{SHA256: sha(7), Signatures: []signature.SignatureFacts{{CMS: blob.SHA256}}}}
		return errors.Join(tx.PutBlobs(ctx, []signature.Blob{blob}), appendTo(ctx, tx, book, facts))
	})
	if err != nil {
		t.Fatal(err)
	}
	for group := range 30 {
		var events []evidence.Event
		for n := range 10 {
			events = append(events, evidence.RowAdded{Row: row(10*group + n)}, stated(10*group+n, "nd30", evidence.Disproven, "no-file", ""))
		}
		update(t, here, book, events...)
	}
	move := func(step, place string) evidence.Event {
		m := evidence.BookMove{Step: step, Place: place}
		if step == evidence.MoveArrived {
			m.Key, m.Checkpoint = "key", "checkpoint"
		}
		return evidence.Moved{BookMove: m}
	}
	update(t, here, book, move(evidence.MoveDeparted, "there"))
	closed := func(s evidence.Store) {
		t.Helper()
		_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error { return appendTo(ctx, tx, book, evidence.RowAdded{Row: row(1)}) })
		if !errors.Is(err, evidence.ErrMoved) {
			t.Errorf("a row in a book that departed: got %v, want ErrMoved", err)
		}
	}
	closed(here)
	takeOver(t, h, here, there, book)
	takeOver(t, h, here, there, book) // again: nothing to do
	closed(there)
	view(t, there, book, func(r evidence.Reader) error {
		last, err := r.LastMove(ctx)
		want(t, "last move", last, evidence.BookMove{Step: evidence.MoveDeparted, Place: "there", Entry: int64(602)})
		_, err2 := r.Blobs(ctx, []signature.Hash{blob.SHA256})
		return errors.Join(err, err2)
	})
	update(t, there, book, move(evidence.MoveArrived, "here"), stated(3, "nd30", evidence.Proven, "", "A"))
	err = here.View(ctx, all, book, func(r evidence.Reader) error {
		return there.(evidence.Mover).TakeOver(ctx, all, book, r, h.Public(here))
	})
	if !errors.Is(err, ledger.ErrForked) {
		t.Errorf("taking over what went on: got %v, want ErrForked", err)
	}
	update(t, there, book, evidence.RowAdded{Row: row(400)}, move(evidence.MoveDeparted, "here"))
	takeOver(t, h, there, here, book)
	update(t, here, book, move(evidence.MoveArrived, "there"), evidence.RowAdded{Row: row(401)})
	sound(t, h, here, book)
	// Announcing keeps the origin that the book brought.
	other := evidence.BookID{Unit: "xa-khac", Period: "2022"}
	if _, err := here.Update(ctx, all, evidence.RootBook, func(tx evidence.Tx) error {
		_, err := tx.Append(ctx, evidence.Opened{Book: other, Origin: "elsewhere/xa-khac/2022"})
		return err
	}); err == nil {
		t.Error("an origin that no book has was announced")
	}
	err = here.View(ctx, all, book, func(r evidence.Reader) error {
		return there.(evidence.Mover).TakeOver(ctx, all, book, r, h.Public(there))
	})
	if err == nil {
		t.Error("a checkpoint of another key was taken")
	}
}
