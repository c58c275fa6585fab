package object

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"minhchung/evidence/signature"
)

// Content is an object in memory that was hashed once. Whoever stores it need
// not hash it again, so its bytes never change. It is a reader like any other
// and not safe for concurrent use.
type Content struct {
	*bytes.Reader
	all []byte
	sum signature.Hash
}

// NewContent hashes b and takes it over for good.
func NewContent(b []byte) *Content {
	return &Content{bytes.NewReader(b), b, signature.HashOf(b)}
}

// SHA256 is the digest of all bytes.
func (c *Content) SHA256() signature.Hash { return c.sum }

// Is reports whether this is the object of that key and size.
func (c *Content) Is(key Key, size int64) bool { return c.sum == key.SHA256 && c.Size() == size }

// Body returns a reader of all bytes, of a type that net/http knows to be in
// memory. It may be read for longer than the Content is used: a server that
// answers early leaves the rest of a request to a goroutine of the transport.
func (c *Content) Body() *bytes.Reader { return bytes.NewReader(c.all) }

// whole reports whether nothing was read yet.
func (c *Content) whole() bool { return int64(c.Len()) == c.Size() }

// windows are for Compare.
var windows = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// Compare reads body to its end: ErrCorrupt when it is not these bytes. That is
// as sure as a digest and costs a tenth of it.
func (c *Content) Compare(body io.Reader) error {
	window := windows.Get().(*[32 << 10]byte)
	defer windows.Put(window)
	for rest := c.all; ; {
		n, err := body.Read(window[:])
		if !bytes.HasPrefix(rest, window[:n]) || err == io.EOF && n < len(rest) {
			return fmt.Errorf("%w: other bytes than %s", ErrCorrupt, c.sum)
		}
		rest = rest[n:]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
