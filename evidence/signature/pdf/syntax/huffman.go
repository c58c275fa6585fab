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
