package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// source reads a job's Body once. It belongs to one goroutine.
type source struct {
	ctx  context.Context
	r    io.Reader
	left int64
	err  error // the first failure of Body; sticky
}

// next fills buf as far as the file goes. It returns io.EOF behind the last
// byte, and an error when Body is shorter or longer than promised.
func (s *source) next(buf []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if err := s.ctx.Err(); err != nil {
		return 0, s.fail(err)
	}
	if s.left == 0 {
		return 0, s.atEnd()
	}
	n, err := io.ReadFull(s.r, buf[:min(int64(len(buf)), s.left)])
	s.left -= int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the file ends %d bytes early: %w", s.left, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return n, s.fail(err)
	}
	return n, nil
}

// readInto reads the whole file.
func (s *source) readInto(buf []byte) error {
	if s.left > 0 || s.err != nil {
		if _, err := s.next(buf); err != nil {
			return err
		}
	}
	if err := s.atEnd(); !errors.Is(err, io.EOF) || s.err != nil {
		return err
	}
	return nil
}

// atEnd checks that Body ends where Size says: a file that grew while it was
// read is not the file that was asked for.
func (s *source) atEnd() error {
	var one [1]byte
	for range 100 { // a Reader may return 0, nil for a while
		n, err := s.r.Read(one[:])
		if n > 0 {
			return s.fail(errors.New("the file is longer than its size said"))
		}
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return s.fail(err)
		}
	}
	return s.fail(io.ErrNoProgress)
}

func (s *source) fail(err error) error {
	s.err = err
	return err
}

// drain reads the rest of the file.
func (s *source) drain() error {
	buf := make([]byte, chunkBytes)
	for {
		if _, err := s.next(buf); errors.Is(err, io.EOF) && s.err == nil {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// parcel is a piece of the file as it goes over the pipe: a data frame, and
// behind the last piece the end frame.
type parcel struct {
	buf  []byte // header, data, and room for the end frame
	n    int    // bytes of data
	last bool
}

func newParcel() *parcel { return &parcel{buf: make([]byte, headerBytes+chunkBytes+headerBytes)} }

// fill takes the next piece of the file.
func (p *parcel) fill(s *source) (err error) {
	p.n, p.last = 0, false
	if s.left > 0 || s.err != nil {
		if p.n, err = s.next(p.buf[headerBytes : headerBytes+chunkBytes]); err != nil {
			return err
		}
	}
	if s.left == 0 {
		if err := s.readInto(nil); err != nil {
			return err
		}
		p.last = true
	}
	return nil
}

// frames returns the parcel's frames for one write.
func (p *parcel) frames() []byte {
	end := headerBytes + p.n
	begin := headerBytes
	if p.n > 0 {
		putHead(p.buf, kindData, p.n)
		begin = 0
	}
	if p.last {
		putHead(p.buf[end:], kindEnd, 0)
		end += headerBytes
	}
	return p.buf[begin:end]
}
