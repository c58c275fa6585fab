package content

import "unicode/utf16"

// toUnicode is a ToUnicode CMap (ISO 32000-2 9.10.3).
type toUnicode struct{ chars map[int]string }

// maxChars bounds the mappings that are kept of one CMap.
const maxChars = 1 << 16

// charBytes is about what one mapping takes in a CMap.
const charBytes = 32

// parseToUnicode reads bfchar and bfrange sections and ignores the rest.
func parseToUnicode(data []byte) *toUnicode {
	u := &toUnicode{chars: make(map[int]string, min(len(data)/charBytes, roomAtFirst))}
	l := lexer{data: data}
	for {
		l.decoded = l.decoded[:0]
		t := l.next()
		switch {
		case t.kind == kindEOF || len(u.chars) >= maxChars:
			return u
		case t.kind == kindOperator && string(t.text) == "beginbfchar":
			u.bfchar(&l)
		case t.kind == kindOperator && string(t.text) == "beginbfrange":
			u.bfrange(&l)
		}
	}
}

func (u *toUnicode) bfchar(l *lexer) {
	for len(u.chars) < maxChars {
		l.decoded = l.decoded[:0]
		code, to := l.next(), token{}
		if code.kind != kindString {
			return
		}
		if to = l.next(); to.kind != kindString {
			return
		}
		u.chars[codeOf(code.text)] = utf16Text(to.text)
	}
}

func (u *toUnicode) bfrange(l *lexer) {
	for len(u.chars) < maxChars {
		l.decoded = l.decoded[:0]
		lo := l.next()
		if lo.kind != kindString {
			return
		}
		hi, to := l.next(), l.next()
		first, last := codeOf(lo.text), min(codeOf(hi.text), 0xffff)
		switch to.kind {
		case kindString:
			for c := first; c <= last && len(u.chars) < maxChars; c++ {
				u.chars[c] = advance(to.text, c-first)
			}
		case kindOpenArray:
			for c := first; ; c++ {
				l.decoded = l.decoded[:0]
				t := l.next()
				if t.kind != kindString || len(u.chars) >= maxChars {
					break
				}
				u.chars[c] = utf16Text(t.text)
			}
		default:
			return
		}
	}
}

// advance returns the text n behind the one encoded in b.
func advance(b []byte, n int) string {
	if len(b) < 2 {
		return utf16Text(b)
	}
	c := append([]byte(nil), b...)
	v := int(c[len(c)-2])<<8 | int(c[len(c)-1])
	v += n
	c[len(c)-2], c[len(c)-1] = byte(v>>8), byte(v)
	return utf16Text(c)
}

func codeOf(b []byte) int {
	v := 0
	for _, c := range b[:min(len(b), 4)] {
		v = v<<8 | int(c)
	}
	return v
}

// utf16Text decodes big-endian UTF-16; a single byte is itself.
func utf16Text(b []byte) string {
	if len(b) == 1 {
		return string(rune(b[0]))
	}
	if len(b) == 2 || len(b) == 3 { // nearly always; an odd byte says nothing
		if r := rune(b[0])<<8 | rune(b[1]); !utf16.IsSurrogate(r) {
			return string(r)
		}
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(u))
}
