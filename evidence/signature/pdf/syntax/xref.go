package syntax

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sort"
)

// The kinds of cross-reference entries (ISO 32000-2 table 18).
const (
	entryFree       = 0
	entryInUse      = 1
	entryCompressed = 2
)

// entry is one cross-reference entry. In use: file offset and generation.
// Compressed: offset is the number of the object stream, gen the index in
// it. All free entries are the zero value.
type entry struct {
	offset int64
	gen    uint32
	kind   uint8
}

// generation returns the generation number, which is 0 in object streams.
func (e entry) generation() int {
	if e.kind != entryInUse {
		return 0
	}
	return int(e.gen)
}

// section is one cross-reference table (ISO 32000-2 7.5.4) or stream (7.5.8).
type section struct {
	start   int64 // offset of "xref" or of the stream object
	after   int64 // offset behind its trailer or stream
	trailer *Dict
	subs    []subsection
	// hybrid marks an XRefStm. It may lie in an older revision: word
	// processors write an update that only adds the table.
	hybrid bool
}

// subsection is a run of entries with consecutive numbers.
type subsection struct {
	first   int
	entries []entry
}

func (s *section) entry(num int) (entry, bool) {
	from, to := 0, len(s.subs)
	if to > 8 {
		// The last subsection that starts at or before num.
		from = sort.Search(to, func(i int) bool { return s.subs[i].first > num }) - 1
		from, to = max(from, 0), min(from+1, to)
	}
	for i := from; i < to; i++ {
		if k := num - s.subs[i].first; k >= 0 && k < len(s.subs[i].entries) {
			return s.subs[i].entries[k], true
		}
	}
	return entry{}, false
}

func (s *section) each(fn func(num int, e entry)) {
	for i := range s.subs {
		for k, e := range s.subs[i].entries {
			fn(s.subs[i].first+k, e)
		}
	}
}

// section reads the cross-reference section at a file offset.
func (f *File) section(offset int64) (*section, error) {
	if offset < 0 || offset >= int64(len(f.data)) {
		return nil, fmt.Errorf("cross-reference offset %d outside the file: %w", offset, ErrDamaged)
	}
	l := lexer{f: f, data: f.data, pos: int(offset), nodes: f.limits.Nodes, placed: true}
	for l.pos < len(l.data) && IsSpace(l.data[l.pos]) {
		l.pos++
	}
	s := &section{start: int64(l.pos)}
	var err error
	if bytes.HasPrefix(l.data[l.pos:], []byte("xref")) {
		l.pos += len("xref")
		err = l.table(s)
	} else {
		err = f.xrefStream(s)
	}
	if err == nil {
		err = s.arrange(f)
	}
	if err != nil {
		return nil, fmt.Errorf("cross-reference section at offset %d: %w", offset, err)
	}
	return s, nil
}

// arrange sorts the subsections so that a look-up may stop at the first, and
// refuses to choose when two of them name the same object differently.
func (s *section) arrange(f *File) error {
	end := func(sub subsection) int { return sub.first + len(sub.entries) }
	disjoint := true
	for i := 1; i < len(s.subs); i++ {
		disjoint = disjoint && s.subs[i].first >= end(s.subs[i-1])
	}
	if disjoint {
		return s.merge(f)
	}
	slices.SortStableFunc(s.subs, func(a, b subsection) int { return a.first - b.first })
	last := 0
	for i, sub := range s.subs {
		if i > 0 && sub.first < last {
			f.fault("the section at offset %d has more than one entry for object %d", s.start, sub.first)
		}
		last = max(last, end(sub))
	}
	return f.step(int64(len(s.subs)))
}

// merge joins neighbouring runs; a section of many single entries would
// otherwise be slow to search.
func (s *section) merge(f *File) error {
	if len(s.subs) < 2 {
		return nil
	}
	out := s.subs[:1]
	for _, sub := range s.subs[1:] {
		last := &out[len(out)-1]
		if last.first+len(last.entries) == sub.first {
			last.entries = append(last.entries, sub.entries...)
		} else {
			out = append(out, sub)
		}
	}
	s.subs = out
	return f.step(int64(len(out)))
}

// table reads the subsections and the trailer of a classic table.
func (l *lexer) table(s *section) error {
	for {
		l.space()
		if l.keyword("trailer") || bytes.HasPrefix(l.data[l.pos:], []byte("trailer<<")) {
			break
		}
		first, ok1 := l.natural()
		l.space()
		count, ok2 := l.natural()
		if !ok1 || !ok2 || first > math.MaxInt32 {
			return l.damaged("subsection expected")
		}
		sub, err := l.rows(first, count)
		if err != nil {
			return err
		}
		// A table that starts at 1 with the entry of object 0 is a known
		// mistake that every reader mends.
		if len(s.subs) == 0 && sub.first == 1 && count > 0 && l.f.headOfFreeList {
			sub.first = 0
		}
		if len(sub.entries) > 0 {
			s.subs = append(s.subs, sub)
		}
	}
	if l.pos < len(l.data) && l.data[l.pos] == 't' {
		l.pos += len("trailer")
	}
	v, err := l.value(l.f.limits.Depth)
	if err != nil {
		return err
	}
	d, ok := v.(*Dict)
	if !ok {
		return l.damaged("trailer dictionary expected")
	}
	s.trailer, s.after = d, int64(l.pos)
	return nil
}

// shortestRow is the length of "0 0 n" and one blank.
const shortestRow = 6

