package demo

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
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
)

var (
	setOf    = tag.SET
	context0 = tag.Tag(0).ContextSpecific().Constructed()
	context1 = tag.Tag(1).ContextSpecific().Constructed()
)

// cmsSignature is a detached CMS SignedData in the making (RFC 5652 5).
type cmsSignature struct {
	signer *identity
	// certs go into the certificates field in this order.
	certs []*x509.Certificate
	// claimed is the signing-time attribute; zero leaves it out.
	claimed time.Time
	value   []byte // the signature
	attrs   []byte // SignedAttributes without their tag
}

// sign computes signed attributes and signature for the digest of the
// covered bytes.
func (c *cmsSignature) sign(digest []byte) error {
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
	c.value, err = rsa.SignPKCS1v15(rand.Reader, c.signer.key, crypto.SHA256, sum[:])
	return err
}

func (c *cmsSignature) attributes(digest []byte) ([]byte, error) {
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
	if !c.claimed.IsZero() {
		add(oidSigningTime, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(c.claimed.UTC()) })
	}
	add(oidSigningCertV2, c.signingCertificate)
	// DER sorts the elements of a SET OF (X.690 11.6).
	slices.SortFunc(attrs, bytes.Compare)
	return bytes.Join(attrs, nil), failed
}

// signingCertificate is ESSCertIDv2 with the default SHA-256 (RFC 5035 4).
func (c *cmsSignature) signingCertificate(b *cryptobyte.Builder) {
	sum := sha256.Sum256(c.signer.cert.Raw)
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum[:]) })
		})
	})
}

// encode returns the ContentInfo; a token becomes the unsigned attribute
// id-aa-timeStampToken (RFC 3161 appendix A).
func (c *cmsSignature) encode(token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { c.signedData(b, token) })
		})
	})
	return b.Bytes()
}

func (c *cmsSignature) signedData(b *cryptobyte.Builder, token []byte) {
	b.AddASN1Int64(1)
	b.AddASN1(setOf, func(b *cryptobyte.Builder) { algorithm(b, oidSHA256, false) })
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	b.AddASN1(context0, func(b *cryptobyte.Builder) {
		for _, cert := range c.certs {
			b.AddBytes(cert.Raw)
		}
	})
	b.AddASN1(setOf, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { c.signerInfo(b, token) })
	})
}

func (c *cmsSignature) signerInfo(b *cryptobyte.Builder, token []byte) {
	b.AddASN1Int64(1)
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(c.signer.cert.RawIssuer)
		b.AddASN1BigInt(c.signer.cert.SerialNumber)
	})
	algorithm(b, oidSHA256, false)
	b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddBytes(c.attrs) })
	algorithm(b, oidRSA, true)
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
