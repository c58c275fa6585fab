package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"minhchung/evidence"
)

func keep(t *testing.T, s evidence.Store, kept evidence.Kept) {
	t.Helper()
	if err := s.Keep(t.Context(), all, book, kept); err != nil {
		t.Fatalf("Keep: %v", err)
	}
}

func testKept(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	update(t, s, book, append(received(1), received(2)...)...)
	before := headOf(t, s, book)
	one := evidence.DocumentText{Document: sha(1), Reader: "r/1", OCR: evidence.OCRAwaited, Content: []byte(`{"extractor":"r/1","pages":[{"number":1,"text":"Số: 32"}]}`)}
	two := evidence.DocumentText{Document: sha(2), Reader: "r/1", Content: []byte("{}")}
	keep(t, s, evidence.Kept{Texts: []evidence.DocumentText{one, two}, Places: map[string]int64{"index": 1}})
	again := one
	again.Reader, again.OCR = "r/2", "ocr/1"
	keep(t, s, evidence.Kept{Texts: []evidence.DocumentText{again}, Places: map[string]int64{"index": 2, "other": 1 << 40}})
	keep(t, s, evidence.Kept{})
	again.Seq, two.Seq = 3, 2
	s = h.Reopen(t, s)
	view(t, s, book, func(r evidence.Reader) error {
		got, err := r.TextOf(ctx, sha(1))
		want(t, "text that was read again", got, again)
		if e, err := got.Extraction(); err != nil || len(e.Pages) != 1 || e.Pages[0].Text != "Số: 32" {
			t.Errorf("got %+v, %v, want the page kept", e, err)
		}
		list, err2 := r.Texts(ctx, 0)
		listed := []evidence.DocumentText{two, again}
		listed[0].Content, listed[1].Content = nil, nil
		want(t, "texts", list, listed)
		list, err3 := r.Texts(ctx, 2)
		want(t, "texts after 2", list, listed[1:])
		_, missing := r.TextOf(ctx, sha(3))
		wantMissing(t, "text", missing)
		index, err4 := r.Place(ctx, "index")
		other, err5 := r.Place(ctx, "other")
		none, err6 := r.Place(ctx, "none")
		want(t, "places", []int64{index, other, none}, []int64{2, 1 << 40, 0})
		return errors.Join(err, err2, err3, err4, err5, err6)
	})
	want(t, "head", headOf(t, s, book), before) // no leaf tells of it
	sound(t, h, s, book)
}

func headOf(t *testing.T, s evidence.Store, b evidence.BookID) string {
	t.Helper()
	var head string
	view(t, s, b, func(r evidence.Reader) error {
		h, err := r.Head(t.Context())
		head = string(h.Checkpoint)
		return err
	})
	return head
}

// What cannot be kept keeps nothing, and scopes hold here too.
func testKeepRefused(t *testing.T, h Harness) {
	s := h.Open(t)
	update(t, s, book, received(1)...)
	text := func(n int) evidence.DocumentText {
		return evidence.DocumentText{Document: sha(n), Reader: "r/1", Content: []byte("{}")}
	}
	err := s.Keep(t.Context(), all, book, evidence.Kept{Texts: []evidence.DocumentText{text(1), text(9)}, Places: map[string]int64{"index": 5}})
	wantMissing(t, "keeping the text of an unknown document", err)
	err = s.Keep(t.Context(), evidence.Scope{Units: []evidence.UnitID{"xa-khac"}}, book, evidence.Kept{Texts: []evidence.DocumentText{text(1)}})
	wantMissing(t, "keeping in a neighbour's book", err)
	err = s.Keep(t.Context(), all, evidence.BookID{Unit: "xa-khac", Period: "2022"}, evidence.Kept{Places: map[string]int64{"index": 1}})
	wantMissing(t, "keeping in a book that was never opened", err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Keep(ctx, all, book, evidence.Kept{Texts: []evidence.DocumentText{text(1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, want %v", err, context.Canceled)
	}
	view(t, s, book, func(r evidence.Reader) error {
		list, err := r.Texts(t.Context(), 0)
		place, err2 := r.Place(t.Context(), "index")
		want(t, "kept", fmt.Sprint(len(list), place), "0 0")
		return errors.Join(err, err2)
	})
}

func testConfirmations(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	byText := evidence.Confirmation{Row: "32/BC-UBND", Document: sha(1), Number: "32", Notation: "BC-UBND", Date: "2022-03-04", By: evidence.ByText,
		Reader: "r/1", NumberPlace: "own", NumberPage: 1, DatePlace: "overlay", DatePage: 2}
	denied := evidence.Confirmation{Row: "32/BC-UBND", Document: sha(1), Number: "32", Notation: "BC-UBND", Date: "2022-03-04", By: evidence.ByPerson,
		Person: "Nguyễn Văn Thử", Note: "nhầm tệp", Denied: true}
	other := evidence.Confirmation{Row: "1/QĐ-UBND", Document: sha(2), Number: "1", Notation: "QĐ-UBND", By: evidence.ByPerson, Person: "Trần Thị Mẫu"}
	update(t, s, book, evidence.Confirmed{Confirmation: byText}, evidence.Confirmed{Confirmation: denied}, evidence.Confirmed{Confirmation: other}) // 1, 2, 3
	denied.Entry, other.Entry = 2, 3
	view(t, s, book, func(r evidence.Reader) error {
		list, err := r.Confirmations(ctx)
		want(t, "confirmations", list, []evidence.Confirmation{other, denied})
		one, err2 := r.ConfirmationOf(ctx, "32/BC-UBND")
		want(t, "the newest one of a row", one, denied)
		_, missing := r.ConfirmationOf(ctx, "33/BC-UBND")
		wantMissing(t, "confirmation", missing)
		return errors.Join(err, err2)
	})
	sound(t, h, s, book)
}
