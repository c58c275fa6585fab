package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

var testSchemeUsed = evidence.SchemeUsed{SHA256: signature.HashOf([]byte("scheme")), ID: "test-2022", Canonical: []byte("scheme")}

// fivePages inspects as markInspector does and counts five pages.
func fivePages(ctx context.Context, sha signature.Hash, size int64, body io.Reader, p []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
	facts, verdict, err := markInspector(ctx, sha, size, body, p, at)
	facts.Pages = 5
	return facts, verdict, err
}

func archiveOf(t *testing.T) (*sqlite.Store, *evidence.Intake, ledger.PublicKey) {
	t.Helper()
	store, in, pub := office(t)
	in.Inspect = fivePages
	if opened, err := in.UseScheme(t.Context(), testSchemeUsed, false); err != nil || !opened {
		t.Fatalf("opening the book: got %v, %v", opened, err)
	}
	return store, in, pub
}

func links(pages string, criteria ...string) []evidence.Attachment {
	var list []evidence.Attachment
	for _, c := range criteria {
		list = append(list, evidence.Attachment{Criterion: c, Scheme: testSchemeUsed.SHA256, Pages: pages})
	}
	return list
}

func sizeOf(t *testing.T, in *evidence.Intake) (n int64) {
	t.Helper()
	_, n = states(t, in)
	return n
}

