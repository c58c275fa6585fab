// Package paper prints pages of A4 with Vietnamese text: the demo's documents
// and the program's own reports. It wraps gopdf, and embeds the one font we
// ship.
package paper

import (
	_ "embed"
	"fmt"

	"github.com/signintech/gopdf"
)

// Noto Serif, cut down to Latin and Vietnamese: see font/README.md.
var (
	//go:embed font/NotoSerif-Regular.ttf
	regularTTF []byte
	//go:embed font/NotoSerif-Bold.ttf
	boldTTF []byte
)

// Width and Height are A4 in points, as gopdf writes it.
const (
	Width  = 595.0
	Height = 842.0
)

// Printer makes sheets. It is safe for concurrent use.
type Printer struct {
	// Regular and Bold measure what is printed with them.
	Regular, Bold *Face
	fonts         gopdf.FontContainer
}

// NewPrinter reads the embedded fonts.
func NewPrinter() (*Printer, error) {
	p := &Printer{}
	for name, ttf := range map[string][]byte{"regular": regularTTF, "bold": boldTTF} {
		if err := p.fonts.AddTTFFontData(name, ttf); err != nil {
			return nil, fmt.Errorf("reading an embedded font: %w", err)
		}
	}
	var err error
	if p.Regular, err = newFace(regularTTF); err != nil {
		return nil, err
	}
	p.Bold, err = newFace(boldTTF)
	return p, err
}

// Sheet is one document being written. Positions are points from the upper
// left corner; a text's is that of its base line. The first error is kept and
// returned by Bytes. A sheet is for one goroutine.
type Sheet struct {
	pdf   gopdf.GoPdf
	p     *Printer
	fail  error
	lines [][]line // by page, for Photograph
}

// Sheet begins a document with one empty page. Its regular font is /F1 of
// every page.
func (p *Printer) Sheet() *Sheet {
	s := &Sheet{p: p}
	s.pdf.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: Width, H: Height}})
	s.check(s.pdf.AddTTFFontFromFontContainer("regular", &p.fonts))
	s.check(s.pdf.AddTTFFontFromFontContainer("bold", &p.fonts))
	s.Page()
	return s
}

func (s *Sheet) check(err error) {
	if s.fail == nil {
		s.fail = err
	}
}

// Uncompressed leaves the streams of the document readable.
func (s *Sheet) Uncompressed() { s.pdf.SetNoCompression() }

// Page begins a new page.
func (s *Sheet) Page() {
	s.pdf.AddPage()
	s.lines = append(s.lines, nil)
}

// Pages is how many there are.
func (s *Sheet) Pages() int { return s.pdf.GetNumberOfPages() }

// Turn goes back to a page, counted from 1, to write more on it.
func (s *Sheet) Turn(page int) { s.check(s.pdf.SetPage(page)) }

// Text writes one line that starts at x. A letter that the font lacks is an
// error: see Face.Clean.
func (s *Sheet) Text(x, y, size float64, bold bool, text string) {
	f, name := s.face(bold)
	for _, r := range text {
		if _, ok := f.glyph[r]; !ok {
			s.check(fmt.Errorf("the font has no %U", r))
		}
	}
	s.check(s.pdf.SetFont(name, "", size))
	s.pdf.SetXY(x, y)
	s.check(s.pdf.Text(text))
	last := &s.lines[len(s.lines)-1]
	*last = append(*last, line{x, y, size, bold, text})
}

// Centre writes one line around a vertical axis.
func (s *Sheet) Centre(axis, y, size float64, bold bool, text string) {
	f, _ := s.face(bold)
	s.Text(axis-f.Measure(text, size)/2, y, size, bold, text)
}

// Right writes one line that ends at x.
func (s *Sheet) Right(x, y, size float64, bold bool, text string) {
	f, _ := s.face(bold)
	s.Text(x-f.Measure(text, size), y, size, bold, text)
}

// Line draws a straight line of a width.
func (s *Sheet) Line(x1, y1, x2, y2, width float64) {
	s.pdf.SetLineWidth(width)
	s.pdf.Line(x1, y1, x2, y2)
}

// Reserve embeds the letters of text in the regular font without writing
// them: somebody will, when the sheet is done.
func (s *Sheet) Reserve(text string) {
	s.check(s.pdf.SetFont("regular", "", 10))
	_, err := s.pdf.MeasureTextWidth(text)
	s.check(err)
}

func (s *Sheet) face(bold bool) (*Face, string) {
	if bold {
		return s.p.Bold, "bold"
	}
	return s.p.Regular, "regular"
}

// Bytes closes the document and returns it, or the first error there was.
func (s *Sheet) Bytes() ([]byte, error) {
	out, err := s.pdf.GetBytesPdfReturnErr()
	s.check(err)
	if s.fail != nil {
		return nil, fmt.Errorf("printing a document: %w", s.fail)
	}
	return out, nil
}
