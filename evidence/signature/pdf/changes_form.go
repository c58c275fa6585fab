package pdf

import (
	"fmt"
	"slices"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// matchFields matches fields by name and finds those that this revision
// signed.
func (s *step) matchFields() {
	s.signing, s.freshSign = map[*stateField]bool{}, map[*stateField]bool{}
	for name, f := range s.new.byName {
		old := s.old.byName[name]
		if old != nil && old.num != f.num && old.num != 0 {
			s.moved[old.num] = f.num
		}
		if s.new.signature(f) == nil || old != nil && s.hasValue(s.old, old) {
			continue
		}
		s.signing[f], s.freshSign[f] = true, old == nil
	}
}

func (s *step) hasValue(st *state, f *stateField) bool {
	v, err := st.rev.Resolve(f.get("V"))
	return err != nil || !syntax.IsNull(v)
}

// compareForm compares the interactive form (ISO 32000-2 12.7.3).
func (s *step) compareForm() {
	a, b := s.old.form, s.new.form
	if a != nil && b == nil {
		s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleForm).on(0, s.new.root).says("the form was removed"))
		return
	}
	if b == nil {
		return
	}
	for _, k := range formKeys(a, b) {
		s.formEntry(k, a.Get(k), b.Get(k))
	}
	for _, name := range sortedNames(s.old.byName) {
		old, now := s.old.byName[name], s.new.byName[name]
		if to := s.renamed(old); now == nil && to != nil {
			s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(s.pageOfField(to), old.num).
				says("field %q was renamed %q", printable(name, 60), printable(to.name, 60)))
			continue
		}
		if now == nil {
			s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(0, old.num).says("field %q was removed", printable(name, 60)))
			continue
		}
		s.compareField(old, now)
	}
	for _, name := range sortedNames(s.new.byName) {
		if f := s.new.byName[name]; s.old.byName[name] == nil && s.renamed(s.old.nums[f.num]) != f {
			s.fieldAdded(f)
		}
	}
}

// renamed returns the new field that is the very object of an old one under a
// name that was free; nil when there is none.
func (s *step) renamed(old *stateField) *stateField {
	if old == nil || old.num == 0 {
		return nil
	}
	to := s.new.nums[old.num]
	if to == nil || to.name == old.name || s.old.byName[to.name] != nil || s.new.byName[old.name] != nil {
		return nil
	}
	return to
}

func formKeys(a, b *syntax.Dict) []syntax.Name {
	var out []syntax.Name
	for _, d := range []*syntax.Dict{a, b} {
		if d == nil {
			continue
		}
		for _, e := range d.Entries {
			if !slices.Contains(out, e.Key) {
				out = append(out, e.Key)
			}
		}
	}
	return out
}

func sortedNames(m map[string]*stateField) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// formEntry judges an entry of the form. Signing programs add the fonts that
// new fields need; what old fields look like is compared with their widgets.
func (s *step) formEntry(k syntax.Name, a, b syntax.Object) {
	num := refNum(s.new.catalog.Get("AcroForm"))
	path := "/AcroForm/" + printable(string(k), 40)
	switch k {
	case "Fields", "SigFlags", "Type": // there is no Type, and some programs write one
	case "DR":
		s.defaultResources(a, b, num)
	case "DA", "Q":
		if v, _ := s.old.rev.Resolve(a); !syntax.IsNull(v) && !s.same(a, b, true) {
			s.add(s.defaults(num).says("%s changed", path))
		}
	case "NeedAppearances":
		if v, _ := s.new.rev.Resolve(b); v == syntax.Bool(true) && !s.same(a, b, false) {
			s.drawnAnew(num)
		}
	default:
		s.deep(a, b, false, num, path, fixed(signature.ChangeForbidden, signature.WhatField, ruleForm))
	}
}

// defaults is the finding for a changed default of the form. Readers that are
// told to draw the fields anew draw the signed ones with it, too.
func (s *step) defaults(num int) finding {
	anew, _ := s.new.rev.Resolve(s.new.form.Get("NeedAppearances"))
	before, _ := s.old.rev.Resolve(s.old.form.Get("NeedAppearances"))
	if anew == syntax.Bool(true) || before == syntax.Bool(true) {
		return fixed(signature.ChangeForbidden, signature.WhatAppearance, ruleForm).on(0, num)
	}
	return finding{kind: findDefaults, what: signature.WhatField, rule: ruleForm}.on(0, num)
}

