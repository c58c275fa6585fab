package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
)

// Put implements object.Store. When the answer of the server is lost, the
// request is sent again and finds its own object. A reader that is no
// io.Seeker is kept in a temporary file meanwhile.
func (s *Store) Put(ctx context.Context, key object.Key, size int64, r io.Reader) error {
	name, err := s.name(key)
	switch {
	case err != nil:
		return err
	case size < 0:
		return fmt.Errorf("object %s: a size of %d bytes", key.SHA256, size)
	case size > s.o.MaxBytes:
		return fmt.Errorf("object %s: %d bytes, the limit is %d: %w", key.SHA256, size, s.o.MaxBytes, object.ErrTooLarge)
	}
	if err := s.put(ctx, name, key, size, r); err != nil {
		return fmt.Errorf("storing object %s of unit %s: %w", key.SHA256, key.Unit, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, name string, key object.Key, size int64, r io.Reader) error {
	seeker, ok := r.(io.ReadSeeker)
	if !ok {
		file, err := s.spool(ctx, key, size, r)
		if err != nil {
			return err
		}
		defer os.Remove(file.Name())
		defer file.Close()
		seeker = file
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	u := &upload{store: s, ctx: ctx, name: name, key: key, size: size, r: seeker, start: start}
	return u.run()
}

// spool keeps a reader's verified bytes in a file that can be read again.
func (s *Store) spool(ctx context.Context, key object.Key, size int64, r io.Reader) (*os.File, error) {
	file, err := os.CreateTemp(s.o.Spool, "minhchung-object-")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(file, object.NewSource(ctx, key, size, r))
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return file, nil
}

// upload is one Put. The reader stands at start.
type upload struct {
	store *Store
	ctx   context.Context
	name  string
	key   object.Key
	size  int64
	r     io.ReadSeeker
	start int64
}

// run creates the object, or settles with the one that is there. Another
// process may remove or replace it meanwhile, so it may take a second round.
func (u *upload) run() error {
	for round := 1; ; round++ {
		err := u.create("")
		if err == nil {
			return u.confirm()
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		err = u.store.readBack(u.ctx, u.name, u.key, u.r)
		switch {
		case err == nil:
			return u.drain()
		case errors.Is(err, object.ErrCorrupt):
			return u.replace()
		case !errors.Is(err, fs.ErrNotExist) || round == 2:
			return err
		}
	}
}

// confirm reads back what was just stored. Crash here: the object is there
// and belongs to no document, which check notes.
func (u *upload) confirm() error {
	err := u.store.readBack(u.ctx, u.name, u.key, u.r)
	if errors.Is(err, object.ErrCorrupt) || errors.Is(err, fs.ErrNotExist) {
		// Not ErrCorrupt: the caller's bytes were right.
		return fmt.Errorf("%w: it acknowledged the object and then gave back something else (%v)", object.ErrUnavailable, err)
	}
	return err
}

// drain reads the reader to its end and compares its digest too.
func (u *upload) drain() error {
	src, err := u.source()
	if err == nil {
		_, err = io.Copy(io.Discard, src)
	}
	return err
}

// replace overwrites a damaged object, unless somebody else just did. Ceph RGW
// 16 refuses every tag, even that of the object: what is still damaged then is
// overwritten without a condition, for only these bytes belong there.
func (u *upload) replace() error {
	info, err := u.store.core.StatObject(u.ctx, u.store.o.Bucket, u.name, minio.StatObjectOptions{})
	if err != nil {
		return meaning(u.ctx, err)
	}
	err = u.create(info.ETag)
	if errors.Is(err, fs.ErrExist) {
		if err = u.store.readBack(u.ctx, u.name, u.key, u.r); errors.Is(err, object.ErrCorrupt) {
			err = u.create(whatever)
		}
	}
	if err != nil {
		return err
	}
	if err := u.confirm(); err != nil {
		return err
	}
	return u.drain()
}

// whatever is the tag of any object and of none.
const whatever = "*"

// create sends the object, under the condition that there is none or, with a
// tag, that it replaces the one with that tag; otherwise fs.ErrExist.
func (u *upload) create(tag string) error {
	var err error
	if u.size > u.store.o.PartBytes {
		err = u.sendParts(tag)
	} else {
		err = u.store.try(u.ctx, func() error { return u.sendWhole(tag) })
	}
	if exists(err) {
		return fs.ErrExist
	}
	return err
}

func (u *upload) options(tag string) minio.PutObjectOptions {
	o := minio.PutObjectOptions{DisableContentSha256: true} // the payload's hash is signed instead
	switch tag {
	case "":
		o.SetMatchETagExcept("*")
	case whatever:
	default:
		o.SetMatchETag(tag)
	}
	return o
}

// sendWhole sends the object in one request.
func (u *upload) sendWhole(tag string) error {
	if c, ok := u.r.(*object.Content); ok && u.start == 0 && c.Is(u.key, u.size) {
		return u.sendContent(c, tag)
	}
	src, err := u.source()
	if err != nil {
		return permanent{err}
	}
	if u.size == 0 { // nobody reads the body of an empty request
		if _, err := io.Copy(io.Discard, src); err != nil {
			return permanent{err}
		}
	}
	body := &detachable{r: src}
	err = u.request(body, tag)
	body.detach()
	if src.Err() != nil {
		return permanent{src.Err()}
	}
	if err == nil && !src.Verified() {
		return permanent{errors.New("the object was acknowledged before it was sent")}
	}
	return err
}

// sendContent sends what is known to be right, so that its head and body leave
// in one piece.
func (u *upload) sendContent(c *object.Content, tag string) error {
	err := u.request(c.Body(), tag)
	if err == nil {
		_, err = c.Seek(0, io.SeekEnd) // it was read
	}
	return err
}

// request sends a PUT and waits for the answer.
func (u *upload) request(body io.Reader, tag string) error {
	o := u.options(tag)
	o.UserMetadata = map[string]string{checksumHeader: checksum(u.key)}
	_, err := u.store.core.PutObject(u.ctx, u.store.o.Bucket, u.name, body, u.size, "", u.key.SHA256.String(), o)
	return err
}

// source reads the object from its start.
func (u *upload) source() (*object.Source, error) {
	if _, err := u.r.Seek(u.start, io.SeekStart); err != nil {
		return nil, err
	}
	return object.NewSource(u.ctx, u.key, u.size, u.r), nil
}

// detachable is a request's body. A server may answer before it has read all
// of it; the library's goroutine must not touch the reader after that.
type detachable struct {
	mu   sync.Mutex
	r    io.Reader
	gone bool // guarded by mu
}

func (d *detachable) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return 0, io.ErrClosedPipe
	}
	return d.r.Read(p)
}

func (d *detachable) detach() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = true
}
