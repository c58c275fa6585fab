package postgres

import (
	"bytes"
	"maps"
	"sync"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// edge is what the ledger reads before it appends: the last entry and the
// newest tile of each level. The ledger verifies them against the head. The
// zero value knows nothing.
type edge struct {
	head  []byte // the checkpoint of the head whose edge this is; only in edges
	tiles map[tileID][]byte
	last  *ledger.Entry
}

type tileID struct{ level, n int64 }

// read reads the answers to edgeQuery and lastQuery.
func (e *edge) read(results pgx.BatchResults) error {
	e.tiles = map[tileID][]byte{}
	err := eachRow(results, func(scan relation.Scan) error {
		var at tileID
		var data []byte
		err := scan(&at.level, &at.n, &data)
		e.tiles[at] = data
		return err
	})
	if err != nil {
		return err
	}
	return eachRow(results, func(scan relation.Scan) error {
		e.last = &ledger.Entry{}
		return scan(&e.last.Index, &e.last.Leaf, &e.last.Salt, &e.last.Opening)
	})
}

// of reports whether this is the edge of the book with that head.
func (e *edge) of(h ledger.Head) bool { return bytes.Equal(e.head, h.Checkpoint) }

// stored returns the tiles when all of them are on the edge.
func (e edge) stored(tiles []tlog.Tile) ([][]byte, bool) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, want := e.tiles[tileID{int64(t.L), t.N}], t.W*tlog.HashSize
		if t.H != ledger.TileHeight || t.W < 1 || len(b) < want {
			return nil, false
		}
		data[i] = b[:want:want]
	}
	return data, true
}

// with is the edge after these tiles were written: of each level, the newest.
func (e edge) with(tiles []tlog.Tile, data [][]byte) edge {
	e.tiles = maps.Clone(e.tiles)
	if e.tiles == nil {
		e.tiles = map[tileID][]byte{}
	}
	for i, t := range tiles {
		level := int64(t.L)
		maps.DeleteFunc(e.tiles, func(old tileID, _ []byte) bool { return old.level == level && old.n < t.N })
		e.tiles[tileID{level, t.N}] = data[i]
	}
	return e
}

// edges remembers what this process wrote last to some books, so that the next
// Update need not ask for it. Whether it is still true is seen by the head,
// which is always read. It is safe for concurrent use.
type edges struct {
	mu sync.Mutex
	by map[evidence.BookID]*edge
}

const (
	// maxEdges bounds the books that are remembered, some 20 kB each.
	maxEdges = 64
	// maxLast bounds the opening of a last entry that is remembered.
	maxLast = 64 << 10
)

func (s *edges) get(book evidence.BookID) *edge {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[book]
}

// put remembers the edge of a book whose head was committed.
func (s *edges) put(book evidence.BookID, e edge, head ledger.Head) {
	if e.last == nil || len(e.last.Opening) > maxLast {
		s.forget(book)
		return
	}
	e.head = head.Checkpoint
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil || len(s.by) >= maxEdges {
		s.by = map[evidence.BookID]*edge{}
	}
	s.by[book] = &e
}

func (s *edges) forget(book evidence.BookID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, book)
}
