package pdfsign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStamp     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2} // RFC 5758 3.2
)

var (
	setOf    = tag.SET
	context0 = tag.Tag(0).ContextSpecific().Constructed()
	context1 = tag.Tag(1).ContextSpecific().Constructed()
)

// Signature says who signs and what the CMS carries.
type Signature struct {
	// Key is an RSA or ECDSA key.
	Key         crypto.Signer
	Certificate *x509.Certificate // of Key
	// Bag goes into the certificates field in this order.
	Bag []*x509.Certificate
	// Claimed is the signing-time attribute. Zero leaves it out, as it must be
	// in an ETSI.CAdES.detached signature, which claims its time in the
	// dictionary only (EN 319 142-1 6.3).
	Claimed time.Time
	// Stamp returns a time-stamp token over the signature value; nil for
	// none.
	Stamp func(ctx context.Context, value []byte) (token []byte, err error)
}

// ErrKey says that the key is neither RSA nor ECDSA.
var ErrKey = errors.New("the key is neither RSA nor ECDSA")

// cms returns a detached SignedData (RFC 5652 5) over the digest of the
// covered bytes.
func (s Signature) cms(ctx context.Context, digest []byte) ([]byte, error) {
	c := cmsMessage{Signature: s}
	switch s.Key.Public().(type) {
	case *rsa.PublicKey:
		c.algorithm, c.null = oidRSA, true
	case *ecdsa.PublicKey:
		c.algorithm = oidECDSAWithSHA256
	default:
		return nil, fmt.Errorf("signing: %w", ErrKey)
	}
	if err := c.sign(digest); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	var token []byte
	if s.Stamp != nil {
		var err error
		if token, err = s.Stamp(ctx, c.value); err != nil {
			return nil, err
		}
	}
	return c.encode(token)
}

// cmsMessage is a SignedData in the making.
type cmsMessage struct {
	Signature
	algorithm asn1.ObjectIdentifier // of the signature
	null      bool                  // it has NULL as its parameters
	value     []byte                // the signature
	attrs     []byte                // SignedAttributes without their tag
}

// sign computes signed attributes and signature.
func (c *cmsMessage) sign(digest []byte) error {
	var err error
	if c.attrs, err = c.attributes(digest); err != nil {
		return err
	}
	// RFC 5652 5.4: what is signed carries the tag SET OF.
	var b cryptobyte.Builder
	b.AddASN1(setOf, func(b *cryptobyte.Builder) { b.AddBytes(c.attrs) })
	der, err := b.Bytes()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(der)
	c.value, err = c.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	return err
}

func (c *cmsMessage) attributes(digest []byte) ([]byte, error) {
	attrs := [][]byte{}
	var failed error
	add := func(oid asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) {
		der, err := attribute(oid, value)
		if err != nil {
			failed = err
		}
		attrs = append(attrs, der)
	}
	add(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	add(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
	if !c.Claimed.IsZero() {
		add(oidSigningTime, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(c.Claimed.UTC()) })
	}
	add(oidSigningCertV2, c.signingCertificate)
	// DER sorts the elements of a SET OF (X.690 11.6).
	slices.SortFunc(attrs, bytes.Compare)
	return bytes.Join(attrs, nil), failed
}

// signingCertificate is ESSCertIDv2 with the default SHA-256 (RFC 5035 4).
func (c *cmsMessage) signingCertificate(b *cryptobyte.Builder) {
	sum := sha256.Sum256(c.Certificate.Raw)
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum[:]) })
		})
	})
}

// encode returns the ContentInfo; a token becomes the unsigned attribute
// id-aa-timeStampToken (RFC 3161 appendix A).
func (c *cmsMessage) encode(token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { c.signedData(b, token) })
		})
	})
	return b.Bytes()
}

func (c *cmsMessage) signedData(b *cryptobyte.Builder, token []byte) {
	b.AddASN1Int64(1)
	b.AddASN1(setOf, func(b *cryptobyte.Builder) { algorithm(b, oidSHA256, false) })
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	b.AddASN1(context0, func(b *cryptobyte.Builder) {
		for _, cert := range c.Bag {
			b.AddBytes(cert.Raw)
		}
	})
	b.AddASN1(setOf, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { c.signerInfo(b, token) })
	})
}

func (c *cmsMessage) signerInfo(b *cryptobyte.Builder, token []byte) {
	b.AddASN1Int64(1)
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(c.Certificate.RawIssuer)
		b.AddASN1BigInt(c.Certificate.SerialNumber)
	})
	algorithm(b, oidSHA256, false)
	b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddBytes(c.attrs) })
	algorithm(b, c.algorithm, c.null)
	b.AddASN1OctetString(c.value)
	if token == nil {
		return
	}
	der, err := attribute(oidTimeStamp, func(b *cryptobyte.Builder) { b.AddBytes(token) })
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddASN1(context1, func(b *cryptobyte.Builder) { b.AddBytes(der) })
}

func attribute(oid asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(setOf, value)
	})
	return b.Bytes()
}

func algorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, null bool) {
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if null {
			b.AddASN1NULL()
		}
	})
}
