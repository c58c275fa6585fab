package content

import (
	"math"
	"slices"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

const usual = "0.001 0 0 0.001 0 0"

// TestExtent measures font programs whose glyphs are known.
func TestExtent(t *testing.T) {
	box2, box1 := pdftest.BoxType2, pdftest.BoxType1
	subr := append(box2(0, 0, 300, 300)[:8:8], 11)
	line := func(op ...byte) []byte { return slices.Concat([]byte{139, 139, 21}, op, []byte{14}) } // after 0 0 rmoveto
	for _, c := range []struct {
		name string
		cff  []byte
		t1   []byte
		want Rect
		ok   bool
	}{
		{name: "two boxes", cff: pdftest.CFF(subr, box2(50, -200, 550, 700), box2(-100, 0, 300, 900)), want: Rect{-0.1, -0.2, 0.55, 0.9}, ok: true},
		{name: "nothing drawn", cff: pdftest.CFF(subr, line(), line()), want: Rect{}, ok: true},
		{name: "a curve", cff: pdftest.CFF(subr, line(149, 239, 159, 169, 189, 39, 8)), want: Rect{0, 0, 0.08, 0.13}, ok: true},
		{name: "hint masks hold no operators", cff: pdftest.CFF(subr, slices.Concat([]byte{140, 141, 1, 140, 141, 19, 14}, box2(0, 0, 100, 100))), want: Rect{0, 0, 0.1, 0.1}, ok: true},
		{name: "a subroutine that ends the glyph", cff: pdftest.CFF(box2(0, 0, 700, 300), []byte{139 - 107, 10}), want: Rect{0, 0, 0.7, 0.3}, ok: true},
		{name: "a subroutine of itself", cff: pdftest.CFF([]byte{139 - 107, 10, 11}, []byte{139 - 107, 10, 14})},
		{name: "no such subroutine", cff: pdftest.CFF(subr, []byte{139, 10, 14})},
		{name: "no end", cff: pdftest.CFF(subr, box2(0, 0, 1, 1)[:5])},
		{name: "arithmetic", cff: pdftest.CFF(subr, line(140, 140, 12, 10))},
		{name: "an accent far away", cff: pdftest.CFF(subr, box2(0, 0, 100, 100), slices.Concat([]byte{28, 3, 232, 139, 204, 205, 14})), want: Rect{0, 0, 1.1, 0.1}, ok: true},
		{name: "cut short", cff: pdftest.CFF(subr, box2(0, 0, 100, 100))[:60]},
		{name: "Type 1", t1: pdftest.Type1(usual, box1(50, -200, 550, 700), box1(0, 0, 2000, 10)), want: Rect{0, -0.2, 2, 0.7}, ok: true},
		{name: "Type 1 with another matrix", t1: pdftest.Type1("0.01 0 0 0.01 0 0", box1(0, 0, 100, 100))},
		{name: "Type 1, division", t1: pdftest.Type1(usual, []byte{139, 139, 13, 139, 139, 21, 239, 141, 12, 12, 6, 14}), want: Rect{0, 0, 0.05, 0}, ok: true},
		{name: "Type 1, a jump that no flex made", t1: pdftest.Type1(usual, []byte{139, 139, 13, 239, 239, 12, 33, 239, 6, 14})},
		{name: "Type 1, an unknown procedure", t1: pdftest.Type1(usual, []byte{139, 139, 13, 139, 160, 12, 16, 239, 6, 14})},
		{name: "Type 1, an accent far away", t1: pdftest.Type1(usual, box1(0, 0, 100, 100), []byte{139, 139, 13, 139, 239, 239, 204, 205, 12, 6}), want: Rect{0, 0, 0.2, 0.2}, ok: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got Rect
			ok := false
			if c.cff != nil {
				if f, open := openCFF(c.cff); open {
					got, ok = f.extent()
				}
			} else if f, open := openType1(c.t1); open {
				got, ok = f.extent()
			}
			near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
			if ok != c.ok || ok && !(near(got.X0, c.want.X0) && near(got.Y0, c.want.Y0) && near(got.X1, c.want.X1) && near(got.Y1, c.want.Y1)) {
				t.Errorf("got %v, %t, want %v, %t", got, ok, c.want, c.ok)
			}
		})
	}
}

// TestAround: the place of a text grows by what its font may draw beyond it.
func TestAround(t *testing.T) {
	font := func(key, program string) map[int]string {
		return map[int]string{7: "<</Type/Font/Subtype/Type1/FirstChar 65/Widths[600]/FontDescriptor<<" + key + " 8 0 R>>>>", 8: stream("", program)}
	}
	narrow, wide := pdftest.BoxType2(0, -200, 550, 700), pdftest.BoxType2(-300, -500, 2600, 1700)
	mark := Mark{Kind: Text, Box: Rect{100, 100, 112, 120}, Em: 20, Upright: true, Bounded: true, Codes: []int{65}}
	turned := mark
	turned.Upright = false
	for _, c := range []struct {
		name    string
		objects map[int]string
		mark    Mark
		want    Rect
		ok      bool
	}{
		{"stays", font("/FontFile3", string(pdftest.CFF([]byte{11}, narrow))), mark, mark.Box, true},
		{"goes further", font("/FontFile3", string(pdftest.CFF([]byte{11}, narrow, wide))), mark, Rect{94, 94, 152, 140}, true},
		{"goes further, turned", font("/FontFile3", string(pdftest.CFF([]byte{11}, wide))), turned, Rect{48, 48, 164, 172}, true},
		{"too far", font("/FontFile", string(pdftest.Type1(usual, pdftest.BoxType1(0, 0, 5000, 10)))), mark, Rect{}, false},
		{"two programs", map[int]string{7: "<</Type/Font/Subtype/Type1/FontDescriptor<</FontFile2 8 0 R/FontFile3 8 0 R>>>>", 8: stream("", string(pdftest.CFF([]byte{11}, narrow)))}, mark, Rect{}, false},
		{"not embedded", map[int]string{7: helvetica}, mark, mark.Box, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := revision(t, c.objects)
			dict, err := r.Dict(syntax.Ref{Num: 7})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := ReachOf(r, dict, c.mark.Codes).Around(&c.mark)
			if got.Width() > 0 { // what floats leave
				got = Rect{math.Round(got.X0), math.Round(got.Y0), math.Round(got.X1), math.Round(got.Y1)}
			}
			if got != c.want || ok != c.ok {
				t.Errorf("got %v, %t, want %v, %t", got, ok, c.want, c.ok)
			}
		})
	}
}

func FuzzCFF(f *testing.F) {
	f.Add(pdftest.CFF([]byte{11}, pdftest.BoxType2(0, 0, 500, 700)))
	f.Add([]byte{1, 0, 4, 1, 0, 1, 1, 1, 2, 'A'})
	f.Fuzz(func(t *testing.T, data []byte) {
		if font, ok := openCFF(data); ok {
			font.extent()
		}
	})
}

func FuzzType1(f *testing.F) {
	f.Add(pdftest.Type1(usual, pdftest.BoxType1(0, 0, 500, 700)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if font, ok := openType1(data); ok {
			font.extent()
		}
	})
}
