package evidence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

var (
	testBook  = evidence.BookID{Unit: "xa-thu", Period: "2022"}
	testScope = evidence.Scope{All: true, Actor: "test"}
)

// markRule proves a row whose file holds the word "signed", once.
type markRule struct{}

func (markRule) ID() string        { return "mark" }
func (markRule) Canonical() []byte { return []byte(`{"id":"mark"}`) }
func (markRule) State(e evidence.RowEvidence) evidence.RowState {
	s := evidence.RowState{Row: e.Row.ID, Rule: "mark", Reasons: []string{}}
	switch {
	case e.Row.Exclusion != nil:
		s.State, s.Code = evidence.Excluded, e.Row.Exclusion.Code
	case e.Verdict == nil:
		s.State, s.Code = evidence.Disproven, "no-file"
	case len(e.Verdict.Signatures) == 0:
		s.State, s.Code = evidence.Disproven, "unsigned"
	case e.Duplicate:
		s.State, s.Code = evidence.Undetermined, "duplicate"
	default:
		s.State, s.Grade = evidence.Proven, "A"
	}
	return s
}

// markInspector stands for the worker pool: what a text "signed NAME" says is
// the fingerprint of its signature.
func markInspector(_ context.Context, _ signature.Hash, size int64, body io.Reader, _ []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	facts := signature.Facts{Reader: "mark/1", SHA256: sha256.Sum256(data), Size: size, Format: "pdf", Condition: signature.Readable}
	verdict := signature.Verdict{Result: signature.ResultUnsigned, Policy: "mark", At: at, Signatures: []signature.SignatureVerdict{}}
	if name, ok := strings.CutPrefix(string(data), "signed "); ok {
		name, _, _ = strings.Cut(name, "\n")
		facts.Signatures = []signature.SignatureFacts{{Kind: signature.KindSignature, Field: name}}
		verdict.Result = signature.ResultIntact
		verdict.Signatures = []signature.SignatureVerdict{{
			Kind: signature.KindSignature, Field: name, Fingerprint: signature.HashOf([]byte(name)),
			Integrity: signature.IntegrityIntact, Indication: signature.TotalPassed, Reasons: []string{}, ChangeList: []signature.Change{},
		}}
	}
	return facts, verdict, nil
}

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func file(name, content string, rows ...string) evidence.File {
	return evidence.File{
		Name: name, Size: int64(len(content)), Rows: rows, By: "file-column",
		Open: func() (io.ReadSeekCloser, error) { return reader{bytes.NewReader([]byte(content))}, nil },
	}
}

func row(n int) evidence.Row {
	return evidence.Row{ID: fmt.Sprintf("%d/BC", n), Number: fmt.Sprint(n), Notation: "BC", Date: "2022-01-31", Kind: evidence.Original, Line: n + 1}
}

func rows(n int) []evidence.Row {
	var list []evidence.Row
	for i := range n {
		list = append(list, row(i+1))
	}
	return list
}

// office opens real stores in a folder of its own.
func office(t *testing.T) (*sqlite.Store, *evidence.Intake, ledger.PublicKey) {
	t.Helper()
	dir := t.TempDir()
	key, err := ledger.GenerateKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "test.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	objects, err := disk.Open(filepath.Join(dir, "objects"), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = objects.Close() })
	return store, &evidence.Intake{
		Store: store, Objects: objects, Inspect: markInspector, Scope: testScope, Book: testBook, Origin: store.Origin(testBook),
		Basis:   evidence.Basis{MaterialHash: signature.HashOf([]byte("none")), PolicyBytes: []byte("{}"), Rules: []evidence.Rule{markRule{}}},
		Workers: 3, Group: 4, Now: time.Now,
	}, key.PublicKey()
}

func begin(t *testing.T, in *evidence.Intake, n int) {
	t.Helper()
	reg := evidence.Register{SHA256: signature.HashOf([]byte("register")), Rows: rows(n)}
	if err := in.Begin(t.Context(), reg, always(evidence.RowChanges{Added: rows(n)})); err != nil {
		t.Fatal(err)
	}
}

// states returns "row code" for each row, and the size of the book.
func states(t *testing.T, in *evidence.Intake) (map[string]string, int64) {
	t.Helper()
	out := map[string]string{}
	var size int64
	err := in.Store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
		list, err := r.States(t.Context(), "mark")
		for _, s := range list {
			out[s.Row] = string(s.State) + " " + s.Code
		}
		if err != nil {
			return err
		}
		head, err := r.Head(t.Context())
		size = head.Size
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, size
}

func want(t *testing.T, got map[string]string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if strings.TrimSpace(got[pairs[i]]) != pairs[i+1] {
			t.Errorf("row %s: got %q, want %q", pairs[i], got[pairs[i]], pairs[i+1])
		}
	}
}

