package pdf

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

// placement is something that a revision put on a page.
type placement struct {
	page  int // 0-based
	rect  content.Rect
	share float64 // of the page's area
	cover cover
	over  string // what it covers, in words
	// subtype of an annotation, "Widget", or "" for page content.
	subtype string
	markup  bool // marks words up, as a highlighter does
	opaque  bool // of page content: draws paths or images, not only text
	visible bool // of an old annotation: it showed something of its own
}

// cover says what a placement hides or overwrites.
type cover uint8

const (
	coverNothing cover = iota
	coverUnknown       // could not be measured, or lies over a picture
	coverContent
)

// How much of a text must be overlapped before it counts: fonts promise more
// height than letters use, and a stamp may touch a neighbour's line.
const (
	overlapHeight = 0.25 // of the text's height
	overlapWidth  = 2.0  // points
)

// covers finds what a rectangle on an old page lies over.
func (s *step) covers(d *content.Drawing, page, rect content.Rect) (cover, string) {
	if rect.Empty() {
		return coverNothing, ""
	}
	worst, what := coverNothing, ""
	for i := range d.Marks {
		m := &d.Marks[i]
		if !touches(m, rect, page) {
			continue
		}
		switch m.Kind {
		case content.Text:
			if m.Known && m.Text != "" {
				return coverContent, fmt.Sprintf("the text %q", printable(m.Text, 40))
			}
			return coverContent, "a text"
		case content.Image:
			switch {
			case m.Box.Area() <= 0.5*page.Area():
				return coverContent, "a picture"
			case !s.blank(m, rect):
				worst, what = coverUnknown, "a picture of the whole page"
			}
		default:
			return coverContent, "a drawing"
		}
	}
	if worst == coverNothing && !d.Complete {
		return coverUnknown, "a page that could not be measured: " + d.Problem
	}
	return worst, what
}

// touches reports whether a mark is content and overlapped by rect. Rules,
// frames and backgrounds are not content: forms are filled in over them.
func touches(m *content.Mark, rect, page content.Rect) bool {
	switch m.Kind {
	case content.Text:
		in := m.Box.Intersect(rect)
		return !in.Empty() && in.Height() > overlapHeight*m.Box.Height() && in.Width() > min(overlapWidth, 0.5*m.Box.Width())
	case content.Image:
		in := m.Box.Intersect(rect)
		return in.Width() > 1 && in.Height() > 1
	case content.Path:
		if m.Simple || m.Box.Area() > 0.25*page.Area() {
			return false
		}
		in := m.Box.Intersect(rect)
		return in.Width() > 1 && in.Height() > 1
	}
	return false
}

// maxPainted bounds the marks of an appearance that are looked at one by one.
const maxPainted = 2000

// place measures an annotation of a new page against the old page.
func (s *step) place(j int, a *stateAnnot) *placement { return s.placeIn(s.new, j, a) }

// lay measures an annotation of the old page against that page.
func (s *step) lay(j int, a *stateAnnot) *placement {
	p := s.placeIn(s.old, j, a)
	switch p.subtype {
	case "Link", "Popup", "Text":
	default:
		p.visible = !hidden(s.old.rev, a) && !wordMarkup(p.subtype) &&
			(p.subtype == "FreeText" || normalAppearance(s.old.rev, a.dict) != nil)
	}
	return p
}

func (s *step) placeIn(st *state, j int, a *stateAnnot) *placement {
	old := s.counterpart[j]
	box := s.mediaBox(s.new, s.new.pages[j])
	rect, _ := content.RectOf(st.rev, a.dict.Get("Rect"))
	subtype, _ := st.rev.Resolve(a.dict.Get("Subtype"))
	name, _ := subtype.(syntax.Name)
	p := &placement{page: j, rect: rect, subtype: string(name), share: rect.Intersect(box).Area() / box.Area()}
	if old == nil || hidden(st.rev, a) {
		return p
	}
	if name == "Popup" || (name == "Link" && thinBorder(st.rev, a) || name == "Text") && !a.dict.Has("AP") {
		return p // shown on demand, or a frame or a small icon at most
	}
	if !ordinary[name] {
		p.cover, p.over = coverUnknown, "a place that is not followed for annotations of this kind"
		return p
	}
	d := s.drawing(old)
	p.cover, p.over = s.covers(d, box, rect)
	if p.cover == coverNothing {
		if st == s.new {
			p.cover, p.over = s.coversAnnots(old, a, name, rect)
		}
		return p
	}
	s.refine(st, p, d, box, a)
	return p
}

