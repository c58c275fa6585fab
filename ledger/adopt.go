package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrForked says that two copies of a book differ in what both have: they
// must not become one.
var ErrForked = errors.New("the two copies of the book differ")

// adoptBatch is how many entries are stored at a time.
const adoptBatch = 256

// Adoption takes over a book of another installation inside a transaction:
// the same leaves byte for byte, the same tree, and a checkpoint of our own
// key over the same root. A book that is there already must be the beginning
// of the other one. It is for one goroutine.
type Adoption struct {
	s     *Sequencer
	tx    Tx
	from  Head
	old   Head // zero: there was none
	tree  *edge
	batch []Entry
}

// Adopt begins to take over the book whose head elsewhere is from, which the
// caller has verified.
func (s *Sequencer) Adopt(ctx context.Context, tx Tx, from Head) (*Adoption, error) {
	old, _, err := s.read(ctx, tx, from.Origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("taking over the book %s: %w", from.Origin, err)
	}
	if old.Size > from.Size {
		return nil, fmt.Errorf("taking over the book %s: it has %d entries here and %d there: %w", from.Origin, old.Size, from.Size, ErrForked)
	}
	return &Adoption{s: s, tx: tx, from: from, old: old, tree: newEdge()}, nil
}

// Old returns the size of the book before: smaller indexes are there already.
func (a *Adoption) Old() int64 { return a.old.Size }

// Add takes the next entry, from index 0 on.
func (a *Adoption) Add(ctx context.Context, e Entry) error {
	if e.Index != a.tree.size {
		return fmt.Errorf("taking over the book %s: entry %d comes where %d is next", a.from.Origin, e.Index, a.tree.size)
	}
	if err := a.tree.add(tlog.RecordHash(e.Leaf)); err != nil {
		return err
	}
	if a.tree.size == a.old.Size {
		root, err := a.tree.root()
		if err == nil && root != a.old.Root {
			err = fmt.Errorf("taking over the book %s: at size %d the root is %v here and %v there: %w", a.from.Origin, a.old.Size, a.old.Root, root, ErrForked)
		}
		return err
	}
	if e.Index < a.old.Size {
		return nil
	}
	if a.batch = append(a.batch, e); len(a.batch) < adoptBatch {
		return nil
	}
	return a.flush(ctx)
}

func (a *Adoption) flush(ctx context.Context) error {
	if len(a.batch) == 0 {
		return nil
	}
	err := a.tx.PutEntries(ctx, a.batch)
	a.batch = nil // the transaction may keep the old one
	return err
}

// Finish stores tree and head and returns the latter: origin, size, root and
// time are those of the other installation. With nothing new it changes
// nothing and returns the head that is there.
func (a *Adoption) Finish(ctx context.Context) (Head, error) {
	root, err := a.tree.root()
	if err != nil {
		return Head{}, err
	}
	if a.tree.size != a.from.Size || root != a.from.Root {
		return Head{}, fmt.Errorf("taking over the book %s: the entries have size %d and root %v, its head %d and %v: %w", a.from.Origin, a.tree.size, root, a.from.Size, a.from.Root, ErrDamaged)
	}
	if a.old.Size == a.from.Size {
		return a.old, nil
	}
	signer, err := a.s.Key.Signer(a.from.Origin)
	if err != nil {
		return Head{}, err
	}
	head := a.from
	if head.Checkpoint, err = (Checkpoint{Origin: head.Origin, Size: head.Size, Root: head.Root}).Sign(signer); err != nil {
		return Head{}, err
	}
	rest := a.batch
	a.batch = nil
	oldSize := a.old.Size
	if oldSize == 0 {
		oldSize = -1
	}
	if err := store(ctx, a.tx, a.tree, rest, oldSize, head); err != nil {
		return Head{}, fmt.Errorf("taking over the book %s: %w", a.from.Origin, err)
	}
	return head, nil
}
