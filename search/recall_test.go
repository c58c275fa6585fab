package search

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minhchung/evidence/signature"
)

// seed returns a file of the seed report, which is read in place and is no
// part of this repository.
func seed(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("MINHCHUNG_SEED")
	if dir == "" {
		t.Skip("MINHCHUNG_SEED does not name the folder with the seed report")
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// seedPhrases returns the phrases that officers look for in the report.
func seedPhrases(t *testing.T) []string {
	var out []string
	for line := range strings.Lines(seed(t, "phrases.tsv")) {
		phrase, in, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if in == "yes" {
			out = append(out, phrase)
		}
	}
	if len(out) != 32 {
		t.Fatalf("got %d phrases, want 32", len(out))
	}
	return out
}

// tierOf returns the best tier that bears a query out on a text, or "".
func tierOf(t *testing.T, text, query string) Tier {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	v := newView(Page{Text: text, Document: signature.HashOf([]byte(text))})
	for _, s := range append(strictSteps(q), looseSteps(q)...) {
		if _, ok := s.verify(v); ok {
			return s.tier
		}
	}
	return ""
}

func TestSeedPhrasesInCleanText(t *testing.T) {
	text := seed(t, "report-restored.md")
	for _, phrase := range seedPhrases(t) {
		if got := tierOf(t, text, phrase); got != TierMarked {
			t.Errorf("%q: got tier %q, want %q", phrase, got, TierMarked)
		}
	}
}

func TestSeedPhrasesInBadScan(t *testing.T) {
	text := seed(t, "report-ocr.txt")
	strict, found := 0, 0
	for _, phrase := range seedPhrases(t) {
		tier := tierOf(t, text, phrase)
		if tier != "" {
			found++
		}
		if tier != "" && !tier.Loose() {
			strict++
		} else {
			t.Logf("%q: tier %q", phrase, tier)
		}
	}
	t.Logf("of 32 phrases %d in the strict tiers, %d in all", strict, found)
	if strict < 27 || found < 29 {
		t.Errorf("got %d phrases in the strict tiers and %d in all, want 27 and 29", strict, found)
	}
}
