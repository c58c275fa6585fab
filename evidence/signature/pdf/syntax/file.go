package syntax

import (
	"bytes"
	"errors"
	"fmt"
)

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

	entriesLeft int
	steps       int64 // left
	decoded     int64 // bytes left
	faults      []string

	cache      map[int64]parsed // by offset of the object
	cacheNodes int
	names      map[string]Object // each a boxed Name

	containers map[int]bool // numbers that serve as object streams
	bundles    map[span]*bundle
	bundleSize int
	busy       map[int]bool // object streams being read
	search     search

	kept     map[span][]byte // decoded streams, see Revision.plain
	keptSize int64

	crypt *crypt // nil when not encrypted

	values         []Object // stack of array elements being parsed
	entries        []Entry  // stack of dictionary entries being parsed
	short          []Object // room for short arrays
	headOfFreeList bool     // the last subsection began with "0 65535 f"
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

const (
	// maxFaults bounds the list of faults.
	maxFaults = 50
	// headerWithin is how far from the start readers look for %PDF-.
	headerWithin = 1024
)

// Open finds the revisions of a file. Objects are parsed when they are asked
// for. The error wraps ErrDamaged, ErrOverLimit or ErrEncrypted; data must
// not be changed while the File is in use.
func Open(data []byte, limits Limits) (*File, error) {
	limits = limits.withDefaults()
	f := &File{
		data: data, limits: limits,
		entriesLeft: limits.Objects, steps: limits.Steps, decoded: limits.Bytes,
		cache: map[int64]parsed{}, names: map[string]Object{},
	}
	header := bytes.Index(data[:min(len(data), headerWithin)], []byte("%PDF-"))
	if header < 0 {
		return nil, fmt.Errorf("no %%PDF- header: %w", ErrDamaged)
	}
	err := f.declared(int64(header))
	if err != nil && !errors.Is(err, ErrOverLimit) {
		f.fault("%v", err)
		err = f.repair()
	} else if err == nil {
		err = f.decryption()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// declared follows the cross-reference sections that the file names. Offsets
// count from the start of the file or, in files with junk in front, from the
// header.
func (f *File) declared(header int64) error {
	err := f.chain()
	if err != nil && header > 0 && !errors.Is(err, ErrOverLimit) {
		f.base = header
		if err = f.chain(); err != nil {
			f.base = 0
		}
	}
	if err != nil {
		return err
	}
	if d, err := f.Last().Catalog(); err != nil || d == nil {
		return fmt.Errorf("no document catalogue: %w", errors.Join(err, ErrDamaged))
	}
	return nil
}

// Data returns the bytes of the file.
func (f *File) Data() []byte { return f.data }

// Encrypted reports whether the file is encrypted, with the empty password.
func (f *File) Encrypted() bool { return f.crypt != nil }

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

func (f *File) step(n int64) error {
	if f.steps -= n; f.steps < 0 {
		return fmt.Errorf("too many values: %w", ErrOverLimit)
	}
	return nil
}

// Exhausted reports whether a budget for the whole file ran out, so that
// something was not looked at.
func (f *File) Exhausted() bool { return f.steps < 0 || f.decoded < 0 || f.entriesLeft < 0 }