// ordinary are the annotations that draw inside their rectangle and nothing
// but an appearance (ISO 32000-2 table 171): no films, no watermarks.
var ordinary = map[syntax.Name]bool{
	"Text": true, "Link": true, "FreeText": true, "Line": true, "Square": true, "Circle": true, "Polygon": true,
	"PolyLine": true, "Highlight": true, "Underline": true, "Squiggly": true, "StrikeOut": true, "Caret": true,
	"Stamp": true, "Ink": true, "Popup": true, "FileAttachment": true, "Widget": true, "Redact": true,
}

// thinBorder reports whether a link's frame leaves what it surrounds to be
// seen.
func thinBorder(rev *syntax.Revision, a *stateAnnot) bool {
	const thick = 3
	bs, _ := rev.Dict(a.dict.Get("BS"))
	w, _ := rev.Resolve(bs.Get("W"))
	if n, ok := asNumber(w); ok && n > thick {
		return false
	}
	border, _ := rev.Array(a.dict.Get("Border"))
	for i, o := range border {
		w, _ := rev.Resolve(o)
		if n, ok := asNumber(w); ok && i < 3 && n > thick {
			return false
		}
	}
	return true
}

// hidden reports whether an annotation is never shown (ISO 32000-2 table 167:
// Hidden, or neither viewed nor printed).
func hidden(rev *syntax.Revision, a *stateAnnot) bool {
	v, _ := rev.Resolve(a.dict.Get("F"))
	flags, _ := v.(syntax.Integer)
	return flags&2 != 0 || flags&32 != 0 && flags&4 == 0
}

// refine looks at what the appearance paints, for a rectangle alone hides
// nothing.
func (s *step) refine(st *state, p *placement, d *content.Drawing, page content.Rect, a *stateAnnot) {
	form := normalAppearance(st.rev, a.dict)
	if form == nil {
		if p.subtype == "Widget" {
			p.cover, p.over = coverNothing, "" // nothing is drawn
		}
		p.markup = wordMarkup(p.subtype) || outline(p.subtype) && !a.dict.Has("IC")
		return
	}
	ap := content.Appearance(st.rev, form, p.rect, content.Limits{Operators: 200_000, Marks: maxPainted})
	if !ap.Complete {
		return
	}
	p.cover, p.over = coverNothing, ""
	p.markup = wordMarkup(p.subtype) || outline(p.subtype)
	seeThrough := p.subtype == "Highlight" && blends(st.rev, form.Dict, 0)
	for i := range ap.Marks {
		m := &ap.Marks[i]
		if m.Invisible {
			continue
		}
		thin := m.Kind == content.Path && (!m.Filled || min(m.Box.Width(), m.Box.Height()) < 2.5)
		p.markup = p.markup && (thin || m.Kind == content.Path && seeThrough)
		if p.subtype == "Widget" && thin && frames(p.rect, m.Box) {
			continue
		}
		c, over := s.covers(d, page, m.Box)
		switch {
		case c == coverContent && m.Kind == content.Image && translucent(st.rev, m, d, page):
			continue
		case c == coverContent && m.Kind == content.Text && p.subtype == "Widget":
			c = coverUnknown // both can be read, or neither: somebody has to look
		}
		if c > p.cover {
			p.cover, p.over = c, over
		}
	}
}

// frames reports whether a thin line runs along the edge of a widget.
func frames(rect, line content.Rect) bool {
	const edge = 4
	return line.Intersect(rect.Inset(edge)).Empty()
}

