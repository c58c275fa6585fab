package syntax

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
)

// hit is an object that a scan found.
type hit struct {
	num int
	at  int64 // offset of the object, or of the object stream that holds it
	entry
}

// repair finds objects by scanning, as readers do when the cross-reference
// data are unusable. A file that needs it is never intact, so it only has to
// show what is there: the last definition before each %%EOF wins.
func (f *File) repair() error {
	f.base = 0
	f.containers = nil
	clear(f.cache)
	f.cacheNodes = 0
	if err := f.step(int64(len(f.data) >> 6)); err != nil {
		return err
	}
	hits, err := f.scanObjects()
	if err != nil {
		return err
	}
	if len(hits) == 0 {
		return fmt.Errorf("no objects found: %w", ErrDamaged)
	}
	f.bounds()
	f.distribute(hits)
	f.trailers(hits)
	if err := f.decryption(); err != nil {
		return err
	}
	more, err := f.scanStreams(hits)
	if err != nil {
		return err
	}
	if len(more) > 0 {
		hits = append(hits, more...)
		slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.at, b.at) })
		f.distribute(hits)
		f.trailers(hits)
	}
	if d, err := f.Last().Catalog(); err != nil || d == nil {
		return fmt.Errorf("no document catalogue, even by scanning: %w", ErrDamaged)
	}
	return nil
}

// maxHits bounds the objects that a scan finds.
const maxHits = 1 << 17

// scanObjects finds every "num gen obj".
func (f *File) scanObjects() ([]hit, error) {
	var hits []hit
	word := []byte("obj")
	for pos := 0; ; pos += len(word) {
		i := bytes.Index(f.data[pos:], word)
		if i < 0 {
			return hits, nil
		}
		pos += i
		start := f.headerBefore(pos)
		if start < 0 {
			continue
		}
		l := lexer{f: f, data: f.data, pos: start}
		num, gen, ok := l.header()
		if !ok {
			continue
		}
		if len(hits) == maxHits {
			return nil, fmt.Errorf("more than %d objects: %w", maxHits, ErrOverLimit)
		}
		hits = append(hits, hit{num: num, at: int64(start), entry: entry{
			offset: int64(start), gen: uint32(gen), kind: entryInUse}})
	}
}

// headerBefore returns where "num gen " in front of pos starts, or -1. Each
// number has at most ten digits, blanks in between are few.
func (f *File) headerBefore(pos int) int {
	const most = 10
	p := pos
	back := func(want func(byte) bool) int {
		n := 0
		for p > 0 && n < most && want(f.data[p-1]) {
			p--
			n++
		}
		return n
	}
	back(IsSpace)
	if back(isDigit) == 0 || back(IsSpace) == 0 || back(isDigit) == 0 {
		return -1
	}
	return p
}

// bounds makes a revision, yet without objects, for each %%EOF.
func (f *File) bounds() {
	f.revisions = nil
	add := func(eof, end int64) {
		r := &Revision{Index: len(f.revisions), file: f, EOF: eof, End: end, trailer: &Dict{}}
		if r.Index > 0 {
			r.prev = f.revisions[r.Index-1]
			r.Start = r.prev.End
		}
		f.revisions = append(f.revisions, r)
	}
	mark := []byte(eofMark)
	pos := 0
	for len(f.revisions) < f.limits.Revisions-1 {
		i := bytes.Index(f.data[pos:], mark)
		if i < 0 {
			break
		}
		eof := pos + i + len(mark)
		for pos = eof; pos < len(f.data) && IsSpace(f.data[pos]); pos++ {
		}
		add(int64(eof), int64(pos))
	}
	if pos < len(f.data) && bytes.Contains(f.data[pos:], []byte("obj")) || len(f.revisions) == 0 {
		add(-1, int64(len(f.data)))
	}
}

// revisionAt returns the revision that an offset lies in.
func (f *File) revisionAt(offset int64) *Revision {
	i := sort.Search(len(f.revisions), func(i int) bool { return offset < f.revisions[i].End })
	return f.revisions[min(i, len(f.revisions)-1)]
}

