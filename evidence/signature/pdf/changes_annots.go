package pdf

import (
	"slices"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

// annotPair is an annotation before and after.
type annotPair struct{ a, b *stateAnnot }

// pairs matches the annotations of a page: by object, then by meaning.
func (s *step) pairs(a, b *statePage) (both []annotPair, removed, added []*stateAnnot) {
	byNum := map[int]*stateAnnot{}
	for _, o := range a.annots {
		if o.num != 0 {
			byNum[o.num] = o
		}
	}
	used := map[*stateAnnot]bool{}
	for _, n := range b.annots {
		if o := byNum[n.num]; n.num != 0 && o != nil && !used[o] {
			used[o] = true
			both = append(both, annotPair{o, n})
			continue
		}
		added = append(added, n)
	}
	for _, o := range a.annots {
		if !used[o] {
			removed = append(removed, o)
		}
	}
	return s.renumbered(both, removed, added)
}

// renumbered matches the rest by meaning, for a writer may have given new
// numbers.
func (s *step) renumbered(both []annotPair, removed, added []*stateAnnot) ([]annotPair, []*stateAnnot, []*stateAnnot) {
	if len(removed)*len(added) == 0 || len(removed)*len(added) > 10000 {
		return both, removed, added
	}
	var restOld []*stateAnnot
	taken := map[*stateAnnot]bool{}
	for _, o := range removed {
		found := false
		for _, n := range added {
			if !taken[n] && s.same(o.dict.Get("Rect"), n.dict.Get("Rect"), true) && s.sameAnnot(o, n) {
				taken[n], found = true, true
				both = append(both, annotPair{o, n})
				break
			}
		}
		if !found {
			restOld = append(restOld, o)
		}
	}
	var restNew []*stateAnnot
	for _, n := range added {
		if !taken[n] {
			restNew = append(restNew, n)
		}
	}
	return both, restOld, restNew
}

// sameAnnot compares two annotations without their back references.
func (s *step) sameAnnot(a, b *stateAnnot) bool {
	c := comparer{step: s, brief: true}
	defer c.borrow()()
	c.dict(a.dict, b.dict, map[syntax.Name]bool{"P": true, "Parent": true, "Popup": true, "IRT": true, "StructParent": true}, 0)
	for len(c.queue) > 0 && !c.done {
		p := c.queue[len(c.queue)-1]
		c.queue = c.queue[:len(c.queue)-1]
		c.pair(p)
	}
	return c.count == 0
}

// matchAnnots finds annotations that moved to another number and those that
// are new.
func (s *step) matchAnnots() {
	s.newAnnots = map[int]bool{}
	for j, p := range s.new.pages {
		old := s.counterpart[j]
		if old == nil {
			continue
		}
		both, _, added := s.pairs(old, p)
		for _, k := range both {
			if k.a.num != k.b.num && k.a.num != 0 {
				s.moved[k.a.num] = k.b.num
			}
		}
		for _, n := range added {
			if n.num != 0 {
				s.newAnnots[n.num] = true
			}
		}
	}
}

// compareAnnots compares the annotations of page j.
func (s *step) compareAnnots(j int, a, b *statePage) {
	both, removed, added := s.pairs(a, b)
	for _, o := range removed {
		s.annotRemoved(j, o)
	}
	for _, n := range added {
		s.annotAdded(j, n)
	}
	for _, k := range both {
		s.compareAnnot(j, k.a, k.b)
	}
	if reordered(a, b, both) {
		s.add(finding{kind: findAnnotation, what: signature.WhatAnnotation, rule: ruleAnnots, mark: &placement{page: j, cover: coverUnknown, over: "annotations that it lay below"}}.
			on(j+1, b.num).says("annotations were put into another order"))
	}
}

// reordered reports whether annotations that were there before lie over each
// other in another order.
func reordered(a, b *statePage, both []annotPair) bool {
	order := map[*stateAnnot]int{}
	for _, list := range [][]*stateAnnot{a.annots, b.annots} {
		for i, o := range list {
			order[o] = i
		}
	}
	both = slices.Clone(both) // those with a number of their own come first
	slices.SortFunc(both, func(p, q annotPair) int { return order[p.b] - order[q.b] })
	return !slices.IsSortedFunc(both, func(p, q annotPair) int { return order[p.a] - order[q.a] })
}

func (s *step) annotRemoved(j int, o *stateAnnot) {
	if f := s.old.widgets[o.num]; o.num != 0 && f != nil {
		if s.seenElsewhere(f, o.num) {
			s.add(finding{kind: findRemoved, what: signature.WhatAnnotation, rule: ruleAnnots, field: f.name, mark: s.lay(j, o)}.on(j+1, o.num).
				says("a widget of field %q was removed from the page, and another one shows it", printable(f.name, 60)))
			return
		}
		s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(j+1, o.num).says("the widget of field %q was removed", printable(f.name, 60)))
		return
	}
	if s.subtype(s.old, o) == "Widget" {
		s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(j+1, o.num).says("a widget outside the form was removed"))
		return
	}
	s.add(finding{kind: findRemoved, what: signature.WhatAnnotation, rule: ruleAnnots, mark: s.lay(j, o)}.on(j+1, o.num).
		says("an annotation (%s) was removed", s.subtype(s.old, o)))
}