func checkSound(t *testing.T, in *evidence.Intake, pub ledger.PublicKey) {
	t.Helper()
	for _, book := range []evidence.BookID{evidence.RootBook, testBook} {
		report, err := evidence.Check(t.Context(), in.Store, testScope, book, pub, in.Objects, evidence.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Ledger)+len(report.Evidence) > 0 {
			t.Errorf("%s: got %v %v, want a sound book", book, report.Ledger, report.Evidence)
		}
	}
}

func TestReceiveOnceAndAgain(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 4)
	files := []evidence.File{file("a", "signed one", "1/BC"), file("b", "plain", "2/BC"), file("c", "signed stray")}
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received != 3 || len(got.Failures) != 0 {
		t.Fatalf("got %+v, %v, want 3 received", got, err)
	}
	list, size := states(t, in)
	want(t, list, "1/BC", "PROVEN", "2/BC", "DISPROVEN unsigned", "3/BC", "DISPROVEN no-file")
	begin2 := evidence.Register{SHA256: signature.HashOf([]byte("register")), Rows: rows(4)}
	if err := in.Begin(t.Context(), begin2, always(evidence.RowChanges{})); err != nil {
		t.Fatal(err)
	}
	got, err = in.Receive(t.Context(), files)
	if err != nil || got.Received != 0 || got.Known != 3 {
		t.Errorf("again: got %+v, %v, want 3 known", got, err)
	}
	if _, again := states(t, in); again != size {
		t.Errorf("again: the book has %d leaves, want %d: nothing changed", again, size)
	}
	checkSound(t, in, pub)
}

func TestSameSignatureUnderTwoRows(t *testing.T) {
	for seed := range uint64(6) {
		_, in, pub := office(t)
		begin(t, in, 3)
		files := []evidence.File{file("a", "signed one\n1", "1/BC"), file("b", "signed one\n2", "2/BC"), file("c", "signed two", "3/BC")}
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		if _, err := in.Receive(t.Context(), files); err != nil {
			t.Fatal(err)
		}
		list, _ := states(t, in)
		want(t, list, "1/BC", "UNDETERMINED duplicate", "2/BC", "UNDETERMINED duplicate", "3/BC", "PROVEN")
		// Excluding one of them leaves the other a document like any other.
		if err := in.Exclude(t.Context(), "2/BC", evidence.Exclusion{Code: "void", Reason: "thử", Approver: "Nguyễn Văn Thử"}); err != nil {
			t.Fatal(err)
		}
		list, _ = states(t, in)
		want(t, list, "1/BC", "PROVEN", "2/BC", "EXCLUDED void")
		checkSound(t, in, pub)
	}
}

func TestANewerFileTakesTheRow(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 2)
	for _, f := range []evidence.File{file("a", "plain", "1/BC"), file("a", "signed one", "1/BC")} {
		if _, err := in.Receive(t.Context(), []evidence.File{f}); err != nil {
			t.Fatal(err)
		}
	}
	list, _ := states(t, in)
	want(t, list, "1/BC", "PROVEN")
	checkSound(t, in, pub)
}

func TestAFileThatChangesWhileItIsReadIsNotStored(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 2)
	var reads atomic.Int32
	f := file("a", "signed one", "1/BC")
	inspect := in.Inspect
	in.Inspect = func(ctx context.Context, sha signature.Hash, size int64, body io.Reader, p []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
		reads.Add(1)
		return inspect(ctx, sha, size, strings.NewReader("signed two"), p, at)
	}
	got, err := in.Receive(t.Context(), []evidence.File{f})
	if err != nil || len(got.Failures) != 1 || reads.Load() != 1 {
		t.Fatalf("got %+v, %v, want one failure", got, err)
	}
	list, _ := states(t, in)
	want(t, list, "1/BC", "DISPROVEN no-file")
	checkSound(t, in, pub)
}

// brokenStore fails its n-th Update, before or after it took effect.
type brokenStore struct {
	evidence.Store
	calls, fail int
	after       bool
}

var errBroken = errors.New("injected failure")

func (b *brokenStore) Update(ctx context.Context, s evidence.Scope, k evidence.BookID, fn func(evidence.Tx) error) (evidence.Commitment, error) {
	b.calls++
	if b.calls != b.fail {
		return b.Store.Update(ctx, s, k, fn)
	}
	if b.after {
		_, _ = b.Store.Update(ctx, s, k, fn)
	}
	return evidence.Commitment{}, errBroken
}

