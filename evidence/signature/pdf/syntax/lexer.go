package syntax

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The character classes of ISO 32000-2 7.2.3.
const (
	regular   = 0
	white     = 1
	delimiter = 2
)

var class = [256]uint8{
	0: white, '\t': white, '\n': white, '\f': white, '\r': white, ' ': white,
	'(': delimiter, ')': delimiter, '<': delimiter, '>': delimiter,
	'[': delimiter, ']': delimiter, '{': delimiter, '}': delimiter,
	'/': delimiter, '%': delimiter,
}

// IsSpace reports whether c is white space (ISO 32000-2 table 1).
func IsSpace(c byte) bool { return class[c] == white }

// IsRegular reports whether c is neither white space nor a delimiter.
func IsRegular(c byte) bool { return class[c] == regular }

func isDigit(c byte) bool { return c-'0' < 10 }

// lexer parses objects from a piece of a file or of an object stream.
type lexer struct {
	f      *File
	data   []byte // ends where the revision or the object stream ends
	pos    int
	nodes  int        // left for this object
	key    *objectKey // nil: strings are not encrypted
	placed bool       // positions in data are file offsets
}

func (l *lexer) damaged(what string) error {
	if !l.placed {
		return fmt.Errorf("%s in an object stream: %w", what, ErrDamaged)
	}
	return fmt.Errorf("%s at offset %d: %w", what, l.pos, ErrDamaged)
}

// space skips white space and comments.
func (l *lexer) space() {
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		if c == '%' {
			end := bytes.IndexAny(l.data[l.pos:], "\r\n")
			if end < 0 {
				l.pos = len(l.data)
				return
			}
			l.pos += end
		} else if class[c] != white {
			return
		} else {
			l.pos++
		}
	}
}

// keyword consumes word when it comes next as a whole token.
func (l *lexer) keyword(word string) bool {
	end := l.pos + len(word)
	if end > len(l.data) || string(l.data[l.pos:end]) != word {
		return false
	}
	if end < len(l.data) && class[l.data[end]] == regular {
		return false
	}
	l.pos = end
	return true
}

// natural consumes a plain run of digits; false, with the position as it was,
// when there is none or it does not fit.
func (l *lexer) natural() (int64, bool) {
	p, v := l.pos, int64(0)
	for p < len(l.data) && isDigit(l.data[p]) {
		d := int64(l.data[p] - '0')
		if v > (math.MaxInt64-d)/10 {
			return 0, false
		}
		v = v*10 + d
		p++
	}
	if p == l.pos {
		return 0, false
	}
	l.pos = p
	return v, true
}

// header consumes "num gen obj".
func (l *lexer) header() (num, gen int, ok bool) {
	l.space()
	n, ok1 := l.natural()
	l.space()
	g, ok2 := l.natural()
	l.space()
	if !ok1 || !ok2 || n > math.MaxInt32 || g > math.MaxInt32 {
		return 0, 0, false
	}
	// "obj" may touch what follows: "1 0 obj<<", and "1 0 obj5" in old files.
	if l.pos+3 > len(l.data) || string(l.data[l.pos:l.pos+3]) != "obj" {
		return 0, 0, false
	}
	l.pos += 3
	return int(n), int(g), true
}

// name consumes a name; the position is at its slash.
func (l *lexer) name() Object {
	start := l.pos + 1
	p, escaped := start, false
	for p < len(l.data) && class[l.data[p]] == regular {
		escaped = escaped || l.data[p] == '#'
		p++
	}
	l.pos = p
	text := l.data[start:p]
	if escaped {
		text = unescapeName(text)
	}
	return l.f.intern(text)
}

