package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

func diskOf(t *testing.T) object.Store {
	t.Helper()
	objects, err := disk.Open(t.TempDir(), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { objects.Close() })
	return objects
}

// fillOffice makes a book of five documents.
func fillOffice(t *testing.T, o evidence.Installation) {
	t.Helper()
	ctx := t.Context()
	_, err := o.Store.Update(ctx, everything, testBook, func(tx evidence.Tx) error {
		der := []byte("certificate")
		blob := signature.Blob{SHA256: signature.HashOf(der), DER: der}
		events := []evidence.Event{evidence.Opened{Book: testBook}}
		for n := range 5 {
			body := fmt.Appendf(nil, "document %d", n)
			sha, id := signature.HashOf(body), fmt.Sprintf("%d/BC-UBND", n)
			if err := o.Objects.Put(ctx, object.Key{Unit: string(testBook.Unit), SHA256: sha}, int64(len(body)), bytes.NewReader(body)); err != nil {
				return err
			}
			verdict := signature.Verdict{Signatures: []signature.SignatureVerdict{{Fingerprint: sha}}}
			events = append(events, evidence.RowAdded{Row: evidence.Row{ID: id, Subject: "nul\x00 ế"}},
				evidence.DocumentReceived{SHA256: sha, Size: int64(len(body)), Name: id},
				evidence.FactsRead{Facts: signature.Facts{SHA256: sha, Signatures: []signature.SignatureFacts{{CMS: blob.SHA256}}}},
				evidence.VerdictReached{Document: sha, Verdict: verdict}, evidence.Matched{Match: evidence.Match{Row: id, Document: sha}},
				evidence.StateChanged{State: evidence.RowState{Row: id, Rule: "nd30", State: evidence.Proven, Grade: "B"}})
		}
		_, err := tx.Append(ctx, events...)
		return errors.Join(err, tx.PutBlobs(ctx, []signature.Blob{blob}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMoveToTheProvinceAndBack moves a book from SQLite to PostgreSQL, works on
// it there, and moves it back.
func TestMoveToTheProvinceAndBack(t *testing.T) {
	s := openTest(t)
	key, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "office"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	office := evidence.Installation{Name: "office", Store: store, Objects: diskOf(t), Scope: everything, Public: key.PublicKey()}
	province := evidence.Installation{Name: "province", Store: s, Objects: diskOf(t), Scope: everything, Public: s.options.Sequencer.Key.PublicKey()}
	fillOffice(t, office)
	there, err := evidence.Move(t.Context(), office, province, testBook)
	if err != nil || there.Size != 32 || there.Copied != 5 {
		t.Fatalf("there: got %+v and %v, want 32 leaves and 5 files", there, err)
	}
	mustAdd(t, s.Store, "32/BC-UBND")
	back, err := evidence.Move(t.Context(), province, office, testBook)
	if err != nil || back.Size != 35 || back.Copied != 0 {
		t.Fatalf("back: got %+v and %v, want 35 leaves and nothing to copy", back, err)
	}
	if _, err := add(t.Context(), s.Store, "33/BC-UBND"); !errors.Is(err, evidence.ErrMoved) {
		t.Errorf("a row in the province: got %v, want ErrMoved", err)
	}
	books, err := store.Summaries(t.Context(), everything, []evidence.BookID{testBook})
	if err != nil || len(books) != 1 || len(books[0].Counters) != 1 || books[0].Counters[0].Rows != 5 {
		t.Errorf("summaries: got %v and %v, want 5 rows proven", books, err)
	}
}
