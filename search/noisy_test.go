package search_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/text/syllable"
	"minhchung/search"
	"minhchung/search/bleve"
	"minhchung/search/searchtest"
)

var update = flag.Bool("update", false, "write the pages of testdata/noisy anew; deploy/search/make-noisy reads them by OCR")

const noisyPages = 60

// TestUpdateNoisy writes what was written on the noisy pages.
func TestUpdateNoisy(t *testing.T) {
	if !*update {
		t.Skip("-update is not given")
	}
	g := searchtest.NewGenerator(60)
	for i := range noisyPages {
		name := filepath.Join("testdata", "noisy", fmt.Sprintf("%02d.txt", i))
		if err := os.WriteFile(name, []byte(g.Text(12)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// pair is a page as written and as read.
type pair struct{ written, read string }

// measure indexes the pages as read, asks every phrase, and compares with
// where the phrases were written. Only tiers that count say yes to are hits.
func measure(t *testing.T, pages []pair, phrases []string, strict bool) (recall, precision float64) {
	t.Helper()
	x, err := bleve.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var batch search.Batch
	for i, p := range pages {
		batch.Put = append(batch.Put, search.Page{
			Unit: "xa-a", Period: "2022", Document: signature.HashOf(fmt.Append(nil, i)), Number: i + 1, Text: p.read,
		})
	}
	if err := x.Apply(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	var hit, false_, missed int
	for _, phrase := range phrases {
		q, err := search.Parse(phrase)
		if err != nil {
			t.Fatal(err)
		}
		a, err := x.Search(t.Context(), evidence.Scope{All: true}, search.Request{Query: q, Limit: search.MaxHits, Strict: strict})
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]search.Hit{}
		for _, h := range a.Hits {
			got[h.Page.Number-1] = h
		}
		for i, p := range pages {
			_, found := got[i]
			written := contains(p.written, phrase)
			switch {
			case found && written:
				hit++
			case found:
				false_++
				t.Logf("false: %q on page %d, %s: %q", phrase, i, got[i].Tier, got[i].Snippet.Text)
			case written:
				missed++
				if testing.Verbose() {
					t.Logf("missed: %q on page %d", phrase, i)
				}
			}
		}
	}
	recall, precision = float64(hit)/float64(hit+missed), float64(hit)/float64(hit+false_)
	t.Logf("strict %v: %d phrases on %d pages: %d found, %d missed, %d false: recall %.3f, precision %.3f",
		strict, len(phrases), len(pages), hit, missed, false_, recall, precision)
	return recall, precision
}

// contains reports whether a text has a phrase, marks and punctuation apart.
func contains(text, phrase string) bool {
	join := func(s string) string {
		var b strings.Builder
		for _, t := range syllable.Split(s) {
			b.WriteString(" " + t.Folded)
		}
		return b.String() + " "
	}
	return strings.Contains(join(text), join(phrase))
}

func noisyPairs(t *testing.T) []pair {
	t.Helper()
	var out []pair
	for i := range noisyPages {
		var texts [2]string
		for j, suffix := range []string{".txt", ".ocr"} {
			raw, err := os.ReadFile(filepath.Join("testdata", "noisy", fmt.Sprintf("%02d%s", i, suffix)))
			if err != nil {
				t.Fatal(err)
			}
			texts[j] = string(raw)
		}
		out = append(out, pair{texts[0], texts[1]})
	}
	return out
}

func TestNoisyPages(t *testing.T) {
	for _, strict := range []bool{true, false} {
		recall, precision := measure(t, noisyPairs(t), searchtest.Phrases, strict)
		if recall < 0.96 || precision < 0.98 {
			t.Errorf("strict %v: got recall %.3f at precision %.3f, want 0.96 at 0.98", strict, recall, precision)
		}
	}
}
