package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"

	"github.com/ProtonMail/go-crypto/brainpool"
	"github.com/cloudflare/circl/sign/ed448"
)

// ErrUnsupported is wrapped by every error that says an algorithm, curve or
// parameter is not one we know: the answer is "unknown", never a guess.
var ErrUnsupported = errors.New("unsupported")

// ErrSignature says that a signature does not verify.
var ErrSignature = errors.New("the signature does not match the key and the signed bytes")

// The bounds on RSA keys keep one verification below some milliseconds.
const (
	minRSABits      = 1024 // crypto/rsa refuses less
	maxRSABits      = 16384
	maxExponentBits = 128
)

// PublicKey is a parsed SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
type PublicKey struct {
	// Kind is "RSA", "ECDSA", "Ed25519" or "Ed448"; Bits the size of the
	// modulus or of the curve.
	Kind string
	Bits int
	key  crypto.PublicKey
	// pss is set for id-RSASSA-PSS keys, which sign nothing else (RFC 4055 1.2).
	pss bool
}

var (
	oidRSA     = MustOID("1.2.840.113549.1.1.1")
	oidPSS     = MustOID("1.2.840.113549.1.1.10")
	oidMGF1    = MustOID("1.2.840.113549.1.1.8")
	oidEC      = MustOID("1.2.840.10045.2.1")
	oidEd25519 = MustOID("1.3.101.112")
	oidEd448   = MustOID("1.3.101.113")
)

// curveOIDs are the named curves of RFC 5480 2.1.1.1 and RFC 5639 3.
var curveOIDs = map[string]func() elliptic.Curve{
	string(MustOID("1.2.840.10045.3.1.7")):   elliptic.P256,
	string(MustOID("1.3.132.0.33")):          elliptic.P224,
	string(MustOID("1.3.132.0.34")):          elliptic.P384,
	string(MustOID("1.3.132.0.35")):          elliptic.P521,
	string(MustOID("1.3.36.3.3.2.8.1.1.7")):  brainpool.P256r1,
	string(MustOID("1.3.36.3.3.2.8.1.1.8")):  brainpool.P256t1,
	string(MustOID("1.3.36.3.3.2.8.1.1.11")): brainpool.P384r1,
	string(MustOID("1.3.36.3.3.2.8.1.1.12")): brainpool.P384t1,
	string(MustOID("1.3.36.3.3.2.8.1.1.13")): brainpool.P512r1,
	string(MustOID("1.3.36.3.3.2.8.1.1.14")): brainpool.P512t1,
}

// ParsePublicKey reads a SubjectPublicKeyInfo. Errors wrap ErrMalformed or
// ErrUnsupported.
func ParsePublicKey(spki []byte) (*PublicKey, error) {
	r := newReader(spki)
	seq, err := r.expect(tagSequence, "SubjectPublicKeyInfo")
	if err != nil {
		return nil, err
	}
	in := r.into(seq)
	alg, err := in.algorithm("public key algorithm")
	if err != nil {
		return nil, err
	}
	bits, err := in.expect(tagBitString, "subjectPublicKey")
	if err != nil {
		return nil, err
	}
	if len(bits.body) < 2 || bits.body[0] != 0 || !in.empty() || !r.empty() {
		return nil, malformed("subjectPublicKey")
	}
	raw := bits.body[1:]
	switch {
	case oidRSA.Equal(alg.OID):
		return parseRSA(raw, false)
	case oidPSS.Equal(alg.OID):
		return parseRSA(raw, true)
	case oidEC.Equal(alg.OID):
		return parseEC(alg.Params, raw)
	case oidEd25519.Equal(alg.OID):
		if len(raw) != ed25519.PublicKeySize {
			return nil, malformed("Ed25519 key of %d bytes", len(raw))
		}
		return &PublicKey{Kind: "Ed25519", Bits: 256, key: ed25519.PublicKey(raw)}, nil
	case oidEd448.Equal(alg.OID):
		if len(raw) != ed448.PublicKeySize {
			return nil, malformed("Ed448 key of %d bytes", len(raw))
		}
		return &PublicKey{Kind: "Ed448", Bits: 456, key: ed448.PublicKey(raw)}, nil
	}
	return nil, fmt.Errorf("%w: public key algorithm %s", ErrUnsupported, alg.OID)
}

// parseRSA reads an RSAPublicKey (RFC 8017 A.1.1).
func parseRSA(raw []byte, pss bool) (*PublicKey, error) {
	r := newReader(raw)
	seq, err := r.expect(tagSequence, "RSAPublicKey")
	if err != nil {
		return nil, err
	}
	in := r.into(seq)
	n, err := in.expect(tagInteger, "modulus")
	if err != nil {
		return nil, err
	}
	e, err := in.expect(tagInteger, "publicExponent")
	if err != nil {
		return nil, err
	}
	// A modulus without its leading zero octet reads as negative; national
	// cards have been issued with such keys, and only one reading makes sense.
	modulus := new(big.Int).SetBytes(n.body)
	exponent := new(big.Int).SetBytes(e.body)
	switch bits := modulus.BitLen(); {
	case modulus.Bit(0) == 0:
		return nil, malformed("RSA modulus is even")
	case exponent.Bit(0) == 0 || exponent.Cmp(big.NewInt(3)) < 0:
		return nil, malformed("RSA exponent")
	case bits < minRSABits || bits > maxRSABits:
		return nil, fmt.Errorf("%w: RSA key of %d bits", ErrUnsupported, bits)
	case exponent.BitLen() > maxExponentBits:
		return nil, fmt.Errorf("%w: RSA exponent of %d bits", ErrUnsupported, exponent.BitLen())
	default:
		return &PublicKey{Kind: "RSA", Bits: bits, key: publicRSA{modulus, exponent}, pss: pss}, nil
	}
}

// parseEC reads an ECPoint on a named curve (RFC 5480 2.2). Points in the
// compressed form and explicit curve parameters are refused (2.1.1).
func parseEC(params, point []byte) (*PublicKey, error) {
	r := newReader(params)
	oid, err := r.expect(tagOID, "named curve")
	if err != nil {
		return nil, fmt.Errorf("%w: curve parameters", ErrUnsupported)
	}
	named, ok := curveOIDs[string(oid.body)]
	if !ok {
		return nil, fmt.Errorf("%w: curve %s", ErrUnsupported, OID(oid.body))
	}
	curve := named()
	size := (curve.Params().BitSize + 7) / 8
	if len(point) != 1+2*size || point[0] != 4 {
		return nil, fmt.Errorf("%w: form of the curve point", ErrUnsupported)
	}
	x := new(big.Int).SetBytes(point[1 : 1+size])
	y := new(big.Int).SetBytes(point[1+size:])
	p := curve.Params().P
	//lint:ignore SA1019 the replacements know no brainpool curve
	if x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !curve.IsOnCurve(x, y) {
		return nil, malformed("public key is not on its curve")
	}
	//lint:ignore SA1019 the replacements know no brainpool curve
	key := &ecdsa.PublicKey{Curve: curve, X: x, Y: y}
	return &PublicKey{Kind: "ECDSA", Bits: curve.Params().BitSize, key: key}, nil
}
