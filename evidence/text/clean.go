package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Clean makes text of a file safe and even: NFC, lines that end in \n, one
// space between words, no empty line twice, no control or format characters
// (zero-width, bidirectional, soft hyphen), nothing that is not a character.
// Cleaning twice changes nothing.
func Clean(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space, lines := false, 0
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	for _, r := range norm.NFC.String(s) {
		switch {
		case strings.ContainsRune("\n\r\f\v\u0085\u2028\u2029", r):
			lines++
		case unicode.IsSpace(r):
			space = true
		case !visible(r):
		default:
			if b.Len() > 0 && lines > 0 {
				b.WriteString("\n\n"[:min(lines, 2)])
			} else if b.Len() > 0 && space {
				b.WriteByte(' ')
			}
			space, lines = false, 0
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String()) // what was dropped may have stood between letter and mark
}

// visible drops control, format and private characters, surrogates and what
// Unicode will never assign.
func visible(r rune) bool {
	return r != unicode.ReplacementChar && !unicode.In(r, unicode.C, unicode.Noncharacter_Code_Point)
}

// cleanTo cleans s and keeps at most limit bytes; cut reports that there was
// more.
func cleanTo(s string, limit int) (clean string, cut bool) {
	whole := len(s)
	s = Clean(clip(s, 2*limit))
	if len(s) <= limit {
		return s, whole > 2*limit
	}
	return Clean(clip(s, limit)), true
}
