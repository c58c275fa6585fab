package pdf

import (
	"minhchung/evidence/signature/pdf/syntax"
)

// The limits of a page tree.
const (
	maxPages     = 50000
	maxPageDepth = 64
)

// page is a leaf of the page tree with the resources it inherits.
type page struct {
	dict      *syntax.Dict
	resources syntax.Object
}

// pages calls fn for each page of a revision in reading order until fn
// returns false, and says whether the whole tree was seen. Count is not
// believed, a node that is its own ancestor is passed over
// (ISO 32000-2 7.7.3).
func pages(r *syntax.Revision, fn func(page) bool) (complete bool) {
	catalog, err := r.Catalog()
	if err != nil || catalog == nil {
		return false
	}
	t := tree{revision: r, fn: fn, open: map[syntax.Ref]bool{}}
	t.node(catalog.Get("Pages"), syntax.Null{}, maxPageDepth)
	return !t.stopped && !t.failed
}

type tree struct {
	revision        *syntax.Revision
	fn              func(page) bool
	open            map[syntax.Ref]bool
	nodes           int
	stopped, failed bool
}

func (t *tree) node(o syntax.Object, resources syntax.Object, depth int) {
	if t.nodes++; depth <= 0 || t.nodes > maxPages {
		t.failed = true
	}
	if t.stopped || t.failed {
		return
	}
	if ref, ok := o.(syntax.Ref); ok {
		if t.open[ref] {
			t.failed = true
			return
		}
		t.open[ref] = true
		defer delete(t.open, ref)
	}
	d, err := t.revision.Dict(o)
	if err != nil || d == nil {
		t.failed = t.failed || err != nil
		return
	}
	if own := d.Get("Resources"); !syntax.IsNull(own) {
		resources = own
	}
	if d.Get("Type") == syntax.Name("Page") || !d.Has("Kids") {
		t.stopped = !t.fn(page{d, resources})
		return
	}
	kids, err := t.revision.Array(d.Get("Kids"))
	t.failed = t.failed || err != nil
	for _, kid := range kids {
		t.node(kid, resources, depth-1)
	}
}
