package conformance

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
	"minhchung/evidence/signature/trust"
)

// foreign is one PDF of the corpus, which is kept outside this repository
// because its files are other people's.
type foreign struct {
	path, expected, note string
	signatures           string // as the manifest counts, or ?
	data                 []byte
}

// class is what the manifest states, as far as this test tells cases apart.
func (f foreign) class() string {
	c, _, _ := strings.Cut(f.expected, ":")
	if f.setByTest() {
		c += " (level set by its test)"
	}
	return c
}

// setByTest: the manifest's verdict rests on a permission level that the
// original test demanded and the file does not state.
func (f foreign) setByTest() bool { return strings.Contains(f.note, "SET BY TEST") }

func (f foreign) mustAccept() bool {
	return f.expected == "intact" || f.expected == "intact-extended" || f.expected == "revisions-ok"
}

// mustReject: calling one of these intact would be believing a forger.
func (f foreign) mustReject() bool {
	c, _, _ := strings.Cut(f.expected, ":")
	return slices.Contains([]string{"forged-attack", "tampered", "modified", "invalid-signature", "invalid-timestamp", "malformed", "unsigned"}, c)
}

func corpus(t testing.TB) []foreign {
	t.Helper()
	dir := os.Getenv("MINHCHUNG_CORPUS")
	if dir == "" {
		t.Skip("MINHCHUNG_CORPUS is not set: the corpus of foreign signed files is not judged")
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var list []foreign
	for i, line := range strings.Split(strings.TrimSpace(string(manifest)), "\n") {
		col := strings.Split(line, "\t")
		if i == 0 || len(col) < 8 || !strings.HasPrefix(col[1], "PDF") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(col[0])))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, foreign{path: col[0], expected: col[3], note: col[7], signatures: col[2], data: data})
	}
	return list
}

// countedOtherwise lists the files in which we report another number of
// signatures than the manifest counts, with the reason.
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

// checkCount: no signature is left out without a reason.
func (f foreign) checkCount(t *testing.T, got int) {
	t.Helper()
	want, err := strconv.Atoi(f.signatures)
	if name := filepath.Base(f.path); err == nil && want != got && countedOtherwise[name] == "" {
		t.Errorf("%s: got %d signatures, want %d", f.path, got, want)
	}
}

// TestCorpus judges every PDF of the corpus and prints a table: class, files,
// results, and each file judged otherwise than its manifest states.
func TestCorpus(t *testing.T) {
	files := corpus(t)
	policy, _, err := trust.Policy("")
	if err != nil {
		t.Fatal(err)
	}
	judger := signature.NewJudger(signature.Material{}, policy)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	table := map[string]map[signature.Result]int{}
	var honest, accepted, modified, flagged int
	var wrong []string
	for _, f := range files {
		v := judger.Judge(pdf.Read(f.data, syntax.Limits{}), nil, at)
		f.checkCount(t, len(v.Signatures))
		if table[f.class()] == nil {
			table[f.class()] = map[signature.Result]int{}
		}
		table[f.class()][v.Result]++
		isIntact := v.Result == signature.ResultIntact
		bad := false
		switch {
		case f.mustAccept():
			honest++
			if bad = !isIntact; !bad {
				accepted++
			}
		case f.expected == "disallowed-modification" && !f.setByTest():
			modified++
			if bad = isIntact; !bad {
				flagged++
			}
		case f.mustReject() && isIntact:
			bad = true
			t.Errorf("%s (%s): intact", f.path, f.expected)
		}
		if bad {
			wrong = append(wrong, fmt.Sprintf("corpus| wrong: %s: stated %s, got %s %s", f.path, f.expected, v.Result, v.Reason))
		}
		if os.Getenv("MINHCHUNG_CORPUS_ALL") != "" {
			t.Logf("%s: stated %s, got %s %s (%s)\n%s", f.path, f.expected, v.Result, v.Reason, f.note, list(v))
		}
	}
	printTable(table, len(files), wrong)
	fmt.Printf("corpus| must accept: %d of %d intact; forbidden by the file itself: %d of %d flagged\n", accepted, honest, flagged, modified)
	if accepted*100 < honest*95 {
		t.Errorf("got %d of %d honest files intact, want 95 %%", accepted, honest)
	}
	if flagged*100 < modified*90 {
		t.Errorf("got %d of %d forbidden modifications flagged, want 90 %%", flagged, modified)
	}
}

// printTable writes lines that deploy/test.sh shows.
func printTable(table map[string]map[signature.Result]int, files int, wrong []string) {
	fmt.Printf("corpus| %d foreign PDFs\n", files)
	for _, class := range slices.Sorted(maps.Keys(table)) {
		sum, parts := 0, []string{}
		for _, r := range slices.Sorted(maps.Keys(table[class])) {
			sum += table[class][r]
			parts = append(parts, fmt.Sprintf("%s %d", r, table[class][r]))
		}
		fmt.Printf("corpus| %-50s %3d: %s\n", class, sum, strings.Join(parts, ", "))
	}
	for _, w := range wrong {
		fmt.Println(w)
	}
}
