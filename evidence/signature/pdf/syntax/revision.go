package syntax

import (
	"iter"
	"slices"
)

// Revision is the state of the file after one incremental update
// (ISO 32000-2 7.5.6). All methods see the objects as they were then.
type Revision struct {
	// Index is the place in File.Revisions.
	Index int
	// Start is the End of the revision before, 0 for the first.
	Start int64
	// EOF is the offset just behind this revision's %%EOF, or -1 when there
	// is none.
	EOF int64
	// End is the offset behind the white space that follows EOF.
	End int64

	file     *File
	prev     *Revision
	sections []*section // in the order of look-up
	trailer  *Dict
	changed  []int
}

// maxRefs bounds a chain of references to references.
const maxRefs = 16

// Trailer returns the revision's own trailer dictionary, never nil. Of a
// linearized file it is that of the first page's section.
func (r *Revision) Trailer() *Dict { return r.trailer }

// Previous returns the revision before, or nil.
func (r *Revision) Previous() *Revision { return r.prev }

// own returns the entry that this revision itself wrote for num.
func (r *Revision) own(num int) (entry, bool) {
	var free entry
	found := false
	for _, s := range r.sections {
		e, ok := s.entry(num)
		if !ok {
			continue
		}
		if e.kind != entryFree {
			return e, true
		}
		// A hybrid file hides objects in its XRefStm behind free entries of
		// the table (ISO 32000-2 7.5.8.4).
		if !found {
			free, found = e, true
		}
	}
	return free, found
}

// entry returns the entry that counts in r.
func (r *Revision) entry(num int) (entry, *Revision) {
	for ; r != nil && r.file.steps >= 0; r = r.prev {
		r.file.steps-- // a long chain of revisions is work too
		if e, ok := r.own(num); ok {
			return e, r
		}
	}
	return entry{}, nil
}

// Object returns the object with the given number as it was in this
// revision. A number that is free or unknown is Null without an error.
// The error wraps ErrDamaged when the entry does not lead to "num G obj",
// ErrOverLimit when a budget ran out.
func (r *Revision) Object(num int) (Object, error) {
	f := r.file
	if err := f.step(1); err != nil {
		return Null{}, err
	}
	e, writer := r.entry(num)
	switch {
	case writer == nil || e.kind == entryFree:
		return Null{}, nil
	case e.kind == entryCompressed:
		return r.compressed(num, e)
	}
	c, err := f.at(e.offset, num, int(e.gen))
	if err != nil {
		f.fault("object %d: %v", num, err)
		return Null{}, err
	}
	return c.object, nil
}

// Resolve returns o, or what o refers to when it is a Ref. Chains of
// references are followed a few steps; a loop is Null.
func (r *Revision) Resolve(o Object) (Object, error) {
	for range maxRefs {
		ref, ok := o.(Ref)
		if !ok {
			if o == nil {
				return Null{}, nil
			}
			return o, nil
		}
		e, writer := r.entry(ref.Num)
		if gen := e.generation(); writer != nil && e.kind != entryFree && gen != ref.Gen {
			// Some readers ignore the generation, others call it null.
			r.file.fault("reference %d %d R meets generation %d", ref.Num, ref.Gen, gen)
		}
		next, err := r.Object(ref.Num)
		if err != nil {
			return Null{}, err
		}
		o = next
	}
	return Null{}, nil
}

// Dict resolves o and returns it as a dictionary: that of a stream counts.
// It is nil when o is something else.
func (r *Revision) Dict(o Object) (*Dict, error) {
	v, err := r.Resolve(o)
	switch v := v.(type) {
	case *Dict:
		return v, err
	case *Stream:
		return v.Dict, err
	}
	return nil, err
}

// Array resolves o and returns it as an array, or nil.
func (r *Revision) Array(o Object) (Array, error) {
	v, err := r.Resolve(o)
	a, _ := v.(Array)
	return a, err
}

// Catalog returns the document catalogue, nil when there is none.
func (r *Revision) Catalog() (*Dict, error) { return r.Dict(r.trailer.Get("Root")) }

// Changed returns, in ascending order, the numbers of the objects whose entry
// this revision wrote and which differ from the revision before in place or
// existence. Objects inside an object stream that was itself rewritten are
// among them. The caller must not change the slice.
func (r *Revision) Changed() []int {
	if r.changed != nil {
		return r.changed
	}
	out := []int{}
	moved := map[int]bool{}
	for _, s := range r.sections {
		s.each(func(num int, _ entry) {
			now, _ := r.own(num)
			var before entry
			if r.prev != nil {
				before, _ = r.prev.entry(num)
			}
			if now != before {
				out = append(out, num)
				if r.file.containers[num] {
					moved[num] = true
				}
			}
		})
	}
	if len(moved) > 0 && r.prev != nil {
		for num := range r.prev.Objects() {
			if e, _ := r.entry(num); e.kind == entryCompressed && moved[int(e.offset)] {
				out = append(out, num)
			}
		}
	}
	slices.Sort(out)
	r.changed = slices.Compact(out)
	return r.changed
}

// Objects yields, in ascending order, the numbers of all objects that are in
// use in this revision, also those whose entry leads nowhere.
func (r *Revision) Objects() iter.Seq[int] {
	var nums []int
	for q := r; q != nil; q = q.prev {
		for _, s := range q.sections {
			s.each(func(num int, _ entry) { nums = append(nums, num) })
		}
	}
	r.file.steps -= int64(len(nums))
	slices.Sort(nums)
	nums = slices.Compact(nums)
	return func(yield func(int) bool) {
		for _, num := range nums {
			if e, _ := r.entry(num); e.kind != entryFree && !yield(num) {
				return
			}
		}
	}
}

// Location says where the object is written; false when it is not in use or
// cannot be parsed.
func (r *Revision) Location(num int) (Location, bool) {
	e, writer := r.entry(num)
	if writer == nil || e.kind == entryFree {
		return Location{}, false
	}
	if e.kind == entryCompressed {
		loc, ok := r.container(int(e.offset))
		loc.Stream, loc.Index = int(e.offset), int(e.gen)
		return loc, ok
	}
	c, err := r.file.at(e.offset, num, int(e.gen))
	if err != nil {
		return Location{}, false
	}
	return Location{Offset: e.offset, End: c.end}, true
}

func (r *Revision) container(num int) (Location, bool) {
	e, writer := r.entry(num)
	if writer == nil || e.kind != entryInUse {
		return Location{}, false
	}
	c, err := r.file.at(e.offset, num, int(e.gen))
	return Location{Offset: e.offset, End: c.end}, err == nil
}

// Generation returns the generation number of an object in use, which is 0
// inside object streams.
func (r *Revision) Generation(num int) int {
	e, _ := r.entry(num)
	return e.generation()
}

// Near returns a number by which objects can be put in the order in which they
// lie in the file, those of one object stream together: read in that order,
// each object stream is decoded once.
func (r *Revision) Near(num int) int64 {
	e, _ := r.entry(num)
	if e.kind == entryCompressed {
		container, _ := r.entry(int(e.offset))
		return container.offset
	}
	return e.offset
}

// Offset returns where "num gen obj" stands for an object of its own, without
// parsing it; false for one that is free or inside an object stream.
func (r *Revision) Offset(num int) (int64, bool) {
	e, _ := r.entry(num)
	return e.offset, e.kind == entryInUse
}
