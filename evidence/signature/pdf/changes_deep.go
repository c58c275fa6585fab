package pdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"minhchung/evidence/signature/pdf/syntax"
)

// comparer finds the differences between two object graphs. Whether a value
// is direct or indirect and what number it has makes no difference; two nodes
// with an identity (pages, annotations, fields, structure elements) are equal
// when they are each other's counterpart, and are compared elsewhere.
type comparer struct {
	step *step
	// drawn is set for what is drawn: contents, resources, appearances.
	// There only a few entries may point at nodes with an identity, so that
	// nothing can be drawn without being compared.
	drawn bool
	memo  map[[2]int]bool // pairs that were queued; made when there is one
	queue []pair
	path  []byte
	// brief stops the comparison at the first difference.
	brief bool
	done  bool

	count  int      // of differences
	places []string // the first maxDetails of them, unless brief
	at     int      // object of the first
}

// pair is two indirect objects to compare.
type pair struct {
	a, b syntax.Ref
	path string
}

// maxPath bounds the description of a place.
const maxPath = 120

// compare reports the differences between a (before) and b (after); object is
// where b stands.
func (c *comparer) compare(a, b syntax.Object, object int, path string) {
	c.path = append(c.path[:0], path...)
	c.value(a, b, "", object)
	for len(c.queue) > 0 && !c.done {
		p := c.queue[len(c.queue)-1]
		c.queue = c.queue[:len(c.queue)-1]
		c.path = append(c.path[:0], p.path...)
		c.pair(p)
	}
	c.queue = c.queue[:0]
}

func (c *comparer) report(object int, format string, args ...any) {
	if c.done {
		return
	}
	if c.count++; c.count == 1 {
		c.at = object
	}
	if c.done = c.brief; !c.brief && len(c.places) < maxDetails {
		c.places = append(c.places, string(c.path)+": "+fmt.Sprintf(format, args...))
	}
}

// borrow lends the comparer the memory of the one before; the result takes it
// back. Another comparer may be at work meanwhile, and makes its own.
func (c *comparer) borrow() (giveBack func()) {
	s := c.step
	c.queue, c.path, s.queue, s.path = s.queue[:0], s.path[:0], nil, nil
	return func() { s.queue, s.path = c.queue[:0], c.path[:0] }
}

// pair compares two indirect objects.
func (c *comparer) pair(p pair) {
	same := p.a.Num == p.b.Num && !c.step.changed[p.b.Num]
	a, errA := c.step.old.rev.Resolve(p.a)
	b, errB := c.step.new.rev.Resolve(p.b)
	if errA != nil || errB != nil {
		if !same {
			c.report(p.b.Num, "object %d cannot be read", p.b.Num)
		}
		return
	}
	if sa, ok := a.(*syntax.Stream); ok {
		if sb, ok := b.(*syntax.Stream); ok {
			c.stream(sa, sb, same, p.b.Num)
			return
		}
	}
	c.values(a, b, p.b.Num)
}

// value compares two values below key.
func (c *comparer) value(a, b syntax.Object, key syntax.Name, object int) {
	if c.done {
		return
	}
	ra, aRef := a.(syntax.Ref)
	rb, bRef := b.(syntax.Ref)
	if aRef {
		if anchored, ok := c.step.anchored(ra, b, key, c.drawn); anchored {
			if !ok {
				c.report(object, "points elsewhere")
			}
			return
		}
	}
	if aRef && bRef {
		k := [2]int{ra.Num, rb.Num}
		if !c.memo[k] && !c.step.equal[c.drawn][k] {
			if c.memo == nil {
				c.memo = map[[2]int]bool{}
			}
			c.memo[k] = true
			c.queue = append(c.queue, pair{ra, rb, string(c.path)})
		}
		return
	}
	va, errA := c.step.old.rev.Resolve(a)
	vb, errB := c.step.new.rev.Resolve(b)
	if errA != nil || errB != nil {
		c.report(object, "cannot be read")
		return
	}
	if bRef {
		object = rb.Num
	}
	if sa, ok := va.(*syntax.Stream); ok {
		if sb, ok := vb.(*syntax.Stream); ok {
			c.stream(sa, sb, false, object)
			return
		}
	}
	c.values(va, vb, object)
}

