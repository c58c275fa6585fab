package content

import (
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

func TestFontStays(t *testing.T) {
	honest := [4]int16{50, -200, 550, 1200}
	deep := [4]int16{50, -5000, 550, 700}
	wide := [4]int16{50, 0, 4000, 700}
	back := [4]int16{-3000, 0, 10, 700}
	program := func(data []byte) string { return stream("", string(data)) }
	composite := func(font, width string) map[int]string {
		return map[int]string{
			7: "<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</Subtype/CIDFontType2/DW " + width + "/FontDescriptor<</FontFile2 8 0 R>>>>]>>",
			8: font,
		}
	}
	simple := func(key, font string) map[int]string {
		return map[int]string{7: "<</Type/Font/Subtype/TrueType/FontDescriptor<<" + key + " 8 0 R>>>>", 8: font}
	}
	for _, c := range []struct {
		name    string
		objects map[int]string
		code    int
		want    bool
	}{
		{"honest", composite(program(pdftest.TrueType([2]int16{}, honest)), "600"), 1, true},
		{"blank", composite(program(pdftest.TrueType([2]int16{}, honest)), "600"), 0, true},
		{"below the line", composite(program(pdftest.TrueType([2]int16{}, honest, deep)), "600"), 2, false},
		{"only the used glyph counts", composite(program(pdftest.TrueType([2]int16{}, honest, deep)), "600"), 1, true},
		{"beyond its width", composite(program(pdftest.TrueType([2]int16{}, wide)), "600"), 1, false},
		{"width that lies", composite(program(pdftest.TrueType([2]int16{}, [4]int16{0, 0, 2000, 700})), "100"), 1, false},
		{"before its place", composite(program(pdftest.TrueType([2]int16{}, back)), "600"), 1, false},
		{"composite", composite(program(pdftest.TrueType([2]int16{10, 10}, honest)), "600"), 2, true},
		{"composite that wanders", composite(program(pdftest.TrueType([2]int16{0, -9000}, honest)), "600"), 2, false},
		{"simple, all glyphs honest", simple("/FontFile2", program(pdftest.TrueType([2]int16{}, honest))), 65, true},
		{"simple, one glyph is not", simple("/FontFile2", program(pdftest.TrueType([2]int16{}, honest, deep))), 65, false},
		{"not TrueType", simple("/FontFile3", program(nil)), 65, false},
		{"broken", simple("/FontFile2", program([]byte("\x00\x01\x00\x00\x00\x06junk"))), 65, false},
		{"not embedded", map[int]string{7: helvetica}, 65, true},
		{"procedures", map[int]string{7: "<</Type/Font/Subtype/Type3>>"}, 65, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := revision(t, c.objects)
			font, err := r.Dict(syntax.Ref{Num: 7})
			if err != nil {
				t.Fatal(err)
			}
			if got := ReachOf(r, font, []int{c.code}).Stays(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzTrueType(f *testing.F) {
	f.Add(pdftest.TrueType([2]int16{}, [4]int16{0, 0, 1, 1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if font, ok := openTrueType(data); ok {
			font.stays()
		}
	})
}
