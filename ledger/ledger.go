// Package ledger is an append-only Merkle log of books: every fact becomes a
// leaf, every commit ends in a signed checkpoint, and a receipt proves a leaf
// to somebody who trusts neither us nor our database. Tree arithmetic is that
// of golang.org/x/mod/sumdb/tlog, formats are those of C2SP (tlog-tiles,
// tlog-checkpoint, signed-note, tlog-proof).
package ledger

import (
	"context"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the height of all tiles: 256 hashes wide, as C2SP tlog-tiles.
const TileHeight = 8

// MaxLeafBytes bounds one encoded leaf.
const MaxLeafBytes = 1000

// Leaf is one statement, encoded as one line of canonical JSON (RFC 8785 with
// strings and integers only). Names, subjects and other personal data stay in
// the opening, which Commit hides.
type Leaf struct {
	V     int       `json:"v"` // 1
	Type  string    `json:"type"`
	At    time.Time `json:"at"`    // UTC, whole milliseconds, never before the leaf in front of it
	Actor string    `json:"actor"` // pseudonymous id
	// Refs point at things: units, rows, digests, other entries.
	Refs map[string]string `json:"refs"`
	// Codes are small enumerations and counts in decimal: what a verifier
	// counts by.
	Codes map[string]string `json:"codes"`
	// Commit is SHA-256(salt ‖ opening), 64 hex digits.
	Commit string `json:"commit"`
}

// Draft is a leaf before the sequencer gave it time, salt and place.
type Draft struct {
	Type    string
	Actor   string
	Refs    map[string]string
	Codes   map[string]string
	Opening []byte // JSON, any size; may hold personal data
}

// Entry is a committed leaf with its opening. Leaf holds the exact bytes that
// were hashed.
type Entry struct {
	Index   int64
	Leaf    []byte
	Salt    []byte // 32 bytes; nil when erased
	Opening []byte // nil when erased
}

// Head is the newest state of a book.
type Head struct {
	Origin     string
	Size       int64
	Root       tlog.Hash
	At         time.Time // of the last leaf
	Checkpoint []byte    // signed note, C2SP tlog-checkpoint
}

// ErrHeadMoved says that somebody else appended since the head was read. The
// transaction must be rolled back and may be tried again.
var ErrHeadMoved = errors.New("the book's head has moved")

// Reader gives the stored state of one book. All calls of one Reader see the
// same state. Missing things are fs.ErrNotExist.
type Reader interface {
	// Head returns fs.ErrNotExist for a book that was never opened.
	Head(ctx context.Context) (Head, error)
	// Tiles returns the stored bytes of each tile; a stored tile may be wider
	// than asked for and is cut to t.W by the implementation.
	Tiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error)
	// Entries calls fn for the entries [first, end) in order.
	Entries(ctx context.Context, first, end int64, fn func(Entry) error) error
}

// Tx is a Reader inside the transaction that also writes the domain's rows.
// Nothing is visible to others before the surrounding commit. Writes may be
// kept back until then: what is wrong with one, ErrHeadMoved too, may be told
// by the commit, which then commits nothing.
type Tx interface {
	Reader
	// PutTiles stores or widens tiles; data[i] belongs to tiles[i].
	PutTiles(ctx context.Context, tiles []tlog.Tile, data [][]byte) error
	// PutEntries stores entries with consecutive indexes. A stored index is
	// an error: entries are never rewritten.
	PutEntries(ctx context.Context, entries []Entry) error
	// SwapHead replaces the head whose size is oldSize (-1: there is none) or
	// fails with ErrHeadMoved.
	SwapHead(ctx context.Context, oldSize int64, head Head) error
}