// outline reports whether an annotation is a line around or beside something.
func outline(subtype string) bool {
	switch subtype {
	case "Square", "Circle", "Line", "Polygon", "PolyLine", "Ink", "Caret":
		return true
	}
	return false
}

// blends reports whether a form or one inside it paints so that what lies
// below can be read (ISO 32000-2 11.3.5, 11.6.4.4): a highlighter.
func blends(rev *syntax.Revision, form *syntax.Dict, depth int) bool {
	res, _ := rev.Dict(form.Get("Resources"))
	states, _ := rev.Dict(res.Get("ExtGState"))
	if states != nil {
		for _, e := range states.Entries {
			gs, _ := rev.Dict(e.Value)
			mode, _ := rev.Resolve(gs.Get("BM"))
			alpha, _ := rev.Resolve(gs.Get("ca"))
			if n, ok := asNumber(alpha); mode == syntax.Name("Multiply") || mode == syntax.Name("Darken") || ok && n <= 0.6 {
				return true
			}
		}
	}
	inside, _ := rev.Dict(res.Get("XObject"))
	if inside == nil || depth > 3 {
		return false
	}
	for _, e := range inside.Entries[:min(len(inside.Entries), 10)] {
		if d, _ := rev.Dict(e.Value); d != nil && blends(rev, d, depth+1) {
			return true
		}
	}
	return false
}

// wordMarkup reports whether an annotation marks words without hiding them
// (ISO 32000-2 12.5.6.10).
func wordMarkup(subtype string) bool {
	switch subtype {
	case "Highlight", "Underline", "Squiggly", "StrikeOut":
		return true
	}
	return false
}

// appearance returns the normal appearance of an annotation, or nil.
func (s *step) appearance(a *stateAnnot) *syntax.Stream { return normalAppearance(s.new.rev, a.dict) }

func normalAppearance(rev *syntax.Revision, d *syntax.Dict) *syntax.Stream {
	ap, _ := rev.Dict(d.Get("AP"))
	v, _ := rev.Resolve(ap.Get("N"))
	if states, ok := v.(*syntax.Dict); ok {
		as, _ := rev.Resolve(d.Get("AS"))
		name, _ := as.(syntax.Name)
		v, _ = rev.Resolve(states.Get(name))
	}
	form, _ := v.(*syntax.Stream)
	return form
}

// coversAnnots sees a comment laid over an earlier one. Signatures may lie
// over signatures: the organisation's seal covers a third of the person's
// (Decree 30/2020, appendix I).
func (s *step) coversAnnots(old *statePage, a *stateAnnot, subtype syntax.Name, rect content.Rect) (cover, string) {
	if subtype == "Text" || wordMarkup(string(subtype)) || subtype == "Widget" && normalAppearance(s.new.rev, a.dict) == nil {
		return coverNothing, ""
	}
	for _, o := range old.annots {
		if subtype == "Widget" && s.signatureSeal(o) {
			continue
		}
		if o.num != 0 && o.num == a.num || normalAppearance(s.old.rev, o.dict) == nil {
			continue
		}
		r, ok := content.RectOf(s.old.rev, o.dict.Get("Rect"))
		kind, _ := s.old.rev.Resolve(o.dict.Get("Subtype"))
		if !ok || kind == syntax.Name("Popup") || kind == syntax.Name("Link") {
			continue
		}
		in := r.Intersect(rect)
		if in.Width() > overlapWidth && in.Height() > overlapHeight*min(r.Height(), rect.Height()) {
			name, _ := kind.(syntax.Name)
			return coverContent, "an annotation (" + printable(string(name), 20) + ")"
		}
	}
	return coverNothing, ""
}

// signatureSeal reports whether an old annotation shows a signature.
func (s *step) signatureSeal(o *stateAnnot) bool {
	f := s.old.widgets[o.num]
	return o.num != 0 && f != nil && s.isSignature(f)
}

