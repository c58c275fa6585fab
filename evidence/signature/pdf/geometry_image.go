package pdf

import (
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

// maxMask bounds the soft mask that is looked at, in samples.
const maxMask = 16 << 20

// translucent reports whether an image of a signature's appearance leaves
// every text below it readable: a seal whose soft mask (ISO 32000-2 11.6.5.2)
// is mostly transparent over each of them. Whatever cannot be decoded hides.
func translucent(rev *syntax.Revision, m *content.Mark, d *content.Drawing, page content.Rect) bool {
	mask := maskOf(rev, m)
	if mask == nil {
		return false
	}
	for i := range d.Marks {
		t := &d.Marks[i]
		if !touches(t, m.Box, page) {
			continue
		}
		if t.Kind != content.Text || mask.opacity(t.Box.Intersect(m.Box), *m.Matrix) > 0.4 {
			return false
		}
	}
	return true
}

// softMask is a decoded mask of 8 bits a sample.
type softMask struct {
	w, h int
	data []byte
}

func maskOf(rev *syntax.Revision, m *content.Mark) *softMask {
	if m.XObject == nil || !m.Matrix.Level() {
		return nil
	}
	v, _ := rev.Resolve(m.XObject.Dict.Get("SMask"))
	st, ok := v.(*syntax.Stream)
	if !ok || st.Dict.Has("Decode") {
		return nil
	}
	num := func(key syntax.Name) int {
		v, _ := rev.Resolve(st.Dict.Get(key))
		n, _ := v.(syntax.Integer)
		return int(min(max(n, 0), maxMask))
	}
	w, h := num("Width"), num("Height")
	if num("BitsPerComponent") != 8 || w == 0 || h == 0 || w > maxMask/h {
		return nil
	}
	data, err := rev.Decode(st)
	if err != nil || len(data) < w*h {
		return nil
	}
	return &softMask{w: w, h: h, data: data}
}

// opacity returns the mean opacity, 0 to 1, of the densest square cell of
// the part of the mask that lies in r.
func (k *softMask) opacity(r content.Rect, m content.Matrix) float64 {
	x0 := int((r.X0 - m[4]) / m[0] * float64(k.w))
	x1 := int((r.X1-m[4])/m[0]*float64(k.w)) + 1
	y0 := int((1 - (r.Y1-m[5])/m[3]) * float64(k.h))
	y1 := int((1-(r.Y0-m[5])/m[3])*float64(k.h)) + 1
	x0, y0 = max(x0, 0), max(y0, 0)
	x1, y1 = min(x1, k.w), min(y1, k.h)
	cell := max(y1-y0, 1)
	worst := 0.0
	for x := x0; x < x1; x += cell {
		sum, n := 0, 0
		for yy := y0; yy < y1; yy++ {
			for xx := x; xx < min(x+cell, x1); xx++ {
				sum += int(k.data[yy*k.w+xx])
				n++
			}
		}
		if n > 0 {
			worst = max(worst, float64(sum)/float64(255*n))
		}
	}
	return worst
}
