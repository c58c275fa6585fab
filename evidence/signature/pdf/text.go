package pdf

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"minhchung/evidence/signature/pdf/syntax"
)

// maxText bounds the characters of a name or reason that facts keep.
const maxText = 1000

// text decodes a text string (ISO 32000-2 7.9.2.2): UTF-16 or UTF-8 by its
// byte order mark, else PDFDocEncoding. What is not a string is "". Control
// characters become spaces, so that the result is safe to print.
func text(o syntax.Object) string {
	s, ok := o.(syntax.String)
	if !ok {
		return ""
	}
	return clean(decodeText(s.Bytes()))
}

func decodeText(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		return utf16Text(b[2:], 0, 1)
	case len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE: // not in the standard, but written
		return utf16Text(b[2:], 1, 0)
	case len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF:
		return string(b[3:min(len(b), 3+4*maxText)])
	}
	var out strings.Builder
	for _, c := range b[:min(len(b), maxText)] {
		out.WriteRune(docRune(c))
	}
	return out.String()
}

func utf16Text(b []byte, high, low int) string {
	b = b[:min(len(b), 2*maxText)]
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i+high])<<8|uint16(b[i+low]))
	}
	return string(utf16.Decode(units))
}

// docHigh is what PDFDocEncoding (ISO 32000-2 annex D.3) has at 0x80 to 0xA0,
// and docLow at 0x18 to 0x1F; elsewhere it agrees with Latin-1.
var (
	docHigh = []rune("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\uFFFD€")
	docLow  = []rune("˘ˇˆ˙˝˛˚˜")
)

func docRune(c byte) rune {
	switch {
	case c >= 0x18 && c <= 0x1F:
		return docLow[c-0x18]
	case c >= 0x80 && c <= 0xA0:
		return docHigh[c-0x80]
	}
	return rune(c)
}

// clean makes valid UTF-8 of one line.
func clean(s string) string {
	n := 0
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if n++; n > maxText {
			return -1
		}
		if unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError))))
}

// name returns a name object as text, "" for anything else.
func name(o syntax.Object) string {
	n, _ := o.(syntax.Name)
	return clean(string(n[:min(len(n), 4*maxText)]))
}

// date parses a date (ISO 32000-2 7.9.4): D:YYYYMMDDHHmmSSOHH'mm' with all
// behind the year optional. A time without an offset is read as UTC; a date
// that is none is false.
func date(s string) (time.Time, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "D:")
	fields := [6]int{0, 1, 1, 0, 0, 0}
	for i := range fields {
		width := 2
		if i == 0 {
			width = 4
		}
		v, ok := digits(s, width)
		if !ok {
			if i == 0 {
				return time.Time{}, false
			}
			break
		}
		fields[i], s = v, s[width:]
	}
	zone, ok := offset(s)
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(fields[0], time.Month(fields[1]), fields[2], fields[3], fields[4], fields[5], 0, zone)
	if t.Day() != fields[2] || int(t.Month()) != fields[1] || t.Hour() != fields[3] ||
		fields[4] > 59 || fields[5] > 59 {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func digits(s string, width int) (int, bool) {
	if len(s) < width {
		return 0, false
	}
	v := 0
	for _, c := range []byte(s[:width]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// offset parses the relation of local time to UTC: Z, +HH'mm' and shorter or
// sloppier forms.
func offset(s string) (*time.Location, bool) {
	if s == "" || s[0] == 'Z' {
		return time.UTC, true
	}
	sign := 1
	switch s[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return nil, false
	}
	hours, ok := digits(s[1:], 2)
	if !ok || hours > 23 {
		return nil, false
	}
	minutes, _ := digits(strings.TrimLeft(s[3:], "':"), 2)
	if minutes > 59 {
		return nil, false
	}
	return time.FixedZone("", sign*(hours*60+minutes)*60), true
}
