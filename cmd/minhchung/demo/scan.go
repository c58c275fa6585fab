package demo

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"minhchung/cmd/minhchung/paper"
)

// scanDPI is what an old office scanner is set to.
const scanDPI = 100

// scan returns the letter as a scanner leaves it: pictures of its pages with
// the ring of a stamp and the noise of paper. The picture of a stamp means
// nothing. With recognised the scanner's own software put the text below the
// pictures, where it can be searched; a plain scanner does not.
func (p *printer) scan(l letter, recognised bool) ([]byte, error) {
	s := p.sheet(l)
	var pages []image.Image
	for page := 1; page <= s.Pages(); page++ {
		img, err := s.Photograph(page, scanDPI)
		if err != nil {
			return nil, err
		}
		age(img, l.rng)
		if page == s.Pages() {
			dpt := scanDPI / 72.0
			ring(img, int((400+float64(l.rng.IntN(30)))*dpt), int((s.y+55)*dpt), int(42*dpt))
		}
		pages = append(pages, img)
	}
	if !recognised {
		return paper.Pictures(pages...)
	}
	for i, img := range pages {
		s.Cover(i+1, img)
	}
	return s.Bytes()
}

// age makes white paper grey and uneven, in blocks so that it compresses.
func age(img *image.Gray, rng *rand.Rand) {
	const block = 8
	bounds := img.Bounds()
	for y := 0; y < bounds.Dy(); y += block {
		for x := 0; x < bounds.Dx(); x += block {
			dark := uint8(6 + rng.IntN(10))
			for yy := y; yy < min(y+block, bounds.Dy()); yy++ {
				row := img.Pix[yy*img.Stride+x : yy*img.Stride+min(x+block, bounds.Dx())]
				for i, v := range row {
					row[i] = max(v, dark+24) - dark
				}
			}
		}
	}
}

func ring(img *image.Gray, cx, cy, radius int) {
	for a := 0.0; a < 2*math.Pi; a += 0.005 {
		for r := radius - 2; r <= radius; r++ {
			x, y := cx+int(float64(r)*math.Cos(a)), cy+int(float64(r)*math.Sin(a))
			img.SetGray(x, y, color.Gray{Y: 96})
		}
	}
}
