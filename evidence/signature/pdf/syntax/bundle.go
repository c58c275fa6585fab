package syntax

import (
	"fmt"
	"math"
)

// span is a piece of the file.
type span struct{ start, end int64 }

// bundle is a decoded object stream (ISO 32000-2 7.5.7).
type bundle struct {
	data    []byte
	nums    []int
	offsets []int // in data
	objects map[int]Object
}

// bundleBytes bounds the decoded object streams that are kept.
const bundleBytes = 4 << 20

// compressed returns an object from an object stream, which is looked up in r
// like any other object: a later revision may replace it.
func (r *Revision) compressed(num int, e entry) (Object, error) {
	container := int(e.offset)
	o, err := r.fromBundle(num, container, int(e.gen))
	if err != nil {
		r.file.fault("object %d in object stream %d: %v", num, container, err)
		return Null{}, err
	}
	return o, nil
}

func (r *Revision) fromBundle(num, container, index int) (Object, error) {
	b, err := r.bundle(container)
	if err != nil {
		return Null{}, err
	}
	if index >= len(b.nums) || b.nums[index] != num {
		return Null{}, fmt.Errorf("not at index %d: %w", index, ErrDamaged)
	}
	if o, ok := b.objects[index]; ok {
		return o, nil
	}
	f := r.file
	l := lexer{f: f, data: b.data, pos: b.offsets[index], nodes: f.limits.Nodes}
	o, err := l.value(f.limits.Depth)
	nodes := f.limits.Nodes - l.nodes
	if stepErr := f.step(int64(nodes)); stepErr != nil {
		return Null{}, stepErr
	}
	if err != nil {
		return Null{}, err
	}
	if f.cacheNodes += nodes; f.cacheNodes > cacheNodes {
		clear(f.cache)
		clear(f.bundles)
		f.cacheNodes, f.bundleSize = nodes, 0
	}
	b.objects[index] = o
	return o, nil
}

// bundle decodes the object stream with the given number.
func (r *Revision) bundle(num int) (*bundle, error) {
	f := r.file
	e, _ := r.entry(num)
	if e.kind != entryInUse {
		return nil, fmt.Errorf("object stream is not an object of its own: %w", ErrDamaged)
	}
	if f.busy[num] { // its Length or a filter lies inside itself
		return nil, fmt.Errorf("object stream needs itself: %w", ErrDamaged)
	}
	if f.busy == nil {
		f.busy, f.bundles = map[int]bool{}, map[span]*bundle{}
	}
	f.busy[num] = true
	defer delete(f.busy, num)
	c, err := f.at(e.offset, num, int(e.gen))
	if err != nil {
		return nil, err
	}
	s, ok := c.object.(*Stream)
	if !ok || s.Dict.Get("Type") != Name("ObjStm") {
		return nil, fmt.Errorf("not an object stream: %w", ErrDamaged)
	}
	start, end, err := r.extent(s)
	if err != nil {
		return nil, err
	}
	if b, ok := f.bundles[span{start, end}]; ok {
		return b, nil
	}
	b, err := r.unbundle(s)
	if err != nil {
		return nil, err
	}
	if f.bundleSize += len(b.data); f.bundleSize > bundleBytes {
		clear(f.bundles)
		f.bundleSize = len(b.data)
	}
	f.bundles[span{start, end}] = b
	return b, nil
}

// unbundle decodes an object stream and reads its table of numbers and
// offsets. Extends is not followed: the cross-reference names the stream
// that holds an object.
func (r *Revision) unbundle(s *Stream) (*bundle, error) {
	data, err := r.Decode(s)
	if err != nil {
		return nil, err
	}
	first, count := r.integer(s.Dict, "First"), r.integer(s.Dict, "N")
	if first < 0 || first > int64(len(data)) || count < 0 {
		return nil, fmt.Errorf("object stream with First or N out of range: %w", ErrDamaged)
	}
	l := lexer{f: r.file, data: data[:first]}
	b := &bundle{data: data, objects: map[int]Object{}}
	for range count {
		l.space()
		num, ok1 := l.natural()
		l.space()
		offset, ok2 := l.natural()
		if !ok1 || !ok2 {
			break // fewer than declared: those that are missing are not found
		}
		if num > math.MaxInt32 || offset > int64(len(data))-first {
			return nil, fmt.Errorf("entry out of range: %w", ErrDamaged)
		}
		b.nums = append(b.nums, int(num))
		b.offsets = append(b.offsets, int(first+offset))
	}
	return b, r.file.step(int64(len(b.nums)))
}
