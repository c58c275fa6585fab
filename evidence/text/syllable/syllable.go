// Package syllable tells what a Vietnamese syllable is: it splits text into
// tokens, folds marks away, and measures how much of a text is Vietnamese.
// Search and text reading both stand on it.
//
// Vietnamese is written in syllables set apart by spaces. Each is an onset, a
// rime and one of six tones; the marks of quality (â, ơ) and of tone (á, ạ)
// are what a careless typist or a foreign OCR model loses. Folding removes
// both, and đ becomes d.
package syllable

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Token is a run of letters and digits in a text.
type Token struct {
	// Start and End are byte offsets into the text as it was given, so that
	// a match can be shown with the marks that were typed.
	Start, End int
	// Folded is the token in lower case without marks, đ as d.
	Folded string
}

// Split returns the tokens of text in order: runs of letters, digits and the
// combining marks that follow them. Composed (NFC) and decomposed (NFD) text
// give the same folded tokens. Invalid UTF-8 ends a token.
func Split(text string) []Token {
	tokens := make([]Token, 0, len(text)/5)
	start := -1
	for i, r := range text {
		if inToken(r, start >= 0) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			tokens = append(tokens, Token{start, i, Fold(text[start:i])})
			start = -1
		}
	}
	if start >= 0 {
		tokens = append(tokens, Token{start, len(text), Fold(text[start:])})
	}
	return tokens
}

func inToken(r rune, inside bool) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	if r == utf8.RuneError {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || inside && unicode.Is(unicode.Mn, r)
}

// Fold returns s in lower case without Vietnamese marks, đ as d. What is not
// a Latin letter stays as it is, in lower case. Composed and decomposed forms
// fold alike.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return foldSlow(s)
		}
	}
	return s
}

func foldSlow(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if base := foldRune(r); base >= 0 {
			b.WriteRune(base)
		}
	}
	return b.String()
}

// foldRune returns the folded letter, or -1 for a combining mark.
func foldRune(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
		return r
	case r < lowEnd:
		if base := folds.low[r]; base != 0 {
			return base
		}
	case highStart <= r && r < highEnd:
		if base := folds.high[r-highStart]; base != 0 {
			return base
		}
	case unicode.Is(unicode.Mn, r):
		return -1
	}
	return unicode.ToLower(r)
}

// The two blocks of Unicode that hold composed Latin letters.
const (
	lowEnd    = 0x250
	highStart = 0x1E00
	highEnd   = 0x1F00
)

// foldTable maps the composed Latin letters that carry marks to their base; 0
// is no such letter. Neither block has combining marks.
type foldTable struct {
	low  [lowEnd]rune
	high [highEnd - highStart]rune
}

var folds = makeFolds()

func makeFolds() (t foldTable) {
	base := func(r rune) rune {
		d := norm.NFD.String(string(r))
		base, size := utf8.DecodeRuneInString(d)
		if size < len(d) && base < utf8.RuneSelf {
			return unicode.ToLower(base)
		}
		return 0
	}
	for r := range rune(lowEnd) {
		if r >= utf8.RuneSelf {
			t.low[r] = base(r)
		}
	}
	for i := range t.high {
		t.high[i] = base(rune(highStart + i))
	}
	for _, r := range "đĐðÐ" {
		t.low[r] = 'd'
	}
	return t
}

// Tones are the combining tone marks, in the order ngang (none), huyền, sắc,
// hỏi, ngã, nặng.
var tones = [...]string{"", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"}

// Key returns a token with its marks in one spelling: lower case, letters
// composed with their marks of quality, the tone mark last. The two ways to
// place a tone, "hoà" and "hòa", have one key.
func Key(token string) string {
	ascii := true
	for i := 0; i < len(token) && ascii; i++ {
		ascii = token[i] < utf8.RuneSelf
	}
	if ascii {
		return strings.ToLower(token)
	}
	for _, r := range token {
		if unicode.Is(unicode.Mn, r) { // decomposed: compose first
			token = norm.NFC.String(token)
			break
		}
	}
	var out strings.Builder
	out.Grow(len(token) + 2)
	tone := rune(0)
	for _, r := range token {
		letter, ok := toned[r]
		if !ok {
			letter.base = unicode.ToLower(r)
		}
		out.WriteRune(letter.base)
		if letter.tone != 0 {
			if tone != 0 { // two tones are a slip: keep both, so that it is no syllable
				out.WriteRune(tone)
			}
			tone = letter.tone
		}
	}
	if tone != 0 {
		out.WriteRune(tone)
	}
	return out.String()
}

// letter is a letter apart from its tone.
type letter struct{ base, tone rune }

// toned maps the composed letters that carry a tone.
var toned = makeToned()

func makeToned() map[rune]letter {
	m := map[rune]letter{}
	for _, base := range "aăâeêioôơuưy" {
		for _, tone := range tones[1:] {
			r := firstRune(norm.NFC.String(string(base) + tone))
			m[r] = letter{base, firstRune(tone)}
			m[unicode.ToUpper(r)] = m[r]
		}
	}
	return m
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// HasMarks reports whether a token carries a mark or đ.
func HasMarks(token string) bool {
	for _, r := range token {
		if r >= utf8.RuneSelf && (foldRune(r) != unicode.ToLower(r)) {
			return true
		}
	}
	return false
}
