package pdf

import (
	"bytes"

	"minhchung/evidence/signature/pdf/syntax"
)

// The limits of the look at what pages draw.
const (
	maxFormDepth   = 8
	maxInkStreams  = 20000
	maxInkStream   = 256 << 10 // bytes of one content stream
	maxInkBytes    = 16 << 20  // bytes of all of them
	maxRenderStack = 64
)

// ink is what content streams draw, as far as a scan is told from a text.
type ink struct {
	revision *syntax.Revision
	seen     map[int64]bool // form XObjects by offset
	text     bool
	image    bool
	unclear  bool // something could not be read
	streams  int
	bytes    int
}

// surveyPages counts the pages of a revision and says whether they are only
// images: there are some, and no page draws text. Text in render mode 3, the
// layer that recognition puts under a scan, is not drawn.
func surveyPages(r *syntax.Revision) (count int, imageOnly, complete bool) {
	k := ink{revision: r, seen: map[int64]bool{}}
	complete = pages(r, func(p page) bool {
		count++
		if !k.text && !k.unclear {
			k.page(p)
		}
		return true
	})
	return count, complete && count > 0 && k.image && !k.text && !k.unclear, complete
}

func (k *ink) page(p page) {
	v, err := k.revision.Resolve(p.dict.Get("Contents"))
	if err != nil {
		k.unclear = true
		return
	}
	resources, _ := k.revision.Dict(p.resources)
	switch v := v.(type) {
	case *syntax.Stream:
		k.stream(v, resources, maxFormDepth)
	case syntax.Array:
		for _, o := range v {
			part, err := k.revision.Resolve(o)
			if s, ok := part.(*syntax.Stream); ok && err == nil && !k.text {
				k.stream(s, resources, maxFormDepth)
			}
		}
	}
}

// stream looks at one content stream. The first text ends the search.
func (k *ink) stream(s *syntax.Stream, resources *syntax.Dict, depth int) {
	if k.streams++; k.streams > maxInkStreams || depth == 0 {
		k.unclear = true
		return
	}
	data, err := k.revision.DecodeMax(s, maxInkStream)
	if k.bytes += len(data); err != nil || k.bytes > maxInkBytes {
		k.unclear = true
	}
	state := renderState{}
	o := operators{data: data}
	for o.next() {
		switch string(o.word) {
		case "Tj", "TJ", "'", "\"":
			if state.mode != 3 {
				k.text = true
				return
			}
		case "Tr":
			state.mode = o.number
		case "q":
			state.push()
		case "Q":
			state.pop()
		case "BI":
			k.image = true
			o.inlineImage()
		case "Do":
			k.xobject(resources, syntax.Name(o.name), depth)
			if k.text {
				return
			}
		}
	}
	k.unclear = k.unclear || len(data) == maxInkStream // the rest was not seen
}

// renderState is the text rendering mode with those that q saved.
type renderState struct {
	mode  int
	saved []int
}

func (s *renderState) push() {
	if len(s.saved) < maxRenderStack {
		s.saved = append(s.saved, s.mode)
	}
}

func (s *renderState) pop() {
	if n := len(s.saved); n > 0 {
		s.mode, s.saved = s.saved[n-1], s.saved[:n-1]
	}
}

func (k *ink) xobject(resources *syntax.Dict, name syntax.Name, depth int) {
	all, err := k.revision.Dict(resources.Get("XObject"))
	if err != nil {
		k.unclear = true
		return
	}
	v, err := k.revision.Resolve(all.Get(name))
	s, ok := v.(*syntax.Stream)
	if err != nil || !ok {
		k.unclear = k.unclear || err != nil
		return
	}
	switch s.Dict.Get("Subtype") {
	case syntax.Name("Image"):
		k.image = true
	case syntax.Name("Form"):
		if k.seen[s.Start] {
			return
		}
		k.seen[s.Start] = true
		if own, err := k.revision.Dict(s.Dict.Get("Resources")); err == nil && own != nil {
			resources = own
		}
		k.stream(s, resources, depth-1)
	}
}

// operators walks over the operators of a content stream (ISO 32000-2 7.8.2)
// without building its operands.
type operators struct {
	data   []byte
	pos    int
	word   []byte // the operator
	name   []byte // the last name operand
	number int    // the last one-digit number operand
}

// next moves to the next operator.
func (o *operators) next() bool {
	for o.pos < len(o.data) {
		switch c := o.data[o.pos]; {
		case syntax.IsSpace(c) || c == '[' || c == ']' || c == '<' || c == '>' || c == '{' || c == '}' || c == ')':
			o.pos++
			if c == '<' {
				o.hex()
			}
		case c == '%':
			o.comment()
		case c == '(':
			o.literal()
		case c == '/':
			o.pos++
			o.name = o.token()
		case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
			if t := o.token(); len(t) == 1 {
				o.number = int(t[0] - '0')
			}
		default:
			o.word = o.token()
			return true
		}
	}
	return false
}

func (o *operators) token() []byte {
	start := o.pos
	for o.pos < len(o.data) && syntax.IsRegular(o.data[o.pos]) {
		o.pos++
	}
	return o.data[start:o.pos]
}

func (o *operators) comment() {
	i := bytes.IndexAny(o.data[o.pos:], "\r\n")
	if i < 0 {
		i = len(o.data) - o.pos
	}
	o.pos += i
}

func (o *operators) hex() {
	if o.pos < len(o.data) && o.data[o.pos] == '<' { // a dictionary
		o.pos++
		return
	}
	if i := bytes.IndexByte(o.data[o.pos:], '>'); i >= 0 {
		o.pos += i + 1
		return
	}
	o.pos = len(o.data)
}

func (o *operators) literal() {
	for level := 0; o.pos < len(o.data); o.pos++ {
		switch o.data[o.pos] {
		case '\\':
			o.pos++
		case '(':
			level++
		case ')':
			if level--; level == 0 {
				o.pos++
				return
			}
		}
	}
}

// inlineImage skips the data of an inline image up to an EI that stands
// alone (ISO 32000-2 8.9.7).
func (o *operators) inlineImage() {
	i := bytes.Index(o.data[o.pos:], []byte("ID"))
	if i < 0 {
		return
	}
	o.pos += i + 2
	for {
		i := bytes.Index(o.data[o.pos:], []byte("EI"))
		if i < 0 {
			o.pos = len(o.data)
			return
		}
		at := o.pos + i
		o.pos = at + 2
		if at > 0 && syntax.IsSpace(o.data[at-1]) && (o.pos == len(o.data) || syntax.IsSpace(o.data[o.pos])) {
			return
		}
	}
}
