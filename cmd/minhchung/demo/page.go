package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"minhchung/cmd/minhchung/paper"
	"minhchung/evidence"
)

// The layout of a page, in points.
const (
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

// printer makes pages. It is safe for concurrent use.
type printer struct{ *paper.Printer }

// sheet is one document being written.
type sheet struct {
	*paper.Sheet
	p *printer
	y float64
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

// print returns the document as it comes from the printer.
func (p *printer) print(l letter) ([]byte, error) { return p.sheet(l).Bytes() }

// sheet writes the letter.
func (p *printer) sheet(l letter) *sheet {
	s := &sheet{Sheet: p.Sheet(), p: p}
	if l.plain {
		s.Uncompressed()
	}
	s.head(l)
	for _, par := range body(l.rng, l.paragraphs) {
		s.paragraph(par)
	}
	s.foot(l)
	// All of them have to be in the embedded subset.
	s.Reserve(l.numberLine() + l.dateLine() + l.later)
	return s
}

func (s *sheet) head(l letter) {
	s.Centre(leftAxis, 52, 12, true, "ỦY BAN NHÂN DÂN")
	s.Centre(leftAxis, 68, 12, true, "XÃ THỬ NGHIỆM")
	s.Centre(rightAxis, 52, 11, true, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
	s.Centre(rightAxis, 68, 12, true, "Độc lập - Tự do - Hạnh phúc")
	s.Line(leftAxis-30, 75, leftAxis+30, 75, 0.6)
	s.Line(rightAxis-80, 75, rightAxis+80, 75, 0.6)
	if !l.blank {
		s.Centre(leftAxis, numberBand, bodySize, false, l.numberLine())
		s.Centre(rightAxis, numberBand, bodySize, false, l.dateLine())
	}
	s.y = 148
	title := strings.ToUpper(l.topic.typeName)
	if l.annex {
		title = "PHỤ LỤC"
	}
	s.Centre(paper.Width/2, s.y, 14, true, title)
	for _, line := range s.p.Bold.Wrap(l.topic.subject, bodySize, 400, 0) {
		s.y += lineHeight
		s.Centre(paper.Width/2, s.y, bodySize, true, line)
	}
	s.y += lineHeight
}

func (s *sheet) paragraph(par string) {
	const indent = 28
	s.y += 6
	for i, line := range s.p.Regular.Wrap(par, bodySize, right-left, indent) {
		if s.y += lineHeight; s.y > paper.Height-70 {
			s.Page()
			s.y = 70
		}
		x := left
		if i == 0 {
			x += indent
		}
		s.Text(x, s.y, bodySize, false, line)
	}
}

func (s *sheet) foot(l letter) {
	if s.y += 2 * lineHeight; s.y > paper.Height-190 {
		s.Page()
		s.y = 80
	}
	s.Text(left, s.y, 12, true, "Nơi nhận:")
	for i, to := range recipients[:3+l.rng.IntN(3)] {
		s.Text(left, s.y+14*float64(i+1), 11, false, to)
	}
	s.Text(left, s.y+14*7, 11, false, "- Lưu: VT.")
	axis := 430.0
	s.Centre(axis, s.y, bodySize, true, "TM. ỦY BAN NHÂN DÂN")
	if l.title != "" {
		s.Centre(axis, s.y+18, bodySize, true, l.title)
		s.Centre(axis, s.y+110, bodySize, true, l.signer)
	}
}
