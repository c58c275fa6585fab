package demo

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"minhchung/cmd/minhchung/paper"
)

// A scanned page at 75 dots an inch: enough to look like one.
const (
	scanWidth  = 620
	scanHeight = 877
)

// scan returns a document of one page that is only an image: grey strokes
// where lines of text would be, the ring of a stamp, and the noise of paper.
// The picture of a stamp means nothing; that is what the case is about.
func scan(rng *rand.Rand) ([]byte, error) {
	return paper.Picture(scannedPage(rng))
}

func scannedPage(rng *rand.Rand) image.Image {
	img := image.NewGray(image.Rect(0, 0, scanWidth, scanHeight))
	for i := range img.Pix {
		img.Pix[i] = uint8(238 + rng.IntN(12))
	}
	for y := 60; y < scanHeight-180; y += 19 {
		if rng.IntN(9) > 0 {
			scannedLine(img, rng, y)
		}
	}
	ring(img, 420+rng.IntN(40), scanHeight-120-rng.IntN(20), 42)
	return img
}

// scannedLine draws words as rows of short upright strokes.
func scannedLine(img *image.Gray, rng *rand.Rand, y int) {
	end := scanWidth - 60 - rng.IntN(120)
	for x := 80; x < end; {
		word := 12 + rng.IntN(44)
		for i := 0; i < word && x+i < end; i += 3 {
			top := y - 4 - rng.IntN(4)
			for yy := top; yy <= y; yy++ {
				img.SetGray(x+i, yy, color.Gray{Y: uint8(30 + rng.IntN(60))})
			}
		}
		x += word + 6
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
