package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

func testOpening(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	view(t, s, evidence.RootBook, func(r evidence.Reader) error {
		_, err := r.Head(ctx)
		wantMissing(t, "head of the empty root book", err)
		return nil
	})
	wantMissing(t, "View of a book that was never opened", s.View(ctx, all, book, func(evidence.Reader) error { return nil }))
	_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
		_, err := tx.Append(ctx, evidence.RowAdded{Row: row(1)})
		return err
	})
	wantMissing(t, "appending a row to an unopened book", err)
	done := update(t, s, evidence.RootBook, evidence.UnitAdded{Unit: evidence.Unit{ID: book.Unit}}, evidence.Opened{Book: book})
	want(t, "first commit of the root book", []any{done.First, done.Head.Size, done.Head.Origin}, []any{int64(0), int64(3), "test.example/root"})
	done = update(t, s, book, evidence.RowAdded{Row: row(1)})
	want(t, "first commit of a book", []any{done.First, done.Head.Size, done.Head.Origin}, []any{int64(0), int64(2), "test.example/xa-thu/2022"})
	for name, e := range map[string]evidence.Event{
		"again":                    evidence.Opened{Book: book},
		"another book in it":       evidence.Opened{Book: evidence.BookID{Unit: "xa-khac", Period: "2022"}},
		"with an origin of theirs": evidence.Opened{Book: book, Origin: "elsewhere/xa-thu/2022"},
	} {
		_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
			_, err := tx.Append(ctx, e)
			return err
		})
		if err == nil {
			t.Errorf("opening %s: got no error", name)
		}
	}
	view(t, s, book, func(r evidence.Reader) error {
		known, err := r.Announced(ctx, book)
		want(t, "announced", known, true)
		return err
	})
	sound(t, h, s, book)
	sound(t, h, s, evidence.RootBook)
}

func testNothing(t *testing.T, h Harness) {
	s := h.Open(t)
	update(t, s, book)
	before := size(t, s, book)
	done, err := s.Update(t.Context(), all, book, func(evidence.Tx) error { return nil })
	if err != nil || done.Head.Size != 0 || done.Head.Checkpoint != nil {
		t.Errorf("an update without events: got %+v and %v, want the zero commitment", done, err)
	}
	want(t, "size", size(t, s, book), before)
	if _, err := s.Update(t.Context(), all, book, func(tx evidence.Tx) error { _, err := tx.Append(t.Context()); return err }); err == nil {
		t.Error("appending no events: got no error")
	}
}

var errTest = errors.New("the test says no")

func testFailingUpdate(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	update(t, s, book, evidence.RowAdded{Row: row(1)})
	before := size(t, s, book)
	blob := signature.Blob{SHA256: signature.HashOf([]byte("der")), DER: []byte("der")}
	broken := func(tx evidence.Tx) {
		if err := tx.PutBlobs(ctx, []signature.Blob{blob}); err != nil {
			t.Error(err)
		}
		if _, err := tx.Append(ctx, evidence.RowAdded{Row: row(2)}, evidence.RowCorrected{Row: evidence.Row{ID: row(1).ID}}); err != nil {
			t.Error(err)
		}
		if got, err := tx.Row(ctx, row(2).ID); err != nil || got.Number != "2" {
			t.Errorf("a transaction does not see its own row: %v and %v", got, err)
		}
	}
	cases := map[string]func(){
		"fn fails": func() {
			if _, err := s.Update(ctx, all, book, func(tx evidence.Tx) error { broken(tx); return errTest }); !errors.Is(err, errTest) {
				t.Errorf("got %v, want the error of fn", err)
			}
		},
		"fn panics": func() {
			defer func() { _ = recover() }()
			_, _ = s.Update(ctx, all, book, func(tx evidence.Tx) error { broken(tx); panic(errTest) })
		},
		"an append fails and fn does not care": func() {
			_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
				broken(tx)
				_, _ = tx.Append(ctx, evidence.RowAdded{Row: row(3)}, evidence.RowAdded{})
				return nil
			})
			if err == nil {
				t.Error("got no error")
			}
		},
		"a leaf that is too long": func() {
			_, err := s.Update(ctx, evidence.Scope{All: true, Actor: string(make([]byte, 2000))}, book, func(tx evidence.Tx) error { broken(tx); return nil })
			if err == nil {
				t.Error("got no error")
			}
		},
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			run()
			want(t, "size", size(t, s, book), before)
			view(t, s, book, func(r evidence.Reader) error {
				rows, err := r.Rows(ctx)
				want(t, "rows", rows, []evidence.Row{row(1)})
				_, missing := r.Blobs(ctx, []signature.Hash{blob.SHA256})
				wantMissing(t, "blob", missing)
				return err
			})
			sound(t, h, s, book)
		})
	}
}

