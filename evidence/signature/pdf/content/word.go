package content

import "math"

// word collects the glyphs between two blanks.
type word struct {
	m      *machine
	line   line
	box    bounds
	text   []byte
	known  bool
	filler bool // only dots and underscores so far
	glyphs int
	codes  []int
	em     float64
	level  bool // all glyphs so far stand on a level line, upright
	loose  bool // a glyph of a Type 3 font could not be measured
}

// line is what all glyphs of one operator have in common: only the place of
// the text matrix changes between them.
type line struct {
	// linear maps glyph space to the page, but for the place.
	linear Matrix
	// rise moves the base line, before the text matrix moves it.
	rise  [2]float64
	em    float64
	level bool
}

// startText begins a word for an operator that shows text.
func (m *machine) startText() *word {
	g := &m.state
	if g.font == nil {
		g.font = m.loadFont(nil)
	}
	p := Matrix{g.size * g.horizontal, 0, 0, g.size, 0, g.rise}
	t := m.tm
	t[4], t[5] = 0, 0
	a := p.Mul(t)
	w := &m.word
	w.m, w.line = m, line{linear: a.Mul(g.ctm), rise: [2]float64{a[4], a[5]}}
	l := &w.line
	l.em = max(math.Hypot(l.linear[0], l.linear[1]), math.Hypot(l.linear[2], l.linear[3]))
	l.level = l.linear[1] == 0 && l.linear[2] == 0 && l.linear[0] > 0 && l.linear[3] > 0
	w.reset()
	return w
}

func (w *word) reset() {
	*w = word{m: w.m, line: w.line, text: w.text[:0], codes: w.codes[len(w.codes):], known: true, filler: true, level: true}
}

// matrix maps glyph space to the page for a glyph at the current position.
func (w *word) matrix() Matrix {
	out, c := w.line.linear, &w.m.state.ctm
	x, y := w.line.rise[0]+w.m.tm[4], w.line.rise[1]+w.m.tm[5]
	out[4], out[5] = x*c[0]+y*c[2]+c[4], x*c[1]+y*c[3]+c[5]
	return out
}

// flush records the word. A run of dots or underscores is a line to be
// filled in and not a text.
func (w *word) flush() {
	if w.box.any && !(w.filler && (w.glyphs > 2 || string(w.text) == "…")) {
		g := &w.m.state
		k := Mark{Kind: Text, Box: w.box.rect, Invisible: w.hidden(), Text: string(w.text), Known: w.known, Codes: w.codes[:len(w.codes):len(w.codes)], Em: w.em, Upright: w.level}
		if g.font != nil {
			k.Font, k.Bounded = g.font.dict, g.font.bounded || g.font.type3 != nil && !w.loose
		}
		w.m.mark(k)
	}
	w.reset()
}

// hidden reports whether the text is not painted (ISO 32000-2 table 104). The
// rendering mode means nothing to Type 3 fonts (9.3.6).
func (w *word) hidden() bool {
	g := &w.m.state
	return (g.render == 3 || g.render == 7) && (g.font == nil || g.font.type3 == nil)
}

// add encloses one glyph at the current position.
func (w *word) add(f *font, c *char) {
	width := c.width
	if width <= 0 {
		width = 0.3 // combining marks advance by nothing and are yet drawn
	}
	w.em, w.level = max(w.em, w.line.em), w.level && w.line.level
	place := Rect{0, f.descent, width, f.ascent}
	if f.type3 != nil {
		g := w.m.glyph(f.type3, c.code)
		if w.loose = w.loose || !g.known; g.known {
			place = g.box
		}
	}
	w.box.join(w.matrix().Box(place))
	w.known = w.known && c.known
	w.filler = w.filler && c.filler
	w.glyphs++
	if w.m.limits.Codes {
		w.keep(c.code)
	}
	if len(w.text) < 1000 {
		w.text = append(w.text, c.text...)
	}
}

// keep adds a code. Words share the memory for their codes, of which a full
// piece is left to the words before.
func (w *word) keep(code int) {
	if n := len(w.codes); n == cap(w.codes) {
		w.codes = append(make([]int, 0, max(codesPiece, 2*n)), w.codes...)
	}
	w.codes = append(w.codes, code)
}

// codesPiece is how many codes get memory together.
const codesPiece = 256
