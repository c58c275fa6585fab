// Package syntax reads the objects of a PDF file (ISO 32000-2 7.2 to 7.6) so
// that every revision can be seen as it was when it was written: a bounded,
// lazy parser for hostile files. It believes no declared length, count or
// size, and says so whenever two readers could see different things.
package syntax

// Object is one PDF object (ISO 32000-2 7.3): Null, Bool, Integer, Real,
// String, Name, Array, *Dict, *Stream or Ref. Functions of this package never
// return a nil Object; what is missing is Null. Objects are shared and must
// not be changed.
type Object interface{ object() }

// Null is the null object, and stands for everything that is not there.
type Null struct{}

// Bool is true or false.
type Bool bool

// Integer is a whole number. One that does not fit is a Real.
type Integer int64

// Real is a number with a decimal point.
type Real float64

// Name is a name object, decoded: without its slash, #xx replaced.
type Name string

// Array is an array object.
type Array []Object

// Ref is an indirect reference (ISO 32000-2 7.3.10).
type Ref struct{ Num, Gen int }

// String is a string object. It keeps its place in the file and is decoded
// and decrypted when Bytes is called.
type String struct {
	Hex bool // written between < and >

	exempt bool // from encryption with key: the Contents of a signature

	// Start and End are file offsets of the string with its delimiters, or
	// of nothing (-1, -1) for a string inside an object stream.
	Start, End int64

	raw []byte // between the delimiters
	key *objectKey
}

// Entry is one key of a dictionary with its value.
type Entry struct {
	Key   Name
	Value Object
}

// Dict is a dictionary object. The zero value is empty.
type Dict struct {
	// Entries are in the order of the file; a repeated key is there twice.
	Entries []Entry
	// Duplicate is true when a key is repeated: readers disagree on what
	// such a dictionary means.
	Duplicate bool
	// Start and End are file offsets of << and behind >>, or -1 inside an
	// object stream.
	Start, End int64

	index map[Name]int // of the last entry of each key, for large dictionaries
}

// Stream is a stream object. Its extent depends on the revision that asks,
// because Length may be an indirect object: see Revision.Raw and
// Revision.Decode.
type Stream struct {
	Dict  *Dict
	Start int64 // file offset of the first data byte

	limit int64 // end of the revision that holds Start
	key   *objectKey
}

func (Null) object()    {}
func (Bool) object()    {}
func (Integer) object() {}
func (Real) object()    {}
func (String) object()  {}
func (Name) object()    {}
func (Array) object()   {}
func (*Dict) object()   {}
func (*Stream) object() {}
func (Ref) object()     {}

// indexFrom is the number of entries from which a dictionary gets an index.
const indexFrom = 12

// Get returns the value of key, which may be a Ref, or Null. Of a repeated
// key the last one counts. It is safe on a nil *Dict.
func (d *Dict) Get(key Name) Object {
	if d == nil {
		return Null{}
	}
	if d.index != nil {
		if i, ok := d.index[key]; ok {
			return d.Entries[i].Value
		}
		return Null{}
	}
	for i := len(d.Entries) - 1; i >= 0; i-- {
		if d.Entries[i].Key == key {
			return d.Entries[i].Value
		}
	}
	return Null{}
}

// Has reports whether key is present, even with the value null.
func (d *Dict) Has(key Name) bool {
	if d == nil {
		return false
	}
	if d.index != nil {
		_, ok := d.index[key]
		return ok
	}
	for i := range d.Entries {
		if d.Entries[i].Key == key {
			return true
		}
	}
	return false
}

// seal finds repeated keys and, for a large dictionary, builds the index.
func (d *Dict) seal() {
	if len(d.Entries) >= indexFrom {
		d.index = make(map[Name]int, len(d.Entries))
		for i := range d.Entries {
			if _, ok := d.index[d.Entries[i].Key]; ok {
				d.Duplicate = true
			}
			d.index[d.Entries[i].Key] = i
		}
		return
	}
	for i := range d.Entries {
		for j := range i {
			if d.Entries[i].Key == d.Entries[j].Key {
				d.Duplicate = true
			}
		}
	}
}

// IsNull reports whether o is Null (or a nil Object, which callers may have
// made themselves).
func IsNull(o Object) bool {
	if o == nil {
		return true
	}
	_, ok := o.(Null)
	return ok
}
