package pdf

import (
	"bytes"
	"slices"
	"sort"

	"minhchung/evidence/signature/pdf/syntax"
)

const (
	// maxOrphans bounds the signature dictionaries outside the form.
	maxOrphans = 50
	// maxMentions bounds the places that are looked at for one.
	maxMentions = 2000
)

// place is where an object of some revision is written.
type place struct {
	offset   int64
	num      int
	revision *syntax.Revision
}

// orphans adds the signature dictionaries that lie in the file but that no
// form reaches: signatures that were transplanted, or whose field was taken
// away. Usage rights (ISO 32000-2 12.8.2.3) are nobody's signature of the
// document and are only counted.
func (c *collector) orphans() (usageRights int) {
	data := c.file.Data()
	var places []place
	next := 0
	for range maxMentions {
		found := mention(data, next)
		if found < 0 {
			break
		}
		at := int64(found)
		next = found + len(rangeName)
		if c.known(at) {
			continue
		}
		if places == nil {
			places = c.places()
		}
		n := sort.Search(len(places), func(i int) bool { return places[i].offset > at })
		if n == 0 {
			continue
		}
		d, ref := signatureAt(places[n-1], at)
		if d == nil {
			continue
		}
		if isUsageRights(c.file, d) {
			usageRights++
			continue
		}
		c.fields = append(c.fields, &sigField{Value: d, ValueRef: ref, Seen: places[n-1].revision.Index, Revision: -1})
		if len(c.fields) > maxOrphans+len(c.byValue) {
			c.overflow = true
			break
		}
	}
	return usageRights
}

const rangeName = "/ByteRange"

// mention returns where the name stands at or behind from; -1 when it does
// not. It looks for the name without its slash, which is everywhere in a file.
func mention(data []byte, from int) int {
	for bare := []byte(rangeName[1:]); ; from += len(bare) {
		i := bytes.Index(data[from:], bare)
		if i < 0 {
			return -1
		}
		if from += i; from > 0 && data[from-1] == '/' {
			return from - 1
		}
	}
}

// known reports whether an offset lies in a signature that is listed.
func (c *collector) known(pos int64) bool {
	for _, s := range c.fields {
		if s.Value != nil && s.Value.Start <= pos && pos < s.Value.End {
			return true
		}
	}
	return false
}

// places lists where the objects of all revisions are written.
func (c *collector) places() []place {
	var out []place
	for _, r := range c.file.Revisions() {
		for _, num := range r.Changed() {
			if offset, ok := r.Offset(num); ok {
				out = append(out, place{offset, num, r})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b place) int { return int(a.offset - b.offset) })
	return out
}

// signatureAt returns the signature dictionary that holds an offset, when the
// object there is one or has one somewhere inside.
func signatureAt(at place, pos int64) (*syntax.Dict, syntax.Ref) {
	o, err := at.revision.Object(at.num)
	if err != nil {
		return nil, syntax.Ref{}
	}
	d, ok := o.(*syntax.Dict)
	if !ok {
		return nil, syntax.Ref{}
	}
	ref := syntax.Ref{Num: at.num, Gen: at.revision.Generation(at.num)}
	for depth := 0; d != nil && depth < 8; depth++ {
		if pos < d.Start || pos >= d.End {
			return nil, syntax.Ref{}
		}
		if d.Has("ByteRange") && d.Has("Contents") {
			return d, ref
		}
		var inner *syntax.Dict
		for _, e := range d.Entries {
			if v, ok := e.Value.(*syntax.Dict); ok && v.Start <= pos && pos < v.End {
				inner = v
			}
		}
		d, ref = inner, syntax.Ref{}
	}
	return nil, syntax.Ref{}
}

// isUsageRights reports whether some revision's catalogue names d as a usage
// rights signature.
func isUsageRights(f *syntax.File, d *syntax.Dict) bool {
	for _, r := range f.Revisions() {
		catalog, err := r.Catalog()
		if err != nil || catalog == nil {
			continue
		}
		perms, err := r.Dict(catalog.Get("Perms"))
		if err != nil || perms == nil {
			continue
		}
		for _, key := range []syntax.Name{"UR3", "UR"} {
			if v, err := r.Dict(perms.Get(key)); err == nil && v != nil && v.Start == d.Start {
				return true
			}
		}
	}
	return false
}
