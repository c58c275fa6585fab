package cms

import (
	"bytes"
	"slices"
	"time"
)

// SignedData is a parsed CMS SignedData (RFC 5652 5.1) with its one
// SignerInfo (5.3). Its byte slices alias the input or are joined from it.
type SignedData struct {
	Version          int
	DigestAlgorithms []AlgorithmIdentifier
	ContentType      OID // eContentType
	// Content is the eContent. HasContent tells an empty one from none: a
	// detached signature has none (RFC 5652 5.2).
	Content      []byte
	HasContent   bool
	Certificates [][]byte // X.509, DER, in the order of the message; no position means anything
	CRLs         [][]byte
	OCSPs        [][]byte // OCSPResponse, from RFC 5940 otherRevInfo and the Adobe attribute
	Signer       SignerInfo
}

// SignerInfo is the one SignerInfo of a SignedData (RFC 5652 5.3).
type SignerInfo struct {
	Version int
	// Issuer and Serial, or SubjectKeyID, identify the certificate. Issuer
	// is the DER of the Name, Serial the content octets of the INTEGER.
	Issuer, Serial, SubjectKeyID []byte
	DigestAlgorithm              AlgorithmIdentifier
	// SignedAttrs is what the signature is computed over: the attributes
	// exactly as encoded, with the [0] tag replaced by SET OF (RFC 5652 5.4).
	// It is nil when there are none. Sorted tells whether they are in DER
	// order (X.690 11.6) as they should be.
	SignedAttrs        []byte
	Sorted             bool
	Attributes         Attributes
	SignatureAlgorithm AlgorithmIdentifier
	Signature          []byte
	// Timestamps are the signature-time-stamp tokens (RFC 3161 appendix A),
	// Unsigned the types of all unsigned attributes.
	Timestamps [][]byte
	Unsigned   []OID
}

// Attributes are the signed attributes that we know, and the types of all.
type Attributes struct {
	Types         []OID
	ContentType   OID        // nil when absent
	MessageDigest []byte     // nil when absent
	SigningTime   *time.Time // nil when absent or unreadable
	// SigningCertificate is the first ESSCertID of the signing-certificate
	// attributes, v2 and v1 (RFC 5035 3, 4): at most one of each.
	SigningCertificate []ESSCertID
	// Policy is the signature policy identifier (RFC 5126 5.8.1), which we
	// report and do not process.
	Policy OID
}

// ESSCertID binds the signer's certificate to the signature by its hash.
type ESSCertID struct {
	Hash AlgorithmIdentifier
	Sum  []byte
	// Issuer and Serial are empty when absent.
	Issuer, Serial []byte
}

// Parse reads a ContentInfo with a SignedData. Errors wrap ErrMalformed; they
// say what is wrong and contain nothing of the input.
func Parse(der []byte) (*SignedData, error) {
	r, err := openSignedData(der)
	if err != nil {
		return nil, err
	}
	sd, infos, err := parseSignedData(r)
	if err != nil {
		return nil, err
	}
	// ISO 32000-2 12.8.3.3.1: the SignedData shall have a single signer.
	if infos.empty() {
		return nil, malformed("no SignerInfo")
	}
	si, err := infos.expect(tagSequence, "SignerInfo")
	if err != nil {
		return nil, err
	}
	if !infos.empty() {
		return nil, malformed("more than one SignerInfo")
	}
	return sd, sd.readSigner(infos.into(si))
}

// ParseBundle reads a SignedData that only carries certificates and CRLs, as
// certificate authorities hand them out (.p7b, RFC 5652 5.1: "degenerate").
func ParseBundle(der []byte) (certificates, crls [][]byte, err error) {
	r, err := openSignedData(der)
	if err != nil {
		return nil, nil, err
	}
	sd, _, err := parseSignedData(r)
	if err != nil {
		return nil, nil, err
	}
	return sd.Certificates, sd.CRLs, nil
}

