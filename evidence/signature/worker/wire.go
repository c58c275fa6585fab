package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"minhchung/evidence/signature"
)

// Request and answer travel as lists of fields in a fixed order: numbers as
// varints, strings and DER with their length before them. It is for the two
// ends of one program, so there are no names and no versions; the fields stand
// in fields.go, once for both directions.
//
// Reading believes nothing: a length is compared with what is left, lists grow
// with what arrives, strings are UTF-8, times can be written as RFC 3339.

// coder writes fields, or reads them; the first error stays.
type coder struct {
	writing bool
	buf     []byte // written so far, or left to read
	items   int    // of lists, read so far
	err     error
}

// maxItems bounds the elements of all lists of one answer.
const maxItems = maxChanges + maxRevisions

var errWire = errors.New("fields cut short or out of range")

// end reports the first error, also when something is left to read.
func (c *coder) end() error {
	if c.err == nil && !c.writing && len(c.buf) > 0 {
		c.fail("%d bytes too many", len(c.buf))
	}
	return c.err
}

func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{errWire}, args...)...)
	}
	c.buf = nil
}

// skip takes n bytes that were read.
func (c *coder) skip(n int) { c.buf = c.buf[n:] }

func (c *coder) number(v *int64) {
	if c.writing {
		c.buf = binary.AppendVarint(c.buf, *v)
		return
	}
	x, n := binary.Varint(c.buf)
	if n <= 0 {
		c.fail("a number")
		return
	}
	*v = x
	c.skip(n)
}

func (c *coder) int(v *int) {
	x := int64(*v)
	c.number(&x)
	*v = int(x)
}

func (c *coder) bool(v *bool) {
	var x int64
	if *v {
		x = 1
	}
	c.number(&x)
	if x != 0 && x != 1 {
		c.fail("a truth value of %d", x)
	}
	*v = x == 1
}

// length returns that of what follows; -1 stands for nil.
func (c *coder) length(n int) int {
	x := int64(n)
	c.number(&x)
	if !c.writing && (x < -1 || x > int64(len(c.buf))) {
		c.fail("a length of %d", x)
		return -1
	}
	return int(x)
}

// str carries a string. What is not UTF-8 in it becomes U+FFFD, as in JSON.
func str[T ~string](c *coder, v *T) {
	if c.writing {
		s := string(*v)
		if !utf8.ValidString(s) {
			s = string([]rune(s))
		}
		c.buf = append(binary.AppendVarint(c.buf, int64(len(s))), s...)
		return
	}
	n := max(c.length(0), 0)
	if !utf8.Valid(c.buf[:n]) {
		c.fail("text that is not UTF-8")
		return
	}
	*v = T(c.buf[:n])
	c.skip(n)
}

func (c *coder) bytes(v *[]byte) {
	if c.writing {
		c.length(lengthOf(*v))
		c.buf = append(c.buf, *v...)
		return
	}
	n := c.length(0)
	if n < 0 {
		*v = nil
		return
	}
	*v = c.buf[:n:n]
	c.skip(n)
}

func lengthOf[T any](list []T) int {
	if list == nil {
		return -1
	}
	return len(list)
}

func (c *coder) hash(v *signature.Hash) {
	if c.writing {
		c.buf = append(c.buf, v[:]...)
		return
	}
	if len(c.buf) < len(v) {
		c.fail("a digest")
		return
	}
	c.skip(copy(v[:], c.buf))
}

// time carries a time with its offset.
func (c *coder) time(v *time.Time) {
	var raw []byte
	if c.writing {
		raw, c.err = v.MarshalBinary()
	}
	c.bytes(&raw)
	if !c.writing {
		if err := v.UnmarshalBinary(raw); err != nil {
			c.fail("a time")
			return
		}
	}
	if _, err := v.MarshalText(); err != nil { // years and offsets that RFC 3339 lacks
		c.fail("a time: %v", err)
	}
}

// list carries a slice; nil stays nil.
func list[T any](c *coder, v *[]T, each func(*coder, *T)) {
	n := c.length(lengthOf(*v))
	if c.writing {
		for i := range *v {
			each(c, &(*v)[i])
		}
		return
	}
	*v = nil
	if n < 0 {
		return
	}
	if c.items += n; c.items > maxItems {
		c.fail("more than %d items", maxItems)
		return
	}
	*v = make([]T, 0, min(n, 16))
	for range n {
		var item T
		if each(c, &item); c.err != nil {
			return
		}
		*v = append(*v, item)
	}
}

// maybe carries a pointer.
func maybe[T any](c *coder, v **T, each func(*coder, *T)) {
	is := *v != nil
	c.bool(&is)
	if !is {
		*v = nil
		return
	}
	if !c.writing {
		*v = new(T)
	}
	each(c, *v)
}

// digests carries them in the order of their names.
func (c *coder) digests(v *map[string][]byte) {
	type digest struct {
		name  string
		value []byte
	}
	var all []digest
	if *v != nil {
		all = []digest{}
	}
	for _, name := range slices.Sorted(maps.Keys(*v)) {
		all = append(all, digest{name, (*v)[name]})
	}
	list(c, &all, func(c *coder, d *digest) {
		str(c, &d.name)
		c.bytes(&d.value)
	})
	if c.writing || all == nil {
		return
	}
	*v = make(map[string][]byte, len(all))
	for _, d := range all {
		(*v)[d.name] = d.value
	}
}
