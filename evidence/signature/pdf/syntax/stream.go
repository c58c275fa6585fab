package syntax

import (
	"bytes"
	"fmt"
)

// extent returns the file offsets of a stream's data. Length counts when
// endstream follows it; else the data end in front of the first endstream.
// Neither may leave the revision that wrote the stream.
func (r *Revision) extent(s *Stream) (start, end int64, err error) {
	length, err := r.Resolve(s.Dict.Get("Length"))
	if err != nil {
		length = Null{}
	}
	data := r.file.data
	if n, ok := length.(Integer); ok && n >= 0 && int64(n) <= s.limit-s.Start {
		end = s.Start + int64(n)
		l := lexer{f: r.file, data: data[:s.limit], pos: int(end)}
		for l.pos < len(l.data) && IsSpace(l.data[l.pos]) {
			l.pos++
		}
		if bytes.HasPrefix(l.data[l.pos:], []byte("endstream")) {
			return s.Start, end, nil
		}
	}
	end, err = r.file.endOf(s)
	return s.Start, end, err
}

// search remembers where the last look for endstream led, so that a file of
// streams without an end is not searched again for each of them.
type search struct {
	from, limit int64
	at          int64 // of endstream, -1 when there is none before limit
}

// endOf finds the end of stream data by the keyword behind it.
func (f *File) endOf(s *Stream) (int64, error) {
	at, err := f.endstream(s.Start, s.limit)
	if err != nil {
		return 0, err
	}
	if at < 0 {
		return 0, fmt.Errorf("stream at offset %d without an end: %w", s.Start, ErrDamaged)
	}
	if at > s.Start && f.data[at-1] == '\n' {
		at--
	}
	if at > s.Start && f.data[at-1] == '\r' {
		at--
	}
	return at, nil
}

func (f *File) endstream(start, limit int64) (int64, error) {
	word := []byte("endstream")
	known := f.search.limit == limit && (f.search.at < 0 || start <= f.search.at)
	if known && start >= f.search.from {
		return f.search.at, nil
	}
	until := limit
	if known {
		until = min(limit, f.search.from+int64(len(word)))
	}
	i := bytes.Index(f.data[start:until], word)
	looked := until - start
	if i >= 0 {
		looked = int64(i)
		f.search = search{from: start, limit: limit, at: start + int64(i)}
	} else if known {
		f.search.from = start
	} else {
		f.search = search{from: start, limit: limit, at: -1}
	}
	return f.search.at, f.step(looked >> 4)
}

// Raw returns the bytes of a stream as they are in the file, still encrypted
// and encoded. A wrong Length is corrected by looking for endstream inside
// the revision that wrote the stream.
func (r *Revision) Raw(s *Stream) ([]byte, error) {
	start, end, err := r.extent(s)
	if err != nil {
		return nil, err
	}
	return r.file.data[start:end], nil
}

// Decode returns a stream's data with all its filters undone. A stream that
// breaks off returns what came before together with an ErrDamaged; an image
// codec or an unknown filter is ErrFilter.
func (r *Revision) Decode(s *Stream) ([]byte, error) {
	return r.DecodeMax(s, r.file.limits.StreamBytes)
}

// DecodeMax is Decode that stops without an error after max bytes: for
// callers who only need a beginning.
func (r *Revision) DecodeMax(s *Stream, max int64) ([]byte, error) {
	raw, err := r.Raw(s)
	if err != nil {
		return nil, err
	}
	filters, err := r.filters(s.Dict)
	if err != nil {
		return nil, err
	}
	if raw, err = s.decrypt(raw, filters); err != nil {
		return nil, err
	}
	return r.unfilter(raw, filters, max)
}

// filter is one step of a stream's Filter entry.
type filter struct {
	name  Name
	parms *Dict
}

// maxFilters bounds the filters of one stream. Honest ones have one or two.
const maxFilters = 8

func (r *Revision) filters(d *Dict) ([]filter, error) {
	names, err := r.list(d, "Filter")
	if err != nil || len(names) == 0 {
		return nil, err
	}
	if len(names) > maxFilters {
		return nil, fmt.Errorf("%d filters on one stream: %w", len(names), ErrOverLimit)
	}
	parms, err := r.list(d, "DecodeParms")
	if err != nil {
		return nil, err
	}
	out := make([]filter, len(names))
	for i, o := range names {
		v, err := r.Resolve(o)
		if err != nil {
			return nil, err
		}
		name, ok := v.(Name)
		if !ok {
			return nil, fmt.Errorf("filter is not a name: %w", ErrDamaged)
		}
		out[i].name = name
		if i < len(parms) {
			if out[i].parms, err = r.Dict(parms[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// list returns an entry that may be one value or an array of them.
func (r *Revision) list(d *Dict, key Name) (Array, error) {
	v, err := r.Resolve(d.Get(key))
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case Null:
		return nil, nil
	case Array:
		return v, nil
	default:
		return Array{v}, nil
	}
}

// Bytes returns the string, unescaped and decrypted. It may share memory with
// the file and must not be changed.
func (s String) Bytes() []byte {
	var plain []byte
	if s.Hex {
		plain = unhex(s.raw)
	} else {
		plain = unescape(s.raw)
	}
	if s.key != nil {
		return s.key.string(plain)
	}
	return plain
}

// hexDigit maps a character to its value; 16 is white space, 17 is neither.
var hexDigit = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = uint8(c - '0')
		case c >= 'a' && c <= 'f':
			t[c] = uint8(c - 'a' + 10)
		case c >= 'A' && c <= 'F':
			t[c] = uint8(c - 'A' + 10)
		case class[c] == white:
			t[c] = 16
		default:
			t[c] = 17
		}
	}
	return t
}()

// unhex decodes hexadecimal digits (ISO 32000-2 7.3.4.3); an odd last digit
// counts as if 0 followed, other characters are passed over.
func unhex(raw []byte) []byte {
	out := make([]byte, 0, len(raw)/2+1)
	high, have := uint8(0), false
	for _, c := range raw {
		v := hexDigit[c]
		if v > 15 {
			continue
		}
		if have {
			out = append(out, high<<4|v)
		} else {
			high = v
		}
		have = !have
	}
	if have {
		out = append(out, high<<4)
	}
	return out
}

// unescape undoes the escapes of a literal string (ISO 32000-2 7.3.4.2).
func unescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\r': // any end of line reads as a line feed
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			out = append(out, '\n')
		case c != '\\' || i+1 == len(raw):
			out = append(out, c)
		default:
			var n int
			out, n = escape(out, raw[i+1:])
			i += n
		}
	}
	return out
}

// escape appends what the escape stands for and returns how many bytes
// behind the backslash it took.
func escape(out, rest []byte) ([]byte, int) {
	switch c := rest[0]; c {
	case 'n':
		return append(out, '\n'), 1
	case 'r':
		return append(out, '\r'), 1
	case 't':
		return append(out, '\t'), 1
	case 'b':
		return append(out, '\b'), 1
	case 'f':
		return append(out, '\f'), 1
	case '\n':
		return out, 1
	case '\r':
		if len(rest) > 1 && rest[1] == '\n' {
			return out, 2
		}
		return out, 1
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := 0, 0
		for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
			v = v<<3 | int(rest[n]-'0')
			n++
		}
		return append(out, byte(v)), n
	default:
		return append(out, c), 1
	}
}
