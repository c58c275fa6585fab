package pdf

import (
	"fmt"
	"slices"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// Between two signatures a clerk may write number and date: a few small
// things in free places. Larger ones are shown and not judged.
const (
	maxNumbering      = 10   // placements before the next signature
	maxNumberingShare = 0.05 // of the page, for one of them
	maxNumberingTotal = 0.10 // of the page, together
)

// judge applies to the findings what a signature, and those before it,
// permit.
type judge struct {
	history *history
	from    int
	// permission is the strictest DocMDP level, 0 for none.
	permission int
	locks      []*fieldLock
	// signatures holds the revisions that added a further signature.
	signatures []int
	full       map[int]bool // crowded, by the revision of the next signature
}

// judge collects the permissions in force after revision from.
func (h *history) judge(sig *sigField, from int) *judge {
	j := &judge{history: h, from: from, full: map[int]bool{}}
	j.protect(sig.Permission, sig.FieldMDP, sig.Lock)
	if st, err := h.state(from); err == nil {
		j.protections(st)
	}
	for i := from + 1; i < len(h.file.Revisions()); i++ {
		for _, f := range h.step(i) {
			if f.kind == findSignature {
				j.signatures = append(j.signatures, i)
				break
			}
		}
	}
	return j
}

func (j *judge) protect(permission int, locks ...*fieldLock) {
	stricter := func(p int) {
		if p >= 1 && p <= 3 && (j.permission == 0 || p < j.permission) {
			j.permission = p
		}
	}
	stricter(permission)
	for _, l := range locks {
		if l != nil {
			stricter(l.P)
			if l.Action != "" {
				j.locks = append(j.locks, l)
			}
		}
	}
}

// protections takes what the signatures of a state permit: the DocMDP and
// FieldMDP transforms of their references (ISO 32000-2 12.8.2) and the locks
// of their fields (table 236).
func (j *judge) protections(st *state) {
	for _, f := range st.fields {
		v := st.signature(f)
		if v == nil {
			continue
		}
		lock, _ := st.rev.Dict(f.get("Lock"))
		j.protect(0, st.lock(lock))
		refs, _ := st.rev.Array(v.Get("Reference"))
		for _, o := range refs[:min(len(refs), 20)] {
			ref, _ := st.rev.Dict(o)
			params, _ := st.rev.Dict(ref.Get("TransformParams"))
			switch m, _ := st.rev.Resolve(ref.Get("TransformMethod")); m {
			case syntax.Name("DocMDP"):
				j.protect(st.level(params.Get("P"), 2))
			case syntax.Name("FieldMDP"):
				j.protect(0, st.lock(params))
			}
		}
	}
}

// level reads a permission level; without a usable one it is what is given.
func (s *state) level(o syntax.Object, missing int) int {
	v, _ := s.rev.Resolve(o)
	n, ok := v.(syntax.Integer)
	if !ok || n < 1 || n > 3 {
		return missing
	}
	return int(n)
}

func (s *state) lock(d *syntax.Dict) *fieldLock {
	if d == nil {
		return nil
	}
	action, _ := s.rev.Resolve(d.Get("Action"))
	name, _ := action.(syntax.Name)
	l := &fieldLock{Action: string(name), P: s.level(d.Get("P"), 0)}
	fields, _ := s.rev.Array(d.Get("Fields"))
	for _, o := range fields[:min(len(fields), 10000)] {
		l.Fields = append(l.Fields, s.text(o))
	}
	return l
}

// locked reports whether a field must not change. A name stands for the
// fields below it, too.
func (j *judge) locked(field string) bool {
	for _, l := range j.locks {
		in := slices.ContainsFunc(l.Fields, func(n string) bool { return n == field || strings.HasPrefix(field, n+".") })
		switch {
		case l.Action == "Include" && !in, l.Action == "Exclude" && in:
		default:
			return true
		}
	}
	return false
}

// inside reports whether a new field lies below one that a lock names: the
// name of a field stands for all below it.
func (j *judge) inside(field string) bool {
	for _, l := range j.locks {
		if l.Action == "Include" && slices.ContainsFunc(l.Fields, func(n string) bool { return n != "" && strings.HasPrefix(field, n+".") }) {
			return true
		}
	}
	return false
}

// changes classifies what revision i did.
func (j *judge) changes(i int, found []finding) []signature.Change {
	out := make([]signature.Change, 0, len(found))
	for _, f := range found {
		c := signature.Change{Revision: i, Page: f.page, What: f.what, Class: f.class, Rule: f.rule, Detail: f.detail}
		if f.object != 0 {
			c.Object = fmt.Sprintf("%d %d", f.object, j.history.file.Revisions()[i].Generation(f.object))
		}
		if f.kind != findFixed {
			j.classify(&c, f)
		}
		out = append(out, c)
	}
	return out
}

// decide sets the outcome of a change and adds why to its detail.
func decide(c *signature.Change, class signature.ChangeClass, rule, format string, args ...any) {
	c.Class = class
	if rule != "" {
		c.Rule = rule
	}
	if format != "" {
		c.Detail = strings.TrimPrefix(c.Detail+"; "+fmt.Sprintf(format, args...), "; ")
	}
}

// classify asks the permissions about one finding.
func (j *judge) classify(c *signature.Change, f finding) {
	switch f.kind {
	case findTimestamp:
		decide(c, signature.ChangePermitted, "", "") // permitted at every level
	case findSignature:
		j.signed(c, f)
	case findValue, findDefaults:
		j.filled(c, f)
	case findStyle, findTabs:
		j.styled(c, f)
	case findField, findContent:
		j.drawn(c, f)
	case findAnnotation:
		j.annotated(c, f)
	case findRemoved:
		j.removed(c, f)
	case findAction:
		j.acting(c)
	}
}

// acting judges actions that came. Level 3 lets annotations be made and does
// not say which; what a script shows is for somebody to look at.
func (j *judge) acting(c *signature.Change) {
	switch j.permission {
	case 1, 2:
		j.forbids(c, "an annotation")
	case 3:
		decide(c, signature.ChangeUnknown, "", "")
	default:
		decide(c, signature.ChangeForbidden, "", "")
	}
}

// forbids states that the certification level does not permit a change.
func (j *judge) forbids(c *signature.Change, what string) {
	decide(c, signature.ChangeForbidden, ruleDocMDP, "%s is not permitted at DocMDP level %d", what, j.permission)
}

func (j *judge) signed(c *signature.Change, f finding) {
	switch {
	case j.permission == 1:
		j.forbids(c, "a further signature")
	case !f.fresh && j.locked(f.field):
		decide(c, signature.ChangeForbidden, ruleFieldMDP, "the field is locked")
	default:
		decide(c, signature.ChangePermitted, "", "")
	}
}

// filled judges the values of fields and the form's defaults.
func (j *judge) filled(c *signature.Change, f finding) {
	switch {
	case f.kind == findValue && j.locked(f.field):
		decide(c, signature.ChangeForbidden, ruleFieldMDP, "the field is locked")
	case j.permission == 1:
		j.forbids(c, "filling in forms")
	default:
		decide(c, signature.ChangePermitted, "", "")
	}
}

// styled judges what alters neither values nor comments: the colours of
// widgets and the tab order.
func (j *judge) styled(c *signature.Change, f finding) {
	switch {
	case j.locked(f.field) && f.kind == findStyle:
		decide(c, signature.ChangeForbidden, ruleFieldMDP, "the field is locked")
	case j.permission == 1 || j.permission == 2:
		j.forbids(c, "changing annotations")
	case j.permission == 3 || f.kind == findTabs:
		decide(c, signature.ChangePermitted, "", "")
	default:
		decide(c, signature.ChangeAnnotated, "", "")
	}
}

// drawn judges new fields and appended content, which nothing but the
// clerk's numbering before a further signature permits.
func (j *judge) drawn(c *signature.Change, f finding) {
	content := f.kind == findContent
	what := "adding a field"
	if content {
		c.What, what = signature.WhatPageContent, "changing a page"
	}
	switch {
	case f.kind == findField && j.inside(f.field):
		decide(c, signature.ChangeForbidden, ruleFieldMDP, "the field above it is locked")
	case f.empty && j.permission != 1 && j.signedLater(c.Revision, f.field) >= 0:
		// Adding the field and signing it may be two steps of one signature.
		decide(c, signature.ChangePermitted, ruleDocMDP, "it is signed in revision %d", j.signedLater(c.Revision, f.field)+1)
	case j.permission != 0:
		j.forbids(c, what)
	case f.mark.cover == coverContent:
		decide(c, signature.ChangeForbidden, ruleContents, "it lies over %s", f.mark.over)
	case f.empty && j.next(c.Revision) >= 0:
		decide(c, signature.ChangePermitted, "", "it shows nothing, and the signature of revision %d covers it", j.next(c.Revision)+1)
	case f.control:
		decide(c, signature.ChangeUnknown, "", "it is a button or a list and no text")
	case f.mark.opaque:
		decide(c, signature.ChangeUnknown, ruleContents, "it draws more than text")
	default:
		j.numbering(c, f)
	}
}

// annotated judges annotations that were added or changed.
func (j *judge) annotated(c *signature.Change, f finding) {
	switch {
	case j.permission == 1 || j.permission == 2:
		j.forbids(c, "an annotation")
	case f.mark.cover == coverContent && !f.mark.markup:
		decide(c, signature.ChangeForbidden, ruleAnnots, "it lies over %s", f.mark.over)
	case f.mark.cover == coverUnknown:
		decide(c, signature.ChangeUnknown, ruleAnnots, "it lies over %s", f.mark.over)
	case j.permission == 3:
		decide(c, signature.ChangePermitted, ruleDocMDP, "annotations are permitted at DocMDP level 3")
	case f.leads:
		decide(c, signature.ChangeForbidden, ruleActions, "the signer saw it lead elsewhere")
	case f.mark.markup || j.next(c.Revision) < 0 || !f.fresh || !numbers[f.mark.subtype]:
		decide(c, signature.ChangeAnnotated, "", "")
	default:
		j.numbering(c, f)
	}
}

// numbers are the annotations with which a number or a date can be written;
// others may be there, but are comments (ISO 32000-2 table 171).
var numbers = map[string]bool{"FreeText": true, "Stamp": true, "Ink": true, "Widget": true}

// removed judges annotations of the signed revision that are gone or look
// different. The signer saw them: without a permission they must stay, and
// what they hid must stay hidden under every permission.
func (j *judge) removed(c *signature.Change, f finding) {
	switch {
	case j.permission == 1 || j.permission == 2:
		j.forbids(c, "removing an annotation")
	case f.mark.cover != coverNothing && !f.mark.markup:
		decide(c, signature.ChangeForbidden, ruleAnnots, "it lay over %s", f.mark.over)
	case j.permission == 3:
		decide(c, signature.ChangePermitted, ruleDocMDP, "annotations may be changed and removed at DocMDP level 3")
	case f.mark.visible:
		decide(c, signature.ChangeForbidden, ruleAnnots, "the signer saw it")
	default:
		decide(c, signature.ChangeAnnotated, "", "")
	}
}

// next returns the first revision from i on that adds a signature, or -1.
func (j *judge) next(i int) int {
	for _, k := range j.signatures {
		if k >= i {
			return k
		}
	}
	return -1
}

// signedLater returns the revision behind i that signs a field, or -1.
func (j *judge) signedLater(i int, field string) int {
	for k := i; k < len(j.history.file.Revisions()); k++ {
		for _, f := range j.history.step(k) {
			if (f.kind == findSignature || f.kind == findTimestamp) && f.field == field {
				return k
			}
		}
	}
	return -1
}

// numberingRule names our own rule: the clerk numbers and dates the document
// after the person and before the organisation signs.
const numberingRule = "Decree 30/2020 art. 32; free place before a further signature"

// numbering permits a small thing in a free place when a further signature
// follows that covers it.
func (j *judge) numbering(c *signature.Change, f finding) {
	next := j.next(c.Revision)
	switch {
	case f.mark.cover == coverUnknown:
		decide(c, signature.ChangeUnknown, "", "it lies over %s", f.mark.over)
	case next < 0:
		decide(c, signature.ChangeUnknown, "", "no further signature follows")
	case f.mark.share > maxNumberingShare:
		decide(c, signature.ChangeUnknown, "", "it takes %.0f %% of the page, too much for a number and a date", 100*f.mark.share)
	case j.crowded(next):
		decide(c, signature.ChangeUnknown, "", "too much was added for a number and a date")
	default:
		c.What = signature.WhatNumbering
		decide(c, signature.ChangePermitted, numberingRule, "in a free place, covered by the signature of revision %d", next+1)
	}
}

// crowded reports whether what was placed since the signature before next is
// more than a number and a date.
func (j *judge) crowded(next int) bool {
	full, known := j.full[next]
	if !known {
		full = j.count(next)
		j.full[next] = full
	}
	return full
}

func (j *judge) count(next int) bool {
	first := j.from + 1
	for _, k := range j.signatures {
		if k < next {
			first = k + 1
		}
	}
	count, total := 0, map[int]float64{}
	for i := first; i <= next; i++ {
		for _, f := range j.history.step(i) {
			if f.mark != nil {
				count++
				total[f.mark.page] += f.mark.share
				if total[f.mark.page] > maxNumberingTotal {
					return true
				}
			}
		}
	}
	return count > maxNumbering
}
