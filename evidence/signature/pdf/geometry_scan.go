package pdf

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"

	"golang.org/x/image/ccitt"

	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

// maxScan bounds the pictures that are decoded, in pixels: a page of A4 at
// 300 dots per inch has 8.7 million.
const maxScan = 9_000_000

// A place on a scanned page is blank when nearly all of its pixels are light.
const (
	lightLuma   = 200  // of 255
	lightEnough = 0.99 // of the pixels
)

// scan is a decoded picture of a page.
type scan struct {
	w, h int
	luma func(x, y int) uint8
}

// blank reports whether the part of a page-wide picture below rect shows
// nothing: seals and arrival stamps go to free places of scanned pages, too.
// What cannot be decoded is not blank.
func (s *step) blank(m *content.Mark, rect content.Rect) bool {
	if m.XObject == nil || !m.Matrix.Level() {
		return false
	}
	p, ok := s.scans[m.XObject.Start]
	if !ok {
		p = scanOf(s.old.rev, m.XObject)
		s.scans[m.XObject.Start] = p
	}
	return p != nil && p.light(rect, *m.Matrix)
}

// light looks at up to 400 by 400 pixels of the place.
func (p *scan) light(r content.Rect, m content.Matrix) bool {
	x0, x1 := (r.X0-m[4])/m[0]*float64(p.w), (r.X1-m[4])/m[0]*float64(p.w)
	y0, y1 := (1-(r.Y1-m[5])/m[3])*float64(p.h), (1-(r.Y0-m[5])/m[3])*float64(p.h)
	const n = 400
	light, all := 0, 0
	for j := range n {
		for i := range n {
			x, y := int(x0+(x1-x0)*(float64(i)+0.5)/n), int(y0+(y1-y0)*(float64(j)+0.5)/n)
			if x < 0 || y < 0 || x >= p.w || y >= p.h {
				continue
			}
			all++
			if p.luma(x, y) >= lightLuma {
				light++
			}
		}
	}
	return all > 0 && float64(light) >= lightEnough*float64(all)
}

// scanOf decodes what scanners write: a grey or coloured picture of 8 bits a
// component, as JPEG or samples that the object reader can decode, or one of
// black and white, as fax or samples. JBIG2 and JPEG 2000 stay unknown: no
// decoder of theirs is kept up in Go.
func scanOf(rev *syntax.Revision, st *syntax.Stream) *scan {
	if st.Dict.Has("Decode") || st.Dict.Has("SMask") || st.Dict.Has("Mask") || st.Dict.Has("ImageMask") {
		return nil
	}
	filter, _ := rev.Resolve(st.Dict.Get("Filter"))
	if list, ok := filter.(syntax.Array); ok && len(list) == 1 {
		filter, _ = rev.Resolve(list[0])
	}
	if filter == syntax.Name("DCTDecode") {
		raw, err := rev.Raw(st)
		if err != nil {
			return nil
		}
		return jpegScan(raw)
	}
	if filter == syntax.Name("CCITTFaxDecode") {
		return faxScan(rev, st)
	}
	return plainScan(rev, st)
}

// maxBits bounds pictures of one bit a pixel: A4 at 600 dots per inch has 35
// million.
const maxBits = 72_000_000

// faxScan decodes Group 4 and one-dimensional Group 3 (ISO 32000-2 7.4.6).
func faxScan(rev *syntax.Revision, st *syntax.Stream) *scan {
	parms, _ := rev.Resolve(st.Dict.Get("DecodeParms"))
	if list, ok := parms.(syntax.Array); ok && len(list) == 1 {
		parms, _ = rev.Resolve(list[0])
	}
	d, _ := parms.(*syntax.Dict)
	number := func(key syntax.Name, otherwise int) int {
		v, _ := rev.Resolve(d.Get(key))
		if n, ok := v.(syntax.Integer); ok && n >= -1 && n <= maxBits {
			return int(n)
		}
		return otherwise
	}
	flag := func(key syntax.Name) bool {
		v, _ := rev.Resolve(d.Get(key))
		return v == syntax.Bool(true)
	}
	w, h, ok := bilevel(rev, st)
	if !ok || number("Columns", 1728) != w {
		return nil
	}
	format := ccitt.Group3
	switch k := number("K", 0); {
	case k < 0:
		format = ccitt.Group4
	case k > 0:
		return nil
	}
	raw, err := rev.Raw(st)
	if err != nil {
		return nil
	}
	r := ccitt.NewReader(bytes.NewReader(raw), ccitt.MSB, format, w, h, &ccitt.Options{Align: flag("EncodedByteAlign"), Invert: flag("BlackIs1")})
	data := make([]byte, (w+7)/8*h)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil
	}
	return bitScan(w, h, data)
}

// bilevel returns the size of a picture of one grey bit a pixel.
func bilevel(rev *syntax.Revision, st *syntax.Stream) (w, h int, ok bool) {
	number := func(key syntax.Name) int {
		v, _ := rev.Resolve(st.Dict.Get(key))
		n, _ := v.(syntax.Integer)
		return int(min(max(n, 0), maxBits))
	}
	space, _ := rev.Resolve(st.Dict.Get("ColorSpace"))
	w, h = number("Width"), number("Height")
	return w, h, space == syntax.Name("DeviceGray") && number("BitsPerComponent") == 1 && w > 0 && h > 0 && w <= maxBits/h
}

// bitScan reads samples of one bit, 1 being white.
func bitScan(w, h int, data []byte) *scan {
	row := (w + 7) / 8
	return &scan{w, h, func(x, y int) uint8 {
		if data[y*row+x/8]&(0x80>>(x%8)) != 0 {
			return 255
		}
		return 0
	}}
}

func jpegScan(raw []byte) *scan {
	c, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil || c.Width <= 0 || c.Height <= 0 || c.Width > maxScan/c.Height {
		return nil
	}
	im, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	switch im := im.(type) {
	case *image.Gray:
		return &scan{c.Width, c.Height, func(x, y int) uint8 { return im.Pix[im.PixOffset(x, y)] }}
	case *image.YCbCr:
		return &scan{c.Width, c.Height, func(x, y int) uint8 { return im.Y[im.YOffset(x, y)] }}
	}
	return nil // CMYK is usually inverted, and not what a scanner writes
}

func plainScan(rev *syntax.Revision, st *syntax.Stream) *scan {
	if w, h, ok := bilevel(rev, st); ok {
		data, err := rev.Decode(st)
		if err != nil || len(data) < (w+7)/8*h {
			return nil
		}
		return bitScan(w, h, data)
	}
	num := func(key syntax.Name) int {
		v, _ := rev.Resolve(st.Dict.Get(key))
		n, _ := v.(syntax.Integer)
		return int(min(max(n, 0), maxScan))
	}
	w, h := num("Width"), num("Height")
	space, _ := rev.Resolve(st.Dict.Get("ColorSpace"))
	channels := map[syntax.Object]int{syntax.Name("DeviceGray"): 1, syntax.Name("DeviceRGB"): 3}
	name, _ := space.(syntax.Name)
	n := channels[name]
	if n == 0 || num("BitsPerComponent") != 8 || w == 0 || h == 0 || w > maxScan/h {
		return nil
	}
	data, err := rev.Decode(st)
	if err != nil || len(data) < w*h*n {
		return nil
	}
	return &scan{w, h, func(x, y int) uint8 {
		i := (y*w + x) * n
		darkest := data[i]
		for _, v := range data[i+1 : i+n] {
			darkest = min(darkest, v)
		}
		return darkest
	}}
}
