package meili

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/text/syllable"
	"minhchung/search"
	"minhchung/search/bleve"
	"minhchung/search/searchtest"
)

// TestAnswersLikeBleve puts, replaces and deletes generated pages, some as a
// bad OCR leaves them, and asks this driver and bleve the same: whole answers
// have to be equal, with snippets, totals, facets and coverage.
func TestAnswersLikeBleve(t *testing.T) {
	onEach(t, func(t *testing.T, x *Index) {
		other, err := bleve.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		g, rng := searchtest.NewGenerator(7), rand.New(rand.NewPCG(7, 7))
		var pages []search.Page
		hits := 0
		for round := range 3 {
			b := changes(g, rng, &pages)
			b.Cursors = map[evidence.BookID]int64{pages[0].Book(): int64(round + 1)}
			for _, i := range []search.Index{x, other} {
				if err := i.Apply(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			for range 40 {
				scope, r := question(t, rng, pages)
				got, err := x.Search(t.Context(), scope, r)
				if err != nil {
					t.Fatal(err)
				}
				want, err := other.Search(t.Context(), scope, r)
				if err != nil {
					t.Fatal(err)
				}
				hits += len(want.Hits)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%q, %v, %v from %d: got %d pages %v, want %d %v",
						r.Query.Text, scope.Units, r.Filter, r.Offset, got.Total, got.Facets, want.Total, want.Facets)
				}
			}
		}
		if hits < 300 {
			t.Errorf("the questions found %d pages, too few to tell", hits)
		}
	})
}

// changes makes 80 pages, replaces some of those that are there and deletes
// the documents of others.
func changes(g *searchtest.Generator, rng *rand.Rand, pages *[]search.Page) search.Batch {
	var b search.Batch
	for i := range *pages {
		switch p := &(*pages)[i]; rng.IntN(8) {
		case 0:
			b.Delete = append(b.Delete, search.DocumentRef{Book: p.Book(), Document: p.Document})
		case 1:
			p.State, p.Criteria = evidence.Disproven, []string{"1.6", "7.1.3"}
			b.Put = append(b.Put, *p)
		}
	}
	for range 80 {
		p := g.Page(len(*pages))
		if rng.IntN(4) == 0 {
			p.Text = strings.NewReplacer("ộ", "6", "ế", "é", "ợ", "g", "đ", "d", "ứ", "tr", "ạ", "a", "ư", "u").Replace(p.Text)
		}
		if rng.IntN(4) == 0 {
			p.Date = ""
		}
		*pages, b.Put = append(*pages, p), append(b.Put, p)
	}
	return b
}

// question makes a query of words of a page, or of the generator's phrases.
func question(t *testing.T, rng *rand.Rand, pages []search.Page) (evidence.Scope, search.Request) {
	text := pages[rng.IntN(len(pages))].Text
	tokens := syllable.Split(text)
	at, size := rng.IntN(len(tokens)-16), 1+rng.IntN(15)
	words := text[tokens[at].Start:tokens[at+size-1].End]
	phrase := searchtest.Phrases[rng.IntN(len(searchtest.Phrases))]
	first, _, _ := strings.Cut(phrase, " ")
	typed := []string{words, `"` + strings.ReplaceAll(words, `"`, " ") + `"`, phrase, phrase + "o", phrase + " -" + first,
		`"` + phrase + `" tu*`, syllable.Fold(phrase), first, fmt.Sprintf("số %d", rng.IntN(40))}[rng.IntN(9)]
	q, err := search.Parse(typed)
	if err != nil {
		if q, err = search.Parse(phrase); err != nil {
			t.Fatal(err)
		}
	}
	scope := evidence.Scope{All: true}
	if rng.IntN(3) == 0 {
		scope = evidence.Scope{Units: []evidence.UnitID{pages[0].Unit, pages[1].Unit, pages[2].Unit}}
	}
	r := search.Request{Query: q, Strict: rng.IntN(2) == 0, Offset: rng.IntN(3) * 7, Limit: 1 + rng.IntN(40), Facets: search.Facets()}
	if rng.IntN(3) == 0 {
		r.Filter = map[search.Facet][]string{search.FacetState: {string(evidence.Disproven)}, search.FacetCriterion: {"1.6", "2.1"}}
	}
	return scope, r
}
