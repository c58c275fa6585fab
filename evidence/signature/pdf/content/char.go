package content

// char is what a font says of one code.
type char struct {
	code   int
	width  float64 // in text space for size 1
	text   string
	known  bool // text is certain
	blank  bool // draws nothing
	filler bool // see filler
}

// chars keeps what was found out of the codes that a text uses.
type chars struct {
	list []char
	// slots leads from the low byte of a code to its place in list, counted
	// from 1. Codes that share the byte take turns there.
	slots [256]uint16
}

// maxKept bounds the chars that are kept of all fonts together; those of a
// font count as slotChars more.
const (
	maxKept   = 1 << 15
	slotChars = 16
)

// char returns what f says of a code. The result is valid until the next call.
func (m *machine) char(f *font, code int) *char {
	if f.chars == nil {
		if m.kept += slotChars; m.kept > maxKept {
			return m.describe(f, code)
		}
		f.chars = &chars{}
	}
	slot := &f.chars.slots[code&0xff]
	if *slot > 0 {
		c := &f.chars.list[*slot-1]
		if c.code != code {
			*c = f.describe(code)
		}
		return c
	}
	if m.kept++; m.kept > maxKept {
		return m.describe(f, code)
	}
	f.chars.list = append(f.chars.list, f.describe(code))
	*slot = uint16(len(f.chars.list))
	return &f.chars.list[len(f.chars.list)-1]
}

// describe finds out about a code that is not kept.
func (m *machine) describe(f *font, code int) *char {
	m.spare = f.describe(code)
	return &m.spare
}

func (f *font) describe(code int) char {
	c := char{code: code, width: f.width(code), blank: f.blanks[code]}
	c.text, c.known = f.text(code)
	c.filler = filler(c.text)
	return c
}

// filler reports whether a text is part of a dotted or underscored line that
// marks a place to be filled in, such as "Số: ....../BC-UBND".
func filler(s string) bool { return s == "." || s == "…" || s == "_" || s == "‥" }
