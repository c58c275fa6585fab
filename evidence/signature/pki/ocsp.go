package pki

import (
	"bytes"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"minhchung/evidence/signature/cms"
)

// The limits of one OCSP answer.
const (
	maxOCSPBytes     = 1 << 20
	maxOCSPResponses = 256
	maxOCSPCerts     = 8
)

// OCSP is a parsed BasicOCSPResponse (RFC 6960 4.2.1). The nonce is ignored:
// a stored answer was asked by somebody else.
type OCSP struct {
	TBS          []byte
	ResponderID  []byte // DER of a Name, or nil
	ResponderKey []byte // SHA-1 of the responder's key, or nil
	ProducedAt   time.Time
	Responses    []SingleResponse
	Algorithm    cms.AlgorithmIdentifier
	Signature    []byte
	Certificates [][]byte
}

// SingleResponse is the status of one certificate (RFC 6960 4.2.1).
type SingleResponse struct {
	HashAlgorithm         cms.AlgorithmIdentifier
	IssuerName, IssuerKey []byte // digests
	Serial                []byte
	Good                  bool
	Revoked               *Revocation // nil unless revoked; neither: unknown
	ThisUpdate            time.Time
	NextUpdate            time.Time // zero when absent
	// ArchiveFrom is the archiveCutoff (RFC 6960 4.4.4): the responder still
	// knows certificates that expired since. Zero when absent.
	ArchiveFrom time.Time
	refusal     error
}

var (
	oidOCSPBasic   = cms.MustOID("1.3.6.1.5.5.7.48.1.1")
	oidOCSPSigning = cms.MustOID("1.3.6.1.5.5.7.3.9")
)

// ParseOCSP reads an OCSPResponse, or a bare BasicOCSPResponse as some
// signers store it. An answer other than "successful" is malformed here.
func ParseOCSP(der []byte) (*OCSP, error) {
	if len(der) > maxOCSPBytes {
		return nil, malformed("OCSP answer: too long")
	}
	s := cryptobyte.String(der)
	var outer cryptobyte.String
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !s.Empty() {
		return nil, malformed("OCSP answer")
	}
	if !outer.PeekASN1Tag(asn1.ENUM) {
		return parseBasic(outer)
	}
	var status int
	var wrap, response, oid, basic, inner cryptobyte.String
	if !outer.ReadASN1Enum(&status) || status != 0 {
		return nil, malformed("OCSP answer: not successful")
	}
	if !outer.ReadASN1(&wrap, asn1.Tag(0).Constructed().ContextSpecific()) ||
		!wrap.ReadASN1(&response, asn1.SEQUENCE) ||
		!response.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !oidOCSPBasic.Equal(oid) ||
		!response.ReadASN1(&basic, asn1.OCTET_STRING) || !basic.ReadASN1(&inner, asn1.SEQUENCE) {
		return nil, malformed("OCSP answer: no basic response")
	}
	return parseBasic(inner)
}

func parseBasic(in cryptobyte.String) (*OCSP, error) {
	o := new(OCSP)
	var tbs cryptobyte.String
	if !in.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, malformed("OCSP response data")
	}
	o.TBS = tbs
	ok := false
	if o.Algorithm, ok = readAlgorithm(&in); !ok || !readBits(&in, &o.Signature) {
		return nil, malformed("OCSP signature")
	}
	var wrap, certs cryptobyte.String
	present := false
	if !in.ReadOptionalASN1(&wrap, &present, asn1.Tag(0).Constructed().ContextSpecific()) ||
		present && !wrap.ReadASN1(&certs, asn1.SEQUENCE) {
		return nil, malformed("OCSP certificates")
	}
	for !certs.Empty() && len(o.Certificates) < maxOCSPCerts {
		var c cryptobyte.String
		if !certs.ReadASN1Element(&c, asn1.SEQUENCE) {
			return nil, malformed("OCSP certificate")
		}
		o.Certificates = append(o.Certificates, c)
	}
	return o, o.parseData(tbs)
}

