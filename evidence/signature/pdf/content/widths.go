package content

// Widths of the standard 14 fonts (ISO 32000-2 9.6.2.2) for the codes 32 to
// 126, in thousandths of the font size, from Adobe's font metrics. Bold and
// oblique faces are at most a tenth wider, which standardWidth adds: a box
// may be too large but not too small.
var (
	helveticaWidths = [95]uint16{
		278, 278, 355, 556, 556, 889, 667, 222, 333, 333, 389, 584, 278, 333, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
		667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
		556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
	}
	timesWidths = [95]uint16{
		250, 333, 408, 500, 500, 833, 778, 333, 333, 333, 500, 564, 250, 333, 250, 278,
		500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
		921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722,
		556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
		333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
		500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
	}
)

// unknownWidth stands for the glyphs whose width nobody tells.
const unknownWidth = 750

// standardWidth returns the width of code in a font that brings no widths.
func standardWidth(base string, code int) float64 {
	table := &helveticaWidths
	wider := 1.0
	switch {
	case hasAny(base, "Courier", "Mono", "Consolas"):
		return 600
	case hasAny(base, "Times", "Serif", "Roman"):
		table = &timesWidths
	case hasAny(base, "Symbol", "Dingbats"):
		return unknownWidth
	}
	if hasAny(base, "Bold", "Italic", "Oblique") {
		wider = 1.1
	}
	if code < 32 || code > 126 {
		return unknownWidth
	}
	return float64(table[code-32]) * wider
}
