package ledger_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"minhchung/ledger"
)

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := ledger.LoadKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v for a missing key, want fs.ErrNotExist", err)
	}
	k, err := ledger.GenerateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.GenerateKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v for a key that is there, want fs.ErrExist", err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("got another key file after the second GenerateKey, want the first")
	}
	loaded, err := ledger.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := loaded.Public(), k.Public(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeyPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	path := filepath.Join(t.TempDir(), "key")
	if _, err := ledger.GenerateKey(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := ledger.LoadKey(path)
		wantError(t, err, "chmod 600")
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.LoadKey(path); err != nil {
		t.Errorf("got %v for mode 400, want no error", err)
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	ecPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	tests := []struct{ name, data, want string }{
		{"empty", "", "PEM"},
		{"text", "hello\n", "PEM"},
		{"certificate", strings.ReplaceAll(ecPEM, "PRIVATE KEY", "CERTIFICATE"), "PEM"},
		{"not PKCS #8", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "PKCS #8"},
		{"another algorithm", ecPEM, "Ed25519"},
		{"two keys", ecPEM + ecPEM, "one PEM"},
		{"long", strings.Repeat("x", 5000), "longer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ledger.LoadKey(path)
			wantError(t, err, tt.want)
		})
	}
	_, err = ledger.LoadKey(t.TempDir())
	wantError(t, err, "regular file")
}

func TestParsePublic(t *testing.T) {
	pub := newKey(t).PublicKey()
	for _, text := range []string{pub.String(), pub.String() + "\n", " " + pub.String() + "\r\n"} {
		got, err := ledger.ParsePublic(text)
		if err != nil || got != pub {
			t.Errorf("got %v, %v from %q, want %v", got, err, text, pub)
		}
	}
	text := pub.String()
	for _, bad := range []string{
		"", "ed25519:", text[1:], text[:len(text)-1], strings.Replace(text, ":", ":\n", 1),
		text[:20] + "\n" + text[20:], "ed25519:AAAA", ledger.PublicKey{}.String(),
	} {
		if got, err := ledger.ParsePublic(bad); err == nil {
			t.Errorf("got %v from %q, want an error", got, bad)
		}
	}
	_, err := ledger.PublicKey{}.Verifier(testOrigin)
	wantError(t, err, "no public key")
}
