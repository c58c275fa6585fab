package pdf

import (
	"bytes"
	"slices"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/syntax"
)

// matchPages finds for each new page the old page that it continues: the one
// with the same object, else, when the number of pages did not change, the
// one in the same place.
func (s *step) matchPages() {
	a, b := s.old.pages, s.new.pages
	s.counterpart = make([]*statePage, len(b))
	taken := map[int]bool{}
	for j, p := range b {
		i, ok := s.old.pageAt[p.num]
		if ok && p.num != 0 && !taken[i] {
			s.counterpart[j], taken[i] = a[i], true
		}
	}
	if len(a) != len(b) {
		return
	}
	for j := range b {
		if s.counterpart[j] == nil && !taken[j] {
			s.counterpart[j], taken[j] = a[j], true
		}
	}
}

// comparePages compares the page tree and every page.
func (s *step) comparePages() {
	s.compareTree()
	bad := fixed(signature.ChangeForbidden, signature.WhatPageAdded, rulePages)
	kept := map[*statePage]bool{}
	last := -1
	for j, p := range s.new.pages {
		old := s.counterpart[j]
		if old == nil {
			s.add(bad.on(j+1, p.num).says("page %d was added", j+1))
			continue
		}
		kept[old] = true
		if i := s.old.index(old); i < last {
			s.add(bad.on(j+1, p.num).says("page %d stood in another place", j+1))
		} else {
			last = i
		}
	}
	for i, p := range s.old.pages {
		if !kept[p] {
			s.add(bad.on(i+1, p.num).says("page %d of the signed revision was removed", i+1))
		}
	}
	for j, p := range s.new.pages {
		if s.counterpart[j] != nil {
			s.comparePage(j, s.counterpart[j], p)
		}
	}
}

func (s *state) index(p *statePage) int {
	if i, ok := s.pageAt[p.num]; ok && s.pages[i] == p {
		return i
	}
	for i := range s.pages {
		if s.pages[i] == p {
			return i
		}
	}
	return -1
}

// compareTree sees a Count that no longer tells the truth: some readers show
// as many pages as it says.
func (s *step) compareTree() {
	a, _ := s.old.rev.Dict(s.old.catalog.Get("Pages"))
	b, _ := s.new.rev.Dict(s.new.catalog.Get("Pages"))
	if len(s.old.pages) == len(s.new.pages) {
		s.deep(a.Get("Count"), b.Get("Count"), false, refNum(s.new.catalog.Get("Pages")), "/Count",
			fixed(signature.ChangeForbidden, signature.WhatPageAdded, rulePages))
	}
	for num, d := range s.new.tree {
		if was := s.old.tree[num]; was != nil && s.changed[num] {
			c := fixed(signature.ChangeForbidden, signature.WhatPageAdded, rulePages)
			for _, e := range d.Entries {
				switch e.Key {
				case "Kids", "Count", "Parent", "Resources", "MediaBox", "CropBox", "Rotate":
				default:
					s.deep(was.Get(e.Key), e.Value, false, num, "/Pages/"+printable(string(e.Key), 40), c)
				}
			}
		}
	}
}

// comparePage compares one page key by key.
func (s *step) comparePage(j int, a, b *statePage) {
	keys := map[syntax.Name]bool{}
	for _, k := range inheritable {
		keys[k] = true
		s.pageEntry(j, a, b, k)
	}
	for _, d := range []*syntax.Dict{a.dict, b.dict} {
		for _, e := range d.Entries {
			if !keys[e.Key] {
				keys[e.Key] = true
				s.pageEntry(j, a, b, e.Key)
			}
		}
	}
	if b.dict.Duplicate && !a.dict.Duplicate {
		s.add(fixed(signature.ChangeForbidden, signature.WhatPageContent, rulePages).on(j+1, b.num).says("the page has the same entry twice"))
	}
	s.compareContents(j, a, b)
	s.compareAnnots(j, a, b)
}

