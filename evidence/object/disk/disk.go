// Package disk keeps documents as files: the object.Store of an office PC.
// An object is written to a temporary file, fsynced, renamed to
// unit/ab/abcdef… and its folder fsynced, so that after a power cut it is
// there whole or not at all (POSIX.1-2024 fsync and rename; Pillai et al., "All
// File Systems Are Not Created Equal", OSDI 2014, on why in this order).
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

const (
	temporary = ".tmp" // no unit can have this name
	// staleAfter is the age at which a temporary file belongs to nobody: an
	// object is written in seconds.
	staleAfter = time.Hour

	dirMode  = 0o700 // documents name people
	fileMode = 0o600
)

// Options of Open.
type Options struct {
	// MaxBytes bounds one object; zero means 50 MB (DESIGN.md, "Limits").
	MaxBytes int64
}

const defaultMaxBytes = 50 << 20

// Store is an object.Store in one folder. It is safe for concurrent use by
// one process; the holder of the data directory is that process.
type Store struct {
	root *os.Root // no key and no symbolic link leads out of it
	max  int64
	ops  operations

	// durable holds the folders whose own names were made durable since Open.
	durable sync.Map // path → struct{}
	// locks keep two Puts of one object apart between the look whether it is
	// there and the fsync of its folder; picked by the digest's first byte.
	locks [64]sync.Mutex
}

var _ object.Store = (*Store)(nil)

// operations are the calls whose failure decides about durability; tests make
// them fail.
type operations struct {
	syncFile func(*os.File) error
	rename   func(root *os.Root, from, to string) error
	syncDir  func(root *os.Root, dir string) error
}

// Open opens the folder, creating it when it is missing, and removes the
// temporary files that an interrupted process left more than an hour ago.
func Open(folder string, o Options) (*Store, error) {
	if err := os.MkdirAll(folder, dirMode); err != nil {
		return nil, fmt.Errorf("opening the object store: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the object store: %w", err)
	}
	s := &Store{root: root, max: o.MaxBytes, ops: operations{
		syncFile: (*os.File).Sync, rename: (*os.Root).Rename, syncDir: syncDir}}
	if s.max <= 0 {
		s.max = defaultMaxBytes
	}
	if err := s.prepare(folder); err != nil {
		root.Close()
		return nil, fmt.Errorf("opening the object store %s: %w", folder, err)
	}
	return s, nil
}

func (s *Store) prepare(folder string) error {
	if err := s.root.Mkdir(temporary, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// The folder's own name, in case it was created just now.
	parent, err := os.OpenRoot(filepath.Dir(filepath.Clean(folder)))
	if err != nil {
		return err
	}
	defer parent.Close()
	if err := s.ops.syncDir(parent, "."); err != nil {
		return err
	}
	return s.clean(time.Now().Add(-staleAfter))
}

// clean removes temporary files that were last written before the time.
func (s *Store) clean(before time.Time) error {
	files, err := fs.ReadDir(s.root.FS(), temporary)
	if err != nil {
		return err
	}
	for _, f := range files {
		info, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.ModTime().Before(before)) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.root.Remove(path.Join(temporary, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close releases the folder. Readers of Get stay usable.
func (s *Store) Close() error { return s.root.Close() }

// place returns the folder and the path of an object.
func place(key object.Key) (dir, file string, err error) {
	if err := evidence.UnitID(key.Unit).Validate(); err != nil {
		return "", "", err
	}
	// Device names of Windows, such as "con", are not folders there.
	if !filepath.IsLocal(key.Unit) {
		return "", "", fmt.Errorf("unit %q cannot be the name of a folder on this system", key.Unit)
	}
	digest := key.SHA256.String()
	dir = path.Join(key.Unit, digest[:2])
	return dir, path.Join(dir, digest), nil
}

// Get implements object.Store.
func (s *Store) Get(ctx context.Context, key object.Key) (io.ReadCloser, error) {
	_, name, err := place(key)
	if err != nil {
		return nil, err
	}
	// Opening a named pipe would wait for its other end.
	if _, err := s.Stat(ctx, key); err != nil {
		return nil, err
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("object %s of unit %s: %w", key.SHA256, key.Unit, err)
	}
	return object.Checked(ctx, key, f), nil
}

// Stat implements object.Store.
func (s *Store) Stat(ctx context.Context, key object.Key) (int64, error) {
	_, name, err := place(key)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	info, err := s.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: it is not a regular file", object.ErrCorrupt)
	}
	if err != nil {
		return 0, fmt.Errorf("object %s of unit %s: %w", key.SHA256, key.Unit, err)
	}
	return info.Size(), nil
}

// List implements object.Store, sorted. Files whose name is not that of an
// object are not ours and are passed over.
func (s *Store) List(ctx context.Context, unit string, fn func(object.Key) error) error {
	start := "."
	if unit != "" {
		if err := evidence.UnitID(unit).Validate(); err != nil {
			return err
		}
		start = unit
	}
	return fs.WalkDir(s.root.FS(), start, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) && name != "." {
				return nil // removed meanwhile
			}
			return fmt.Errorf("listing objects: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() {
			if name == temporary {
				return fs.SkipDir
			}
			return nil
		}
		key := object.Key{Unit: path.Dir(path.Dir(name))}
		if key.SHA256.UnmarshalText([]byte(path.Base(name))) != nil {
			return nil
		}
		if _, file, err := place(key); err != nil || file != name {
			return nil
		}
		return fn(key)
	})
}
