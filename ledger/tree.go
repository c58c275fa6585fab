package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"
)

// tileWidth is the number of hashes in a full tile.
const tileWidth = 1 << TileHeight

// ErrDamaged says that the stored state of a book contradicts itself: it must
// be checked and restored, and nothing is appended to it.
var ErrDamaged = errors.New("the book is damaged")

// nodeKey names a tile without its width.
type nodeKey struct {
	level int
	n     int64
}

// edge is a hash reader over the right edge of a tree of a known size, to
// which leaves are added. It holds the partial tiles of the old tree and all
// hashes of the new leaves, in the order of tlog.StoredHashIndex.
type edge struct {
	size  int64 // of the tree now
	base  int64 // stored index of fresh[0]
	tiles map[nodeKey][]byte
	fresh []tlog.Hash
	// made are hashes of the old tree that were computed from its tiles: those
	// of its root are the ones that a new leaf is hashed with.
	made map[int64]tlog.Hash
}

// edgeTiles returns the partial tiles of a tree: all that is needed to compute
// its root and to grow it. There is at most one for each level.
func edgeTiles(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size>>(TileHeight*level) > 0; level++ {
		hashes := size >> (TileHeight * level)
		if w := int(hashes % tileWidth); w > 0 {
			tiles = append(tiles, tlog.Tile{H: TileHeight, L: level, N: hashes / tileWidth, W: w})
		}
	}
	return tiles
}

// readEdge reads the right edge of the tree that head describes and verifies
// that it has the head's root. It fails with ErrDamaged if not.
func readEdge(ctx context.Context, r Reader, head Head) (*edge, error) {
	e := newEdge()
	e.size = head.Size
	e.base = tlog.StoredHashCount(head.Size)
	tiles := edgeTiles(head.Size)
	data, err := readTiles(ctx, r, tiles)
	if err != nil {
		return nil, err
	}
	for i, t := range tiles {
		e.tiles[nodeKey{t.L, t.N}] = data[i]
	}
	root, err := e.root()
	if err != nil {
		return nil, err
	}
	if root != head.Root {
		return nil, fmt.Errorf("%w: its tiles have the root %v at size %d, its head says %v", ErrDamaged, root, head.Size, head.Root)
	}
	return e, nil
}

func newEdge() *edge {
	return &edge{tiles: make(map[nodeKey][]byte), made: make(map[int64]tlog.Hash)}
}

// readTiles is Reader.Tiles with the answer's shape verified. Missing tiles
// and tiles of a wrong length are ErrDamaged.
func readTiles(ctx context.Context, r Reader, tiles []tlog.Tile) ([][]byte, error) {
	if len(tiles) == 0 {
		return nil, nil
	}
	data, err := r.Tiles(ctx, tiles)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: a tile is missing: %v", ErrDamaged, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading tiles: %w", err)
	}
	if len(data) != len(tiles) {
		return nil, fmt.Errorf("reading %d tiles gave %d", len(tiles), len(data))
	}
	for i, t := range tiles {
		if len(data[i]) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("%w: %s has %d bytes, want %d", ErrDamaged, TilePath(t), len(data[i]), t.W*tlog.HashSize)
		}
	}
	return data, nil
}

// add appends a leaf hash and the hashes of the subtrees it completes.
func (e *edge) add(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(e.size, leaf, e)
	if err != nil {
		return err
	}
	e.fresh = append(e.fresh, hashes...)
	e.size++
	return nil
}

func (e *edge) root() (tlog.Hash, error) { return tlog.TreeHash(e.size, e) }

// ReadHashes implements tlog.HashReader.
func (e *edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= e.base {
			hashes[i] = e.fresh[x-e.base]
			continue
		}
		h, err := e.old(x)
		if err != nil {
			return nil, err
		}
		hashes[i] = h
	}
	return hashes, nil
}

// old returns a hash of the old tree.
func (e *edge) old(x int64) (tlog.Hash, error) {
	if h, ok := e.made[x]; ok {
		return h, nil
	}
	t := tlog.TileForIndex(TileHeight, x)
	h, err := tlog.HashFromTile(t, e.tiles[nodeKey{t.L, t.N}], x)
	if err != nil {
		return h, fmt.Errorf("hash %d is not on the right edge of the tree: %w", x, err)
	}
	if level, _ := tlog.SplitStoredHashIndex(x); level%TileHeight != 0 { // else it stands in the tile
		e.made[x] = h
	}
	return h, nil
}

// newTiles returns the tiles that a tree of size old lacks, with their data.
func (e *edge) newTiles(old int64) ([]tlog.Tile, [][]byte, error) {
	tiles := tlog.NewTiles(TileHeight, old, e.size)
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		d, err := e.widened(t)
		if err != nil {
			return nil, nil, fmt.Errorf("making %s: %w", TilePath(t), err)
		}
		data[i] = d
	}
	return tiles, data, nil
}

// widened is tlog.ReadTileData for a tile that begins with the one there was.
func (e *edge) widened(t tlog.Tile) ([]byte, error) {
	data := append(make([]byte, 0, t.W*tlog.HashSize), e.tiles[nodeKey{t.L, t.N}]...)
	indexes := make([]int64, 0, t.W-len(data)/tlog.HashSize)
	for n := len(data) / tlog.HashSize; n < t.W; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(t.L*t.H, t.N<<t.H+int64(n)))
	}
	fresh, err := e.ReadHashes(indexes)
	for _, h := range fresh {
		data = append(data, h[:]...)
	}
	return data, err
}

// verifiedHashes reads hashes of the tree that head describes. Every tile on
// the way is authenticated against the head's root, so that a proof made of
// them is never wrong without notice. What does not fit is ErrDamaged.
func verifiedHashes(ctx context.Context, r Reader, head Head) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		tr := &tileReader{ctx: ctx, r: r}
		hashes, err := tlog.TileHashReader(tlog.Tree{N: head.Size, Hash: head.Root}, tr).ReadHashes(indexes)
		if tr.err != nil {
			return nil, tr.err
		}
		if err != nil {
			return nil, fmt.Errorf("%w: its tiles do not lead to the root %v at size %d", ErrDamaged, head.Root, head.Size)
		}
		return hashes, nil
	})
}

// tileReader implements tlog.TileReader for one call. It keeps its own error
// to tell it from those of package tlog, which are all about damage.
type tileReader struct {
	ctx context.Context
	r   Reader
	err error
}

func (*tileReader) Height() int { return TileHeight }

func (t *tileReader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	data, t.err = readTiles(t.ctx, t.r, tiles)
	return data, t.err
}

func (*tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
