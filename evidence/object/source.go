package object

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"minhchung/evidence/signature"
)

// Source reads the bytes that are put under a key. The last of them are given
// out only when all of them have the key's digest and length, so whoever
// stores what a Source gives never has a whole object with wrong bytes. It is
// not safe for concurrent use.
type Source struct {
	ctx  context.Context
	r    io.Reader
	key  Key
	size int64 // as announced
	read int64
	sum  hash.Hash       // nil when the digest is known
	have *signature.Hash // that of a Content
	err  error           // what every Read returns from now on
}

// NewSource returns a Source of size bytes from r. It stops when ctx ends. A
// Content is not hashed again.
func NewSource(ctx context.Context, key Key, size int64, r io.Reader) *Source {
	s := &Source{ctx: ctx, r: r, key: key, size: size}
	if c, ok := r.(*Content); ok && c.whole() {
		s.have = &c.sum
	} else {
		s.sum = sha256.New()
	}
	return s
}

// Err returns why the bytes could not be had: ErrCorrupt, the reader's error
// or that of the context. It is nil before the end and after a good one.
func (s *Source) Err() error {
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

// Verified reports whether all bytes were read and have the key's digest.
func (s *Source) Verified() bool { return s.err == io.EOF }

// Read implements io.Reader: io.EOF only behind the right bytes.
func (s *Source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n := 0
	if s.read < s.size {
		var err error
		n, err = s.r.Read(p[:min(int64(len(p)), s.size-s.read)])
		if s.sum != nil {
			s.sum.Write(p[:n])
		}
		s.read += int64(n)
		if err == io.EOF && s.read < s.size {
			err = fmt.Errorf("%w: got %d bytes, want %d", ErrCorrupt, s.read, s.size)
		}
		if err != nil && err != io.EOF {
			s.err = err
			return 0, err
		}
	}
	if s.read == s.size {
		if s.err = s.end(); s.err != io.EOF {
			return 0, s.err
		}
	}
	return n, nil
}

// end looks for bytes behind the last one and compares the digest.
func (s *Source) end() error {
	var more [1]byte
	if _, err := io.ReadFull(s.r, more[:]); err == nil {
		return fmt.Errorf("%w: got more than %d bytes", ErrCorrupt, s.size)
	} else if err != io.EOF {
		return err
	}
	if got := s.digest(); got != s.key.SHA256 {
		return fmt.Errorf("%w: got %s", ErrCorrupt, got)
	}
	return io.EOF
}

func (s *Source) digest() signature.Hash {
	if s.have != nil {
		return *s.have
	}
	return signature.Hash(s.sum.Sum(nil))
}
