package evidence_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

// archive is a small office whose database and files a test damages.
type archive struct {
	dir     string
	store   *sqlite.Store
	objects *disk.Store
	key     *ledger.Key
	files   map[string]signature.Hash
}

var cert = signature.Blob{SHA256: signature.HashOf([]byte("a certificate")), DER: []byte("a certificate")}

func newArchive(t *testing.T) *archive {
	t.Helper()
	a := &archive{dir: t.TempDir(), files: map[string]signature.Hash{}}
	var err error
	if a.key, err = ledger.GenerateKey(filepath.Join(a.dir, "key")); err != nil {
		t.Fatal(err)
	}
	a.open(t)
	ctx := t.Context()
	for _, book := range []evidence.BookID{testBook, {Unit: testBook.Unit, Period: "2023"}} {
		_, err = a.store.Update(ctx, testScope, book, func(tx evidence.Tx) error {
			if err := tx.PutBlobs(ctx, []signature.Blob{cert}); err != nil {
				return err
			}
			events := []evidence.Event{evidence.Opened{Book: book},
				evidence.MaterialUsed{SHA256: signature.HashOf(nil), Material: signature.Material{Intermediates: [][]byte{cert.DER}}}}
			for n := range 5 {
				name := fmt.Sprintf("%s-%d.pdf", book.Period, n+1)
				events = append(events, a.document(t, name, row(n+1))...)
			}
			_, err := tx.Append(ctx, events...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func (a *archive) document(t *testing.T, name string, r evidence.Row) []evidence.Event {
	body := []byte("the bytes of " + name)
	sha := signature.HashOf(body)
	a.files[name] = sha
	if err := a.objects.Put(t.Context(), object.Key{Unit: string(testBook.Unit), SHA256: sha}, int64(len(body)), bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	verdict := signature.Verdict{Result: signature.ResultIntact, Signatures: []signature.SignatureVerdict{{Indication: signature.TotalPassed, Fingerprint: sha}}}
	return []evidence.Event{evidence.RowAdded{Row: r},
		evidence.DocumentReceived{SHA256: sha, Size: int64(len(body)), Name: name},
		evidence.FactsRead{Facts: signature.Facts{Reader: "test/1", SHA256: sha, Condition: signature.Readable}},
		evidence.VerdictReached{Document: sha, Material: signature.HashOf(nil), Policy: signature.HashOf(nil), Verdict: verdict},
		evidence.Matched{Match: evidence.Match{Row: r.ID, Document: sha, By: "name"}},
		evidence.StateChanged{State: evidence.RowState{Row: r.ID, Rule: "nd30", State: evidence.Proven, Grade: "B"}}}
}

func (a *archive) open(t *testing.T) {
	t.Helper()
	var err error
	a.store, err = sqlite.Open(t.Context(), filepath.Join(a.dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: a.key}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.store.Close() })
	if a.objects, err = disk.Open(filepath.Join(a.dir, "objects"), disk.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.objects.Close() })
}

// tamper changes the database behind the store's back.
func (a *archive) tamper(t *testing.T, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(a.dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	res, err := db.Exec(statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := res.RowsAffected(); n != 1 {
		t.Fatalf("%s changed %d rows, want 1", statement, n)
	}
}

func (a *archive) check(t *testing.T, opt evidence.CheckOptions) evidence.CheckReport {
	t.Helper()
	report, err := evidence.Check(t.Context(), a.store, testScope, testBook, a.key.PublicKey(), a.objects, opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (a *archive) path(name string) string {
	sha := a.files[name].String()
	return filepath.Join(a.dir, "objects", string(testBook.Unit), sha[:2], sha)
}

func TestCheckOfASoundBook(t *testing.T) {
	a := newArchive(t)
	var done, total int64
	report := a.check(t, evidence.CheckOptions{Progress: func(d, n int64) { done, total = d, n }})
	if n := len(report.Evidence) + len(report.Ledger) + len(report.Notes); n != 0 {
		t.Fatalf("got %v %v %v, want nothing", report.Evidence, report.Ledger, report.Notes)
	}
	if report.Entries != 32 || report.Files != 5 || report.Blobs != 1 || report.Bytes == 0 {
		t.Errorf("got %d entries, %d files, %d blobs, %d bytes", report.Entries, report.Files, report.Blobs, report.Bytes)
	}
	if done != 37 || total != 37 {
		t.Errorf("progress ended at %d of %d, want 37 of 37", done, total)
	}
	body := []byte("an import that was cut off")
	if err := a.objects.Put(t.Context(), object.Key{Unit: string(testBook.Unit), SHA256: signature.HashOf(body)}, int64(len(body)), bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	report = a.check(t, evidence.CheckOptions{})
	if len(report.Notes) != 1 || report.Notes[0].Kind != evidence.NoteOrphan || len(report.Evidence) != 0 {
		t.Errorf("orphan: got %v and %v, want one note", report.Notes, report.Evidence)
	}
}

// TestCheckNamesEveryChangedColumn changes one column of one record of every
// table of the book, one after the other.
func TestCheckNamesEveryChangedColumn(t *testing.T) {
	a := newArchive(t)
	for _, table := range evidence.Tables() {
		for _, col := range evidence.Columns(table) {
			var key string
			var old any
			err := a.store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
				return r.Records(t.Context(), table, func(rec evidence.Record) error { key, old = rec.Key, rec.Values[col.Name]; return nil })
			})
			if err != nil {
				t.Fatal(err)
			}
			if key == "" {
				continue // a table of the root book
			}
			set := fmt.Sprintf(`UPDATE "%s" SET "%s" = ? WHERE book = ? AND key = ?`, table, col.Name)
			var forged any = "forged"
			if col.Integer {
				forged = old.(int64) + 1
			}
			if table == "verdict" && (col.Name == "material" || col.Name == "policy") {
				forged = strings.Repeat("0", 64)
			}
			a.tamper(t, set, forged, testBook.String(), key)
			report := a.check(t, evidence.CheckOptions{Quick: true})
			found := slices.ContainsFunc(report.Evidence, func(p evidence.Problem) bool {
				return p.Kind == evidence.ProblemChanged && p.Table == table && p.Key == key && p.Column == col.Name
			})
			if !found || len(report.Evidence) != 1 || len(report.Ledger) != 0 {
				t.Errorf("table %s column %s: got %v and %v, want exactly it", table, col.Name, report.Evidence, report.Ledger)
			}
			a.tamper(t, set, old, testBook.String(), key)
		}
	}
}

func TestCheckNamesDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage   func(t *testing.T, a *archive)
		kind     string
		mention  string
		isLedger bool
		quick    bool // found by Quick too
	}{
		"a byte of a file": {func(t *testing.T, a *archive) {
			b, _ := os.ReadFile(a.path("2022-3.pdf"))
			b[3] ^= 0x40
			if err := os.WriteFile(a.path("2022-3.pdf"), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, evidence.ProblemFile, `file "2022-3.pdf", row 3/BC`, false, false},
		"the end of a file": {func(t *testing.T, a *archive) {
			if err := os.Truncate(a.path("2022-3.pdf"), 5); err != nil {
				t.Fatal(err)
			}
		}, evidence.ProblemFile, "row 3/BC", false, true},
		"a file": {func(t *testing.T, a *archive) {
			if err := os.Remove(a.path("2022-2.pdf")); err != nil {
				t.Fatal(err)
			}
		}, evidence.ProblemNoFile, "row 2/BC", false, true},
		"a row less": {func(t *testing.T, a *archive) {
			a.tamper(t, `DELETE FROM "row" WHERE book = ? AND key = '4/BC'`, testBook.String())
		}, evidence.ProblemMissing, "row 4/BC", false, true},
		"a match less": {func(t *testing.T, a *archive) {
			a.tamper(t, `DELETE FROM "match" WHERE book = ? AND key = '4/BC'`, testBook.String())
		}, evidence.ProblemMissing, "row 4/BC", false, true},
		"a document less": {func(t *testing.T, a *archive) {
			a.tamper(t, `DELETE FROM "document" WHERE book = ? AND name = '2022-2.pdf'`, testBook.String())
		}, evidence.ProblemMissing, `file "2022-2.pdf"`, false, true},
		"a row more": {func(t *testing.T, a *archive) {
			a.tamper(t, `UPDATE "row" SET book = ? WHERE book = ? AND key = '4/BC'`, testBook.String()+"x", testBook.String())
			a.tamper(t, `UPDATE "row" SET book = ?, key = '9/BC' WHERE book = ?`, testBook.String(), testBook.String()+"x")
		}, evidence.ProblemExtra, "row 9/BC", false, true},
		"a blob": {func(t *testing.T, a *archive) {
			a.tamper(t, `UPDATE blob SET der = X'00' WHERE book = ?`, testBook.String())
		}, evidence.ProblemBlob, cert.SHA256.String(), false, true},
		"no blob": {func(t *testing.T, a *archive) {
			a.tamper(t, `DELETE FROM blob WHERE book = ?`, testBook.String())
		}, evidence.ProblemBlob, "missing", false, true},
		"an opening": {func(t *testing.T, a *archive) {
			a.tamper(t, `UPDATE entry SET opening = CAST(replace(CAST(opening AS TEXT), '"BC"', '"QD"') AS BLOB) WHERE book = ? AND idx = 14`, testBook.String())
		}, ledger.KindOpening, "row 3/BC", true, true},
		"a leaf": {func(t *testing.T, a *archive) {
			a.tamper(t, `UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '"grade":"B"', '"grade":"A"') AS BLOB) WHERE book = ? AND idx = 7`, testBook.String())
		}, ledger.KindEntry, "row 1/BC", true, true},
		"a head": {func(t *testing.T, a *archive) {
			a.tamper(t, `UPDATE head SET size = size - 1 WHERE book = ?`, testBook.String())
		}, ledger.KindCheckpoint, "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t)
			c.damage(t, a)
			for _, quick := range []bool{false, true} {
				report := a.check(t, evidence.CheckOptions{Quick: quick})
				list := report.Evidence
				if c.isLedger {
					list = report.Ledger
				}
				found := slices.ContainsFunc(list, func(p evidence.Problem) bool {
					return p.Kind == c.kind && strings.Contains(p.String(), c.mention)
				})
				if found != (!quick || c.quick) {
					t.Errorf("quick %t: got evidence %v, ledger %v; want %s with %q", quick, report.Evidence, report.Ledger, c.kind, c.mention)
				}
				if !c.isLedger && len(report.Ledger) != 0 {
					t.Errorf("the ledger is blamed: %v", report.Ledger)
				}
			}
		})
	}
}

// What nothing ever reads by index or digest is too many all the same.
func TestCheckNamesWhatIsTooMany(t *testing.T) {
	for statement, table := range map[string]string{
		`INSERT INTO entry (book, idx, leaf) SELECT book, idx + 1000, leaf FROM entry WHERE book = ? AND idx = 1`: "entry",
		`INSERT INTO tile (book, level, n, data) SELECT book, 5, 0, data FROM tile WHERE book = ? AND level = 0`:  "tile",
		`INSERT INTO blob (book, sha256, der) SELECT book, zeroblob(32), der FROM blob WHERE book = ? LIMIT 1`:    "blob",
	} {
		a := newArchive(t)
		a.tamper(t, statement, testBook.String())
		report := a.check(t, evidence.CheckOptions{})
		found := slices.ContainsFunc(append(report.Ledger, report.Evidence...), func(p evidence.Problem) bool {
			return p.Kind == evidence.ProblemExtra && p.Table == table
		})
		if !found {
			t.Errorf("%s: got %v %v, want the surplus named", table, report.Ledger, report.Evidence)
		}
	}
}

func TestCheckSeesARollbackBehindTheAnchor(t *testing.T) {
	a := newArchive(t)
	_, err := a.store.Update(t.Context(), testScope, evidence.RootBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.Anchored{Book: testBook, Origin: "o", Size: 33, Root: strings.Repeat("0", 64)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	report := a.check(t, evidence.CheckOptions{Quick: true})
	if len(report.Ledger) != 1 || report.Ledger[0].Kind != evidence.ProblemRollback {
		t.Errorf("got %v, want one rollback", report.Ledger)
	}
}

func TestCheckStops(t *testing.T) {
	a := newArchive(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := evidence.Check(ctx, a.store, testScope, testBook, a.key.PublicKey(), a.objects,
		evidence.CheckOptions{Progress: func(done, _ int64) {
			if done == 10 {
				cancel()
			}
		}})
	if err == nil {
		t.Error("a cancelled check: got no error")
	}
	if _, err := evidence.Check(t.Context(), a.store, evidence.Scope{}, testBook, a.key.PublicKey(), a.objects, evidence.CheckOptions{}); err == nil {
		t.Error("a check outside the scope: got no error")
	}
}

func TestCheckJudgesAgain(t *testing.T) {
	a := newArchive(t)
	report := a.check(t, evidence.CheckOptions{Verdicts: true})
	// The archive keeps no policy leaf: each verdict says so.
	if len(report.Evidence) != 5 || report.Evidence[0].Kind != evidence.ProblemVerdict {
		t.Errorf("without its policy: got %v, want five verdicts that cannot be reached", report.Evidence)
	}
}

func TestCheckFindsAVerdictThatJudgeWouldNotReach(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 2)
	files := []evidence.File{file("a", "signed one", "1/BC"), file("b", "plain", "2/BC")}
	if _, err := in.Receive(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	report, err := evidence.Check(t.Context(), in.Store, testScope, testBook, pub, in.Objects, evidence.CheckOptions{Verdicts: true})
	if err != nil {
		t.Fatal(err)
	}
	// The stand-in for the reader calls a file intact that holds no CMS.
	for _, p := range report.Evidence {
		if p.Kind == evidence.ProblemVerdict && strings.Contains(p.Name, "1/BC") {
			return
		}
	}
	t.Errorf("got %v, want the made-up verdict of row 1/BC", report.Evidence)
}

// TestCheckComparesCounters changes, removes and invents counters.
func TestCheckComparesCounters(t *testing.T) {
	for name, statement := range map[string]string{
		"changed":  `UPDATE counter SET total = total + 1 WHERE book = ?`,
		"removed":  `DELETE FROM counter WHERE book = ?`,
		"invented": `INSERT INTO counter (book, period, rule, state, code, grade, total) VALUES (?, '2022', 'other', 'PROVEN', '', 'A', 1)`,
	} {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t)
			a.tamper(t, statement, testBook.String())
			report := a.check(t, evidence.CheckOptions{Quick: true})
			if len(report.Evidence) != 1 || report.Evidence[0].Kind != evidence.ProblemCounter {
				t.Errorf("got %v, want one problem of the counter", report.Evidence)
			}
		})
	}
}
