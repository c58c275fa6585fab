package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// The kinds of problems that Check names.
const (
	KindEntry      = "entry"      // an entry is missing, surplus, unreadable or not the one in the tree
	KindTile       = "tile"       // a stored tile is missing or not that of the entries
	KindRoot       = "root"       // the entries do not have the head's root
	KindCheckpoint = "checkpoint" // the signature, or a field of the head, is not right
	KindOrder      = "order"      // a leaf is earlier than the one in front of it, or entry 0 does not open the book
	KindOpening    = "opening"    // salt and opening are not those that the leaf commits to
	KindErased     = "erased"     // salt and opening are gone: right only if an erasure leaf says so
)

// maxProblems bounds the list that Check returns; it stops there.
const maxProblems = 1000

// Problem is one thing that is wrong with a book.
type Problem struct {
	Kind string // one of the Kind constants
	// Index is the entry concerned, for a tile the first entry under the
	// wrong hash; -1 when it is the whole book.
	Index  int64
	Detail string
}

// String returns the problem as one line.
func (p Problem) String() string {
	if p.Index < 0 {
		return fmt.Sprintf("%s: %s", p.Kind, p.Detail)
	}
	return fmt.Sprintf("%s %d: %s", p.Kind, p.Index, p.Detail)
}

// Check reads a whole book and compares everything with everything: each leaf
// with the strict form, the time before it, its opening and the tree; each
// stored tile with the one recomputed from the entries; the recomputed root
// with the head, and the head with the checkpoint that pub signed. Its memory
// does not grow with the book.
//
// An entry is named when the tree still vouches for another one in its place.
// Each leaf that can be parsed goes to each, if that is not nil, also one with
// a problem; each must not use r. An error of each ends Check.
//
// The error says that we could not look: fs.ErrNotExist for a book that was
// never opened, or a failure of r. What was seen is in the problems; none
// means that the book is whole. After 1,000 problems Check stops and says so
// in the last one.
func Check(ctx context.Context, r Reader, pub PublicKey, each func(Entry, Leaf) error) ([]Problem, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the head: %w", err)
	}
	c := &checker{ctx: ctx, r: r, each: each, head: head, tree: newTrunk(), absent: make(map[nodeKey]bool)}
	c.checkpoint(pub)
	err = c.run()
	if errors.Is(err, errEnough) {
		err = c.judgeAll(false)
		c.problems = append(c.problems, Problem{KindEntry, -1, fmt.Sprintf("the check stopped after %d problems", maxProblems)})
	}
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", head.Origin, err)
	}
	return c.problems, nil
}

// errEnough ends a check whose list of problems is full.
var errEnough = errors.New("too many problems")

// checker is the state of one Check.
type checker struct {
	ctx  context.Context
	r    Reader
	each func(Entry, Leaf) error
	head Head
	// size and root are what the entries must have: those of the signed
	// checkpoint, or of the head where the checkpoint cannot be trusted.
	size int64
	root tlog.Hash

	tree     *trunk
	last     time.Time // of the last leaf that could be parsed
	eachErr  error     // what each returned
	problems []Problem
	suspects []suspect
	absent   map[nodeKey]bool // tiles that could not be read, all of them problems
}

// suspect is a stored hash that is not the recomputed one. Whether the hash or
// the entries under it were changed is known only when the root is.
type suspect struct {
	tile  tlog.Tile
	slot  int
	child bool // the hash agrees with the stored tile below it
}

// first is the first entry under the hash.
func (s suspect) first() int64 {
	return (s.tile.N*tileWidth + int64(s.slot)) << (TileHeight * s.tile.L)
}

func (c *checker) report(kind string, index int64, format string, args ...any) {
	c.problems = append(c.problems, Problem{kind, index, fmt.Sprintf(format, args...)})
}

