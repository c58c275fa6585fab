package evidence_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

func installation(name string, a *archive) evidence.Installation {
	return evidence.Installation{Name: name, Store: a.store, Objects: a.objects, Scope: testScope, Public: a.key.PublicKey()}
}

// emptyArchive is an installation without books.
func emptyArchive(t *testing.T) *archive {
	t.Helper()
	a := &archive{dir: t.TempDir(), files: map[string]signature.Hash{}}
	var err error
	if a.key, err = ledger.GenerateKey(filepath.Join(a.dir, "key")); err != nil {
		t.Fatal(err)
	}
	if a.store, err = sqlite.Open(t.Context(), filepath.Join(a.dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: a.key}, Host: "province"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.store.Close() })
	if a.objects, err = disk.Open(filepath.Join(a.dir, "objects"), disk.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.objects.Close() })
	return a
}

func (a *archive) addRow(t *testing.T, n int) error {
	t.Helper()
	_, err := a.store.Update(t.Context(), testScope, testBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.RowAdded{Row: row(n)})
		return err
	})
	return err
}

func (a *archive) soundBook(t *testing.T) evidence.CheckReport {
	t.Helper()
	report := a.check(t, evidence.CheckOptions{})
	if n := len(report.Evidence) + len(report.Ledger); n != 0 {
		t.Errorf("got %v %v, want nothing", report.Evidence, report.Ledger)
	}
	return report
}

func TestMoveThereAndBack(t *testing.T) {
	office, province := newArchive(t), emptyArchive(t)
	introduceUnit(t, office)
	o, p := installation("office", office), installation("province", province)
	report, err := evidence.Move(t.Context(), o, p, testBook)
	if err != nil {
		t.Fatal(err)
	}
	if report.Size != 33 || report.Copied != 5 {
		t.Errorf("got %+v, want 33 leaves and 5 files", report)
	}
	if again, err := evidence.Move(t.Context(), o, p, testBook); err != nil || again.Copied != 0 || again.Root != report.Root {
		t.Errorf("again: got %+v and %v, want the same without copying", again, err)
	}
	if err := office.addRow(t, 20); !errors.Is(err, evidence.ErrMoved) {
		t.Errorf("a row in the old installation: got %v, want ErrMoved", err)
	}
	if err := province.addRow(t, 21); err != nil {
		t.Error(err)
	}
	if _, err := evidence.Move(t.Context(), o, installation("elsewhere", emptyArchive(t)), testBook); !errors.Is(err, evidence.ErrMoved) {
		t.Errorf("to a third one: got %v, want ErrMoved", err)
	}
	err = province.store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
		units, err := r.Units(t.Context())
		roster, err2 := r.Roster(t.Context(), testBook.Unit)
		announced, err3 := r.Announced(t.Context(), testBook)
		if len(units) != 1 || len(roster) != 1 || !announced {
			t.Errorf("got units %v, roster %v, announced %t", units, roster, announced)
		}
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Error(err)
	}
	back, err := evidence.Move(t.Context(), p, o, testBook)
	if err != nil || back.Size != 36 || back.Copied != 0 {
		t.Errorf("back: got %+v and %v, want 36 leaves", back, err)
	}
	if err := office.addRow(t, 22); err != nil {
		t.Error(err)
	}
	if report := office.soundBook(t); report.Entries != 38 {
		t.Errorf("got %d entries, want 38", report.Entries)
	}
}

func introduceUnit(t *testing.T, a *archive) {
	t.Helper()
	_, err := a.store.Update(t.Context(), testScope, evidence.RootBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.UnitAdded{Unit: evidence.Unit{ID: testBook.Unit, Name: "Xã Thử"}},
			evidence.RosterAdded{Entry: evidence.RosterEntry{Unit: testBook.Unit, Signer: signature.Signer{Role: signature.RolePerson, Subject: "CN=Nguyễn Văn Thử"}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMoveRefusesADamagedBook(t *testing.T) {
	office, province := newArchive(t), emptyArchive(t)
	office.tamper(t, `UPDATE "row" SET subject = 'forged' WHERE book = ? AND key = ?`, testBook.String(), row(1).ID)
	_, err := evidence.Move(t.Context(), installation("office", office), installation("province", province), testBook)
	if !errors.Is(err, evidence.ErrUnsound) {
		t.Errorf("got %v, want ErrUnsound", err)
	}
	if err := office.addRow(t, 20); err != nil {
		t.Errorf("the book was closed all the same: %v", err)
	}
	if books, _ := province.store.Books(t.Context(), testScope); len(books) != 0 {
		t.Errorf("got books %v there, want none", books)
	}
}

var errStep = errors.New("injected")

// stepper fails the step at, before or after it takes effect.
type stepper struct {
	n, at int
	after bool
}

func (s *stepper) do(step func() error) error {
	s.n++
	if s.n != s.at {
		return step()
	}
	if s.after {
		return errors.Join(step(), errStep)
	}
	return errStep
}

type failingStore struct {
	*sqlite.Store
	*stepper
}

func (f failingStore) Update(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(tx evidence.Tx) error) (done evidence.Commitment, err error) {
	err = f.do(func() error { done, err = f.Store.Update(ctx, scope, book, fn); return err })
	return done, err
}

func (f failingStore) TakeOver(ctx context.Context, scope evidence.Scope, book evidence.BookID, from evidence.Reader, pub ledger.PublicKey) error {
	return f.do(func() error { return f.Store.TakeOver(ctx, scope, book, from, pub) })
}

type failingObjects struct {
	object.Store
	*stepper
}

func (f failingObjects) Put(ctx context.Context, key object.Key, size int64, body io.Reader) error {
	return f.do(func() error { return f.Store.Put(ctx, key, size, body) })
}

// TestMoveGoesOn interrupts a move at each write, before and after it.
func TestMoveGoesOn(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			office, province := newArchive(t), emptyArchive(t)
			s := &stepper{at: at, after: after}
			o, p := installation("office", office), installation("province", province)
			o.Store, p.Store = failingStore{office.store, s}, failingStore{province.store, s}
			p.Objects = failingObjects{province.objects, s}
			_, err := evidence.Move(t.Context(), o, p, testBook)
			if s.n < at {
				if at < 10 || err != nil {
					t.Errorf("a move has %d steps and ended with %v", s.n, err)
				}
				break
			}
			if !errors.Is(err, errStep) {
				t.Fatalf("step %d, after %t: got %v, want the injected failure", at, after, err)
			}
			report, err := evidence.Move(t.Context(), o, p, testBook)
			if err != nil || report.Size != 33 {
				t.Fatalf("step %d, after %t: going on gave %+v and %v", at, after, report, err)
			}
			if n := province.soundBook(t).Entries; n != 34 {
				t.Errorf("step %d, after %t: %d leaves, want 34", at, after, n)
			}
		}
	}
}
