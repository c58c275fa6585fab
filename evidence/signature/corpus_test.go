package signature_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
	"minhchung/evidence/signature/trust"
)

// corpusRow is one line of the corpus manifest.
type corpusRow struct {
	path, format, expected, note string
}

// corpusRows reads the manifest of the signed corpus, which is kept outside
// this repository because its files are other people's.
func corpusRows(t *testing.T) (dir string, rows []corpusRow) {
	t.Helper()
	dir = os.Getenv("MINHCHUNG_CORPUS")
	if dir == "" {
		t.Skip("MINHCHUNG_CORPUS is not set: the corpus of foreign signed files is not judged")
	}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 || len(f) < 8 || !strings.HasPrefix(f[1], "PDF") {
			continue
		}
		rows = append(rows, corpusRow{f[0], f[1], f[3], f[7]})
	}
	return dir, rows
}

// TestCorpus judges every PDF of the corpus and prints, for each class that
// its manifest states, what came out. What it may not do is asserted: call an
// attack or a broken file intact, or refuse more than one honest file in
// twenty.
func TestCorpus(t *testing.T) {
	dir, rows := corpusRows(t)
	policy, _, err := trust.Policy("")
	if err != nil {
		t.Fatal(err)
	}
	judger := signature.NewJudger(signature.Material{}, policy)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	table := map[string]map[signature.Result]int{}
	var honest, accepted int
	for _, row := range rows {
		data, err := os.ReadFile(filepath.Join(dir, row.path))
		if err != nil {
			t.Errorf("%s: %v", row.path, err)
			continue
		}
		start := time.Now()
		v := judger.Judge(pdf.Read(data, syntax.Limits{}), nil, at)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v, want at most 10 s", row.path, took)
		}
		class, _, _ := strings.Cut(row.expected, ":")
		if table[class] == nil {
			table[class] = map[signature.Result]int{}
		}
		table[class][v.Result]++
		wrong := false
		switch class {
		case "intact", "intact-extended", "revisions-ok":
			honest++
			if wrong = v.Result != signature.ResultIntact; !wrong {
				accepted++
			}
		case "unsigned":
			wrong = v.Result == signature.ResultIntact
		default:
			if wrong = v.Result == signature.ResultIntact && (strings.Contains(class, "attack") ||
				class == "tampered" || class == "invalid"); wrong {
				t.Errorf("%s (%s): intact", row.path, row.expected)
			}
		}
		if wrong || os.Getenv("MINHCHUNG_CORPUS_ALL") != "" {
			t.Logf("%-60s %-40s %s: %s (%s)", row.path, row.expected, v.Result, v.Reason, row.note)
		}
	}
	var classes []string
	for c := range table {
		classes = append(classes, c)
	}
	sort.Strings(classes)
	for _, c := range classes {
		t.Logf("%-20s %s", c, fmt.Sprint(table[c]))
	}
	if accepted*100 < honest*95 {
		t.Errorf("got %d of %d honest files intact, want 95 %%", accepted, honest)
	}
}
