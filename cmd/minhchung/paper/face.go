package paper

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/signintech/gopdf"
)

// Face is one font: the glyphs and advances that are needed to break lines,
// and to write after the sheet is done. It is read-only once made.
type Face struct {
	glyph map[rune]uint
	width map[rune]float64 // in thousandths of the font size
}

func newFace(ttf []byte) (*Face, error) {
	var f gopdf.SubsetFontObj
	if err := f.SetTTFData(ttf); err != nil {
		return nil, fmt.Errorf("reading an embedded font: %w", err)
	}
	out := &Face{glyph: map[rune]uint{}, width: map[rune]float64{}}
	for r := range f.GetTTFParser().Chars() {
		c := rune(r)
		g, err := f.CharCodeToGlyphIndex(c)
		if err != nil {
			continue
		}
		out.glyph[c], out.width[c] = g, float64(f.GlyphIndexToPdfWidth(g))
	}
	return out, nil
}

// Measure returns the width of s in points.
func (f *Face) Measure(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += f.width[r]
	}
	return w * size / 1000
}

// Hex returns s as glyph numbers, the way Identity-H text is written.
func (f *Face) Hex(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "%04X", f.glyph[r])
	}
	return b.String()
}

// Wrap breaks s at spaces into lines of at most width points; the first line
// starts indent points further right. A word that is wider than a line is cut.
// There is always a line.
func (f *Face) Wrap(s string, size, width, indent float64) []string {
	var lines []string
	line, room := "", width-indent
	for _, word := range f.words(s, size, width-max(indent, 0)) {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line != "" && f.Measure(longer, size) > room {
			lines = append(lines, line)
			line, room = word, width
			continue
		}
		line = longer
	}
	return append(lines, line)
}

// words splits at spaces, and cuts what is wider than width.
func (f *Face) words(s string, size, width float64) []string {
	var out []string
	for _, word := range strings.Fields(s) {
		begin, w := 0, 0.0
		for i, r := range word {
			step := f.width[r] * size / 1000
			if w+step > width && i > begin {
				out = append(out, word[begin:i])
				begin, w = i, 0
			}
			w += step
		}
		out = append(out, word[begin:])
	}
	return out
}

// missing stands for a letter that the fonts lack.
const missing = '?'

// Clean returns s with every letter that cannot be printed replaced by a
// question mark, and every kind of space by a plain one: text that came from
// a register or a file may hold anything.
func (f *Face) Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if _, ok := f.glyph[r]; !ok {
			return missing
		}
		return r
	}, s)
}
