package syntax

import "math/bits"

// huffman is a prefix code of DEFLATE (RFC 1951 3.2.2).
type huffman struct {
	// table leads from the next bits to symbol<<4 | length, 0 for codes that
	// are longer than its index.
	table   [1 << tableBits]uint16
	count   [longestCode + 1]uint16 // codes of each length
	symbols [288]uint16             // by length, then by value
}

const tableBits = 9

// make takes the lengths of the codes. It refuses codes that are not complete,
// also the few that the format allows.
func (h *huffman) make(lens []uint8) bool {
	h.count = [longestCode + 1]uint16{}
	for _, n := range lens {
		h.count[n]++
	}
	h.count[0] = 0
	left := 1
	var next, index [longestCode + 1]uint16
	for n := 1; n <= longestCode; n++ {
		if left = 2*left - int(h.count[n]); left < 0 {
			return false
		}
		next[n] = (next[n-1] + h.count[n-1]) << 1
		index[n] = index[n-1] + h.count[n-1]
	}
	if left != 0 {
		return false
	}
	h.table = [1 << tableBits]uint16{}
	for s, n := range lens {
		if n == 0 {
			continue
		}
		h.symbols[index[n]] = uint16(s)
		index[n]++
		code := next[n]
		next[n]++
		if n > tableBits {
			continue
		}
		for k := int(bits.Reverse16(code) >> (16 - n)); k < len(h.table); k += 1 << n {
			h.table[k] = uint16(s)<<4 | uint16(n)
		}
	}
	return true
}

// The codes of blocks that bring none (RFC 1951 3.2.6).
var fixedLiterals, fixedDistances = func() (literals, distances huffman) {
	var lens [288]uint8
	for i := range lens {
		switch {
		case i < 144, i >= 280:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		default:
			lens[i] = 7
		}
	}
	literals.make(lens[:])
	for i := range 32 {
		lens[i] = 5
	}
	distances.make(lens[:32])
	return
}()

// symbol reads one symbol; the bits of the longest one must be ready. It is
// too large for any alphabet when there is no such code.
func (d *deflated) symbol(h *huffman) uint {
	if e := h.table[d.bits&(1<<tableBits-1)]; e != 0 {
		d.bits >>= e & 15
		d.n -= uint(e & 15)
		return uint(e >> 4)
	}
	code, first, index := 0, 0, 0
	for n := 1; n <= longestCode; n++ {
		code |= int(d.bits>>(n-1)) & 1
		count := int(h.count[n])
		if code-count < first {
			d.bits >>= n
			d.n -= uint(n)
			return uint(h.symbols[index+code-first])
		}
		index, first = index+count, (first+count)<<1
		code <<= 1
	}
	return 1 << 16
}

var (
	lengthBase    = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase  = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)
