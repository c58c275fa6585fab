package content

import (
	"minhchung/evidence/signature/pdf/syntax"
)

// type3 is what the interpreter needs of a Type 3 font, whose glyphs are
// content streams (ISO 32000-2 9.6.4). Bitmap fonts of TeX are such.
type type3 struct {
	matrix    Matrix
	names     map[int]syntax.Name // Encoding, by Differences
	procs     *syntax.Dict
	resources *syntax.Dict
	glyphs    map[glyphKey]glyph
}

// glyphKey is a code and the line width outside, which a glyph that strokes
// inherits.
type glyphKey struct {
	code int
	line float64
}

// glyph is where a glyph paints, in text space for size 1.
type glyph struct {
	box   Rect // empty when it paints nothing
	known bool // false when that could not be found out
}

// Budgets of one glyph and of one font.
const (
	glyphOperators = 20_000
	glyphMarks     = 2_000
	maxGlyphs      = 4_096
)

func (f *font) loadType3(m *machine, d *syntax.Dict) {
	f.loadSimple(m, d)
	f.standard = false
	mat := matrixOf(m.rev, d.Get("FontMatrix"))
	f.scale = mat[0]
	f.type3 = &type3{matrix: mat, names: map[int]syntax.Name{}, glyphs: map[glyphKey]glyph{},
		procs: m.dict(d.Get("CharProcs")), resources: m.dict(d.Get("Resources"))}
	code := 0
	a, _ := m.rev.Array(m.dict(d.Get("Encoding")).Get("Differences"))
	for _, o := range a[:min(len(a), 2*maxGlyphs)] {
		switch v := m.resolve(o).(type) {
		case syntax.Integer:
			code = int(v)
		case syntax.Name:
			f.type3.names[code] = v
			code++
		}
	}
	// The box is a promise that procedures may break. It stands in where a
	// glyph cannot be measured, and its texts are not bounded then.
	f.ascent, f.descent, f.bounded = 1.2, -0.5, false
	if box, ok := rectOf(m.rev, d.Get("FontBBox")); ok && !box.Empty() {
		in := mat.Box(box)
		f.ascent, f.descent = in.Y1, in.Y0
	}
}

// glyph measures the glyph of a code by drawing it.
func (m *machine) glyph(t *type3, code int) glyph {
	key := glyphKey{code, m.state.line}
	if g, ok := t.glyphs[key]; ok {
		return g
	}
	if len(t.glyphs) >= maxGlyphs {
		return glyph{}
	}
	g := m.drawGlyph(t, code)
	t.glyphs[key] = g
	return g
}

// drawGlyph runs the procedure of a glyph by itself. What it takes from
// outside but the line width decides nothing about its place, except in texts,
// which are not followed.
func (m *machine) drawGlyph(t *type3, code int) glyph {
	s, ok := m.resolve(t.procs.Get(t.names[code])).(*syntax.Stream)
	if !ok {
		return glyph{known: true} // there is no glyph
	}
	if m.nested {
		return glyph{} // a glyph in a glyph
	}
	data, ok := m.data(s)
	if !ok {
		return glyph{}
	}
	in := newMachine(m.rev, Limits{Operators: min(glyphOperators, max(m.ops, 1)), Marks: glyphMarks, Depth: 4})
	in.nested = true
	in.state.ctm, in.state.line = t.matrix, m.state.line
	in.resources = t.resources
	if in.resources == nil {
		in.resources = m.resources
	}
	in.execute(data)
	m.ops -= in.limits.Operators - in.ops
	g := glyph{known: in.drawing.Complete}
	var all bounds
	for i := range in.drawing.Marks {
		k := &in.drawing.Marks[i]
		g.known = g.known && k.Kind != Text
		all.add(k.Box.X0, k.Box.Y0)
		all.add(k.Box.X1, k.Box.Y1)
	}
	if g.box = all.rect; max(-g.box.X0, -g.box.Y0, g.box.X1, g.box.Y1) > maxReach {
		g.known = false
	}
	return g
}