// defaultResources may gain resources; a font that changes is a default that
// changes, and matters only for fields that are filled in later.
func (s *step) defaultResources(a, b syntax.Object, num int) {
	was, _ := s.old.rev.Dict(a)
	is, _ := s.new.rev.Dict(b)
	if was == nil {
		return
	}
	for _, e := range was.Entries {
		before, _ := s.old.rev.Dict(e.Value)
		now, _ := s.new.rev.Dict(is.Get(e.Key))
		if before == nil {
			continue // ProcSet
		}
		for _, r := range before.Entries {
			if !s.same(r.Value, now.Get(r.Key), true) {
				s.add(s.defaults(num).says("the form's default resource /%s/%s changed", printable(string(e.Key), 30), printable(string(r.Key), 30)))
			}
		}
	}
}

// fieldAdded reports a new field. A widget of it on a page is reported there.
func (s *step) fieldAdded(f *stateField) {
	if s.signing[f] {
		s.signed(f)
		return
	}
	if s.below(f) {
		return // a node on the way to fields that are reported themselves
	}
	for _, w := range f.widgets {
		if s.newAnnots[w] {
			return
		}
	}
	s.add(finding{kind: findField, what: signature.WhatField, rule: ruleFields, field: f.name, mark: &placement{}}.on(0, f.num).
		says("field %q was added, without a place on a page", printable(f.name, 60)))
}

func (s *step) below(f *stateField) bool {
	for _, o := range s.new.fields {
		if o.parent == f {
			return true
		}
	}
	return false
}

// oldValues returns the objects that were signatures before.
func (s *step) oldValues() map[int]bool {
	out := map[int]bool{}
	for _, f := range s.old.fields {
		if s.old.signature(f) != nil {
			out[refNum(f.get("V"))] = true
		}
	}
	return out
}

// signed reports a further signature or document time stamp.
func (s *step) signed(f *stateField) {
	v := s.new.signature(f)
	if num := refNum(f.get("V")); num != 0 && s.oldValues()[num] {
		s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(0, f.num).
			says("field %q takes an earlier signature as its own", printable(f.name, 60)))
		return
	}
	sub, _ := s.new.rev.Resolve(v.Get("SubFilter"))
	kind, _ := s.new.rev.Resolve(v.Get("Type"))
	page := 0
	for _, w := range f.widgets {
		if i, ok := s.new.pageOf[w]; ok {
			page = i + 1
		}
	}
	out := finding{kind: findSignature, what: signature.WhatSignature, rule: ruleDocMDP, field: f.name, fresh: s.freshSign[f]}
	if sub == syntax.Name("ETSI.RFC3161") || kind == syntax.Name("DocTimeStamp") {
		out.kind, out.what, out.rule = findTimestamp, signature.WhatTimestamp, ruleDTS
		s.add(out.on(page, f.num).says("a document time stamp was set in field %q", printable(f.name, 60)))
		return
	}
	s.add(out.on(page, f.num).says("field %q was signed%s", printable(f.name, 60), s.certifies(v)))
}

// certifies adds to a further signature that it certifies the document, which
// only the first signature may do (ISO 32000-2 12.8.2.2.1). It restricts what
// comes later and changes nothing of what was signed before.
func (s *step) certifies(v *syntax.Dict) string {
	refs, _ := s.new.rev.Array(v.Get("Reference"))
	for _, o := range refs[:min(len(refs), 20)] {
		ref, _ := s.new.rev.Dict(o)
		params, _ := s.new.rev.Dict(ref.Get("TransformParams"))
		if m, _ := s.new.rev.Resolve(ref.Get("TransformMethod")); m != syntax.Name("DocMDP") {
			continue
		}
		out := fmt.Sprintf(" and certifies the document (DocMDP level %d)", s.new.level(params.Get("P"), 2))
		for _, f := range s.old.fields {
			if s.old.signature(f) != nil {
				return out + ", which by ISO 32000-2 12.8.2.2.1 only the first signature may do"
			}
		}
		return out
	}
	return ""
}

