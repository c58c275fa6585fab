package syntax

import "encoding/binary"

// deflated reads one DEFLATE stream (RFC 1951) that lies in memory as a whole,
// which spares most of what compress/flate does for streams that do not. It
// gives up on whatever is not plainly right, and leaves what that means to
// compress/flate: a stream that it reads to the end is read alike there.
type deflated struct {
	data []byte
	pos  int    // of the next byte that is not in bits
	bits uint64 // the next ones lowest
	n    uint   // bits that count
	more bool   // it gave up since there is no room for what certainly follows
	lens [maxLiterals + maxDistances]uint8

	literals, distances, order huffman
}

// The largest alphabets (RFC 1951 3.2.5 to 3.2.7).
const (
	maxLiterals  = 286
	maxDistances = 30
	longestCode  = 15
)

// smallData is the size up to which streams are read here; larger ones give
// more than fits the buffer.
const smallData = 12 << 10

// inflate fills out from its beginning; false when it gave up.
func (d *deflated) inflate(data, out []byte) (int, bool) {
	d.data, d.pos, d.bits, d.n, d.more = data, 0, 0, 0, false
	at := 0
	for {
		d.fill()
		last, kind := d.take(1) == 1, d.take(2)
		ok := d.have()
		switch {
		case !ok:
		case kind == 0:
			at, ok = d.stored(out, at)
		case kind == 1:
			at, ok = d.block(out, at, &fixedLiterals, &fixedDistances)
		case kind == 2:
			if ok = d.codes(); ok {
				at, ok = d.block(out, at, &d.literals, &d.distances)
			}
		default:
			ok = false
		}
		if !ok || last {
			return at, ok
		}
	}
}

// fill makes at least 56 bits ready, or all that are left.
func (d *deflated) fill() {
	if d.pos+8 <= len(d.data) {
		d.bits |= binary.LittleEndian.Uint64(d.data[d.pos:]) << d.n
		d.pos += int(63-d.n) >> 3
		d.n |= 56
		return
	}
	for d.n <= 56 && d.pos < len(d.data) {
		d.bits |= uint64(d.data[d.pos]) << d.n
		d.pos++
		d.n += 8
	}
}

// take returns n bits. When there are fewer, d.n wraps around, and have tells.
func (d *deflated) take(n uint) uint {
	v := uint(d.bits & (1<<n - 1))
	d.bits >>= n
	d.n -= n
	return v
}

// have reports whether no bit was taken that is not there.
func (d *deflated) have() bool { return d.n <= 64 }

// stored copies a block that is not compressed (RFC 1951 3.2.4).
func (d *deflated) stored(out []byte, at int) (int, bool) {
	from := d.pos - int(d.n>>3)
	if from+4 > len(d.data) {
		return at, false
	}
	n, inverse := int(binary.LittleEndian.Uint16(d.data[from:])), binary.LittleEndian.Uint16(d.data[from+2:])
	from += 4
	if uint16(n) != ^inverse || n > len(d.data)-from {
		return at, false
	}
	if copied := copy(out[at:], d.data[from:from+n]); copied < n {
		d.more = true
		return at + copied, false
	}
	d.pos, d.bits, d.n = from+n, 0, 0
	return at + n, true
}

// codes reads the codes of a block (RFC 1951 3.2.7).
func (d *deflated) codes() bool {
	literals, distances, n := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if literals > maxLiterals || distances > maxDistances {
		return false
	}
	var lens [19]uint8
	for i := range n {
		d.fill()
		lens[[19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[i]] = uint8(d.take(3))
	}
	if !d.have() || !d.order.make(lens[:]) {
		return false
	}
	all := d.lens[:literals+distances]
	for i := 0; i < len(all); {
		d.fill()
		symbol, repeat, value := d.symbol(&d.order), 1, uint8(0)
		switch {
		case symbol < 16:
			value = uint8(symbol)
		case symbol == 16:
			if i == 0 {
				return false
			}
			repeat, value = 3+int(d.take(2)), all[i-1]
		case symbol == 17:
			repeat = 3 + int(d.take(3))
		case symbol == 18:
			repeat = 11 + int(d.take(7))
		default:
			return false
		}
		if !d.have() || repeat > len(all)-i {
			return false
		}
		for range repeat {
			all[i] = value
			i++
		}
	}
	return d.literals.make(all[:literals]) && d.distances.make(all[literals:])
}

// block reads the symbols of a block up to its end (RFC 1951 3.2.3).
func (d *deflated) block(out []byte, at int, literals, distances *huffman) (int, bool) {
	for {
		d.fill()
		s := d.symbol(literals)
		switch {
		case !d.have() || s >= maxLiterals:
			return at, false
		case s < 256 && at == len(out):
			d.more = true
			return at, false
		case s < 256:
			out[at] = byte(s)
			at++
			continue
		case s == 256:
			return at, true
		}
		length := int(lengthBase[s-257]) + int(d.take(uint(lengthExtra[s-257])))
		t := d.symbol(distances)
		if t >= maxDistances {
			return at, false
		}
		far := int(distanceBase[t]) + int(d.take(uint(distanceExtra[t])))
		if !d.have() || far > at {
			return at, false
		}
		whole := at + length
		for end := min(whole, len(out)); at < end; {
			at += copy(out[at:end], out[at-far:at]) // twice as much each time they overlap
		}
		if d.more = at < whole; d.more {
			return at, false
		}
	}
}
