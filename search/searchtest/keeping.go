package searchtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"minhchung/evidence"
	"minhchung/search"
)

func testScope(t *testing.T, x search.Index) {
	a, b, c := page("xa-a", "a", "chuyển đổi số"), page("xa-b", "b", "chuyển đổi số"), page("xa-c", "c", scan)
	book := func(p search.Page) evidence.BookID { return p.Book() }
	err := x.Apply(t.Context(), search.Batch{
		Put:     []search.Page{a, b, c},
		Cursors: map[evidence.BookID]int64{book(a): 5, book(b): 7, evidence.RootBook: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	facets := func(r *search.Request) {
		r.Facets = search.Facets()
		r.Heads = map[evidence.BookID]int64{book(a): 9, book(b): 7, book(c): 2}
	}
	got := ask(t, x, evidence.Scope{}, "chuyển đổi số", facets)
	if len(got.Hits) != 0 || got.Total != 0 || len(got.Coverage) != 0 || len(got.Facets) != 0 {
		t.Errorf("zero scope: got %+v, want nothing", got)
	}
	got = ask(t, x, evidence.Scope{Units: []evidence.UnitID{"xa-a"}}, "chuyển đổi số", facets)
	want(t, "one unit", got, "a:marked")
	if units := got.Facets[search.FacetUnit]; len(units) != 1 || units[0].Value != "xa-a" {
		t.Errorf("one unit: got units %v, want xa-a only", units)
	}
	if c := got.Coverage; len(c) != 1 || c[0] != (search.Coverage{Book: book(a), Indexed: 5, Size: 9}) {
		t.Errorf("one unit: got coverage %v, want 5 of 9", c)
	}
	filter := func(r *search.Request) { r.Filter = map[search.Facet][]string{search.FacetUnit: {"xa-b"}} }
	want(t, "a filter does not widen the scope",
		ask(t, x, evidence.Scope{Units: []evidence.UnitID{"xa-a"}}, "chuyển đổi số", filter))
	want(t, "loose tiers neither",
		ask(t, x, evidence.Scope{Units: []evidence.UnitID{"xa-b"}}, "kiểm điểm rút kinh"))
	got = ask(t, x, everything, "chuyen doi so", facets)
	if len(got.Hits) != 2 || len(got.Coverage) != 4 {
		t.Errorf("everything: got %v, coverage %v, want two hits and four books", brief(got), got.Coverage)
	}
}

func testFacets(t *testing.T, x search.Index) {
	var pages []search.Page
	for i := range 7 {
		p := page("xa-a", fmt.Sprint("d", i), "thủ tục hành chính")
		p.Type, p.State = "Báo cáo", evidence.Proven
		p.Criteria = []string{"7.1.3"}
		if i < 3 {
			p.Type, p.State, p.TextSource = "Kế hoạch", evidence.Disproven, "ocr-vie"
			p.Criteria = []string{"7.1.3", "1.6"}
			p.Period = "2023"
		}
		pages = append(pages, p)
	}
	pages = append(pages, page("xa-b", "else", "không liên quan"))
	put(t, x, pages...)
	a := ask(t, x, everything, "thủ tục hành chính", func(r *search.Request) { r.Facets = search.Facets() })
	for facet, counts := range map[search.Facet][]search.FacetCount{
		search.FacetUnit:       {{Value: "xa-a", Pages: 7}},
		search.FacetPeriod:     {{Value: "2022", Pages: 4}, {Value: "2023", Pages: 3}},
		search.FacetCriterion:  {{Value: "7.1.3", Pages: 7}, {Value: "1.6", Pages: 3}},
		search.FacetType:       {{Value: "Báo cáo", Pages: 4}, {Value: "Kế hoạch", Pages: 3}},
		search.FacetState:      {{Value: "PROVEN", Pages: 4}, {Value: "DISPROVEN", Pages: 3}},
		search.FacetTextSource: {{Value: "pdf", Pages: 4}, {Value: "ocr-vie", Pages: 3}},
	} {
		if got := a.Facets[facet]; !slices.Equal(got, counts) {
			t.Errorf("facet %s: got %v, want %v", facet, got, counts)
		}
	}
	filter := func(values map[search.Facet][]string) func(*search.Request) {
		return func(r *search.Request) { r.Filter = values }
	}
	for _, c := range []struct {
		filter map[search.Facet][]string
		total  int
	}{
		{map[search.Facet][]string{search.FacetCriterion: {"1.6"}}, 3},
		{map[search.Facet][]string{search.FacetType: {"Báo cáo", "Kế hoạch"}}, 7},
		{map[search.Facet][]string{search.FacetType: {"Báo cáo"}, search.FacetCriterion: {"1.6"}}, 0},
		{map[search.Facet][]string{search.FacetType: {}}, 0},
		{map[search.Facet][]string{search.FacetType: {"báo cáo"}}, 0},
	} {
		if a := ask(t, x, everything, "thu tuc hanh chinh", filter(c.filter), strict); a.Total != c.total {
			t.Errorf("filter %v: got %d pages, want %d", c.filter, a.Total, c.total)
		}
	}
}

func testOrder(t *testing.T, x search.Index) {
	old, fresh, undated := page("xa-a", "old", "ký số"), page("xa-a", "fresh", "ky so"), page("xa-a", "undated", "ký số")
	old.Date, fresh.Date = "2022-01-31", "2022-12-01"
	put(t, x, old, fresh, undated)
	want(t, "tier before date", ask(t, x, everything, "ký số"), "old:marked", "undated:marked", "fresh:folded")
	want(t, "newest first", ask(t, x, everything, "ky so"), "fresh:folded", "old:folded", "undated:folded")
}

func testReplace(t *testing.T, x search.Index) {
	first := page("xa-a", "doc", "bản cũ của văn bản")
	second := first
	second.Number, second.Text = 2, "trang hai của văn bản"
	put(t, x, first, second, page("xa-b", "doc", "bản cũ của văn bản"))
	first.Text = "bản mới của văn bản"
	put(t, x, first)
	want(t, "old text is gone", ask(t, x, evidence.Scope{Units: []evidence.UnitID{"xa-a"}}, `"bản cũ"`, strict))
	want(t, "new text is there", ask(t, x, everything, `"bản mới"`, strict), "doc:marked")
	ref := search.DocumentRef{Book: first.Book(), Document: first.Document}
	if err := x.Apply(t.Context(), search.Batch{Delete: []search.DocumentRef{ref}, Put: []search.Page{second}}); err != nil {
		t.Fatal(err)
	}
	want(t, "deleted", ask(t, x, everything, `"bản mới"`, strict))
	want(t, "put in the batch that deletes", ask(t, x, everything, `"trang hai"`, strict), "doc:folded")
	want(t, "same document of another unit", ask(t, x, everything, `"bản cũ"`, strict), "doc:marked")
	if err := x.Apply(t.Context(), search.Batch{Delete: []search.DocumentRef{ref, ref}}); err != nil {
		t.Fatal(err)
	}
	want(t, "all pages deleted", ask(t, x, everything, `"trang hai"`, strict))
	if err := x.Apply(t.Context(), search.Batch{}); err != nil {
		t.Errorf("empty batch: %v", err)
	}
}

func testCursors(t *testing.T, x search.Index) {
	a, b := evidence.BookID{Unit: "xa-a", Period: "2022"}, evidence.BookID{Unit: "xa-a", Period: "2023"}
	check := func(want map[evidence.BookID]int64) {
		t.Helper()
		got, err := x.Cursors(t.Context())
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("got cursors %v, %v, want %v", got, err, want)
		}
	}
	check(map[evidence.BookID]int64{})
	for _, step := range []map[evidence.BookID]int64{{a: 3}, {b: 1}, {a: 8}, nil} {
		if err := x.Apply(t.Context(), search.Batch{Cursors: step}); err != nil {
			t.Fatal(err)
		}
	}
	check(map[evidence.BookID]int64{a: 8, b: 1})
}

func ids(t *testing.T, x search.Index, unit evidence.UnitID) []string {
	t.Helper()
	out := []string{}
	for id, err := range x.(search.Lister).IDs(t.Context(), unit) {
		if err != nil {
			t.Fatalf("IDs: %v", err)
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func testIDs(t *testing.T, x search.Index) {
	var want []string
	var pages []search.Page
	alphabet := regexp.MustCompile(`^[A-Za-z0-9_-]{1,511}$`)
	for i := range 2500 {
		p := page("xa-a", fmt.Sprint(i/10), "văn bản")
		p.Number = i%10 + 1
		if i%2 == 0 {
			p.Period = "2022/Q1 đ"
		}
		if !alphabet.MatchString(p.ID()) {
			t.Fatalf("got ID %q, want only %v", p.ID(), alphabet)
		}
		pages, want = append(pages, p), append(want, p.ID())
	}
	put(t, x, append(pages, page("xa-b", "other", "văn bản"))...)
	slices.Sort(want)
	if got := ids(t, x, "xa-a"); !slices.Equal(got, want) {
		t.Errorf("got %d IDs, want the %d put", len(got), len(want))
	}
	if got := ids(t, x, "xa-z"); len(got) != 0 {
		t.Errorf("unknown unit: got %d IDs, want none", len(got))
	}
	for range x.(search.Lister).IDs(t.Context(), "xa-a") {
		put(t, x, page("xa-c", "within", "văn bản")) // the loop may call the index
		break                                        // and stop early
	}
}

func testGeneration(t *testing.T, x search.Index) {
	book := page("xa-a", "old", "").Book()
	apply := func(a interface {
		Apply(ctx context.Context, b search.Batch) error
	}, name, text string, size int64) {
		t.Helper()
		b := search.Batch{Put: []search.Page{page("xa-a", name, text)}, Cursors: map[evidence.BookID]int64{book: size}}
		if err := a.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	apply(x, "old", "đời cũ phục vụ", 5)
	g, err := x.(search.Rebuilder).Rebuild(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.(search.Rebuilder).Rebuild(t.Context()); !errors.Is(err, search.ErrRebuilding) {
		t.Errorf("second rebuild: got %v, want ErrRebuilding", err)
	}
	apply(g, "new", "đời mới phục vụ", 3)
	want(t, "old one serves", ask(t, x, everything, "phục vụ", strict), "old:marked")
	apply(x, "late", "muộn phục vụ", 6)
	if err := g.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, "new one serves", ask(t, x, everything, "phục vụ", strict), "new:marked")
	if c, err := x.Cursors(t.Context()); err != nil || c[book] != 3 {
		t.Errorf("got cursors %v, %v, want those of the new generation", c, err)
	}
	if err := g.Discard(); err != nil {
		t.Errorf("Discard after Commit: %v", err)
	}
	apply(x, "late", "muộn phục vụ", 6)
	if a := ask(t, x, everything, "phục vụ", strict); a.Total != 2 {
		t.Errorf("after following again: got %v, want two", brief(a))
	}
}

func testDiscard(t *testing.T, x search.Index) {
	put(t, x, page("xa-a", "old", "đời cũ phục vụ"))
	for range 2 {
		g, err := x.(search.Rebuilder).Rebuild(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Apply(t.Context(), search.Batch{Put: []search.Page{page("xa-a", "new", "phục vụ")}}); err != nil {
			t.Fatal(err)
		}
		if err := g.Discard(); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "after discarding", ask(t, x, everything, "phục vụ", strict), "old:marked")
}

// testDeep pages through more hits than an engine gives at once.
func testDeep(t *testing.T, x search.Index) {
	var pages []search.Page
	for i := range search.MaxHits + 300 {
		pages = append(pages, page("xa-a", fmt.Sprint("d", i), "hồ sơ công việc"))
	}
	put(t, x, pages...)
	seen := map[string]bool{}
	for offset := 0; offset < search.MaxHits; offset += 250 {
		a := ask(t, x, everything, "hồ sơ", func(r *search.Request) { r.Offset, r.Limit = offset, 250 })
		for _, h := range a.Hits {
			seen[h.Page.ID()] = true
		}
		if a.Exact && a.Total != len(pages) {
			t.Errorf("offset %d: got a total of %d called exact, want %d", offset, a.Total, len(pages))
		}
	}
	if len(seen) != search.MaxHits {
		t.Errorf("got %d different hits, want %d", len(seen), search.MaxHits)
	}
	for _, offset := range []int{-5, search.MaxHits, 1 << 40} {
		a := ask(t, x, everything, "hồ sơ", func(r *search.Request) { r.Offset, r.Limit = offset, 1<<40 })
		if offset >= search.MaxHits && len(a.Hits) != 0 {
			t.Errorf("offset %d: got %d hits, want none", offset, len(a.Hits))
		}
	}
}

// testLong finds the words of a page longer than an engine's positions, up to
// the limit, and asks for more words than an engine takes.
func testLong(t *testing.T, x search.Index) {
	filler := strings.Repeat("một trang rất dài ", search.MaxTokens/4-100)
	put(t, x,
		page("xa-a", "long", filler+"câu cuối cùng còn được tìm thấy"),
		page("xa-a", "over", strings.Repeat("một trang quá dài ", search.MaxTokens/4+100)+"câu nằm ngoài giới hạn"),
		page("xa-a", "words", "Trong thời gian tới ủy ban nhân dân xã tiếp tục chỉ đạo các bộ phận chuyên môn thực hiện nghiêm kế hoạch"),
	)
	want(t, "end of a long page", ask(t, x, everything, "câu cuối cùng", strict), "long:marked")
	want(t, "beyond the limit", ask(t, x, everything, "nằm ngoài giới hạn", strict))
	want(t, "many words", ask(t, x, everything,
		"thời gian tới ủy ban nhân dân xã tiếp tục chỉ đạo các bộ phận chuyên môn", strict), "words:marked")
}

func testHostile(t *testing.T, x search.Index) {
	p := page("xa-a", "hostile", "a\x00b\xff\xfe\u202eđảo ngược\u202c "+strings.Repeat("\u0301", 500)+" <b>đậm</b> _ \"' \n\t hết")
	p.Name = "\u202egpj.exe\x07"
	p.Subject = strings.Repeat("x", 100_000)
	p.Type = "Báo\ncáo"
	empty := page("xa-a", "empty", "")
	put(t, x, p, empty)
	a := ask(t, x, everything, "đảo ngược")
	if len(a.Hits) != 1 {
		t.Fatalf("got %v, want one hit", brief(a))
	}
	if s := a.Hits[0].Snippet.Text; strings.ContainsAny(s, "\x00\x07\u202e\u202c") {
		t.Errorf("got snippet %q, want no control characters", s)
	}
	for _, q := range []string{"field:value", "a AND b OR (c", `"không đóng`, "*", "**", "- -", "~2", "/x/", "+a", "_ _", "\u202e", strings.Repeat("x", 499)} {
		parsed, err := search.Parse(q)
		if err != nil {
			continue
		}
		if _, err := x.Search(t.Context(), everything, search.Request{Query: parsed, Facets: search.Facets()}); err != nil {
			t.Errorf("query %q: %v", q, err)
		}
	}
	want(t, "page without text", ask(t, x, everything, "empty"), "empty:folded")
}

func testConcurrent(t *testing.T, x search.Index) {
	book := page("xa-a", "d", "").Book()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 10 {
				b := search.Batch{Put: []search.Page{page("xa-a", fmt.Sprint(i, "-", j), "đồng thời")}}
				if i == 0 {
					b.Cursors = map[evidence.BookID]int64{book: int64(j + 1)}
				}
				if err := x.Apply(t.Context(), b); err != nil {
					t.Errorf("Apply: %v", err)
				}
				q, _ := search.Parse("đồng thời")
				if _, err := x.Search(t.Context(), everything, search.Request{Query: q}); err != nil {
					t.Errorf("Search: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if a := ask(t, x, everything, "đồng thời"); a.Total != 40 {
		t.Errorf("got %d pages, want 40", a.Total)
	}
	if c, err := x.Cursors(t.Context()); err != nil || c[book] != 10 {
		t.Errorf("got cursors %v, %v, want 10", c, err)
	}
}

func testClosed(t *testing.T, x search.Index) {
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Apply(t.Context(), search.Batch{}); err == nil {
		t.Error("Apply after Close: got no error")
	}
	q, _ := search.Parse("văn bản")
	if _, err := x.Search(t.Context(), everything, search.Request{Query: q}); err == nil {
		t.Error("Search after Close: got no error")
	}
	if _, err := x.Cursors(t.Context()); err == nil {
		t.Error("Cursors after Close: got no error")
	}
}
