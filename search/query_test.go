package search

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"minhchung/evidence/signature"
)

// show writes a query in one line: phrases in quotes, +prefixes, -exclusions.
func show(q Query) string {
	var out []string
	words := func(p Phrase) string {
		var w []string
		for _, word := range p.Words {
			w = append(w, word.Folded)
		}
		return `"` + strings.Join(w, " ") + `"`
	}
	for _, p := range q.Phrases {
		out = append(out, words(p))
	}
	for _, p := range q.Prefixes {
		out = append(out, "+"+p)
	}
	for _, p := range q.Excluded {
		out = append(out, "-"+words(p))
	}
	if q.Number != nil {
		out = append(out, "#"+q.Number.Key())
	}
	return strings.Join(out, " ")
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"kế hoạch  cải cách", `"ke hoach cai cach"`},
		{"kiểm điểm, rút kinh nghiệm", `"kiem diem rut kinh nghiem"`},
		{`"một cửa" trực tuyến`, `"mot cua" "truc tuyen"`},
		{`“một cửa” -trấn`, `"mot cua" -"tran"`},
		{`xã -"thị trấn" Quang`, `"xa quang" -"thi tran"`},
		{"tư pháp - hộ tịch", `"tu phap ho tich"`},
		{"tuyên*", "+tuyen"},
		{"thông tin tuy*", `"thong tin" +tuy`},
		{"thong-tin*", `"thong" +tin`},
		{`"chưa đóng`, `"chua dong"`},
		{"32/BC-UBND", `"32 bc ubnd" #32/bc-ubnd`},
		{"32 bc ubnd", `"32 bc ubnd" #32/bc-ubnd`},
		{"so 032", `"so 032" #32`},
		{"Số: 32/2022/QĐ-UBND", `"so 32 2022 qd ubnd" #32/2022/qd-ubnd`},
		{"12-NQ/TU", `"12 nq tu" #12/nq-tu`},
		{"32a/KH-UBND", `"32a kh ubnd" #32a/kh-ubnd`},
		{`32/BC-UBND "rút kinh nghiệm"`, `"rut kinh nghiem" "32 bc ubnd" #32/bc-ubnd`},
		{"10 phiếu", `"10 phieu"`},
		{"2022", `"2022" #2022`},
		{"mức độ 3, 4", `"muc do 3 4"`},
		{"1831/1861", `"1831 1861"`},
		{"\u202echuyển đ\u200bổi\u202c số", `"chuyen doi so"`},
		{"chuyển\x00đổi\x1b[31m\tsố\n", `"chuyen doi 31m so"`},
		{"\u2067-\u2069 \u200f32\u200e/BC-UBND", `"32 bc ubnd" #32/bc-ubnd`},
		{"ký\xff số", `"ky so"`},
	} {
		q, err := Parse(c.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.in, err)
			continue
		}
		if got := show(q); got != c.want {
			t.Errorf("Parse(%q): got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, code := range map[string]string{
		"":                                 "empty",
		" \t\n":                            "empty",
		"... , ; - !":                      "empty",
		`""`:                               "empty",
		"\u202e\u200b":                     "empty",
		"-dự":                              "only-excluded",
		"…。،؟ «» ‹› “” ''":                 "empty",
		"\u202e\u2066\x00\x07\u200d\ufeff": "empty",
		`"..." -"!" ?*`:                    "empty",
		"-\u202edự\u202c":                  "only-excluded",
		strings.Repeat("x", 5000):          "long",
		strings.Repeat("kế hoạch ", 556):   "long",
		strings.Repeat("\u0301", 5000):     "long",
		strings.Repeat("một ", 33):         "words",
		strings.Repeat("-một ", 40):        "words",
		`"` + strings.Repeat("a-", 100):    "words",
	} {
		var e *QueryError
		if _, err := Parse(in); !errors.As(err, &e) || e.Code != code {
			t.Errorf("Parse(%.20q): got %v, want %s", in, err, code)
		}
	}
}

