package text

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Some programs, LibreOffice among them, store what a second font draws behind
// the rest of its line or piece of a line: words have holes, "Số: 52/KH-UBND"
// is stored as "SốKHUBND:52/-". Two repairs are known: characters that follow
// each other on one line are put in the order of their places, which keeps
// columns apart; or all characters of the page are.

// wideGap is the gap that is a space where none is stored, in font heights. A
// stored space is about 0.2.
const wideGap = 0.13

// disordered reports whether a character stands clearly left of the one that
// is stored before it on the same line.
func disordered(chars []Char) bool {
	size := typicalHeight(chars)
	for i := 1; i < len(chars); i++ {
		a, b := chars[i-1], chars[i]
		if sameLine(a, b, size) && b.X < a.X-size*0.1 && !unicode.IsSpace(a.Rune) && !unicode.IsSpace(b.Rune) {
			return true
		}
	}
	return false
}

func sameLine(a, b Char, size float64) bool { return math.Abs(a.Baseline-b.Baseline) < size*0.3 }

// sortable reports whether places can say the order: most characters stand on
// the line of the one before, so the text is not turned, and none is of a
// script that is written from right to left.
func sortable(chars []Char) bool {
	size := typicalHeight(chars)
	along := 0
	for i, c := range chars {
		if unicode.In(c.Rune, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana) {
			return false
		}
		if i > 0 && sameLine(chars[i-1], c, size) {
			along++
		}
	}
	return 2*along >= len(chars)-1
}

// sortLines sorts the characters of each line as it is stored.
func sortLines(chars []Char) string {
	chars = placed(chars)
	size := typicalHeight(chars)
	var out strings.Builder
	for len(chars) > 0 {
		n := 1
		for n < len(chars) && sameLine(chars[0], chars[n], size) {
			n++
		}
		writeLine(&out, chars[:n], size)
		chars = chars[n:]
	}
	return out.String()
}

// sortChars puts all characters in order by their places: lines from top to
// bottom by their baselines, characters from left to right. Columns are not
// told apart: their lines are joined.
func sortChars(chars []Char) string {
	chars = placed(chars)
	slices.SortStableFunc(chars, func(a, b Char) int { return cmp.Compare(b.Baseline, a.Baseline) })
	return sortLines(chars)
}

// placed drops characters whose place is no number.
func placed(chars []Char) []Char {
	return slices.DeleteFunc(slices.Clone(chars), func(c Char) bool {
		return !finite(c.X, c.Baseline, c.Right, c.Height)
	})
}

// writeLine puts a space in where the gap between two characters is wide.
func writeLine(out *strings.Builder, line []Char, size float64) {
	slices.SortStableFunc(line, func(a, b Char) int { return cmp.Compare(a.X, b.X) })
	end := math.Inf(1)
	for _, c := range line {
		if unicode.IsSpace(c.Rune) {
			out.WriteByte(' ')
			continue
		}
		if c.X-end > size*wideGap {
			out.WriteByte(' ')
		}
		out.WriteRune(c.Rune)
		end = c.Right
	}
	out.WriteByte('\n')
}

// typicalHeight is the median height of the letters' fonts.
func typicalHeight(chars []Char) float64 {
	var heights []float64
	for _, c := range chars {
		if c.Height > 0 && unicode.IsLetter(c.Rune) {
			heights = append(heights, c.Height)
		}
	}
	if len(heights) == 0 {
		return 10
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

func finite(values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}
