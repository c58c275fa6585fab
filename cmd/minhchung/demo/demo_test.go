package demo

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"minhchung/cmd/minhchung/paper"
)

const testRows = 60

// small is one demo for all tests that only read it.
var small = sync.OnceValues(func() (Summary, error) {
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		return Summary{}, err
	}
	smallDir = dir
	return Generate(context.Background(), Options{Dir: dir, Rows: testRows, Seed: 11})
})

var smallDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if smallDir != "" {
		os.RemoveAll(smallDir)
	}
	os.Exit(code)
}

func smallDemo(t *testing.T) (Summary, *plan) {
	t.Helper()
	s, err := small()
	if err != nil {
		t.Fatal(err)
	}
	return s, mustPlan(t, testRows, 11)
}

func TestGenerateWritesWhatItSays(t *testing.T) {
	s, p := smallDemo(t)
	list, err := os.ReadDir(s.Files)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, f := range list {
		got = append(got, f.Name())
	}
	for _, x := range s.Expected {
		if x.File != "" {
			want = append(want, x.File)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got files %q, want %q", got, want)
	}
	for _, name := range p.paths() {
		info, err := os.Stat(filepath.Join(smallDir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		} else if info.Size() == 0 {
			t.Errorf("%s is empty", name)
		}
	}
	var keys []string
	filepath.WalkDir(smallDir, func(path string, d fs.DirEntry, err error) error {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte("PRIVATE KEY")) {
			keys = append(keys, path)
		}
		return nil
	})
	if len(keys) > 0 {
		t.Errorf("private keys were written: %q", keys)
	}
}

func TestAgainIsReused(t *testing.T) {
	s, _ := smallDemo(t)
	before, err := os.ReadFile(s.Anchors[0])
	if err != nil {
		t.Fatal(err)
	}
	again, err := Generate(t.Context(), Options{Dir: smallDir, Rows: testRows, Seed: 11})
	if err != nil || !again.Reused {
		t.Fatalf("got reused %v, error %v, want the same demo", again.Reused, err)
	}
	if after, _ := os.ReadFile(s.Anchors[0]); !bytes.Equal(before, after) {
		t.Error("a reused demo has a new root certificate")
	}
	if _, err := Generate(t.Context(), Options{Dir: smallDir, Rows: testRows + 1, Seed: 11}); !errors.Is(err, ErrOtherDemo) {
		t.Errorf("other rows: got %v, want ErrOtherDemo", err)
	}
	if _, err := Generate(t.Context(), Options{Dir: smallDir, Rows: testRows, Seed: 12}); !errors.Is(err, ErrOtherDemo) {
		t.Errorf("other seed: got %v, want ErrOtherDemo", err)
	}
}

func TestForeignFolderIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "register.csv")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(t.Context(), Options{Dir: dir, Rows: MinRows()}); !errors.Is(err, ErrForeignDir) {
		t.Errorf("got %v, want ErrForeignDir", err)
	}
	list, _ := os.ReadDir(dir)
	if data, _ := os.ReadFile(mine); string(data) != "mine" || len(list) != 1 {
		t.Errorf("the folder changed: %d files, %q", len(list), data)
	}
}

func TestInterruptedIsDoneAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Generate(ctx, Options{Dir: dir, Rows: MinRows() + 3, Seed: 1, Progress: func(done, total int) {
		if done == 5 {
			cancel()
		}
	}})
	if err == nil {
		t.Fatal("a cancelled generation returned no error")
	}
	kept := filepath.Join(dir, "files", "ghi-chu.txt")
	if err := os.WriteFile(kept, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Generate(t.Context(), Options{Dir: dir, Rows: MinRows(), Seed: 2})
	if err != nil || s.Reused {
		t.Fatalf("got reused %v, error %v, want a new demo", s.Reused, err)
	}
	list, err := os.ReadDir(s.Files)
	if err != nil {
		t.Fatal(err)
	}
	want := 1 // the note
	for _, x := range s.Expected {
		if x.File != "" {
			want++
		}
	}
	if len(list) != want {
		t.Errorf("got %d files, want %d: none of the interrupted demo", len(list), want)
	}
	if data, _ := os.ReadFile(kept); string(data) != "mine" {
		t.Errorf("a foreign file was touched: %q", data)
	}
}

