package ledger

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// keyPEMType marks a PKCS #8 private key (RFC 5958, RFC 7468 section 10).
const keyPEMType = "PRIVATE KEY"

// publicPrefix begins the text form of a public key.
const publicPrefix = "ed25519:"

// maxKeyFileBytes bounds what LoadKey reads; a key file has about 120 bytes.
const maxKeyFileBytes = 4096

// Key is the one private key of an installation. It signs the checkpoints of
// all its books, each under the book's origin as the key name. A Key is safe
// for concurrent use.
type Key struct {
	private ed25519.PrivateKey
	own     vouched
}

// PublicKey is the raw Ed25519 public key (RFC 8032 section 5.1.5) that an
// auditor needs to trust an installation's books. The zero value trusts
// nothing.
type PublicKey [ed25519.PublicKeySize]byte

// GenerateKey makes a new key and writes it to path as PKCS #8 in PEM, readable
// by the owner only. The key is on disk when GenerateKey returns. An existing
// file is never overwritten: the error is then fs.ErrExist.
func GenerateKey(path string) (*Key, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encoding the signing key: %w", err)
	}
	data := pem.EncodeToMemory(&pem.Block{Type: keyPEMType, Bytes: der})
	if err := writeNew(path, data); err != nil {
		return nil, fmt.Errorf("writing the signing key: %w", err)
	}
	return &Key{private: private}, nil
}

// writeNew creates path with data, mode 0600, and makes file and name durable.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		// The file is ours (O_EXCL) and holds no key anybody used yet; left
		// behind, it would stop the next attempt.
		os.Remove(path)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in dir durable. Windows offers no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// LoadKey reads a key that GenerateKey wrote. A missing file is
// fs.ErrNotExist. On Unix a file that others may read or write is refused.
func LoadKey(path string) (*Key, error) {
	// Looking before opening keeps a FIFO from blocking us.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	if err := checkKeyFile(path, info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	defer f.Close()
	// What we opened may not be what we looked at.
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	if err := checkKeyFile(path, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key %s: %w", path, err)
	}
	return key, nil
}

// ErrKeyOpen says that a key file is readable or writable by others.
var ErrKeyOpen = errors.New("the signing key is open to other users: make it private with chmod 600")

func checkKeyFile(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("the signing key %s is not a regular file", path)
	}
	if perm := info.Mode().Perm(); runtime.GOOS != "windows" && perm&0o077 != 0 {
		return fmt.Errorf("%w (%s has mode %04o)", ErrKeyOpen, path, perm)
	}
	return nil
}

func parseKey(data []byte) (*Key, error) {
	if len(data) > maxKeyFileBytes {
		return nil, fmt.Errorf("the file is longer than %d bytes", maxKeyFileBytes)
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != keyPEMType || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("the file does not hold one PEM private key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the file does not hold a PKCS #8 private key")
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not an Ed25519 key")
	}
	return &Key{private: private}, nil
}

// PublicKey returns the public half.
func (k *Key) PublicKey() PublicKey {
	return PublicKey(k.private.Public().(ed25519.PublicKey))
}

// Public returns the public half as one line of text, see PublicKey.String.
func (k *Key) Public() string { return k.PublicKey().String() }

// Signer returns a note.Signer with the key name origin, as C2SP
// tlog-checkpoint says it SHOULD be.
func (k *Key) Signer(origin string) (note.Signer, error) {
	v, err := k.PublicKey().Verifier(origin)
	if err != nil {
		return nil, err
	}
	return signer{v, k.private}, nil
}

// signer is a note.Signer that shares name and key hash with its verifier.
type signer struct {
	note.Verifier
	private ed25519.PrivateKey
}

func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.private, msg), nil }

// String returns the key as one line of text without a newline, which
// ParsePublic reads: "ed25519:" and the 32 bytes in standard base64 (RFC 4648
// section 4), 52 characters together.
func (p PublicKey) String() string {
	return publicPrefix + base64.StdEncoding.EncodeToString(p[:])
}

// ParsePublic reads the text of a public key. White space around it is
// allowed, since the text comes from a file or a clipboard.
func ParsePublic(text string) (PublicKey, error) {
	b64, ok := strings.CutPrefix(strings.TrimSpace(text), publicPrefix)
	if !ok {
		return PublicKey{}, fmt.Errorf("a public key begins with %q", publicPrefix)
	}
	raw, err := decodeBase64(b64)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("a public key has %d bytes in base64 after %q", ed25519.PublicKeySize, publicPrefix)
	}
	p := PublicKey(raw)
	if p == (PublicKey{}) {
		return PublicKey{}, errors.New("a public key of zeros is no key")
	}
	return p, nil
}

// Verifier returns a note.Verifier for checkpoints of the book origin.
func (p PublicKey) Verifier(origin string) (note.Verifier, error) {
	// Thirty-two zero bytes encode a point of small order, under which
	// anybody can make signatures; and they are what a forgotten field holds.
	if p == (PublicKey{}) {
		return nil, errors.New("there is no public key to verify with")
	}
	if err := validOrigin(origin); err != nil {
		return nil, err
	}
	vkey, err := note.NewEd25519VerifierKey(origin, p[:])
	if err != nil {
		return nil, fmt.Errorf("making a verifier for %s: %w", origin, err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("making a verifier for %s: %w", origin, err)
	}
	return v, nil
}
