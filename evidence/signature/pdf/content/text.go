package content

import (
	"math"
	"strings"

	"minhchung/evidence/signature/pdf/syntax"
)

// textOperator executes text objects, state, positioning and showing
// (ISO 32000-2 9.3, 9.4).
func (m *machine) textOperator(op string) {
	g := &m.state
	switch op {
	case "BT":
		m.tm, m.tlm = Identity, Identity
	case "Tf":
		m.setFont()
	case "Td", "TD":
		if v, ok := m.nums(2); ok {
			if op == "TD" {
				g.leading = -v[1].num
			}
			m.nextLine(v[0].num, v[1].num)
		}
	case "Tm":
		if v, ok := m.nums(6); ok {
			m.tlm = matrix(v)
			m.tm = m.tlm
		}
	case "T*":
		m.nextLine(0, -g.leading)
	case "Tj":
		m.showLast()
	case "TJ":
		m.showArray()
	case "'":
		m.nextLine(0, -g.leading)
		m.showLast()
	case "\"":
		if len(m.operands) >= 3 {
			g.wordSpace = m.operands[len(m.operands)-3].num
			g.charSpace = m.operands[len(m.operands)-2].num
		}
		m.nextLine(0, -g.leading)
		m.showLast()
	default:
		m.textState(op)
	}
}

// textState executes the operators that set one number.
func (m *machine) textState(op string) {
	if len(op) != 2 || op[0] != 'T' {
		return
	}
	v, ok := m.nums(1)
	if !ok {
		return
	}
	g := &m.state
	switch n := v[0].num; op {
	case "Tc":
		g.charSpace = n
	case "Tw":
		g.wordSpace = n
	case "Tz":
		g.horizontal = n / 100
	case "TL":
		g.leading = n
	case "Tr":
		g.render = int(n)
	case "Ts":
		g.rise = n
	}
}

func (m *machine) setFont() {
	if len(m.operands) < 2 {
		return
	}
	n, size := m.operands[len(m.operands)-2], m.operands[len(m.operands)-1]
	if n.kind != kindName || size.kind != kindNumber {
		return
	}
	d, _ := m.resource("Font", n.text).(*syntax.Dict)
	m.state.font, m.state.size = m.loadFont(d), size.num
}

func (m *machine) nextLine(tx, ty float64) {
	m.tlm = Matrix{1, 0, 0, 1, tx, ty}.Mul(m.tlm)
	m.tm = m.tlm
}

func (m *machine) showLast() {
	if s, ok := m.last(kindString); ok {
		w := m.word()
		m.show(s.text, w)
		w.flush()
	}
}

func (m *machine) showArray() {
	a, ok := m.last(kindArray)
	if !ok {
		return
	}
	w := m.word()
	for _, item := range m.arena[a.from:a.to] {
		if item.kind == kindString {
			m.show(item.text, w)
			continue
		}
		shift := -item.num / 1000 * m.state.size * m.state.horizontal
		if abs(item.num) > 200 {
			w.flush() // a gap as wide as a space
		}
		m.tm = Matrix{1, 0, 0, 1, shift, 0}.Mul(m.tm)
	}
	w.flush()
}

// word collects the glyphs between two blanks.
type word struct {
	m      *machine
	box    bounds
	text   strings.Builder
	known  bool
	filler bool // only dots and underscores so far
	glyphs int
	codes  []int
	em     float64
	level  bool // all glyphs so far stand on a level line, upright
	loose  bool // a glyph of a Type 3 font could not be measured
}

func (m *machine) word() *word { return &word{m: m, known: true, filler: true, level: true} }

// flush records the word. A run of dots or underscores is a line to be
// filled in and not a text.
func (w *word) flush() {
	if w.box.any && !(w.filler && (w.glyphs > 2 || w.text.String() == "…")) {
		g := &w.m.state
		k := Mark{Kind: Text, Box: w.box.rect, Invisible: w.hidden(), Text: w.text.String(), Known: w.known, Codes: w.codes, Em: w.em, Upright: w.level}
		if g.font != nil {
			k.Font, k.Bounded = g.font.dict, g.font.bounded || g.font.type3 != nil && !w.loose
		}
		w.m.mark(k)
	}
	*w = *w.m.word()
}

// hidden reports whether the text is not painted (ISO 32000-2 table 104). The
// rendering mode means nothing to Type 3 fonts (9.3.6).
func (w *word) hidden() bool {
	g := &w.m.state
	return (g.render == 3 || g.render == 7) && (g.font == nil || g.font.type3 == nil)
}

// show moves over the glyphs of a string (ISO 32000-2 9.4.4).
func (m *machine) show(s []byte, w *word) {
	g := &m.state
	if g.font == nil {
		g.font = m.loadFont(nil)
	}
	f := g.font
	m.ops -= len(s) / 64 // long strings are work too
	for len(s) > 0 {
		code, n := int(s[0]), 1
		if f.wide && len(s) > 1 {
			code, n = code<<8|int(s[1]), 2
		}
		s = s[n:]
		advance := f.width(code)*g.size + g.charSpace
		if n == 1 && code == 32 {
			advance += g.wordSpace
		}
		if f.blanks[code] || f.paintsNothing(m, code) {
			w.flush()
		} else {
			w.add(f, code)
		}
		m.tm = Matrix{1, 0, 0, 1, advance * g.horizontal, 0}.Mul(m.tm)
	}
}

// add encloses one glyph at the current position.
func (w *word) add(f *font, code int) {
	g := &w.m.state
	width := f.width(code)
	if width <= 0 {
		width = 0.3 // combining marks advance by nothing and are yet drawn
	}
	m := Matrix{g.size * g.horizontal, 0, 0, g.size, 0, g.rise}.Mul(w.m.tm).Mul(g.ctm)
	w.em = max(w.em, math.Hypot(m[0], m[1]), math.Hypot(m[2], m[3]))
	w.level = w.level && m[1] == 0 && m[2] == 0 && m[0] > 0 && m[3] > 0
	place := Rect{0, f.descent, width, f.ascent}
	if f.type3 != nil {
		g := w.m.glyph(f.type3, code)
		if w.loose = w.loose || !g.known; g.known {
			place = g.box
		}
	}
	r := m.Box(place)
	w.box.add(r.X0, r.Y0)
	w.box.add(r.X1, r.Y1)
	t, ok := f.text(code)
	w.known = w.known && ok
	w.filler = w.filler && f.filler(code)
	w.glyphs++
	if w.m.limits.Codes {
		w.codes = append(w.codes, code)
	}
	if w.text.Len() < 1000 {
		w.text.WriteString(t)
	}
}
