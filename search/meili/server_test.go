package meili

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/meilisearch/meilisearch-go"

	"minhchung/evidence"
	"minhchung/search"
)

// What the server does to values, orders, counts and missing indexes, seen on
// milli 1.15.1. Each runs on the double and, with MEILI_URL, on the server.

func find(t *testing.T, x *Index, text string, r search.Request) search.Answer {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r.Query, r.Strict = q, true
	a, err := x.Search(t.Context(), evidence.Scope{All: true}, r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestValuesAreKeptApart: the server folds case, marks, spaces and forms of a
// value, reads numbers in it, keeps none that is empty and 468 bytes at most.
func TestValuesAreKeptApart(t *testing.T) {
	values := []string{"Báo cáo", "báo cáo", "BÁO CÁO", " báo cáo ", "ba\u0301o ca\u0301o", "bao cao", "1000", "1e3", "1000.0", "01000", "NaN", "inf", "-inf",
		"true", "null", "EXISTS", `a"b`, "a'b", `a\b`, `a\u0041`, "x AND y", "_geoRadius(1,2,3)", "*", "ﬁ", "fi", "①", "1", "đ", "d", "\x00", "\xff",
		"\u202e", strings.Repeat("x", 468), strings.Repeat("x", 469), strings.Repeat("x", 600), strings.Repeat("ế", 300), strings.Repeat("ế", 301)}
	onEach(t, func(t *testing.T, x *Index) {
		var b search.Batch
		for i, v := range values {
			p := testPage(fmt.Sprint(i), "ký số")
			p.Type = v
			b.Put = append(b.Put, p)
		}
		if err := x.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			a := find(t, x, "ký số", search.Request{Filter: map[search.Facet][]string{search.FacetType: {v}}})
			if len(a.Hits) != 1 || a.Total != 1 || a.Hits[0].Page.Name != fmt.Sprint(i) {
				t.Errorf("%.20q: got %d pages, want the one", v, a.Total)
			}
		}
		a := find(t, x, "ký số", search.Request{Facets: []search.Facet{search.FacetType}})
		if n := len(a.Facets[search.FacetType]); n != len(values) {
			t.Errorf("got %d values counted, want %d", n, len(values))
		}
	})
}

// TestEquallyFrequentValues: more values than are counted, each once. Which of
// them are counted does not depend on the engine.
func TestEquallyFrequentValues(t *testing.T) {
	onEach(t, func(t *testing.T, x *Index) {
		var b search.Batch
		var want []search.FacetCount
		for i := range search.MaxFacetValues + 50 {
			p := testPage(fmt.Sprint(i), "ký số")
			p.Type = fmt.Sprintf("Loại %03d", i)
			b.Put = append(b.Put, p)
			want = append(want, search.FacetCount{Value: p.Type, Pages: 1})
		}
		if err := x.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		a := find(t, x, "ký số", search.Request{Facets: []search.Facet{search.FacetType}})
		if got := a.Facets[search.FacetType]; !slices.Equal(got, want[:search.MaxFacetValues]) {
			t.Errorf("got %d values from %v, want %d from %v", len(got), got[:1], search.MaxFacetValues, want[0])
		}
	})
}

// TestManyCounted counts more pages than the server counts one by one, and more
// than maxTotalHits.
func TestManyCounted(t *testing.T) {
	const pages = 3200
	onEach(t, func(t *testing.T, x *Index) {
		var b search.Batch
		for i := range pages {
			p := testPage(fmt.Sprint(i), "ký số")
			p.Type = []string{"Báo cáo", "Kế hoạch", "báo cáo"}[i%3]
			b.Put = append(b.Put, p)
		}
		if err := x.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		a := find(t, x, "ký số", search.Request{Facets: []search.Facet{search.FacetType}})
		want := []search.FacetCount{{Value: "Báo cáo", Pages: 1067}, {Value: "Kế hoạch", Pages: 1067}, {Value: "báo cáo", Pages: 1066}}
		if got := a.Facets[search.FacetType]; !slices.Equal(got, want) || a.Total != pages || !a.Exact {
			t.Errorf("got %v of %d, want %v of %d", got, a.Total, want, pages)
		}
	})
}

// TestSlowSearchIsSortedAllTheSame: the server would leave off sorting.
func TestSlowSearchIsSortedAllTheSame(t *testing.T) {
	d, c := onDouble(t)
	x := open(t, c)
	var b search.Batch
	var newest []evidence.Date
	for i := range 50 {
		p := testPage(fmt.Sprint(i), "ký số")
		p.Date = evidence.Date(fmt.Sprintf("2022-01-%02d", i*7%31+1))
		b.Put, newest = append(b.Put, p), append(newest, p.Date)
	}
	if err := x.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	slices.Sort(newest)
	slices.Reverse(newest)
	d.Slow(10 * time.Second)
	var dates []evidence.Date
	for _, h := range find(t, x, "ký số", search.Request{Limit: 10}).Hits {
		dates = append(dates, h.Page.Date)
	}
	if !slices.Equal(dates, newest[:10]) {
		t.Errorf("got %v, want the newest %v", dates, newest[:10])
	}
}

// TestLostIndexIsNotWrittenTo: the server makes an index for the documents it
// is sent, without settings, so that they would be there and not be found.
func TestLostIndexIsNotWrittenTo(t *testing.T) {
	onEach(t, func(t *testing.T, x *Index) {
		if err := x.serves.remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		b := search.Batch{Put: []search.Page{testPage("a", "ký số")}, Cursors: map[evidence.BookID]int64{testPage("a", "").Book(): 4}}
		if err := x.Apply(t.Context(), b); err == nil {
			t.Error("got no error of an index that is gone")
		}
		if _, err := x.Cursors(t.Context()); err == nil {
			t.Error("got cursors of an index that is gone")
		}
		// What another client wrote there meanwhile is no index of ours.
		err := x.serves.await(t.Context(), "adding", func() (*client.TaskInfo, error) {
			return x.server.Index(x.serves.uid).AddDocumentsNdjson(t.Context(), []byte(`{"id":"1"}`), nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Apply(t.Context(), b); err == nil {
			t.Error("got no error of an index without settings")
		}
		if err := x.serves.create(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := x.Apply(t.Context(), b); err != nil || total(t, x, "ký số") != 1 {
			t.Errorf("made anew: got %v, want the page", err)
		}
	})
}

// TestHalfMadeIndexIsMadeAnew: another process deleted the index while it was
// being made, so that only the last steps are in the one there is now.
func TestHalfMadeIndexIsMadeAnew(t *testing.T) {
	onEach(t, func(t *testing.T, x *Index) {
		s, index := x.serves, x.server.Index(x.serves.uid)
		if err := s.remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.await(t.Context(), "setting", func() (*client.TaskInfo, error) {
			return index.UpdateSettings(t.Context(), settings())
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.await(t.Context(), "writing the version", func() (*client.TaskInfo, error) {
			return index.AddDocumentsNdjson(t.Context(), fmt.Appendf(nil, `{"id":%q,"kind":"version","version":%q}`, versionID, rules), nil)
		}); err != nil {
			t.Fatal(err)
		}
		if v, err := s.version(t.Context()); err != nil || v != "" {
			t.Errorf("got version %q, %v, want none", v, err)
		}
		wantUsable(t, x)
	})
}

// wantUsable opens the index again, puts a page and finds it.
func wantUsable(t *testing.T, x *Index) {
	t.Helper()
	if err := x.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := x.Apply(t.Context(), search.Batch{Put: []search.Page{testPage("a", "ký số")}})
	if err != nil || total(t, x, "ký số") != 1 {
		t.Errorf("got %v, want the page in an index made anew", err)
	}
}

// TestOpenedAtOnce: processes that start together on an empty server get in each
// other's way. Whatever comes of it, the next to open mends.
func TestOpenedAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, x *Index) {
		for range 3 {
			if err := x.serves.remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { _ = x.prepare(t.Context()) }) // may fail, and is tried again by its caller
			}
			wg.Wait()
			wantUsable(t, x)
		}
	})
}

// TestDeepFilters: the server takes 49 parentheses one in the other.
func TestDeepFilters(t *testing.T) {
	onEach(t, func(t *testing.T, x *Index) {
		for depth, ok := range map[int]bool{1: true, 49: true, 50: false, 300: false} {
			in := strings.Repeat("(", depth) + everything + strings.Repeat(")", depth)
			var got client.DocumentsResult
			err := x.server.Index(x.serves.uid).GetDocuments(t.Context(), &client.DocumentsQuery{Filter: in, Limit: 1}, &got)
			if (err == nil) != ok {
				t.Errorf("%d parentheses: got %v, want taken %v", depth, err, ok)
			}
		}
		// The longest query the parser takes, in every tier, with every filter.
		filter := map[search.Facet][]string{}
		for _, f := range search.Facets() {
			filter[f] = []string{"a", "b"}
		}
		q, err := search.Parse(strings.Repeat("ký số ", search.MaxQueryWords/2-2) + `-"một hai ba" tuy*`)
		if err != nil {
			t.Fatal(err)
		}
		scope := evidence.Scope{}
		for i := range 500 {
			scope.Units = append(scope.Units, evidence.UnitID(fmt.Sprint("xa-", i)))
		}
		if _, err := x.Search(t.Context(), scope, search.Request{Query: q, Filter: filter, Facets: search.Facets()}); err != nil {
			t.Error(err)
		}
	})
}
