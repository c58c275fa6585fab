// Package searchtest is the conformance suite of search indexes. Every driver
// runs it: what search promises does not depend on the engine.
package searchtest

import (
	"slices"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/search"
)

// Open returns an empty index; the driver closes what it opened itself when
// the test ends.
type Open func(t *testing.T) search.Index

// testCase is one test of the suite.
type testCase struct {
	name string
	run  func(*testing.T, search.Index)
}

// reading are the tests that put pages and ask for them; keeping those of what
// an index is besides.
var (
	reading = []testCase{
		{"Tiers", testTiers},
		{"Numbers", testNumbers},
		{"Query", testQuery},
		{"Loose", testLoose},
		{"Scope", testScope},
		{"Facets", testFacets},
		{"Order", testOrder},
		{"Replace", testReplace},
		{"Deep", testDeep},
		{"Long", testLong},
		{"Hostile", testHostile},
		{"Concurrent", testConcurrent},
	}
	keeping = []testCase{
		{"Cursors", testCursors},
		{"IDs", testIDs},
		{"Generation", testGeneration},
		{"Discard", testDiscard},
		{"Closed", testClosed},
	}
)

// Run runs the suite. An index must implement search.Lister and
// search.Rebuilder too.
func Run(t *testing.T, open Open) {
	RunReading(t, open)
	runAll(t, open, keeping)
}

// RunReading runs the tests of answers alone, for what keeps no index.
func RunReading(t *testing.T, open Open) { runAll(t, open, reading) }

