package cms

import (
	"bytes"
	"slices"
	"time"
)

// attribute is one Attribute (RFC 5652 5.3).
type attribute struct {
	kind   OID
	values []element
}

// attributes reads the attributes of a SET OF, and their encodings.
func (r *reader) attributes() (list []attribute, raws [][]byte, err error) {
	for !r.empty() {
		if len(list) == maxAttributes {
			return nil, nil, malformed("more than %d attributes", maxAttributes)
		}
		e, err := r.expect(tagSequence, "Attribute")
		if err != nil {
			return nil, nil, err
		}
		in := r.into(e)
		oid, err := in.expect(tagOID, "attrType")
		if err != nil {
			return nil, nil, err
		}
		set, err := in.expect(tagSet, "attrValues")
		if err != nil {
			return nil, nil, err
		}
		if !in.empty() {
			return nil, nil, malformed("bytes after an attribute's values")
		}
		a := attribute{kind: OID(oid.body)}
		for vals := in.into(set); !vals.empty(); {
			v, err := vals.next()
			if err != nil {
				return nil, nil, err
			}
			a.values = append(a.values, v)
		}
		list, raws = append(list, a), append(raws, e.raw)
	}
	return list, raws, nil
}

// single returns the one value of an attribute that must have exactly one.
func (a attribute) single(what string) (element, error) {
	if len(a.values) != 1 {
		return element{}, malformed("%s has %d values, want 1", what, len(a.values))
	}
	return a.values[0], nil
}

func (sd *SignedData) readSignedAttributes(r reader) error {
	list, raws, err := r.attributes()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return malformed("empty signedAttrs") // SIZE (1..MAX), RFC 5652 5.3
	}
	sd.Signer.Sorted = sortedSet(raws)
	seen := make(map[string]bool, len(list))
	for _, a := range list {
		// RFC 5652 11.1-11.3 and RFC 5035 3: no second instance of these.
		if seen[string(a.kind)] && onlyOnce(a.kind) {
			return malformed("signed attribute %s occurs twice", a.kind)
		}
		seen[string(a.kind)] = true
		sd.Signer.Attributes.Types = append(sd.Signer.Attributes.Types, a.kind)
		if err := sd.readSignedAttribute(r, a); err != nil {
			return err
		}
	}
	return nil
}

func onlyOnce(kind OID) bool {
	return slices.ContainsFunc([]OID{oidContentType, oidMessageDigest, oidSigningTime,
		oidSigningCertificate, oidSigningCertificateV2},
		func(o OID) bool { return o.Equal(kind) })
}

func (sd *SignedData) readSignedAttribute(r reader, a attribute) error {
	at := &sd.Signer.Attributes
	switch {
	case oidContentType.Equal(a.kind):
		v, err := a.single("content-type")
		if err != nil {
			return err
		}
		if v.tag != tagOID {
			return malformed("content-type is not an OBJECT IDENTIFIER")
		}
		at.ContentType = OID(v.body)
	case oidMessageDigest.Equal(a.kind):
		v, err := a.single("message-digest")
		if err != nil {
			return err
		}
		in := reader{v.raw, r.budget}
		sum, err := in.octets(tagOctetString, "message-digest")
		if err != nil {
			return err
		}
		at.MessageDigest = append([]byte{}, sum...)
	case oidSigningTime.Equal(a.kind):
		v, err := a.single("signing-time")
		if err != nil {
			return err
		}
		if t, ok := ParseTime(v.tag, v.body); ok {
			at.SigningTime = &t
		}
	case oidSigningCertificate.Equal(a.kind), oidSigningCertificateV2.Equal(a.kind):
		return sd.readESS(r, a)
	case oidRevocationArchival.Equal(a.kind):
		return sd.readArchival(r, a)
	case oidSignaturePolicy.Equal(a.kind):
		if len(a.values) == 1 {
			in := r.into(a.values[0])
			if e, err := in.next(); err == nil && e.tag == tagOID {
				at.Policy = OID(e.body)
			}
		}
	}
	return nil
}

// readESS reads the first certificate identifier of a SigningCertificate
// (RFC 2634 5.4) or SigningCertificateV2 (RFC 5035 3); it is the signer's.
func (sd *SignedData) readESS(r reader, a attribute) error {
	v, err := a.single("signing-certificate")
	if err != nil {
		return err
	}
	if v.tag != tagSequence {
		return malformed("signing-certificate is not a SEQUENCE")
	}
	in := r.into(v)
	certs, err := in.expect(tagSequence, "signing-certificate certs")
	if err != nil {
		return err
	}
	in = in.into(certs)
	first, err := in.expect(tagSequence, "ESSCertID")
	if err != nil {
		return err
	}
	in = in.into(first)
	id := ESSCertID{Hash: AlgorithmIdentifier{OID: oidSHA1}}
	if oidSigningCertificateV2.Equal(a.kind) {
		id.Hash.OID = oidSHA256 // DEFAULT
		if in.peek() == tagSequence {
			if id.Hash, err = in.algorithm("ESSCertIDv2 hashAlgorithm"); err != nil {
				return err
			}
		}
	}
	if id.Sum, err = in.octets(tagOctetString, "certHash"); err != nil {
		return err
	}
	if in.peek() == tagSequence {
		id.Issuer, id.Serial = in.issuerSerial()
	}
	sd.Signer.Attributes.SigningCertificate = append(sd.Signer.Attributes.SigningCertificate, id)
	return nil
}

