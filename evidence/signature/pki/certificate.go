// Package pki reads X.509 certificates, CRLs (RFC 5280) and OCSP answers
// (RFC 6960) with one lenient, bounded parser of its own, because crypto/x509
// refuses real certificates for faults that decide nothing (negative serial
// numbers, odd strings), and checks what RFC 5280 section 6 asks of a path.
package pki

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"minhchung/evidence/signature/cms"
)

// ErrMalformed is wrapped by every parsing error of this package.
var ErrMalformed = errors.New("malformed")

func malformed(what string) error { return fmt.Errorf("%w %s", ErrMalformed, what) }

// The limits of one object.
const (
	maxCertificateBytes = 128 << 10
	maxExtensions       = 64
	maxNames            = 256
	maxPolicies         = 16
	maxAddresses        = 8
)

// KeyUsage has one bit for each usage (RFC 5280 4.2.1.3), the first bit of
// the BIT STRING as the lowest.
type KeyUsage uint16

// The key usages that are asked for.
const (
	DigitalSignature KeyUsage = 1 << 0
	NonRepudiation   KeyUsage = 1 << 1
	KeyCertSign      KeyUsage = 1 << 5
	CRLSign          KeyUsage = 1 << 6
)

// Certificate is a parsed X.509 certificate (RFC 5280 4.1). Its byte slices
// alias Raw. It is not changed after Parse and may be shared.
type Certificate struct {
	Raw       []byte
	SHA256    [sha256.Size]byte
	TBS       []byte // what the issuer signed
	Serial    []byte // content octets of the INTEGER
	Issuer    []byte // DER of the Name
	Subject   []byte
	SPKI      []byte // DER of the SubjectPublicKeyInfo
	NotBefore time.Time
	NotAfter  time.Time
	Algorithm cms.AlgorithmIdentifier
	Signature []byte

	// Key is nil when the key is of a kind we cannot use; KeyError says why.
	Key      *cms.PublicKey
	KeyError error

	BasicConstraints bool // the extension is present
	CA               bool
	PathLen          int // -1 when absent

	HasKeyUsage bool
	KeyUsage    KeyUsage

	HasExtKeyUsage      bool
	ExtKeyUsage         []cms.OID
	ExtKeyUsageCritical bool

	SubjectKeyID   []byte
	AuthorityKeyID []byte
	AltNames       []GeneralName
	Constraints    *NameConstraints
	// DistributionPoints are the full names of the CRL distribution points.
	DistributionPoints []GeneralName
	// Policies are the certificate policies (RFC 5280 4.2.1.4), at most
	// maxPolicies of them.
	Policies []cms.OID
	// OCSPAddresses are where the issuer answers (4.2.2.1, id-ad-ocsp).
	OCSPAddresses []string
	// NoCheck is the id-pkix-ocsp-nocheck extension (RFC 6960 4.2.2.2.1).
	NoCheck bool
	// UnknownCritical are critical extensions that we do not process; a
	// path through them is invalid (RFC 5280 6.1.4 (o), 6.1.5 (f)).
	UnknownCritical []cms.OID
}

// GeneralName is one GeneralName (RFC 5280 4.2.1.6): its context tag number
// and content.
type GeneralName struct {
	Tag   int // 1 rfc822Name, 2 dNSName, 4 directoryName, 6 URI, 7 iPAddress
	Value []byte
}

var (
	oidSubjectKeyID   = cms.MustOID("2.5.29.14")
	oidKeyUsage       = cms.MustOID("2.5.29.15")
	oidAltName        = cms.MustOID("2.5.29.17")
	oidIssuerAltName  = cms.MustOID("2.5.29.18")
	oidBasic          = cms.MustOID("2.5.29.19")
	oidConstraints    = cms.MustOID("2.5.29.30")
	oidCRLPoints      = cms.MustOID("2.5.29.31")
	oidPolicies       = cms.MustOID("2.5.29.32")
	oidPolicyMappings = cms.MustOID("2.5.29.33")
	oidAuthorityKeyID = cms.MustOID("2.5.29.35")
	oidPolicyLimits   = cms.MustOID("2.5.29.36")
	oidExtKeyUsage    = cms.MustOID("2.5.29.37")
	oidInhibitAny     = cms.MustOID("2.5.29.54")
	oidAccess         = cms.MustOID("1.3.6.1.5.5.7.1.1")
	oidOCSPAccess     = cms.MustOID("1.3.6.1.5.5.7.48.1")
	oidNoCheck        = cms.MustOID("1.3.6.1.5.5.7.48.1.5")
	oidQCStatements   = cms.MustOID("1.3.6.1.5.5.7.1.3")
)

