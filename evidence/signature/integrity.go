package signature

import (
	"bytes"
	"crypto/subtle"
	"errors"

	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// The signature formats of ISO 32000-2 12.8.3 and 12.8.5.
const (
	subFilterDetached  = "adbe.pkcs7.detached"
	subFilterCAdES     = "ETSI.CAdES.detached"
	subFilterSHA1      = "adbe.pkcs7.sha1"
	subFilterX509      = "adbe.x509.rsa_sha1"
	subFilterTimestamp = "ETSI.RFC3161"
)

// proof is the outcome of checking the cryptography of one signature, and
// what later rules need of it.
type proof struct {
	integrity Integrity
	problem   string // an English sentence unless intact
	finding   finding
	unsorted  bool

	// enclosing is the message that an attached time stamp sits in: it may
	// carry the authority's certificates and answers.
	enclosing *proof

	cms    *cms.SignedData
	info   *cms.TSTInfo // of time stamps
	signer *authority   // the certificate whose key verified the signature
	bag    *bag
	used   used
	// wrapped is the digest of the document when the message signs that
	// digest and not the document, such as "SHA-1"; else empty.
	wrapped string
	digest  []byte // that was signed
}

func (p *proof) broken(ind Indication, sub Subindication, reason, problem string) {
	p.integrity, p.problem = IntegrityBroken, problem
	p.finding = finding{ind, sub, reason}
	p.signer = nil
}

// rests returns what the signature itself rests on.
func (p *proof) rests() []used {
	list := []used{p.used}
	if p.wrapped != "" {
		list = append(list, used{Digest: p.wrapped, Key: p.used.Key, KeyBits: p.used.KeyBits})
	}
	return list
}

func (p *proof) malformed(problem string) {
	p.broken(TotalFailed, FormatFailure, ReasonMalformed, problem)
}

func (p *proof) unsupported(problem string) {
	p.integrity, p.problem = IntegrityUnknown, problem
	p.finding = finding{Indeterminate, SigConstraintsFailure, ReasonUnsupported}
	p.signer = nil
}

// refuse sorts an error of package cms: unknown, never a guess; or broken.
func (p *proof) refuse(err error) {
	switch {
	case errors.Is(err, cms.ErrUnsupported):
		p.unsupported(err.Error())
	case errors.Is(err, cms.ErrSignature):
		p.broken(TotalFailed, SigCryptoFailure, ReasonDigest, err.Error())
	default:
		p.malformed(err.Error())
	}
}

// check verifies the cryptography of f by its format.
func (s *session) check(f SignatureFacts) (p proof) {
	p.integrity = IntegrityIntact
	der := s.blobs[f.CMS]
	switch {
	case f.SubFilter == "" && f.ContentsProblem != "":
		p.malformed(f.ContentsProblem)
	case !knownFormat(f.SubFilter):
		p.unsupported("the signature format " + quote(f.SubFilter) + " is not supported")
	case f.ContentsProblem != "":
		p.malformed(f.ContentsProblem)
	case len(der) == 0:
		p.malformed("the signature holds no CMS object")
	case f.SubFilter == subFilterX509:
		s.checkX509(&p, f, der)
	default:
		sd, err := cms.Parse(der)
		if err != nil {
			p.malformed(err.Error())
			return p
		}
		p.cms = sd
		s.checkCMS(&p, f)
	}
	return p
}

func knownFormat(subFilter string) bool {
	switch subFilter {
	case subFilterDetached, subFilterCAdES, subFilterSHA1, subFilterX509, subFilterTimestamp:
		return true
	}
	return false
}

// quote keeps a name of the file short and printable in a sentence.
func quote(name string) string {
	if len(name) > 40 {
		name = name[:40]
	}
	clean := bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, []byte(name))
	return "“" + string(clean) + "”"
}

