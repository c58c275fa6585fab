package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/search"
	"minhchung/search/bleve"
)

var otherBook = evidence.BookID{Unit: "xa-b", Period: "2023"}

// searchable is a world with an index of a few pages.
func searchable(t *testing.T) *world {
	t.Helper()
	w := filled(t)
	w.addBook(otherBook, testRegister)
	index, err := bleve.Open(filepath.Join(t.TempDir(), "index"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := index.Close(); err != nil {
			t.Error(err)
		}
	})
	page := func(k evidence.BookID, document string, number int, text string) search.Page {
		return search.Page{Unit: k.Unit, Period: k.Period, Document: signature.HashOf([]byte(document)), Number: number, Name: document + ".pdf", TextSource: "pdf", Text: text}
	}
	first := page(testBook, "altered", 2, "Thực hiện kế hoạch cải cách hành chính <b>năm</b> 2022 \u202eđảo")
	first.CodeNumber, first.Notation, first.Type, first.Date, first.State = "1", "BC-UBND", "Báo cáo", "2022-01-04", evidence.Disproven
	first.Criteria = []string{"1.1", "1.6"}
	batch := search.Batch{Put: []search.Page{
		first, page(testBook, "plain", 1, "ke hoach cai cach hanh chinh cua xa"), page(otherBook, "khác", 1, "kế hoạch cải cách của xã khác"),
	}, Cursors: map[evidence.BookID]int64{testBook: w.size(testBook), otherBook: 1}}
	for i := range 45 {
		batch.Put = append(batch.Put, page(testBook, fmt.Sprintf("nhiều %d", i), 1, "trang số nhiều lắm"))
	}
	if err := index.Apply(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	w.cfg.Search = index
	w.start()
	return w
}

func (w *world) size(k evidence.BookID) (size int64) {
	w.t.Helper()
	err := w.session.Store.View(w.t.Context(), evidence.Scope{All: true}, k, func(r evidence.Reader) error {
		head, err := r.Head(w.t.Context())
		size = head.Size
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return size
}

func (w *world) search(query string, more ...string) (int, string) {
	w.t.Helper()
	values := url.Values{"q": {query}}
	for i := 0; i < len(more); i += 2 {
		values.Add(more[i], more[i+1])
	}
	out := w.get("/search?" + values.Encode())
	checkPage(w.t, "/search?q="+query, out, "vi")
	return out.Code, out.Body.String()
}

func TestSearchPage(t *testing.T) {
	w := searchable(t)
	for _, test := range []struct {
		query  string
		filter []string
		want   []string
		absent []string
	}{
		{"ke hoach cai cach", nil, []string{
			"3 trang khớp.", "<mark>kế hoạch cải cách</mark> hành chính &lt;b&gt;năm&lt;/b&gt; 2022 đảo", "1/BC-UBND", "không đạt", "UBND xã Thử",
			"trang 2, <bdi>altered.pdf</bdi>, tiêu chí 1.1, 1.6", "&amp;page=2#preview", "khớp không xét dấu",
			"criterion=1.1&amp;q=ke&#43;hoach", "CHƯA ĐỦ", "1 sổ chưa đọc hết", `<input id="q" name="q" type="search" value="ke hoach cai cach"`,
		}, []string{"gần đúng"}},
		{"kế hoạch cải cách", []string{"unit", "xa-b"}, []string{"1 trang khớp.", "khớp cả dấu", "Đang lọc:", "Đơn vị: UBND xã Thử (xa-b)"}, []string{"1/BC-UBND"}},
		{"kế hoạch", []string{"criterion", "1.6", "state", "PROVEN"}, []string{"Không có trang nào khớp.", "Trạng thái: được chứng minh", "Tiêu chí: 1.6"}, nil},
		{"1/bc-ubnd", nil, []string{"Được hiểu là số văn bản: 1/bc-ubnd.", "đúng số văn bản"}, nil},
		{"keo hoach cai cach", nil, []string{"kết quả gần đúng", "gần đúng: sửa một âm tiết"}, nil},
		{"qwrtz", nil, []string{"Không có trang nào khớp.", "Thử bớt chữ"}, []string{"<mark>"}},
		{"trang số nhiều lắm", nil, []string{"45 trang khớp.", "Kết quả 1 đến 20", `rel="next"`, "page=2"}, []string{`rel="prev"`}},
		{"trang số nhiều lắm", []string{"page", "3"}, []string{"Kết quả 41 đến 45", `start="41"`, `rel="prev"`}, []string{`rel="next"`}},
		{"trang số nhiều lắm", []string{"page", "999"}, []string{"45 trang khớp."}, []string{`rel="next"`}},
		{"<script>alert(1)</script>", nil, []string{"&lt;script&gt;"}, []string{"<script>"}},
		{"kế \u202ehoạch\x1b", nil, []string{"kế \ufffdhoạch\ufffd"}, []string{"\u202e", "\x1b"}},
	} {
		code, body := w.search(test.query, test.filter...)
		if code != http.StatusOK {
			t.Errorf("%q: got %d", test.query, code)
		}
		for _, want := range test.want {
			if !strings.Contains(body, want) {
				t.Errorf("%q: got no %q in:\n%s", test.query, want, body)
			}
		}
		for _, absent := range test.absent {
			if strings.Contains(body, absent) {
				t.Errorf("%q: got %q", test.query, absent)
			}
		}
	}
}

// TestSearchRefused: what cannot be asked is a sentence, and no page repeats a
// book that was typed into the box.
func TestSearchRefused(t *testing.T) {
	w := searchable(t)
	for query, want := range map[string]string{
		strings.Repeat("a", 5000):           "Câu tìm dài quá 500 ký tự",
		strings.Repeat("a ", 40):            "Câu tìm có hơn 32 từ",
		"":                                  "Hãy gõ ít nhất một từ",
		" \u0300\u0301 ... !!! --- \u200b ": "Hãy gõ ít nhất một từ",
		"*":                                 "Hãy gõ ít nhất một từ",
		`""`:                                "Hãy gõ ít nhất một từ",
		"-dự -họp":                          "Câu tìm chỉ có từ cần loại",
	} {
		code, body := w.search(query)
		if code != http.StatusBadRequest || !strings.Contains(body, want) || len(body) > 20_000 {
			t.Errorf("%.40q: got %d and %d bytes, want 400 and %q", query, code, len(body), want)
		}
	}
	for _, filter := range [][]string{
		{"unit", strings.Repeat("x", valueBytes+1)}, {"state", "\xff"},
		slices.Repeat([]string{"type", "a"}, mostFiltered+1),
	} {
		if code, body := w.search("kế hoạch", filter...); code != http.StatusBadRequest || !strings.Contains(body, "Bộ lọc không đúng") {
			t.Errorf("%.40q: got %d", filter, code)
		}
	}
	if out := w.get("/search"); out.Code != http.StatusOK || !strings.Contains(out.Body.String(), "ke hoach cai cach") {
		t.Errorf("without a query: got %d, want how to search", out.Code)
	}
}

type notReady struct{ err error }

func (n notReady) Search(context.Context, evidence.Scope, search.Request) (search.Answer, error) {
	return search.Answer{}, n.err
}

func TestSearchNotReady(t *testing.T) {
	w := filled(t)
	for _, test := range []struct {
		search Searcher
		want   int
	}{{nil, 503}, {notReady{ErrNotReady}, 503}, {notReady{context.DeadlineExceeded}, 503}, {notReady{errors.New("broken")}, 500}} {
		w.cfg.Search = test.search
		w.start()
		code, body := w.search("kế hoạch")
		if code != test.want {
			t.Errorf("%v: got %d, want %d: %s", test.search, code, test.want, body)
		}
	}
}

// TestSearchScope: a visitor finds nothing of another unit, in no list.
func TestSearchScope(t *testing.T) {
	w := searchable(t)
	w.who.All, w.who.Units = false, []evidence.UnitID{"xa-a"}
	_, body := w.search("kế hoạch cải cách")
	if !strings.Contains(body, "2 trang khớp") || strings.Contains(body, "xã khác") || strings.Contains(body, "xa-b") {
		t.Errorf("got %s", body)
	}
	if !strings.Contains(body, "của 1 sổ: đủ") {
		t.Error("the coverage counts a book out of scope")
	}
}

// TestSearchWords: every tier, facet and kind of text has words.
func TestSearchWords(t *testing.T) {
	tiers := []search.Tier{search.TierNumber, search.TierMention, search.TierMarked, search.TierFolded, search.TierCorrected, search.TierRepaired, search.TierMissing, search.TierWords}
	for _, tier := range tiers {
		if !message.Has("tier." + string(tier)) {
			t.Errorf("tier %s has no words", tier)
		}
	}
	for _, name := range facetNames() {
		if !message.Has("web.facet-" + name) {
			t.Errorf("facet %s has no words", name)
		}
	}
}

func TestMarked(t *testing.T) {
	for _, test := range []struct {
		snippet search.Snippet
		want    string
	}{
		{search.Snippet{Text: "abcdef", Spans: []search.Span{{Start: 0, End: 2}, {Start: 2, End: 3}, {Start: 5, End: 6}}}, "[ab][c]de[f]"},
		{search.Snippet{Text: "abc", Spans: []search.Span{{Start: 1, End: 9}, {Start: 2, End: 1}, {Start: -1, End: 1}}}, "abc"},
		{search.Snippet{}, ""},
	} {
		var got strings.Builder
		for _, p := range marked(test.snippet) {
			if p.Marked {
				got.WriteString("[" + p.Text + "]")
			} else {
				got.WriteString(p.Text)
			}
		}
		if got.String() != test.want {
			t.Errorf("%v: got %q, want %q", test.snippet, got.String(), test.want)
		}
	}
}

// degraded is a Searcher whose answers were read from the database, and not to
// the end when incomplete.
type degraded struct {
	search.Index
	incomplete bool
}

func (d degraded) Search(ctx context.Context, scope evidence.Scope, r search.Request) (search.Answer, error) {
	a, err := d.Index.Search(ctx, scope, r)
	a.Degraded, a.Incomplete = true, d.incomplete
	return a, err
}

func TestSearchPageWithoutIndex(t *testing.T) {
	const notice, some = "Đang tra cứu tạm trong cơ sở dữ liệu (chậm hơn), chỉ mục đang được khôi phục", "CHƯA ĐỦ: chưa kịp đọc hết"
	w := searchable(t)
	if _, body := w.search("ke hoach cai cach"); strings.Contains(body, notice) {
		t.Errorf("got the notice of an outage with an index:\n%s", body)
	}
	index := w.cfg.Search.(search.Index)
	for _, incomplete := range []bool{false, true} {
		w.cfg.Search = degraded{index, incomplete}
		w.start()
		_, body := w.search("ke hoach cai cach")
		if !strings.Contains(body, notice) || strings.Contains(body, some) != incomplete || strings.Contains(body, "trang khớp trong phần đã đọc") != incomplete || !strings.Contains(body, "<mark>") {
			t.Errorf("incomplete %v: got\n%s", incomplete, body)
		}
	}
}
