package content

import (
	"math"
	"strconv"
)

// realNumber reads the nibbles of a real number (5176, table 5).
func realNumber(data []byte) (v float64, n int, ok bool) {
	text := ""
	for n < len(data) && n < 16 {
		b := data[n]
		n++
		for _, nibble := range []byte{b >> 4, b & 15} {
			switch {
			case nibble <= 9:
				text += string('0' + rune(nibble))
			case nibble == 15:
				v, err := strconv.ParseFloat(text, 64)
				return v, n, err == nil
			case nibble == 13:
				return 0, 0, false
			default:
				text += [...]string{".", "E", "E-", "", "-"}[nibble-10]
			}
		}
	}
	return 0, 0, false
}

// pen follows the points of an outline. Curves lie inside the hull of their
// points, so these are all that counts.
type pen struct {
	x, y   float64
	bounds *bounds
}

func (p *pen) move(dx, dy float64) { p.x, p.y = p.x+dx, p.y+dy }

// line also marks where it comes from: a move alone draws nothing.
func (p *pen) line(dx, dy float64) {
	p.bounds.add(p.x, p.y)
	p.move(dx, dy)
	p.bounds.add(p.x, p.y)
}

func (p *pen) curve(v ...float64) {
	p.line(v[0], v[1])
	p.line(v[2], v[3])
	p.line(v[4], v[5])
}

// charstrings runs the programs of glyphs for their extent (Adobe Technical
// Note 5177, and Type 1 in type1.go). Arithmetic, which outlines in the field
// do not use, is refused.
type charstrings struct {
	pen
	global, local [][]byte
	stack         []float64
	hints         int
	depth         int
	work          int     // steps left, of all glyphs together
	shift         *bounds // of accents, by endchar with four operands
}

const (
	maxStack = 513
	maxDepth = 10
)

// extent returns the box around all glyphs of the font, in ems.
func (f *cff) extent() (Rect, bool) {
	var all, shift bounds
	work := maxPoints
	for g, program := range f.glyphs {
		which := f.choose(g)
		if which >= len(f.private) {
			return Rect{}, false
		}
		c := charstrings{pen: pen{bounds: &all}, shift: &shift, global: f.global, local: f.private[which], work: work}
		if done, ok := c.run(program); !ok || !done {
			return Rect{}, false
		}
		work = c.work
	}
	return inEms(all, shift), true
}

// inEms adds the room for accents, which are glyphs of the font that are drawn
// away from their place.
func inEms(all, shift bounds) Rect {
	const em = 1000
	r, s := all.rect, shift.rect // both zero when there is nothing
	return Rect{(r.X0 + min(0, s.X0)) / em, (r.Y0 + min(0, s.Y0)) / em, (r.X1 + max(0, s.X1)) / em, (r.Y1 + max(0, s.Y1)) / em}
}

// number pushes the number whose first byte, from 32 to 254, stands before at,
// and returns the place behind it.
func (c *charstrings) number(code []byte, at int) int {
	b, next := int(code[at-1]), 0
	if b >= 247 {
		if at < len(code) {
			next = int(code[at])
		}
		at++ // beyond the end when nothing is there, which the caller sees
	}
	v := b - 139
	switch {
	case b >= 251:
		v = -(b-251)*256 - next - 108
	case b >= 247:
		v = (b-247)*256 + next + 108
	}
	c.stack = append(c.stack, float64(v))
	return at
}

// step takes one step from the budget.
func (c *charstrings) step() bool {
	c.work--
	return c.work >= 0 && len(c.stack) <= maxStack
}

// run executes one charstring; done says that the glyph has ended.
func (c *charstrings) run(code []byte) (done, ok bool) {
	if c.depth++; c.depth > maxDepth {
		return false, false
	}
	defer func() { c.depth-- }()
	for at := 0; at < len(code); {
		if !c.step() {
			return false, false
		}
		b := int(code[at])
		at++
		switch {
		case b == 28:
			c.stack = append(c.stack, float64(i16(code, at)))
			at += 2
		case b == 255:
			c.stack = append(c.stack, float64(int32(uint32(u16(code, at))<<16|uint32(u16(code, at+2))))/65536)
			at += 4
		case b >= 32:
			at = c.number(code, at)
		case b == 10 || b == 29:
			if done, ok = c.call(b); !ok || done {
				return done, ok
			}
		case b == 11:
			return false, true
		case b == 14:
			return true, c.end()
		case b == 19 || b == 20:
			c.hints += len(c.stack) / 2
			c.clear()
			at += (c.hints + 7) / 8
		case b == 12:
			if at >= len(code) || !c.flex(int(code[at])) {
				return false, false
			}
			at++
		default:
			if !c.draw(b) {
				return false, false
			}
		}
		if at > len(code) {
			return false, false
		}
	}
	return false, true
}

func (c *charstrings) clear() { c.stack = c.stack[:0] }