func testSavepoint(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	kept, lost := signature.Blob{SHA256: signature.HashOf([]byte("k")), DER: []byte("k")}, signature.Blob{SHA256: signature.HashOf([]byte("l")), DER: []byte("l")}
	done, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
		failed := tx.Savepoint(ctx, func() error {
			return errors.Join(appendTo(ctx, tx, book, evidence.RowAdded{Row: row(8)}), errTest)
		})
		if !errors.Is(failed, errTest) {
			t.Errorf("opening inside a failed savepoint: got %v", failed)
		}
		if err := appendTo(ctx, tx, book); err != nil {
			t.Errorf("opening after it: %v", err)
		}
		good := tx.Savepoint(ctx, func() error {
			inner := tx.Savepoint(ctx, func() error {
				_, err := tx.Append(ctx, evidence.RowAdded{Row: row(2)})
				return errors.Join(err, tx.PutBlobs(ctx, []signature.Blob{lost}), errTest)
			})
			if !errors.Is(inner, errTest) {
				t.Errorf("inner savepoint: got %v", inner)
			}
			first, err := tx.Append(ctx, evidence.RowAdded{Row: row(1)})
			want(t, "index after an undone append", first, int64(1))
			return errors.Join(err, tx.PutBlobs(ctx, []signature.Blob{kept}))
		})
		careless := tx.Savepoint(ctx, func() error {
			_, _ = tx.Append(ctx, evidence.RowAdded{Row: row(3)}, evidence.RowAdded{})
			return nil
		})
		if careless == nil {
			t.Error("a savepoint that passed over a failed append: got no error")
		}
		return good
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "size", done.Head.Size, int64(2))
	view(t, s, book, func(r evidence.Reader) error {
		rows, err := r.Rows(ctx)
		want(t, "rows", rows, []evidence.Row{row(1)})
		_, missing := r.Blobs(ctx, []signature.Hash{lost.SHA256})
		wantMissing(t, "the undone blob", missing)
		_, found := r.Blobs(ctx, []signature.Hash{kept.SHA256})
		return errors.Join(err, found)
	})
	sound(t, h, s, book)
}

func testCancelled(t *testing.T, h Harness) {
	s := h.Open(t)
	update(t, s, book)
	before := size(t, s, book)
	for at := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
			for i := range 3 {
				if i == at {
					cancel()
				}
				// The error is passed over: the store must not.
				_, _ = tx.Append(ctx, evidence.RowAdded{Row: row(i)})
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %d: got %v, want context.Canceled", at, err)
		}
		if _, err := s.Update(ctx, all, book, func(evidence.Tx) error { t.Error("fn ran"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: got %v, want context.Canceled", err)
		}
		want(t, "size", size(t, s, book), before)
	}
	update(t, s, book, evidence.RowAdded{Row: row(1)})
	sound(t, h, s, book)
}

const (
	writers  = 16
	commits  = 6
	patience = 2 * time.Minute
)

func testOneBook(t *testing.T, h Harness) {
	s := h.Open(t)
	update(t, s, book)
	concurrently(t, s, func(int) evidence.BookID { return book })
	want(t, "size", size(t, s, book), int64(1+2*writers*commits))
	sound(t, h, s, book)
}

func testSeveralBooks(t *testing.T, h Harness) {
	s := h.Open(t)
	of := func(w int) evidence.BookID {
		return evidence.BookID{Unit: evidence.UnitID(fmt.Sprintf("xa-%d", w%4)), Period: "2022"}
	}
	concurrently(t, s, of)
	for w := range 4 {
		want(t, "size", size(t, s, of(w)), int64(1+2*writers/4*commits))
		sound(t, h, s, of(w))
	}
}

// concurrently lets each writer make its commits and checks that none is lost
// and no two have the same place.
func concurrently(t *testing.T, s evidence.Store, of func(writer int) evidence.BookID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range commits {
				n := w*commits + i
				done, err := s.Update(ctx, all, of(w), func(tx evidence.Tx) error {
					return appendTo(ctx, tx, of(w), evidence.RowAdded{Row: row(n)}, matched(n, n))
				})
				if err != nil {
					t.Errorf("writer %d, commit %d: %v", w, i, err)
					continue
				}
				mu.Lock()
				place := fmt.Sprintf("%s %d", of(w), done.Head.Size)
				if seen[place] {
					t.Errorf("%s was given twice", place)
				}
				seen[place] = true
				mu.Unlock()
				err = s.View(ctx, all, of(w), func(r evidence.Reader) error { _, err := r.Row(ctx, row(n).ID); return err })
				if err != nil {
					t.Errorf("writer %d does not see its commit %d: %v", w, i, err)
				}
			}
		})
	}
	wg.Wait()
}

