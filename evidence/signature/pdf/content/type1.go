package content

import (
	"bytes"
	"encoding/hex"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// type1 gives access to the outlines of a Type 1 font program (Adobe Type 1
// Font Format, version 1.1).
type type1 struct {
	glyphs [][]byte
	subrs  map[int][]byte
}

// maxType1 bounds the glyphs and subroutines of one font.
const maxType1 = 1 << 16

var (
	type1Matrix = regexp.MustCompile(`/FontMatrix\s*\[([^\]]*)\]`)
	type1LenIV  = regexp.MustCompile(`/lenIV\s+(-?\d+)`)
	type1Subr   = regexp.MustCompile(`^\s*dup\s+(\d+)\s+(\d+)\s+(?:RD|-\|)\s`)
	type1Glyph  = regexp.MustCompile(`^\s*/[^\s/\[\](){}<>%]*\s+(\d+)\s+(?:RD|-\|)\s`)
	type1After  = regexp.MustCompile(`^\s*(?:NP|\||noaccess\s+put|ND|\|-|noaccess\s+def|put|def)`)
)

// openType1 decrypts a font program and finds its charstrings. It refuses what
// it does not follow, such as a matrix other than a thousandth.
func openType1(data []byte) (*type1, bool) {
	clear, rest, ok := bytes.Cut(data, []byte("eexec"))
	if !ok || !type1Thousandth(clear) {
		return nil, false
	}
	private := eexec(bytes.TrimLeft(rest, " \t\r\n"))
	if type1Matrix.Match(private) {
		return nil, false // a second one that might win
	}
	skip := 4
	if m := type1LenIV.FindSubmatch(private); m != nil {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil || n < 0 || n > 16 {
			return nil, false
		}
		skip = n
	}
	t := &type1{subrs: map[int][]byte{}}
	head, strings, ok := bytes.Cut(private, []byte("/CharStrings"))
	if !ok || bytes.Contains(strings, []byte("/CharStrings")) {
		return nil, false
	}
	return t, t.readSubrs(head, skip) && t.readGlyphs(strings, skip) && len(t.glyphs) > 0
}

func type1Thousandth(clear []byte) bool {
	all := type1Matrix.FindAllSubmatch(clear, 2)
	if len(all) != 1 {
		return false
	}
	var m []float64
	for s := range strings.FieldsSeq(string(all[0][1])) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return false
		}
		m = append(m, v)
	}
	return thousandth(m)
}

// eexec undoes the encryption of the private part, binary or hexadecimal
// (7.2 of the format).
func eexec(data []byte) []byte {
	if len(data) >= 4 && !bytes.ContainsFunc(data[:4], func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) {
		digits := bytes.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, data)
		out := make([]byte, len(digits)/2)
		n, _ := hex.Decode(out, digits[:len(digits)/2*2]) // up to the trailer of zeros and cleartomark
		data = out[:n]
	}
	return decrypt(data, 55665, 4)
}

// decrypt undoes the cipher of the format (7.1), without its first bytes.
func decrypt(data []byte, key uint16, skip int) []byte {
	out := make([]byte, len(data))
	for i, c := range data {
		out[i] = c ^ byte(key>>8)
		key = (uint16(c)+key)*52845 + 22719
	}
	return out[min(skip, len(out)):]
}

// readSubrs reads "dup 0 15 RD …" behind /Subrs.
func (t *type1) readSubrs(head []byte, skip int) bool {
	_, list, ok := bytes.Cut(head, []byte("/Subrs"))
	if !ok {
		return true
	}
	_, list, ok = bytes.Cut(list, []byte("array"))
	for ok && len(t.subrs) < maxType1 {
		m := type1Subr.FindSubmatch(list)
		if m == nil {
			break
		}
		number, err := strconv.Atoi(string(m[1]))
		program, rest, fine := charstring(list[len(m[0]):], m[2], skip)
		if err != nil || !fine || t.subrs[number] != nil {
			return false
		}
		t.subrs[number], list = program, rest
	}
	return ok && !bytes.Contains(list, []byte("/Subrs"))
}

// readGlyphs reads "/A 120 RD … ND" behind /CharStrings.
func (t *type1) readGlyphs(list []byte, skip int) bool {
	_, list, ok := bytes.Cut(list, []byte("begin"))
	for ok && len(t.glyphs) < maxType1 {
		m := type1Glyph.FindSubmatch(list)
		if m == nil {
			break
		}
		program, rest, fine := charstring(list[len(m[0]):], m[1], skip)
		if !fine {
			return false
		}
		t.glyphs, list = append(t.glyphs, program), rest
	}
	// Whatever is left must be the end: a glyph written in another way could
	// be one that nobody measured.
	return ok && bytes.HasPrefix(bytes.TrimLeft(list, " \t\r\n"), []byte("end"))
}

