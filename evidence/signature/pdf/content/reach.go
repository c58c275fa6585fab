package content

import "minhchung/evidence/signature/pdf/syntax"

// Reach says how far the glyphs of a font go. An embedded font may draw
// anything anywhere, whatever its boxes promise, so its outlines are measured.
// A font that is not embedded is the reader's own and stays in its place.
type Reach struct {
	known bool // false: nothing is known
	// own is true when each glyph stays where its text is.
	own bool
	// box encloses every glyph of the font around its origin, in ems.
	box Rect
	// font gives the advances, which are the file's and not the program's.
	font *font
}

// maxReach is the furthest a glyph may go, in ems; what goes further is no
// letter of an honest font.
const maxReach = 4

// ReachOf measures a font of a text that uses the given codes: TrueType
// (ISO/IEC 14496-22), CFF and Type 1 programs. Where codes lead to glyphs in
// a way that is followed here only those count, else all of the font.
func ReachOf(r *syntax.Revision, dict *syntax.Dict, codes []int) Reach {
	if dict == nil {
		return Reach{}
	}
	desc, _ := r.Dict(dict.Get("FontDescriptor"))
	cid := (*syntax.Dict)(nil)
	if kids, _ := r.Array(dict.Get("DescendantFonts")); len(kids) > 0 {
		cid, _ = r.Dict(kids[0])
		desc, _ = r.Dict(cid.Get("FontDescriptor"))
	}
	if sub, _ := r.Resolve(dict.Get("Subtype")); sub == syntax.Name("Type3") {
		return Reach{known: true, own: true} // measured glyph by glyph, else not Bounded
	}
	f := newMachine(r, Limits{}).loadFont(dict)
	var found []Reach
	for _, key := range []syntax.Name{"FontFile", "FontFile2", "FontFile3"} {
		if !desc.Has(key) {
			continue
		}
		v, _ := r.Resolve(desc.Get(key))
		s, ok := v.(*syntax.Stream)
		if !ok {
			return Reach{}
		}
		data, err := r.Decode(s)
		if err != nil {
			return Reach{}
		}
		found = append(found, measureFont(key, data, f, glyphsOf(r, dict, cid), codes))
	}
	switch len(found) {
	case 0:
		return Reach{known: true, own: true}
	case 1:
		return found[0]
	}
	return Reach{} // readers may take any of them
}

// measureFont measures one font program.
func measureFont(key syntax.Name, data []byte, f *font, glyph func(int) int, codes []int) Reach {
	switch key {
	case "FontFile":
		if t, ok := openType1(data); ok {
			return reach(f, t.extent)
		}
	case "FontFile2":
		if t, ok := openTrueType(data); ok {
			return t.reach(f, glyph, codes)
		}
	case "FontFile3":
		if table := openTypeCFF(data); table != nil {
			data = table
		}
		if c, ok := openCFF(data); ok {
			return reach(f, c.extent)
		}
	}
	return Reach{}
}

func reach(f *font, extent func() (Rect, bool)) Reach {
	box, ok := extent()
	if !ok || max(-box.X0, -box.Y0, box.X1, box.Y1) > maxReach {
		return Reach{}
	}
	return Reach{known: true, box: box, font: f}
}

// ordinaryReach is how far a glyph of an ordinary font may go: the widest
// letters and dashes have one em.
const ordinaryReach = 1.3

// reach of a TrueType font: the glyphs that the codes lead to, or each against
// its own advance when no glyph is so wide that an advance could hide it.
func (t *trueType) reach(f *font, glyph func(int) int, codes []int) Reach {
	if glyph != nil {
		for _, code := range codes {
			if !t.fits(glyph(code), f.width(code)) {
				return reach(f, t.extent)
			}
		}
		return Reach{known: true, own: true}
	}
	all := reach(f, t.extent)
	all.own = all.known && all.box.X1 <= ordinaryReach && t.stays()
	return all
}

// openTypeCFF returns the outlines of an OpenType wrapper, or nil.
func openTypeCFF(data []byte) []byte {
	if len(data) < 12 || string(data[:4]) != "OTTO" {
		return nil
	}
	for i := range min(u16(data, 4), 64) {
		at := 12 + 16*i
		if at+16 > len(data) {
			return nil
		}
		from, n := u32(data, at+8), u32(data, at+12)
		if string(data[at:at+4]) == "CFF " && from <= len(data) && n <= len(data)-from {
			return data[from : from+n]
		}
	}
	return nil
}

func u32(b []byte, at int) int { return u16(b, at)<<16 | u16(b, at+2) }

// Stays reports whether all glyphs stay where their text is.
func (r Reach) Stays() bool { return r.known && r.own }

// Around returns where the glyphs of a text lie at most, wherever its codes
// lead; false when nobody knows.
func (r Reach) Around(m *Mark) (Rect, bool) {
	switch {
	case !r.known || !m.Bounded:
		return Rect{}, false
	case r.own:
		return m.Box, true
	case !m.Upright:
		return m.Box.Inset(-m.Em * max(-r.box.X0, -r.box.Y0, r.box.X1, r.box.Y1)), true
	}
	narrowest := 1.0
	for _, code := range m.Codes {
		w := r.font.width(code)
		if w <= 0 {
			w = 0 // the mark has more, in place of nothing
		}
		narrowest = min(narrowest, w)
	}
	// The mark holds every origin, and from there the narrowest width to the
	// right, 0.7 above the base line and 0.2 below it at least (see bound).
	return Rect{
		m.Box.X0 + m.Em*min(0, r.box.X0), m.Box.Y0 + m.Em*min(0, r.box.Y0+0.2),
		m.Box.X1 + m.Em*max(0, r.box.X1-narrowest), m.Box.Y1 + m.Em*max(0, r.box.Y1-0.7),
	}, true
}
