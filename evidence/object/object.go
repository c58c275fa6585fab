// Package object keeps the bytes of documents by unit and SHA-256: written
// once, durable when Put returns, checked whenever they are read.
package object

import (
	"context"
	"errors"
	"io"

	"minhchung/evidence/signature"
)

// Key names an object. Objects are deduplicated only inside a unit, so that
// nobody learns from an upload what a neighbour has.
type Key struct {
	Unit   string
	SHA256 signature.Hash
}

// ErrCorrupt says that stored bytes do not have the digest of their key, or
// that bytes given to Put do not.
var ErrCorrupt = errors.New("the bytes do not have the SHA-256 of their key")

// Store keeps objects. All methods are safe for concurrent use; every driver
// passes objecttest.
type Store interface {
	// Put stores size bytes from r. When it returns nil the object survives a
	// power cut. Putting what is there already is no error and reads r to its
	// end all the same. Bytes with another digest or length are ErrCorrupt
	// and leave nothing behind.
	Put(ctx context.Context, key Key, size int64, r io.Reader) error
	// Get returns the object's bytes; the reader fails with ErrCorrupt at its
	// end when the digest is wrong. Missing is fs.ErrNotExist.
	Get(ctx context.Context, key Key) (io.ReadCloser, error)
	// Stat returns the size in bytes without reading. Missing is
	// fs.ErrNotExist.
	Stat(ctx context.Context, key Key) (int64, error)
	// List calls fn for every object, in any order.
	List(ctx context.Context, fn func(Key) error) error
}
