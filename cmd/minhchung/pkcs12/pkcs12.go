// Package pkcs12 opens the key files that people sign with (RFC 7292) and
// says whether what is inside may sign documents. It wraps go-pkcs12.
package pkcs12

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// MaxBytes is the most a key file may have.
const MaxBytes = 1 << 20

// Errors that people get a sentence for.
var (
	// ErrPassword says that the password does not open the file.
	ErrPassword = errors.New("wrong password")
	// ErrFormat says that the file is no PKCS #12 file with one key, or is
	// protected in a way we do not know.
	ErrFormat = errors.New("no key file that can be read")
	// ErrMatch says that no certificate in the file is the key's.
	ErrMatch = errors.New("no certificate belongs to the key")
	// ErrExpired and ErrEarly say that the certificate's validity is over or
	// has not begun.
	ErrExpired = errors.New("the certificate has expired")
	ErrEarly   = errors.New("the certificate is not yet valid")
	// ErrUsage says that the certificate is not for signing documents.
	ErrUsage = errors.New("the certificate is not for signing")
	// ErrKey says that the key is neither RSA nor ECDSA, or too short
	// (Circular 15/2025/TT-BKHCN: RSA ≥ 2048, ECDSA ≥ 256).
	ErrKey = errors.New("the key is of a kind or length that must not sign")
)

// Identity is a key with its certificate. The key never leaves it: print and
// log Chain only.
type Identity struct {
	Key crypto.Signer
	// Chain is the certificate of Key and those of its issuers that the file
	// has, in order.
	Chain []*x509.Certificate
}

// Decode opens a key file. The errors wrap ErrPassword, ErrFormat or ErrMatch.
func Decode(data []byte, password string) (id *Identity, err error) {
	defer func() {
		if r := recover(); r != nil {
			id, err = nil, fmt.Errorf("%w: %v", ErrFormat, r)
		}
	}()
	key, first, others, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return nil, ErrPassword
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: a key of type %T", ErrFormat, key)
	}
	all := append([]*x509.Certificate{first}, others...)
	for _, c := range all {
		if samePublicKey(signer.Public(), c.PublicKey) {
			return &Identity{signer, chain(c, all)}, nil
		}
	}
	return nil, ErrMatch
}

func samePublicKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// chain follows issuers among all, each once.
func chain(leaf *x509.Certificate, all []*x509.Certificate) []*x509.Certificate {
	out := []*x509.Certificate{leaf}
	for len(out) <= len(all) {
		next := issuerOf(out[len(out)-1], all)
		if next == nil {
			break
		}
		out = append(out, next)
	}
	return out
}

func issuerOf(c *x509.Certificate, all []*x509.Certificate) *x509.Certificate {
	for _, x := range all {
		if !x.Equal(c) && c.CheckSignatureFrom(x) == nil {
			return x
		}
	}
	return nil
}

// Fit says whether the identity may sign a document at a time: validity, key
// usage (RFC 5280 4.2.1.3: digitalSignature or contentCommitment), kind and
// length of the key.
func (id *Identity) Fit(at time.Time) error {
	c := id.Chain[0]
	switch {
	case at.After(c.NotAfter):
		return ErrExpired
	case at.Before(c.NotBefore):
		return ErrEarly
	case c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return ErrUsage
	}
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return nil
		}
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize >= 256 {
			return nil
		}
	}
	return ErrKey
}
