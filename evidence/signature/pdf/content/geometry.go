// Package content finds out where the pages of a PDF file draw something: it
// interprets content streams (ISO 32000-2 clauses 8 and 9) far enough to give
// the boxes of texts, images and paths, and never renders. It is made for
// hostile input: everything is bounded, and what it could not measure it says
// so, so that a caller can refuse instead of guess.
package content

import "math"

// Rect is a rectangle in points of default user space (ISO 32000-2 8.3.2.3)
// with X0 <= X1 and Y0 <= Y1. The zero value is empty and lies at the origin.
type Rect struct{ X0, Y0, X1, Y1 float64 }

// everything is larger than any page: coordinates are clamped to it.
var everything = Rect{-farAway, -farAway, farAway, farAway}

// farAway bounds coordinates; the largest page of PDF 1.x has 14,400 units.
const farAway = 1e6

// Empty reports whether r has no area.
func (r Rect) Empty() bool { return !(r.X1 > r.X0 && r.Y1 > r.Y0) }

// Width returns the width in points.
func (r Rect) Width() float64 { return r.X1 - r.X0 }

// Height returns the height in points.
func (r Rect) Height() float64 { return r.Y1 - r.Y0 }

// Area returns the area in square points.
func (r Rect) Area() float64 {
	if r.Empty() {
		return 0
	}
	return r.Width() * r.Height()
}

// Intersect returns what r and o share, the zero Rect when that has no area.
func (r Rect) Intersect(o Rect) Rect {
	out := Rect{max(r.X0, o.X0), max(r.Y0, o.Y0), min(r.X1, o.X1), min(r.Y1, o.Y1)}
	if out.Empty() {
		return Rect{}
	}
	return out
}

// Overlaps reports whether r and o share an area.
func (r Rect) Overlaps(o Rect) bool { return !r.Intersect(o).Empty() }

// Union returns the smallest rectangle around both. An empty one adds nothing.
func (r Rect) Union(o Rect) Rect {
	switch {
	case r.Empty():
		return o
	case o.Empty():
		return r
	}
	return Rect{min(r.X0, o.X0), min(r.Y0, o.Y0), max(r.X1, o.X1), max(r.Y1, o.Y1)}
}

// Inset returns r made smaller by d points on every side; an empty Rect when
// nothing is left. A negative d makes it larger.
func (r Rect) Inset(d float64) Rect {
	out := Rect{r.X0 + d, r.Y0 + d, r.X1 - d, r.Y1 - d}
	if d > 0 && out.Empty() {
		return Rect{}
	}
	return out
}

// Matrix is a transformation [a b c d e f] (ISO 32000-2 8.3.4).
type Matrix [6]float64

// Identity changes nothing.
var Identity = Matrix{1, 0, 0, 1, 0, 0}

// Mul returns the transformation that applies m first and then n.
func (m Matrix) Mul(n Matrix) Matrix {
	return Matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// Level reports whether m neither turns nor mirrors: it only moves and scales.
func (m *Matrix) Level() bool {
	return !(m[1] != 0 || m[2] != 0 || m[0] <= 0 || m[3] <= 0)
}

// Apply transforms a point. The result is finite.
func (m Matrix) Apply(x, y float64) (float64, float64) {
	return clamp(m[0]*x + m[2]*y + m[4]), clamp(m[1]*x + m[3]*y + m[5])
}

// Box returns the smallest Rect around the transformed r.
func (m Matrix) Box(r Rect) Rect {
	if size := r.Width() + r.Height(); m[1] == 0 && m[2] == 0 && size-size == 0 {
		// Nothing is turned and r is finite: two corners give the other two.
		x0, y0 := m.Apply(r.X0, r.Y0)
		x1, y1 := m.Apply(r.X1, r.Y1)
		return Rect{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
	}
	var b bounds
	for _, p := range [4][2]float64{{r.X0, r.Y0}, {r.X1, r.Y0}, {r.X0, r.Y1}, {r.X1, r.Y1}} {
		b.add(m.Apply(p[0], p[1]))
	}
	return b.rect
}

// clamp keeps coordinates finite; what is not a number is far away, which
// makes every box around it large rather than small.
func clamp(v float64) float64 {
	if math.IsNaN(v) || v > farAway {
		return farAway
	}
	return max(v, -farAway)
}

// bounds grows around points. Unlike a Rect it knows whether it has any.
type bounds struct {
	rect Rect
	any  bool
}

func (b *bounds) add(x, y float64) {
	if !b.any {
		b.rect, b.any = Rect{x, y, x, y}, true
		return
	}
	b.rect = Rect{min(b.rect.X0, x), min(b.rect.Y0, y), max(b.rect.X1, x), max(b.rect.Y1, y)}
}

// join grows around a rectangle, which may be without area.
func (b *bounds) join(r Rect) {
	if !b.any {
		b.rect, b.any = r, true
		return
	}
	b.rect = Rect{min(b.rect.X0, r.X0), min(b.rect.Y0, r.Y0), max(b.rect.X1, r.X1), max(b.rect.Y1, r.Y1)}
}
