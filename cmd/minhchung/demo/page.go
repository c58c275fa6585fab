package demo

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/signintech/gopdf"

	"minhchung/evidence"
)

// Noto Serif, cut down to Vietnamese: see font/README.md.
var (
	//go:embed font/NotoSerif-Regular.ttf
	regularTTF []byte
	//go:embed font/NotoSerif-Bold.ttf
	boldTTF []byte
)

// A4 in points, as gopdf writes it.
const (
	pageWidth  = 595.0
	pageHeight = 842.0
	left       = 85.0
	right      = 545.0
	bodySize   = 13.0
	lineHeight = 19.0
	// numberBand is the height of the base line of number and date below the
	// top edge. Nothing else is drawn within bandHeight around it, so that
	// the clerk can write there later.
	numberBand = 100.0
	leftAxis   = 165.0 // centre of the left column of the head
	rightAxis  = 410.0
)

// face is one font: the glyphs and advances we need to break lines and to
// write after gopdf is done. It is read-only once made.
type face struct {
	glyph map[rune]uint
	width map[rune]float64 // in thousandths of the font size
}

func newFace(ttf []byte) (*face, error) {
	var f gopdf.SubsetFontObj
	if err := f.SetTTFData(ttf); err != nil {
		return nil, fmt.Errorf("reading an embedded font: %w", err)
	}
	out := &face{glyph: map[rune]uint{}, width: map[rune]float64{}}
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

// measure returns the width of s in points.
func (f *face) measure(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += f.width[r]
	}
	return w * size / 1000
}

// hex returns s as glyph numbers, the way Identity-H text is written.
func (f *face) hex(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "%04X", f.glyph[r])
	}
	return b.String()
}

// wrap breaks s into lines of at most width points; the first line starts
// indent points further right.
func (f *face) wrap(s string, size, width, indent float64) []string {
	var lines []string
	line, room := "", width-indent
	for _, word := range strings.Fields(s) {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line != "" && f.measure(longer, size) > room {
			lines = append(lines, line)
			line, room = word, width
			continue
		}
		line = longer
	}
	return append(lines, line)
}

// printer makes pages. It is safe for concurrent use.
type printer struct {
	fonts         gopdf.FontContainer
	regular, bold *face
}

func newPrinter() (*printer, error) {
	p := &printer{}
	for name, ttf := range map[string][]byte{"regular": regularTTF, "bold": boldTTF} {
		if err := p.fonts.AddTTFFontData(name, ttf); err != nil {
			return nil, fmt.Errorf("reading an embedded font: %w", err)
		}
	}
	var err error
	if p.regular, err = newFace(regularTTF); err != nil {
		return nil, err
	}
	p.bold, err = newFace(boldTTF)
	return p, err
}

// sheet is one document being written.
type sheet struct {
	pdf  gopdf.GoPdf
	p    *printer
	y    float64
	fail error
}

func (p *printer) sheet() *sheet {
	s := &sheet{p: p}
	s.pdf.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: pageWidth, H: pageHeight}})
	// The regular font comes first: it is /F1 of every page.
	s.check(s.pdf.AddTTFFontFromFontContainer("regular", &p.fonts))
	s.check(s.pdf.AddTTFFontFromFontContainer("bold", &p.fonts))
	s.pdf.AddPage()
	return s
}

func (s *sheet) check(err error) {
	if s.fail == nil {
		s.fail = err
	}
}

func (s *sheet) face(bold bool) (*face, string) {
	if bold {
		return s.p.bold, "bold"
	}
	return s.p.regular, "regular"
}

func (s *sheet) text(x, y, size float64, bold bool, str string) {
	_, name := s.face(bold)
	s.check(s.pdf.SetFont(name, "", size))
	s.pdf.SetXY(x, y)
	s.check(s.pdf.Text(str))
}

func (s *sheet) centre(axis, y, size float64, bold bool, str string) {
	f, _ := s.face(bold)
	s.text(axis-f.measure(str, size)/2, y, size, bold, str)
}

