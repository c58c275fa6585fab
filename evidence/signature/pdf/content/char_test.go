package content

import (
	"strings"
	"testing"
)

// charsFont has two-byte codes that share their low byte.
var charsFont = map[int]string{
	7: "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 8 0 R/DescendantFonts[<</Subtype/CIDFontType2/DW 500/W[65[600] 321[700]]>>]>>",
	8: stream("", "3 beginbfchar <0041> <0041> <0141> <0042> <0241> <0020> endbfchar"),
}

// TestChars asks for codes that take turns in the table of a font.
func TestChars(t *testing.T) {
	d := draw(t, "BT /F1 10 Tf 100 200 Td <004101410041024101410041> Tj ET", charsFont)
	if got, want := show(d), "text 100 198 119 210 ABA; text 124 198 137 210 BA"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestManyChars draws the same whether there is room for a table or not.
func TestManyChars(t *testing.T) {
	r := revision(t, charsFont)
	f := newMachine(r, Limits{}).loadFont(nil)
	for _, kept := range []int{0, maxKept - slotChars, maxKept - slotChars - 1, maxKept} {
		m := newMachine(r, Limits{})
		m.kept, f.chars = kept, nil
		var said strings.Builder
		for _, code := range []int{65, 66, 65, 321, 66} {
			said.WriteString(m.char(f, code).text)
		}
		if said.String() != "ABAB" {
			t.Errorf("with %d kept before: got %q, want ABAB", kept, &said)
		}
		if f.chars != nil && kept+slotChars+len(f.chars.list) > maxKept {
			t.Errorf("with %d kept before: got %d more, want %d in all", kept, len(f.chars.list), maxKept)
		}
	}
}

// TestNumbers reads what number reads without strconv.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-.5": -.5, "+12.": 12, "--5": -5, "0.1": 0.1, "123456789.123456": 123456789.123456,
		"999999999999999": 999999999999999, "0000000000000000001.5": 1.5, "12345678901234567890": 12345678901234567890,
	} {
		if got, ok := number([]byte(text)); !ok || got != want {
			t.Errorf("%s: got %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", ".", "-", "1.2.3", "1-2", "+-5", "1e5", strings.Repeat("1", 65)} {
		if got, ok := number([]byte(text)); ok {
			t.Errorf("%s: got %v, want no number", text, got)
		}
	}
}
