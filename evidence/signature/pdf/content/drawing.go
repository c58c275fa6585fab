package content

import "minhchung/evidence/signature/pdf/syntax"

// Kind says what a Mark is.
type Kind uint8

// The kinds of marks.
const (
	Text  Kind = iota // glyphs of one word
	Image             // a sampled image or image mask
	Path              // a filled or stroked path
	Shade             // a shading painted by sh, as large as the clip allows
)

// String returns an English word.
func (k Kind) String() string {
	return [...]string{"text", "image", "path", "shading"}[k&3]
}

// Mark is one thing that a content stream draws.
type Mark struct {
	Kind Kind
	// Invisible is true for text of render mode 3, such as the layer that
	// recognition puts over a scan.
	Invisible bool
	// Filled is true for a path that covers its inside.
	Filled bool
	// Simple is true for a path of straight lines parallel to the axes: rules,
	// frames and backgrounds, but not outlined letters.
	Simple bool
	// Known is false when at least one code of a Text mark has no certain
	// meaning.
	Known bool
	// Bounded is false for text whose font may draw outside Box: Type 3
	// fonts, vertical writing, CMaps that are not followed here.
	Bounded bool
	// Upright is false when the lines of a Text mark are not level.
	Upright bool
	// Box encloses the mark in the space of the page. It may be too large,
	// never too small, as long as the Drawing is Complete.
	Box Rect
	// Part is the index of the content stream whose operator drew it.
	Part int
	// Text is what a Text mark says, when its font tells.
	Text string
	// Font is the font of a Text mark; nil when its resource is missing.
	Font *syntax.Dict
	// Codes are the character codes of a Text mark, when Limits asks for them.
	Codes []int
	// Em is at least the size of the font of a Text mark, in points.
	Em float64
	// XObject is the image of an Image mark; nil for an inline image.
	XObject *syntax.Stream
	// Matrix maps the unit square of an Image mark to the page.
	Matrix *Matrix
}

// Drawing is what content streams draw.
type Drawing struct {
	Marks []Mark
	// Complete is false when the extent of something could not be found out:
	// a budget ran out, a stream could not be decoded, a font has no bounds.
	// Problem says what, in English.
	Complete bool
	Problem  string
	// Missing holds the resources that were used without being there, as
	// "Font/F1", in no certain order: a later revision that supplies one
	// changes what is drawn.
	Missing map[string]bool
	// Outside are texts whose place is clipped away, when Limits asks for
	// codes: their glyphs may yet reach into what is shown.
	Outside []Mark
}

// fail records the first reason why the drawing is not complete.
func (d *Drawing) fail(problem string) {
	if d.Complete {
		d.Complete, d.Problem = false, problem
	}
}

// Limits are the budgets for one Drawing. A zero field means the default.
type Limits struct {
	Operators int  // executed operators; default 2,000,000
	Marks     int  // default 200,000
	Depth     int  // of forms inside forms; default 16
	Codes     bool // keep the codes of texts
}

func (l Limits) withDefaults() Limits {
	if l.Operators <= 0 {
		l.Operators = 2_000_000
	}
	if l.Marks <= 0 {
		l.Marks = 200_000
	}
	if l.Depth <= 0 {
		l.Depth = 16
	}
	return l
}

// Streams interprets content streams one after the other, as the Contents of
// a page (ISO 32000-2 7.8.2), with the page's resources. Marks are clipped to
// within, usually the media box. It never fails: see Drawing.Complete.
func Streams(r *syntax.Revision, parts [][]byte, resources *syntax.Dict, within Rect, limits Limits) *Drawing {
	m := newMachine(r, limits)
	m.state.clip = within
	m.run(parts, resources)
	return &m.drawing
}

// Appearance interprets a form XObject as the appearance of an annotation
// with the given rectangle (ISO 32000-2 12.5.5, algorithm "appearance
// streams"). Nothing it draws can lie outside rect.
func Appearance(r *syntax.Revision, form *syntax.Stream, rect Rect, limits Limits) *Drawing {
	m := newMachine(r, limits)
	m.state.clip = rect
	box, ok := rectOf(r, form.Dict.Get("BBox"))
	if !ok || box.Empty() || rect.Empty() {
		return &m.drawing // nothing can be seen
	}
	own := matrixOf(r, form.Dict.Get("Matrix"))
	m.state.ctm = fit(own.Box(box), rect)
	m.form(form, nil)
	return &m.drawing
}

// fit returns the matrix that moves and scales from onto to.
func fit(from, to Rect) Matrix {
	if from.Empty() {
		return Matrix{0, 0, 0, 0, to.X0, to.Y0}
	}
	sx, sy := to.Width()/from.Width(), to.Height()/from.Height()
	return Matrix{sx, 0, 0, sy, to.X0 - from.X0*sx, to.Y0 - from.Y0*sy}
}

// RectOf reads a rectangle (ISO 32000-2 7.9.5), whose corners may come in any
// order; false when o is not one.
func RectOf(r *syntax.Revision, o syntax.Object) (Rect, bool) { return rectOf(r, o) }

func rectOf(r *syntax.Revision, o syntax.Object) (Rect, bool) {
	v, ok := numbers(r, o, 4)
	if !ok {
		return Rect{}, false
	}
	return Rect{min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])}, true
}

func matrixOf(r *syntax.Revision, o syntax.Object) Matrix {
	v, ok := numbers(r, o, 6)
	if !ok {
		return Identity
	}
	return Matrix(v)
}

// numbers reads an array of at least n numbers.
func numbers(r *syntax.Revision, o syntax.Object, n int) ([]float64, bool) {
	a, err := r.Array(o)
	if err != nil || len(a) < n {
		return nil, false
	}
	out := make([]float64, n)
	for i := range out {
		v, ok := numberOf(r, a[i])
		if !ok {
			return nil, false
		}
		out[i] = clamp(v)
	}
	return out, true
}

// numberOf resolves a number.
func numberOf(r *syntax.Revision, o syntax.Object) (float64, bool) {
	v, err := r.Resolve(o)
	if err != nil {
		return 0, false
	}
	switch v := v.(type) {
	case syntax.Integer:
		return float64(v), true
	case syntax.Real:
		return float64(v), true
	}
	return 0, false
}