func (s *step) pageEntry(j int, a, b *statePage, key syntax.Name) {
	was, is := s.old.or(a.get(key), impliedInPage, key), s.new.or(b.get(key), impliedInPage, key)
	path := "/" + printable(string(key), 40)
	switch key {
	case "Parent", "Annots", "Contents", "Resources":
	case "LastModified", "Metadata", "PieceInfo":
		if !s.same(was, is, true) {
			s.add(fixed(signature.ChangePermitted, signature.WhatMetadata, ruleMetadata).on(j+1, b.num).says("%s of the page changed", path))
		}
	case "Tabs":
		if !s.same(was, is, true) {
			s.add(finding{kind: findTabs, what: signature.WhatAnnotation, rule: ruleAnnots}.on(j+1, b.num).says("the tab order of the annotations changed"))
		}
	case "StructParents":
		if v, _ := s.old.rev.Resolve(was); !syntax.IsNull(v) {
			s.deep(was, is, false, b.num, path, fixed(signature.ChangeForbidden, signature.WhatOther, ruleStructure).on(j+1, b.num))
		}
	case "CropBox": // the whole page when absent
		s.pageBox(j, a, b, path)
	default:
		s.deep(was, is, key == "Group", b.num, path, s.badPage(j, b, key))
	}
}

func (s *step) badPage(j int, b *statePage, key syntax.Name) finding {
	return fixed(signature.ChangeForbidden, signature.WhatPageContent, rulePages).on(j+1, b.num).
		says("%s", wordsFor(pageWords, key, "an entry of the page changed"))
}

// pageBox compares what is shown of a page; without a CropBox all of it is.
func (s *step) pageBox(j int, a, b *statePage, path string) {
	box := func(st *state, p *statePage) syntax.Object {
		if v, err := st.rev.Resolve(p.get("CropBox")); err != nil || !syntax.IsNull(v) {
			return p.get("CropBox")
		}
		return p.get("MediaBox")
	}
	s.deep(box(s.old, a), box(s.new, b), false, b.num, path, s.badPage(j, b, "CropBox"))
}

// streamsOf returns the content streams of a page.
func streamsOf(rev *syntax.Revision, o syntax.Object) ([]*syntax.Stream, []int, error) {
	v, err := rev.Resolve(o)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := v.(*syntax.Stream); ok {
		return []*syntax.Stream{s}, []int{refNum(o)}, nil
	}
	list, _ := v.(syntax.Array)
	if len(list) > 10000 {
		return nil, nil, errTooLarge
	}
	var out []*syntax.Stream
	var nums []int
	for _, item := range list {
		v, err := rev.Resolve(item)
		if err != nil {
			return nil, nil, err
		}
		if s, ok := v.(*syntax.Stream); ok {
			out, nums = append(out, s), append(nums, refNum(item))
		}
	}
	return out, nums, nil
}

// compareContents compares what the page draws and with which resources. The
// one change that is looked into is text appended behind the old content.
func (s *step) compareContents(j int, a, b *statePage) {
	added := s.compareResources(j, a, b)
	bad := fixed(signature.ChangeForbidden, signature.WhatPageContent, ruleContents).on(j+1, b.num)
	before, beforeNums, err := streamsOf(s.old.rev, a.dict.Get("Contents"))
	after, afterNums, err2 := streamsOf(s.new.rev, b.dict.Get("Contents"))
	if err != nil || err2 != nil {
		if !s.same(a.dict.Get("Contents"), b.dict.Get("Contents"), true) {
			s.add(bad.says("the page's content cannot be read"))
		}
		return
	}
	if s.sameStreams(before, after, beforeNums, afterNums) {
		if len(added) > 0 {
			s.add(fixed(signature.ChangePermitted, signature.WhatResource, ruleResources).on(j+1, b.num).says("resources were added that the signed content does not use"))
		}
		return
	}
	old, okOld := decodeAll(s.old.rev, before)
	now, okNew := decodeAll(s.new.rev, after)
	if !okOld || !okNew {
		s.add(bad.says("the page's content was replaced"))
		return
	}
	parts, first, ok := appended(old, now)
	if !ok {
		s.add(s.replaced(bad, a, b, old, now))
		return
	}
	for i, st := range after {
		raw, _ := s.new.rev.Raw(st)
		touched := s.changed[afterNums[i]] || !slices.Contains(beforeNums, afterNums[i]) || s.indirectEncoding(st)
		if touched && lies(s.new.rev, st, raw) {
			s.add(bad.says("a content stream has a length that is not the data's"))
			return
		}
	}
	if bytes.Equal(bytes.Join(old, []byte("\n")), bytes.Join(now, []byte("\n"))) {
		return // cut differently
	}
	s.appendedContent(j, a, b, old, parts, first)
}

