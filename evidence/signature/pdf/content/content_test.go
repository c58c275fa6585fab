package content

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// revision returns a document with the given objects; 1 is its catalogue.
func revision(t testing.TB, objects map[int]string) *syntax.Revision {
	t.Helper()
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog>>")
	for num, body := range objects {
		b.Object(num, body)
	}
	b.Table("/Root 1 0 R")
	f, err := syntax.Open(b.Bytes(), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return f.Last()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

const helvetica = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"

var page = Rect{0, 0, 595, 842}

// draw interprets one content stream; object 5 are the resources.
func draw(t testing.TB, data string, objects map[int]string) *Drawing {
	t.Helper()
	if objects == nil {
		objects = map[int]string{}
	}
	if objects[5] == "" {
		objects[5] = "<</Font<</F1 7 0 R>>>>"
	}
	if objects[7] == "" {
		objects[7] = helvetica
	}
	r := revision(t, objects)
	res, err := r.Dict(syntax.Ref{Num: 5})
	if err != nil {
		t.Fatal(err)
	}
	return Streams(r, [][]byte{[]byte(data)}, res, page, Limits{})
}

// show prints marks with whole points.
func show(d *Drawing) string {
	var out []string
	for _, m := range d.Marks {
		r := func(v float64) int { return int(math.Round(v)) }
		s := fmt.Sprintf("%v %d %d %d %d", m.Kind, r(m.Box.X0), r(m.Box.Y0), r(m.Box.X1), r(m.Box.Y1))
		if m.Kind == Text {
			s += " " + m.Text
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestMarks(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"word", "BT /F1 10 Tf 100 200 Td (Ab) Tj ET", "text 100 198 112 210 Ab"},
		{"two words", "BT /F1 10 Tf 100 200 Td (A b) Tj ET", "text 100 198 107 210 A; text 109 198 115 210 b"},
		{"gap in an array", "BT /F1 10 Tf 100 200 Td [(A) -5000 (b)] TJ ET", "text 100 198 107 210 A; text 157 198 162 210 b"},
		{"kerning", "BT /F1 10 Tf 100 200 Td [(A) 50 (b)] TJ ET", "text 100 198 112 210 Ab"},
		{"leader dots", "BT /F1 10 Tf 100 200 Td (So ......) Tj ET", "text 100 198 112 210 So"},
		{"matrix", "2 0 0 2 10 10 cm BT /F1 10 Tf 1 0 0 1 20 30 Tm (A) Tj ET", "text 50 65 63 89 A"},
		{"lines", "BT /F1 10 Tf 12 TL 10 100 Td (A) Tj (A) ' T* (A) Tj ET", "text 10 98 17 110 A; text 10 86 17 98 A; text 10 74 17 86 A"},
		{"state restored", "q 1 0 0 1 50 0 cm Q BT /F1 10 Tf (A) Tj ET", "text 0 0 7 10 A"},
		{"rectangle", "10 20 30 40 re f", "path 10 20 40 60"},
		{"stroke", "4 w 10 20 m 110 20 l S", "path 8 18 112 22"},
		{"curve", "0 0 m 0 90 90 90 90 0 c f", "path 0 0 90 90"},
		{"clip", "0 0 50 50 re W n 10 20 300 400 re f", "path 10 20 50 50"},
		{"nothing", "10 20 30 40 re n", ""},
		{"inline image", "q 20 0 0 10 5 5 cm BI /W 1 /H 1 ID x EI Q", "image 5 5 25 15"},
		{"inline image with EI inside", "q 20 0 0 10 5 5 cm BI /W 1 /H 1 ID xEIx EI Q 1 1 2 2 re f", "image 5 5 25 15; path 1 1 3 3"},
		{"outside the page", "BT /F1 10 Tf 900 200 Td (A) Tj ET", ""},
		{"hex", "BT /F1 10 Tf 100 200 Td <4162> Tj ET", "text 100 198 112 210 Ab"},
		{"junk", ") > } BT /F1 10 Tf 100 200 Td (Ab) Tj ET ]]", "text 100 198 112 210 Ab"},
		{"unfinished", "BT /F1 10 Tf 100 200 Td (Ab) Tj (", "text 100 198 112 210 Ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := draw(t, c.data, nil)
			if got := show(d); got != c.want || !d.Complete {
				t.Errorf("got %q complete %v %s, want %q", got, d.Complete, d.Problem, c.want)
			}
		})
	}
}

func TestForms(t *testing.T) {
	res := "<</XObject<</Fm 8 0 R/Im 9 0 R>>/Font<</F1 7 0 R>>>>"
	form := func(dict, data string) string { return stream("/Type/XObject/Subtype/Form"+dict, data) }
	for _, c := range []struct {
		name, data, form, want string
		complete               bool
	}{
		{"matrix and box", "1 0 0 1 100 0 cm /Fm Do", form("/BBox[0 0 10 10]/Matrix[1 0 0 1 0 50]", "0 0 99 99 re f"), "path 100 50 110 60", true},
		{"state does not leak", "/Fm Do BT (A) Tj ET", form("/BBox[0 0 10 10]", "BT /F1 10 Tf ET 1 0 0 1 70 70 cm"), "", true},
		{"inherits resources", "/Fm Do", form("/BBox[0 0 50 50]", "BT /F1 10 Tf (A) Tj ET"), "text 0 0 7 10 A", true},
		{"draws itself", "/Fm Do", form("/BBox[0 0 50 50]", "/Fm Do"), "", false},
		{"image", "q 30 0 0 20 5 6 cm /Im Do Q", form("/BBox[0 0 1 1]", ""), "image 5 6 35 26", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := draw(t, c.data, map[int]string{5: res, 8: c.form, 9: stream("/Type/XObject/Subtype/Image/Width 1/Height 1", "x")})
			if got := show(d); got != c.want || d.Complete != c.complete {
				t.Errorf("got %q complete %v %s, want %q complete %v", got, d.Complete, d.Problem, c.want, c.complete)
			}
		})
	}
}

// TestFormBomb has forms that draw each other twice, 2^20 times in all.
func TestFormBomb(t *testing.T) {
	objects := map[int]string{5: "<</XObject<</A 10 0 R>>>>"}
	for i := 10; i < 30; i++ {
		objects[i] = stream(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A %d 0 R>>>>", i+1), "/A Do /A Do 0 0 1 1 re f")
	}
	d := draw(t, "/A Do", objects)
	if d.Complete {
		t.Errorf("got a complete drawing of %d marks, want a budget that ran out", len(d.Marks))
	}
}

func TestMissingResources(t *testing.T) {
	d := draw(t, "/Late Do /G1 gs BT /F9 9 Tf (x) Tj ET", nil)
	for _, want := range []string{"XObject/Late", "ExtGState/G1", "Font/F9"} {
		if !d.Missing[want] {
			t.Errorf("got missing %v, want %s among them", d.Missing, want)
		}
	}
}

// TestCompositeFont has what word processors write: two-byte codes, widths by
// CID, and a ToUnicode map that tells the space.
func TestCompositeFont(t *testing.T) {
	cmap := "1 beginbfchar <0003> <0020> endbfchar 1 beginbfrange <0024> <0026> <0041> endbfrange 1 beginbfrange <0030> <0031> [<0110> <1EA0>] endbfrange"
	d := draw(t, "BT /F1 10 Tf 100 200 Td <0024000300250030> Tj ET", map[int]string{
		7: "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 8 0 R/DescendantFonts[<</Subtype/CIDFontType2/DW 500/W[36[600 700] 48 49 800]>>]>>",
		8: stream("", cmap),
	})
	if got, want := show(d), "text 100 198 106 210 A; text 111 198 126 210 BĐ"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !d.Marks[1].Known || !d.Marks[1].Bounded {
		t.Errorf("got %+v, want a known and bounded text", d.Marks[1])
	}
}

// TestManyBlanks has a font that calls all its letters spaces: they count as
// drawn.
func TestManyBlanks(t *testing.T) {
	d := draw(t, "BT /F1 10 Tf 100 200 Td <00240025> Tj ET", map[int]string{
		7: "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 8 0 R/DescendantFonts[<</Subtype/CIDFontType2>>]>>",
		8: stream("", "3 beginbfchar <0024> <0020> <0025> <0020> <0026> <0020> endbfchar"),
	})
	if len(d.Marks) == 0 {
		t.Error("got no marks, want the letters that were declared blank")
	}
}

func TestInvisibleText(t *testing.T) {
	d := draw(t, "BT 3 Tr /F1 10 Tf 100 200 Td (A) Tj 0 Tr (B) Tj ET", nil)
	if len(d.Marks) != 2 || !d.Marks[0].Invisible || d.Marks[1].Invisible {
		t.Errorf("got %+v, want an invisible and a visible text", d.Marks)
	}
}

func TestAppearance(t *testing.T) {
	r := revision(t, map[int]string{8: stream("/BBox[0 0 10 10]/Matrix[0 1 -1 0 0 0]", "0 0 5 10 re f")})
	o, _ := r.Object(8)
	d := Appearance(r, o.(*syntax.Stream), Rect{100, 100, 200, 300}, Limits{})
	// Turned by 90 degrees, the left half becomes the lower half.
	if got, want := show(d), "path 100 100 200 200"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPartsJoin(t *testing.T) {
	r := revision(t, nil)
	d := Streams(r, [][]byte{[]byte("1 0 0 1 50 50 cm 0 0 1 1 re"), []byte("f"), []byte("5 5 1 1 re f")}, nil, page, Limits{})
	if got, want := show(d), "path 50 50 51 51; path 55 55 56 56"; got != want || d.Marks[0].Part != 1 || d.Marks[1].Part != 2 {
		t.Errorf("got %q %+v, want %q from parts 1 and 2", got, d.Marks, want)
	}
}

func TestBudgets(t *testing.T) {
	for name, data := range map[string]string{
		"operands":  strings.Repeat("1 ", 200000),
		"array":     "[" + strings.Repeat("1 ", 200000),
		"nesting":   strings.Repeat("[", 1000000),
		"dicts":     strings.Repeat("<<", 1000000),
		"states":    strings.Repeat("q ", 100000),
		"operators": strings.Repeat("0 0 1 1 re f ", 700000),
		"path":      strings.Repeat("0 0 m 9 9 l ", 100000) + "S",
	} {
		t.Run(name, func(t *testing.T) {
			d := draw(t, data, nil)
			if len(d.Marks) > 200_000 {
				t.Errorf("got %d marks, want at most 200,000", len(d.Marks))
			}
		})
	}
}

func FuzzStreams(f *testing.F) {
	for _, s := range []string{
		"BT /F1 12 Tf 72 700 Td [(Quyet) -300 (dinh)] TJ ET", "q 1 0 0 1 5 5 cm /Fm Do Q", "BI /W 1 ID x EI", "0 0 m 1 1 l 2 2 3 3 4 4 c h B*",
		"/P <</MCID 0>> BDC EMC", "[[[(a)]]] TJ", "(\\053\\\n(x)) Tj <4> Tj", "1e400 0 0 1e400 0 0 cm 0 0 1 1 re W n sh", "--5 .5 -.5 re f",
	} {
		f.Add([]byte(s))
	}
	r := revision(f, map[int]string{7: helvetica, 8: stream("/Subtype/Form/BBox[0 0 9 9]", "/Fm Do 1 1 2 2 re f")})
	res := &syntax.Dict{Entries: []syntax.Entry{
		{Key: "Font", Value: &syntax.Dict{Entries: []syntax.Entry{{Key: "F1", Value: syntax.Ref{Num: 7}}}}},
		{Key: "XObject", Value: &syntax.Dict{Entries: []syntax.Entry{{Key: "Fm", Value: syntax.Ref{Num: 8}}}}},
	}}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Streams(r, [][]byte{data}, res, page, Limits{Operators: 10000})
		for _, m := range d.Marks {
			if m.Box.Empty() || m.Box.Intersect(page) != m.Box {
				t.Fatalf("got a mark at %v, want it inside %v", m.Box, page)
			}
		}
	})
}

func FuzzToUnicode(f *testing.F) {
	f.Add([]byte("1 beginbfrange <0000> <ffff> <0041> endbfrange"))
	f.Add([]byte("1 beginbfchar <00> [ <41>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := len(parseToUnicode(data).chars); n > maxChars {
			t.Fatalf("got %d characters, want at most %d", n, maxChars)
		}
	})
}
