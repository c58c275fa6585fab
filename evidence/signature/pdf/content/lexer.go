package content

import (
	"bytes"
	"strconv"
)

// kind is what a token or operand is.
type kind uint8

const (
	kindEOF kind = iota
	kindNumber
	kindName
	kindString
	kindArray    // operand; its items lie in the machine's arena
	kindDict     // operand; its contents are not kept
	kindOperator // also true, false and null, which nobody here needs
	kindOpenArray
	kindCloseArray
	kindOpenDict
	kindCloseDict
)

// token is one lexical unit of a content stream (ISO 32000-2 7.8.2, 7.2).
type token struct {
	kind kind
	num  float64
	text []byte // name without slash, decoded string, operator
}

// lexer cuts a content stream into tokens. It never fails: bytes that mean
// nothing are skipped, as readers do.
type lexer struct {
	data []byte
	pos  int
	// decoded holds the strings that are not written as they are meant. Who
	// empties it gives up the tokens before.
	decoded []byte
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelim(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		if c == '%' {
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
			continue
		}
		if !isSpace(c) {
			return
		}
		l.pos++
	}
}

// word returns the regular characters from pos on.
func (l *lexer) word() []byte {
	start := l.pos
	for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelim(l.data[l.pos]) {
		l.pos++
	}
	return l.data[start:l.pos]
}

// next returns the next token. Stray delimiters are skipped.
func (l *lexer) next() token {
	for {
		l.skipSpace()
		if l.pos >= len(l.data) {
			return token{kind: kindEOF}
		}
		c := l.data[l.pos]
		double := l.pos+1 < len(l.data) && l.data[l.pos+1] == c
		switch {
		case c == '/':
			l.pos++
			return token{kind: kindName, text: unescapeName(l.word())}
		case c == '(':
			return token{kind: kindString, text: l.literal()}
		case c == '<' && double:
			l.pos += 2
			return token{kind: kindOpenDict}
		case c == '>' && double:
			l.pos += 2
			return token{kind: kindCloseDict}
		case c == '<':
			return token{kind: kindString, text: l.hex()}
		case c == '[':
			l.pos++
			return token{kind: kindOpenArray}
		case c == ']':
			l.pos++
			return token{kind: kindCloseArray}
		case isDelim(c):
			l.pos++
			continue
		}
		w := l.word()
		if n, ok := number(w); ok {
			return token{kind: kindNumber, num: n}
		}
		return token{kind: kindOperator, text: w}
	}
}

// number parses an integer or real (ISO 32000-2 7.3.3). Exponents are not
// part of PDF.
func number(w []byte) (float64, bool) {
	if len(w) == 0 || len(w) > 64 {
		return 0, false
	}
	digits, point, whole := 0, -1, int64(0)
	for i, c := range w {
		switch {
		case c >= '0' && c <= '9':
			if digits++; digits <= exactDigits {
				whole = 10*whole + int64(c-'0')
			}
		case (c == '+' || c == '-') && i == 0:
		case c == '.':
			if point >= 0 {
				return 0, false
			}
			point = i
		case c == '-' && i == 1 && w[0] == '-': // "--5" is seen in the field
			return number(w[1:])
		default:
			return 0, false
		}
	}
	switch {
	case digits == 0:
		return 0, false
	case digits > exactDigits:
		n, err := strconv.ParseFloat(string(w), 64)
		return n, err == nil
	}
	n := float64(whole)
	if point >= 0 {
		n /= powers[len(w)-1-point]
	}
	if w[0] == '-' {
		n = -n
	}
	return n, true
}

// exactDigits is how many digits a float64 holds exactly. One division by an
// exact power of ten then rounds once, as strconv does.
const exactDigits = 15

var powers = [exactDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// literal reads a string in parentheses (ISO 32000-2 7.3.4.2).
func (l *lexer) literal() []byte {
	l.pos++
	start, depth := l.pos, 1
	for i := start; i < len(l.data); i++ {
		switch l.data[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.pos = i + 1
				return l.data[start:i:i]
			}
		case '\\':
			return l.escaped(start, i, depth)
		}
	}
	l.pos = len(l.data)
	return l.data[start:]
}

// escaped reads the rest of a string from its first backslash, at pos.
func (l *lexer) escaped(start, pos, depth int) []byte {
	n := len(l.decoded)
	l.decoded, l.pos = append(l.decoded, l.data[start:pos]...), pos
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return l.decoded[n:]
			}
		case '\\':
			l.decoded = l.escape(l.decoded)
			continue
		}
		l.decoded = append(l.decoded, c)
	}
	return l.decoded[n:]
}

func (l *lexer) escape(out []byte) []byte {
	if l.pos >= len(l.data) {
		return out
	}
	c := l.data[l.pos]
	l.pos++
	if i := bytes.IndexByte([]byte("nrtbf"), c); i >= 0 {
		return append(out, "\n\r\t\b\f"[i])
	}
	switch {
	case c == '\r':
		if l.pos < len(l.data) && l.data[l.pos] == '\n' {
			l.pos++
		}
		return out
	case c == '\n':
		return out
	case c < '0' || c > '7':
		return append(out, c)
	}
	v := int(c - '0')
	for i := 0; i < 2 && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '7'; i++ {
		v = v<<3 | int(l.data[l.pos]-'0')
		l.pos++
	}
	return append(out, byte(v))
}

// hex reads a hexadecimal string (ISO 32000-2 7.3.4.3).
func (l *lexer) hex() []byte {
	n := len(l.decoded)
	var half byte
	odd := false
	i := l.pos + 1
	for ; i < len(l.data) && l.data[i] != '>'; i++ {
		v := hexDigits[l.data[i]]
		if v > 15 {
			continue
		}
		if odd {
			l.decoded = append(l.decoded, half<<4|v)
		}
		half, odd = v, !odd
	}
	if odd {
		l.decoded = append(l.decoded, half<<4)
	}
	l.pos = min(i+1, len(l.data))
	return l.decoded[n:]
}

// hexDigits are the values of hexadecimal digits; others have a larger one.
var hexDigits = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i := range byte(10) {
		table['0'+i] = i
	}
	for i := range byte(6) {
		table['a'+i], table['A'+i] = 10+i, 10+i
	}
	return table
}()

func hexDigit(c byte) (byte, bool) {
	v := hexDigits[c]
	return v, v < 16
}

func unescapeName(w []byte) []byte {
	if bytes.IndexByte(w, '#') < 0 {
		return w
	}
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] == '#' && i+2 < len(w) {
			hi, ok1 := hexDigit(w[i+1])
			lo, ok2 := hexDigit(w[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, w[i])
	}
	return out
}

// skipInlineImage moves behind the EI that ends the data of an inline image
// (ISO 32000-2 8.9.7); pos is behind ID. Without one it moves to the end.
func (l *lexer) skipInlineImage() {
	for i := l.pos; i+2 <= len(l.data); i++ {
		k := bytes.Index(l.data[i:], []byte("EI"))
		if k < 0 {
			break
		}
		i += k
		before := i == 0 || isSpace(l.data[i-1])
		after := i+2 == len(l.data) || isSpace(l.data[i+2])
		if before && after {
			l.pos = i + 2
			return
		}
	}
	l.pos = len(l.data)
}
