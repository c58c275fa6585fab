package content

import (
	"encoding/binary"

	"minhchung/evidence/signature/pdf/syntax"
)

// How far a glyph may reach beyond its place, in parts of the font size.
// Vietnamese capitals with two marks reach 1.2 above the base line.
const (
	glyphAbove  = 1.4
	glyphBelow  = -0.6
	glyphBefore = -0.5
	glyphBeyond = 0.5 // behind the advance
)

// glyphsOf returns how codes lead to glyphs in a composite font with
// two-byte codes (ISO 32000-2 9.7.4.2); nil for other fonts.
func glyphsOf(r *syntax.Revision, font, cid *syntax.Dict) func(code int) int {
	enc, _ := r.Resolve(font.Get("Encoding"))
	if cid == nil || enc != syntax.Name("Identity-H") {
		return nil
	}
	m, _ := r.Resolve(cid.Get("CIDToGIDMap"))
	s, ok := m.(*syntax.Stream)
	if !ok {
		return func(code int) int { return code }
	}
	data, err := r.Decode(s)
	if err != nil {
		return nil
	}
	return func(code int) int { return u16(data, 2*code) }
}

// trueType gives access to the tables that hold outlines and advances.
type trueType struct {
	glyf, loca, hmtx []byte
	em               float64
	long             bool // loca has 32-bit entries
	metrics          int  // glyphs with an advance of their own
	glyphs           int
	work             int // left, in points
}

// maxPoints bounds the outlines that are measured; a full font has a million.
const maxPoints = 4 << 20

func u16(b []byte, at int) int {
	if at < 0 || at+2 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[at:]))
}

func i16(b []byte, at int) int { return int(int16(u16(b, at))) }

func openTrueType(data []byte) (*trueType, bool) {
	tables := map[string][]byte{}
	for i := range min(u16(data, 4), 64) {
		at := 12 + 16*i
		if at+16 > len(data) {
			return nil, false
		}
		from, n := uint64(binary.BigEndian.Uint32(data[at+8:])), uint64(binary.BigEndian.Uint32(data[at+12:]))
		if from > uint64(len(data)) {
			continue
		}
		tables[string(data[at:at+4])] = data[from:min(from+n, uint64(len(data)))]
	}
	t := &trueType{glyf: tables["glyf"], loca: tables["loca"], hmtx: tables["hmtx"], work: maxPoints}
	t.em = float64(u16(tables["head"], 18))
	t.long = u16(tables["head"], 50) != 0
	t.metrics = u16(tables["hhea"], 34)
	t.glyphs = u16(tables["maxp"], 4)
	return t, t.em >= 16 && t.metrics > 0 && t.glyphs > 0 && len(t.loca) > 0
}

// outline returns the bytes of a glyph; none for a blank one.
func (t *trueType) outline(g int) []byte {
	var from, to int
	if t.long {
		if 4*g+8 > len(t.loca) {
			return nil
		}
		from, to = int(binary.BigEndian.Uint32(t.loca[4*g:])), int(binary.BigEndian.Uint32(t.loca[4*g+4:]))
	} else {
		if 2*g+4 > len(t.loca) {
			return nil
		}
		from, to = 2*u16(t.loca, 2*g), 2*u16(t.loca, 2*g+2)
	}
	if from < 0 || from >= to || to > len(t.glyf) {
		return nil
	}
	return t.glyf[from:to]
}

// extent returns the box around all glyphs, in ems.
func (t *trueType) extent() (Rect, bool) {
	var all bounds
	for g := range t.glyphs {
		if !t.measure(g, Identity, &all, 0) {
			return Rect{}, false
		}
	}
	r := all.rect
	return Rect{r.X0 / t.em, r.Y0 / t.em, r.X1 / t.em, r.Y1 / t.em}, true
}

// stays measures every glyph against its own advance.
func (t *trueType) stays() bool {
	for g := range t.glyphs {
		if !t.fits(g, float64(u16(t.hmtx, 4*min(g, t.metrics-1)))/t.em) {
			return false
		}
	}
	return true
}