// seenElsewhere reports whether the form is as it was and a field that lost a
// widget on a page is still shown by another. Deleting an annotation is not
// changing the form (ISO 32000-2 12.5.6.19, 12.8.2.2.2).
func (s *step) seenElsewhere(old *stateField, lost int) bool {
	f := s.new.byName[old.name]
	if f == nil || s.isSignature(old) || !slices.Contains(f.widgets, lost) {
		return false
	}
	return slices.ContainsFunc(f.widgets, func(w int) bool {
		return w != lost && s.new.annots[w] != nil && s.old.annots[w] != nil && !hidden(s.new.rev, s.new.annots[w])
	})
}

func (s *step) subtype(st *state, a *stateAnnot) string {
	v, _ := st.rev.Resolve(a.dict.Get("Subtype"))
	name, _ := v.(syntax.Name)
	return printable(string(name), 30)
}

// annotAdded reports a new annotation; the widget of a further signature is
// part of that signature.
func (s *step) annotAdded(j int, n *stateAnnot) {
	p := s.place(j, n)
	s.action(j, nil, n)
	if n.num != 0 {
		if f := s.new.widgets[n.num]; f != nil {
			if s.signing[f] {
				s.signatureWidget(j, f, n, p)
				return
			}
			s.fieldShown(j, f, n, p)
			return
		}
	}
	if p.subtype == "Widget" {
		s.add(finding{kind: findField, what: signature.WhatField, rule: ruleFields, mark: p}.on(j+1, n.num).says("a widget outside the form was added"))
		return
	}
	text := s.new.text(n.dict.Get("Contents"))
	if text != "" {
		text = ": " + text
	}
	s.add(finding{kind: findAnnotation, what: signature.WhatAnnotation, rule: ruleAnnots, mark: p, fresh: true}.on(j+1, n.num).
		says("an annotation (%s) was added%s", s.subtype(s.new, n), printable(oneLine(text), 80)))
}

// fieldShown reports a new field with its widget on a page.
func (s *step) fieldShown(j int, f *stateField, n *stateAnnot, p *placement) {
	out := finding{kind: findField, what: signature.WhatField, rule: ruleFields, field: f.name, mark: p}.on(j+1, n.num)
	kind, _ := s.new.rev.Resolve(f.get("FT"))
	if out.empty = kind == syntax.Name("Sig") && !s.hasValue(s.new, f) && !s.draws(n); out.empty {
		s.add(out.says("an empty signature field %q was added", printable(f.name, 60)))
		return
	}
	out.control = kind != syntax.Name("Tx") && kind != syntax.Name("Sig")
	s.add(out.says("field %q was added", printable(f.name, 60)))
}

// draws reports whether an annotation shows anything on paper. One whose
// appearance cannot be followed does.
func (s *step) draws(n *stateAnnot) bool {
	rect, _ := content.RectOf(s.new.rev, n.dict.Get("Rect"))
	form := s.appearance(n)
	if form == nil || rect.Empty() || hidden(s.new.rev, n) {
		return false
	}
	d := content.Appearance(s.new.rev, form, rect, content.Limits{Operators: 200_000, Marks: maxPainted})
	return !d.Complete || len(d.Marks) > 0
}

