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

// ErrTooLarge says that an object has more bytes than the store may take.
var ErrTooLarge = errors.New("the file is larger than the limit")

// ErrUnavailable says that the place where objects are kept cannot be reached
// or does not do its work now. Nothing is known about the object; the call may
// be repeated.
var ErrUnavailable = errors.New("the store of documents does not answer: try again later")

// ErrUnverified comes together with fs.ErrNotExist from stores on a network:
// somebody answered that the object is not there. A proxy, a replica that is
// behind or a wrong credential answers the same, so a caller may say "cannot
// be verified now", and never "lost".
var ErrUnverified = errors.New("the store of documents answers that it does not have it, which may change")

// Store keeps objects. All methods are safe for concurrent use; every driver
// passes objecttest. A store on a network fails with ErrUnavailable when its
// server does.
type Store interface {
	// Put stores size bytes from r. When it returns nil the object survives a
	// power cut. Putting what is there already is no error and reads r to its
	// end all the same; a damaged object is replaced. Bytes with another
	// digest or length are ErrCorrupt and leave nothing behind; a server that
	// gives back other bytes than it was sent is ErrUnavailable.
	Put(ctx context.Context, key Key, size int64, r io.Reader) error
	// Get returns the object's bytes; the reader fails with ErrCorrupt at its
	// end when the digest is wrong. Missing is fs.ErrNotExist.
	Get(ctx context.Context, key Key) (io.ReadCloser, error)
	// Stat returns the size in bytes without reading. Missing is
	// fs.ErrNotExist.
	Stat(ctx context.Context, key Key) (int64, error)
	// List calls fn for every object of a unit, in any order; "" means all
	// units. A unit without objects is no error.
	List(ctx context.Context, unit string, fn func(Key) error) error
}

// Pinger is a Store whose server can be away.
type Pinger interface {
	// Ping asks the server once, without repeating. When it does not do its
	// work the error is ErrUnavailable.
	Ping(ctx context.Context) error
}

// Prober is a Store that can say how its server protects what it keeps.
type Prober interface {
	// Probe asks the server for each protection it could have.
	Probe(ctx context.Context) ([]Protection, error)
}

// Protection is one way in which a server protects objects.
type Protection struct {
	Name   string `json:"name"`   // "versioning", "object-lock", "encryption"
	State  string `json:"state"`  // On, Off or Unknown
	Detail string `json:"detail"` // English: the mode, or why nobody knows
}

// The states of a Protection.
const (
	On      = "on"
	Off     = "off"
	Unknown = "unknown" // the server does not know the question, or refuses to answer
)
