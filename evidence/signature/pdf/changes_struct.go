package pdf

import (
	"cmp"
	"slices"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// maxStructure bounds the elements of a structure tree that are compared.
const maxStructure = 200_000

// structure compares the logical structure (ISO 32000-2 14.7). It may gain
// and lose elements that only stand for annotations which were added and
// removed in the same revision; what describes page content must stay.
func (s *step) structure() {
	a, b := s.old.catalog.Get("StructTreeRoot"), s.new.catalog.Get("StructTreeRoot")
	was, _ := s.old.rev.Dict(a)
	is, _ := s.new.rev.Dict(b)
	switch {
	case was == nil && is == nil:
		return
	case is == nil:
		s.add(s.badStructure(refNum(a)).says("the structure tree was removed"))
		return
	}
	t := &structureStep{step: s, before: refNum(a), after: refNum(b)}
	t.collect(s.old, was.Get("K"))
	t.collect(s.new, is.Get("K"))
	s.old.structs[t.before], s.new.structs[t.after] = true, true
	t.kids(was, is, t.after)
	for len(t.queue) > 0 {
		level := t.queue
		t.queue = nil
		inOrder(s.new, level, func(p [2]syntax.Ref) int { return p[1].Num })
		for _, p := range level {
			t.element(p[0], p[1])
		}
	}
	for _, k := range formKeys(was, is) {
		switch k {
		case "K", "ParentTree", "ParentTreeNextKey", "Type":
		case "RoleMap", "Namespaces", "IDTree":
			t.gains(k, was.Get(k), is.Get(k))
		default:
			s.deep(was.Get(k), is.Get(k), false, t.after, "/StructTreeRoot/"+printable(string(k), 30), s.badStructure(t.after))
		}
	}
	t.parentTree(was.Get("ParentTree"), is.Get("ParentTree"))
	if t.grown {
		s.add(fixed(signature.ChangePermitted, signature.WhatOther, ruleStructure).on(0, t.after).says("structure elements of annotations were added or removed"))
	}
}

func (s *step) badStructure(object int) finding {
	return fixed(signature.ChangeForbidden, signature.WhatOther, ruleStructure).on(0, object)
}

// structureStep compares two structure trees.
type structureStep struct {
	*step
	before, after int // objects of the roots
	queue         [][2]syntax.Ref
	grown, full   bool
	count         int
}

// collect notes the elements of a tree, so that pointers at them are compared
// as pointers. It goes level by level in the order of the file, since some
// writers scatter elements over thousands of object streams.
func (t *structureStep) collect(st *state, o syntax.Object) {
	level := []syntax.Object{o}
	for seen := 0; len(level) > 0 && len(st.structs) < maxStructure && seen < 4*maxStructure; seen += len(level) {
		inOrder(st, level, func(o syntax.Object) int { return refNum(o) })
		var next []syntax.Object
		for _, o := range level {
			next = append(next, t.note(st, o)...)
		}
		level = next
	}
}

// note notes one element and returns what is below it.
func (t *structureStep) note(st *state, o syntax.Object) []syntax.Object {
	num := refNum(o)
	if st.structs[num] {
		return nil
	}
	v, _ := st.rev.Resolve(o)
	switch v := v.(type) {
	case syntax.Array:
		return v
	case *syntax.Dict:
		if num != 0 && !v.Has("S") {
			return nil // an object reference, not an element
		}
		if num != 0 {
			st.structs[num] = true
		}
		return []syntax.Object{v.Get("K")}
	}
	return nil
}

// inOrder sorts what names objects by where they lie in the file.
func inOrder[T any](st *state, list []T, num func(T) int) {
	type placed struct {
		at   int64
		item T
	}
	all := make([]placed, len(list))
	for i, item := range list {
		all[i] = placed{item: item}
		if n := num(item); n != 0 {
			all[i].at = st.rev.Near(n)
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	for i := range all {
		list[i] = all[i].item
	}
}

// list returns the kids of an element as a list.
func list(st *state, o syntax.Object) []syntax.Object {
	if st.structs[refNum(o)] {
		return []syntax.Object{o} // an element, and no need to look for it
	}
	v, _ := st.rev.Resolve(o)
	switch v := v.(type) {
	case syntax.Array:
		return v
	case syntax.Null:
		return nil
	}
	return []syntax.Object{o}
}

// kids compares the kids of two elements as sequences.
func (t *structureStep) kids(a, b *syntax.Dict, object int) {
	was, is := list(t.old, a.Get("K")), list(t.new, b.Get("K"))
	if t.full {
		return
	}
	if t.count += len(was) + len(is); t.count > 4*maxStructure {
		t.add(fixed(signature.ChangeUnknown, signature.WhatOther, ruleStructure).on(0, object).says("the structure tree is too large to compare"))
		t.full = true
		return
	}
	i := 0
	for _, n := range is {
		k := t.find(was, i, n)
		if k < 0 {
			t.added(n, object)
			continue
		}
		for ; i < k; i++ {
			t.removed(was[i], object)
		}
		i++
	}
	for ; i < len(was); i++ {
		t.removed(was[i], object)
	}
}

// find looks for the old kid that n continues, from index i on.
func (t *structureStep) find(was []syntax.Object, i int, n syntax.Object) int {
	for ; i < len(was); i++ {
		o := was[i]
		ro, okO := o.(syntax.Ref)
		rn, okN := n.(syntax.Ref)
		if okO && okN && ro.Num == rn.Num {
			if t.old.structs[ro.Num] {
				t.queue = append(t.queue, [2]syntax.Ref{ro, rn})
				return i
			}
		}
		if t.old.structs[ro.Num] != t.new.structs[rn.Num] || okO && okN && t.old.structs[ro.Num] {
			continue
		}
		if t.sameObject(o, n) || t.same(o, n, false) {
			return i
		}
	}
	return -1
}

// sameObject reports whether two kids are references to one annotation, which
// may since be gone from its page and is compared there (14.7.5.3).
func (t *structureStep) sameObject(a, b syntax.Object) bool {
	va, _ := t.old.rev.Resolve(a)
	vb, _ := t.new.rev.Resolve(b)
	da, _ := va.(*syntax.Dict)
	db, _ := vb.(*syntax.Dict)
	num := refNum(da.Get("Obj"))
	if num == 0 || num != refNum(db.Get("Obj")) || t.old.annots[num] == nil || t.new.knows(num) {
		return false
	}
	return t.same(da.Get("Pg"), db.Get("Pg"), false)
}

// element compares two structure elements.
func (t *structureStep) element(ra, rb syntax.Ref) {
	a, _ := t.old.rev.Dict(ra)
	b, _ := t.new.rev.Dict(rb)
	if a == nil || b == nil {
		t.add(t.badStructure(rb.Num).says("a structure element cannot be read"))
		return
	}
	if a == b && !t.changed[rb.Num] {
		t.kids(a, b, rb.Num)
		return
	}
	for _, k := range formKeys(a, b) {
		if k == "K" || k == "P" || k == "Pg" && (t.same(a.Get(k), b.Get(k), false) || !t.restsOnPage(a)) {
			continue
		}
		t.deep(a.Get(k), b.Get(k), false, rb.Num, "structure element /"+printable(string(k), 30), t.badStructure(rb.Num))
	}
	t.kids(a, b, rb.Num)
}

// restsOnPage reports whether some content of an element that is kept is
// found by the element's own Pg (ISO 32000-2 table 355). Where each kid tells
// its page or is an element itself, Pg may come and go with an annotation.
func (t *structureStep) restsOnPage(a *syntax.Dict) bool {
	for _, o := range list(t.old, a.Get("K")) {
		if t.old.structs[refNum(o)] {
			continue
		}
		v, _ := t.old.rev.Resolve(o)
		d, ok := v.(*syntax.Dict)
		if !ok || !d.Has("S") && !d.Has("Pg") {
			return true
		}
	}
	return false
}

func (t *structureStep) added(o syntax.Object, object int) {
	if t.onlyAnnotations(t.new, o, func(num int) bool { return t.newAnnots[num] || t.new.widgets[num] != nil && t.old.annots[num] == nil }) {
		t.grown = true
		return
	}
	t.add(t.badStructure(object).says("a structure element was added that describes more than a new annotation"))
}

func (t *structureStep) removed(o syntax.Object, object int) {
	if t.onlyAnnotations(t.old, o, func(num int) bool { return t.new.annots[num] == nil }) {
		t.grown = true
		return
	}
	t.add(t.badStructure(object).says("a structure element was removed"))
}

// onlyAnnotations reports whether everything below o is a reference to an
// annotation that ok accepts (ISO 32000-2 14.7.5.3).
func (t *structureStep) onlyAnnotations(st *state, o syntax.Object, ok func(num int) bool) bool {
	work := []syntax.Object{o}
	for n := 0; len(work) > 0; n++ {
		if n > 1000 {
			return false
		}
		o := work[len(work)-1]
		work = work[:len(work)-1]
		v, _ := st.rev.Resolve(o)
		switch v := v.(type) {
		case syntax.Array:
			work = append(work, v...)
		case syntax.Null:
		case *syntax.Dict:
			if v.Has("Obj") {
				if !ok(refNum(v.Get("Obj"))) {
					return false
				}
				continue
			}
			if !v.Has("S") {
				return false // marked content of a page
			}
			work = append(work, v.Get("K"))
		default:
			return false // a marked-content identifier
		}
	}
	return true
}

// gains permits additions to a dictionary or list; what was there must stay.
func (t *structureStep) gains(k syntax.Name, a, b syntax.Object) {
	path := "/StructTreeRoot/" + string(k)
	was, _ := t.old.rev.Dict(a)
	is, _ := t.new.rev.Dict(b)
	if was != nil && is != nil {
		for _, e := range was.Entries {
			t.deep(e.Value, is.Get(e.Key), false, t.after, path+"/"+printable(string(e.Key), 30), t.badStructure(t.after))
		}
		return
	}
	if v, _ := t.old.rev.Resolve(a); syntax.IsNull(v) || was != nil && len(was.Entries) == 0 {
		return
	}
	t.deep(a, b, false, t.after, path, t.badStructure(t.after))
}

// parentTree compares the number trees that lead from content to elements
// (ISO 32000-2 14.7.5.4): what is in both must be the same.
func (t *structureStep) parentTree(a, b syntax.Object) {
	was, is := numberTree(t.old, a), numberTree(t.new, b)
	pages := map[int]bool{}
	for _, p := range t.new.pages {
		v, _ := t.new.rev.Resolve(p.dict.Get("StructParents"))
		if n, ok := v.(syntax.Integer); ok {
			pages[int(n)] = true
		}
	}
	for key, o := range was {
		n, ok := is[key]
		if !ok {
			if pages[key] {
				t.add(t.badStructure(refNum(b)).says("the parent tree lost a page"))
			}
			continue
		}
		if !t.same(o, n, false) {
			t.add(t.badStructure(refNum(b)).says("the parent tree changed for key %d", key))
		}
	}
}

// numberTree flattens a number tree (ISO 32000-2 7.9.7).
func numberTree(st *state, o syntax.Object) map[int]syntax.Object {
	out := map[int]syntax.Object{}
	work := []syntax.Object{o}
	seen := map[int]bool{}
	for len(work) > 0 && len(out) < maxStructure {
		o := work[len(work)-1]
		work = work[:len(work)-1]
		if num := refNum(o); num != 0 {
			if seen[num] {
				continue
			}
			seen[num] = true
		}
		d, _ := st.rev.Dict(o)
		if d == nil {
			continue
		}
		kids, _ := st.rev.Array(d.Get("Kids"))
		work = append(work, kids...)
		nums, _ := st.rev.Array(d.Get("Nums"))
		for i := 0; i+1 < len(nums); i += 2 {
			if n, ok := nums[i].(syntax.Integer); ok {
				out[int(n)] = nums[i+1]
			}
		}
	}
	return out
}