// action sees annotations that do something when nobody asks them to, or more
// than lead somewhere when somebody does, and did not do so before.
func (s *step) action(j int, was, n *stateAnnot) {
	before := &syntax.Dict{}
	if was != nil {
		before = was.dict
	}
	aa, _ := s.new.rev.Dict(n.dict.Get("AA"))
	if aa != nil && len(aa.Entries) > 0 && !s.same(before.Get("AA"), n.dict.Get("AA"), false) {
		s.add(fixed(signature.ChangeForbidden, signature.WhatOther, "ISO 32000-2 12.6.3").on(j+1, n.num).says("the new annotation acts by itself"))
	}
	if name := s.acts(n.dict.Get("A")); name != "" && !s.same(before.Get("A"), n.dict.Get("A"), false) {
		s.add(finding{kind: findAction, what: signature.WhatAnnotation, rule: ruleActions}.on(j+1, n.num).
			says("an annotation does more than lead somewhere when it is used: /%s", printable(name, 30)))
	}
}

// maxActions bounds the chain of actions that is followed.
const maxActions = 100

// acts returns the first action of a chain that does more than lead
// somewhere (ISO 32000-2 table 201): scripts, programs, what hides and shows.
func (s *step) acts(o syntax.Object) string {
	work := []syntax.Object{o}
	for n := 0; len(work) > 0; n++ {
		if n == maxActions {
			return "Next"
		}
		v, _ := s.new.rev.Resolve(work[0])
		work = work[1:]
		switch v := v.(type) {
		case syntax.Array:
			work = append(work, v[:min(len(v), maxActions)]...)
		case *syntax.Dict:
			kind, _ := s.new.rev.Resolve(v.Get("S"))
			switch name, _ := kind.(syntax.Name); name {
			case "GoTo", "GoToR", "GoToE", "GoToDp", "URI", "Thread", "Named", "":
				work = append(work, v.Get("Next"))
			default:
				return string(name)
			}
		}
	}
	return ""
}

// signatureWidget judges where a further signature shows itself.
func (s *step) signatureWidget(j int, f *stateField, n *stateAnnot, p *placement) {
	if p.cover == coverNothing {
		return
	}
	c := signature.ChangeForbidden
	if p.cover == coverUnknown {
		c = signature.ChangeUnknown
	}
	over := p.over
	if p.cover == coverUnknown && strings.Contains(over, "text") {
		over += "; whether both can be read has to be looked at"
	}
	s.add(fixed(c, signature.WhatAppearance, ruleAppearance).on(j+1, n.num).
		says("the appearance of signature %q lies over %s", printable(f.name, 60), over))
}

// annotKeys of a widget that say how it looks.
var styleKeys = map[syntax.Name]bool{"MK": true, "BS": true, "Border": true, "C": true, "H": true, "DA": true, "Q": true, "DS": true, "RV": true}

// fieldKeys belong to the field that is merged with its widget and are
// compared there.
var fieldKeys = map[syntax.Name]bool{
	"FT": true, "Kids": true, "T": true, "TU": true, "TM": true, "Ff": true, "V": true, "DV": true,
	"Opt": true, "MaxLen": true, "TI": true, "I": true, "Lock": true, "SV": true, "RV": true,
}

// compareAnnot compares one annotation key by key.
func (s *step) compareAnnot(j int, a, b *stateAnnot) {
	field := s.new.widgets[b.num]
	if b.num == 0 {
		field = nil
	}
	keys := map[syntax.Name]bool{}
	var differ []syntax.Name
	for _, d := range []*syntax.Dict{a.dict, b.dict} {
		for _, e := range d.Entries {
			k := e.Key
			if keys[k] || k == "P" || k == "Parent" || field != nil && fieldKeys[k] {
				continue
			}
			keys[k] = true
			was, is := s.old.or(a.dict.Get(k), impliedInAnnotation, k), s.new.or(b.dict.Get(k), impliedInAnnotation, k)
			if k == "StructParent" || k == "NM" || k == "M" || s.same(was, is, k == "AP") {
				continue
			}
			differ = append(differ, k)
		}
	}
	if field != nil && s.pointsElsewhere(a.dict, b.dict, "P") {
		s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(j+1, b.num).
			says("the widget of field %q names another page as its own", printable(field.name, 60)))
	}
	if b.dict.Duplicate && !a.dict.Duplicate {
		s.add(fixed(signature.ChangeForbidden, signature.WhatAppearance, ruleAnnots).on(j+1, b.num).says("the annotation has the same entry twice"))
	}
	if len(differ) == 0 {
		return
	}
	if field != nil {
		s.widgetChanged(j, field, a, b, differ)
		return
	}
	if s.subtype(s.old, a) == "Widget" {
		s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(j+1, b.num).says("a widget outside the form was changed:%s", names(differ)))
		return
	}
	s.annotChanged(j, a, b, differ)
	s.action(j, a, b)
}

