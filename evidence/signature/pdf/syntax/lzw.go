package syntax

import "fmt"

// The codes of LZWDecode (ISO 32000-2 7.4.4). compress/lzw widens its codes
// one step later than EarlyChange 1, the default, and cannot be used.
const (
	lzwClear = 256
	lzwEnd   = 257
	lzwFirst = 258
	lzwMax   = 1 << 12
)

// lzwTable holds the sequences: each is a prefix code and one byte more.
type lzwTable struct {
	prefix [lzwMax]uint16
	last   [lzwMax]byte
	length [lzwMax]uint16
	next   int
}

// unLZW undoes LZWDecode.
func unLZW(data []byte, early bool, limit int64) ([]byte, error) {
	t := lzwTable{next: lzwFirst}
	var out []byte
	var bits uint32
	var have, width, previous = 0, 9, -1
	for _, c := range data {
		bits, have = bits<<8|uint32(c), have+8
		if have < width {
			continue
		}
		have -= width
		code := int(bits >> have & (1<<width - 1))
		switch {
		case code == lzwEnd:
			return out, nil
		case code == lzwClear:
			t.next, width, previous = lzwFirst, 9, -1
			continue
		case previous < 0 && code > 255, code > t.next, code == t.next && previous < 0:
			return out, fmt.Errorf("code out of range: %w", ErrDamaged)
		}
		out = t.expand(out, code, previous)
		if int64(len(out)) > limit {
			return out[:limit], errFull
		}
		previous = code
		edge := t.next
		if early {
			edge++
		}
		for width < 12 && edge >= 1<<width {
			width++
		}
	}
	return out, nil
}

// expand appends the sequence of code and enters previous with one more byte
// into the table.
func (t *lzwTable) expand(out []byte, code, previous int) []byte {
	start := len(out)
	if code == t.next { // the sequence that this very code completes
		out = t.write(out, previous)
		out = append(out, out[start])
	} else {
		out = t.write(out, code)
	}
	if previous >= 0 && t.next < lzwMax {
		t.prefix[t.next], t.last[t.next] = uint16(previous), out[start]
		t.length[t.next] = uint16(t.size(previous) + 1)
		t.next++
	}
	return out
}

func (t *lzwTable) size(code int) int {
	if code < lzwClear {
		return 1
	}
	return int(t.length[code])
}

func (t *lzwTable) write(out []byte, code int) []byte {
	n := t.size(code)
	out = append(out, make([]byte, n)...)
	for i := len(out) - 1; n > 0; n, i = n-1, i-1 {
		if code < lzwClear {
			out[i] = byte(code)
			return out
		}
		out[i] = t.last[code]
		code = int(t.prefix[code])
	}
	return out
}
