package content

import (
	"bytes"

	"minhchung/evidence/signature/pdf/syntax"
)

// operand is what stands before an operator.
type operand struct {
	kind     kind
	num      float64
	text     []byte
	from, to int // items of an array, in machine.arena
}

// maxOperands bounds the operands of one operator; a TJ array in the field
// has a few hundred items.
const maxOperands = 1 << 16

// graphics is the part of the graphics state (ISO 32000-2 8.4) that decides
// where things are drawn.
type graphics struct {
	ctm  Matrix
	clip Rect // encloses the clipping path
	line float64

	font                             *font
	size                             float64
	charSpace, wordSpace, horizontal float64
	leading, rise                    float64
	render                           int
}

// machine interprets content streams.
type machine struct {
	rev     *syntax.Revision
	limits  Limits
	ops     int
	drawing Drawing

	state     graphics
	stack     []graphics
	resources *syntax.Dict
	tm, tlm   Matrix

	path        path
	pendingClip bool

	arena    []operand
	operands []operand
	bounds   []int // ends of the parts in the running stream; nil inside forms
	part     int
	forms    []int64 // starts of the forms being drawn
	nested   bool    // draws a glyph of a Type 3 font
	fonts    map[*syntax.Dict]*font
	decoded  map[int64][]byte

	expected int // marks that get room at first

	word  word // being shown
	kept  int  // chars of all fonts
	spare char // one beyond
}

// maxSaved bounds the stack of q.
const maxSaved = 4096

func newMachine(r *syntax.Revision, limits Limits) *machine {
	m := &machine{rev: r, limits: limits.withDefaults(), fonts: map[*syntax.Dict]*font{}, decoded: map[int64][]byte{}}
	m.drawing = Drawing{Complete: true, Missing: map[string]bool{}}
	m.ops = m.limits.Operators
	m.state = graphics{ctm: Identity, clip: everything, line: 1, horizontal: 1}
	m.tm, m.tlm = Identity, Identity
	return m
}

func (m *machine) resolve(o syntax.Object) syntax.Object {
	v, err := m.rev.Resolve(o)
	if err != nil {
		m.drawing.fail("an object could not be read")
	}
	return v
}

func (m *machine) dict(o syntax.Object) *syntax.Dict {
	switch v := m.resolve(o).(type) {
	case *syntax.Dict:
		return v
	case *syntax.Stream:
		return v.Dict
	}
	return nil
}

func (m *machine) name(o syntax.Object) string {
	n, _ := m.resolve(o).(syntax.Name)
	return string(n)
}

// resource looks a named resource up and notes when it is not there.
func (m *machine) resource(category string, name []byte) syntax.Object {
	d := m.dict(m.resources.Get(syntax.Name(category)))
	v := m.resolve(d.Get(syntax.Name(name)))
	if syntax.IsNull(v) && len(m.drawing.Missing) < 10000 {
		m.drawing.Missing[category+"/"+string(name)] = true
	}
	return v
}

// run interprets the parts as one stream, for that is what readers do: a
// token may not be split between them, but an unfinished one swallows what
// follows (ISO 32000-2 table 31, Contents).
func (m *machine) run(parts [][]byte, resources *syntax.Dict) {
	m.resources = resources
	size := 0
	m.bounds = nil
	for _, p := range parts {
		size += len(p) + 1
		m.bounds = append(m.bounds, size)
	}
	m.expected = min(1+size/markBytes, maxExpected)
	if len(parts) == 1 {
		m.execute(parts[0])
		return
	}
	all := make([]byte, 0, size)
	for _, p := range parts {
		all = append(append(all, p...), '\n')
	}
	m.execute(all)
}

// The marks that get room at first: content has about markBytes for a word.
const (
	markBytes   = 20
	maxExpected = 1024
)

// execute runs one stream; the caller has set resources.
func (m *machine) execute(data []byte) {
	l := lexer{data: data}
	top := m.bounds
	for {
		t := l.next()
		switch t.kind {
		case kindEOF:
			m.clear()
			return
		case kindOperator:
			if m.ops--; m.ops < 0 {
				m.drawing.fail("too many operators")
				return
			}
			if top != nil {
				for m.part+1 < len(top) && l.pos > top[m.part] {
					m.part++
				}
			}
			m.operate(string(t.text), &l)
			m.clear()
			l.decoded = l.decoded[:0]
		default:
			m.push(t, &l)
		}
	}
}

