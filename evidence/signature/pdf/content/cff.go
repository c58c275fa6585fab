package content

import "math"

// cff gives access to the outlines of a Compact Font Format program (Adobe
// Technical Note 5176), as far as their extent asks for.
type cff struct {
	data    []byte
	glyphs  [][]byte
	global  [][]byte
	private []([][]byte) // local subroutines of each private dictionary
	choose  func(glyph int) int
}

// maxIndex bounds the items of an INDEX.
const maxIndex = 1 << 16

// cffDict holds the operands of the operators that matter; two-byte operators
// count from 256.
type cffDict map[int][]float64

const (
	cffCharStrings = 17
	cffPrivate     = 18
	cffSubrs       = 19
	cffCharType    = 256 + 6
	cffMatrix      = 256 + 7
	cffROS         = 256 + 30
	cffFDArray     = 256 + 36
	cffFDSelect    = 256 + 37
)

// openCFF reads the tables. It refuses what it does not follow: other
// charstrings than Type 2, and matrices other than a thousandth.
func openCFF(data []byte) (*cff, bool) {
	if len(data) < 4 || data[0] != 1 {
		return nil, false
	}
	f := &cff{data: data, choose: func(int) int { return 0 }}
	_, at, ok := index(data, int(data[2])) // names
	var tops, list [][]byte
	if ok {
		tops, at, ok = index(data, at)
	}
	if ok {
		_, at, ok = index(data, at) // strings
	}
	if ok {
		f.global, _, ok = index(data, at)
	}
	if !ok || len(tops) != 1 {
		return nil, false
	}
	top, ok := readCFFDict(tops[0])
	if t := top[cffCharType]; !ok || len(t) > 0 && t[0] != 2 || !thousandth(top[cffMatrix]) {
		return nil, false
	}
	if f.glyphs, _, ok = index(data, offset(top[cffCharStrings], 0)); !ok || len(f.glyphs) == 0 {
		return nil, false
	}
	if top[cffROS] == nil {
		return f, f.addPrivate(top)
	}
	if list, _, ok = index(data, offset(top[cffFDArray], 0)); !ok || len(list) == 0 {
		return nil, false
	}
	for _, raw := range list {
		d, ok := readCFFDict(raw)
		if !ok || !thousandth(d[cffMatrix]) || !f.addPrivate(d) {
			return nil, false
		}
	}
	return f, f.readSelect(offset(top[cffFDSelect], 0))
}

// thousandth reports whether a matrix is the usual one.
func thousandth(m []float64) bool {
	if m == nil {
		return true
	}
	want := [6]float64{0.001, 0, 0, 0.001, 0, 0}
	for i, w := range want {
		if len(m) != 6 || math.Abs(m[i]-w) > 1e-9 {
			return false
		}
	}
	return true
}

// offset takes operand n as a place in the data; one that is none fails later.
func offset(operands []float64, n int) int {
	if n >= len(operands) || operands[n] < 0 || operands[n] > 1<<30 {
		return -1
	}
	return int(operands[n])
}

// addPrivate reads the local subroutines of a private dictionary.
func (f *cff) addPrivate(d cffDict) bool {
	size, from := offset(d[cffPrivate], 0), offset(d[cffPrivate], 1)
	if d[cffPrivate] == nil {
		f.private = append(f.private, nil)
		return true
	}
	if size < 0 || from < 0 || from > len(f.data) || size > len(f.data)-from {
		return false
	}
	p, ok := readCFFDict(f.data[from : from+size])
	if !ok {
		return false
	}
	var local [][]byte
	if p[cffSubrs] != nil {
		at := offset(p[cffSubrs], 0)
		if at < 0 {
			return false
		}
		if local, _, ok = index(f.data, from+at); !ok {
			return false
		}
	}
	f.private = append(f.private, local)
	return true
}

// readSelect reads which private dictionary each glyph uses (FDSelect).
func (f *cff) readSelect(at int) bool {
	if at < 0 || at >= len(f.data) {
		return false
	}
	which := make([]byte, len(f.glyphs))
	switch f.data[at] {
	case 0:
		if at+1+len(which) > len(f.data) {
			return false
		}
		copy(which, f.data[at+1:])
	case 3:
		ranges := u16(f.data, at+1)
		if at+3+3*ranges+2 > len(f.data) {
			return false
		}
		for i := range ranges {
			r := at + 3 + 3*i
			for g := u16(f.data, r); g < u16(f.data, r+3) && g < len(which); g++ {
				which[g] = f.data[r+2]
			}
		}
	default:
		return false
	}
	f.choose = func(g int) int { return int(which[g]) }
	return true
}

// index reads an INDEX and returns its items and the place behind it.
func index(data []byte, at int) ([][]byte, int, bool) {
	if at < 0 || at+2 > len(data) {
		return nil, 0, false
	}
	count := u16(data, at)
	if count == 0 {
		return nil, at + 2, true
	}
	if at+3 > len(data) || count > maxIndex {
		return nil, 0, false
	}
	size := int(data[at+2])
	table := at + 3
	base := table + size*(count+1) - 1
	if size < 1 || size > 4 || base+1 > len(data) {
		return nil, 0, false
	}
	place := func(i int) int {
		v := 0
		for _, b := range data[table+i*size : table+(i+1)*size] {
			v = v<<8 | int(b)
		}
		return base + v
	}
	items := make([][]byte, count)
	for i := range items {
		from, to := place(i), place(i+1)
		if from <= base || to < from || to > len(data) {
			return nil, 0, false
		}
		items[i] = data[from:to]
	}
	return items, place(count), true
}

// readCFFDict reads a DICT (5176, 4).
func readCFFDict(data []byte) (cffDict, bool) {
	d := cffDict{}
	var operands []float64
	for at := 0; at < len(data); {
		b := int(data[at])
		at++
		switch {
		case b <= 21:
			if b == 12 {
				if at >= len(data) {
					return nil, false
				}
				b = 256 + int(data[at])
				at++
			}
			d[b] = append([]float64{}, operands...)
			operands = operands[:0]
			continue
		case b == 28:
			operands = append(operands, float64(i16(data, at)))
			at += 2
		case b == 29:
			operands = append(operands, float64(int32(uint32(u16(data, at))<<16|uint32(u16(data, at+2)))))
			at += 4
		case b == 30:
			v, n, ok := realNumber(data[at:])
			if !ok {
				return nil, false
			}
			operands = append(operands, v)
			at += n
		case b >= 32 && b <= 246:
			operands = append(operands, float64(b-139))
		case b >= 247 && b <= 250 && at < len(data):
			operands = append(operands, float64((b-247)*256+int(data[at])+108))
			at++
		case b >= 251 && b <= 254 && at < len(data):
			operands = append(operands, float64(-(b-251)*256-int(data[at])-108))
			at++
		default:
			return nil, false
		}
		if len(operands) > 64 || at > len(data) {
			return nil, false
		}
	}
	return d, true
}