// compareField compares a field key by key, without what belongs to its
// widget.
func (s *step) compareField(a, b *stateField) {
	bad := fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(0, b.num)
	if s.signing[b] {
		s.signed(b)
	}
	for _, k := range formKeys(a.dict, b.dict) {
		was, is := a.dict.Get(k), b.dict.Get(k)
		merged := len(b.widgets) == 1 && b.widgets[0] == b.num
		if k == "Parent" && s.pointsElsewhere(a.dict, b.dict, k) {
			s.add(bad.says("field %q names another parent", printable(b.name, 60)))
		}
		if k == "Parent" || k == "Kids" || merged && !fieldKeys[k] {
			continue
		}
		if s.same(s.old.or(was, impliedInAnnotation, k), s.new.or(is, impliedInAnnotation, k), false) {
			continue
		}
		s.fieldEntry(bad, a, b, k)
	}
	s.compareKids(bad, a, b)
}

// fieldEntry judges one changed entry of a field.
func (s *step) fieldEntry(bad finding, a, b *stateField, k syntax.Name) {
	name := printable(b.name, 60)
	was, is := a.dict.Get(k), b.dict.Get(k)
	switch {
	case k == "V" && s.signing[b]:
	case k == "V" && s.isSignature(a):
		s.add(bad.says("the signature in field %q was replaced or changed", name))
	case (k == "I" || k == "RV" || k == "TI") && !s.same(a.get("V"), b.get("V"), false): // goes with V
	case k == "V" || k == "I" || k == "RV":
		s.add(finding{kind: findValue, what: signature.WhatFormFill, rule: ruleDocMDP, field: b.name}.on(s.pageOfField(b), b.num).
			says("field %q: %q instead of %q", name, s.valueText(s.new, is), s.valueText(s.old, was)))
	case k == "Ff" && s.onlyReadOnly(was, is):
		s.add(finding{kind: findValue, what: signature.WhatFormFill, rule: ruleDocMDP, field: b.name}.on(0, b.num).
			says("field %q was made read-only", name))
	case s.signing[b] && (k == "Lock" || k == "SV" || k == "DA" || k == "Q" || k == "MK" || k == "F" || k == "TU"):
	case styleKeys[k]:
		s.add(finding{kind: findStyle, what: signature.WhatAnnotation, rule: ruleFields, field: b.name}.on(s.pageOfField(b), b.num).
			says("the default look of field %q changed: /%s", name, printable(string(k), 20)))
	default:
		s.deep(was, is, false, b.num, "/"+printable(string(k), 30), bad.says("field %q was redefined:", name))
	}
}

func (s *step) isSignature(f *stateField) bool {
	kind, _ := s.old.rev.Resolve(f.get("FT"))
	return kind == syntax.Name("Sig")
}

func (s *step) pageOfField(f *stateField) int {
	for _, w := range f.widgets {
		if i, ok := s.new.pageOf[w]; ok {
			return i + 1
		}
	}
	return 0
}

// onlyReadOnly reports whether the flags differ only by gaining ReadOnly
// (ISO 32000-2 table 227), which signing programs set on locked fields.
func (s *step) onlyReadOnly(a, b syntax.Object) bool {
	va, _ := s.old.rev.Resolve(a)
	vb, _ := s.new.rev.Resolve(b)
	was, _ := va.(syntax.Integer)
	is, ok := vb.(syntax.Integer)
	return ok && is == was|1
}

// compareKids sees widgets that a field gained or lost outside the pages.
func (s *step) compareKids(bad finding, a, b *stateField) {
	for _, w := range a.widgets {
		to := w
		if n, ok := s.moved[w]; ok {
			to = n
		}
		if w != 0 && !slices.Contains(b.widgets, to) && s.old.annots[w] == nil {
			s.add(bad.says("a widget of field %q was removed", printable(b.name, 60)))
		}
	}
}

// valueText returns a field's value for people.
func (s *step) valueText(st *state, o syntax.Object) string {
	v, _ := st.rev.Resolve(o)
	switch v := v.(type) {
	case syntax.String:
		return printable(oneLine(plainText(v.Bytes())), 60)
	case syntax.Name:
		return printable(string(v), 60)
	case syntax.Array:
		var list []string
		for _, item := range v[:min(len(v), 5)] {
			list = append(list, s.valueText(st, item))
		}
		return strings.Join(list, ", ")
	case syntax.Null:
		return ""
	}
	return describe(v)
}