// rows reads the entries of one subsection. The declared count says when to
// stop, never how much to reserve.
func (l *lexer) rows(first, count int64) (subsection, error) {
	l.space()
	l.f.headOfFreeList = false
	room := min(count, int64((len(l.data)-l.pos)/shortestRow+1))
	if first+room > math.MaxInt32 {
		return subsection{}, l.damaged("object number too large")
	}
	sub := subsection{first: int(first)}
	for i := range count {
		if err := l.f.countEntry(); err != nil {
			return sub, err
		}
		offset, gen, kind, ok := l.row()
		if !ok {
			return sub, l.damaged("cross-reference entry expected")
		}
		e := entry{}
		if kind == 'n' && offset > 0 {
			e = entry{kind: entryInUse, offset: offset + l.f.base, gen: uint32(min(gen, math.MaxUint32))}
		} else if i == 0 {
			l.f.headOfFreeList = gen == 65535 && offset == 0
		}
		if i == 0 {
			sub.entries = make([]entry, 0, min(room, 1<<16))
		}
		sub.entries = append(sub.entries, e)
	}
	return sub, nil
}

// row reads one entry: the 20 bytes of the standard, or anything like them.
func (l *lexer) row() (offset, gen int64, kind byte, ok bool) {
	l.space()
	offset, ok1 := l.natural()
	l.space()
	gen, ok2 := l.natural()
	l.space()
	if !ok1 || !ok2 || l.pos >= len(l.data) {
		return 0, 0, 0, false
	}
	kind = l.data[l.pos]
	l.pos++
	return offset, gen, kind, (kind == 'n' || kind == 'f') && offset <= math.MaxInt64/2
}

func (f *File) countEntry() error {
	if f.entriesLeft--; f.entriesLeft < 0 {
		return fmt.Errorf("too many cross-reference entries: %w", ErrOverLimit)
	}
	return nil
}

// xrefStream reads a cross-reference stream.
func (f *File) xrefStream(s *section) error {
	c, err := f.parse(s.start)
	if err != nil {
		return err
	}
	stream, ok := c.object.(*Stream)
	if !ok || stream.Dict.Get("Type") != Name("XRef") {
		return fmt.Errorf("neither a table nor a stream: %w", ErrDamaged)
	}
	stream.key = nil // never encrypted (ISO 32000-2 7.5.8.2)
	// No revision is known yet, and none may be needed: Length and the
	// filters of this stream are direct objects (7.5.8.2).
	r := &Revision{file: f, trailer: stream.Dict}
	start, end, err := r.extent(stream)
	if err != nil {
		return err
	}
	data, err := r.Decode(stream)
	if err != nil {
		return err
	}
	if name, ok := stream.Dict.Get("Filter").(Name); ok && name == "FlateDecode" && wrongChecksum(f.data[start:end], f.limits.StreamBytes) {
		f.fault("the checksum of the cross-reference stream at offset %d is wrong", s.start)
	}
	l := lexer{f: f, data: f.data, pos: int(end)}
	l.space()
	if l.pos < int(start) || !l.keyword("endstream") {
		return fmt.Errorf("no endstream: %w", ErrDamaged)
	}
	l.space()
	l.keyword("endobj")
	s.trailer, s.after = stream.Dict, int64(l.pos)
	return f.streamRows(s, stream.Dict, data)
}

// streamRows reads the entries of a cross-reference stream.
func (f *File) streamRows(s *section, d *Dict, data []byte) error {
	var w [3]int
	widths, _ := d.Get("W").(Array)
	if len(widths) < len(w) {
		return fmt.Errorf("no W entry: %w", ErrDamaged)
	}
	for i := range w {
		n, ok := widths[i].(Integer)
		if !ok || n < 0 || n > 8 {
			return fmt.Errorf("field width out of range: %w", ErrDamaged)
		}
		w[i] = int(n)
	}
	index, _ := d.Get("Index").(Array)
	if index == nil {
		index = Array{Integer(0), d.Get("Size")}
	}
	size := w[0] + w[1] + w[2]
	for i := 0; i+1 < len(index); i += 2 {
		first, ok1 := index[i].(Integer)
		count, ok2 := index[i+1].(Integer)
		if !ok1 || !ok2 || first < 0 || count < 0 || first > math.MaxInt32 || size == 0 {
			return fmt.Errorf("bad Index entry: %w", ErrDamaged)
		}
		have := min(int64(count), int64(len(data)/size))
		if int64(first)+have > math.MaxInt32 {
			return fmt.Errorf("object number too large: %w", ErrDamaged)
		}
		sub := subsection{first: int(first), entries: make([]entry, have)}
		for k := range sub.entries {
			if err := f.countEntry(); err != nil {
				return err
			}
			sub.entries[k] = f.streamRow(data[:size], w)
			data = data[size:]
		}
		if have > 0 {
			s.subs = append(s.subs, sub)
		}
	}
	return nil
}

func (f *File) streamRow(row []byte, w [3]int) entry {
	field := func(width int, without uint64) uint64 {
		if width == 0 {
			return without
		}
		v := uint64(0)
		for _, c := range row[:width] {
			v = v<<8 | uint64(c)
		}
		row = row[width:]
		return v
	}
	kind := field(w[0], 1)
	second := field(w[1], 0)
	third := uint32(min(field(w[2], 0), math.MaxUint32))
	switch {
	case second > math.MaxInt64/2:
		return entry{}
	case kind == entryInUse && second > 0:
		return entry{kind: entryInUse, offset: int64(second) + f.base, gen: third}
	case kind == entryCompressed && second <= math.MaxInt32:
		if f.containers == nil {
			f.containers = map[int]bool{}
		}
		f.containers[int(second)] = true
		return entry{kind: entryCompressed, offset: int64(second), gen: third}
	}
	return entry{} // unknown kinds mean null (ISO 32000-2 7.5.8.3)
}