func (m *machine) clear() { m.operands, m.arena = m.operands[:0], m.arena[:0] }

// push adds an operand.
func (m *machine) push(t token, l *lexer) {
	if len(m.operands)+len(m.arena) > maxOperands {
		m.drawing.fail("too many operands")
		m.clear()
	}
	switch t.kind {
	case kindNumber, kindName, kindString:
		m.operands = append(m.operands, operand{kind: t.kind, num: t.num, text: t.text})
	case kindOpenArray:
		m.array(l)
	case kindOpenDict:
		skipDict(l)
		m.operands = append(m.operands, operand{kind: kindDict})
	}
}

// array reads the items of an array; what is nested deeper is dropped, for no
// operator that draws takes it.
func (m *machine) array(l *lexer) {
	from, depth := len(m.arena), 1
	for depth > 0 {
		t := l.next()
		switch t.kind {
		case kindEOF:
			depth = 0
		case kindOpenArray:
			depth++
		case kindCloseArray:
			depth--
		case kindNumber, kindString:
			if len(m.arena) > maxOperands {
				m.drawing.fail("too many operands")
				m.arena = m.arena[:from]
			}
			m.arena = append(m.arena, operand{kind: t.kind, num: t.num, text: t.text})
		}
	}
	m.operands = append(m.operands, operand{kind: kindArray, from: from, to: len(m.arena)})
}

// skipDict moves behind the >> that ends a dictionary and returns nothing of
// it: property lists decide about marked content, not about geometry.
func skipDict(l *lexer) {
	for depth := 1; depth > 0; {
		switch l.next().kind {
		case kindEOF:
			return
		case kindOpenDict:
			depth++
		case kindCloseDict:
			depth--
		}
	}
}

// nums returns the last n operands as numbers; false when there are fewer or
// others.
func (m *machine) nums(n int) ([]operand, bool) {
	if len(m.operands) < n {
		return nil, false
	}
	last := m.operands[len(m.operands)-n:]
	for i := range last {
		if last[i].kind != kindNumber {
			return nil, false
		}
	}
	return last, true
}

// last returns the last operand when it has the given kind.
func (m *machine) last(k kind) (operand, bool) {
	if len(m.operands) == 0 || m.operands[len(m.operands)-1].kind != k {
		return operand{}, false
	}
	return m.operands[len(m.operands)-1], true
}

// operate executes one operator (ISO 32000-2 annex A). Unknown ones and those
// that only colour or describe do nothing.
func (m *machine) operate(op string, l *lexer) {
	switch op {
	case "q":
		if len(m.stack) >= maxSaved {
			m.drawing.fail("too many saved states")
			return
		}
		m.stack = append(m.stack, m.state)
	case "Q":
		if n := len(m.stack); n > 0 {
			m.state, m.stack = m.stack[n-1], m.stack[:n-1]
		}
	case "cm":
		if v, ok := m.nums(6); ok {
			m.state.ctm = matrix(v).Mul(m.state.ctm)
		}
	case "w":
		if v, ok := m.nums(1); ok {
			m.state.line = v[0].num
		}
	case "gs":
		m.extGState()
	case "Do":
		m.do()
	case "BI":
		m.inlineImage(l)
	case "sh":
		m.mark(Mark{Kind: Shade, Box: m.state.clip, Filled: true, Bounded: true})
	default:
		if !m.pathOperator(op) {
			m.textOperator(op)
		}
	}
}

func matrix(v []operand) Matrix {
	return Matrix{v[0].num, v[1].num, v[2].num, v[3].num, v[4].num, v[5].num}
}

// extGState takes the font and line width of a graphics state parameter
// dictionary (ISO 32000-2 table 57).
func (m *machine) extGState() {
	n, ok := m.last(kindName)
	if !ok {
		return
	}
	d, _ := m.resource("ExtGState", n.text).(*syntax.Dict)
	if w, ok := numberOf(m.rev, d.Get("LW")); ok {
		m.state.line = w
	}
	if a, _ := m.rev.Array(d.Get("Font")); len(a) == 2 {
		m.state.font = m.loadFont(m.dict(a[0]))
		m.state.size, _ = numberOf(m.rev, a[1])
	}
}

