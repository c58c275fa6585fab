package pki

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"minhchung/evidence/signature/cms"
)

// ErrUnusable is wrapped by errors that say why a well-formed answer says
// nothing about a certificate: a delta or indirect CRL, a foreign scope, a
// critical extension that we do not know.
var ErrUnusable = errors.New("unusable answer")

func unusable(why string) error { return fmt.Errorf("%w: %s", ErrUnusable, why) }

// maxCRLBytes bounds one CRL; the largest of public CAs have some megabytes.
const maxCRLBytes = 64 << 20

// CRL is a parsed certificate revocation list (RFC 5280 5.1). Its slices
// alias the input.
type CRL struct {
	TBS        []byte
	Issuer     []byte // DER of the Name
	ThisUpdate time.Time
	NextUpdate time.Time // zero when absent
	Algorithm  cms.AlgorithmIdentifier
	Signature  []byte
	// AuthorityKeyID tells one key of the issuer from another.
	AuthorityKeyID []byte
	// ExpiredFrom is the expiredCertsOnCRL extension (X.509 9.5.2.8):
	// certificates that expired since stay on the list. Zero when absent.
	ExpiredFrom time.Time

	entries []byte
	scope   scope
	refusal error // set when it can be used for no certificate
}

// scope is the issuing distribution point (RFC 5280 5.2.5).
type scope struct {
	users, authorities bool // only these
	named              bool
	names              []GeneralName
}

var (
	oidDelta       = cms.MustOID("2.5.29.27")
	oidIssuing     = cms.MustOID("2.5.29.28")
	oidCRLNumber   = cms.MustOID("2.5.29.20")
	oidReason      = cms.MustOID("2.5.29.21")
	oidInvalidity  = cms.MustOID("2.5.29.24")
	oidExpiredOn   = cms.MustOID("2.5.29.60")
	oidArchiveFrom = cms.MustOID("1.3.6.1.5.5.7.48.1.6")
)

// Revocation is what an answer says about a revoked certificate. Reason is
// the CRLReason (RFC 5280 5.3.1), 0 when absent; Given tells them apart.
type Revocation struct {
	At     time.Time
	Reason int
	Given  bool
}

// The reasons that are told apart.
const (
	ReasonUnspecified   = 0
	ReasonAffiliation   = 3
	ReasonSuperseded    = 4
	ReasonCessation     = 5
	ReasonHold          = 6
	ReasonRemoveFromCRL = 8
)

// ParseCRL reads one CRL. Entries are read by Find, not here.
func ParseCRL(der []byte) (*CRL, error) {
	if len(der) > maxCRLBytes {
		return nil, malformed("CRL: too long")
	}
	c := new(CRL)
	s := cryptobyte.String(der)
	var outer, tbs, in cryptobyte.String
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !s.Empty() || !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, malformed("CRL")
	}
	c.TBS = tbs
	ok := false
	if c.Algorithm, ok = readAlgorithm(&outer); !ok || !readBits(&outer, &c.Signature) || !outer.Empty() {
		return nil, malformed("CRL signature")
	}
	if !tbs.ReadASN1(&in, asn1.SEQUENCE) || in.PeekASN1Tag(asn1.INTEGER) && !in.SkipASN1(asn1.INTEGER) {
		return nil, malformed("CRL version")
	}
	inner, ok := readAlgorithm(&in)
	if !ok || !inner.OID.Equal(c.Algorithm.OID) {
		return nil, malformed("CRL: two signature algorithms")
	}
	return c, c.parseBody(in)
}

func (c *CRL) parseBody(in cryptobyte.String) error {
	var issuer cryptobyte.String
	ok := false
	if !in.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return malformed("CRL issuer")
	}
	c.Issuer = issuer
	if c.ThisUpdate, ok = readTime(&in); !ok {
		return malformed("CRL thisUpdate")
	}
	if in.PeekASN1Tag(asn1.UTCTime) || in.PeekASN1Tag(asn1.GeneralizedTime) {
		if c.NextUpdate, ok = readTime(&in); !ok {
			return malformed("CRL nextUpdate")
		}
	}
	if in.PeekASN1Tag(asn1.SEQUENCE) {
		var list cryptobyte.String
		if !in.ReadASN1(&list, asn1.SEQUENCE) {
			return malformed("CRL entries")
		}
		c.entries = list
	}
	exts, err := readExtensions(&in, asn1.Tag(0).Constructed().ContextSpecific())
	if err != nil {
		return err
	}
	for _, e := range exts {
		c.extension(e)
	}
	return nil
}

func (c *CRL) extension(e extension) {
	v := cryptobyte.String(e.value)
	switch string(e.oid) {
	case string(oidAuthorityKeyID):
		c.AuthorityKeyID, _ = readAuthorityKeyID(v)
	case string(oidExpiredOn):
		c.ExpiredFrom, _ = readTime(&v)
	case string(oidDelta):
		c.refusal = unusable("a delta CRL lists only what changed (RFC 5280 5.2.4)")
	case string(oidIssuing):
		c.issuingPoint(v)
	case string(oidCRLNumber):
	default:
		if e.critical {
			c.refusal = unusable("critical CRL extension " + e.oid.String())
		}
	}
}

