package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Secret says where a secret is kept, never the secret itself:
// "file:PATH", a file that others cannot read, or "credential:NAME", a
// credential that systemd hands over (systemd.exec(5), LoadCredential=). The
// line end of the file is not part of it.
type Secret string

const (
	secretFile       = "file:"
	secretCredential = "credential:"
	maxSecret        = 64 << 10
)

// check refuses a secret that is written into the file. key is the option.
func (s Secret) check(key string) *FileError {
	name, credential := strings.CutPrefix(string(s), secretCredential)
	path, file := strings.CutPrefix(string(s), secretFile)
	if credential && fs.ValidPath(name) && !strings.ContainsAny(name, `/\`) && name != "." || file && path != "" {
		return nil
	}
	return &FileError{Code: CodeInline, Key: key}
}

func (s Secret) checkOptional(key string) *FileError {
	if s == "" {
		return nil
	}
	return s.check(key)
}

func (s Secret) resolve(dir string) Secret {
	if path, file := strings.CutPrefix(string(s), secretFile); file {
		return secretFile + Secret(resolved(dir, path))
	}
	return s
}

// errNotPassed says that systemd handed over no credential at all.
var errNotPassed = errors.New("the program was not started by systemd with this credential")

// read returns the secret. Errors name the place and never the content.
func (s Secret) read() (string, error) {
	path, file := strings.CutPrefix(string(s), secretFile)
	if !file {
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return "", fmt.Errorf("%s: %w", s, errNotPassed)
		}
		path = filepath.Join(dir, strings.TrimPrefix(string(s), secretCredential))
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: not a regular file", path)
	case info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows":
		return "", fmt.Errorf("%s: everybody on this machine can read it: chmod o= it", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(b), "\r\n")
	if secret == "" || len(b) > maxSecret {
		return "", fmt.Errorf("%s: it is empty or longer than %d bytes", path, maxSecret)
	}
	return secret, nil
}