// openSignedData steps into the ContentInfo (RFC 5652 3).
func openSignedData(der []byte) (reader, error) {
	if len(der) > maxBytes {
		return reader{}, malformed("longer than %d bytes", maxBytes)
	}
	r := newReader(der)
	ci, err := r.only(tagSequence, "ContentInfo")
	if err != nil {
		return reader{}, err
	}
	oid, err := ci.expect(tagOID, "contentType")
	if err != nil {
		return reader{}, err
	}
	if !oidSignedData.Equal(oid.body) {
		return reader{}, malformed("the content is not a SignedData")
	}
	inner, err := ci.only(tagContext0, "content")
	if err != nil {
		return reader{}, err
	}
	return inner.only(tagSequence, "SignedData")
}

// only reads the one element that is left and returns its content.
func (r *reader) only(tag byte, what string) (reader, error) {
	e, err := r.expect(tag, what)
	if err != nil {
		return reader{}, err
	}
	if !r.empty() {
		return reader{}, malformed("bytes after the %s", what)
	}
	return r.into(e), nil
}

// parseSignedData reads everything but the SignerInfos, which it returns.
func parseSignedData(r reader) (sd *SignedData, infos reader, err error) {
	sd = new(SignedData)
	if sd.Version, err = r.smallInt("version"); err != nil {
		return nil, reader{}, err
	}
	if sd.DigestAlgorithms, err = r.algorithms(); err != nil {
		return nil, reader{}, err
	}
	if err = sd.readContent(&r); err != nil {
		return nil, reader{}, err
	}
	if r.peek() == tagContext0 {
		if err = sd.readCertificates(&r); err != nil {
			return nil, reader{}, err
		}
	}
	if r.peek() == tagContext1 {
		if err = sd.readRevocation(&r); err != nil {
			return nil, reader{}, err
		}
	}
	infos, err = r.only(tagSet, "signerInfos")
	return sd, infos, err
}

// readContent reads the EncapsulatedContentInfo (RFC 5652 5.2).
func (sd *SignedData) readContent(r *reader) error {
	encap, err := r.expect(tagSequence, "encapContentInfo")
	if err != nil {
		return err
	}
	in := r.into(encap)
	oid, err := in.expect(tagOID, "eContentType")
	if err != nil {
		return err
	}
	sd.ContentType = OID(oid.body)
	if in.empty() {
		return nil
	}
	wrap, err := in.expect(tagContext0, "eContent")
	if err != nil {
		return err
	}
	if !in.empty() {
		return malformed("bytes after the eContent")
	}
	sd.HasContent = true
	content := in.into(wrap)
	if content.empty() {
		return nil // an explicit tag around nothing still claims a content
	}
	if t := content.peek() &^ constructed; t != tagOctetString {
		// PKCS #7 v1.5 allowed any type here (RFC 5652 5.2.1); its digest
		// covers the content octets.
		e, err := content.next()
		sd.Content = e.body
		return err
	}
	if sd.Content, err = content.octets(tagOctetString, "eContent"); err != nil {
		return err
	}
	if !content.empty() {
		return malformed("bytes after the eContent")
	}
	return nil
}

// readCertificates reads the CertificateSet (RFC 5652 10.2.3). Other forms
// than X.509 certificates are stepped over.
func (sd *SignedData) readCertificates(r *reader) error {
	e, err := r.expect(tagContext0, "certificates")
	if err != nil {
		return err
	}
	for set := r.into(e); !set.empty(); {
		c, err := set.next()
		if err != nil {
			return err
		}
		if c.tag != tagSequence {
			continue
		}
		if len(sd.Certificates) == maxCertificates {
			return malformed("more than %d certificates", maxCertificates)
		}
		sd.Certificates = append(sd.Certificates, c.raw)
	}
	return nil
}

// readRevocation reads the RevocationInfoChoices (RFC 5652 10.2.1): CRLs and
// OCSP responses (RFC 5940 2.1).
func (sd *SignedData) readRevocation(r *reader) error {
	e, err := r.expect(tagContext1, "crls")
	if err != nil {
		return err
	}
	for set := r.into(e); !set.empty(); {
		c, err := set.next()
		if err != nil {
			return err
		}
		if len(sd.CRLs)+len(sd.OCSPs) == maxAnswers {
			return malformed("more than %d revocation answers", maxAnswers)
		}
		switch c.tag {
		case tagSequence:
			sd.CRLs = append(sd.CRLs, c.raw)
		case tagContext1: // OtherRevocationInfoFormat
			in := set.into(c)
			oid, err := in.expect(tagOID, "otherRevInfoFormat")
			if err != nil {
				return err
			}
			if oidOCSPResponse.Equal(oid.body) && in.peek() == tagSequence {
				sd.OCSPs = append(sd.OCSPs, in.b)
			}
		}
	}
	return nil
}

