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
// codec or an unknown filter is ErrFilter. The result must not be changed, for
// it may be kept or be a piece of the file.
func (r *Revision) Decode(s *Stream) ([]byte, error) {
	return r.DecodeMax(s, r.file.limits.StreamBytes)
}

// DecodeMax is Decode that stops without an error after max bytes: for
// callers who only need a beginning.
func (r *Revision) DecodeMax(s *Stream, max int64) ([]byte, error) {
	start, end, err := r.extent(s)
	if err != nil {
		return nil, err
	}
	filters, err := r.filters(s.Dict)
	if err != nil {
		return nil, err
	}
	if len(filters) == 1 && filters[0].name == "FlateDecode" && filters[0].parms == nil && s.key == nil {
		return r.plain(span{start, end}, filters[0], max)
	}
	raw := r.file.data[start:end]
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
