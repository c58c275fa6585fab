package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteGenerated writes the generated files and a manifest of them into
// the folder that MINHCHUNG_WRITE names, for verifiers that are not in Go: see
// deploy/test/foreign.
func TestWriteGenerated(t *testing.T) {
	dir := os.Getenv("MINHCHUNG_WRITE")
	if dir == "" {
		t.Skip("MINHCHUNG_WRITE does not name a folder to write the generated files into")
	}
	lines := []string{"path\tformat\tsignatures\texpected\tsource\tlicence\tevidence\tnote"}
	for i, m := range generated() {
		name := fmt.Sprintf("%03d-%s.pdf", i, strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, m.family+"-"+m.name))
		if err := os.WriteFile(filepath.Join(dir, name), m.data, 0o600); err != nil {
			t.Fatal(err)
		}
		expected := "unknown"
		switch {
		case m.result != intact:
			expected = "forged-attack"
		case m.family == "honest":
			expected = "intact"
		}
		lines = append(lines, strings.Join([]string{name, "PDF/generated", "?", expected, "", "", "", m.family}, "\t"))
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.tsv"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
