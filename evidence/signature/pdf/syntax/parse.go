package syntax

import (
	"bytes"
	"fmt"
	"sort"
)

// value parses one object. Nothing is resolved.
func (l *lexer) value(depth int) (Object, error) {
	l.space()
	if l.pos >= len(l.data) {
		return Null{}, l.damaged("unexpected end")
	}
	if l.nodes--; l.nodes < 0 {
		return Null{}, fmt.Errorf("too many values in one object: %w", ErrOverLimit)
	}
	switch c := l.data[l.pos]; c {
	case '/':
		return l.name(), nil
	case '(':
		return l.literal()
	case '<':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
			return l.dict(depth)
		}
		return l.hex()
	case '[':
		return l.array(depth)
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return l.numberOrRef()
	case '+', '-', '.':
		return l.number()
	default:
		return l.word()
	}
}

func (l *lexer) word() (Object, error) {
	switch {
	case l.keyword("null"):
		return Null{}, nil
	case l.keyword("true"):
		return Bool(true), nil
	case l.keyword("false"):
		return Bool(false), nil
	}
	return Null{}, l.damaged("unknown token")
}

func (l *lexer) tooDeep() error {
	return fmt.Errorf("nested too deep: %w", ErrOverLimit)
}

func (l *lexer) array(depth int) (Object, error) {
	if depth <= 0 {
		return Null{}, l.tooDeep()
	}
	l.pos++
	bottom := len(l.f.values)
	defer func() { l.f.values = l.f.values[:bottom] }()
	for {
		l.space()
		if l.pos < len(l.data) && l.data[l.pos] == ']' {
			l.pos++
			return l.f.keep(l.f.values[bottom:]), nil
		}
		v, err := l.value(depth - 1)
		if err != nil {
			return Null{}, err
		}
		l.f.values = append(l.f.values, v)
	}
}

// shortArray is the length up to which arrays share memory: the widths of a
// font are a hundred arrays of one number.
const shortArray = 8

// keep copies the elements of an array from the stack.
func (f *File) keep(values []Object) Object {
	n := len(values)
	if n == 1 {
		if v, ok := values[0].(Integer); ok && v >= 0 && v < Integer(len(singles)) {
			return singles[v]
		}
	}
	if n > shortArray {
		return append(make(Array, 0, n), values...)
	}
	if f.short == nil || len(f.short) < n {
		f.short = make([]Object, 8*shortArray)
	}
	a := Array(f.short[:n:n])
	f.short = f.short[n:]
	copy(a, values)
	return a
}

func (l *lexer) dict(depth int) (Object, error) {
	if depth <= 0 {
		return Null{}, l.tooDeep()
	}
	d := &Dict{Start: int64(l.pos), End: -1}
	l.pos += 2
	bottom := len(l.f.entries)
	defer func() { l.f.entries = l.f.entries[:bottom] }()
	for {
		l.space()
		if l.closes() {
			break
		}
		if l.pos >= len(l.data) || l.data[l.pos] != '/' {
			return Null{}, l.damaged("dictionary key expected")
		}
		key := l.name().(Name)
		l.space()
		var v Object = Null{}
		if !l.atClose() { // a last key without a value means null
			var err error
			if v, err = l.value(depth - 1); err != nil {
				return Null{}, err
			}
		}
		l.f.entries = append(l.f.entries, Entry{key, v})
	}
	d.Entries = append(make([]Entry, 0, len(l.f.entries)-bottom), l.f.entries[bottom:]...)
	d.End = int64(l.pos)
	if !l.placed {
		d.Start, d.End = -1, -1
	}
	d.seal()
	if l.key != nil {
		d.exempt()
	}
	return d, nil
}

func (l *lexer) atClose() bool {
	return l.pos+1 < len(l.data) && l.data[l.pos] == '>' && l.data[l.pos+1] == '>'
}

func (l *lexer) closes() bool {
	if !l.atClose() {
		return false
	}
	l.pos += 2
	return true
}

// exempt takes the Contents of a signature dictionary out of encryption
// (ISO 32000-2 7.6.2).
func (d *Dict) exempt() {
	t := d.Get("Type")
	if !d.Has("ByteRange") && t != Name("Sig") && t != Name("DocTimeStamp") {
		return
	}
	for i := range d.Entries {
		if s, ok := d.Entries[i].Value.(String); ok && d.Entries[i].Key == "Contents" {
			s.exempt = true
			d.Entries[i].Value = s
		}
	}
}