// issuingPoint reads the IssuingDistributionPoint. What narrows the CRL to
// some reasons or to attribute certificates, or widens it to other issuers,
// makes it unusable here (RFC 5280 5.2.5).
func (c *CRL) issuingPoint(v cryptobyte.String) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		c.refusal = unusable("issuing distribution point")
		return
	}
	c.scope.named = seq.PeekASN1Tag(asn1.Tag(0).Constructed().ContextSpecific())
	c.scope.names = pointNames(&seq)
	for !seq.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !seq.ReadAnyASN1(&value, &tag) {
			c.refusal = unusable("issuing distribution point")
			return
		}
		set := len(value) == 1 && value[0] != 0
		switch tag & 0x1f {
		case 1:
			c.scope.users = set
		case 2:
			c.scope.authorities = set
		case 3:
			c.refusal = unusable("the CRL covers only some reasons")
		case 4:
			if set {
				c.refusal = unusable("indirect CRL")
			}
		default:
			if set {
				c.refusal = unusable("the CRL covers attribute certificates")
			}
		}
	}
}

// Covers reports whether cert lies in the CRL's scope: the same issuer name,
// a kind of certificate the CRL is for, and a distribution point in common
// when it is for one (RFC 5280 6.3.3 (b)). A nil error says it does.
func (c *CRL) Covers(cert *Certificate) error {
	switch {
	case c.refusal != nil:
		return c.refusal
	case !SameName(c.Issuer, cert.Issuer):
		return unusable("the CRL is of another issuer")
	case c.scope.users && cert.CA, c.scope.authorities && !cert.CA:
		return unusable("the CRL is for another kind of certificate")
	case c.scope.named && !shareName(c.scope.names, cert.DistributionPoints):
		return unusable("the CRL is for another distribution point")
	}
	return nil
}

func shareName(a, b []GeneralName) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Tag == y.Tag && string(x.Value) == string(y.Value) {
				return true
			}
		}
	}
	return false
}

// Find returns the entry with the given serial number, or ok false. An entry
// anywhere with a critical extension that we do not process, such as the
// certificateIssuer of an indirect CRL, makes the CRL unusable (RFC 5280 5.3).
func (c *CRL) Find(serial []byte) (rev Revocation, ok bool, err error) {
	err = c.each(func(number []byte) bool { return SameSerial(number, serial) },
		func(_ []byte, r Revocation) { rev, ok = r, true })
	return rev, ok, err
}

// maxIndexedBytes bounds the entries that are indexed: about 200,000.
const maxIndexedBytes = 8 << 20

// Index returns all entries by SerialKey, for a CRL that is asked often. It
// is nil without an error when the CRL is too long to be held twice.
func (c *CRL) Index() (map[string]Revocation, error) {
	if len(c.entries) > maxIndexedBytes {
		return nil, nil
	}
	index := make(map[string]Revocation)
	err := c.each(func([]byte) bool { return true },
		func(number []byte, r Revocation) { index[SerialKey(number)] = r })
	return index, err
}

// SerialKey is equal for serial numbers that are the same (SameSerial).
func SerialKey(serial []byte) string { return string(trimSerial(serial)) }

// each reads every entry and gives found the ones that want asks for.
func (c *CRL) each(want func(serial []byte) bool, found func([]byte, Revocation)) error {
	for list := cryptobyte.String(c.entries); !list.Empty(); {
		var entry, number cryptobyte.String
		if !list.ReadASN1(&entry, asn1.SEQUENCE) || !entry.ReadASN1(&number, asn1.INTEGER) {
			return malformed("CRL entry")
		}
		hit := want(number)
		if !hit && !hasExtensions(entry) {
			continue
		}
		r, err := readEntry(entry)
		if err != nil {
			return err
		}
		if hit {
			found(number, r)
		}
	}
	return nil
}

// hasExtensions reports whether more than a time follows the serial number.
func hasExtensions(entry cryptobyte.String) bool {
	var t cryptobyte.String
	var tag asn1.Tag
	return !entry.ReadAnyASN1(&t, &tag) || !entry.Empty()
}

func readEntry(entry cryptobyte.String) (Revocation, error) {
	var rev Revocation
	ok := false
	if rev.At, ok = readTime(&entry); !ok {
		return rev, malformed("CRL entry")
	}
	if entry.Empty() {
		return rev, nil
	}
	var seq cryptobyte.String
	if !entry.ReadASN1(&seq, asn1.SEQUENCE) {
		return rev, malformed("CRL entry extensions")
	}
	exts, err := extensionList(seq)
	if err != nil {
		return rev, err
	}
	for _, e := range exts {
		v := cryptobyte.String(e.value)
		switch {
		case e.oid.Equal(oidReason):
			rev.Given = v.ReadASN1Enum(&rev.Reason)
		case e.oid.Equal(oidInvalidity):
		case e.critical:
			return rev, unusable("critical CRL entry extension " + e.oid.String())
		}
	}
	return rev, nil
}
