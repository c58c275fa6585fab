package search

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// shown returns the snippet of a query on a page, what was found in brackets.
func shown(t *testing.T, p Page, query string) string {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	v := newView(p)
	for _, s := range append(strictSteps(q), looseSteps(q)...) {
		places, ok := s.verify(v)
		if !ok {
			continue
		}
		got := snippet(v, append(places, matchPrefixes(v, q.Prefixes)...))
		var b strings.Builder
		at := 0
		for _, span := range got.Spans {
			b.WriteString(got.Text[at:span.Start] + "[" + got.Text[span.Start:span.End] + "]")
			at = span.End
		}
		return got.Zone + ": " + b.String() + got.Text[at:]
	}
	return ""
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("đầu trang ", 30) + "đây là nơi cần tìm" + strings.Repeat(" cuối trang", 30)
	for _, c := range []struct {
		name  string
		page  Page
		query string
		want  string
	}{
		{"marks as typed", Page{Text: "Kiểm Điểm, rút\n\n kinh nghiệm."}, "kiem diem rut", "text: [Kiểm Điểm, rút] kinh nghiệm."},
		{"decomposed text", Page{Text: norm.NFD.String("số hóa hồ sơ")}, "số hoá", "text: [" + norm.NFD.String("số hóa") + "]" + norm.NFD.String(" hồ sơ")},
		{"several", Page{Text: "ký số và ký số"}, "ký số", "text: [ký số] và [ký số]"},
		{"subject", Page{Text: "khác", Subject: "Kế hoạch năm"}, "ke hoach", "subject: [Kế hoạch] năm"},
		{"file name", Page{Name: "bao_cao-32.pdf"}, "bao cao", "name: [bao_cao]-32.pdf"},
		{"number", Page{Text: "Căn cứ Báo cáo số 32/BC- UBND ngày"}, "32 bc ubnd", "text: Căn cứ Báo cáo số [32/BC- UBND] ngày"},
		{"own number without text", Page{Subject: "Về việc họp", CodeNumber: "32", Notation: "BC-UBND"}, "32/BC-UBND", "subject: Về việc họp"},
		{"control characters", Page{Text: "a\u202e ký\x00 số\x07 b"}, "ký số", "text: a [ký số] b"},
		{"middle of a long text", Page{Text: long}, "nơi cần tìm",
			"text: " + strings.Repeat("đầu trang ", 4) + "đây là [nơi cần tìm]" + strings.Repeat(" cuối trang", 9) + " cuối"},
		{"prefix", Page{Text: "tuyên truyền"}, "truy*", "text: tuyên [truyền]"},
	} {
		if got := shown(t, c.page, c.query); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSnippetIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"one word":  "ký số " + strings.Repeat("x", 1<<20),
		"no spaces": strings.Repeat("đ", 1<<18) + " ký số",
		"marks":     "ký số" + strings.Repeat("\u0301", 1<<16),
		"invalid":   strings.Repeat("\xff", 1<<16) + " ký số " + strings.Repeat("\xe1\xba", 1<<16),
	} {
		v := newView(Page{Text: text})
		places := matchFolded(v, Phrase{Words: wordsOf("ky so")})
		got := snippet(v, places)
		if len(got.Text) > maxSnippet || !utf8.ValidString(got.Text) {
			t.Errorf("%s: got %d bytes, valid %v, want at most %d", name, len(got.Text), utf8.ValidString(got.Text), maxSnippet)
		}
		for _, s := range got.Spans {
			if s.Start < 0 || s.Start >= s.End || s.End > len(got.Text) {
				t.Errorf("%s: got span %v of %d bytes", name, s, len(got.Text))
			}
		}
	}
}
