package pdf

import (
	"slices"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
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
		if now == nil {
			s.add(fixed(signature.ChangeForbidden, signature.WhatField, ruleFields).on(0, old.num).says("field %q was removed", printable(name, 60)))
			continue
		}
		s.compareField(old, now)
	}
	for _, name := range sortedNames(s.new.byName) {
		if s.old.byName[name] == nil {
			s.fieldAdded(s.new.byName[name])
		}
	}
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
	case "Fields", "SigFlags":
	case "DR":
		s.defaultResources(a, b, num)
	case "DA", "Q":
		if v, _ := s.old.rev.Resolve(a); !syntax.IsNull(v) && !s.same(a, b, true) {
			s.add(s.defaults(num).says("%s changed", path))
		}
	case "NeedAppearances":
		if v, _ := s.new.rev.Resolve(b); v == syntax.Bool(true) && !s.same(a, b, false) {
			s.add(fixed(signature.ChangeUnknown, signature.WhatField, ruleForm).on(0, num).says("readers are told to draw all fields anew"))
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
	s.add(out.on(page, f.num).says("field %q was signed", printable(f.name, 60)))
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
		if k == "Parent" || k == "Kids" || merged && !fieldKeys[k] {
			continue
		}
		drawn := false
		if s.same(was, is, drawn) {
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
	case (k == "I" || k == "RV") && !s.same(a.get("V"), b.get("V"), false): // goes with V
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
		s.add(bad.says("field %q was redefined: /%s", name, printable(string(k), 30)))
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
		return printable(plainText(v.Bytes()), 60)
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

// appearanceChanged judges a new appearance of a field that is not signed
// here: it may change with the value, and must then show the value.
func (s *step) appearanceChanged(j int, f *stateField, a, b *stateAnnot, differ []syntax.Name) {
	if !slices.Contains(differ, "AP") && !slices.Contains(differ, "AS") {
		return
	}
	bad := fixed(signature.ChangeForbidden, signature.WhatAppearance, ruleAppearance).on(j+1, b.num)
	name := printable(f.name, 60)
	old := s.old.byName[f.name]
	if old == nil {
		return // the field is new and reported as such
	}
	if s.isSignature(old) {
		s.add(bad.says("the appearance of signature field %q was replaced", name))
		return
	}
	changed := s.valueChanged(f)
	rect, _ := content.RectOf(s.new.rev, b.dict.Get("Rect"))
	shown, known := s.shownText(b, rect)
	value, comparable := s.comparableValue(f)
	switch {
	case s.belies(f, b):
		s.add(bad.says("button %q shows another state than its value", name))
	case known && comparable && squeeze(shown) != squeeze(value) && squeeze(shown) != "":
		s.add(bad.says("field %q shows %q, its value is %q", name, printable(shown, 60), printable(value, 60)))
	case !changed && !(known && comparable && squeeze(shown) == squeeze(value)):
		s.add(bad.says("field %q looks different although its value is the same", name))
	case !changed:
		s.add(finding{kind: findStyle, what: signature.WhatAnnotation, rule: ruleAppearance, field: f.name}.on(j+1, b.num).
			says("the decoration of field %q changed; it shows the same value", name))
	}
}

// belies reports whether a check box or radio button shows a state that its
// field does not have (ISO 32000-2 12.7.5.2.3). Of several widgets those of
// other values are off.
func (s *step) belies(f *stateField, b *stateAnnot) bool {
	kind, _ := s.new.rev.Resolve(f.get("FT"))
	state, _ := s.new.rev.Resolve(b.dict.Get("AS"))
	value, _ := s.new.rev.Resolve(f.get("V"))
	shown, ok := state.(syntax.Name)
	if kind != syntax.Name("Btn") || !ok {
		return false
	}
	has, _ := value.(syntax.Name)
	if has == "" {
		has = "Off"
	}
	return shown != has && (shown != "Off" || len(f.widgets) == 1)
}

// valueChanged reports whether a field of both revisions has another value.
func (s *step) valueChanged(f *stateField) bool {
	old := s.old.byName[f.name]
	return old != nil && !s.same(old.get("V"), f.get("V"), false)
}

// shownText returns the text that a widget's appearance draws; known is
// false when a font does not tell what it says.
func (s *step) shownText(b *stateAnnot, rect content.Rect) (string, bool) {
	form := s.appearance(b)
	if form == nil {
		return "", false
	}
	d := content.Appearance(s.new.rev, form, rect, content.Limits{Operators: 200_000, Marks: maxPainted})
	out, known := "", d.Complete
	for i := range d.Marks {
		m := &d.Marks[i]
		if m.Kind == content.Image {
			known = false
		}
		if m.Kind == content.Text {
			out += m.Text
			known = known && m.Known
		}
	}
	return out, known
}

// comparableValue returns the value of a text field that is drawn as it is:
// no password, no format script, no rich text.
func (s *step) comparableValue(f *stateField) (string, bool) {
	kind, _ := s.new.rev.Resolve(f.get("FT"))
	v, _ := s.new.rev.Resolve(f.get("V"))
	str, ok := v.(syntax.String)
	flags, _ := s.new.rev.Resolve(f.get("Ff"))
	n, _ := flags.(syntax.Integer)
	const password, fileSelect, richText = 1 << 13, 1 << 20, 1 << 25
	if kind != syntax.Name("Tx") || !ok || n&(password|fileSelect|richText) != 0 {
		return "", false
	}
	if aa := f.get("AA"); !syntax.IsNull(aa) {
		return "", false
	}
	return plainText(str.Bytes()), true
}

// squeeze removes white space and the dots and underscores of leader lines,
// which do not say anything.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '\u00a0', '.', '_', '…':
			return -1
		}
		return r
	}, s)
}