// checkpoint compares the head's fields with each other and with pub, and
// decides which of them to hold against the entries.
func (c *checker) checkpoint(pub PublicKey) {
	c.size, c.root = c.head.Size, c.head.Root
	signed, err := OpenCheckpoint(c.head.Checkpoint, pub)
	if err != nil {
		c.report(KindCheckpoint, -1, "%v", err)
	} else {
		if signed.Origin == c.head.Origin {
			c.size, c.root = signed.Size, signed.Root
		}
		if err := checkHead(c.head, pub); err != nil {
			c.report(KindCheckpoint, -1, "%v", err)
		}
	}
	if c.size < 1 || c.size > maxSize {
		c.report(KindCheckpoint, -1, "a book of %d entries is not possible", c.size)
		c.size = 0
	}
}

// run reads the book tile by tile: 256 entries, then the tiles that they
// complete. No two reads are open at the same time.
func (c *checker) run() error {
	for first := int64(0); first < c.size; first += tileWidth {
		end := min(first+tileWidth, c.size)
		if err := c.entries(first, end); err != nil {
			return err
		}
		if err := c.tiles(end == c.size); err != nil {
			return err
		}
		if err := c.enough(); err != nil {
			return err
		}
	}
	if err := c.surplus(); err != nil {
		return err
	}
	if !c.last.Equal(c.head.At) {
		c.report(KindCheckpoint, -1, "the head is of %v, the last entry of %v", c.head.At.UTC(), c.last)
	}
	return c.judge()
}

func (c *checker) enough() error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if len(c.problems)+len(c.suspects) >= maxProblems {
		return errEnough
	}
	return nil
}

// entries reads the entries [first, end) and adds their hashes to the tree. A
// missing entry leaves a zero hash.
func (c *checker) entries(first, end int64) error {
	next := first
	missing := func(until int64) {
		for ; next < until; next++ {
			c.report(KindEntry, next, "the entry is missing")
			c.tree.add(0, tlog.Hash{})
		}
	}
	for next < end {
		err := c.r.Entries(c.ctx, next, end, func(e Entry) error {
			if e.Index < next || e.Index >= end {
				c.report(KindOrder, e.Index, "the entry was read where %d was expected", next)
				return nil
			}
			missing(e.Index)
			c.tree.add(0, tlog.RecordHash(e.Leaf))
			next++
			return c.entry(e)
		})
		switch {
		case c.eachErr != nil:
			return c.eachErr
		case errors.Is(err, fs.ErrNotExist) && next < end:
			missing(next + 1)
		case err != nil:
			return err
		default:
			missing(end)
		}
	}
	return nil
}

// entry checks what one entry says by itself and after the one before.
func (c *checker) entry(e Entry) error {
	leaf, err := ParseLeaf(e.Leaf)
	if err != nil {
		c.report(KindEntry, e.Index, "%v", err)
		return nil
	}
	if e.Index == 0 && leaf.Type != openType {
		c.report(KindOrder, 0, "the first leaf is %q instead of %q", leaf.Type, openType)
	}
	if leaf.At.Before(c.last) {
		c.report(KindOrder, e.Index, "the leaf is of %v, the one in front of it of %v", leaf.At, c.last)
	}
	c.last = leaf.At
	switch {
	case len(e.Salt) == 0 && len(e.Opening) == 0:
		c.report(KindErased, e.Index, "the opening is erased")
	case len(e.Salt) != SaltBytes || Commitment(e.Salt, e.Opening) != leaf.Commit:
		c.report(KindOpening, e.Index, "the salt and opening are not those that the leaf commits to")
	}
	if c.each == nil {
		return nil
	}
	c.eachErr = c.each(e, leaf)
	return c.eachErr
}

// surplus looks for an entry behind the last one, and for a hash behind the
// last one of each level: the traces of a head that was set back.
func (c *checker) surplus() error {
	err := c.r.Entries(c.ctx, c.size, c.size+1, func(e Entry) error {
		c.report(KindEntry, e.Index, "the entry is stored behind the end of the book")
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for level, l := range c.tree.levels {
		t := tlog.Tile{H: TileHeight, L: level, N: l.n, W: len(l.want) + 1}
		_, err := c.r.Tiles(c.ctx, []tlog.Tile{t})
		switch {
		case err == nil:
			c.report(KindTile, suspect{tile: t, slot: t.W - 1}.first(), "%s is stored, wider than the book is long", TilePath(t))
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}
