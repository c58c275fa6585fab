package search

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence/text/syllable"
)

// TestConfusionTableIsTheMeasuredOne compares the embedded table with the one
// that deploy/search/make-confusion writes.
func TestConfusionTableIsTheMeasuredOne(t *testing.T) {
	measured, err := os.ReadFile("../deploy/search/confusion.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(measured, confusionJSON) {
		t.Error("search/confusion.json differs from deploy/search/confusion.json")
	}
}

// read returns the syllables a piece may have been, best first.
func read(raw string) (out []string) {
	for _, r := range guess(raw).list {
		out = append(out, model().syllables[r.syllable])
	}
	return out
}

func TestReadings(t *testing.T) {
	for seen, written := range map[string]string{
		"s6": "so", "thyc": "thuc", "dugc": "duoc", "nghiém": "nghiem", "rat": "rut", "cia": "cua",
		"chirc": "chuc", "truée": "truoc", "b6": "bo", "vy": "vu", "kién": "kien", "cudc": "cuoc", "H¢": "ho",
	} {
		if got := read(seen); !slices.Contains(got, written) {
			t.Errorf("%q: got %v, want %q among them", seen, got, written)
		}
	}
	for _, same := range []string{"2022", "1.831", "98,4", "internationalisation"} {
		if got := read(same); len(got) > 0 {
			t.Errorf("%q: got %v, want no correction", same, got)
		}
	}
}

// TestReadingsAreFew guards the size of the index: what a word may stand for
// is bounded, whatever the word.
func TestReadingsAreFew(t *testing.T) {
	for _, s := range append(syllable.All(), "a", "ii", "tttttttttt", "@@@a", "¢6¢6a", strings.Repeat("x", 1<<16)) {
		if got := read(s); len(got) > maxReadings {
			t.Errorf("%.20q: got %d readings, want at most %d", s, len(got), maxReadings)
		}
	}
}

func TestOnlyNoisyTextIsCorrected(t *testing.T) {
	clean := "Ủy ban nhân dân xã ban hành kế hoạch cải cách hành chính năm 2022 của cán bộ công chức"
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"typed", clean, false},
		{"typed without marks", syllable.Fold(clean), false},
		{"numbers and abbreviations", "UBND TTHC 2022 1.831/1.861 98,4 %", false},
		{"bad scan", "Uy ban nhan dan x4 ban hanh ké hoach cai cach hanh chinh nim 2022 cia can b6 cong chirc", true},
		{"empty", "", false},
	} {
		if got := corrections(c.text, syllable.Split(c.text)) != nil; got != c.want {
			t.Errorf("%s: got corrected %v, want %v (%+v)", c.name, got, c.want, syllable.Measure(c.text))
		}
	}
}

// spoilt makes a noisy text of a piece, so that it is corrected.
func spoilt(piece string) string {
	return "Uy ban nhan dan x4 ban hanh ké hogch, " + piece + ", dugc giao thyc hién trong nim 2022 cla don vi"
}

// TestPhrasesInNoise tries what OCR does to the spaces and ends of words. The
// index must hold the terms of whatever verification bears out.
func TestPhrasesInNoise(t *testing.T) {
	for _, c := range []struct{ name, read, phrase string }{
		{"run together", "cdi cdch thi tyc hinhchinh", "thủ tục hành chính"},
		{"run together with what stands before", "cdi cdch vathi tyc hanh chinh", "thủ tục hành chính"},
		{"torn apart", "cdi cdch thi tyc ha nh chinh", "thủ tục hành chính"},
		{"divided at the end of a line", "cdi cdch thi tyc hanh chi-\nnh", "thủ tục hành chính"},
		{"across lines", "cdi cdch thi\ntyc\r\n\r\n hanh chinh", "thủ tục hành chính"},
		{"a comma of no account", "kiém diém, rat kinh nghiém", "kiểm điểm rút kinh nghiệm"},
		{"a stop read for a comma", "kiém diém. rat kinh nghiém", "kiểm điểm, rút kinh nghiệm"},
		{"quotes inside", "thu’c hién céng vi€c", "thực hiện công việc"},
		{"a bar for a letter", "ty |é hé so", "tỷ lệ hồ sơ"},
		{"a digit for a word", "hoa gidi 6 co s6", "hòa giải ở cơ sở"},
		{"decomposed", "thi tu\u0323c ha\u0300nh chinh", "thủ tục hành chính"},
	} {
		p := Page{Text: spoilt(c.read)}
		q, err := Parse(c.phrase)
		if err != nil {
			t.Fatal(err)
		}
		if either(newView(p), q.Phrases[0]) == nil {
			t.Errorf("%s: %q is not borne out by %q", c.name, c.phrase, c.read)
		}
		if terms := Terms(p); !selects(correctedExpr(q.Phrases[0]), terms) && !selects(foldedExpr(q.Phrases[0]), terms) {
			t.Errorf("%s: the index does not find %q in %q", c.name, c.phrase, c.read)
		}
	}
	for _, c := range []struct{ name, read, phrase string }{
		{"numbers are numbers", "dat 123 diém", "đạt la diem"},
		{"a number is another", "nim 2021 cia xa", "năm 2022 của xã"},
		{"syllables at random", "cdi cdch thi tyc hanh chinh", "khoai bếp tôm rừng"},
		{"one word other", "cdi cdch thi tyc hanh chinh", "thủ tục phong chính"},
		{"order", "cdi cdch thi tyc hanh chinh", "hành chính thủ tục"},
	} {
		q, err := Parse(c.phrase)
		if err != nil {
			t.Fatal(err)
		}
		if got := either(newView(Page{Text: spoilt(c.read)}), q.Phrases[0]); got != nil {
			t.Errorf("%s: %q is borne out by %q at %v", c.name, c.phrase, c.read, got)
		}
	}
}

// selects tells whether an engine would find a page by an expression.
func selects(e Expr, terms map[Field][]string) bool {
	has := func(p Expr) bool { return selects(p, terms) }
	switch e.Op {
	case OpTerm:
		return slices.Contains(terms[e.Field], e.Value)
	case OpAll:
		return !slices.ContainsFunc(e.Parts, func(p Expr) bool { return !has(p) })
	case OpAny:
		return slices.ContainsFunc(e.Parts, has)
	}
	return false
}

func TestTermsAreSortedAndUnique(t *testing.T) {
	p := Page{Text: "ký số, ký số", Subject: "số hóa", CodeNumber: "32", Notation: "BC-UBND"}
	for field, values := range Terms(p) {
		if !slices.IsSorted(values) || len(slices.Compact(slices.Clone(values))) != len(values) {
			t.Errorf("%s: got %q, want sorted, each once", field, values)
		}
		if !slices.Contains(TermFields(), field) {
			t.Errorf("got field %q, which TermFields does not list", field)
		}
	}
	if slices.Contains(Terms(p)[FieldBigram], "so_so") {
		t.Error("got a pair across two texts of a page")
	}
}

func TestNeighbours(t *testing.T) {
	got := neighbours("keo")
	for _, near := range []string{"ke", "kheo", "beo", "ken"} {
		if !slices.Contains(got, near) {
			t.Errorf("keo: got %v, want %q among them", got, near)
		}
	}
	if slices.Contains(got, "keo") || slices.Contains(got, "khe") && !oneAway("khe", "keo") {
		t.Errorf("keo: got itself or one too far: %v", got)
	}
	if !oneAway("hcinh", "chinh") {
		t.Error("exchanged letters: got too far")
	}
}