// tool runs a foreign program, or skips the test.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s (Debian poppler-utils or openssl) is not installed: nobody else looks at the files here", name)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		return string(out) + "\n" + err.Error()
	}
	return string(out)
}

func TestForeignReaderFindsProvenSignaturesValid(t *testing.T) {
	s, p := smallDemo(t)
	for i := range p.entries {
		e := &p.entries[i]
		if !e.v.counts() || e.row.Exclusion != nil {
			continue
		}
		want := 1
		if e.v.person != noSigner {
			want++
		}
		if e.v.arrival {
			want++
		}
		out := tool(t, "pdfsig", "-nocert", filepath.Join(s.Files, e.name))
		if got := strings.Count(out, "Signature Validation: Signature is Valid."); got != want {
			t.Errorf("%s (%s): got %d valid signatures, want %d:\n%s", e.name, e.v.name, got, want, out)
		}
		// "Total document signed" or "Not total document signed"; the last counts.
		if at := strings.LastIndex(out, "otal document signed"); at < 1 || out[at-1] != 'T' {
			t.Errorf("%s (%s): the last signature does not cover the file:\n%s", e.name, e.v.name, out)
		}
	}
}

func TestForeignReaderReadsTheText(t *testing.T) {
	s, p := smallDemo(t)
	for i := range p.entries {
		e := &p.entries[i]
		if !e.v.counts() || e.row.Exclusion != nil || e.v.scanned || e.v.numbering > inContent {
			continue
		}
		out := strings.Join(strings.Fields(tool(t, "pdftotext", "-layout", filepath.Join(s.Files, e.name), "-")), " ")
		l := letter{number: e.row.Number, notation: e.row.Notation, date: e.row.Date}
		for _, want := range []string{l.numberLine(), l.dateLine(), "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Ủy ban nhân dân"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s (%s): %q is not in the text:\n%.400s", e.name, e.v.name, want, out)
			}
		}
	}
}

func TestLockedFileOpensWithItsPassword(t *testing.T) {
	pages, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, testRows, 11)
	e := &p.entries[0]
	pr := &printer{pages}
	w := workshop{plan: p, printer: pr}
	base, err := pr.print(w.letter(e))
	if err != nil {
		t.Fatal(err)
	}
	file, err := lock(base, "mat khau thu")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "locked.pdf")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	if out := tool(t, "pdftotext", "-upw", "mat khau thu", path, "-"); !strings.Contains(out, "Độc lập - Tự do - Hạnh phúc") {
		t.Errorf("with its password: got %.200q, want the text", out)
	}
	if out := tool(t, "pdftotext", path, "-"); !strings.Contains(out, "Incorrect password") {
		t.Errorf("without a password: got %.200q, want a refusal", out)
	}
}

// openssl checks imprint, signature, ESSCertIDv2, key purpose and chain of a
// token of ours.
func TestForeignToolAcceptsTimeStamps(t *testing.T) {
	p, err := newPKI()
	if err != nil {
		t.Fatal(err)
	}
	tsa, err := startAuthority(t.Context(), p.tsa)
	if err != nil {
		t.Fatal(err)
	}
	defer tsa.close()
	message := []byte("chữ ký để thử")
	at := time.Date(2022, 4, 3, 8, 15, 0, 0, zone)
	token, err := tsa.stamp(t.Context(), message, at)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"token": token, "message": message,
		"root.pem": pemBlock("CERTIFICATE", p.root.cert.Raw), "ca.pem": pemBlock("CERTIFICATE", p.first.cert.Raw),
	} {
		if err := write(dir, name, data); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	out := tool(t, "openssl", "ts", "-verify", "-token_in", "-in", in("token"), "-data", in("message"), "-CAfile", in("root.pem"), "-untrusted", in("ca.pem"))
	if !strings.Contains(out, "Verification: OK") {
		t.Errorf("openssl ts -verify: %s", out)
	}
	text := tool(t, "openssl", "ts", "-reply", "-token_in", "-in", in("token"), "-token_out", "-text")
	if want := "Apr  3 01:15:00 2022 GMT"; !strings.Contains(text, want) {
		t.Errorf("the token's time is not %s:\n%s", want, text)
	}
}
