package object

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"minhchung/evidence/signature"
)

// checked reads an object and compares its digest at the end.
type checked struct {
	ctx  context.Context
	body io.ReadCloser
	key  Key
	sum  hash.Hash
	end  error // what every Read returns from now on
}

// Checked returns a reader of body that fails with ErrCorrupt at its end when
// the bytes do not have the key's digest. It stops when ctx ends.
func Checked(ctx context.Context, key Key, body io.ReadCloser) io.ReadCloser {
	return &checked{ctx: ctx, body: body, key: key, sum: sha256.New()}
}

// Read implements io.Reader: io.EOF only behind bytes with the right digest.
func (c *checked) Read(p []byte) (int, error) {
	if c.end != nil {
		return 0, c.end
	}
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.body.Read(p)
	c.sum.Write(p[:n])
	if err != io.EOF {
		return n, err
	}
	c.end = io.EOF
	if got := signature.Hash(c.sum.Sum(nil)); got != c.key.SHA256 {
		c.end = fmt.Errorf("object %s of unit %s: %w: got %s", c.key.SHA256, c.key.Unit, ErrCorrupt, got)
	}
	return n, c.end
}

// Close implements io.Closer.
func (c *checked) Close() error { return c.body.Close() }