func (o *OCSP) parseData(tbs cryptobyte.String) error {
	var in, id, list cryptobyte.String
	var tag asn1.Tag
	if !tbs.ReadASN1(&in, asn1.SEQUENCE) ||
		!in.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) ||
		!in.ReadAnyASN1(&id, &tag) {
		return malformed("OCSP responder")
	}
	switch tag {
	case asn1.Tag(1).Constructed().ContextSpecific():
		o.ResponderID = id
	case asn1.Tag(2).Constructed().ContextSpecific():
		var key cryptobyte.String
		if !id.ReadASN1(&key, asn1.OCTET_STRING) {
			return malformed("OCSP responder")
		}
		o.ResponderKey = key
	default:
		return malformed("OCSP responder")
	}
	ok := false
	if o.ProducedAt, ok = readTime(&in); !ok || !in.ReadASN1(&list, asn1.SEQUENCE) {
		return malformed("OCSP producedAt")
	}
	for !list.Empty() {
		var one cryptobyte.String
		if len(o.Responses) == maxOCSPResponses || !list.ReadASN1(&one, asn1.SEQUENCE) {
			return malformed("OCSP responses")
		}
		r, err := parseSingle(one)
		if err != nil {
			return err
		}
		o.Responses = append(o.Responses, r)
	}
	exts, err := readExtensions(&in, asn1.Tag(1).Constructed().ContextSpecific())
	if err != nil {
		return err
	}
	for _, e := range exts {
		// The nonce may be critical; nothing else we know of is.
		if e.critical && e.oid.String() != "1.3.6.1.5.5.7.48.1.2" {
			return unusable("critical OCSP extension " + e.oid.String())
		}
	}
	return nil
}

func parseSingle(in cryptobyte.String) (SingleResponse, error) {
	var r SingleResponse
	var id, name, key, serial, status cryptobyte.String
	var tag asn1.Tag
	ok := false
	if !in.ReadASN1(&id, asn1.SEQUENCE) {
		return r, malformed("OCSP CertID")
	}
	if r.HashAlgorithm, ok = readAlgorithm(&id); !ok || !id.ReadASN1(&name, asn1.OCTET_STRING) ||
		!id.ReadASN1(&key, asn1.OCTET_STRING) || !id.ReadASN1(&serial, asn1.INTEGER) || len(serial) == 0 {
		return r, malformed("OCSP CertID")
	}
	r.IssuerName, r.IssuerKey, r.Serial = name, key, serial
	if !in.ReadAnyASN1(&status, &tag) {
		return r, malformed("OCSP certStatus")
	}
	switch tag {
	case asn1.Tag(0).ContextSpecific():
		r.Good = true
	case asn1.Tag(1).Constructed().ContextSpecific():
		rev, err := readRevokedInfo(status)
		if err != nil {
			return r, err
		}
		r.Revoked = &rev
	case asn1.Tag(2).ContextSpecific():
	default:
		return r, malformed("OCSP certStatus")
	}
	if r.ThisUpdate, ok = readTime(&in); !ok {
		return r, malformed("OCSP thisUpdate")
	}
	var next cryptobyte.String
	present := false
	if !in.ReadOptionalASN1(&next, &present, asn1.Tag(0).Constructed().ContextSpecific()) {
		return r, malformed("OCSP nextUpdate")
	}
	if present {
		if r.NextUpdate, ok = readTime(&next); !ok {
			return r, malformed("OCSP nextUpdate")
		}
	}
	return r, r.readSingleExtensions(&in)
}

func (r *SingleResponse) readSingleExtensions(in *cryptobyte.String) error {
	exts, err := readExtensions(in, asn1.Tag(1).Constructed().ContextSpecific())
	if err != nil {
		return err
	}
	for _, e := range exts {
		v := cryptobyte.String(e.value)
		if e.oid.Equal(oidArchiveFrom) {
			r.ArchiveFrom, _ = readTime(&v)
		} else if e.critical {
			r.refusal = unusable("critical OCSP extension " + e.oid.String())
		}
	}
	return nil
}

func readRevokedInfo(in cryptobyte.String) (Revocation, error) {
	var rev Revocation
	var wrap cryptobyte.String
	ok, present := false, false
	if rev.At, ok = readTime(&in); !ok ||
		!in.ReadOptionalASN1(&wrap, &present, asn1.Tag(0).Constructed().ContextSpecific()) {
		return rev, malformed("OCSP revocation")
	}
	if present {
		rev.Given = wrap.ReadASN1Enum(&rev.Reason)
	}
	return rev, nil
}

// Find returns the response about cert as issued by issuer: the digests of
// the issuer's name and key and the serial number must match (RFC 6960
// 4.1.1, 3.2 rule 1). It is nil when there is none.
func (o *OCSP) Find(cert, issuer *Certificate) *SingleResponse {
	for i := range o.Responses {
		r := &o.Responses[i]
		if r.refusal != nil || !SameSerial(r.Serial, cert.Serial) {
			continue
		}
		hash := r.HashAlgorithm.DigestName()
		name, key := cms.Sum(hash, cert.Issuer), cms.Sum(hash, issuer.keyBits())
		if key != nil && bytes.Equal(key, r.IssuerKey) &&
			(bytes.Equal(name, r.IssuerName) || bytes.Equal(cms.Sum(hash, issuer.Subject), r.IssuerName)) {
			return r
		}
	}
	return nil
}