// mark records a mark, clipped; what lies outside the clip is not drawn.
func (m *machine) mark(k Mark) {
	if k.Kind != Image && k.Kind != Text {
		// A hairline has no area, and yet it is drawn.
		k.Box = k.Box.Inset(-0.05)
	}
	k.Part = m.part
	whole := k.Box
	k.Box = k.Box.Intersect(m.state.clip)
	if len(m.drawing.Marks)+len(m.drawing.Outside) >= m.limits.Marks {
		m.drawing.fail("too many marks")
		return
	}
	if k.Box.Empty() {
		if k.Kind == Text && m.limits.Codes {
			k.Box = whole
			m.drawing.Outside = append(m.drawing.Outside, k)
		}
		return
	}
	if m.drawing.Marks == nil {
		m.drawing.Marks = make([]Mark, 0, m.expected)
	}
	m.drawing.Marks = append(m.drawing.Marks, k)
}

// unit is the square that images are drawn in.
var unit = Rect{0, 0, 1, 1}

func (m *machine) do() {
	n, ok := m.last(kindName)
	if !ok {
		return
	}
	s, ok := m.resource("XObject", n.text).(*syntax.Stream)
	if !ok {
		return
	}
	switch m.name(s.Dict.Get("Subtype")) {
	case "Image":
		m.image(s)
	default: // readers differ on what a missing subtype means; draw it
		m.form(s, m.resources)
	}
}

func (m *machine) image(s *syntax.Stream) {
	at := m.state.ctm
	m.mark(Mark{Kind: Image, Box: at.Box(unit), XObject: s, Matrix: &at, Bounded: true})
}

func (m *machine) inlineImage(l *lexer) {
	for {
		t := l.next()
		if t.kind == kindEOF {
			return
		}
		if t.kind == kindOperator && string(t.text) == "ID" {
			break
		}
	}
	l.skipInlineImage()
	m.image(nil)
}

// form draws a form XObject (ISO 32000-2 8.10) with the current matrix.
func (m *machine) form(s *syntax.Stream, inherited *syntax.Dict) {
	for _, start := range m.forms {
		if start == s.Start {
			m.drawing.fail("a form draws itself")
			return
		}
	}
	if len(m.forms) >= m.limits.Depth {
		m.drawing.fail("forms too deep")
		return
	}
	data, ok := m.data(s)
	if !ok {
		m.mark(Mark{Kind: Shade, Box: m.state.clip, Filled: true})
		return
	}
	saved := m.enter(s)
	defer m.leave(saved)
	box, ok := rectOf(m.rev, s.Dict.Get("BBox"))
	m.state.ctm = matrixOf(m.rev, s.Dict.Get("Matrix")).Mul(m.state.ctm)
	if ok {
		m.state.clip = m.state.clip.Intersect(m.state.ctm.Box(box))
	}
	m.resources = m.dict(s.Dict.Get("Resources"))
	if m.resources == nil {
		m.resources = inherited
	}
	m.execute(data)
}

// frame is what a form must not change for what follows it.
type frame struct {
	state       graphics
	stack       []graphics
	resources   *syntax.Dict
	tm, tlm     Matrix
	path        path
	pendingClip bool
	arena       []operand
	operands    []operand
	bounds      []int
}

func (m *machine) enter(s *syntax.Stream) frame {
	f := frame{m.state, m.stack, m.resources, m.tm, m.tlm, m.path, m.pendingClip, m.arena, m.operands, m.bounds}
	m.forms = append(m.forms, s.Start)
	m.stack, m.arena, m.operands, m.bounds = nil, nil, nil, nil
	m.path, m.pendingClip = path{}, false
	return f
}

func (m *machine) leave(f frame) {
	m.forms = m.forms[:len(m.forms)-1]
	m.state, m.stack, m.resources, m.tm, m.tlm = f.state, f.stack, f.resources, f.tm, f.tlm
	m.path, m.pendingClip, m.arena, m.operands, m.bounds = f.path, f.pendingClip, f.arena, f.operands, f.bounds
}

// data decodes a form once.
func (m *machine) data(s *syntax.Stream) ([]byte, bool) {
	if b, ok := m.decoded[s.Start]; ok {
		return b, b != nil
	}
	b, err := m.rev.Decode(s)
	if err != nil && len(bytes.TrimSpace(b)) == 0 {
		m.drawing.fail("a form could not be decoded")
		m.decoded[s.Start] = nil
		return nil, false
	}
	if err != nil {
		m.drawing.fail("a form breaks off")
	}
	if b == nil {
		b = []byte{}
	}
	m.decoded[s.Start] = b
	return b, true
}