func unescapeName(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '#' && i+2 < len(text) {
			hi, lo := hexDigit[text[i+1]], hexDigit[text[i+2]]
			if hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return out
}

// maxNames bounds the table of names that are kept once.
const maxNames = 4096

// commonNames are boxed once for all files: most of the names that are read to
// find a signature.
var commonNames = func() map[string]Object {
	table := map[string]Object{}
	for n := range strings.FieldsSeq(`
		AP AcroForm Adobe.PPKLite Annot Annots BaseFont BBox BitsPerComponent BS ByteRange Catalog CFM ColorSpace Columns Contents Count CreationDate
		Creator DA DecodeParms DeviceGray DeviceRGB DR DSS Encoding ExtGState Extends Extensions F F1 FRM FT Fields Filter First FirstChar FlateDecode
		Font FontDescriptor Form FormType Helvetica Height I ID Image Index Info Kids LastChar Length Location M Matrix MediaBox Metadata ModDate N Name
		Names ObjStm Off P Page PageMode Pages Parent PDF Perms Predictor Prev ProcSet Producer Prop_Build Rect Reason Reference Resources Root Rotate
		Action All App Ascent CapHeight CIDFontType2 CIDSystemInfo CIDToGIDMap DeviceCMYK DescendantFonts Descent DigestMethod DW F2 F3 FieldMDP Flags
		FontBBox FontFile FontFile2 FontFile3 FontName FontWeight Identity Identity-H ImageB ImageC ImageI ItalicAngle Lang Length1 MarkInfo Ordering
		Outlines Registry SHA256 StemV StructTreeRoot Supplement TransformParams ToUnicode Type0 WinAnsiEncoding XHeight
		Sig SigFlags SigRef Size StructParents SubFilter Subtype T Text Title Tx Type Type1 TrueType U V Version W Widget Widths Width XML XObject XRef
		adbe.pkcs7.detached ETSI.CAdES.detached ETSI.RFC3161 DocMDP TransformMethod`) {
		table[n] = Name(n)
	}
	return table
}()

// intern returns the Name with the given text, boxed only once.
func (f *File) intern(text []byte) Object {
	if o, ok := commonNames[string(text)]; ok {
		return o
	}
	if o, ok := f.names[string(text)]; ok {
		return o
	}
	s := string(text)
	o := Object(Name(s))
	if len(f.names) < maxNames && len(s) < 128 {
		f.names[s] = o
	}
	return o
}

// number consumes a number as tolerant readers do: what follows the first
// well-formed part of the token is ignored.
func (l *lexer) number() (Object, error) {
	start := l.pos
	for l.pos < len(l.data) && class[l.data[l.pos]] == regular {
		l.pos++
	}
	token := l.data[start:l.pos]
	negative, i := false, 0
	for i < len(token) && (token[i] == '+' || token[i] == '-') {
		negative = negative || token[i] == '-'
		i++
	}
	whole := i
	for i < len(token) && isDigit(token[i]) {
		i++
	}
	fraction := i
	if i < len(token) && token[i] == '.' {
		for i++; i < len(token) && isDigit(token[i]); i++ {
		}
	}
	if i == whole || (i == whole+1 && fraction == whole && len(token) > i) {
		l.pos = start
		return Null{}, l.damaged("unknown token")
	}
	if fraction == i {
		digits := lexer{data: token[whole:i]}
		if v, ok := digits.natural(); ok && digits.pos == i-whole {
			if negative {
				v = -v
			}
			return boxed(v), nil
		}
	}
	if i-whole > 400 {
		l.pos = start
		return Null{}, l.damaged("number too long")
	}
	v, _ := strconv.ParseFloat(string(token[whole:i]), 64)
	if negative {
		v = -v
	}
	return Real(v), nil
}

// numberOrRef consumes a number, or "num gen R".
func (l *lexer) numberOrRef() (Object, error) {
	start := l.pos
	num, ok := l.natural()
	if !ok || num > math.MaxInt32 || l.pos >= len(l.data) || class[l.data[l.pos]] == regular {
		l.pos = start
		return l.number()
	}
	after := l.pos
	l.space()
	if gen, ok := l.natural(); ok && gen <= math.MaxInt32 {
		l.space()
		if l.keyword("R") {
			return Ref{Num: int(num), Gen: int(gen)}, nil
		}
	}
	l.pos = after
	return boxed(num), nil
}

// smallIntegers are boxed once: most numbers are widths and coordinates.
var smallIntegers = func() (table [1024]Object) {
	for i := range table {
		table[i] = Integer(i)
	}
	return table
}()

// singles are arrays of one small integer, as the widths of composite fonts
// are written.
var singles = func() (table [len(smallIntegers)]Object) {
	for i := range table {
		table[i] = Array(smallIntegers[i : i+1 : i+1])
	}
	return table
}()

func boxed(v int64) Object {
	if v >= 0 && v < int64(len(smallIntegers)) {
		return smallIntegers[v]
	}
	return Integer(v)
}
