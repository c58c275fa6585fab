package evidence

import (
	"errors"
	"io"
	"slices"
	"sync"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

var errChanged = errors.New("the file changed while it was read")

// openFile returns the bytes of a file, at their start, and their digest. done
// gives them back.
func openFile(f File) (body io.ReadSeeker, sha signature.Hash, done func(), err error) {
	file, err := f.Open()
	if err != nil {
		return nil, sha, nil, err
	}
	if f.Size <= heldBytes {
		defer file.Close()
		return hold(file, f.Size)
	}
	done = func() { file.Close() } // it was only read
	if sha, err = digest(file, f.Size); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		return nil, sha, nil, err
	}
	return file, sha, done, nil
}

// heldBytes is the size up to which a file is held in memory while it is
// received.
const heldBytes = 1 << 20

// buffers are for held files, and used again once they are stored.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// hold reads a file into memory.
func hold(r io.Reader, size int64) (io.ReadSeeker, signature.Hash, func(), error) {
	buf := buffers.Get().(*[]byte)
	done := func() { buffers.Put(buf) }
	*buf = slices.Grow((*buf)[:0], int(size)+1)[:size+1] // one more, to see the end
	n, err := io.ReadFull(r, *buf)
	switch {
	case err == nil || int64(n) != size && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)):
		err = errChanged
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		c := object.NewContent((*buf)[:n])
		return c, c.SHA256(), done, nil
	}
	done()
	return nil, signature.Hash{}, nil, err
}

func digest(r io.Reader, size int64) (signature.Hash, error) {
	h := newSHA256()
	n, err := io.Copy(h, r)
	if err != nil {
		return signature.Hash{}, err
	}
	if n != size {
		return signature.Hash{}, errChanged
	}
	return signature.Hash(h.Sum(nil)), nil
}