// pointsElsewhere reports whether a reference back that was there leads to
// another node. That one is written where there was none says nothing.
func (s *step) pointsElsewhere(a, b *syntax.Dict, key syntax.Name) bool {
	was, _ := s.old.rev.Resolve(a.Get(key))
	is, _ := s.new.rev.Resolve(b.Get(key))
	return !syntax.IsNull(was) && !syntax.IsNull(is) && !s.same(a.Get(key), b.Get(key), false)
}

// showKeys decide what a reader sees of an annotation that draws itself.
var showKeys = []syntax.Name{"AP", "AS", "Rect", "Subtype", "F", "OC", "RC", "DA", "DS", "CA", "ca"}

// annotChanged reports a changed annotation: twice, as the old one gone and
// the new one come, when it does not show the same any more.
func (s *step) annotChanged(j int, a, b *stateAnnot, differ []syntax.Name) {
	shows := slices.ContainsFunc(differ, func(k syntax.Name) bool {
		return slices.Contains(showKeys, k) || k == "Contents" && s.subtype(s.old, a) == "FreeText"
	})
	if shows {
		s.add(finding{kind: findRemoved, what: signature.WhatAnnotation, rule: ruleAnnots, mark: s.lay(j, a)}.on(j+1, b.num).
			says("an annotation (%s) shows something else:%s", s.subtype(s.old, a), names(differ)))
	}
	f := finding{kind: findAnnotation, what: signature.WhatAnnotation, rule: ruleAnnots, mark: s.place(j, b)}.on(j+1, b.num).
		says("an annotation (%s) was changed:%s", s.subtype(s.new, b), names(differ))
	if f.leads = slices.ContainsFunc(differ, func(k syntax.Name) bool { return k == "A" || k == "Dest" || k == "PA" }); f.leads {
		f.detail += "; it " + s.purpose(s.new, b) + " and before " + s.purpose(s.old, a)
	}
	s.add(f)
}

// purpose says in a few words what happens when somebody uses an annotation
// (ISO 32000-2 12.6).
func (s *step) purpose(st *state, a *stateAnnot) string {
	act, _ := st.rev.Dict(a.dict.Get("A"))
	if act == nil {
		if a.dict.Has("Dest") {
			return "leads to a place in the document"
		}
		return "does nothing"
	}
	kind, _ := st.rev.Resolve(act.Get("S"))
	switch name, _ := kind.(syntax.Name); name {
	case "URI":
		return "leads to " + s.valueText(st, act.Get("URI"))
	case "GoTo":
		return "leads to a place in the document"
	default:
		return "acts by /" + printable(string(name), 20)
	}
}

// gainsPrint reports whether the flags of an annotation differ only by gaining
// Print (ISO 32000-2 table 167), which programs set on fields they fill in.
func (s *step) gainsPrint(a, b *stateAnnot) bool {
	va, _ := s.old.rev.Resolve(a.dict.Get("F"))
	vb, _ := s.new.rev.Resolve(b.dict.Get("F"))
	was, _ := va.(syntax.Integer)
	is, ok := vb.(syntax.Integer)
	return ok && is == was|4
}

func names(keys []syntax.Name) string {
	out := ""
	for _, k := range keys {
		out += " /" + printable(string(k), 30)
	}
	return out
}

// widgetChanged judges a changed widget. The field's own signing may draw it
// anew; a value may change its appearance; colours are decoration.
func (s *step) widgetChanged(j int, f *stateField, a, b *stateAnnot, differ []syntax.Name) {
	if s.signing[f] {
		s.signatureWidget(j, f, b, s.place(j, b))
		if slices.Contains(differ, "AA") || slices.Contains(differ, "A") {
			s.action(j, a, b)
		}
		return
	}
	name := printable(f.name, 60)
	style := ""
	for _, k := range differ {
		switch {
		case k == "AP" || k == "AS":
		case k == "F" && s.valueChanged(f) && s.gainsPrint(a, b):
		case styleKeys[k] && s.valueChanged(f): // the look may follow the value, and is then drawn anew
		case styleKeys[k]:
			style += " /" + string(k)
		default:
			s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(j+1, b.num).
				says("the widget of field %q was redefined: /%s", name, printable(string(k), 30)))
		}
	}
	if style != "" {
		s.add(finding{kind: findStyle, what: signature.WhatAnnotation, rule: ruleAnnots, field: f.name}.on(j+1, b.num).
			says("the widget of field %q looks different:%s", name, style))
	}
	s.appearanceChanged(j, f, a, b, differ)
}