func (s *session) checkCMS(p *proof, f SignatureFacts) {
	sd := p.cms
	switch f.SubFilter {
	case subFilterTimestamp:
		s.checkToken(p, func(hash string) []byte { return f.Digests[hash] })
	case subFilterSHA1:
		// ISO 32000-2 12.8.3.3.1: the SHA-1 of the range is the content.
		switch sum := f.Digests["SHA-1"]; {
		case !sd.HasContent || len(sd.Content) != 20:
			p.malformed("the signature wraps no SHA-1 digest (ISO 32000-2 12.8.3.3.1)")
		case sum == nil:
			p.missing(f)
		case !equal(sum, sd.Content):
			p.broken(TotalFailed, HashFailure, ReasonDigest, "the signed digest is not that of the signed bytes")
		default:
			p.wrapped = "SHA-1"
			s.checkSignedData(p, func(hash string) []byte { return cms.Sum(hash, sd.Content) })
		}
	default:
		if sd.HasContent {
			// A content inside would be what the CMS signs, and the
			// document's bytes would not be.
			p.malformed("a detached signature must not carry a content (RFC 5652 5.4, ISO 32000-2 12.8.3.3)")
			return
		}
		if hash := sd.Signer.DigestAlgorithm.DigestName(); hash != "" && f.Digests[hash] == nil {
			p.missing(f)
			return
		}
		s.checkSignedData(p, func(hash string) []byte { return f.Digests[hash] })
	}
}

// missing concludes on a signature whose signed bytes cannot be had.
func (p *proof) missing(f SignatureFacts) {
	problem := "the signed bytes cannot be determined"
	if f.CoverageProblem != "" {
		problem += ": " + f.CoverageProblem
	}
	p.broken(Indeterminate, SignedDataNotFound, ReasonMalformed, problem)
}

// checkSignedData applies RFC 5652 5.4-5.6 with the content given by its
// digest.
func (s *session) checkSignedData(p *proof, content func(hash string) []byte) {
	sd := p.cms
	si := &sd.Signer
	hash := si.DigestAlgorithm.DigestName()
	if hash == "" {
		p.unsupported("the digest algorithm " + si.DigestAlgorithm.OID.String() + " is not supported")
		return
	}
	p.digest = content(hash)
	if si.SignedAttrs != nil {
		at := si.Attributes
		switch {
		case at.ContentType == nil || at.MessageDigest == nil:
			p.malformed("the signed attributes lack content-type or message-digest (RFC 5652 5.3)")
		case !at.ContentType.Equal(sd.ContentType):
			p.malformed("the signed content type is another (RFC 5652 11.1)")
		case !equal(at.MessageDigest, p.digest):
			p.broken(TotalFailed, HashFailure, ReasonDigest,
				"the signed digest is not that of the signed bytes (RFC 5652 5.6)")
		}
		if p.integrity != IntegrityIntact {
			return
		}
		p.unsorted = !si.Sorted
	}
	p.bag = newBag(s.parseAll(sd.Certificates), s.dss)
	if p.enclosing != nil {
		p.bag = newBag(p.bag.certs, p.enclosing.bag.certs)
	}
	s.checkSigner(p)
}

// checkSigner finds the signer's certificate by the signer identifier, never
// by position (RFC 5652 5.3), and verifies with its key. Several certificates
// may have the identifier, since anybody can make one that says so: the one
// that the signature verifies with is the signer's.
func (s *session) checkSigner(p *proof) {
	candidates := s.named(p)
	if len(candidates) == 0 {
		p.broken(Indeterminate, NoSigningCertificateFound, ReasonMalformed,
			"no certificate has the identifier of the signer (RFC 5652 5.3)")
		return
	}
	var first error
	for _, c := range candidates {
		err := s.verifyWith(p, c)
		if err == nil {
			p.signer = c
			s.checkESS(p)
			return
		}
		if first == nil {
			first = err
		}
	}
	p.refuse(first)
}

func (s *session) verifyWith(p *proof, c *authority) error {
	if !s.spend() {
		return cms.ErrUnsupported
	}
	if c.Key == nil {
		return c.KeyError
	}
	var err error
	p.used, err = p.cms.Verify(c.Key, p.digest)
	return err
}

