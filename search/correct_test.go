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
