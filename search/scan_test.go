package search_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/search"
	"minhchung/search/searchtest"
)

// generated are pages of 50 documents, every fifth of them a bad scan.
func generated() []search.Page {
	g := searchtest.NewGenerator(7)
	var pages []search.Page
	for i := range 150 {
		p := g.Page(i)
		if i%3 > 0 { // the register says one thing of a document
			p.Subject = pages[i-1].Subject
		}
		if i/3%5 == 0 {
			p.Text = strings.NewReplacer("ề", "é", "à", "d", "ư", "u", "ế", "é", "ộ", "6", "ạ", "q").Replace(p.Text)
		}
		pages = append(pages, p)
	}
	return pages
}

var queries = []string{
	"ủy ban nhân dân", "uy ban nhan dan", "cải cách hành chính", "keo hoach cai cach", "thu tuc hanh chinh", `"một cửa" -"liên thông"`,
	"văn bản", "chuyen doi so", "chinh* dien tu", "tuye*", "12/BC-UBND", "so 12", "kiểm điểm trách nhiệm",
	"quy chế chi tiêu nội bộ", "hội cựu chiến", `"sự hài lòng của người dân" "báo cáo"`, "nội bộ quy chế",
}

// look renders what people see of an answer.
func look(a search.Answer) string {
	var b strings.Builder
	for _, h := range a.Hits {
		fmt.Fprintf(&b, "%s %s %d %s %q %v %s %s %v\n", h.Page.ID(), h.Tier, h.Score, h.Snippet.Zone, h.Snippet.Text, h.Snippet.Spans, h.Page.Date, h.Page.State, h.Page.Criteria)
	}
	return b.String()
}

