package worker

import (
	"crypto/sha256"
	"hash"
	"io"

	"minhchung/evidence/signature"
)

// headBytes are kept of each file so that its format can be named even when
// no child could read it.
const headBytes = 1024

// source is a job's Body. It hashes what goes by, unless the caller knows the
// digest.
type source struct {
	r     io.Reader
	hash  hash.Hash // nil when known is set
	known signature.Hash
	head  []byte
}

func newSource(job Job) *source {
	s := &source{r: job.Body, known: job.SHA256}
	if s.known.IsZero() {
		s.hash = sha256.New()
	}
	return s
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if s.hash != nil {
		s.hash.Write(b[:n])
	}
	if len(s.head) < headBytes {
		s.head = append(s.head, b[:min(n, headBytes-len(s.head))]...)
	}
	return n, err
}

// sum returns the SHA-256 of a file that was read to its end.
func (s *source) sum() signature.Hash {
	if s.hash == nil {
		return s.known
	}
	return signature.Hash(s.hash.Sum(nil))
}
