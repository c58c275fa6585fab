package pdf

import (
	"minhchung/evidence/signature/pdf/syntax"
)

// maxRanges bounds the numbers of a ByteRange that are kept.
const maxRanges = 64

// byteRange returns the ByteRange as written. It must be a direct array of
// integers (ISO 32000-2 table 255): an indirect one could be replaced by a
// later revision.
func byteRange(d *syntax.Dict) (numbers []int64, problem string) {
	if !d.Has("ByteRange") {
		return nil, "the signature has no ByteRange"
	}
	list, ok := d.Get("ByteRange").(syntax.Array)
	if !ok {
		return nil, "the ByteRange is not a direct array"
	}
	for i, o := range list {
		n, ok := o.(syntax.Integer)
		if !ok {
			return numbers, "the ByteRange holds something else than whole numbers"
		}
		if i == maxRanges {
			return numbers, "the ByteRange has too many numbers"
		}
		numbers = append(numbers, int64(n))
	}
	return numbers, ""
}

// segment is a piece of the file that is hashed.
type segment struct{ start, length int64 }

// segments turns a ByteRange into the pieces it names; false when they cannot
// be hashed within the file.
func segments(numbers []int64, size int64) ([]segment, bool) {
	if len(numbers) == 0 || len(numbers)%2 != 0 {
		return nil, false
	}
	var out []segment
	left := 2 * size // odd ranges may overlap, but not make us hash without end
	for i := 0; i < len(numbers); i += 2 {
		start, length := numbers[i], numbers[i+1]
		if start < 0 || length < 0 || start > size || length > size-start || length > left {
			return nil, false
		}
		left -= length
		if length > 0 {
			out = append(out, segment{start, length})
		}
	}
	return out, true
}

// coverage finds the revision that a signature covers exactly, or says in one
// sentence why there is none. Exactly means: four numbers from 0; the gap is
// this very signature's Contents with its delimiters; the end lies behind the
// %%EOF of the revision that wrote the signature, with nothing but white
// space up to where the next revision begins (ISO 32000-2 12.8.1).
func coverage(f *syntax.File, s *sigField, numbers []int64) (revision int, problem string) {
	size := int64(len(f.Data()))
	if len(numbers) != 4 {
		return -1, "the ByteRange does not have four numbers"
	}
	if _, ok := segments(numbers, size); !ok {
		return -1, "the ByteRange leaves the file"
	}
	gap, after, end := numbers[1], numbers[2], numbers[2]+numbers[3]
	if numbers[0] != 0 {
		return -1, "the ByteRange does not start at 0"
	}
	if s.Value.Duplicate && ambiguous(s.Value) {
		return -1, "the signature dictionary has its Contents, ByteRange or SubFilter twice"
	}
	contents, ok := s.Value.Get("Contents").(syntax.String)
	if !ok || contents.Start < 0 {
		return -1, "the signature has no Contents in the file itself"
	}
	if after <= gap || contents.Start != gap || contents.End != after {
		return -1, "the gap in the ByteRange is not exactly this signature's Contents"
	}
	if !contents.Hex {
		return -1, "the Contents are not a hexadecimal string"
	}
	if s.Value.Start < 0 || gap < s.Value.Start || after > s.Value.End {
		return -1, "the gap in the ByteRange lies outside the signature dictionary"
	}
	for _, r := range f.Revisions() {
		if end <= r.End {
			return coveredBy(r, s, gap, end)
		}
	}
	return -1, "the ByteRange ends behind the last revision"
}

// ambiguous reports whether readers may take different values for what
// matters. Other keys may be repeated: one producer writes Type twice.
func ambiguous(d *syntax.Dict) bool {
	count := map[syntax.Name]int{}
	for _, e := range d.Entries {
		count[e.Key]++
	}
	return count["Contents"] > 1 || count["ByteRange"] > 1 || count["SubFilter"] > 1
}

// coveredBy checks the end of a ByteRange against the revision it falls into.
func coveredBy(r *syntax.Revision, s *sigField, gap, end int64) (int, string) {
	switch {
	case r.EOF < 0:
		return -1, "the signed revision has no %%EOF"
	case end < r.EOF:
		return -1, "the ByteRange ends inside a revision"
	case gap < r.Start:
		return -1, "the signature was written in an earlier revision than its ByteRange covers"
	case s.Seen != r.Index:
		return -1, "the form of the covered revision does not have this signature"
	}
	return r.Index, ""
}
