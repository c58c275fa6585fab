package pdf

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// countedOtherwise lists the corpus files in which we report another number
// of signatures than the manifest counts, with the reason.
var countedOtherwise = map[string]string{
	"PAdES_with_er.pdf":   "the second is in an embedded file, not in this document",
	"malformed-pades.pdf": "the file has no header and is not read at all",
	"siwa.pdf":            "the second dictionary lies in bytes that no cross-reference names",
	"isa_H.pdf":           "the second dictionary lies in bytes that no cross-reference names",
	"siwa_D.pdf":          "the second dictionary lies in bytes that no cross-reference names",
	"siwa_E.pdf":          "the second dictionary lies in bytes that no cross-reference names",
	"issue6127.pdf":       "the only one is a usage rights signature",
	"signed-encrypted-pubkey-with-catalog-ref.pdf": "the file is encrypted for a certificate",
}

// TestCorpus reads every PDF of the corpus: each ends quickly, and none of
// its signatures is left out without a reason.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("MINHCHUNG_CORPUS")
	if dir == "" {
		t.Skip("MINHCHUNG_CORPUS does not name the folder with the signed corpus and its manifest.tsv")
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	conditions := map[signature.Condition]int{}
	files, signatures := 0, 0
	for line := range strings.Lines(string(manifest)) {
		column := strings.Split(line, "\t")
		if len(column) < 4 || !strings.HasSuffix(column[0], ".pdf") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(column[0])))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		f := Read(data, syntax.Limits{})
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v, want under 2s", column[0], took)
		}
		files++
		signatures += len(f.Signatures)
		conditions[f.Condition]++
		name := filepath.Base(column[0])
		if want, err := strconv.Atoi(column[2]); err == nil && want != len(f.Signatures) {
			if reason := countedOtherwise[name]; reason != "" {
				t.Logf("%s: %d signatures, the manifest counts %d: %s", name, len(f.Signatures), want, reason)
			} else {
				t.Errorf("%s: got %d signatures, want %d", name, len(f.Signatures), want)
			}
		}
		if strings.HasPrefix(column[3], "intact") {
			mustBeRead(t, name, f)
		}
	}
	t.Logf("%d files, %d signatures, conditions %v", files, signatures, conditions)
}

// mustBeRead checks a file that every sound verifier accepts.
func mustBeRead(t *testing.T, name string, f signature.Facts) {
	t.Helper()
	if f.Condition != signature.Readable || f.Repaired {
		t.Errorf("%s: got %s, repaired %v (%s), want a readable file", name, f.Condition, f.Repaired, f.Problem)
	}
	for _, s := range f.Signatures {
		if s.CoverageProblem != "" || s.ContentsProblem != "" || len(s.Digests) == 0 {
			t.Errorf("%s: field %s: coverage %q, contents %q, %d digests, want an exact signature",
				name, s.Field, s.CoverageProblem, s.ContentsProblem, len(s.Digests))
		}
	}
}
