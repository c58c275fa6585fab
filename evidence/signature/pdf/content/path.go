package content

// path is the current path (ISO 32000-2 8.5): the boxes of its pieces, in
// page space.
type path struct {
	pieces   []piece
	x, y     float64 // current point, user space
	x0, y0   float64 // start of the subpath, user space
	sub      bounds  // the running subpath
	subs     []shape
	straight bool // the running subpath has only lines parallel to the axes
}

// piece is one line or curve.
type piece struct{ box Rect }

// shape is one subpath.
type shape struct {
	box      Rect
	straight bool
}

// maxPieces bounds one path; beyond it pieces are merged into one box, which
// is larger but still encloses them.
const maxPieces = 20000

// pathOperator executes path construction, painting and clipping; false when
// op is none of these.
func (m *machine) pathOperator(op string) bool {
	switch op {
	case "m":
		if v, ok := m.nums(2); ok {
			m.moveTo(v[0].num, v[1].num)
		}
	case "l":
		if v, ok := m.nums(2); ok {
			m.lineTo(v[0].num, v[1].num)
		}
	case "c":
		if v, ok := m.nums(6); ok {
			m.curveTo([][2]float64{{v[0].num, v[1].num}, {v[2].num, v[3].num}, {v[4].num, v[5].num}})
		}
	case "v", "y":
		if v, ok := m.nums(4); ok {
			m.curveTo([][2]float64{{v[0].num, v[1].num}, {v[2].num, v[3].num}})
		}
	case "h":
		m.closePath()
	case "re":
		if v, ok := m.nums(4); ok {
			m.rectangle(v[0].num, v[1].num, v[2].num, v[3].num)
		}
	case "W", "W*":
		m.pendingClip = true
	case "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "n":
		m.paint(op)
	default:
		return false
	}
	return true
}

func (m *machine) moveTo(x, y float64) {
	m.endSubpath()
	m.path.x, m.path.y, m.path.x0, m.path.y0 = x, y, x, y
	m.path.straight = true
	m.path.sub.add(m.state.ctm.Apply(x, y))
}

func (m *machine) lineTo(x, y float64) {
	p := &m.path
	var b bounds
	ax, ay := m.state.ctm.Apply(p.x, p.y)
	bx, by := m.state.ctm.Apply(x, y)
	b.add(ax, ay)
	b.add(bx, by)
	if abs(ax-bx) > 0.5 && abs(ay-by) > 0.5 {
		p.straight = false
	}
	p.sub.add(ax, ay)
	p.sub.add(bx, by)
	m.piece(b.rect)
	p.x, p.y = x, y
}

// curveTo adds a Bézier curve, which lies inside the hull of its points.
func (m *machine) curveTo(points [][2]float64) {
	p := &m.path
	var b bounds
	b.add(m.state.ctm.Apply(p.x, p.y))
	for _, q := range points {
		x, y := m.state.ctm.Apply(q[0], q[1])
		b.add(x, y)
		p.sub.add(x, y)
	}
	p.straight = false
	m.piece(b.rect)
	last := points[len(points)-1]
	p.x, p.y = last[0], last[1]
}

func (m *machine) closePath() {
	if m.path.sub.any {
		m.lineTo(m.path.x0, m.path.y0)
	}
}

func (m *machine) rectangle(x, y, w, h float64) {
	m.moveTo(x, y)
	m.lineTo(x+w, y)
	m.lineTo(x+w, y+h)
	m.lineTo(x, y+h)
	m.closePath()
}

func (m *machine) piece(r Rect) {
	p := &m.path
	if n := len(p.pieces); n >= maxPieces {
		last := &p.pieces[n-1].box
		*last = Rect{min(last.X0, r.X0), min(last.Y0, r.Y0), max(last.X1, r.X1), max(last.Y1, r.Y1)}
		return
	}
	p.pieces = append(p.pieces, piece{r})
}

func (m *machine) endSubpath() {
	p := &m.path
	if !p.sub.any {
		return
	}
	if n := len(p.subs); n >= maxPieces {
		last := &p.subs[n-1]
		r := p.sub.rect
		last.box = Rect{min(last.box.X0, r.X0), min(last.box.Y0, r.Y0), max(last.box.X1, r.X1), max(last.box.Y1, r.Y1)}
		last.straight = false
	} else {
		p.subs = append(p.subs, shape{p.sub.rect, p.straight})
	}
	p.sub = bounds{}
}

// paint ends the path: it marks what is painted and applies a pending clip.
func (m *machine) paint(op string) {
	if op == "s" || op == "b" || op == "b*" {
		m.closePath()
	}
	m.endSubpath()
	p := &m.path
	if op != "n" && op != "S" && op != "s" {
		for _, s := range p.subs {
			m.mark(Mark{Kind: Path, Box: s.box, Filled: true, Simple: s.straight, Bounded: true})
		}
	}
	if op == "S" || op == "s" || op[0] == 'B' || op[0] == 'b' {
		m.stroke()
	}
	if m.pendingClip {
		var b bounds
		for _, s := range p.subs {
			b.add(s.box.X0, s.box.Y0)
			b.add(s.box.X1, s.box.Y1)
		}
		m.state.clip = m.state.clip.Intersect(b.rect)
		m.pendingClip = false
	}
	*p = path{pieces: p.pieces[:0], subs: p.subs[:0]}
}

// stroke marks each piece with half the line width around it. Mitres reach
// further, by at most the miter limit, and are ignored: they are thin.
func (m *machine) stroke() {
	c := m.state.ctm
	half := clamp(m.state.line/2) * max(abs(c[0])+abs(c[2]), abs(c[1])+abs(c[3]))
	simple := true
	for _, s := range m.path.subs {
		simple = simple && s.straight
	}
	for _, p := range m.path.pieces {
		m.mark(Mark{Kind: Path, Box: p.box.Inset(-abs(half)), Simple: simple, Bounded: true})
	}
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}