// TestRefusalIsASentence: what a person reads says what to do with the query.
func TestRefusalIsASentence(t *testing.T) {
	for in, want := range map[string]string{
		strings.Repeat("x", 5000):   "the query has more than 500 characters",
		strings.Repeat("một ", 33):  "the query has more than 32 words",
		"?!":                        "the query holds no word",
		`-"dự thảo"`:                "the query only excludes",
		strings.Repeat(". ", 2500):  "the query has more than 500 characters",
		strings.Repeat("\u202e", 9): "the query holds no word",
	} {
		if _, err := Parse(in); err == nil || err.Error() != want {
			t.Errorf("Parse(%.20q): got %v, want %s", in, err, want)
		}
	}
	if q, err := Parse("ký\u202e số\x07"); err != nil || q.Text != "ký số" {
		t.Errorf("got text %q, %v, want what can be seen", q.Text, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`"một cửa" -x tuy*`, "32/BC-UBND", "-\"", "*", "“"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		v := newView(Page{Text: text, Subject: "một cửa"})
		for _, s := range append(strictSteps(q), looseSteps(q)...) {
			if places, ok := s.verify(v); ok {
				snippet(v, places)
			}
		}
	})
}

func TestMentions(t *testing.T) {
	for text, want := range map[string][]string{
		"Báo cáo số 95/BC-UBND ngày 23/3/2023":         {"95/bc-ubnd", "95"},
		"Sb:32 /BC- UBND Quang Khai":                   {"32/bc-ubnd", "32"},
		"Nghị định số 43/2011/NĐ-CP":                   {"43/2011/nd-cp", "43/2011"},
		"CV sb 623/UBND- VP ngay 06/5":                 {"623/ubnd-vp", "623"},
		"Nghị quyết 12-NQ/TU":                          {"12/nq-tu"},
		"đạt 11,9/15 điểm, 1.831/1.861 văn bản, 23/3":  nil,
		"Số: 32/BC-UBND - QUANG KHẢI, ngày 03 tháng 4": {"32/bc-ubnd", "32"},
		"kế hoạch 07/KH-UBND":                          {"7/kh-ubnd"},
		"999999999999999999/BC-UBND":                   {"999999/bc-ubnd"},
		"số 5":                                         {"5"},
		"a/b/c 1/x 2/và 3/\xff":                        nil,
	} {
		var got []string
		for _, m := range mentions(text) {
			got = append(got, m.Key())
			if m.Start < 0 || m.End > len(text) || m.Start >= m.End {
				t.Errorf("%q: got span %v", text, m.Span)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOwnNumber(t *testing.T) {
	for _, c := range []struct {
		page Page
		want string
	}{
		{Page{CodeNumber: "032", Notation: "BC-UBND", Date: "2023-04-03"}, "32/2023/bc-ubnd"},
		{Page{CodeNumber: "32", Notation: "2022/QĐ-UBND", Date: "2023-01-01"}, "32/2022/qd-ubnd"},
		{Page{CodeNumber: "32a", Notation: ""}, "32a"},
	} {
		got, ok := c.page.ownNumber()
		if !ok || got.Key() != c.want {
			t.Errorf("%+v: got %q, want %q", c.page, got.Key(), c.want)
		}
	}
	if _, ok := (Page{Notation: "BC-UBND"}).ownNumber(); ok {
		t.Error("got a number of a page without one")
	}
}

func TestPageIDIsInjective(t *testing.T) {
	hash := signature.HashOf(nil)
	seen := map[string]Page{}
	for _, p := range []Page{
		{Unit: "a", Period: "2022"}, {Unit: "a", Period: "2022/1"}, {Unit: "a", Period: "2022_2f1"},
		{Unit: "a", Period: "2022-1"}, {Unit: "a", Period: "đ"}, {Unit: "a", Period: ""}, {Unit: "a-", Period: "2022"},
		{Unit: "a", Period: "2022", Number: 1}, {Unit: "a", Period: "2022", Number: 11},
	} {
		p.Document = hash
		if old, ok := seen[p.ID()]; ok {
			t.Errorf("got one ID %s for %+v and %+v", p.ID(), old, p)
		}
		seen[p.ID()] = p
	}
}
