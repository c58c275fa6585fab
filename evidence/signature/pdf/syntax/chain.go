package syntax

import (
	"bytes"
	"fmt"
	"slices"
)

const (
	startxref = "startxref"
	eofMark   = "%%EOF"
)

// link is a cross-reference section as the chain of Prev entries names it.
type link struct {
	*section
	hybrid *section // its XRefStm, or nil
	prev   int64    // offset of the section before, -1 for none
}

// chain follows Prev from the last startxref and makes the revisions.
func (f *File) chain() error {
	at := bytes.LastIndex(f.data, []byte(startxref))
	if at < 0 {
		return fmt.Errorf("no startxref: %w", ErrDamaged)
	}
	l := lexer{f: f, data: f.data, pos: at + len(startxref)}
	l.space()
	offset, ok := l.natural()
	if !ok {
		return fmt.Errorf("startxref without an offset: %w", ErrDamaged)
	}
	links, err := f.links(offset + f.base)
	if err != nil {
		return err
	}
	return f.assemble(links)
}

// links reads the sections, newest first.
func (f *File) links(offset int64) ([]link, error) {
	var out []link
	seen := map[int64]bool{}
	for offset >= 0 {
		if len(out) >= f.limits.Revisions {
			return nil, fmt.Errorf("more than %d revisions: %w", f.limits.Revisions, ErrOverLimit)
		}
		s, err := f.section(offset)
		if err != nil {
			return nil, err
		}
		if seen[s.start] {
			return nil, fmt.Errorf("loop of Prev entries: %w", ErrDamaged)
		}
		seen[s.start] = true
		n := link{section: s, prev: f.pointer(s.trailer, "Prev")}
		if h := f.pointer(s.trailer, "XRefStm"); h >= 0 {
			if n.hybrid, err = f.section(h); err != nil {
				return nil, err
			}
			n.hybrid.hybrid = true
		}
		out = append(out, n)
		offset = n.prev
	}
	return out, nil
}

// pointer returns an offset entry of a trailer, -1 when there is none. Some
// producers write Prev 0 for none.
func (f *File) pointer(d *Dict, key Name) int64 {
	switch v := d.Get(key).(type) {
	case Integer:
		if v > 0 {
			return int64(v) + f.base
		}
	case Real:
		if v > 0 && v < 1<<52 {
			return int64(v) + f.base
		}
	}
	return -1
}

// assemble makes revisions, oldest first, and checks that their bytes follow
// each other as they do when each was appended.
func (f *File) assemble(links []link) error {
	f.revisions = nil
	slices.Reverse(links)
	for i := 0; i < len(links); i++ {
		first := links[i]
		r := &Revision{Index: len(f.revisions), file: f}
		if n := len(f.revisions); n > 0 {
			r.prev = f.revisions[n-1]
			r.Start = r.prev.End
		}
		named := first.start
		group := []link{first}
		// A linearized file begins with the section of its first page, whose
		// Prev leads forward to the main one (ISO 32000-2 annex F.3): two
		// sections, one revision.
		if i == 0 && len(links) > 1 && links[1].start < first.start {
			group = []link{links[1], first}
			named = links[1].start
			i++
		}
		r.trailer = group[0].trailer
		for _, g := range group {
			r.sections = append(r.sections, g.section)
			if g.hybrid != nil {
				r.sections = append(r.sections, g.hybrid)
			}
		}
		next := int64(len(f.data))
		if i+1 < len(links) {
			next = links[i+1].start
		}
		f.finish(r, first.section, named, next)
		f.revisions = append(f.revisions, r)
	}
	return f.consistent()
}

// finish finds the end of a revision: the %%EOF that belongs to its section.
// named is the section that its startxref must lead to, next where the
// following revision's section starts.
func (f *File) finish(r *Revision, s *section, named, next int64) {
	r.EOF, r.End = -1, next
	l := lexer{f: f, data: f.data, pos: int(s.after)}
	for l.pos < len(l.data) && IsSpace(l.data[l.pos]) {
		l.pos++
	}
	if !bytes.HasPrefix(l.data[l.pos:], []byte(startxref)) {
		// Something stands between; the revision's body may follow its section.
		i := -1
		if s.after < next {
			i = bytes.Index(f.data[s.after:next], []byte(startxref))
		}
		if i < 0 {
			f.fault("the section at offset %d has no startxref", s.start)
			return
		}
		l.pos = int(s.after) + i
	}
	l.pos += len(startxref)
	for l.pos < len(l.data) && IsSpace(l.data[l.pos]) {
		l.pos++
	}
	offset, ok := l.natural()
	if !ok || !f.leadsTo(offset+f.base, named) {
		f.fault("the startxref behind offset %d names another section", s.after)
	}
	r.End = int64(l.pos)
	for l.pos < len(l.data) && IsSpace(l.data[l.pos]) {
		l.pos++
	}
	if bytes.HasPrefix(l.data[l.pos:], []byte(eofMark)) {
		l.pos += len(eofMark)
		r.EOF = int64(l.pos)
		for l.pos < len(l.data) && IsSpace(l.data[l.pos]) {
			l.pos++
		}
		r.End = int64(l.pos)
	}
}

// leadsTo reports whether only white space lies between an offset and a
// section.
func (f *File) leadsTo(offset, start int64) bool {
	if offset < 0 || offset > start {
		return false
	}
	for _, c := range f.data[offset:start] {
		if !IsSpace(c) {
			return false
		}
	}
	return true
}

// consistent checks what an honest incremental update cannot break: sections
// and the objects they name lie inside the bytes that existed then.
func (f *File) consistent() error {
	for _, r := range f.revisions {
		for _, s := range r.sections {
			if s.start >= r.End || s.start < r.Start && !s.hybrid {
				f.fault("revision %d has its section at offset %d outside its bytes", r.Index+1, s.start)
			}
			for _, sub := range s.subs {
				if err := f.step(int64(len(sub.entries)) >> 2); err != nil {
					return err
				}
				for k, e := range sub.entries {
					if e.kind == entryInUse && e.offset >= r.End && e.offset < int64(len(f.data)) {
						f.fault("revision %d names object %d behind its own end", r.Index+1, sub.first+k)
					}
				}
			}
		}
	}
	return nil
}