func (sd *SignedData) readSigner(r reader) error {
	s := &sd.Signer
	var err error
	if s.Version, err = r.smallInt("SignerInfo version"); err != nil {
		return err
	}
	if err = s.readID(&r); err != nil {
		return err
	}
	if s.DigestAlgorithm, err = r.algorithm("digestAlgorithm"); err != nil {
		return err
	}
	if r.peek() == tagContext0 {
		attrs, err := r.next()
		if err != nil {
			return err
		}
		// RFC 5652 5.4: the IMPLICIT [0] tag is not used for the digest, an
		// EXPLICIT SET OF tag is; one identifier octet replaces the other.
		s.SignedAttrs = append([]byte{tagSet}, attrs.raw[1:]...)
		if err = sd.readSignedAttributes(r.into(attrs)); err != nil {
			return err
		}
	}
	if s.SignatureAlgorithm, err = r.algorithm("signatureAlgorithm"); err != nil {
		return err
	}
	if s.Signature, err = r.octets(tagOctetString, "signature"); err != nil {
		return err
	}
	if r.peek() == tagContext1 {
		attrs, err := r.next()
		if err != nil {
			return err
		}
		if err = s.readUnsignedAttributes(r.into(attrs)); err != nil {
			return err
		}
	}
	if !r.empty() {
		return malformed("bytes after the SignerInfo")
	}
	return nil
}

// readID reads the SignerIdentifier: issuerAndSerialNumber, or [0]
// subjectKeyIdentifier.
func (s *SignerInfo) readID(r *reader) (err error) {
	if r.peek() != tagSequence {
		s.SubjectKeyID, err = r.octets(0x80, "sid")
		if err == nil && len(s.SubjectKeyID) == 0 {
			return malformed("empty subjectKeyIdentifier")
		}
		return err
	}
	e, err := r.next()
	if err != nil {
		return err
	}
	in := r.into(e)
	s.Issuer, s.Serial, err = in.issuerAndSerial()
	return err
}

func (r *reader) issuerAndSerial() (issuer, serial []byte, err error) {
	name, err := r.expect(tagSequence, "issuer")
	if err != nil {
		return nil, nil, err
	}
	num, err := r.expect(tagInteger, "serialNumber")
	if err != nil {
		return nil, nil, err
	}
	if len(num.body) == 0 || !r.empty() {
		return nil, nil, malformed("issuerAndSerialNumber")
	}
	return name.raw, num.body, nil
}

// smallInt reads a version number.
func (r *reader) smallInt(what string) (int, error) {
	e, err := r.expect(tagInteger, what)
	if err != nil {
		return 0, err
	}
	if len(e.body) != 1 || e.body[0] > 0x7f {
		return 0, malformed("%s out of range", what)
	}
	return int(e.body[0]), nil
}

// sortedSet reports whether the encodings are in the order that DER demands
// of a SET OF (X.690 11.6): ascending, shorter ones padded with zeros.
func sortedSet(parts [][]byte) bool {
	return slices.IsSortedFunc(parts, bytes.Compare)
}

// OctetString returns the content of an OCTET STRING that is all of der; the
// Contents of adbe.x509.rsa_sha1 is one (ISO 32000-2 12.8.3.2).
func OctetString(der []byte) ([]byte, error) {
	r := newReader(der)
	b, err := r.octets(tagOctetString, "signature")
	if err == nil && !r.empty() {
		return nil, malformed("bytes after the signature")
	}
	return b, err
}

// IsData reports whether the content type is id-data (RFC 5652 4).
func (sd *SignedData) IsData() bool { return oidData.Equal(sd.ContentType) }