// values compares two resolved values that are not both streams.
func (c *comparer) values(a, b syntax.Object, object int) {
	switch a := a.(type) {
	case *syntax.Dict:
		if b, ok := b.(*syntax.Dict); ok {
			c.dict(a, b, nil, object)
			return
		}
	case syntax.Array:
		if b, ok := b.(syntax.Array); ok {
			c.array(a, b, object)
			return
		}
	case syntax.String:
		b, ok := b.(syntax.String)
		if ok && (a.Start >= 0 && a.Start == b.Start || bytes.Equal(a.Bytes(), b.Bytes())) {
			return // the same place in the file, or the same text
		}
	case *syntax.Stream:
	default:
		if sameScalar(a, b) {
			return
		}
	}
	switch {
	case syntax.IsNull(a):
		c.report(object, "added%s", shortly(b))
	case syntax.IsNull(b):
		c.report(object, "removed")
	default:
		c.report(object, "%s instead of %s", describe(b), describe(a))
	}
}

func sameScalar(a, b syntax.Object) bool {
	if na, ok := asNumber(a); ok {
		nb, ok := asNumber(b)
		return ok && na == nb
	}
	switch b.(type) {
	case *syntax.Dict, *syntax.Stream, syntax.Array, syntax.String:
		return false
	}
	return a == b
}

// scalars compares two values that lead nowhere; false when one of them does.
func scalars(a, b syntax.Object) (equal, ok bool) {
	for _, o := range [2]syntax.Object{a, b} {
		if _, text := o.(syntax.String); text || o == nil || refers(o) {
			return false, false
		}
	}
	return sameScalar(a, b), true
}

func asNumber(o syntax.Object) (float64, bool) {
	switch v := o.(type) {
	case syntax.Integer:
		return float64(v), true
	case syntax.Real:
		return float64(v), true
	}
	return 0, false
}

// describe names a value in a few safe characters.
func describe(o syntax.Object) string {
	switch v := o.(type) {
	case syntax.Integer:
		return strconv.FormatInt(int64(v), 10)
	case syntax.Real:
		return strconv.FormatFloat(float64(v), 'g', 6, 64)
	case syntax.Name:
		return "/" + printable(string(v), 30)
	case syntax.Bool:
		return strconv.FormatBool(bool(v))
	case syntax.String:
		return strconv.Quote(printable(oneLine(plainText(v.Bytes())), 40))
	case syntax.Array:
		return "a list"
	case *syntax.Dict:
		return "a dictionary"
	case *syntax.Stream:
		return "a stream"
	}
	return "nothing"
}

// shortly shows a value that takes no room, for what was added.
func shortly(o syntax.Object) string {
	switch o.(type) {
	case syntax.Integer, syntax.Real, syntax.Name, syntax.Bool, syntax.String:
		return " " + describe(o)
	}
	return ""
}

// leads reports whether references may be found from a value.
func leads(o syntax.Object) bool {
	switch v := o.(type) {
	case syntax.Array:
		return slices.ContainsFunc(v, refers)
	default:
		return refers(o)
	}
}

func refers(o syntax.Object) bool {
	switch o.(type) {
	case syntax.Ref, syntax.Array, *syntax.Dict, *syntax.Stream:
		return true
	}
	return false
}

// unchanged looks at an entry or element that is the very same in both
// revisions: only references can lead to a difference from there.
func (c *comparer) unchanged(d *syntax.Dict, skip map[syntax.Name]bool, object int) {
	for i := range d.Entries {
		e := &d.Entries[i]
		if v := e.Value; leads(v) && !skip[e.Key] {
			if d.Duplicate {
				v = d.Get(e.Key)
			}
			c.entry(v, v, e.Key, object)
		}
	}
}

// dict compares two dictionaries without the entries of skip.
func (c *comparer) dict(a, b *syntax.Dict, skip map[syntax.Name]bool, object int) {
	if a == b && a != nil {
		c.unchanged(a, skip, object)
		return
	}
	if b.Duplicate && !a.Duplicate {
		c.report(object, "a dictionary with the same entry twice")
		return
	}
	for i := range a.Entries {
		if k := a.Entries[i].Key; !skip[k] {
			c.entry(a.Get(k), b.Get(k), k, object)
		}
	}
	for i := range b.Entries {
		if k := b.Entries[i].Key; !skip[k] && !a.Has(k) {
			c.entry(syntax.Null{}, b.Entries[i].Value, k, object)
		}
	}
}

func (c *comparer) entry(a, b syntax.Object, k syntax.Name, object int) {
	if k == "Type" && (syntax.IsNull(a) && impliedType(b) || syntax.IsNull(b) && impliedType(a)) {
		return
	}
	n := len(c.path)
	if n < maxPath {
		c.path = append(append(c.path, '/'), printable(string(k), 40)...)
	}
	c.value(a, b, k, object)
	c.path = c.path[:n]
}

func (c *comparer) array(a, b syntax.Array, object int) {
	if len(a) != len(b) {
		c.report(object, "%d items instead of %d", len(b), len(a))
		return
	}
	same := len(a) > 0 && &a[0] == &b[0]
	for i := range a {
		if !same || leads(a[i]) {
			c.value(a[i], b[i], "", object)
		}
	}
}