// charstring takes so many bytes, and what stores them.
func charstring(data, length []byte, skip int) (program, rest []byte, ok bool) {
	n, err := strconv.Atoi(string(length))
	if err != nil || n > len(data) {
		return nil, nil, false
	}
	program, rest = decrypt(data[:n], 4330, skip), data[n:]
	return program, rest[len(type1After.Find(rest)):], true
}

// extent returns the box around all glyphs, in ems.
func (t *type1) extent() (Rect, bool) {
	var all, shift bounds
	work := maxPoints
	for _, program := range t.glyphs {
		c := type1Run{charstrings: charstrings{pen: pen{bounds: &all}, shift: &shift, work: work}, subrs: t.subrs}
		if done, ok := c.run(program); !ok || !done {
			return Rect{}, false
		}
		work = c.work
	}
	return inEms(all, shift), true
}

// type1Run runs one charstring of Type 1 (6.4 of the format).
type type1Run struct {
	charstrings
	subrs map[int][]byte
	post  []float64 // what OtherSubrs left for pop
}

func (c *type1Run) run(code []byte) (done, ok bool) {
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
		case b == 255:
			c.stack = append(c.stack, float64(int32(uint32(u16(code, at))<<16|uint32(u16(code, at+2)))))
			at += 4
		case b >= 32:
			at = c.number(code, at)
		case b == 10:
			n, ok := c.pop()
			program := c.subrs[int(n)]
			if !ok || program == nil {
				return false, false
			}
			if done, ok := c.run(program); !ok || done {
				return done, ok
			}
		case b == 11:
			return false, true
		case b == 14:
			return true, true
		case b == 12:
			if at >= len(code) {
				return false, false
			}
			done, ok := c.escape(int(code[at]))
			at++
			if !ok || done {
				return done, ok
			}
		default:
			if !c.operator(b) {
				return false, false
			}
		}
		if at > len(code) {
			return false, false
		}
	}
	return false, true
}

// operator executes what differs from Type 2, and leaves the rest to it.
func (c *type1Run) operator(op int) bool {
	v := c.stack
	switch op {
	case 9: // closepath
		c.clear()
		return true
	case 13: // hsbw
		if len(v) != 2 {
			return false
		}
		c.x, c.y = v[0], 0
		c.clear()
		return true
	case 1, 3, 4, 5, 6, 7, 8, 21, 22, 30, 31:
		if op == 30 || op == 31 {
			if len(v) != 4 {
				return false
			}
		}
		return c.draw(op)
	}
	return false
}

// escape executes the two-byte operators.
func (c *type1Run) escape(op int) (done, ok bool) {
	v := c.stack
	switch op {
	case 0, 1, 2: // dotsection, vstem3, hstem3
		c.clear()
		return false, true
	case 6: // seac: asb adx ady bchar achar
		if len(v) != 5 {
			return false, false
		}
		// The accent's own side bearing asb is taken off; both are near zero.
		c.shift.add(v[1], v[2])
		c.shift.add(v[1]-v[0]+c.x, v[2])
		return true, true
	case 7: // sbw
		if len(v) != 4 {
			return false, false
		}
		c.x, c.y = v[0], v[1]
		c.clear()
		return false, true
	case 12: // div
		if len(v) < 2 || v[len(v)-1] == 0 {
			return false, false
		}
		v[len(v)-2] /= v[len(v)-1]
		c.stack = v[:len(v)-1]
		return false, true
	case 16:
		return false, c.otherSubr()
	case 17: // pop
		n := len(c.post)
		if n == 0 {
			return false, false
		}
		c.stack, c.post = append(c.stack, c.post[n-1]), c.post[:n-1]
		return false, true
	case 33: // setcurrentpoint, where the moves of a flex have led
		if len(v) != 2 || math.Abs(v[0]-c.x) > 2 || math.Abs(v[1]-c.y) > 2 {
			return false, false
		}
		c.clear()
		return false, true
	}
	return false, false
}

// otherSubr follows flex and hint replacement (8 of the format). The points of
// a flex are moved to one after the other and count like those of curves.
func (c *type1Run) otherSubr() bool {
	n, ok := c.pop()
	count, fine := c.pop()
	if !ok || !fine || count < 0 || int(count) > len(c.stack) {
		return false
	}
	args := c.stack[len(c.stack)-int(count):]
	c.stack = c.stack[:len(c.stack)-int(count)]
	switch n {
	case 0: // the end of a flex: height, x, y
		if len(args) != 3 {
			return false
		}
		c.post = []float64{args[2], args[1]}
	case 1, 2:
		c.bounds.add(c.x, c.y)
	case 3: // readers go on with the given subroutine or with number 3
		if len(args) != 1 || len(c.subrs[3]) != 1 || c.subrs[3][0] != 11 {
			return false
		}
		c.post = args
	default:
		return false
	}
	return true
}
