package bleve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"minhchung/search"
)

// generation is an index being built beside the one that serves.
type generation struct {
	index *Index
	name  string
	store *store // nil after Commit or Discard
}

// Rebuild implements search.Rebuilder.
func (x *Index) Rebuild(context.Context) (search.Generation, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.store == nil:
		return nil, search.ErrClosed
	case x.readOnly:
		return nil, ErrReadOnly
	case x.building:
		return nil, search.ErrRebuilding
	}
	name, s, err := x.create()
	if err != nil {
		return nil, err
	}
	x.building = true
	return &generation{x, name, s}, nil
}

// Apply implements search.Generation.
func (g *generation) Apply(ctx context.Context, b search.Batch) error {
	if g.store == nil {
		return search.ErrClosed
	}
	return g.store.apply(ctx, b)
}

// Commit implements search.Generation. CURRENT moves first: a crash before it
// leaves the old generation serving, one after it the new one, and Open
// removes the other.
func (g *generation) Commit(context.Context) error {
	x := g.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if g.store == nil || x.store == nil {
		return search.ErrClosed
	}
	if err := x.setCurrent(g.name); err != nil {
		return err
	}
	old := x.store
	x.store, g.store, x.building = g.store, nil, false
	err := old.close()
	if err := errors.Join(err, os.RemoveAll(old.path)); err != nil {
		return fmt.Errorf("removing the old generation: %w", err)
	}
	return nil
}

// Discard implements search.Generation.
func (g *generation) Discard() error {
	if g.store == nil {
		return nil
	}
	x := g.index
	x.mu.Lock()
	x.building = false
	x.mu.Unlock()
	err := g.store.close()
	g.store = nil
	return errors.Join(err, os.RemoveAll(filepath.Join(x.dir, g.name)))
}
