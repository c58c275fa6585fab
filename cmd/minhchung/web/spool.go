package web

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence/register"
	"minhchung/evidence/signature"
)

// spooled is a file that was received whole and is true nowhere yet.
type spooled struct {
	name string
	path string
	size int64
	sha  signature.Hash
}

func (f spooled) open() (io.ReadSeekCloser, error) { return os.Open(f.path) }

// remove deletes the file; a crash before it leaves it to the next holder,
// which empties the spool.
func (f spooled) remove() { _ = os.Remove(f.path) }

// spool writes one file of a request to disk and hashes it on the way. What
// must not be taken, by its name or size, is a problem and leaves nothing
// behind.
func (s *server) spool(name string, body io.Reader) (f spooled, err error) {
	if f.name, err = fileName(name); err != nil {
		return f, err
	}
	if register.MayBeSecret(f.name, nil) { // before a byte of it is written
		return f, problem{code: "secret"}
	}
	tmp, err := os.CreateTemp(s.Spool, "upload-*")
	if err != nil {
		return f, fmt.Errorf("spooling: %w", err)
	}
	f.path = tmp.Name()
	defer func() {
		if cerr := tmp.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			f.remove()
		}
	}()
	h := sha256.New()
	f.size, err = io.Copy(io.MultiWriter(tmp, h), io.LimitReader(body, s.FileBytes+1))
	switch {
	case err == nil && f.size > s.FileBytes:
		return f, problem{code: "file-too-large", args: []any{s.FileBytes >> 20}}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return f, problem{code: "interrupted", err: err}
	case err != nil:
		return f, fmt.Errorf("spooling: %w", err)
	}
	f.sha = signature.Hash(h.Sum(nil))
	return f, nil
}

// maxName is the longest file name in characters.
const maxName = 255

// fileName is the name of a file as the ledger keeps it: without folders, NFC,
// and nothing that is not UTF-8.
func fileName(name string) (string, error) {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if !utf8.ValidString(name) {
		return "", problem{code: "bad-name"}
	}
	name = norm.NFC.String(strings.TrimSpace(name))
	if name == "" || name == "." || name == ".." || utf8.RuneCountInString(name) > maxName || strings.ContainsRune(name, 0) {
		return "", problem{code: "bad-name"}
	}
	return name, nil
}