func (s *step) sameStreams(a, b []*syntax.Stream, an, bn []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if an[i] != 0 && an[i] == bn[i] && !s.changed[bn[i]] && !s.indirectEncoding(b[i]) {
			continue
		}
		if !s.sameStream(a[i], b[i]) {
			return false
		}
	}
	return true
}

// sameStream compares the decoded data; the dictionary of a content stream
// has nothing else to say.
func (s *step) sameStream(a, b *syntax.Stream) bool {
	rawA, errA := s.old.rev.Raw(a)
	rawB, errB := s.new.rev.Raw(b)
	if lies(s.new.rev, b, rawB) && !lies(s.old.rev, a, rawA) {
		return false
	}
	if errA == nil && errB == nil && bytes.Equal(rawA, rawB) && s.sameEncoding(a, b) {
		return true
	}
	da, errA := s.old.rev.Decode(a)
	db, errB := s.new.rev.Decode(b)
	return errA == nil && errB == nil && bytes.Equal(da, db)
}

func decodeAll(rev *syntax.Revision, list []*syntax.Stream) ([][]byte, bool) {
	out := make([][]byte, len(list))
	for i, s := range list {
		b, err := rev.Decode(s)
		if err != nil {
			return nil, false
		}
		out[i] = b
	}
	return out, true
}

// appended finds the old content in the new one. It returns the new content
// cut into parts and the index of the first part behind the old content.
// Before the old content only q may stand, which saves the graphics state.
func appended(old, now [][]byte) (parts [][]byte, first int, ok bool) {
	before := bytes.Join(old, []byte("\n"))
	if len(bytes.TrimSpace(before)) == 0 {
		return append([][]byte{nil}, now...), 1, true
	}
	for k := 0; k+len(old) <= len(now); k++ {
		if equalParts(old, now[k:k+len(old)]) && onlySaves(now[:k]) {
			return now, k + len(old), true
		}
	}
	after := bytes.Join(now, []byte("\n"))
	i := bytes.Index(after, before)
	if i < 0 || !onlySaves([][]byte{after[:i]}) {
		return nil, 0, false
	}
	end := i + len(before)
	if end < len(after) && !bytes.ContainsRune([]byte(" \n\r\t"), rune(after[end])) && !bytes.HasSuffix(before, []byte("\n")) {
		return nil, 0, false // the last operator was made longer
	}
	return [][]byte{after[:end], after[end:]}, 1, true
}

