package pdf

import (
	"slices"
	"strconv"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

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
	shown, known, picture := s.shownText(b, rect)
	value, comparable := s.comparableValue(f)
	switch {
	case s.belies(f, b):
		s.add(bad.says("button %q shows another state than its value", name))
	case known && comparable && squeeze(shown) != squeeze(value) && squeeze(shown) != "":
		s.add(bad.says("field %q shows %q, its value is %q", name, printable(shown, 60), printable(value, 60)))
	case changed && comparable && picture && !b.dict.Has("PMD"): // a bar code is a picture of its value
		s.add(fixed(signature.ChangeUnknown, signature.WhatAppearance, ruleAppearance).on(j+1, b.num).
			says("field %q shows a picture, its value is %q", name, printable(value, 60)))
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
// false when a font does not tell what it says, or it is not all that is seen.
func (s *step) shownText(b *stateAnnot, rect content.Rect) (text string, known, picture bool) {
	form := s.appearance(b)
	if form == nil {
		return "", false, false
	}
	d := content.Appearance(s.new.rev, form, rect, content.Limits{Operators: 200_000, Marks: maxPainted})
	known = d.Complete
	for i := range d.Marks {
		m := &d.Marks[i]
		if m.Kind == content.Image {
			known, picture = false, true
		}
		if m.Kind == content.Text {
			text += m.Text
			known = known && m.Known
		}
	}
	return text, known, picture
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

// drawnAnew judges that readers are told to draw the fields by their values
// and not by their appearances (ISO 32000-2 table 224, NeedAppearances). That
// changes nothing to be seen when each field that keeps its value shows it.
func (s *step) drawnAnew(num int) {
	const told = "readers are told to draw all fields anew"
	for _, name := range sortedNames(s.new.byName) {
		f := s.new.byName[name]
		old := s.old.byName[name]
		if old == nil || s.isSignature(old) || s.valueChanged(f) || s.showsValue(f) {
			continue
		}
		s.add(fixed(signature.ChangeUnknown, signature.WhatField, ruleForm).on(s.pageOfField(f), num).
			says("%s, and it is not certain that field %q looks the same then", told, printable(name, 60)))
		return
	}
	s.add(finding{kind: findDefaults, what: signature.WhatField, rule: ruleForm}.on(0, num).
		says("%s, and each shows its value as it is", told))
}

// showsValue reports whether every widget of a field shows the field's value
// and nothing else, and would so when it is drawn by a reader. Lists, push
// buttons and coloured fields are not followed.
func (s *step) showsValue(f *stateField) bool {
	kind, _ := s.new.rev.Resolve(f.get("FT"))
	flags, _ := s.new.rev.Resolve(f.get("Ff"))
	n, _ := flags.(syntax.Integer)
	const pushButton, combo = 1 << 16, 1 << 17
	for _, w := range f.widgets {
		a := s.new.annots[w]
		if a == nil || hidden(s.new.rev, a) {
			continue
		}
		if mk, _ := s.new.rev.Dict(a.dict.Get("MK")); mk.Has("BG") || !legible(s.defaultLook(f, a)) {
			return false
		}
		switch kind {
		case syntax.Name("Btn"):
			if n&pushButton != 0 || normalAppearance(s.new.rev, a.dict) == nil || s.belies(f, a) {
				return false
			}
		case syntax.Name("Tx"), syntax.Name("Ch"):
			if kind == syntax.Name("Ch") && n&combo == 0 || !s.showsText(f, a) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// defaultLook returns the default appearance of a widget, which its field and
// the form may give (ISO 32000-2 tables 224, 228).
func (s *step) defaultLook(f *stateField, a *stateAnnot) string {
	for _, v := range []syntax.Object{a.dict.Get("DA"), f.get("DA")} {
		if !syntax.IsNull(v) {
			return s.new.text(v)
		}
	}
	return s.new.text(s.new.form.Get("DA"))
}

// legible reports whether a default appearance (ISO 32000-2 12.7.4.3) writes
// dark and not too small: in white or tiny letters a value would be there and
// not be seen.
func legible(da string) bool {
	var nums []float64
	for _, w := range strings.Fields(da) {
		if n, err := strconv.ParseFloat(w, 64); err == nil {
			nums = append(nums, n)
			continue
		}
		light := func(n float64) bool { return n > 0.5 }
		switch w {
		case "Tf":
			if n := len(nums); n == 0 || nums[n-1] != 0 && nums[n-1] < 4 {
				return false
			}
		case "g", "rg":
			if len(nums) == 0 || slices.ContainsFunc(nums, light) {
				return false
			}
		default:
			if !strings.HasPrefix(w, "/") {
				return false // another colour space, or anything else
			}
		}
		nums = nums[:0]
	}
	return true
}

// showsText compares what a widget draws with the value of its field.
func (s *step) showsText(f *stateField, a *stateAnnot) bool {
	rect, _ := content.RectOf(s.new.rev, a.dict.Get("Rect"))
	shown, known, _ := s.shownText(a, rect)
	v, _ := s.new.rev.Resolve(f.get("V"))
	value, ok := v.(syntax.String)
	if normalAppearance(s.new.rev, a.dict) == nil {
		return syntax.IsNull(v) || ok && len(value.Bytes()) == 0
	}
	if !syntax.IsNull(f.get("AA")) || !ok && !syntax.IsNull(v) {
		return false
	}
	return known && squeeze(shown) == squeeze(plainText(value.Bytes()))
}
