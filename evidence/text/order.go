package text

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// sortChars puts characters in order by their places: lines from top to
// bottom by their baselines, characters from left to right. Some programs
// store what a second font draws behind the rest of its line, so that the
// stored order has words with holes.
//
// A space is put in where the gap between two characters is wide. Columns are
// not told apart: their lines are joined.
func sortChars(chars []Char) string {
	chars = slices.DeleteFunc(slices.Clone(chars), func(c Char) bool {
		return !finite(c.X, c.Baseline, c.Left, c.Right, c.Height)
	})
	size := typicalHeight(chars)
	slices.SortStableFunc(chars, func(a, b Char) int { return cmp.Compare(b.Baseline, a.Baseline) })
	var out strings.Builder
	for len(chars) > 0 {
		n := 1
		for n < len(chars) && chars[0].Baseline-chars[n].Baseline < size*0.45 {
			n++
		}
		writeLine(&out, chars[:n], size)
		chars = chars[n:]
	}
	return out.String()
}

func writeLine(out *strings.Builder, line []Char, size float64) {
	slices.SortStableFunc(line, func(a, b Char) int { return cmp.Compare(a.X, b.X) })
	end := math.Inf(1)
	for _, c := range line {
		if unicode.IsSpace(c.Rune) {
			out.WriteByte(' ')
			continue
		}
		if c.Left-end > size*0.3 {
			out.WriteByte(' ')
		}
		out.WriteRune(c.Rune)
		end = c.Right
	}
	out.WriteByte('\n')
}

// typicalHeight is the median height of the letters drawn.
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
