package pkcs12

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"minhchung/evidence/signature/signaturetest"
)

func encode(t *testing.T, key crypto.Signer, first *x509.Certificate, others ...*x509.Certificate) []byte {
	t.Helper()
	pfx, err := pkcs12.Modern.Encode(key, first, others, "mật khẩu")
	if err != nil {
		t.Fatal(err)
	}
	return pfx
}

// TestDecodeOrdersTheChain: the certificate is the key's, wherever it stands,
// and its issuers follow in order; strangers are left out.
func TestDecodeOrdersTheChain(t *testing.T) {
	root := signaturetest.Root("Root CA thử nghiệm")
	ca := root.Issue("CA thử nghiệm", signaturetest.AsCA)
	leaf, other := ca.Issue("Nguyễn Văn Thử"), signaturetest.SelfSigned("Người khác")
	id, err := Decode(encode(t, leaf.Key, root.Cert, other.Cert, leaf.Cert, ca.Cert), "mật khẩu")
	if err != nil {
		t.Fatal(err)
	}
	want := []*x509.Certificate{leaf.Cert, ca.Cert, root.Cert}
	if len(id.Chain) != len(want) {
		t.Fatalf("got a chain of %d, want %d", len(id.Chain), len(want))
	}
	for i := range want {
		if !id.Chain[i].Equal(want[i]) {
			t.Errorf("place %d: got %s, want %s", i, id.Chain[i].Subject, want[i].Subject)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	leaf, other := signaturetest.SelfSigned("Nguyễn Văn Thử"), signaturetest.SelfSigned("Người khác")
	good := encode(t, leaf.Key, leaf.Cert)
	for _, c := range []struct {
		name     string
		data     []byte
		password string
		want     error
	}{
		{"wrong password", good, "khác", ErrPassword},
		{"no password", good, "", ErrPassword},
		{"another's certificate", encode(t, leaf.Key, other.Cert), "mật khẩu", ErrMatch},
		{"nothing", nil, "mật khẩu", ErrFormat},
		{"half a file", good[:len(good)/2], "mật khẩu", ErrFormat},
		{"a certificate", leaf.DER, "mật khẩu", ErrFormat},
	} {
		if _, err := Decode(c.data, c.password); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	_, odd, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usage := func(u x509.KeyUsage) signaturetest.Template {
		return func(c *x509.Certificate) { c.KeyUsage = u }
	}
	root := signaturetest.Root("Root CA thử nghiệm")
	now := signaturetest.Epoch
	for _, c := range []struct {
		name string
		who  *signaturetest.Authority
		want error
	}{
		{"person", root.Issue("a"), nil},
		{"only signatures", root.Issue("a", usage(x509.KeyUsageDigitalSignature)), nil},
		{"no key usage", root.Issue("a", usage(0)), nil},
		{"RSA 2048", root.IssueKey("a", signaturetest.RSAKey(2048)), nil},
		{"RSA 1024", root.IssueKey("a", signaturetest.RSAKey(1024)), ErrKey},
		{"Ed25519", root.IssueKey("a", odd), ErrKey},
		{"expired", root.Issue("a", signaturetest.Valid(now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))), ErrExpired},
		{"early", root.Issue("a", signaturetest.Valid(now.AddDate(1, 0, 0), now.AddDate(2, 0, 0))), ErrEarly},
		{"encryption only", root.Issue("a", usage(x509.KeyUsageKeyEncipherment)), ErrUsage},
		{"CA", root, ErrUsage},
	} {
		id := &Identity{c.who.Key, []*x509.Certificate{c.who.Cert}}
		if err := id.Fit(now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}