// encodingKeys say how a stream is written and not what it means.
var encodingKeys = map[syntax.Name]bool{"Length": true, "Filter": true, "DecodeParms": true, "DL": true}

// stream compares two streams by what they mean: their dictionaries and their
// decoded data. A Length that moved is seen because it changes the data.
func (c *comparer) stream(a, b *syntax.Stream, same bool, object int) {
	c.dict(a.Dict, b.Dict, encodingKeys, object)
	if c.done || same && !c.step.indirectEncoding(b) {
		return
	}
	rawA, errA := c.step.old.rev.Raw(a)
	rawB, errB := c.step.new.rev.Raw(b)
	if lies(c.step.new.rev, b, rawB) && !lies(c.step.old.rev, a, rawA) {
		c.report(object, "a length that is not the data's")
		return
	}
	if errA == nil && errB == nil && bytes.Equal(rawA, rawB) {
		// Equal bytes mean the same when they are decoded the same way.
		if c.step.sameEncoding(a, b) {
			return
		}
	}
	dataA, errA := c.step.old.rev.Decode(a)
	dataB, errB := c.step.new.rev.Decode(b)
	if errA != nil || errB != nil || !bytes.Equal(dataA, dataB) {
		c.report(object, "other data")
	}
}

// lies reports whether a stream's Length is not that of its data: readers
// that believe it see something else than those that look for the end.
func lies(rev *syntax.Revision, s *syntax.Stream, raw []byte) bool {
	v, _ := rev.Resolve(s.Dict.Get("Length"))
	n, ok := v.(syntax.Integer)
	return !ok || int64(n) != int64(len(raw))
}

// indirectEncoding reports whether an entry that tells how to read the stream
// is an object of its own, which may change without the stream.
func (s *step) indirectEncoding(b *syntax.Stream) bool {
	for k := range encodingKeys {
		switch v := b.Dict.Get(k).(type) {
		case syntax.Ref, *syntax.Dict:
			return true
		case syntax.Array:
			for _, o := range v {
				if _, ok := o.(syntax.Name); !ok {
					return true
				}
			}
		}
	}
	return false
}

func (s *step) sameEncoding(a, b *syntax.Stream) bool {
	return s.same(a.Dict.Get("Filter"), b.Dict.Get("Filter"), true) &&
		s.same(a.Dict.Get("DecodeParms"), b.Dict.Get("DecodeParms"), true)
}

// same reports whether two values mean the same.
func (s *step) same(a, b syntax.Object, drawn bool) bool {
	if equal, ok := scalars(a, b); ok {
		return equal
	}
	c := comparer{step: s, drawn: drawn, brief: true}
	defer c.borrow()()
	c.compare(a, b, 0, "")
	if c.count == 0 && len(c.memo) > 0 {
		// Every pair on the way is equal, and need not be looked at again.
		if s.equal[drawn] == nil {
			s.equal[drawn] = map[[2]int]bool{}
		}
		maps.Copy(s.equal[drawn], c.memo)
	}
	return c.count == 0
}

// backward are the entries that may point at nodes with an identity from what
// is drawn; nothing is drawn through them.
var backward = map[syntax.Name]bool{"P": true, "Parent": true, "Pg": true, "Page": true, "Obj": true}

// anchored reports whether a is a node with an identity, and then whether b
// is its counterpart.
func (s *step) anchored(a syntax.Ref, b syntax.Object, key syntax.Name, drawn bool) (is, ok bool) {
	if drawn && !backward[key] {
		return false, false
	}
	rb, _ := b.(syntax.Ref)
	if i, page := s.old.pageAt[a.Num]; page {
		j, ok := s.new.pageAt[rb.Num]
		return true, ok && s.old.pages[i] == s.counterpart[j]
	}
	switch {
	case s.old.root != 0 && a.Num == s.old.root:
		return true, rb.Num == s.new.root
	case s.old.tree[a.Num] != nil:
		return true, s.new.tree[rb.Num] != nil
	case s.old.annots[a.Num] != nil, s.old.widgets[a.Num] != nil, s.old.nums[a.Num] != nil, s.old.structs[a.Num]:
		if to, moved := s.moved[a.Num]; moved {
			return true, to == rb.Num
		}
		return true, a.Num == rb.Num && s.new.knows(rb.Num)
	}
	return false, false
}

// knows reports whether an object is a node with an identity.
func (s *state) knows(num int) bool {
	return s.annots[num] != nil || s.widgets[num] != nil || s.structs[num] || s.nums[num] != nil
}
