package search

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"minhchung/evidence/text/syllable"
)

// Limits of a query.
const (
	MaxQueryRunes = 500
	MaxQueryWords = 32
)

// QueryError says why a query cannot be asked. It is shown to whoever typed
// it.
type QueryError struct {
	Code  string // "empty", "long" (runes), "words" or "only-excluded"
	Limit int    // for "long" and "words"
}

func (e *QueryError) Error() string {
	switch e.Code {
	case "long":
		return fmt.Sprintf("the query has more than %d characters", e.Limit)
	case "words":
		return fmt.Sprintf("the query has more than %d words", e.Limit)
	case "only-excluded":
		return "the query only excludes"
	}
	return "the query holds no word"
}

// Query is a parsed query. Everything in it must be found on one page, and
// nothing excluded.
type Query struct {
	Text string // as typed, without what cannot be seen, spaces trimmed
	// Number is set when the words that are neither quoted, excluded nor a
	// prefix read as a document's number.
	Number *DocNumber
	// Phrases are the quoted phrases, then the free words as one phrase.
	Phrases  []Phrase
	Prefixes []string // folded, without the star
	Excluded []Phrase
}

// Phrase is words in a row. Punctuation between them does not count.
type Phrase struct {
	Words  []Word
	Quoted bool
	near   bool // is not what was asked, in a loose tier
}

// Word is a word of a query.
type Word struct {
	Folded string
	Key    string // syllable.Key of what was typed
	Marked bool   // it was typed with marks
	any    bool   // stands for any word, in a loose tier
}

// marked reports whether some word was typed with marks.
func (p Phrase) marked() bool {
	for _, w := range p.Words {
		if w.Marked {
			return true
		}
	}
	return false
}

// Parse reads a query as typed:
//
//	kế hoạch cải cách      the words as a phrase; with or without marks
//	"một cửa" trực tuyến   a phrase in quotes, and the rest as another
//	-dự -"thị trấn"        pages without these
//	tuyên*                 a word beginning so
//	32/BC-UBND, so 32      the number of a document
//
// Characters that show nothing (directions, zero widths, controls) are left
// out, wherever they were copied from. The error is a *QueryError.
func Parse(text string) (Query, error) {
	text = strings.TrimSpace(visible(text))
	if utf8.RuneCountInString(text) > MaxQueryRunes {
		return Query{}, &QueryError{Code: "long", Limit: MaxQueryRunes}
	}
	q := Query{Text: text}
	var free []string
	words := 0
	for _, part := range cut(text) {
		phrase := Phrase{Words: wordsOf(part.text), Quoted: part.quoted}
		words += len(phrase.Words)
		switch {
		case len(phrase.Words) == 0:
		case part.excluded:
			q.Excluded = append(q.Excluded, phrase)
		case part.quoted:
			q.Phrases = append(q.Phrases, phrase)
		case part.prefix:
			last := len(phrase.Words) - 1
			q.Prefixes = append(q.Prefixes, phrase.Words[last].Folded)
			free = append(free, joinWords(part.text, last))
		default:
			free = append(free, part.text)
		}
	}
	if words > MaxQueryWords {
		return Query{}, &QueryError{Code: "words", Limit: MaxQueryWords}
	}
	q.addFree(strings.TrimSpace(strings.Join(free, " ")))
	if len(q.Phrases) == 0 && len(q.Prefixes) == 0 {
		if len(q.Excluded) > 0 {
			return Query{}, &QueryError{Code: "only-excluded"}
		}
		return Query{}, &QueryError{Code: "empty"}
	}
	return q, nil
}

// visible leaves out what shows nothing, and makes a space of what controls a
// device, so that it neither hides in a word nor joins two.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return r
		case r == utf8.RuneError || unicode.Is(unicode.Cc, r):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, text)
}

func (q *Query) addFree(free string) {
	words := wordsOf(free)
	if len(words) == 0 {
		return
	}
	q.Phrases = append(q.Phrases, Phrase{Words: words})
	if number, ok := parseNumber(free); ok {
		q.Number = &number
	}
}

// joinWords returns the first n tokens of a piece, for "thong-tin*".
func joinWords(text string, n int) string {
	if n == 0 {
		return ""
	}
	return text[:syllable.Split(text)[n-1].End]
}

func wordsOf(text string) []Word {
	tokens := syllable.Split(text)
	words := make([]Word, len(tokens))
	for i, t := range tokens {
		raw := text[t.Start:t.End]
		words[i] = Word{Folded: t.Folded, Key: syllable.Key(raw), Marked: syllable.HasMarks(raw)}
	}
	return words
}

// part is a piece of a query as typed.
type part struct {
	text                     string
	quoted, excluded, prefix bool
}

// cut takes a query apart at spaces and quotes. A quote that is not closed
// reaches to the end.
func cut(text string) []part {
	var out []part
	for text = strings.TrimLeftFunc(text, unicode.IsSpace); text != ""; text = strings.TrimLeftFunc(text, unicode.IsSpace) {
		var p part
		if rest, ok := strings.CutPrefix(text, "-"); ok && rest != "" && !unicode.IsSpace(firstRune(rest)) {
			p.excluded = true
			text = rest
		}
		if isQuote(firstRune(text)) {
			p.quoted = true
			_, size := utf8.DecodeRuneInString(text)
			p.text, text = until(text[size:], isQuote)
			_, size = utf8.DecodeRuneInString(text)
			text = text[size:]
		} else {
			p.text, text = until(text, func(r rune) bool { return unicode.IsSpace(r) || isQuote(r) })
			p.prefix = strings.HasSuffix(p.text, "*") && !p.excluded
		}
		out = append(out, p)
	}
	return out
}

func until(text string, stop func(rune) bool) (piece, rest string) {
	if i := strings.IndexFunc(text, stop); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func isQuote(r rune) bool { return strings.ContainsRune("\"“”„«»", r) }
