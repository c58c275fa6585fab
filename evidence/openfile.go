package evidence

import (
	"errors"
	"io"

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
		c, err := hold(file, f.Size)
		if err != nil {
			return nil, sha, nil, err
		}
		return c, c.SHA256(), func() {}, nil
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

// hold reads a file into memory.
func hold(r io.Reader, size int64) (*object.Content, error) {
	buf := make([]byte, size+1) // one more, to see the end
	n, err := io.ReadFull(r, buf)
	if err == nil || int64(n) != size && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) {
		return nil, errChanged
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return object.NewContent(buf[:n]), nil
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
