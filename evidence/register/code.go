package register

import (
	"regexp"
	"strconv"
	"strings"
)

// numberForm is a document number: digits, perhaps a suffix of letters as in
// 32a. "Số:" in front is dropped.
var numberForm = regexp.MustCompile(`^(?i:số|so)?\s*[:.]?\s*([0-9]{1,15})\s*[-./]?\s*(\p{L}{0,3})$`)

// yearForm is a number with the year of a normative text, "05/2022".
var yearForm = regexp.MustCompile(`^(.+?)\s*/\s*((?:19|20)[0-9]{2})$`)

// parseNumber reads 32, 032, "32 a", "Số 32" and returns the number as
// written, without blanks and with a small suffix. Leading zeros stay, since
// Decree 30/2020 writes 01 to 09, but 5 and 05 are the same number: see
// sameNumber. A year behind a slash belongs to the notation and is returned.
func parseNumber(text string) (number, year string, ok bool) {
	if m := yearForm.FindStringSubmatch(text); m != nil {
		text, year = m[1], m[2]
	}
	m := numberForm.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1] + strings.ToLower(m[2]), year, true
}

// splitCode splits number and notation: "32/BC-UBND" is 32 and BC-UBND,
// "05/2022/QĐ-UBND" is 05 and 2022/QĐ-UBND, "Số: 32/BC-UBND" likewise.
func splitCode(text string) (number, notation string, ok bool) {
	head, rest, slash := strings.Cut(text, "/")
	if !slash {
		if i := strings.IndexAny(text, "-–"); i > 0 { // "32-BC/UBND", as Party bodies write it
			head, rest = text[:i], strings.TrimLeft(text[i:], "-–")
		}
	} else if i := strings.Index(head, "-"); i > 0 {
		head, rest = text[:i], text[i+1:]
	}
	number, _, ok = parseNumber(strings.TrimSpace(head))
	if !ok {
		return "", "", false
	}
	return number, parseNotation(rest), true
}

// parseNotation removes blanks around the marks and a leading slash.
func parseNotation(text string) string {
	text = strings.Trim(text, " /")
	for _, mark := range []string{"/", "-"} {
		parts := strings.Split(text, mark)
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		text = strings.Join(parts, mark)
	}
	return text
}

// value splits a number into what counts and its suffix; digits that no int64
// holds cannot come here, numberForm allows fifteen.
func value(number string) (n int64, suffix string) {
	end := 0
	for end < len(number) && number[end] >= '0' && number[end] <= '9' {
		end++
	}
	n, _ = strconv.ParseInt(number[:end], 10, 64)
	return n, number[end:]
}

// numberKey is equal for 5, 05 and 005.
func numberKey(number string) string {
	n, suffix := value(number)
	return strconv.FormatInt(n, 10) + suffix
}

// notationKey is equal for notations that differ in case and blanks only.
func notationKey(notation string) string {
	return strings.ToLower(strings.ReplaceAll(notation, " ", ""))
}