// letter describes one administrative document.
type letter struct {
	number, notation string
	date             evidence.Date
	topic            topic
	annex            bool
	// blank leaves the band of number and date empty.
	blank bool
	plain bool // uncompressed streams
	// later holds the characters that are written when gopdf is done: by the
	// clerk, by visible signatures, by forgers.
	later         string
	signer, title string
	paragraphs    int
	rng           *rand.Rand
}

// numberLine and dateLine are what the clerk writes (Decree 30/2020
// appendix I).
func (l letter) numberLine() string { return fmt.Sprintf("Số: %s/%s", l.number, l.notation) }

func (l letter) dateLine() string {
	d := date(string(l.date))
	month := fmt.Sprint(int(d.Month()))
	if d.Month() < 3 {
		month = "0" + month
	}
	return fmt.Sprintf("Thử Nghiệm, ngày %02d tháng %s năm %d", d.Day(), month, d.Year())
}

// print returns the document as gopdf writes it.
func (p *printer) print(l letter) ([]byte, error) {
	s := p.sheet()
	if l.plain {
		s.pdf.SetNoCompression()
	}
	s.head(l)
	for _, par := range body(l.rng, l.paragraphs) {
		s.paragraph(par)
	}
	s.foot(l)
	// All of them have to be in the embedded subset.
	s.check(s.pdf.SetFont("regular", "", bodySize))
	_, err := s.pdf.MeasureTextWidth(l.numberLine() + l.dateLine() + l.later)
	s.check(err)
	out, err := s.pdf.GetBytesPdfReturnErr()
	s.check(err)
	if s.fail != nil {
		return nil, fmt.Errorf("printing %s: %w", l.numberLine(), s.fail)
	}
	return out, nil
}

func (s *sheet) head(l letter) {
	s.centre(leftAxis, 52, 12, true, "ỦY BAN NHÂN DÂN")
	s.centre(leftAxis, 68, 12, true, "XÃ THỬ NGHIỆM")
	s.centre(rightAxis, 52, 11, true, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
	s.centre(rightAxis, 68, 12, true, "Độc lập - Tự do - Hạnh phúc")
	s.pdf.SetLineWidth(0.6)
	s.pdf.Line(leftAxis-30, 75, leftAxis+30, 75)
	s.pdf.Line(rightAxis-80, 75, rightAxis+80, 75)
	if !l.blank {
		s.centre(leftAxis, numberBand, bodySize, false, l.numberLine())
		s.centre(rightAxis, numberBand, bodySize, false, l.dateLine())
	}
	s.y = 148
	title := strings.ToUpper(l.topic.typeName)
	if l.annex {
		title = "PHỤ LỤC"
	}
	s.centre(pageWidth/2, s.y, 14, true, title)
	for _, line := range s.p.bold.wrap(l.topic.subject, bodySize, 400, 0) {
		s.y += lineHeight
		s.centre(pageWidth/2, s.y, bodySize, true, line)
	}
	s.y += lineHeight
}

func (s *sheet) paragraph(par string) {
	const indent = 28
	s.y += 6
	for i, line := range s.p.regular.wrap(par, bodySize, right-left, indent) {
		if s.y += lineHeight; s.y > pageHeight-70 {
			s.pdf.AddPage()
			s.y = 70
		}
		x := left
		if i == 0 {
			x += indent
		}
		s.text(x, s.y, bodySize, false, line)
	}
}

func (s *sheet) foot(l letter) {
	if s.y += 2 * lineHeight; s.y > pageHeight-190 {
		s.pdf.AddPage()
		s.y = 80
	}
	s.text(left, s.y, 12, true, "Nơi nhận:")
	for i, to := range recipients[:3+l.rng.IntN(3)] {
		s.text(left, s.y+14*float64(i+1), 11, false, to)
	}
	s.text(left, s.y+14*7, 11, false, "- Lưu: VT.")
	axis := 430.0
	s.centre(axis, s.y, bodySize, true, "TM. ỦY BAN NHÂN DÂN")
	if l.title != "" {
		s.centre(axis, s.y+18, bodySize, true, l.title)
		s.centre(axis, s.y+110, bodySize, true, l.signer)
	}
}
