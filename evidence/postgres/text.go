package postgres

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// PostgreSQL's text has no U+0000, but a register may. It is written as
// U+0001 U+0001 and U+0001 as U+0001 U+0002, which keeps the order of the
// strings. A byte that is not UTF-8 is never stored, but may be asked for: it
// becomes U+0001 U+0003 and two digits, which nothing equals.

const mark = "\x01"

// escape returns s as the database has it.
func escape(s string) string {
	if !strings.ContainsAny(s, "\x00\x01") && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == 0:
			b.WriteString(mark + "\x01")
		case r == 1:
			b.WriteString(mark + "\x02")
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, mark+"\x03%02x", s[0])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

var unescaper = strings.NewReplacer(mark+"\x01", "\x00", mark+"\x02", "\x01")

// unescape returns what escape was given. What escape never writes stays.
func unescape(s string) string {
	if !strings.Contains(s, mark) {
		return s
	}
	return unescaper.Replace(s)
}