// literal consumes a string in parentheses.
func (l *lexer) literal() (Object, error) {
	start, level := l.pos, 0
	for p := start; p < len(l.data); p++ {
		switch l.data[p] {
		case '\\':
			p++
		case '(':
			level++
		case ')':
			if level--; level == 0 {
				l.pos = p + 1
				return l.string(start, false), nil
			}
		}
	}
	return Null{}, l.damaged("string without an end")
}

// hex consumes a hexadecimal string.
func (l *lexer) hex() (Object, error) {
	start := l.pos
	end := bytes.IndexByte(l.data[start:], '>')
	if end < 0 {
		return Null{}, l.damaged("string without an end")
	}
	l.pos = start + end + 1
	return l.string(start, true), nil
}

func (l *lexer) string(start int, hex bool) Object {
	s := String{Hex: hex, raw: l.data[start+1 : l.pos-1], key: l.key, Start: -1, End: -1}
	if l.placed {
		s.Start, s.End = int64(start), int64(l.pos)
	}
	return s
}

// cacheNodes bounds the values that are kept parsed.
const cacheNodes = 1 << 17

// at returns the indirect object that starts at a file offset. It fails when
// it is not num; a negative num takes whatever is there.
func (f *File) at(offset int64, num, gen int) (parsed, error) {
	c, ok := f.cache[offset]
	if !ok {
		var err error
		if c, err = f.parse(offset); err != nil {
			return parsed{}, err
		}
		if f.cacheNodes += c.nodes; f.cacheNodes > cacheNodes {
			clear(f.cache)
			f.cacheNodes = c.nodes
		}
		f.cache[offset] = c
	}
	if num >= 0 && (c.num != num || c.gen != gen) {
		return parsed{}, fmt.Errorf("object %d %d found at offset %d instead of %d %d: %w",
			c.num, c.gen, offset, num, gen, ErrDamaged)
	}
	return c, nil
}

// limitOf returns the end of the revision that an offset lies in: no object
// reaches over it, so that appended bytes never complete an older object.
func (f *File) limitOf(offset int64) int64 {
	i := sort.Search(len(f.revisions), func(i int) bool { return offset < f.revisions[i].End })
	if i < len(f.revisions) {
		return f.revisions[i].End
	}
	return int64(len(f.data))
}

func (f *File) parse(offset int64) (parsed, error) {
	if offset < 0 || offset >= int64(len(f.data)) {
		return parsed{}, fmt.Errorf("offset %d outside the file: %w", offset, ErrDamaged)
	}
	// White space in front belongs to the revision before when the entry
	// points there; the object does not.
	for offset < int64(len(f.data))-1 && IsSpace(f.data[offset]) {
		offset++
	}
	limit := f.limitOf(offset)
	l := lexer{f: f, data: f.data[:limit], pos: int(offset), nodes: f.limits.Nodes, placed: true}
	c := parsed{}
	var ok bool
	if c.num, c.gen, ok = l.header(); !ok {
		return c, fmt.Errorf("no object at offset %d: %w", offset, ErrDamaged)
	}
	l.key = f.keyOf(c.num, c.gen)
	l.space()
	if l.keyword("endobj") { // an empty object is null
		c.object, c.end, c.nodes = Null{}, int64(l.pos), 1
		return c, nil
	}
	var err error
	c.object, err = l.value(f.limits.Depth)
	c.nodes = f.limits.Nodes - l.nodes
	if stepErr := f.step(int64(c.nodes)); stepErr != nil {
		return c, stepErr
	}
	if err != nil {
		return c, err
	}
	c.end = int64(l.pos)
	if d, isDict := c.object.(*Dict); isDict {
		l.space()
		if start, found := l.streamStart(); found {
			c.object = &Stream{Dict: d, Start: start, limit: limit, key: l.key}
		}
	}
	return c, nil
}

// streamStart consumes the keyword stream and its end of line
// (ISO 32000-2 7.3.8.1). A lone carriage return is tolerated.
func (l *lexer) streamStart() (int64, bool) {
	const word = "stream"
	if !bytes.HasPrefix(l.data[l.pos:], []byte(word)) {
		return 0, false
	}
	p := l.pos + len(word)
	for q := p; q < len(l.data) && class[l.data[q]] == white; q++ {
		if l.data[q] == '\n' || l.data[q] == '\r' { // blanks before the end of line
			p = q
			break
		}
	}
	switch {
	case bytes.HasPrefix(l.data[p:], []byte("\r\n")):
		p += 2
	case p < len(l.data) && (l.data[p] == '\n' || l.data[p] == '\r'):
		p++
	}
	return int64(p), true
}
