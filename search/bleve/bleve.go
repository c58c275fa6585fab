// Package bleve keeps the search index in a folder, by blevesearch/bleve. It
// is a leaf: nothing else imports that engine.
//
//	DIR/CURRENT        the name of the generation that serves
//	DIR/gen-000001/    a bleve index (scorch)
//
// The folder follows the ledger and may be deleted at any time while nobody
// has it open.
package bleve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"minhchung/evidence"
	"minhchung/search"
)

var (
	_ search.Index      = (*Index)(nil)
	_ search.Lister     = (*Index)(nil)
	_ search.Rebuilder  = (*Index)(nil)
	_ search.Generation = (*generation)(nil)
)

// ErrReadOnly is returned by calls that write to an index of OpenReadOnly.
var ErrReadOnly = errors.New("search index is open for reading only")

// Index is a search index in a folder. Its methods may be called
// concurrently; one process may have the folder open for writing.
type Index struct {
	dir      string
	readOnly bool

	mu       sync.RWMutex // held for reading while store is in use
	store    *store       // nil after Close
	building bool         // a generation is under way
	number   int          // of the newest generation made
}

// Open opens the index in a folder, and makes both when they are missing. An
// index made by other rules (search.Version) is replaced by an empty one,
// which its follower fills from the start. Whoever else has the folder open
// makes Open fail within some seconds.
func Open(dir string) (*Index, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the index folder: %w", err)
	}
	x := &Index{dir: dir}
	name, err := x.current()
	if err != nil {
		return nil, err
	}
	if name != "" {
		if x.store, err = openStore(filepath.Join(dir, name), false); err != nil {
			return nil, fmt.Errorf("opening search index %s: %w", name, err)
		}
		if x.store.version() != version {
			if err := x.store.close(); err != nil {
				return nil, err
			}
			x.store, name = nil, ""
		}
	}
	if x.store == nil {
		if name, err = x.begin(); err != nil {
			return nil, err
		}
	}
	x.sweep(name)
	return x, nil
}

// OpenReadOnly opens an index that exists, beside no writer. fs.ErrNotExist
// means that there is none, or none made by today's rules.
func OpenReadOnly(dir string) (*Index, error) {
	x := &Index{dir: dir, readOnly: true}
	name, err := x.current()
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, fmt.Errorf("no search index in %s: %w", dir, fs.ErrNotExist)
	}
	if x.store, err = openStore(filepath.Join(dir, name), true); err != nil {
		return nil, fmt.Errorf("opening search index %s: %w", name, err)
	}
	if v := x.store.version(); v != version {
		return nil, errors.Join(fmt.Errorf("search index is of version %q: %w", v, fs.ErrNotExist), x.store.close())
	}
	return x, nil
}

// begin makes the first generation and makes it current.
func (x *Index) begin() (string, error) {
	name, s, err := x.create()
	if err != nil {
		return "", err
	}
	if err := x.setCurrent(name); err != nil {
		return "", errors.Join(err, s.close())
	}
	x.store = s
	return name, nil
}

// create makes an empty generation with a new name.
func (x *Index) create() (string, *store, error) {
	for {
		x.number++
		name := fmt.Sprintf("gen-%06d", x.number)
		path := filepath.Join(x.dir, name)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		s, err := createStore(path)
		if err != nil {
			return "", nil, fmt.Errorf("making search index %s: %w", name, err)
		}
		return name, s, nil
	}
}

// current reads CURRENT; "" means that nothing is there. A name that is not a
// generation's, or whose folder is gone, counts as nothing: the index follows
// the ledger and is built again.
func (x *Index) current() (string, error) {
	raw, err := os.ReadFile(filepath.Join(x.dir, "CURRENT"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the current generation: %w", err)
	}
	name := strings.TrimSpace(string(raw))
	if !isGeneration(name) {
		return "", nil
	}
	if _, err := os.Stat(filepath.Join(x.dir, name)); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return name, nil
}

// setCurrent replaces CURRENT. After a crash either name is there; both
// generations exist until the caller removes the old one.
func (x *Index) setCurrent(name string) error {
	temp, err := os.CreateTemp(x.dir, "current-*")
	if err != nil {
		return fmt.Errorf("naming the current generation: %w", err)
	}
	_, err = temp.WriteString(name + "\n")
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(x.dir, "CURRENT"))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("naming the current generation: %w", err), os.Remove(temp.Name()))
	}
	return syncDir(x.dir)
}

// sweep removes what a crash left: generations that do not serve. Failing to
// is no fault: the next Open tries again.
func (x *Index) sweep(keep string) {
	entries, _ := os.ReadDir(x.dir)
	for _, e := range entries {
		if e.Name() != keep && (isGeneration(e.Name()) || strings.HasPrefix(e.Name(), "current-")) {
			_ = os.RemoveAll(filepath.Join(x.dir, e.Name()))
		}
	}
}

func isGeneration(name string) bool {
	digits, ok := strings.CutPrefix(name, "gen-")
	return ok && len(digits) >= 6 && strings.Trim(digits, "0123456789") == ""
}

// use calls f with the generation that serves, which stays open meanwhile.
func (x *Index) use(f func(*store) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.store == nil {
		return search.ErrClosed
	}
	return f(x.store)
}

// Apply implements search.Index.
func (x *Index) Apply(ctx context.Context, b search.Batch) error {
	if x.readOnly { // the engine would wait for a writer that is not there
		return ErrReadOnly
	}
	return x.use(func(s *store) error { return s.apply(ctx, b) })
}

// Search implements search.Index.
func (x *Index) Search(ctx context.Context, scope evidence.Scope, r search.Request) (a search.Answer, err error) {
	err = x.use(func(s *store) error {
		a, err = search.Run(ctx, s, scope, r)
		return err
	})
	return a, err
}

// Cursors implements search.Index.
func (x *Index) Cursors(ctx context.Context) (c map[evidence.BookID]int64, err error) {
	err = x.use(func(s *store) error {
		c, err = s.Cursors(ctx)
		return err
	})
	return c, err
}

// IDs implements search.Lister. The index is not held while the loop's body
// runs, which may call it.
func (x *Index) IDs(ctx context.Context, unit evidence.UnitID) iter.Seq2[string, error] {
	e := search.Expr{Op: search.OpTerm, Field: search.Field(search.FacetUnit), Value: string(unit)}
	return func(yield func(string, error) bool) {
		for after := ""; ; {
			var ids []string
			err := x.use(func(s *store) (err error) {
				ids, err = s.ids(ctx, e, after)
				return err
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range ids {
				if after = id; !yield(id, nil) {
					return
				}
			}
			if len(ids) < pieceSize {
				return
			}
		}
	}
}

// Close implements search.Index. It waits for calls under way.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.store == nil {
		return nil
	}
	err := x.store.close()
	x.store = nil
	return err
}
