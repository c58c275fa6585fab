package syllable

import "strings"

// Quality says how much a text looks like Vietnamese. It decides whether a
// page is read again by OCR, sorted by position, or corrected for search.
type Quality struct {
	// Words counts the tokens that were judged: two letters or more, no
	// digit, not an abbreviation in capitals.
	Words int `json:"words"`
	// Valid is the share of words that are syllables when folded, 0 to 1.
	Valid float64 `json:"valid"`
	// Marked is the share of the words that are syllables with right marks,
	// and carry some, 0 to 1. About 0.8 in Vietnamese as it is written.
	Marked float64 `json:"marked"`
}

// MinWords is the number of words below which Quality says nothing.
const MinWords = 20

// Thresholds of a text that is as good as typed.
const (
	goodValid  = 0.90
	goodMarked = 0.55
)

// Good reports whether the text reads as Vietnamese with its marks. Texts of
// fewer than MinWords words count as good: there is too little to tell.
func (q Quality) Good() bool {
	return q.Words < MinWords || q.Valid >= goodValid && q.Marked >= goodMarked
}

// Ordered reports whether the words are syllables at all, which they are not
// when a PDF gives its characters in the wrong order (DESIGN, text quality:
// below 0.90 sort by position, then OCR). Short texts count as ordered.
func (q Quality) Ordered() bool {
	return q.Words < MinWords || q.Valid >= goodValid
}

// Measure returns the quality of a text. It reads all of it.
func Measure(text string) Quality {
	return MeasureTokens(text, Split(text))
}

// MeasureTokens is Measure for a text already split.
func MeasureTokens(text string, tokens []Token) Quality {
	var words, valid, marked int
	for _, t := range tokens {
		raw := text[t.Start:t.End]
		if !judged(raw, t.Folded) {
			continue
		}
		words++
		if Valid(t.Folded) {
			valid++
		}
		if HasMarks(raw) && ValidKey(Key(raw)) {
			marked++
		}
	}
	if words == 0 {
		return Quality{}
	}
	return Quality{words, float64(valid) / float64(words), float64(marked) / float64(words)}
}

// judged leaves out what no Vietnamese text spells as syllables: numbers,
// single letters, abbreviations such as UBND.
func judged(raw, folded string) bool {
	if len(folded) < 2 || strings.ContainsAny(folded, "0123456789") {
		return false
	}
	return Valid(folded) || raw != strings.ToUpper(raw)
}
