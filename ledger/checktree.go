package ledger

import (
	"errors"

	"golang.org/x/mod/sumdb/tlog"
)

// trunk recomputes a tree from its leaf hashes and keeps one tile for each
// level: what Check needs of a book of any size.
type trunk struct {
	levels []trunkLevel
}

// trunkLevel is the newest tile of one level, full or not.
type trunkLevel struct {
	n    int64       // of the tile
	want []tlog.Hash // recomputed from the entries
	have []tlog.Hash // recomputed from the stored tiles one level below; nil at level 0
}

func newTrunk() *trunk { return &trunk{} }

// add appends a hash to the tile of a level.
func (t *trunk) add(level int, want tlog.Hash) {
	if level == len(t.levels) {
		t.levels = append(t.levels, trunkLevel{})
	}
	t.levels[level].want = append(t.levels[level].want, want)
}

// tiles compares the tiles that the last entries completed with the stored
// ones, and at the end of the book the partial ones too.
func (c *checker) tiles(end bool) error {
	for level := 0; level < len(c.tree.levels); level++ {
		l := &c.tree.levels[level]
		full := len(l.want) == tileWidth
		if len(l.want) == 0 || !full && !end {
			continue
		}
		t := tlog.Tile{H: TileHeight, L: level, N: l.n, W: len(l.want)}
		stored, err := c.compare(t, l)
		if err != nil {
			return err
		}
		if !full {
			continue
		}
		c.tree.add(level+1, subtreeHash(l.want))
		l = &c.tree.levels[level] // add may have moved it
		up := &c.tree.levels[level+1]
		up.have = append(up.have, subtreeHash(stored))
		l.n, l.want, l.have = l.n+1, l.want[:0], l.have[:0]
	}
	return nil
}

// compare reads one stored tile, notes the hashes that are not the recomputed
// ones, and returns the stored hashes; the recomputed ones if there are none.
func (c *checker) compare(t tlog.Tile, l *trunkLevel) ([]tlog.Hash, error) {
	data, err := readTiles(c.ctx, c.r, []tlog.Tile{t})
	if errors.Is(err, ErrDamaged) {
		c.report(KindTile, suspect{tile: t}.first(), "%s: %v", TilePath(t), err)
		c.absent[nodeKey{t.L, t.N}] = true
		return l.want, nil
	}
	if err != nil {
		return nil, err
	}
	stored := make([]tlog.Hash, t.W)
	for i := range stored {
		stored[i] = tlog.Hash(data[0][i*tlog.HashSize:])
		if stored[i] != l.want[i] {
			c.suspects = append(c.suspects, suspect{t, i, t.L > 0 && stored[i] == l.have[i]})
		}
	}
	return stored, nil
}

// subtreeHash is the hash of a full tile, the RFC 6962 tree hash of its 256
// hashes.
func subtreeHash(hashes []tlog.Hash) tlog.Hash {
	level := append([]tlog.Hash(nil), hashes...)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

// rootHash is the root of the recomputed tree. The tiles that are left are
// those of the right edge; from left to right the levels go down.
func (t *trunk) rootHash(size int64) (tlog.Hash, error) {
	e := newEdge()
	e.size, e.base = size, tlog.StoredHashCount(size)
	for _, tile := range edgeTiles(size) {
		var data []byte
		for _, h := range t.levels[tile.L].want {
			data = append(data, h[:]...)
		}
		e.tiles[nodeKey{tile.L, tile.N}] = data
	}
	return e.root()
}

// judge compares the root, and then decides for each suspect hash whether it
// or the entries under it were changed.
func (c *checker) judge() error {
	if c.size == 0 {
		return nil
	}
	root, err := c.tree.rootHash(c.size)
	if err != nil {
		return err
	}
	if root != c.root {
		c.report(KindRoot, -1, "the entries have the root %v at size %d, the head says %v", root, c.size, c.root)
	}
	return c.judgeAll(root == c.root)
}

// judgeAll reports the suspects. If the entries have the signed root, they are
// right and every suspect hash is wrong.
func (c *checker) judgeAll(entriesRight bool) error {
	type place struct {
		level int
		hash  int64
	}
	known := make(map[place]bool)
	for _, s := range c.suspects {
		known[place{s.tile.L, s.tile.N*tileWidth + int64(s.slot)}] = true
	}
	var reported tlog.Tile // one problem for each tile is enough
	tile := func(s suspect) {
		if s.tile != reported {
			c.report(KindTile, s.first(), "%s is not that of the entries, first at its hash %d", TilePath(s.tile), s.slot)
			reported = s.tile
		}
	}
	for _, s := range c.suspects {
		switch {
		case entriesRight, s.tile.L > 0 && !s.child:
			tile(s)
		case s.tile.L > 0: // follows from a tile below
		default:
			vouched, err := c.vouched(s)
			if err != nil {
				return err
			}
			// A hash above that is no suspect agrees with the entries.
			above := s.tile.W == tileWidth && !known[place{1, s.tile.N}] && !c.absent[nodeKey{1, s.tile.N / tileWidth}]
			switch {
			case vouched:
				c.entryProblem(s.first(), "the entry was changed: the checkpoint vouches for another one in its place")
			case above:
				tile(s)
			default:
				c.entryProblem(s.first(), "the entry and its hash in "+TilePath(s.tile)+" differ, and the tiles do not lead from either to the checkpoint")
			}
		}
	}
	return nil
}

// vouched reports whether the signed root leads to the stored hash.
func (c *checker) vouched(s suspect) (bool, error) {
	head := Head{Size: c.size, Root: c.root}
	_, err := verifiedHashes(c.ctx, c.r, head).ReadHashes([]int64{tlog.StoredHashIndex(0, s.first())})
	if errors.Is(err, ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// entryProblem reports an entry, once: with what is known of it already.
func (c *checker) entryProblem(index int64, detail string) {
	for i, p := range c.problems {
		if p.Kind == KindEntry && p.Index == index {
			c.problems[i].Detail += "; " + detail
			return
		}
	}
	c.report(KindEntry, index, "%s", detail)
}