// appendedContent measures what was drawn behind the old content of a page.
// parts[first:] is new; old is what was there.
func (s *step) appendedContent(j int, a, b *statePage, old, parts [][]byte, first int) {
	box := s.mediaBox(s.new, b)
	before := s.drawing(a)
	after := content.Streams(s.new.rev, parts, s.resources(s.new, b), box, content.Limits{Codes: true})
	f := fixed(signature.ChangeForbidden, signature.WhatPageContent, ruleContents).on(j+1, b.num)
	k := 0
	for k < len(after.Marks) && after.Marks[k].Part < first {
		k++
	}
	if !sameMarks(before.Marks, after.Marks[:k]) {
		s.add(f.says("what the page drew before is drawn differently"))
		return
	}
	p := &placement{page: j}
	words, text := content.Rect{}, ""
	for i := k; i < len(after.Marks); i++ {
		m := &after.Marks[i]
		if m.Invisible && p.cover < coverUnknown {
			p.cover, p.over = coverUnknown, "nothing: it cannot be seen, and only programs read it"
		}
		words = words.Union(m.Box)
		text += " " + m.Text
		p.opaque = p.opaque || m.Kind != content.Text
		c, over := s.covers(before, box, m.Box)
		if c > p.cover {
			p.cover, p.over = c, over
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(after.Outside), func(m content.Mark) bool { return m.Part < first })
	elsewhere, over := s.reach(before, box, after.Marks[k:], fresh)
	if p.cover < elsewhere {
		p.cover, p.over = elsewhere, over
	}
	if !after.Complete && p.cover < coverUnknown {
		p.cover, p.over = coverUnknown, after.Problem
	}
	p.rect, p.share = words, words.Area()/box.Area()
	if k == len(after.Marks) && after.Complete && elsewhere == coverNothing {
		s.add(fixed(signature.ChangePermitted, signature.WhatOther, ruleContents).on(j+1, b.num).says("a content stream was appended that draws nothing"))
		return
	}
	if text = printable(text, 80); strings.TrimSpace(text) == "" {
		text = " a drawing"
	}
	s.add(finding{kind: findContent, rule: ruleContents, mark: p}.on(j+1, b.num).says("appended to the page:%s", text))
}

// reach asks where the glyphs of new texts may lie beyond the place of their
// text, and what is there. Texts outside of what is shown must stay there.
func (s *step) reach(before *content.Drawing, page content.Rect, shown, outside []content.Mark) (cover, string) {
	const unknown = "a place that its font does not tell"
	codes := map[*syntax.Dict][]int{}
	for _, marks := range [][]content.Mark{shown, outside} {
		for i := range marks {
			if m := &marks[i]; m.Kind == content.Text {
				codes[m.Font] = append(codes[m.Font], m.Codes...)
			}
		}
	}
	fonts := map[*syntax.Dict]content.Reach{}
	for font, list := range codes {
		slices.Sort(list)
		fonts[font] = content.ReachOf(s.new.rev, font, slices.Compact(list))
	}
	for i := range shown {
		m := &shown[i]
		if m.Kind != content.Text {
			continue
		}
		around, ok := fonts[m.Font].Around(m)
		if !ok {
			return coverUnknown, unknown
		}
		if c, over := s.covers(before, page, around); around != m.Box && c != coverNothing {
			return coverUnknown, over + ", if its font draws as far as it can"
		}
	}
	for i := range outside {
		if m := &outside[i]; !m.Bounded || !fonts[m.Font].Stays() {
			return coverUnknown, unknown
		}
	}
	return coverNothing, ""
}

// sameMarks compares what was drawn before with what the same operators draw
// now.
func sameMarks(a, b []content.Mark) bool {
	if len(a) != len(b) {
		return false
	}
	near := func(x, y float64) bool { return math.Abs(x-y) < 0.01 }
	for i := range a {
		p, q := &a[i], &b[i]
		if p.Kind != q.Kind || p.Text != q.Text || p.Invisible != q.Invisible ||
			!near(p.Box.X0, q.Box.X0) || !near(p.Box.Y0, q.Box.Y0) || !near(p.Box.X1, q.Box.X1) || !near(p.Box.Y1, q.Box.Y1) {
			return false
		}
	}
	return true
}