// processed are the extensions whose being critical stops nothing. Policies
// are: our policy set is any-policy, so that mappings and limits only matter
// when a CA demands explicit policies, which we then read as satisfied
// (RFC 5280 6.1.1 (c)-(g) with the initial values false).
var processed = map[string]bool{
	string(oidSubjectKeyID): true, string(oidKeyUsage): true, string(oidAltName): true,
	string(oidIssuerAltName): true, string(oidBasic): true, string(oidConstraints): true,
	string(oidCRLPoints): true, string(oidPolicies): true, string(oidPolicyMappings): true,
	string(oidAuthorityKeyID): true, string(oidPolicyLimits): true, string(oidExtKeyUsage): true,
	string(oidInhibitAny): true, string(oidNoCheck): true, string(oidQCStatements): true,
}

// ParseCertificate reads one certificate; bytes behind it are an error.
func ParseCertificate(der []byte) (*Certificate, error) {
	if len(der) > maxCertificateBytes {
		return nil, malformed("certificate: too long")
	}
	c := &Certificate{Raw: der, SHA256: sha256.Sum256(der), PathLen: -1}
	s := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !s.Empty() {
		return nil, malformed("certificate")
	}
	if !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, malformed("certificate body")
	}
	c.TBS = tbs
	alg, ok := readAlgorithm(&outer)
	if !ok || !readBits(&outer, &c.Signature) || !outer.Empty() {
		return nil, malformed("certificate signature")
	}
	c.Algorithm = alg
	return c, c.parseTBS(tbs)
}

func (c *Certificate) parseTBS(tbs cryptobyte.String) error {
	var in, serial, subject, issuer, validity, spki cryptobyte.String
	if !tbs.ReadASN1(&in, asn1.SEQUENCE) ||
		!in.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) ||
		!in.ReadASN1(&serial, asn1.INTEGER) || len(serial) == 0 {
		return malformed("certificate serial number")
	}
	inner, ok := readAlgorithm(&in)
	// RFC 5280 4.1.1.2: both fields must name the same algorithm.
	if !ok || !inner.OID.Equal(c.Algorithm.OID) || !bytes.Equal(inner.Params, c.Algorithm.Params) {
		return malformed("certificate: two signature algorithms")
	}
	if !in.ReadASN1Element(&issuer, asn1.SEQUENCE) || !in.ReadASN1(&validity, asn1.SEQUENCE) ||
		!in.ReadASN1Element(&subject, asn1.SEQUENCE) || !in.ReadASN1Element(&spki, asn1.SEQUENCE) {
		return malformed("certificate fields")
	}
	c.Serial, c.Issuer, c.Subject, c.SPKI = serial, issuer, subject, spki
	if c.NotBefore, ok = readTime(&validity); !ok {
		return malformed("certificate validity")
	}
	if c.NotAfter, ok = readTime(&validity); !ok {
		return malformed("certificate validity")
	}
	c.Key, c.KeyError = cms.ParsePublicKey(spki)
	for _, tag := range []uint8{1, 2} { // unique identifiers
		if !in.SkipOptionalASN1(asn1.Tag(tag).ContextSpecific()) {
			return malformed("certificate unique identifier")
		}
	}
	exts, err := readExtensions(&in, asn1.Tag(3).Constructed().ContextSpecific())
	if err != nil {
		return err
	}
	for _, e := range exts {
		if err := c.extension(e); err != nil {
			return fmt.Errorf("extension %s: %w", e.oid, err)
		}
	}
	return nil
}