// issuerSerial reads an IssuerSerial (RFC 5035 5) whose issuer is a single
// directoryName; other forms give nothing, since the hash decides anyway.
func (r *reader) issuerSerial() (issuer, serial []byte) {
	e, err := r.next()
	if err != nil {
		return nil, nil
	}
	in := r.into(e)
	names, err := in.expect(tagSequence, "GeneralNames")
	if err != nil {
		return nil, nil
	}
	num, err := in.expect(tagInteger, "serialNumber")
	if err != nil {
		return nil, nil
	}
	general := in.into(names)
	dir, err := general.expect(0xa4, "directoryName")
	if err != nil || !general.empty() {
		return nil, nil
	}
	return dir.body, num.body
}

// readArchival reads adbe-revocationInfoArchival (ISO 32000-2 12.8.3.3.2):
// SEQUENCE { [0] CRLs, [1] OCSPResponses, [2] others }.
func (sd *SignedData) readArchival(r reader, a attribute) error {
	for _, v := range a.values {
		for in := r.into(v); !in.empty(); {
			part, err := in.next()
			if err != nil {
				return err
			}
			if part.tag != tagContext0 && part.tag != tagContext1 {
				continue
			}
			inner := in.into(part)
			list, err := inner.expect(tagSequence, "revocationInfoArchival")
			if err != nil {
				return err
			}
			for items := inner.into(list); !items.empty(); {
				e, err := items.next()
				if err != nil {
					return err
				}
				if len(sd.CRLs)+len(sd.OCSPs) == maxAnswers {
					return malformed("more than %d revocation answers", maxAnswers)
				}
				if part.tag == tagContext0 {
					sd.CRLs = append(sd.CRLs, e.raw)
				} else {
					sd.OCSPs = append(sd.OCSPs, e.raw)
				}
			}
		}
	}
	return nil
}

func (s *SignerInfo) readUnsignedAttributes(r reader) error {
	list, _, err := r.attributes()
	if err != nil {
		return err
	}
	for _, a := range list {
		s.Unsigned = append(s.Unsigned, a.kind)
		if !oidSignatureTimestamp.Equal(a.kind) {
			continue
		}
		for _, v := range a.values {
			if len(s.Timestamps) == maxTokens {
				return malformed("more than %d time stamps", maxTokens)
			}
			s.Timestamps = append(s.Timestamps, v.raw)
		}
	}
	return nil
}

// sortedAttributes returns the DER encoding of the signed attributes with the
// elements in order (RFC 5652 5.4), for a signer who signed that encoding but
// sent another.
func sortedAttributes(attrs []byte) ([]byte, error) {
	r := newReader(attrs)
	set, err := r.expect(tagSet, "signedAttrs")
	if err != nil {
		return nil, err
	}
	in := r.into(set)
	_, raws, err := in.attributes()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(raws, bytes.Compare)
	return appendElement(nil, tagSet, bytes.Join(raws, nil)), nil
}

// appendElement appends a DER element (X.690 10.1).
func appendElement(b []byte, tag byte, body []byte) []byte {
	b = append(b, tag)
	switch n := len(body); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	case n < 0x10000:
		b = append(b, 0x82, byte(n>>8), byte(n))
	case n < 0x1000000:
		b = append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		b = append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, body...)
}

// timeLayouts are the forms of UTCTime and GeneralizedTime (X.680 46, 47)
// that occur; RFC 5652 11.3 allows only the first and the third.
var timeLayouts = map[byte][]string{
	tagUTCTime:         {"060102150405Z", "060102150405-0700", "0601021504Z", "0601021504-0700"},
	tagGeneralizedTime: {"20060102150405Z", "20060102150405-0700", "200601021504Z"},
}

// ParseTime reads the content octets of a UTCTime or GeneralizedTime, as tag
// says, with the years of RFC 5280 4.1.2.5.1. The result is in UTC.
func ParseTime(tag byte, body []byte) (time.Time, bool) {
	for _, layout := range timeLayouts[tag] {
		// time.Parse accepts a fraction behind the seconds by itself.
		t, err := time.Parse(layout, string(body))
		if err != nil {
			continue
		}
		if tag == tagUTCTime && t.Year() >= 2050 { // RFC 5280 4.1.2.5.1
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC(), true
	}
	return time.Time{}, false
}
