package content

import (
	"strings"

	"minhchung/evidence/signature/pdf/syntax"
)

// font is what the interpreter needs to know of a font (ISO 32000-2 9.5).
type font struct {
	dict     *syntax.Dict
	base     string
	wide     bool // two-byte codes
	vertical bool
	type3    *type3  // nil for other fonts
	scale    float64 // from glyph space to text space: 1/1000 except in Type 3

	widths  map[int]float64
	missing float64 // width of codes that have none; negative: standardWidth
	// ascent and descent bound the glyphs, in text space for size 1.
	ascent, descent float64

	unicode  *toUnicode // nil when there is none
	standard bool       // codes 32..126 mean ASCII
	// blanks are the codes that draw nothing.
	blanks map[int]bool
	// bounded is false when glyphs may lie anywhere.
	bounded bool
	chars   *chars // made for the first text
}

// maxWidths bounds the widths that are kept of one font.
const maxWidths = 1 << 17

// roomAtFirst bounds the room that is made for what a font may turn out to
// have: an array may be long and hold nothing.
const roomAtFirst = 128

func hasAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

func (m *machine) loadFont(d *syntax.Dict) *font {
	if d == nil {
		return &font{missing: unknownWidth, scale: 0.001, ascent: 1, descent: -0.3, standard: true,
			blanks: map[int]bool{32: true}}
	}
	if f, ok := m.fonts[d]; ok {
		return f
	}
	f := &font{dict: d, scale: 0.001, missing: -1, ascent: 0.95, descent: -0.25, bounded: true}
	m.fonts[d] = f
	f.base = m.name(d.Get("BaseFont"))
	if s, ok := m.resolve(d.Get("ToUnicode")).(*syntax.Stream); ok {
		if data, err := m.rev.Decode(s); err == nil {
			f.unicode = parseToUnicode(data)
		}
	}
	switch m.name(d.Get("Subtype")) {
	case "Type0":
		f.loadComposite(m, d)
	case "Type3":
		f.loadType3(m, d)
	default:
		f.loadSimple(m, d)
	}
	f.findBlanks()
	return f
}

func (f *font) loadSimple(m *machine, d *syntax.Dict) {
	f.standard = f.plainEncoding(m, d)
	desc := m.dict(d.Get("FontDescriptor"))
	f.bound(m, desc)
	first, _ := numberOf(m.rev, d.Get("FirstChar"))
	a, _ := m.rev.Array(d.Get("Widths"))
	if len(a) == 0 {
		return
	}
	f.missing = 0
	if w, ok := numberOf(m.rev, desc.Get("MissingWidth")); ok {
		f.missing = w
	}
	a = a[:min(len(a), 512)]
	f.widths = make(map[int]float64, min(len(a), roomAtFirst))
	for i, o := range a {
		if w, ok := numberOf(m.rev, o); ok {
			f.widths[int(first)+i] = w
		}
	}
}

// plainEncoding reports whether the codes of printable ASCII mean ASCII: true
// for the named Latin encodings without differences there.
func (f *font) plainEncoding(m *machine, d *syntax.Dict) bool {
	if hasAny(f.base, "Symbol", "Dingbats") {
		return false
	}
	switch e := m.resolve(d.Get("Encoding")).(type) {
	case syntax.Name:
		return e == "WinAnsiEncoding" || e == "MacRomanEncoding" || e == "StandardEncoding" || e == "PDFDocEncoding"
	case *syntax.Dict:
		a, _ := m.rev.Array(e.Get("Differences"))
		for _, o := range a {
			if n, ok := o.(syntax.Integer); ok && n < 127 && n >= 32 {
				return false
			}
		}
		return e.Has("BaseEncoding") || len(a) > 0
	}
	return !hasEmbedded(m, d)
}

func hasEmbedded(m *machine, d *syntax.Dict) bool {
	desc := m.dict(d.Get("FontDescriptor"))
	return desc.Has("FontFile") || desc.Has("FontFile2") || desc.Has("FontFile3")
}

