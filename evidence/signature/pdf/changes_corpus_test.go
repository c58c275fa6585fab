package pdf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// corpusRow is a line of the corpus manifest.
type corpusRow struct{ path, expected, evidence, note string }

func corpus(t *testing.T) (string, []corpusRow) {
	t.Helper()
	dir := os.Getenv("MINHCHUNG_CORPUS")
	if dir == "" {
		t.Skip("MINHCHUNG_CORPUS does not name the folder with the signed corpus and its manifest.tsv")
	}
	b, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []corpusRow
	for i, line := range strings.Split(string(b), "\n") {
		col := strings.Split(line, "\t")
		if i == 0 || len(col) < 8 || !strings.HasSuffix(col[0], ".pdf") {
			continue
		}
		out = append(out, corpusRow{col[0], col[3], col[6], col[7]})
	}
	return dir, out
}

// worst returns the worst class of the changes, and "coverage" or "repaired"
// when those already tell that the file is not intact.
func worst(f signature.Facts) string {
	if f.Condition != signature.Readable {
		return string(f.Condition)
	}
	rank := map[signature.ChangeClass]int{signature.ChangePermitted: 1, signature.ChangeAnnotated: 2, signature.ChangeUnknown: 3, signature.ChangeForbidden: 4}
	out := signature.ChangesNone
	for _, s := range f.Signatures {
		if s.CoverageProblem != "" {
			return "coverage"
		}
		if s.ContentsProblem != "" {
			return "contents"
		}
		for _, c := range s.Changes {
			if rank[c.Class] > rank[out] {
				out = c.Class
			}
		}
	}
	if f.Repaired {
		return "repaired"
	}
	return string(out)
}

// TestCorpusChanges runs the comparison over the corpus. Files that later
// revisions attack must be flagged, honest ones must not.
func TestCorpusChanges(t *testing.T) {
	dir, rows := corpus(t)
	type tally struct{ right, all int }
	table := map[string]*tally{}
	for _, row := range rows {
		must := ""
		switch {
		case row.expected == "intact", row.expected == "intact-extended", row.expected == "revisions-ok":
			must = "accept"
		case row.expected == "disallowed-modification", row.expected == "modified:visual", strings.HasPrefix(row.expected, "forged-attack"):
			must = "flag"
		default:
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, row.path))
		if err != nil {
			t.Fatal(err)
		}
		f := Read(data, syntax.Limits{})
		got := worst(f)
		ok := (got == "none" || got == "permitted" || got == "annotated") == (must == "accept")
		class := strings.SplitN(row.expected, ":", 2)[0]
		if strings.Contains(row.note, "SET BY TEST") {
			class += " (level set by its test)"
		}
		if table[class] == nil {
			table[class] = &tally{}
		}
		table[class].all++
		if ok {
			table[class].right++
		}
		if !ok || testing.Verbose() {
			t.Logf("%v %s: %s: got %s; %s %s", ok, row.path, row.expected, got, f.Problem, explain(f))
		}
	}
	for class, n := range table {
		t.Logf("%-45s %3d of %3d", class, n.right, n.all)
	}
	for class, percent := range map[string]int{"forged-attack": 100, "modified": 100, "disallowed-modification": 90, "intact": 95, "intact-extended": 95, "revisions-ok": 95} {
		if n := table[class]; n == nil || n.right*100 < n.all*percent {
			t.Errorf("%s: got %+v right, want at least %d %%", class, n, percent)
		}
	}
}

func explain(f signature.Facts) string {
	var out strings.Builder
	for i, s := range f.Signatures {
		if s.CoverageProblem != "" {
			fmt.Fprintf(&out, "\n\t%d coverage: %s", i, s.CoverageProblem)
		}
		for _, c := range s.Changes {
			fmt.Fprintf(&out, "\n\t%d rev %d %s page %d %s %s [%s] %s", i, c.Revision, c.Object, c.Page, c.Class, c.What, c.Rule, c.Detail)
		}
	}
	return out.String()
}
