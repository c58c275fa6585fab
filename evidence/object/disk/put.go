package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

// Put implements object.Store. An object that is there already is read and
// compared with its digest; a damaged one is replaced. Errors: object.ErrTooLarge,
// object.ErrCorrupt, evidence.ErrFull; the source's error as it is.
func (s *Store) Put(ctx context.Context, key object.Key, size int64, r io.Reader) error {
	dir, name, err := place(key)
	switch {
	case err != nil:
		return err
	case size < 0:
		return fmt.Errorf("object %s: a size of %d bytes", key.SHA256, size)
	case size > s.max:
		return fmt.Errorf("object %s: %d bytes, the limit is %d: %w", key.SHA256, size, s.max, object.ErrTooLarge)
	}
	if err := s.put(ctx, key, size, r, dir, name); err != nil {
		return fmt.Errorf("storing object %s of unit %s: %w", key.SHA256, key.Unit, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, key object.Key, size int64, r io.Reader, dir, name string) error {
	if s.intact(ctx, key, name) {
		if err := receive(ctx, io.Discard, key, size, r); err != nil {
			return err
		}
		lock := s.lock(key)
		lock.Lock()
		defer lock.Unlock()
		// Another process, or a Put whose last fsync failed, may have brought
		// it here: it counts only when its name is durable.
		return s.settle(dir)
	}
	temp, err := s.spool(ctx, key, size, r)
	if err != nil {
		return err
	}
	// After the rename nothing has this name any more.
	defer s.root.Remove(temp)
	lock := s.lock(key)
	lock.Lock()
	defer lock.Unlock()
	return s.publish(ctx, key, temp, dir, name)
}

func (s *Store) lock(key object.Key) *sync.Mutex { return &s.locks[int(key.SHA256[0])%len(s.locks)] }

// intact reports whether the object is there with its digest.
func (s *Store) intact(ctx context.Context, key object.Key, name string) bool {
	if info, err := s.root.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return false
	}
	body, err := s.Get(ctx, key)
	if err != nil {
		return false
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return err == nil
}

// spool writes the bytes to a temporary file in the same file system and makes
// them durable. A crash from here on leaves a file that Open cleans.
func (s *Store) spool(ctx context.Context, key object.Key, size int64, r io.Reader) (temp string, err error) {
	temp = path.Join(temporary, rand.Text())
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", full(err)
	}
	if err = receive(ctx, f, key, size, r); err == nil {
		err = full(s.ops.syncFile(f))
	}
	// Some file systems report a full disk only here.
	if cerr := f.Close(); err == nil {
		err = full(cerr)
	}
	if err != nil {
		return "", errors.Join(err, s.root.Remove(temp))
	}
	return temp, nil
}

// publish gives the temporary file its name and makes the name durable. When
// that fails the object is taken back, unless it replaced an older one.
func (s *Store) publish(ctx context.Context, key object.Key, temp, dir, name string) error {
	if err := s.folders(dir); err != nil {
		return err
	}
	_, err := s.root.Lstat(name)
	fresh := errors.Is(err, fs.ErrNotExist)
	if !fresh && s.intact(ctx, key, name) {
		return s.settle(dir) // a Put of the same object came first
	}
	if err := s.ops.rename(s.root, temp, name); err != nil {
		return full(err)
	}
	if err := s.ops.syncDir(s.root, dir); err != nil {
		if fresh {
			err = errors.Join(err, s.root.Remove(name))
		}
		return full(err)
	}
	return nil
}

// settle makes an object that is there durable: its folders and its name.
func (s *Store) settle(dir string) error {
	if err := s.folders(dir); err != nil {
		return err
	}
	return full(s.ops.syncDir(s.root, dir))
}

// folders creates unit and unit/ab and makes their names durable. A folder
// that is there may be the work of a Put that has not synced it yet, so each
// is synced once since Open by us.
func (s *Store) folders(dir string) error {
	for _, d := range []string{path.Dir(dir), dir} {
		if _, done := s.durable.Load(d); done {
			continue
		}
		if err := s.root.Mkdir(d, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return full(err)
		}
		if err := s.ops.syncDir(s.root, path.Dir(d)); err != nil {
			return full(err)
		}
		s.durable.Store(d, struct{}{})
	}
	return nil
}

// receive copies exactly size bytes with the key's digest, or fails with
// object.ErrCorrupt.
func receive(ctx context.Context, w io.Writer, key object.Key, size int64, r io.Reader) error {
	src := object.NewSource(ctx, key, size, r)
	_, err := io.Copy(w, src)
	if src.Err() != nil {
		return src.Err()
	}
	return full(err)
}

// full marks errors that mean "no room" or "the disk refuses".
func full(err error) error {
	if err != nil && isFull(err) {
		return fmt.Errorf("%w (%w)", evidence.ErrFull, err)
	}
	return err
}
