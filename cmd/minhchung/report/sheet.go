package report

import (
	"strings"

	"minhchung/cmd/minhchung/paper"
)

// The layout of a report's pages, in points: the margins of Decree 30/2020
// appendix I (30 mm left, 15 to 20 mm right, 20 to 25 mm above and below).
const (
	leftEdge   = 85.0
	rightEdge  = 545.0
	topEdge    = 60.0
	bottomEdge = paper.Height - 62
	bodySize   = 12.0
	cellSize   = 9.0
	cellGap    = 6.0
)

// sheet is a report being printed: text flows down and on to further pages.
type sheet struct {
	*paper.Sheet
	p      *paper.Printer
	y      float64
	header func() // repeated at the top of a page inside a table
}

func newSheet(p *paper.Printer) *sheet { return &sheet{Sheet: p.Sheet(), p: p, y: topEdge} }

// need begins a new page when less than height is left.
func (s *sheet) need(height float64) {
	if s.y+height <= bottomEdge {
		return
	}
	s.Page()
	s.y = topEdge
	if s.header != nil {
		s.header()
	}
}

func (s *sheet) font(bold bool) *paper.Face {
	if bold {
		return s.p.Bold
	}
	return s.p.Regular
}

// lines cleans and breaks text.
func (s *sheet) lines(text string, size, width float64, bold bool) []string {
	f := s.font(bold)
	return f.Wrap(f.Clean(text), size, width, 0)
}

// heading is the title of a part; it stays with the first lines below.
func (s *sheet) heading(text string) {
	s.y += 12
	s.need(60)
	for _, line := range s.lines(text, bodySize, rightEdge-leftEdge, true) {
		s.y += 16
		s.Text(leftEdge, s.y, bodySize, true, line)
	}
	s.y += 4
}

// paragraph prints text over the whole width.
func (s *sheet) paragraph(text string, size float64) {
	for _, line := range s.lines(text, size, rightEdge-leftEdge, false) {
		s.need(size * 1.4)
		s.y += size * 1.4
		s.Text(leftEdge, s.y, size, false, line)
	}
	s.y += 2
}

// centred prints text around the middle of the page.
func (s *sheet) centred(text string, size float64, bold bool) {
	for _, line := range s.lines(text, size, rightEdge-leftEdge-40, bold) {
		s.y += size * 1.4
		s.Centre((leftEdge+rightEdge)/2, s.y, size, bold, line)
	}
}

// block prints lines that must not be joined: a checkpoint, a key. What is
// wider than the page is cut, and a checker joins it again.
func (s *sheet) block(text string) {
	const size = 8.5
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		for _, part := range s.lines(line, size, rightEdge-leftEdge-16, false) {
			s.need(size * 1.5)
			s.y += size * 1.5
			s.Text(leftEdge+16, s.y, size, false, part)
		}
	}
	s.y += 4
}

// fact is one line of a table of two columns, the number to the right.
func (s *sheet) fact(name, value string, bold bool) {
	const height = 18
	s.need(height)
	s.y += height
	s.Text(leftEdge+4, s.y-5, bodySize-1, bold, s.font(bold).Clean(name))
	s.Right(rightEdge-4, s.y-5, bodySize-1, bold, s.font(bold).Clean(value))
	s.Line(leftEdge, s.y, rightEdge, s.y, 0.3)
}

// table prints rows under titles that every page repeats. widths are in
// points and sum to the width between the edges.
func (s *sheet) table(widths []float64, titles []string, rows [][]string) {
	s.header = func() { s.row(widths, titles, true) }
	defer func() { s.header = nil }()
	s.need(50)
	if s.y > topEdge || len(rows) > 0 {
		s.header()
	}
	for _, row := range rows {
		s.row(widths, row, false)
	}
	s.y += 4
}

// maxLines bounds a cell, so that a row fits on a page. What a register may
// hold (500 letters, Decree 30/2020 appendix VI) has about 25; what is cut
// ends with an ellipsis.
const maxLines = 40

// row prints one row, whole on one page.
func (s *sheet) row(widths []float64, cells []string, bold bool) {
	const step = cellSize * 1.35
	broken := make([][]string, len(cells))
	high := 1
	for i, cell := range cells {
		broken[i] = s.lines(cell, cellSize, widths[i]-cellGap, bold)
		if len(broken[i]) > maxLines {
			broken[i] = append(broken[i][:maxLines-1], "…")
		}
		high = max(high, len(broken[i]))
	}
	if !bold {
		s.need(float64(high)*step + 5)
	}
	x := leftEdge
	for i, lines := range broken {
		for k, line := range lines {
			s.Text(x+cellGap/2, s.y+step*float64(k+1), cellSize, bold, line)
		}
		x += widths[i]
	}
	s.y += float64(high)*step + 5
	s.Line(leftEdge, s.y, rightEdge, s.y, 0.3)
}

// footers writes the same line below every page, with its number.
func (s *sheet) footers(text string, page func(n, of int) string) {
	of := s.Pages()
	text = s.lines(text, 8, rightEdge-leftEdge-70, false)[0]
	for n := 1; n <= of; n++ {
		s.Turn(n)
		s.Line(leftEdge, paper.Height-48, rightEdge, paper.Height-48, 0.3)
		s.Text(leftEdge, paper.Height-36, 8, false, text)
		s.Right(rightEdge, paper.Height-36, 8, false, page(n, of))
	}
}