// fits measures one glyph that gets the given width, in parts of the size.
func (t *trueType) fits(g int, width float64) bool {
	var b bounds
	if !t.measure(g, Identity, &b, 0) {
		return false
	}
	r := b.rect
	return !b.any || r.Y1 <= glyphAbove*t.em && r.Y0 >= glyphBelow*t.em &&
		r.X0 >= (glyphBefore-max(0, 0.5-width))*t.em && r.X1 <= (width+glyphBeyond)*t.em
}

// measure adds the points of a glyph; false when it is broken or too much.
func (t *trueType) measure(g int, m Matrix, b *bounds, depth int) bool {
	data := t.outline(g)
	if len(data) == 0 {
		return true
	}
	if len(data) < 10 || depth > 8 {
		return false
	}
	if n := i16(data, 0); n >= 0 {
		return t.simple(data, n, m, b)
	}
	return t.composite(data[10:], m, b, depth)
}

// simple reads the points of a simple glyph; curves lie inside their hull.
func (t *trueType) simple(data []byte, contours int, m Matrix, b *bounds) bool {
	if contours == 0 {
		return true
	}
	at := 10 + 2*contours
	points := u16(data, at-2) + 1
	if t.work -= points; t.work < 0 || at+2 > len(data) {
		return false
	}
	at += 2 + u16(data, at)
	flags := make([]byte, 0, points)
	for len(flags) < points {
		if at >= len(data) {
			return false
		}
		f := data[at]
		at++
		flags = append(flags, f)
		if f&8 != 0 && at < len(data) {
			for n := int(data[at]); n > 0 && len(flags) < points; n-- {
				flags = append(flags, f)
			}
			at++
		}
	}
	xs, at, ok := coordinates(data, at, flags, 2, 16)
	if !ok {
		return false
	}
	ys, _, ok := coordinates(data, at, flags, 4, 32)
	for i := range ys {
		b.add(m.Apply(float64(xs[i]), float64(ys[i])))
	}
	return ok
}

// coordinates reads one axis: short says that a coordinate has one byte, same
// then gives its sign, or else that it is not there.
func coordinates(data []byte, at int, flags []byte, short, same byte) ([]int, int, bool) {
	out := make([]int, len(flags))
	v := 0
	for i, f := range flags {
		switch {
		case f&short != 0:
			if at >= len(data) {
				return nil, at, false
			}
			d := int(data[at])
			at++
			if f&same == 0 {
				d = -d
			}
			v += d
		case f&same == 0:
			if at+2 > len(data) {
				return nil, at, false
			}
			v += i16(data, at)
			at += 2
		}
		out[i] = v
	}
	return out, at, true
}

// composite measures the parts of a composite glyph.
func (t *trueType) composite(data []byte, m Matrix, b *bounds, depth int) bool {
	const words, offsets, scale, more, twoScales, matrix = 1, 2, 8, 32, 64, 128
	for at := 0; ; {
		if at+4 > len(data) {
			return false
		}
		if t.work -= 16; t.work < 0 {
			return false
		}
		flags, g := u16(data, at), u16(data, at+2)
		at += 4
		part := Identity
		if flags&words != 0 {
			part[4], part[5] = float64(i16(data, at)), float64(i16(data, at+2))
			at += 4
		} else if at+2 <= len(data) {
			part[4], part[5] = float64(int8(data[at])), float64(int8(data[at+1]))
			at += 2
		}
		if flags&offsets == 0 {
			part[4], part[5] = 0, 0 // parts that meet in a point; near enough
		}
		f := func(k int) float64 { return float64(i16(data, at+2*k)) / (1 << 14) }
		switch {
		case flags&scale != 0:
			part[0], part[3] = f(0), f(0)
			at += 2
		case flags&twoScales != 0:
			part[0], part[3] = f(0), f(1)
			at += 4
		case flags&matrix != 0:
			part[0], part[1], part[2], part[3] = f(0), f(1), f(2), f(3)
			at += 8
		}
		if !t.measure(g, part.Mul(m), b, depth+1) {
			return false
		}
		if flags&more == 0 {
			return true
		}
	}
}
