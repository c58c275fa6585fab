package pdf

import (
	"slices"

	"minhchung/evidence/signature/pdf/syntax"
)

// The limits of a form. A field deeper than that, or behind so many others,
// is not looked at, and the file is then over the limit.
const (
	maxFieldDepth = 32
	maxFields     = 20000
	maxSignatures = 500
	maxFieldName  = 1000 // bytes
)

// collector gathers the signatures of all revisions.
type collector struct {
	file     *syntax.File
	fields   []*sigField
	byValue  map[valueKey]*sigField
	overflow bool // a limit ran out: something was not looked at
	visited  int
}

// valueKey identifies a signature by its field and by where its dictionary is
// written or, when it cannot be read or lies in an object stream, by its
// object. Two fields with one value are two signatures, and only one of them
// can be that of the covered revision.
type valueKey struct {
	start int64
	field string
	ref   syntax.Ref
}

// collect returns the signatures that the forms of all revisions reach: one
// that a later revision removed or replaced is still there. They are in the
// order in which they appeared.
func collect(f *syntax.File) *collector {
	c := &collector{file: f, byValue: map[valueKey]*sigField{}}
	for _, r := range f.Revisions() {
		if f.Exhausted() {
			break
		}
		catalog, err := r.Catalog()
		if err != nil || catalog == nil {
			continue
		}
		form, err := r.Dict(catalog.Get("AcroForm"))
		if err != nil || form == nil {
			continue
		}
		roots, err := r.Array(form.Get("Fields"))
		if err != nil {
			continue
		}
		c.visited = 0
		w := walk{collector: c, revision: r, open: map[syntax.Ref]bool{}}
		for _, o := range roots {
			w.node(o, inherited{}, maxFieldDepth)
		}
	}
	return c
}

// walk goes through the form of one revision.
type walk struct {
	*collector
	revision *syntax.Revision
	open     map[syntax.Ref]bool // fields that are being walked: a kid that is its own ancestor
}

// inherited is what a field passes to its kids (ISO 32000-2 table 226).
type inherited struct {
	name  string
	kind  syntax.Object // FT
	value syntax.Object // V
	ref   syntax.Ref    // of the nearest field with a name
	field *syntax.Dict
}

func (w *walk) node(o syntax.Object, from inherited, depth int) {
	w.visited++
	if depth <= 0 || w.visited > maxFields || len(w.fields) > maxSignatures || w.file.Exhausted() {
		w.overflow = true
		return
	}
	ref, _ := o.(syntax.Ref)
	if ref.Num != 0 {
		if w.open[ref] {
			return
		}
		w.open[ref] = true
		defer delete(w.open, ref)
	}
	d, err := w.revision.Dict(o)
	if err != nil || d == nil {
		return
	}
	if part := d.Get("T"); !syntax.IsNull(part) || from.field == nil {
		from.ref, from.field = ref, d
		if t, err := w.revision.Resolve(part); err == nil {
			from.name = qualified(from.name, text(t))
		}
	}
	if kind, err := w.revision.Resolve(d.Get("FT")); err == nil && !syntax.IsNull(kind) {
		from.kind = kind
	}
	if v := d.Get("V"); !syntax.IsNull(v) {
		from.value = v
	}
	kids, _ := w.revision.Array(d.Get("Kids"))
	for _, kid := range kids {
		w.node(kid, from, depth-1)
	}
	if len(kids) == 0 && from.kind == syntax.Name("Sig") && from.value != nil {
		w.signature(ref, from)
	}
}

func qualified(parent, part string) string {
	if parent != "" && part != "" {
		parent += "."
	}
	full := parent + part
	return clean(full[:min(len(full), maxFieldName)])
}

// signature records the value of a terminal field. widget is the node itself.
func (w *walk) signature(widget syntax.Ref, from inherited) {
	valueRef, _ := from.value.(syntax.Ref)
	v, err := w.revision.Resolve(from.value)
	value, _ := v.(*syntax.Dict)
	if err == nil && syntax.IsNull(v) && valueRef.Num == 0 {
		return
	}
	key := valueKey{start: -1, field: from.name, ref: valueRef}
	if value != nil && value.Start >= 0 {
		key = valueKey{start: value.Start, field: from.name}
	}
	s := w.byValue[key]
	if s == nil {
		s = &sigField{Name: from.name, Ref: from.ref, Field: from.field,
			Value: value, ValueRef: valueRef, Seen: w.revision.Index, Revision: -1}
		w.byValue[key] = s
		w.fields = append(w.fields, s)
	}
	if widget.Num != 0 && !slices.Contains(s.Widgets, widget) {
		s.Widgets = append(s.Widgets, widget)
	}
}