func equalParts(a, b [][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// onlySaves reports whether content consists of nothing but q.
func onlySaves(parts [][]byte) bool {
	for _, p := range parts {
		for _, w := range bytes.Fields(p) {
			if string(w) != "q" {
				return false
			}
		}
	}
	return true
}

// replaced describes replaced content by the first word that differs.
func (s *step) replaced(f finding, a, b *statePage, old, now [][]byte) finding {
	was := content.Streams(s.old.rev, old, s.resources(s.old, a), s.mediaBox(s.old, a), content.Limits{})
	is := content.Streams(s.new.rev, now, s.resources(s.new, b), s.mediaBox(s.new, b), content.Limits{})
	wordsOld, wordsNew := words(was), words(is)
	for i := 0; i < max(len(wordsOld), len(wordsNew)); i++ {
		from, to := at(wordsOld, i), at(wordsNew, i)
		if from != to {
			return f.says("the page's content was replaced: where it said %q it says %q", printable(from, 60), printable(to, 60))
		}
	}
	if len(wordsOld) > 0 && was.Complete && is.Complete {
		return f.says("the page's content was replaced; the words are the same")
	}
	return f.says("the page's content was replaced")
}

func words(d *content.Drawing) []string {
	var out []string
	for _, m := range d.Marks {
		if m.Kind == content.Text && m.Known {
			out = append(out, m.Text)
		}
	}
	return out
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// resourceKinds are the categories of a resource dictionary (ISO 32000-2
// table 34); ProcSet means nothing any more.
var resourceKinds = []syntax.Name{"ExtGState", "ColorSpace", "Pattern", "Shading", "XObject", "Font", "Properties"}

// compareResources compares the resources of a page: what was there must
// mean the same. It returns the names that were added, unless the signed
// content already asked for one of them, which is forbidden.
func (s *step) compareResources(j int, a, b *statePage) []string {
	was, is := s.resources(s.old, a), s.resources(s.new, b)
	bad := fixed(signature.ChangeForbidden, signature.WhatResource, ruleResources).on(j+1, b.num)
	var added []string
	for _, kind := range resourceKinds {
		before, _ := s.old.rev.Dict(was.Get(kind))
		now, _ := s.new.rev.Dict(is.Get(kind))
		if before != nil {
			for _, e := range before.Entries {
				s.deep(before.Get(e.Key), now.Get(e.Key), true, b.num, "/"+string(kind)+"/"+printable(string(e.Key), 40), bad.says("%s", wordsFor(resourceWords, kind, "")))
			}
		}
		if now == nil {
			continue
		}
		for _, e := range now.Entries {
			if !before.Has(e.Key) {
				added = append(added, string(kind)+"/"+string(e.Key))
			}
		}
	}
	if len(added) == 0 {
		return nil
	}
	missing := s.drawing(a).Missing
	for _, name := range added {
		if missing[name] {
			s.add(bad.says("/%s was supplied, which the signed content used without having it", printable(name, 60)))
		}
	}
	return added
}

func (s *step) resources(st *state, p *statePage) *syntax.Dict {
	d, _ := st.rev.Dict(p.get("Resources"))
	return d
}

// mediaBox returns what of a page can be seen; letter size when it does not
// say.
func (s *step) mediaBox(st *state, p *statePage) content.Rect {
	box, ok := content.RectOf(st.rev, p.get("MediaBox"))
	if !ok || box.Empty() {
		box = content.Rect{X1: 612, Y1: 792}
	}
	if crop, ok := content.RectOf(st.rev, p.get("CropBox")); ok && !crop.Intersect(box).Empty() {
		box = crop.Intersect(box)
	}
	return box
}

// drawing returns what an old page draws, measured once.
func (s *step) drawing(p *statePage) *content.Drawing {
	key := s.old.index(p)
	if d := s.drawings[key]; d != nil {
		return d
	}
	d := s.draw(p)
	s.drawings[key] = d
	return d
}

func (s *step) draw(p *statePage) *content.Drawing {
	streams, _, err := streamsOf(s.old.rev, p.dict.Get("Contents"))
	if err != nil {
		return &content.Drawing{Problem: "the content cannot be read"}
	}
	parts, ok := decodeAll(s.old.rev, streams)
	if !ok {
		return &content.Drawing{Problem: "the content cannot be decoded"}
	}
	return content.Streams(s.old.rev, parts, s.resources(s.old, p), s.mediaBox(s.old, p), content.Limits{})
}
