package syntax

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
	"sync"
)

// inflater is a decompressor that is used again: a new one costs 40 kB.
type inflater struct {
	source bytes.Reader
	reader io.ReadCloser
	// first takes the beginning of the output, which is all of it for most
	// streams: no declared length is needed to find out how much room to make.
	first [32 << 10]byte
}

var inflaters = sync.Pool{New: func() any {
	p := &inflater{}
	p.reader = flate.NewReader(&p.source)
	return p
}}

// done gives p back, without the file that it read from.
func (p *inflater) done() {
	p.source.Reset(nil)
	inflaters.Put(p)
}

// inflate undoes FlateDecode (RFC 1950). The checksum is not demanded: no
// PDF reader does, and old producers leave it out.
func inflate(data []byte, limit int64) ([]byte, error) {
	for len(data) > 0 && IsSpace(data[0]) { // a stray end of line before the data
		data = data[1:]
	}
	if len(data) < 2 {
		return nil, fmt.Errorf("no zlib data: %w", ErrDamaged)
	}
	if data[0]&0x0f == 8 && (int(data[0])<<8|int(data[1]))%31 == 0 {
		data = data[2:]
	}
	p := inflaters.Get().(*inflater)
	defer p.done()
	p.source.Reset(data)
	if err := p.reader.(flate.Resetter).Reset(&p.source, nil); err != nil {
		return nil, err
	}
	out, err := p.read(limit, 4*int64(len(data)))
	if len(out) <= len(p.first) {
		out = append([]byte{}, out...)
	}
	return out, err
}

// read returns up to limit bytes, in p.first when they fit there; likely is
// the room for more than that.
func (p *inflater) read(limit, likely int64) ([]byte, error) {
	out := p.first[:0]
	for {
		if int64(len(out)) >= limit {
			return out[:limit], errFull
		}
		if len(out) == len(p.first) {
			out = append(make([]byte, 0, max(2*int64(len(out)), min(limit, likely))), out...)
		} else if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := p.reader.Read(out[len(out):min(int64(cap(out)), limit+1)])
		out = out[:len(out)+n]
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("broken zlib data: %w", ErrDamaged)
		}
	}
}

// The decoded streams that are kept: content is asked for by the survey of the
// pages and by the comparison of each revision that touches it.
const (
	keptBytes  = 1 << 20   // of all, with the room behind them
	keptStream = 128 << 10 // of one
)

// plain undoes one FlateDecode without parameters of a stream that is not
// encrypted. Nothing but the bytes at that place decides the result, whichever
// object and revision asks for it, so it can be kept under the place alone. It
// is counted as decoded each time.
func (r *Revision) plain(at span, flate filter, max int64) ([]byte, error) {
	f := r.file
	if out, ok := f.kept[at]; ok && int64(len(out)) < min(max, f.limits.StreamBytes) {
		if err := f.count(out); err != nil {
			return nil, err
		}
		return out, nil
	}
	out, err := r.unfilter(f.data[at.start:at.end], []filter{flate}, max)
	if err != nil || cap(out) > keptStream || int64(len(out)) >= min(max, f.limits.StreamBytes) {
		return out, err
	}
	if f.keptSize += int64(cap(out)); f.keptSize > keptBytes || f.kept == nil {
		f.kept, f.keptSize = map[span][]byte{}, int64(cap(out))
	}
	f.kept[at] = out[:len(out):len(out)]
	return f.kept[at], nil
}

// wrongChecksum reports whether zlib data ends with a checksum that is not
// its content's (RFC 1950 2.2). One that is cut off is not wrong. It is asked
// of cross-reference streams only: one bit that turns there can hide an
// object, and with it a signature.
func wrongChecksum(data []byte, limit int64) bool {
	p := inflaters.Get().(*inflater)
	defer p.done()
	for len(data) > 0 && IsSpace(data[0]) {
		data = data[1:]
	}
	if len(data) < 2 || data[0]&0x0f != 8 || (int(data[0])<<8|int(data[1]))%31 != 0 {
		return false
	}
	p.source.Reset(data[2:])
	if err := p.reader.(flate.Resetter).Reset(&p.source, nil); err != nil {
		return false
	}
	sum := adler32.New()
	if n, err := io.Copy(sum, io.LimitReader(p.reader, limit)); err != nil || n == limit || p.source.Len() < 4 {
		return false
	}
	rest := data[len(data)-p.source.Len():]
	return binary.BigEndian.Uint32(rest) != sum.Sum32()
}