// keyBits is the content of the subjectPublicKey BIT STRING without its
// count of unused bits, which OCSP digests (RFC 6960 4.1.1).
func (c *Certificate) keyBits() []byte {
	s := cryptobyte.String(c.SPKI)
	var seq cryptobyte.String
	var bits []byte
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !seq.SkipASN1(asn1.SEQUENCE) || !readBits(&seq, &bits) {
		return nil
	}
	return bits
}

// Names reports whether the response names c as its responder.
func (o *OCSP) Names(c *Certificate) bool {
	if o.ResponderKey != nil {
		return bytes.Equal(o.ResponderKey, cms.Sum("SHA-1", c.keyBits()))
	}
	return SameName(o.ResponderID, c.Subject)
}

// CheckSignatureBy verifies the answer's signature with the key of responder.
func (o *OCSP) CheckSignatureBy(responder *Certificate) (cms.Used, error) {
	if responder.Key == nil {
		return cms.Used{}, responder.KeyError
	}
	return cms.CheckSignature(responder.Key, o.Algorithm, o.TBS, o.Signature)
}

// MayAnswer reports whether c may sign OCSP answers for certificates of
// issuer: it is the issuer, or the issuer made it itself and for that purpose
// (RFC 6960 4.2.2.2). Whether c's signature by issuer holds is checked too.
func (c *Certificate) MayAnswer(issuer *Certificate) bool {
	if bytes.Equal(c.SPKI, issuer.SPKI) && SameName(c.Subject, issuer.Subject) {
		return true
	}
	if !c.HasExtKeyUsage || !c.HasUsage(oidOCSPSigning) || len(c.UnknownCritical) > 0 ||
		!c.Allows(DigitalSignature|NonRepudiation) || !SameName(c.Issuer, issuer.Subject) {
		return false
	}
	_, err := c.CheckSignatureFrom(issuer)
	return err == nil
}

// CheckSignatureBy verifies the CRL's signature with the key of issuer, whose
// key usage must allow it (RFC 5280 6.3.3 (f), (g)).
func (c *CRL) CheckSignatureBy(issuer *Certificate) (cms.Used, error) {
	if !issuer.Allows(CRLSign) {
		return cms.Used{}, unusable("the CRL's key may not sign CRLs")
	}
	if issuer.Key == nil {
		return cms.Used{}, issuer.KeyError
	}
	return cms.CheckSignature(issuer.Key, c.Algorithm, c.TBS, c.Signature)
}

// OCSPRequest asks about cert as issued by issuer (RFC 6960 4.1.1): one
// CertID with SHA-1, which every responder knows (RFC 5019 2.1.1) and which
// signs nothing, and no nonce, since many answers are made in advance.
func OCSPRequest(cert, issuer *Certificate) []byte {
	var b cryptobyte.Builder
	sequence := func(b *cryptobyte.Builder, content func(*cryptobyte.Builder)) { b.AddASN1(asn1.SEQUENCE, content) }
	octets := func(b *cryptobyte.Builder, v []byte) { b.AddASN1OctetString(v) }
	sequence(&b, func(b *cryptobyte.Builder) { // OCSPRequest
		sequence(b, func(b *cryptobyte.Builder) { // TBSRequest
			sequence(b, func(b *cryptobyte.Builder) { // requestList
				sequence(b, func(b *cryptobyte.Builder) { // Request
					sequence(b, func(b *cryptobyte.Builder) { // CertID
						sequence(b, func(b *cryptobyte.Builder) {
							b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oidSHA1) })
							b.AddASN1NULL()
						})
						octets(b, cms.Sum("SHA-1", issuer.Subject))
						octets(b, cms.Sum("SHA-1", issuer.keyBits()))
						b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(cert.Serial) })
					})
				})
			})
		})
	})
	return b.BytesOrPanic() // only lengths beyond 4 GiB cannot be written
}

var oidSHA1 = cms.MustOID("1.3.14.3.2.26")

// CRLAddresses returns the distribution points that are URIs.
func (c *Certificate) CRLAddresses() []string {
	var list []string
	for _, n := range c.DistributionPoints {
		if n.Tag == nameURI && len(list) < maxAddresses {
			list = append(list, string(n.Value))
		}
	}
	return list
}
