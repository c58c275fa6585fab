package syntax

// The kinds of cross-reference entries (ISO 32000-2 table 18).
const (
	entryFree       = 0
	entryInUse      = 1
	entryCompressed = 2
)

// entry is one cross-reference entry. In use: offset and generation.
// Compressed: offset is the number of the object stream, gen the index in it.
type entry struct {
	offset int64
	gen    uint32
	kind   uint8
}

// section is one cross-reference table or stream.
type section struct {
	start int64 // offset of the section
	subs  []subsection
}

// subsection is a run of entries with consecutive numbers.
type subsection struct {
	first   int
	entries []entry
}

func (s *section) entry(num int) (entry, bool) {
	for i := range s.subs {
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
