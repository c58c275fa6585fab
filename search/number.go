package search

import (
	"regexp"
	"strings"
	"unicode"

	"minhchung/evidence/text/syllable"
)

// DocNumber is a document's number, normalised: "32/2022/qd-ubnd" is
// {"32", "2022", "qd-ubnd"}. Notation and Year may be empty.
type DocNumber struct {
	Number   string // no leading zeros, "32a" in lower case
	Year     string // four digits, in normative documents
	Notation string // folded, parts joined by "-"
}

// Key returns the number in one spelling, parts joined by "/".
func (d DocNumber) Key() string {
	key := d.Number
	if d.Year != "" {
		key += "/" + d.Year
	}
	if d.Notation != "" {
		key += "/" + d.Notation
	}
	return key
}

// keys returns every spelling by which the number may be asked for.
func (d DocNumber) keys() []string {
	out := []string{d.Number}
	if d.Notation != "" {
		out = append(out, DocNumber{d.Number, "", d.Notation}.Key())
	}
	if d.Year != "" {
		out = append(out, DocNumber{d.Number, d.Year, ""}.Key())
		if d.Notation != "" {
			out = append(out, d.Key())
		}
	}
	return out
}

// mention is a number found in a text.
type mention struct {
	DocNumber
	Span
}

// The forms of a document's number in running text (Decree 30/2020 appendix
// I): "32/BC-UBND", "32/2022/QĐ-UBND", and of party bodies "12-NQ/TU". A
// space may stray in beside a dash or slash, as OCR leaves it. "số 32" alone
// is a number too; s6, sb and sé are how a foreign OCR reads "số".
var (
	fullForm = regexp.MustCompile(`(\d{1,6}\p{L}?)\s?/\s?(?:((?:19|20)\d\d)\s?/\s?)?(\p{L}[\p{L}\d&]{0,9}(?:(?:-\s?|\s-)[\p{Lu}][\p{L}\d&]{0,9}|-[\p{L}\d&]{1,10}){0,4})`)
	partForm = regexp.MustCompile(`(\d{1,6})\s?-\s?(\p{Lu}{2,5}\s?/\s?\p{Lu}{2,9})`)
	bareForm = regexp.MustCompile(`(?i)(?:^|[^\p{L}\d])s[ốốo6bé]\s?[:.]?\s?(\d{1,6}\p{L}?)(?:\s?/\s?((?:19|20)\d\d))?`)
)

// mentions finds the numbers of documents in a text.
func mentions(text string) []mention {
	var out []mention
	for _, m := range fullForm.FindAllStringSubmatchIndex(text, -1) {
		notation := text[m[6]:m[7]]
		if !strings.Contains(notation, "-") && !strings.ContainsFunc(notation, unicode.IsUpper) {
			continue
		}
		out = append(out, found(text, m, 4, 6))
	}
	for _, m := range partForm.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, found(text, m, -1, 4))
	}
	for _, m := range bareForm.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, found(text, m, 4, -1))
	}
	return out
}

func found(text string, m []int, year, notation int) mention {
	d := DocNumber{Number: number(text[m[2]:m[3]])}
	if year >= 0 && m[year] >= 0 {
		d.Year = text[m[year]:m[year+1]]
	}
	if notation >= 0 {
		d.Notation = joined(text[m[notation]:m[notation+1]])
	}
	return mention{d, Span{m[2], m[1]}}
}

func number(s string) string {
	s = strings.TrimLeft(syllable.Fold(s), "0")
	if s == "" {
		return "0"
	}
	return s
}

// joined folds a notation and joins its parts by dashes: "BC- UBND" and
// "bc ubnd" are "bc-ubnd".
func joined(notation string) string {
	var parts []string
	for _, t := range syllable.Split(notation) {
		parts = append(parts, t.Folded)
	}
	return strings.Join(parts, "-")
}

// ownNumber returns the number of the page's document: of the row, with the
// year of its date when the notation has none.
func (p Page) ownNumber() (DocNumber, bool) {
	if p.CodeNumber == "" {
		return DocNumber{}, false
	}
	d := DocNumber{Number: number(strings.TrimSpace(p.CodeNumber)), Notation: joined(p.Notation)}
	if year, rest, ok := strings.Cut(d.Notation, "-"); ok && isYear(year) {
		d.Year, d.Notation = year, rest
	} else if len(p.Date) >= 4 && isYear(string(p.Date[:4])) {
		d.Year = string(p.Date[:4])
	}
	return d, true
}

func isYear(s string) bool {
	if len(s) != 4 || s[:2] != "19" && s[:2] != "20" {
		return false
	}
	return isDigit(s[2]) && isDigit(s[3])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// parseNumber reads a whole query as a document's number, as people type it:
// "32/BC-UBND", "32 bc ubnd", "so 32", "số 32/2022/QĐ-UBND". Without a slash
// or "số" the words after the number must be abbreviations, so that "10 phiếu"
// is a phrase.
func parseNumber(text string) (DocNumber, bool) {
	tokens := syllable.Split(text)
	said := len(tokens) > 1 && (tokens[0].Folded == "so")
	if said {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 || len(tokens) > 7 || !isNumber(tokens[0].Folded) {
		return DocNumber{}, false
	}
	d := DocNumber{Number: number(tokens[0].Folded)}
	rest := tokens[1:]
	if len(rest) > 0 && isYear(rest[0].Folded) {
		d.Year = rest[0].Folded
		rest = rest[1:]
	}
	slash := strings.ContainsAny(text, "/")
	var parts []string
	for _, t := range rest {
		if len(t.Folded) > 10 || !slash && syllable.Valid(t.Folded) || isDigit(t.Folded[0]) {
			return DocNumber{}, false
		}
		parts = append(parts, t.Folded)
	}
	d.Notation = strings.Join(parts, "-")
	return d, said || d.Notation != "" || len(tokens) == 1
}

// isNumber reports "32", "32a".
func isNumber(s string) bool {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	if len(digits) == 0 || len(digits) > 6 || len(s)-len(digits) > 1 {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
