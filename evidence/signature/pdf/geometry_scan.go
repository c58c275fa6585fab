package pdf

import (
	"bytes"
	"image"
	"image/jpeg"

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
	if m.XObject == nil || m.Matrix[1] != 0 || m.Matrix[2] != 0 || m.Matrix[0] <= 0 || m.Matrix[3] <= 0 {
		return false
	}
	p, ok := s.scans[m.XObject.Start]
	if !ok {
		p = scanOf(s.old.rev, m.XObject)
		s.scans[m.XObject.Start] = p
	}
	return p != nil && p.light(rect, m.Matrix)
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

// scanOf decodes a grey or coloured picture of 8 bits a component: JPEG, or
// samples that the object reader can decode.
func scanOf(rev *syntax.Revision, st *syntax.Stream) *scan {
	if st.Dict.Has("Decode") || st.Dict.Has("SMask") || st.Dict.Has("Mask") {
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
	return plainScan(rev, st)
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
