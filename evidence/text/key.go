package text

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Key is one spelling of number and notation, for looking rows up: case,
// marks, blanks, leading zeros and the kind of separator do not count.
// "032", "BC - UBND" and "32", "bc/ubnd" have the key "32-bc-ubnd".
func Key(number, notation string) string {
	number = strings.ReplaceAll(foldMarks(strings.TrimSpace(number)), " ", "")
	digits := len(number) - len(strings.TrimLeft(number, "0123456789"))
	if n, err := strconv.ParseUint(number[:digits], 10, 64); err == nil {
		number = strconv.FormatUint(n, 10) + number[digits:]
	}
	return strings.Join(append([]string{number}, notationWords(notation)...), "-")
}

func notationWords(notation string) []string {
	return strings.FieldsFunc(foldMarks(notation), func(r rune) bool { return r == '-' || r == '/' || r == ' ' })
}

// anyCode is a number with whatever can be its notation.
var anyCode = regexp.MustCompile(`([0-9]{1,15}\s?\pL{0,3})\s*[-/]\s*([\pL\pN]+(?:\s?[-/]\s?[\pL\pN]+){0,5})`)

// maxKeys bounds the keys of one document.
const maxKeys = 50

// OwnKeys returns the keys of the numbers that can be the document's own, each
// with every notation it can have: "Số: 32/BC-UBND - Đông" gives 32-bc,
// 32-bc-ubnd and 32-bc-ubnd-dong. A row that is looked up by them is then
// confirmed, or not, by Find.
func (d Prepared) OwnKeys() []string {
	var keys []string
	for _, p := range d.parts {
		if p.head == 0 && !p.overlay {
			continue
		}
		text := p.text[:min(len(p.text), headBytes)]
		for _, at := range anyCode.FindAllStringSubmatchIndex(text, -1) {
			if !p.overlay && p.codePlace(at[0], at[1]) != PlaceOwn || !edgeBefore(text[:at[0]]) {
				continue
			}
			number, words := text[at[2]:at[3]], notationWords(text[at[4]:at[5]])
			for n := range words {
				if key := Key(number, strings.Join(words[:n+1], "-")); len(keys) < maxKeys && !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
		}
	}
	return keys
}