// call runs a subroutine; numbers are biased by how many there are (5177, 4.7).
func (c *charstrings) call(op int) (done, ok bool) {
	list := c.local
	if op == 29 {
		list = c.global
	}
	n, ok := c.pop()
	bias := 107
	switch {
	case len(list) >= 33900:
		bias = 32768
	case len(list) >= 1240:
		bias = 1131
	}
	i := int(n) + bias
	if !ok || n != math.Trunc(n) || i < 0 || i >= len(list) {
		return false, false
	}
	return c.run(list[i])
}

func (c *charstrings) pop() (float64, bool) {
	n := len(c.stack)
	if n == 0 {
		return 0, false
	}
	v := c.stack[n-1]
	c.stack = c.stack[:n-1]
	return v, true
}

// end notes an accent: adx ady bchar achar endchar (5177, appendix C).
func (c *charstrings) end() bool {
	if n := len(c.stack); n >= 4 {
		c.shift.add(c.stack[n-4], c.stack[n-3])
	}
	return true
}

// draw executes hints, moves, lines and curves.
func (c *charstrings) draw(op int) bool {
	v := c.stack
	defer c.clear()
	switch op {
	case 1, 3, 18, 23:
		c.hints += len(v) / 2
		return true
	case 21:
		if len(v) < 2 {
			return false
		}
		c.move(v[len(v)-2], v[len(v)-1]) // what stands before is the width
		return true
	case 22, 4:
		if len(v) < 1 {
			return false
		}
		if d := v[len(v)-1]; op == 22 {
			c.move(d, 0)
		} else {
			c.move(0, d)
		}
		return true
	case 5:
		return c.lines(v)
	case 6, 7:
		for i, d := range v {
			if (op == 6) == (i%2 == 0) {
				c.line(d, 0)
			} else {
				c.line(0, d)
			}
		}
		return true
	case 8:
		return c.curves(v)
	case 24: // curves, then a line
		return len(v) >= 2 && c.curves(v[:len(v)-2]) && c.lines(v[len(v)-2:])
	case 25: // lines, then a curve
		return len(v) >= 6 && c.lines(v[:len(v)-6]) && c.curves(v[len(v)-6:])
	case 26, 27:
		return c.tangents(v, op == 27)
	case 30, 31:
		return c.corners(v, op == 31)
	}
	return false
}

func (c *charstrings) lines(v []float64) bool {
	for ; len(v) >= 2; v = v[2:] {
		c.line(v[0], v[1])
	}
	return len(v) == 0
}

func (c *charstrings) curves(v []float64) bool {
	for ; len(v) >= 6; v = v[6:] {
		c.curve(v[:6]...)
	}
	return len(v) == 0
}

// tangents are curves that start and end in one direction.
func (c *charstrings) tangents(v []float64, level bool) bool {
	across := 0.0
	if len(v)%4 == 1 {
		across, v = v[0], v[1:]
	}
	for ; len(v) >= 4; v = v[4:] {
		if level {
			c.curve(v[0], across, v[1], v[2], v[3], 0)
		} else {
			c.curve(across, v[0], v[1], v[2], 0, v[3])
		}
		across = 0
	}
	return len(v) == 0
}

// corners are curves that start in one direction and end in the other.
func (c *charstrings) corners(v []float64, level bool) bool {
	for len(v) >= 4 {
		last := 0.0
		if len(v) == 5 {
			last = v[4]
		}
		if level {
			c.curve(v[0], 0, v[1], v[2], last, v[3])
		} else {
			c.curve(0, v[0], v[1], v[2], v[3], last)
		}
		if len(v) == 5 {
			return true
		}
		level, v = !level, v[4:]
	}
	return len(v) == 0
}

// flex executes the two-byte operators that draw (5177, 4.1).
func (c *charstrings) flex(op int) bool {
	v := c.stack
	defer c.clear()
	switch {
	case op == 35 && len(v) == 13:
		return c.curves(v[:12])
	case op == 34 && len(v) == 7:
		c.curve(v[0], 0, v[1], v[2], v[3], 0)
		c.curve(v[4], 0, v[5], -v[2], v[6], 0)
		return true
	case op == 36 && len(v) == 9:
		c.curve(v[0], v[1], v[2], v[3], v[4], 0)
		c.curve(v[5], 0, v[6], v[7], v[8], -(v[1] + v[3] + v[7]))
		return true
	case op == 37 && len(v) == 11:
		dx, dy := v[0]+v[2]+v[4]+v[6]+v[8], v[1]+v[3]+v[5]+v[7]+v[9]
		c.curve(v[:6]...)
		if math.Abs(dx) > math.Abs(dy) {
			c.curve(v[6], v[7], v[8], v[9], v[10], -dy)
		} else {
			c.curve(v[6], v[7], v[8], v[9], -dx, v[10])
		}
		return true
	}
	return false
}
