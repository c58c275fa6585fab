package paper

import (
	"fmt"
	"image"
	"sync"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// line is one text as it was written on a page.
type line struct {
	x, y, size float64
	bold       bool
	text       string
}

// outlines are the embedded fonts as shapes, read once.
var outlines = sync.OnceValues(func() (map[bool]*opentype.Font, error) {
	all := map[bool]*opentype.Font{}
	for bold, ttf := range map[bool][]byte{false: regularTTF, true: boldTTF} {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("reading an embedded font: %w", err)
		}
		all[bold] = f
	}
	return all, nil
})

// Photograph returns what a scanner would see of a page, counted from 1: the
// texts that were written on it so far (not its lines), black on white. Texts
// count as written on the newest page, whatever Turn said.
func (s *Sheet) Photograph(page, dpi int) (*image.Gray, error) {
	fonts, err := outlines()
	if err != nil {
		return nil, err
	}
	scale := float64(dpi) / 72
	img := image.NewGray(image.Rect(0, 0, int(Width*scale), int(Height*scale)))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	faces := map[[2]float64]font.Face{}
	for _, l := range s.lines[page-1] {
		key := [2]float64{l.size, 0}
		if l.bold {
			key[1] = 1
		}
		if faces[key] == nil {
			if faces[key], err = opentype.NewFace(fonts[l.bold], &opentype.FaceOptions{Size: l.size, DPI: float64(dpi)}); err != nil {
				return nil, fmt.Errorf("drawing a scanned page: %w", err)
			}
		}
		at := fixed.Point26_6{X: fixed.Int26_6(l.x * scale * 64), Y: fixed.Int26_6(l.y * scale * 64)}
		(&font.Drawer{Dst: img, Src: image.Black, Face: faces[key], Dot: at}).DrawString(l.text)
	}
	return img, nil
}

// Cover lays a picture over a whole page, counted from 1. What was written on
// it stays below as text that can be searched, as scanners with text
// recognition leave it.
func (s *Sheet) Cover(page int, img image.Image) {
	s.Turn(page)
	s.check(s.pdf.ImageFromWithOption(img, gopdf.ImageFromOption{Format: "jpeg", Rect: &gopdf.Rect{W: Width, H: Height}}))
}

// Pictures returns a document whose pages are only images, as a plain scanner
// writes it.
func Pictures(pages ...image.Image) ([]byte, error) {
	var pdf gopdf.GoPdf
	pdf.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: Width, H: Height}})
	for _, img := range pages {
		pdf.AddPage()
		err := pdf.ImageFromWithOption(img, gopdf.ImageFromOption{Format: "jpeg", Rect: &gopdf.Rect{W: Width, H: Height}})
		if err != nil {
			return nil, fmt.Errorf("placing a scanned page: %w", err)
		}
	}
	return pdf.GetBytesPdfReturnErr()
}