func TestScannerAnswersAsAnIndex(t *testing.T) {
	index, s := openIndex(t, filepath.Join(t.TempDir(), "index")), newShelf()
	batch := search.Batch{Put: generated(), Cursors: map[evidence.BookID]int64{}}
	for _, p := range batch.Put {
		batch.Cursors[p.Book()] = 9
	}
	for _, to := range []search.Index{index, conforming{s}} {
		if err := to.Apply(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	some := evidence.Scope{}
	for i := range 40 {
		some.Units = append(some.Units, evidence.UnitID(fmt.Sprintf("xa-%03d", i)))
	}
	found, loose := 0, 0
	for _, text := range queries {
		q, err := search.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			scope evidence.Scope
			search.Request
		}{
			{all, search.Request{Query: q, Limit: 50, Facets: search.Facets(), Heads: batch.Cursors}},
			{some, search.Request{Query: q, Limit: 7, Offset: 5, Strict: true, Filter: map[search.Facet][]string{search.FacetPeriod: {"2020", "2022"}, search.FacetState: {"PROVEN"}}}},
		} {
			want, err := index.Search(t.Context(), c.scope, c.Request)
			if err != nil {
				t.Fatal(err)
			}
			if want.Loose {
				c.Limit = search.MaxHits
				loose++
			}
			got, err := s.Scanner.Search(t.Context(), c.scope, c.Request)
			if err != nil {
				t.Fatal(err)
			}
			found += len(want.Hits)
			compare(t, text, got, want)
		}
	}
	if found < 150 || loose == 0 {
		t.Errorf("got %d hits of all queries together, %d loose answers, too few to compare", found, loose)
	}
}

// compare holds an answer against an index's. In the loose tiers an index
// reads the newest candidates alone, a Scanner all: what the index found must
// be there, in its order.
func compare(t *testing.T, query string, got, want search.Answer) {
	t.Helper()
	if want.Loose {
		var both []search.Hit
		for _, h := range got.Hits {
			if slices.ContainsFunc(want.Hits, func(w search.Hit) bool { return w.Page.ID() == h.Page.ID() }) {
				both = append(both, h)
			}
		}
		got.Hits = both
	}
	if look(got) != look(want) || got.Loose != want.Loose || !slices.Equal(got.Coverage, want.Coverage) {
		t.Errorf("%q: got\n%sof %v, want\n%sof %v", query, look(got), got.Coverage, look(want), want.Coverage)
	}
	if want.Loose || !want.Exact {
		return
	}
	if got.Total != want.Total || !got.Exact {
		t.Errorf("%q: got %d pages, exact: %v, want %d", query, got.Total, got.Exact, want.Total)
	}
	counted := 0 // more than the total where an index counts candidates
	for _, c := range want.Facets[search.FacetUnit] {
		counted += c.Pages
	}
	if counted == want.Total && fmt.Sprint(got.Facets) != fmt.Sprint(want.Facets) {
		t.Errorf("%q: got %v, want %v", query, got.Facets, want.Facets)
	}
}

// A scan that ends early says so, has read the newest, and covers no more than
// it read.
func TestScannerEndsAtItsBounds(t *testing.T) {
	d := newDesk(t)
	for n := range 20 {
		d.append(received(n)...)
		d.read(n, "kế hoạch cải cách", "trang hai")
	}
	q, err := search.Parse("kế hoạch cải cách")
	if err != nil {
		t.Fatal(err)
	}
	r := search.Request{Query: q, Heads: map[evidence.BookID]int64{book: 62}}
	for _, c := range []struct {
		scanner           search.Scanner
		total             int
		indexed           int64
		incomplete, exact bool
	}{
		{search.Scanner{}, 20, 62, false, true},
		{search.Scanner{Pages: 40}, 20, 62, false, true},
		{search.Scanner{Pages: 10}, 5, 2, true, false},
		{search.Scanner{Time: 1}, 0, 0, true, false},
	} {
		c.scanner.Store = d.store
		a, err := c.scanner.Search(t.Context(), all, r)
		if err != nil || a.Total != c.total || a.Incomplete != c.incomplete || a.Exact != c.exact || !a.Degraded || len(a.Coverage) != 1 || a.Coverage[0].Indexed != c.indexed {
			t.Errorf("%d pages, %v: got %d of %v, incomplete %v, exact %v, %v, want %+v", c.scanner.Pages, c.scanner.Time, a.Total, a.Coverage, a.Incomplete, a.Exact, err, c)
		}
	}
	d.append(received(20)...) // its text is not read yet
	r.Heads[book] = 65
	a, err := (&search.Scanner{Store: d.store}).Search(t.Context(), all, r)
	if err != nil || a.Coverage[0].Indexed != 62 || a.Incomplete {
		t.Errorf("got %+v, %v, want 62 of 65 covered", a.Coverage, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&search.Scanner{Store: d.store}).Search(ended, all, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of a caller who left, want its error", err)
	}
}

// A store of the real kind gives what its index gives.
func TestScannerFollowsTheLedger(t *testing.T) {
	d := newDesk(t)
	d.append(received(1)...)
	d.append(received(2)...)
	d.append(evidence.Matched{Match: evidence.Match{Row: "1/BC", Document: sha(1), By: "name"}},
		evidence.StateChanged{State: evidence.RowState{Row: "1/BC", Rule: "nd30", State: evidence.Proven, Grade: "B"}},
		evidence.Attached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha(2), Scheme: sha(9)}})
	d.read(1, "kế hoạch cải cách", "trang hai")
	d.read(2)
	d.catch()
	index := d.Index
	for _, query := range []string{"kế hoạch cải cách", "1/BC", "tep 2", "trang"} {
		d.Index = index
		want, indexed, size := d.found(query)
		d.Index = &search.Resilient{Open: func() (search.Index, error) { return nil, errAway }, Texts: &search.Scanner{Store: d.store, Rule: "nd30"}}
		got, scanned, _ := d.found(query)
		if len(want) == 0 || !slices.Equal(got, want) || scanned != indexed || indexed != size {
			t.Errorf("%q: got %q at %d, want %q at %d of %d", query, got, scanned, want, indexed, size)
		}
	}
}

var errAway = errors.New("connection refused")

// BenchmarkScan asks 150 pages in memory.
func BenchmarkScan(b *testing.B) {
	s := newShelf()
	if err := s.Apply(b.Context(), search.Batch{Put: generated()}); err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{"cải cách hành chính", "keo hoach cai cach", "so 12"} {
		b.Run(strings.ReplaceAll(text, " ", "-"), func(b *testing.B) {
			q, err := search.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			begun := time.Now()
			for b.Loop() {
				if _, err := s.Scanner.Search(b.Context(), all, search.Request{Query: q}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(150*b.N)/time.Since(begun).Seconds(), "pages/s")
		})
	}
}