// bound takes the vertical extent from the descriptor, within reason: fonts
// with a huge FontBBox and small glyphs are common.
func (f *font) bound(m *machine, desc *syntax.Dict) {
	if a, ok := numberOf(m.rev, desc.Get("Ascent")); ok && a > 0 {
		f.ascent = min(max(a/1000, 0.7), 1.5)
	}
	if v, ok := numberOf(m.rev, desc.Get("Descent")); ok && v < 0 {
		f.descent = max(min(v/1000, -0.2), -0.8)
	}
}

func (f *font) loadComposite(m *machine, d *syntax.Dict) {
	f.wide = true
	f.missing = 1000
	switch e := m.resolve(d.Get("Encoding")).(type) {
	case syntax.Name:
		f.vertical = strings.HasSuffix(string(e), "-V")
		if !twoByte(string(e)) {
			f.bounded = false
		}
	case *syntax.Stream:
		f.bounded = false // a CMap of its own may use codes of any length
	}
	if f.vertical {
		f.bounded = false
	}
	a, _ := m.rev.Array(d.Get("DescendantFonts"))
	if len(a) == 0 {
		return
	}
	cid := m.dict(a[0])
	f.bound(m, m.dict(cid.Get("FontDescriptor")))
	if w, ok := numberOf(m.rev, cid.Get("DW")); ok {
		f.missing = w
	}
	f.loadCIDWidths(m, cid)
}

// twoByte reports whether a predefined CMap (ISO 32000-2 table 116) uses only
// codes of two bytes.
func twoByte(name string) bool {
	return strings.HasPrefix(name, "Identity-") || hasAny(name, "UCS2", "UTF16")
}

// loadCIDWidths reads W (ISO 32000-2 9.7.4.3).
func (f *font) loadCIDWidths(m *machine, cid *syntax.Dict) {
	a, _ := m.rev.Array(cid.Get("W"))
	f.widths = make(map[int]float64, min(len(a)/2, roomAtFirst))
	for i := 0; i+1 < len(a) && len(f.widths) < maxWidths; {
		first, ok := numberOf(m.rev, a[i])
		if !ok {
			return
		}
		if list, ok := m.resolve(a[i+1]).(syntax.Array); ok {
			for k, o := range list[:min(len(list), maxWidths)] {
				if w, ok := numberOf(m.rev, o); ok {
					f.widths[int(first)+k] = w
				}
			}
			i += 2
			continue
		}
		if i+2 >= len(a) {
			return
		}
		last, _ := numberOf(m.rev, a[i+1])
		w, _ := numberOf(m.rev, a[i+2])
		for c := int(first); c <= int(min(last, 65535)) && len(f.widths) < maxWidths; c++ {
			f.widths[c] = w
		}
		i += 3
	}
}

// findBlanks collects the codes that draw nothing. A font may call only two
// codes a space: more would be a way to declare real letters empty.
func (f *font) findBlanks() {
	f.blanks = map[int]bool{}
	if f.standard {
		f.blanks[32] = true
	}
	if f.unicode == nil {
		return
	}
	var found []int
	for code, s := range f.unicode.chars {
		if s == " " || s == "\u00a0" {
			if found = append(found, code); len(found) > 2 {
				return
			}
		}
	}
	for _, code := range found {
		f.blanks[code] = true
	}
}

// paintsNothing reports whether a glyph of a Type 3 font is a blank, found by
// drawing it.
func (f *font) paintsNothing(m *machine, code int) bool {
	if f.type3 == nil {
		return false
	}
	g := m.glyph(f.type3, code)
	return g.known && g.box == Rect{}
}

// width returns the advance of a code in text space for size 1.
func (f *font) width(code int) float64 {
	if w, ok := f.widths[code]; ok {
		return w * f.scale
	}
	if f.missing >= 0 {
		return f.missing * f.scale
	}
	return standardWidth(f.base, code) * f.scale
}

// text returns what a code says.
func (f *font) text(code int) (string, bool) {
	if f.unicode != nil {
		if s, ok := f.unicode.chars[code]; ok {
			return s, true
		}
	}
	if f.standard && code >= 32 && code <= 126 {
		return string(rune(code)), true
	}
	return "", false
}