func runAll(t *testing.T, open Open, cases []testCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// everything is the scope of an office PC's administrator.
var everything = evidence.Scope{All: true}

// page returns a page of a unit whose document is named by a word.
func page(unit, document, text string) search.Page {
	return search.Page{
		Unit: evidence.UnitID(unit), Period: "2022", Document: signature.HashOf([]byte(document)),
		Number: 1, Name: document + ".pdf", TextSource: "pdf", Text: text,
	}
}

func put(t *testing.T, x search.Index, pages ...search.Page) {
	t.Helper()
	if err := x.Apply(t.Context(), search.Batch{Put: pages}); err != nil {
		t.Fatalf("Apply: %v", err)
	}
}

func ask(t *testing.T, x search.Index, scope evidence.Scope, text string, change ...func(*search.Request)) search.Answer {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	r := search.Request{Query: q}
	for _, f := range change {
		f(&r)
	}
	a, err := x.Search(t.Context(), scope, r)
	if err != nil {
		t.Fatalf("Search(%q): %v", text, err)
	}
	return a
}

// brief returns an answer as "name:tier" of each hit.
func brief(a search.Answer) []string {
	out := []string{}
	for _, h := range a.Hits {
		out = append(out, strings.TrimSuffix(h.Page.Name, ".pdf")+":"+string(h.Tier))
	}
	return out
}

func want(t *testing.T, what string, a search.Answer, hits ...string) {
	t.Helper()
	if got := brief(a); !slices.Equal(got, hits) && (len(got) > 0 || len(hits) > 0) {
		t.Errorf("%s: got %v, want %v", what, got, hits)
	}
	if a.Exact && a.Total != len(hits) {
		t.Errorf("%s: got a total of %d, want %d", what, a.Total, len(hits))
	}
}

// scan is a page as an OCR without Vietnamese leaves it; the words were "Kiểm
// điểm, rút kinh nghiệm của cán bộ được giao; số hóa hồ sơ tại xã".
const scan = "Kiém diém, rat kinh nghiém cia can b6 dugc giao; s6 hoa hé so tai xa Thir nghiém " +
	"dé thyc hién nhiém vu chung cua don vi trong nam nay va nhirng nam sau do"

func testTiers(t *testing.T, x search.Index) {
	put(t, x,
		page("xa-a", "marked", "Báo cáo kiểm điểm, rút kinh nghiệm năm 2022"),
		page("xa-a", "other", "Báo cáo kiếm điểm rút kinh nghiệm"),
		page("xa-a", "bare", "Bao cao kiem diem rut kinh nghiem"),
		page("xa-a", "scan", scan),
		page("xa-a", "apart", "kiểm điểm thì rút kinh nghiệm"),
		page("xa-a", "none", "Kế hoạch tuyên truyền"),
	)
	want(t, "with marks", ask(t, x, everything, "kiểm điểm, rút kinh nghiệm"),
		append([]string{"marked:marked"}, byID("folded", "other", "bare", "scan:corrected")...)...)
	want(t, "the comma is of no account", ask(t, x, everything, "kiểm điểm rút kinh nghiệm"),
		append([]string{"marked:marked"}, byID("folded", "other", "bare", "scan:corrected")...)...)
	want(t, "without marks", ask(t, x, everything, "kiem diem rut kinh nghiem"),
		byID("folded", "marked", "other", "bare", "scan:corrected")...)
	want(t, "in quotes", ask(t, x, everything, `"kiểm điểm"`, strict),
		append(byID("marked", "marked", "apart"), byID("folded", "other", "bare", "scan")...)...)
	want(t, "symbols for letters", ask(t, x, everything, "cán bộ được giao"), "scan:corrected")
	want(t, "two syllables", ask(t, x, everything, "số hóa"), "scan:corrected")
	want(t, "nonsense", ask(t, x, everything, "xyzzy plugh frobozz quux"))
	want(t, "nonsense of syllables", ask(t, x, everything, "ngoằn khuya xoong tuế"))
}

func strict(r *search.Request) { r.Strict = true }

// byID orders document names as an index does whose pages have no date. A
// name with a tier of its own is put last.
func byID(tier string, names ...string) []string {
	var out, last []string
	for _, n := range names {
		if strings.Contains(n, ":") {
			last = append(last, n)
		} else {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return strings.Compare(page("xa-a", a, "").ID(), page("xa-a", b, "").ID())
	})
	for i := range out {
		out[i] += ":" + tier
	}
	return append(out, last...)
}

func testNumbers(t *testing.T, x search.Index) {
	report := page("xa-a", "report", "Số: 32/BC-UBND\nKiểm điểm, rút kinh nghiệm")
	report.CodeNumber, report.Notation, report.Date = "32", "BC-UBND", "2023-04-03"
	mention := page("xa-a", "mention", "Căn cứ Báo cáo số 32/BC- UBND ngay 03/4/2023")
	law := page("xa-a", "law", "Quyết định số 32/2022/QĐ-UBND của tỉnh")
	party := page("xa-a", "party", "Nghị quyết 12-NQ/TU về chuyển đổi số")
	other := page("xa-a", "other", "Công văn 132/BC-UBND, đạt 32/40 điểm")
	put(t, x, report, mention, law, party, other)
	for _, q := range []string{"32/BC-UBND", "32 bc ubnd", "số 32/bc-ubnd", "032/BC-UBND", "32 BC UBND", "\u202a32/BC\u200b-UBND\u202c"} {
		a := ask(t, x, everything, q, strict)
		if got := brief(a); len(got) < 2 || got[0] != "report:number" || got[1] != "mention:mention" || len(got) > 2 {
			t.Errorf("%q: got %v, want report:number, mention:mention", q, got)
		}
	}
	for _, q := range []string{"so 32", "số 32", "Số: 32", "32"} {
		a := ask(t, x, everything, q, strict)
		if got := brief(a); len(got) < 3 || got[0] != "report:number" || !strings.HasSuffix(got[2], ":mention") {
			t.Errorf("%s: got %v, want the report first, then two mentions", q, got)
		}
	}
	want(t, "with year", ask(t, x, everything, "số 32/2022/QĐ-UBND", strict), "law:mention")
	want(t, "party", ask(t, x, everything, "12-NQ/TU", strict), "party:mention")
	want(t, "own number with year", ask(t, x, everything, "32/2023/BC-UBND", strict), "report:number")
	want(t, "no such", ask(t, x, everything, "33/BC-UBND"))
}

func testQuery(t *testing.T, x search.Index) {
	put(t, x,
		page("xa-a", "one", "Bộ phận một cửa tuyên truyền dịch vụ công trực tuyến"),
		page("xa-a", "two", "Bộ phận một cửa liên thông tại thị trấn"),
		page("xa-a", "three", "một người và cửa hàng, trực tuyến"),
	)
	want(t, "phrase", ask(t, x, everything, `"một cửa"`, strict), byID("marked", "one", "two")...)
	want(t, "excluded word", ask(t, x, everything, `"một cửa" -tran`, strict), "one:marked")
	want(t, "excluded pair", ask(t, x, everything, `"một cửa" -"thị trấn"`, strict), "one:marked")
	want(t, "excluded phrase", ask(t, x, everything, `"một cửa" -"cua lien thong tai"`, strict), "one:marked")
	want(t, "excluded phrase with gaps", ask(t, x, everything, `"một cửa" -"bo mot cua"`, strict), byID("marked", "one", "two")...)
	want(t, "prefix", ask(t, x, everything, "tuye*", strict), byID("folded", "one", "three")...)
	want(t, "prefix and phrase", ask(t, x, everything, `"mot cua" tuy*`, strict), "one:folded")
	want(t, "two phrases", ask(t, x, everything, `"trực tuyến" "một cửa"`, strict), "one:marked")
	want(t, "dash between words", ask(t, x, everything, "cua hang - truc tuyen", strict), "three:folded")
	want(t, "words apart", ask(t, x, everything, "phận cửa tuyến"), "one:words")
	want(t, "words apart in quotes", ask(t, x, everything, `"phận cửa tuyến"`))
	a := ask(t, x, everything, "một cửa liên thông")
	if len(a.Hits) != 1 {
		t.Fatalf("got %v, want one hit", brief(a))
	}
	s := a.Hits[0].Snippet
	if len(s.Spans) != 1 || s.Text[s.Spans[0].Start:s.Spans[0].End] != "một cửa liên thông" {
		t.Errorf("got snippet %+v, want the phrase marked", s)
	}
}

func testLoose(t *testing.T, x search.Index) {
	put(t, x,
		page("xa-a", "plan", "Ban hành Kế hoạch cải cách hành chính năm 2022"),
		page("xa-a", "else", "Kết quả cải thiện hành lang"),
	)
	noisy := page("xa-b", "noisy", "Ban hanh Ké hogch cdi cdch hanh chinh nim 2022 cla Uy ban nhan dan x4, duge giao thyc hién")
	put(t, x, noisy)
	want(t, "a slip, in a bad scan", ask(t, x, evidence.Scope{Units: []evidence.UnitID{"xa-b"}}, "keo hoach cai cach"), "noisy:repaired")
	want(t, "no slip, in a bad scan", ask(t, x, evidence.Scope{Units: []evidence.UnitID{"xa-b"}}, "kế hoạch cải cách", strict), "noisy:corrected")
	if err := x.Apply(t.Context(), search.Batch{Delete: []search.DocumentRef{{Book: noisy.Book(), Document: noisy.Document}}}); err != nil {
		t.Fatal(err)
	}
	a := ask(t, x, everything, "keo hoach cai cach")
	want(t, "a slip", a, "plan:repaired")
	if !a.Loose {
		t.Error("got a loose hit in an answer that is not loose")
	}
	want(t, "a slip, strict", ask(t, x, everything, "keo hoach cai cach", strict))
	want(t, "one word too many", ask(t, x, everything, "kế hoạch về cải cách"), "plan:missing")
	want(t, "one word other", ask(t, x, everything, "ban hành kế toán cải cách"), "plan:missing")
	want(t, "number is not repaired", ask(t, x, everything, `"năm 2023"`))
}