func (c *Certificate) extension(e extension) error {
	v := cryptobyte.String(e.value)
	ok := true
	switch string(e.oid) {
	case string(oidBasic):
		ok = c.basicConstraints(v)
	case string(oidKeyUsage):
		var bits []byte
		if ok = readBitString(&v, &bits); ok {
			c.HasKeyUsage, c.KeyUsage = true, keyUsage(bits)
		}
	case string(oidExtKeyUsage):
		c.HasExtKeyUsage, c.ExtKeyUsageCritical = true, e.critical
		c.ExtKeyUsage, ok = readOIDs(v)
	case string(oidSubjectKeyID):
		var id cryptobyte.String
		ok = v.ReadASN1(&id, asn1.OCTET_STRING)
		c.SubjectKeyID = id
	case string(oidAuthorityKeyID):
		c.AuthorityKeyID, ok = readAuthorityKeyID(v)
	case string(oidAltName):
		var seq cryptobyte.String
		if ok = v.ReadASN1(&seq, asn1.SEQUENCE); ok {
			c.AltNames, ok = readGeneralNames(seq)
		}
	case string(oidConstraints):
		c.Constraints, ok = parseNameConstraints(v)
	case string(oidCRLPoints):
		c.DistributionPoints = readDistributionPoints(v)
	case string(oidPolicies):
		c.Policies = readPolicies(v) // they decide nothing, so neither does their form
	case string(oidAccess):
		c.OCSPAddresses = readResponders(v) // likewise
	case string(oidNoCheck):
		c.NoCheck = true
	default:
		if e.critical && !processed[string(e.oid)] {
			c.UnknownCritical = append(c.UnknownCritical, e.oid)
		}
	}
	if !ok {
		return malformed("value")
	}
	return nil
}

func (c *Certificate) basicConstraints(v cryptobyte.String) bool {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) || !v.Empty() {
		return false
	}
	c.BasicConstraints = true
	if seq.PeekASN1Tag(asn1.BOOLEAN) && !seq.ReadASN1Boolean(&c.CA) {
		return false
	}
	if seq.PeekASN1Tag(asn1.INTEGER) {
		n := 0
		if !seq.ReadASN1Integer(&n) || n < 0 {
			return false
		}
		c.PathLen = n
	}
	return seq.Empty()
}

// keyUsage turns the octets of the BIT STRING around.
func keyUsage(bits []byte) KeyUsage {
	var u KeyUsage
	for i := range 9 {
		if i/8 < len(bits) && bits[i/8]&(0x80>>(i%8)) != 0 {
			u |= 1 << i
		}
	}
	return u
}

// Allows reports whether the key usage extension is absent or has any bit of
// mask (RFC 5280 4.2.1.3).
func (c *Certificate) Allows(mask KeyUsage) bool {
	return !c.HasKeyUsage || c.KeyUsage&mask != 0
}

// ValidAt reports whether t lies within the validity period, ends included
// (RFC 5280 4.1.2.5).
func (c *Certificate) ValidAt(t time.Time) bool {
	return !t.Before(c.NotBefore) && !t.After(c.NotAfter)
}

// SelfIssued reports whether subject and issuer are the same name (RFC 5280
// 3.2). A self-issued certificate whose own key verifies it is self-signed.
func (c *Certificate) SelfIssued() bool { return SameName(c.Subject, c.Issuer) }

// SelfSigned reports whether c is signed by its own key.
func (c *Certificate) SelfSigned() bool {
	if !c.SelfIssued() {
		return false
	}
	_, err := c.CheckSignatureFrom(c)
	return err == nil
}

// CheckSignatureFrom verifies c's signature with the key of issuer, and
// nothing else. Errors are those of cms.CheckSignature.
func (c *Certificate) CheckSignatureFrom(issuer *Certificate) (cms.Used, error) {
	if issuer.Key == nil {
		return cms.Used{}, issuer.KeyError
	}
	return cms.CheckSignature(issuer.Key, c.Algorithm, c.TBS, c.Signature)
}

// HasUsage reports whether the extended key usage names purpose.
func (c *Certificate) HasUsage(purpose cms.OID) bool {
	for _, u := range c.ExtKeyUsage {
		if u.Equal(purpose) {
			return true
		}
	}
	return false
}

// SerialHex returns the serial number as lower-case hex without leading zero
// octets.
func (c *Certificate) SerialHex() string { return hex.EncodeToString(trimSerial(c.Serial)) }

// SameSerial compares the content octets of two INTEGERs, padding aside.
func SameSerial(a, b []byte) bool { return bytes.Equal(trimSerial(a), trimSerial(b)) }

// trimSerial drops leading zero octets, the last one aside. A negative number
// keeps its octets: it equals only the same encoding, or the positive number
// of those octets, which is how faulty issuers mean it.
func trimSerial(s []byte) []byte {
	for len(s) > 1 && s[0] == 0 {
		s = s[1:]
	}
	return s
}
