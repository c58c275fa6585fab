package syntax

import (
	"bytes"
	"errors"
	"fmt"
)

// unfilter undoes the filters of a stream. Each step stops at max bytes
// without an error when the caller asked for less than a whole stream.
func (r *Revision) unfilter(data []byte, filters []filter, max int64) ([]byte, error) {
	for i, step := range filters {
		limit := max
		if i < len(filters)-1 || limit > r.file.limits.StreamBytes {
			limit = r.file.limits.StreamBytes
		}
		out, err := r.undo(step, data, limit)
		if err := r.file.count(out); err != nil {
			return nil, err
		}
		if errors.Is(err, errFull) {
			if limit == r.file.limits.StreamBytes {
				return nil, fmt.Errorf("a stream decodes to more than %d bytes: %w", limit, ErrOverLimit)
			}
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("filter %s: %w", step.name, err)
		}
		data = out
	}
	return data, nil
}

// count takes decoded bytes from the budget of the file.
func (f *File) count(out []byte) error {
	if f.decoded -= int64(len(out)); f.decoded < 0 {
		return fmt.Errorf("too many decoded bytes: %w", ErrOverLimit)
	}
	return nil
}

// errFull stops a filter whose output reached its limit.
var errFull = errors.New("output limit reached")

func (r *Revision) undo(step filter, data []byte, limit int64) ([]byte, error) {
	switch step.name {
	case "FlateDecode", "Fl":
		out, err := inflate(data, limit)
		return r.predicted(step.parms, out, err)
	case "LZWDecode", "LZW":
		early := r.number(step.parms, "EarlyChange", 1)
		out, err := unLZW(data, early != 0, limit)
		return r.predicted(step.parms, out, err)
	case "ASCIIHexDecode", "AHx":
		if i := bytes.IndexByte(data, '>'); i >= 0 {
			data = data[:i]
		}
		return capped(unhex(data), limit)
	case "ASCII85Decode", "A85":
		out, err := un85(data)
		if err != nil {
			return out, err
		}
		return capped(out, limit)
	case "RunLengthDecode", "RL":
		return unRunLength(data, limit)
	case "Crypt": // undone with the encryption
		return data, nil
	}
	return nil, fmt.Errorf("%q: %w", string(step.name), ErrFilter)
}

func capped(out []byte, limit int64) ([]byte, error) {
	if int64(len(out)) > limit {
		return out[:limit], errFull
	}
	return out, nil
}

// number returns an integer entry of a filter's parameters.
func (r *Revision) number(d *Dict, key Name, without int) int {
	v, err := r.Resolve(d.Get(key))
	if n, ok := v.(Integer); err == nil && ok && n >= 0 && n <= 1<<24 {
		return int(n)
	}
	return without
}

// un85 undoes ASCII85Decode (ISO 32000-2 7.4.3).
func un85(data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)/5*4+4)
	var group uint64
	n := 0
	for _, c := range data {
		switch {
		case IsSpace(c):
			continue
		case c == '~':
			return end85(out, group, n)
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
			continue
		case c < '!' || c > 'u':
			return out, fmt.Errorf("not a base-85 digit: %w", ErrDamaged)
		}
		group = group*85 + uint64(c-'!')
		if n++; n == 5 {
			out = append(out, byte(group>>24), byte(group>>16), byte(group>>8), byte(group))
			group, n = 0, 0
		}
	}
	return end85(out, group, n)
}

func end85(out []byte, group uint64, n int) ([]byte, error) {
	if n < 2 {
		return out, nil
	}
	for i := n; i < 5; i++ {
		group = group*85 + 84
	}
	last := [4]byte{byte(group >> 24), byte(group >> 16), byte(group >> 8), byte(group)}
	return append(out, last[:n-1]...), nil
}

// unRunLength undoes RunLengthDecode (ISO 32000-2 7.4.5).
func unRunLength(data []byte, limit int64) ([]byte, error) {
	var out []byte
	for i := 0; i < len(data); {
		n := int(data[i])
		i++
		switch {
		case n == 128:
			return out, nil
		case n < 128:
			end := min(i+n+1, len(data))
			out = append(out, data[i:end]...)
			i = end
		case i < len(data):
			out = append(out, bytes.Repeat(data[i:i+1], 257-n)...)
			i++
		}
		if int64(len(out)) > limit {
			return out[:limit], errFull
		}
	}
	return out, nil
}