// named returns the certificates that the sid identifies: the message's, the
// document security store's, then ours.
func (s *session) named(p *proof) []*authority {
	si := &p.cms.Signer
	var list []*authority
	for _, from := range [][]*authority{p.bag.certs, s.others, s.anchors} {
		for _, c := range from {
			byKey := len(si.SubjectKeyID) > 0 && bytes.Equal(si.SubjectKeyID, c.SubjectKeyID)
			bySerial := si.Serial != nil && pki.SameSerial(si.Serial, c.Serial) && pki.SameName(si.Issuer, c.Issuer)
			if (byKey || bySerial) && len(list) < maxPath {
				list = append(list, c)
			}
		}
	}
	return list
}

// checkESS compares the signer's certificate with the one that the signed
// attributes bind (RFC 5035 3, 5; EN 319 102-1 5.2.3): otherwise another
// certificate for the same key could be put in its place.
func (s *session) checkESS(p *proof) {
	for _, id := range p.cms.Signer.Attributes.SigningCertificate {
		sum := cms.Sum(id.Hash.DigestName(), p.signer.Raw)
		if sum == nil {
			p.unsupported("the digest of the signing-certificate attribute is not supported")
			return
		}
		if !equal(sum, id.Sum) {
			p.broken(Indeterminate, NoSigningCertificateFound, ReasonMalformed,
				"the signed attributes name another certificate (RFC 5035)")
			return
		}
	}
}

// checkX509 verifies a bare PKCS #1 signature with the certificate of the
// signature dictionary (ISO 32000-2 12.8.3.2). The hash function is inside
// the padding, so each that is allowed there is tried.
func (s *session) checkX509(p *proof, f SignatureFacts, der []byte) {
	sig, err := cms.OctetString(der)
	if err != nil {
		p.malformed(err.Error())
		return
	}
	cert, err := s.certificate(s.blobs[f.Certificate])
	if err != nil {
		p.broken(Indeterminate, NoSigningCertificateFound, ReasonMalformed,
			"the signature dictionary has no usable Cert entry (ISO 32000-2 12.8.3.2)")
		return
	}
	if cert.Key == nil {
		p.refuse(cert.KeyError)
		return
	}
	tried := false
	for _, hash := range []string{"SHA-1", "SHA-256", "SHA-384", "SHA-512"} {
		sum := f.Digests[hash]
		if sum == nil || !s.spend() {
			continue
		}
		tried = true
		if p.used, err = cms.CheckDigest(cert.Key, hash, sum, sig); err == nil {
			p.signer, p.digest = cert, sum
			p.bag = newBag([]*authority{p.signer}, s.dss)
			return
		}
	}
	if !tried {
		p.missing(f)
		return
	}
	p.refuse(err)
}

// checkToken verifies a time-stamp token (RFC 3161 2.4.2) over data given by
// its digests. Trust in its signer is for later.
func (s *session) checkToken(p *proof, data func(hash string) []byte) {
	sd := p.cms
	if !sd.IsToken() || !sd.HasContent {
		p.malformed("the object is not a time-stamp token (RFC 3161 2.4.2)")
		return
	}
	info, err := cms.ParseTSTInfo(sd.Content)
	if err != nil {
		p.malformed(err.Error())
		return
	}
	p.info = info
	hash := info.Imprint.DigestName()
	if hash == "" {
		p.unsupported("the digest of the message imprint is not supported")
		return
	}
	switch sum := data(hash); {
	case sum == nil:
		p.broken(Indeterminate, SignedDataNotFound, ReasonMalformed, "the stamped bytes cannot be determined")
	case !equal(sum, info.Sum):
		p.broken(TotalFailed, HashFailure, ReasonDigest, "the time stamp is for other bytes")
	default:
		s.checkSignedData(p, func(hash string) []byte { return cms.Sum(hash, sd.Content) })
		if p.integrity == IntegrityIntact {
			p.digest = info.Sum
		}
	}
}

func equal(a, b []byte) bool { return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }
