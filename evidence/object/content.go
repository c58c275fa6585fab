package object

import (
	"bytes"

	"minhchung/evidence/signature"
)

// Content is an object in memory that was hashed once. Whoever stores it need
// not hash it again, so the bytes must not change while it is in use. It is a
// reader like any other and not safe for concurrent use.
type Content struct {
	*bytes.Reader
	sum signature.Hash
}

// NewContent hashes b and takes it over until the Content is no longer used.
func NewContent(b []byte) *Content { return &Content{bytes.NewReader(b), signature.HashOf(b)} }

// SHA256 is the digest of all bytes.
func (c *Content) SHA256() signature.Hash { return c.sum }

// whole reports whether nothing was read yet.
func (c *Content) whole() bool { return int64(c.Len()) == c.Size() }
