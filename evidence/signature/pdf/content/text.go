package content

import "minhchung/evidence/signature/pdf/syntax"

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
		w := m.startText()
		m.show(s.text, w)
		w.flush()
	}
}

func (m *machine) showArray() {
	a, ok := m.last(kindArray)
	if !ok {
		return
	}
	w := m.startText()
	for _, item := range m.arena[a.from:a.to] {
		if item.kind == kindString {
			m.show(item.text, w)
			continue
		}
		shift := -item.num / 1000 * m.state.size * m.state.horizontal
		if abs(item.num) > 200 {
			w.flush() // a gap as wide as a space
		}
		m.advance(shift)
	}
	w.flush()
}

// advance moves the text position along the line. It is the product of a
// translation with the text matrix, whose linear part is always finite.
func (m *machine) advance(tx float64) {
	m.tm[4] += tx * m.tm[0]
	m.tm[5] += tx * m.tm[1]
}

// show moves over the glyphs of a string (ISO 32000-2 9.4.4).
func (m *machine) show(s []byte, w *word) {
	g := &m.state
	f := g.font
	m.ops -= len(s) / 64 // long strings are work too
	for len(s) > 0 {
		code, n := int(s[0]), 1
		if f.wide && len(s) > 1 {
			code, n = code<<8|int(s[1]), 2
		}
		s = s[n:]
		c := m.char(f, code)
		advance := c.width*g.size + g.charSpace
		if n == 1 && code == 32 {
			advance += g.wordSpace
		}
		if c.blank || f.paintsNothing(m, code) {
			w.flush()
		} else {
			w.add(f, c)
		}
		m.advance(advance * g.horizontal)
	}
}
