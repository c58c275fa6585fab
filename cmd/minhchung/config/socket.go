package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// maxSocketPath is below what sockaddr_un holds: 108 bytes on Linux and
// Windows, 104 elsewhere.
const maxSocketPath = 100

// tempPattern names the private folder of a socket that does not fit into the
// data directory.
const tempPattern = "minhchung-holder-"

// listen opens the holder's socket. The lock must be held.
func (s *Session) listen(l layout) error {
	removeStale(l)
	path := l.socket()
	// Where the name cannot be taken back, listening would only say that the
	// address is in use.
	if err := ignoreMissing(os.Remove(path)); err != nil {
		return err
	}
	if len(path) > maxSocketPath {
		dir, err := os.MkdirTemp("", tempPattern)
		if err != nil {
			return err
		}
		path = filepath.Join(dir, "s")
		s.closing = append(s.closing, func() error { return os.RemoveAll(dir) })
		if len(path) > maxSocketPath {
			return fmt.Errorf("%s is too long for a socket: set a shorter folder for temporary files", path)
		}
		if err := writeAddress(l, path); err != nil {
			return err
		}
		s.closing = append(s.closing, func() error { return ignoreMissing(os.Remove(l.address())) })
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	s.listener = listener
	s.closing = append(s.closing, s.closeListener)
	return os.Chmod(path, 0o600)
}

// closeListener stops listening; Go removes the socket's name with it.
func (s *Session) closeListener() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// removeStale removes what a crashed holder left. Failures show when
// listening.
func removeStale(l layout) {
	if path, err := os.ReadFile(l.address()); err == nil {
		dir := filepath.Dir(strings.TrimSpace(string(path)))
		if filepath.Dir(dir) == filepath.Clean(os.TempDir()) && strings.HasPrefix(filepath.Base(dir), tempPattern) {
			_ = os.RemoveAll(dir)
		}
	}
	_ = os.Remove(l.address())
	_ = os.Remove(l.socket())
}

// writeAddress replaces the address file as a whole: a reader sees the old
// address, none, or the new one.
func writeAddress(l layout, path string) error {
	tmp := l.address() + ".new"
	if err := os.WriteFile(tmp, []byte(path+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, l.address())
}

// dial connects to the holder.
func dial(l layout) (net.Conn, error) {
	path := l.socket()
	if other, err := os.ReadFile(l.address()); err == nil {
		path = strings.TrimSpace(string(other))
	} else if len(path) > maxSocketPath {
		return nil, err
	}
	return net.Dial("unix", path)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