// distribute gives each revision the objects that lie in it; hits are in the
// order of the file.
func (f *File) distribute(hits []hit) {
	for len(hits) > 0 {
		r := f.revisionAt(hits[0].at)
		n := 1
		for n < len(hits) && f.revisionAt(hits[n].at) == r {
			n++
		}
		own := slices.Clone(hits[:n])
		slices.SortStableFunc(own, func(a, b hit) int { return a.num - b.num })
		s := &section{start: r.Start, trailer: r.trailer}
		for i, h := range own {
			if i+1 < len(own) && own[i+1].num == h.num {
				continue
			}
			last := len(s.subs) - 1
			if last >= 0 && s.subs[last].first+len(s.subs[last].entries) == h.num {
				s.subs[last].entries = append(s.subs[last].entries, h.entry)
			} else {
				s.subs = append(s.subs, subsection{h.num, []entry{h.entry}})
			}
		}
		r.sections = []*section{s}
		r.changed = nil
		hits = hits[n:]
	}
}

// trailers gives each revision the last trailer with a Root that was written
// up to its end; without any, a catalogue found by its type.
func (f *File) trailers(hits []hit) {
	own := make([]*Dict, len(f.revisions))
	f.each("trailer", func(pos int) {
		l := lexer{f: f, data: f.data, pos: pos + len("trailer"), nodes: f.limits.Nodes, placed: true}
		v, err := l.value(f.limits.Depth)
		if d, ok := v.(*Dict); err == nil && ok && d.Has("Root") {
			own[f.revisionAt(int64(pos)).Index] = d
		}
	})
	f.each("/XRef", func(pos int) {
		if c, _, ok := f.enclosing(hits, pos); ok {
			if s, ok := c.object.(*Stream); ok && s.Dict.Has("Root") {
				own[f.revisionAt(int64(pos)).Index] = s.Dict
			}
		}
	})
	var last *Dict
	for i, r := range f.revisions {
		if own[i] != nil {
			last = own[i]
		}
		if last != nil {
			r.trailer = last
		}
	}
	if last != nil {
		for i := len(f.revisions) - 1; i >= 0; i-- {
			if f.revisions[i].trailer.Has("Root") {
				last = f.revisions[i].trailer
			} else {
				f.revisions[i].trailer = last
			}
		}
		return
	}
	f.each("/Catalog", func(pos int) {
		if c, _, ok := f.enclosing(hits, pos); ok {
			if d, ok := c.object.(*Dict); ok && d.Get("Type") == Name("Catalog") {
				made := &Dict{Entries: []Entry{{"Root", Ref{c.num, c.gen}}}, Start: -1, End: -1}
				for _, r := range f.revisions {
					r.trailer = made
				}
			}
		}
	})
}

// maxMarks bounds how often one word is looked at.
const maxMarks = 1 << 14

// each calls fn for the places of a word.
func (f *File) each(word string, fn func(pos int)) {
	pos := 0
	for range maxMarks {
		i := bytes.Index(f.data[pos:], []byte(word))
		if i < 0 {
			return
		}
		fn(pos + i)
		pos += i + len(word)
	}
}

// enclosing returns the object that a place in the file lies in.
func (f *File) enclosing(hits []hit, pos int) (parsed, hit, bool) {
	i := sort.Search(len(hits), func(i int) bool { return hits[i].at > int64(pos) }) - 1
	for ; i >= 0 && hits[i].kind != entryInUse; i-- {
	}
	if i < 0 {
		return parsed{}, hit{}, false
	}
	c, err := f.at(hits[i].offset, -1, 0)
	return c, hits[i], err == nil
}

// scanStreams finds the objects inside object streams.
func (f *File) scanStreams(hits []hit) ([]hit, error) {
	var more []hit
	var failed error
	f.each("/ObjStm", func(pos int) {
		c, h, ok := f.enclosing(hits, pos)
		if !ok || failed != nil {
			return
		}
		s, ok := c.object.(*Stream)
		if !ok || s.Dict.Get("Type") != Name("ObjStm") || h.num > math.MaxInt32 {
			return
		}
		b, err := f.revisionAt(h.at).unbundle(s)
		if err != nil {
			return // an unreadable stream holds nothing
		}
		if f.containers == nil {
			f.containers = map[int]bool{}
		}
		f.containers[h.num] = true
		for i, num := range b.nums {
			if failed = f.countEntry(); failed != nil {
				return
			}
			more = append(more, hit{num: num, at: h.at, entry: entry{
				offset: int64(h.num), gen: uint32(i), kind: entryCompressed}})
		}
	})
	return more, failed
}