func countObjects(t *testing.T, in *evidence.Intake) (n int) {
	t.Helper()
	if err := in.Objects.List(t.Context(), "", func(object.Key) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAttachOnceHoweverManyLinks(t *testing.T) {
	_, in, pub := archiveOf(t)
	sha, fresh, err := in.Attach(t.Context(), file("a", "plain"), links("1-3,5", "1.6", "1.1"))
	if err != nil || !fresh || sha != signature.HashOf([]byte("plain")) {
		t.Fatalf("got %s, %v, %v, want a new document", sha, fresh, err)
	}
	size := sizeOf(t, in)
	for range 2 {
		if _, fresh, err = in.Attach(t.Context(), file("another name", "plain"), links("1-3,5", "1.1", "1.6")); err != nil || fresh {
			t.Fatalf("again: got %v, %v, want a known document", fresh, err)
		}
	}
	if _, err := in.UseScheme(t.Context(), testSchemeUsed, true); err != nil {
		t.Fatal(err)
	}
	if got := sizeOf(t, in); got != size {
		t.Errorf("again: the book has %d leaves, want %d: nothing changed", got, size)
	}
	if err := in.AttachDocument(t.Context(), sha, links("", "7.2", "1.1")); err != nil {
		t.Fatal(err)
	}
	if got := sizeOf(t, in); got != size+2 {
		t.Errorf("a new link and other pages: %d leaves, want 2", got-size)
	}
	if n := countObjects(t, in); n != 1 {
		t.Errorf("got %d stored files, want 1", n)
	}
	checkSound(t, in, pub)
}

// TestAttachIsOneTransaction: document and link become true together, or
// neither does.
func TestAttachIsOneTransaction(t *testing.T) {
	for _, after := range []bool{false, true} {
		store, in, pub := archiveOf(t)
		in.Store = &brokenStore{Store: store, fail: 1, after: after}
		if _, _, err := in.Attach(t.Context(), file("a", "plain"), links("", "1.6")); !errors.Is(err, errBroken) {
			t.Fatalf("got %v, want the injected failure", err)
		}
		in.Store = store
		var docs []evidence.Document
		var list []evidence.Attachment
		err := store.View(t.Context(), testScope, testBook, func(r evidence.Reader) (err error) {
			if docs, err = r.Documents(t.Context()); err != nil {
				return err
			}
			list, err = r.Attachments(t.Context())
			return err
		})
		if err != nil || len(docs) != len(list) || (len(docs) == 1) != after {
			t.Errorf("after %v: got %d documents and %d links, %v", after, len(docs), len(list), err)
		}
		if _, _, err := in.Attach(t.Context(), file("a", "plain"), links("", "1.6")); err != nil {
			t.Fatal(err)
		}
		checkSound(t, in, pub)
	}
}

func TestPagesThatAreNotThere(t *testing.T) {
	_, in, pub := archiveOf(t)
	size := sizeOf(t, in)
	var pages *evidence.PagesError
	if _, _, err := in.Attach(t.Context(), file("a", "plain"), links("2,6", "1.6")); !errors.As(err, &pages) || pages.Last != 5 {
		t.Errorf("a new file: got %v, want a PagesError", err)
	}
	if n := countObjects(t, in); n != 0 || sizeOf(t, in) != size {
		t.Errorf("a refused file left %d stored files and %d leaves", n, sizeOf(t, in)-size)
	}
	sha, _, err := in.Attach(t.Context(), file("a", "plain"), links("5", "1.6"))
	if err != nil {
		t.Fatal(err)
	}
	size = sizeOf(t, in)
	if _, _, err := in.Attach(t.Context(), file("a", "plain"), links("6", "1.1")); !errors.As(err, &pages) {
		t.Errorf("a known file: got %v, want a PagesError", err)
	}
	if err := in.AttachDocument(t.Context(), sha, links("6", "1.1")); !errors.As(err, &pages) {
		t.Errorf("a document: got %v, want a PagesError", err)
	}
	if err := in.AttachDocument(t.Context(), signature.HashOf([]byte("none")), links("", "1.1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no document: got %v, want fs.ErrNotExist", err)
	}
	if got := sizeOf(t, in); got != size {
		t.Errorf("refused links left %d leaves", got-size)
	}
	checkSound(t, in, pub)
}

func TestDetach(t *testing.T) {
	_, in, pub := archiveOf(t)
	sha, _, err := in.Attach(t.Context(), file("a", "plain"), links("", "1.6", "1.1"))
	if err != nil {
		t.Fatal(err)
	}
	size := sizeOf(t, in)
	if err := in.Detach(t.Context(), sha, []string{"1.1", "7.2"}, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one link that is not there: got %v, want fs.ErrNotExist", err)
	}
	if got := sizeOf(t, in); got != size {
		t.Errorf("a refused removal left %d leaves", got-size)
	}
	if err := in.Detach(t.Context(), sha, []string{"1.1"}, "gắn nhầm"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := in.Attach(t.Context(), file("a", "plain"), links("", "1.1")); err != nil {
		t.Fatal(err) // a link may come back
	}
	if got := sizeOf(t, in); got != size+2 {
		t.Errorf("taken off and hung again: %d leaves, want 2", got-size)
	}
	checkSound(t, in, pub)
}

func TestExplain(t *testing.T) {
	_, in, pub := archiveOf(t)
	say := func(text string) evidence.Explanation {
		return evidence.Explanation{Criterion: "1.6", Scheme: testSchemeUsed.SHA256, Text: text}
	}
	withdrawn := evidence.Explanation{Criterion: "1.6", Scheme: testSchemeUsed.SHA256, Withdrawn: true}
	if err := in.Explain(t.Context(), withdrawn); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("withdrawing nothing: got %v, want fs.ErrNotExist", err)
	}
	size := sizeOf(t, in)
	for _, x := range []evidence.Explanation{say("một"), say("một"), say("hai"), withdrawn, say("hai")} {
		if err := in.Explain(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if got := sizeOf(t, in) - size; got != 4 {
		t.Errorf("got %d leaves, want 4: the second says the same as the first", got)
	}
	for range 2 {
		if _, _, err := in.ExplainByFile(t.Context(), file("gt", "plain"), say("xem tệp")); err != nil {
			t.Fatal(err)
		}
	}
	missing := say("x")
	missing.Document = signature.HashOf([]byte("none"))
	if err := in.Explain(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a document that is not there: got %v, want fs.ErrNotExist", err)
	}
	err := in.Store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
		all, err := r.Explanations(t.Context())
		now := evidence.InForce(all)["1.6"]
		if len(all) != 5 || now.Text != "xem tệp" || now.Document != signature.HashOf([]byte("plain")) {
			t.Errorf("got %d explanations, the last %+v", len(all), now)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	checkSound(t, in, pub)
}

// TestALinkHasAReceipt: the entry that Reader.AttachmentOf names is proven like
// any other.
func TestALinkHasAReceipt(t *testing.T) {
	_, in, pub := archiveOf(t)
	sha, _, err := in.Attach(t.Context(), file("a", "plain"), links("1", "1.6"))
	if err != nil {
		t.Fatal(err)
	}
	err = in.Store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
		link, err := r.AttachmentOf(t.Context(), "1.6", sha)
		if err != nil {
			return err
		}
		receipt, err := ledger.Prove(t.Context(), r, link.Entry)
		if err != nil {
			return err
		}
		if err := receipt.Verify(pub); err != nil {
			t.Errorf("the receipt does not hold: %v", err)
		}
		if !strings.Contains(receipt.Opening, `"pages":"1"`) || strings.Contains(receipt.Leaf, "pages") {
			t.Errorf("got leaf %s with opening %s", receipt.Leaf, receipt.Opening)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCheckNamesEveryColumnOfEvidence changes each column of the new tables.
func TestCheckNamesEveryColumnOfEvidence(t *testing.T) {
	a := newArchive(t)
	sha := a.files["2022-1.pdf"]
	_, err := a.store.Update(t.Context(), testScope, testBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), testSchemeUsed,
			evidence.Attached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha, Scheme: testSchemeUsed.SHA256, Pages: "1", Note: "n"}},
			evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.5", Scheme: testSchemeUsed.SHA256, Text: "t"}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"scheme": "", "attachment": `criterion 1.6, file "2022-1.pdf"`, "explanation": "criterion 1.5"}
	for table, name := range names {
		for _, column := range evidence.Columns(table) {
			change, undo := `"`+column.Name+`" || 'x'`, `substr("`+column.Name+`", 1, length("`+column.Name+`") - 1)`
			if column.Integer {
				change, undo = `"`+column.Name+`" + 1`, `"`+column.Name+`" - 1`
			}
			a.tamper(t, `UPDATE "`+table+`" SET "`+column.Name+`" = `+change)
			found := a.check(t, evidence.CheckOptions{Quick: true}).Evidence
			if len(found) == 0 || found[0].Column != column.Name || found[0].Table != table || !strings.HasPrefix(found[0].Name, name) {
				t.Errorf("%s.%s: got %v", table, column.Name, found)
			}
			a.tamper(t, `UPDATE "`+table+`" SET "`+column.Name+`" = `+undo)
		}
		a.tamper(t, `UPDATE "`+table+`" SET key = key || 'x'`)
		var kinds bytes.Buffer
		for _, p := range a.check(t, evidence.CheckOptions{Quick: true}).Evidence {
			kinds.WriteString(p.Kind + " ")
		}
		if got := kinds.String(); got != "extra missing " {
			t.Errorf("%s under another key: got %q, want extra and missing", table, got)
		}
		a.tamper(t, `UPDATE "`+table+`" SET key = substr(key, 1, length(key) - 1)`)
	}
	if found := a.check(t, evidence.CheckOptions{}); len(found.Evidence)+len(found.Ledger) > 0 {
		t.Errorf("undone: got %v %v", found.Evidence, found.Ledger)
	}
}