// testReadStability holds a View open while others commit.
func testReadStability(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	update(t, s, book, evidence.RowAdded{Row: row(1)})
	view(t, s, book, func(r evidence.Reader) error {
		update(t, s, book, evidence.RowAdded{Row: row(2)}, evidence.RowCorrected{Row: evidence.Row{ID: row(1).ID}})
		head, err := r.Head(ctx)
		want(t, "size in an open view", head.Size, int64(2))
		rows, err2 := r.Rows(ctx)
		want(t, "rows in an open view", rows, []evidence.Row{row(1)})
		_, missing := r.Entry(ctx, 2)
		wantMissing(t, "a later entry in an open view", missing)
		return errors.Join(err, err2)
	})
	want(t, "size afterwards", size(t, s, book), int64(4))
}

// testReplay appends random events, some of them in savepoints and updates
// that fail, and compares the tables with a replay.
func testReplay(t *testing.T, h Harness) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	s, ctx := h.Open(t), t.Context()
	for range 60 {
		_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
			if err := appendTo(ctx, tx, book, randomEvents(rng)...); err != nil {
				return err
			}
			fail := rng.IntN(3) == 0
			err := tx.Savepoint(ctx, func() error {
				_, err := tx.Append(ctx, randomEvents(rng)...)
				if fail {
					err = errors.Join(err, errTest)
				}
				return err
			})
			if err != nil && !errors.Is(err, errTest) {
				return err
			}
			if rng.IntN(5) == 0 {
				return errTest
			}
			return nil
		})
		if err != nil && !errors.Is(err, errTest) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	sound(t, h, s, book)
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}

func randomEvents(rng *rand.Rand) []evidence.Event {
	var events []evidence.Event
	for range 1 + rng.IntN(6) {
		r, d := row(rng.IntN(12)), rng.IntN(8)
		r.Subject = fmt.Sprint(rng.Uint64())
		switch rng.IntN(9) {
		case 0:
			events = append(events, evidence.RowAdded{Row: r})
		case 1:
			r.Withdrawn = true
			events = append(events, evidence.RowWithdrawn{Row: r})
		case 2:
			r.Exclusion = &evidence.Exclusion{Code: "void", Reason: "trùng số", Approver: "Nguyễn Văn Thử"}
			events = append(events, evidence.RowExcluded{Row: r})
		case 3:
			events = append(events, received(d, slices.Repeat([]signature.Hash{sha(d)}, rng.IntN(4))...)...)
		case 4:
			events = append(events, evidence.Matched{Match: evidence.Match{Row: r.ID, Document: sha(d), By: "name"}})
		case 5:
			events = append(events, evidence.Unmatched{Match: evidence.Match{Row: r.ID, Document: sha(d), By: "name"}})
		case 6:
			events = append(events, evidence.StateChanged{State: evidence.RowState{Row: r.ID, Rule: "nd30", State: evidence.Disproven, Code: "no-file", Reasons: []string{"no-file"}}})
		case 7:
			events = append(events, evidence.RegisterImported{Register: evidence.Register{SHA256: sha(d), Name: "sổ.csv"}})
		case 8:
			events = append(events, evidence.Confirmed{Confirmation: evidence.Confirmation{Row: r.ID, Document: sha(d), Number: r.Number, By: evidence.ByPerson, Person: "Trần Thị Mẫu", Denied: d%2 == 0}})
		}
	}
	return events
}

func testReopen(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	done := update(t, s, book, evidence.RowAdded{Row: row(1)})
	s = h.Reopen(t, s)
	view(t, s, book, func(r evidence.Reader) error {
		head, err := r.Head(ctx)
		want(t, "head", head, done.Head)
		return err
	})
	update(t, s, book, evidence.RowAdded{Row: row(2)})
	want(t, "size", size(t, s, book), int64(3))
	sound(t, h, s, book)
}

func testReadOnly(t *testing.T, h Harness) {
	if h.ReadOnly == nil {
		t.Skip("the driver has no read-only opening")
	}
	s, ctx := h.Open(t), t.Context()
	update(t, s, book, evidence.RowAdded{Row: row(1)})
	ro := h.ReadOnly(t, s)
	want(t, "size beside a writer", size(t, ro, book), int64(2))
	_, err := ro.Update(ctx, all, book, func(tx evidence.Tx) error { return appendTo(ctx, tx, book, evidence.RowAdded{Row: row(9)}) })
	if !errors.Is(err, evidence.ErrReadOnly) {
		t.Errorf("Update: got %v, want ErrReadOnly", err)
	}
	// A view while the writer is in the middle of a transaction.
	_, err = s.Update(ctx, all, book, func(tx evidence.Tx) error {
		if err := appendTo(ctx, tx, book, evidence.RowAdded{Row: row(2)}); err != nil {
			return err
		}
		want(t, "size during a transaction", size(t, ro, book), int64(2))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "size after the commit", size(t, ro, book), int64(3))
}
