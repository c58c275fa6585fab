package syntax

import "fmt"

// File is an opened PDF file. It parses on demand and keeps what it parsed,
// so neither a File nor its Revisions are safe for concurrent use.
type File struct {
	// Repaired is true when the declared cross-reference data could not be
	// used and objects were found by scanning, or when a reader that repairs
	// could see other objects than one that does not. It may become true
	// while objects are read; Faults says why.
	Repaired bool

	data      []byte
	limits    Limits
	revisions []*Revision
	base      int64 // what offsets in the file count from: junk before %PDF-

	steps   int64 // left
	decoded int64 // bytes left
	faults  []string

	cache      map[int64]parsed // by offset of the object
	cacheNodes int
	names      map[string]Name
	containers map[int]bool // numbers that serve as object streams
}

// Location is where an object is written.
type Location struct {
	// Offset is that of "N G obj", and End is behind the value; behind the
	// dictionary for a stream. For an object inside an object stream both
	// are those of the object stream.
	Offset, End int64
	// Stream is the number of the object stream that holds the object, or 0.
	Stream int
	// Index is the place inside Stream.
	Index int
}

// parsed is an indirect object with its place.
type parsed struct {
	object   Object
	num, gen int
	end      int64
	nodes    int
}

// maxFaults bounds the list of faults.
const maxFaults = 50

// Open finds the revisions of a file. Objects are parsed when they are asked
// for. The error wraps ErrDamaged, ErrOverLimit or ErrEncrypted; data must
// not be changed while the File is in use.
func Open(data []byte, limits Limits) (*File, error) {
	return nil, fmt.Errorf("not yet: %w", ErrDamaged)
}

// Data returns the bytes of the file.
func (f *File) Data() []byte { return f.data }

// Revisions returns the revisions, oldest first; there is at least one.
func (f *File) Revisions() []*Revision { return f.revisions }

// Last returns the newest revision: what a reader shows.
func (f *File) Last() *Revision { return f.revisions[len(f.revisions)-1] }

// Trailing returns the bytes behind the newest revision: empty, or something
// that is not white space.
func (f *File) Trailing() []byte { return f.data[f.Last().End:] }

// Faults lists why Repaired is true, in the order found, each an English
// phrase that is safe to print.
func (f *File) Faults() []string { return f.faults }

// fault records that readers may disagree on this file.
func (f *File) fault(format string, args ...any) {
	f.Repaired = true
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, fmt.Sprintf(format, args...))
	}
}

func (f *File) at(offset int64, num, gen int) (parsed, error) {
	return parsed{}, ErrDamaged
}

func (r *Revision) compressed(num int, e entry) (Object, error) { return Null{}, ErrDamaged }