// TestInterruptedAnywhere breaks every transaction of an import once, before
// and after it took effect, and runs the import again: it must end as if
// nothing had happened.
func TestInterruptedAnywhere(t *testing.T) {
	var files []evidence.File
	for i := range 10 {
		files = append(files, file(fmt.Sprint(i), fmt.Sprintf("signed %d", i/2*2), fmt.Sprintf("%d/BC", i+1)))
	}
	run := func(in *evidence.Intake) error {
		reg := evidence.Register{SHA256: signature.HashOf([]byte("register")), Rows: rows(10)}
		added := rows(10)
		_ = in.Store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
			have, err := r.Rows(t.Context())
			if len(have) > 0 {
				added = nil
			}
			return err
		})
		if err := in.Begin(t.Context(), reg, always(evidence.RowChanges{Added: added})); err != nil {
			return err
		}
		if _, err := in.Receive(t.Context(), files); err != nil {
			return err
		}
		return in.Anchor(t.Context())
	}
	_, clean, _ := office(t)
	clean.Workers = 1
	if err := run(clean); err != nil {
		t.Fatal(err)
	}
	expected, _ := states(t, clean)
	broken := 0
	for n := 1; ; n++ {
		hit := false
		for _, after := range []bool{false, true} {
			store, in, pub := office(t)
			in.Workers = 1
			faulty := &brokenStore{Store: store, fail: n, after: after}
			in.Store = faulty
			err := run(in)
			hit = hit || faulty.calls >= n
			if faulty.calls >= n && !errors.Is(err, errBroken) {
				t.Fatalf("update %d: got %v, want the injected failure", n, err)
			}
			in.Store = store
			if err := run(in); err != nil {
				t.Fatalf("update %d, after %v: run again: %v", n, after, err)
			}
			if got, _ := states(t, in); fmt.Sprint(got) != fmt.Sprint(expected) {
				t.Errorf("update %d, after %v: got %v, want %v", n, after, got, expected)
			}
			checkSound(t, in, pub)
		}
		if !hit {
			break
		}
		broken++
	}
	if broken < 4 {
		t.Errorf("broke %d transactions, want at least 4: the test does not reach them", broken)
	}
}

func TestCancelledImportResumes(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 40)
	var files []evidence.File
	for i := range 40 {
		files = append(files, file(fmt.Sprint(i), fmt.Sprintf("signed %d", i), fmt.Sprintf("%d/BC", i+1)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done atomic.Int32
	in.Done = func() {
		if done.Add(1) == 15 {
			cancel()
		}
	}
	if _, err := in.Receive(ctx, files); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	in.Done = nil
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received+got.Known != 40 {
		t.Fatalf("again: got %+v, %v, want 40 files", got, err)
	}
	list, _ := states(t, in)
	if proven := slices.Collect(func(yield func(string) bool) {
		for id, s := range list {
			if strings.HasPrefix(s, "PROVEN") && !yield(id) {
				return
			}
		}
	}); len(proven) != 40 {
		t.Errorf("got %d proven rows, want 40", len(proven))
	}
	checkSound(t, in, pub)
}

func always(c evidence.RowChanges) func([]evidence.Row) (evidence.RowChanges, error) {
	return func([]evidence.Row) (evidence.RowChanges, error) { return c, nil }
}

// A file that ran into a limit on a busy machine is looked at again when it
// comes again; one that still does changes nothing.
func TestOverLimitIsLookedAtAgain(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 2)
	files := []evidence.File{file("a", "signed one", "1/BC"), file("b", "signed two", "2/BC")}
	busy := in.Inspect
	in.Inspect = func(ctx context.Context, sha signature.Hash, size int64, body io.Reader, proofs []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
		facts, verdict, err := busy(ctx, sha, size, body, proofs, at)
		facts.Condition, facts.Signatures = signature.OverLimit, nil
		verdict.Result, verdict.Signatures = signature.ResultUnreadable, []signature.SignatureVerdict{}
		return facts, verdict, err
	}
	if _, err := in.Receive(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	_, before := states(t, in)
	if _, err := in.Receive(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	if _, size := states(t, in); size != before {
		t.Errorf("got %d entries after a second look that saw nothing new, want %d", size, before)
	}
	in.Inspect = busy
	got, err := in.Receive(t.Context(), files[:1])
	if err != nil || got.Received != 0 || got.Known != 1 {
		t.Fatalf("got %+v, %v, want one known file", got, err)
	}
	after, _ := states(t, in)
	want(t, after, "1/BC", "PROVEN", "2/BC", "DISPROVEN unsigned")
	checkSound(t, in, pub)
}

func TestAFileOverTheLimitIsAFindingAndNotKept(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 2)
	in.MaxBytes = 10
	inspect := in.Inspect
	in.Inspect = func(ctx context.Context, sha signature.Hash, size int64, body io.Reader, p []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
		facts, verdict, err := inspect(ctx, sha, size, body, p, at)
		if size > 10 { // as the worker pool does
			facts.Condition, verdict.Result = signature.OverLimit, signature.ResultUnreadable
		}
		return facts, verdict, err
	}
	large := file("a", "plain and longer than ten bytes", "1/BC")
	for range 2 {
		if _, err := in.Receive(t.Context(), []evidence.File{large}); err != nil {
			t.Fatal(err)
		}
	}
	list, _ := states(t, in)
	want(t, list, "1/BC", "DISPROVEN unsigned") // the stand-in rule; count says unreadable
	kept := 0
	if err := in.Objects.List(t.Context(), "", func(object.Key) error { kept++; return nil }); err != nil {
		t.Fatal(err)
	}
	if kept != 0 {
		t.Errorf("got %d objects, want none: the file is over the limit", kept)
	}
	checkSound(t, in, pub)
}
