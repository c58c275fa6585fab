package syntax

import "bytes"

// Bytes returns the string, unescaped and decrypted. It may share memory with
// the file and must not be changed.
func (s String) Bytes() []byte {
	var plain []byte
	if s.Hex {
		plain = unhex(s.raw)
	} else {
		plain = unescape(s.raw)
	}
	if s.key != nil && !s.exempt {
		return s.key.string(plain)
	}
	return plain
}

// ZerosEncrypted reports whether the Contents of a signature (ISO 32000-2
// table 255) are zeros from a byte on, once they are decrypted like any other
// string: some programs encrypt the room they reserve for the signature, which
// 7.6.2 exempts, and then write the signature over its beginning. Of a cipher
// in blocks the first 31 bytes at most cannot be told and are not looked at;
// what can be told must be at least as much.
func (s String) ZerosEncrypted(from int) bool {
	return s.exempt && s.Hex && s.key.zeros(unhex(s.raw), from)
}

// UniformHex reports whether s is written as pairs of hexadecimal digits in
// one letter case and nothing else, as one producer writes it in one go.
// Other characters, which decoding passes over, have no place where no
// signature protects them.
func (s String) UniformHex() bool {
	seen := uint8(0)
	for _, c := range s.raw[:len(s.raw)-zeroDigits(s.raw)] {
		seen |= hexCase[c]
	}
	return s.Hex && len(s.raw)%2 == 0 && seen < upperCase|lowerCase
}

const (
	upperCase = 1
	lowerCase = 2
	noHex     = 4
)

// hexCase maps a character to its letter case: 0 for the digits 0 to 9.
var hexCase = func() (t [256]uint8) {
	for c := range t {
		switch {
		case isDigit(byte(c)):
		case c >= 'A' && c <= 'F':
			t[c] = upperCase
		case c >= 'a' && c <= 'f':
			t[c] = lowerCase
		default:
			t[c] = noHex
		}
	}
	return t
}()

// hexDigit maps a character to its value; 16 is white space, 17 is neither.
var hexDigit = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = uint8(c - '0')
		case c >= 'a' && c <= 'f':
			t[c] = uint8(c - 'a' + 10)
		case c >= 'A' && c <= 'F':
			t[c] = uint8(c - 'A' + 10)
		case class[c] == white:
			t[c] = 16
		default:
			t[c] = 17
		}
	}
	return t
}()

// unhex decodes hexadecimal digits (ISO 32000-2 7.3.4.3); an odd last digit
// counts as if 0 followed, other characters are passed over.
func unhex(raw []byte) []byte {
	out := make([]byte, 0, len(raw)/2+1)
	digits := raw
	if len(raw)%2 == 0 { // signatures are padded with zeros, often more than there is of them
		digits = raw[:len(raw)-zeroDigits(raw)]
	}
	if out = appendPairs(out, digits); 2*len(out) == len(digits) {
		return out[:len(raw)/2] // fresh memory is zero
	}
	raw = raw[2*len(out):]
	high, have := uint8(0), false
	for _, c := range raw {
		v := hexDigit[c]
		if v > 15 {
			continue
		}
		if have {
			out = append(out, high<<4|v)
		} else {
			high = v
		}
		have = !have
	}
	if have {
		out = append(out, high<<4)
	}
	return out
}

// appendPairs decodes pairs of digits, which is all that most strings have, as
// far as there are any.
func appendPairs(out, raw []byte) []byte {
	for len(raw) >= 2 {
		h, l := hexDigit[raw[0]], hexDigit[raw[1]]
		if h|l > 15 {
			break
		}
		out = append(out, h<<4|l)
		raw = raw[2:]
	}
	return out
}

// zeros are digits to compare with.
var zeros = bytes.Repeat([]byte{'0'}, 64)

// zeroDigits returns how many zeros raw ends with, in whole blocks.
func zeroDigits(raw []byte) (n int) {
	for n+len(zeros) <= len(raw) && bytes.Equal(raw[len(raw)-n-len(zeros):len(raw)-n], zeros) {
		n += len(zeros)
	}
	return n
}

// unescape undoes the escapes of a literal string (ISO 32000-2 7.3.4.2).
func unescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\r': // any end of line reads as a line feed
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			out = append(out, '\n')
		case c != '\\' || i+1 == len(raw):
			out = append(out, c)
		default:
			var n int
			out, n = escape(out, raw[i+1:])
			i += n
		}
	}
	return out
}

// escape appends what the escape stands for and returns how many bytes
// behind the backslash it took.
func escape(out, rest []byte) ([]byte, int) {
	switch c := rest[0]; c {
	case 'n':
		return append(out, '\n'), 1
	case 'r':
		return append(out, '\r'), 1
	case 't':
		return append(out, '\t'), 1
	case 'b':
		return append(out, '\b'), 1
	case 'f':
		return append(out, '\f'), 1
	case '\n':
		return out, 1
	case '\r':
		if len(rest) > 1 && rest[1] == '\n' {
			return out, 2
		}
		return out, 1
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := 0, 0
		for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
			v = v<<3 | int(rest[n]-'0')
			n++
		}
		return append(out, byte(v)), n
	default:
		return append(out, c), 1
	}
}
