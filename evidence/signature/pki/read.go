package pki

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"minhchung/evidence/signature/cms"
)

// readAlgorithm reads an AlgorithmIdentifier (RFC 5280 4.1.1.2).
func readAlgorithm(s *cryptobyte.String) (cms.AlgorithmIdentifier, bool) {
	var seq, oid cryptobyte.String
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return cms.AlgorithmIdentifier{}, false
	}
	return cms.AlgorithmIdentifier{OID: cms.OID(oid), Params: seq}, true
}

// readBits reads a BIT STRING of whole octets, such as a signature.
func readBits(s *cryptobyte.String, out *[]byte) bool {
	var b cryptobyte.String
	if !s.ReadASN1(&b, asn1.BIT_STRING) || len(b) == 0 || b[0] != 0 {
		return false
	}
	*out = b[1:]
	return true
}

// readBitString reads a BIT STRING of named bits.
func readBitString(s *cryptobyte.String, out *[]byte) bool {
	var b cryptobyte.String
	if !s.ReadASN1(&b, asn1.BIT_STRING) || len(b) == 0 || b[0] > 7 {
		return false
	}
	*out = b[1:]
	return true
}

// readTime reads a Time (RFC 5280 4.1.2.5).
func readTime(s *cryptobyte.String) (time.Time, bool) {
	var body cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&body, &tag) {
		return time.Time{}, false
	}
	return cms.ParseTime(byte(tag), body)
}

// extension is one Extension (RFC 5280 4.1).
type extension struct {
	oid      cms.OID
	critical bool
	value    []byte
}

// readExtensions reads the Extensions in an explicit tag at the end of in; no
// tag means none. A second instance of an extension is an error (4.2).
func readExtensions(in *cryptobyte.String, tag asn1.Tag) ([]extension, error) {
	var wrap, seq cryptobyte.String
	present := false
	if !in.ReadOptionalASN1(&wrap, &present, tag) || !in.Empty() {
		return nil, malformed("extensions")
	}
	if !present {
		return nil, nil
	}
	if !wrap.ReadASN1(&seq, asn1.SEQUENCE) || !wrap.Empty() {
		return nil, malformed("extensions")
	}
	return extensionList(seq)
}

func extensionList(seq cryptobyte.String) ([]extension, error) {
	var list []extension
	for !seq.Empty() {
		var one, oid, value cryptobyte.String
		var e extension
		if len(list) == maxExtensions || !seq.ReadASN1(&one, asn1.SEQUENCE) ||
			!one.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			return nil, malformed("extension")
		}
		// DER leaves a false out; some write it, and some write TRUE as 01.
		if one.PeekASN1Tag(asn1.BOOLEAN) {
			var b cryptobyte.String
			if !one.ReadASN1(&b, asn1.BOOLEAN) || len(b) != 1 {
				return nil, malformed("extension")
			}
			e.critical = b[0] != 0
		}
		if !one.ReadASN1(&value, asn1.OCTET_STRING) || !one.Empty() {
			return nil, malformed("extension")
		}
		e.oid, e.value = cms.OID(oid), value
		for _, other := range list {
			if other.oid.Equal(oid) {
				return nil, malformed("extension: occurs twice")
			}
		}
		list = append(list, e)
	}
	return list, nil
}

// readOIDs reads a SEQUENCE OF OBJECT IDENTIFIER.
func readOIDs(v cryptobyte.String) ([]cms.OID, bool) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	var list []cms.OID
	for !seq.Empty() {
		var oid cryptobyte.String
		if len(list) == maxNames || !seq.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			return nil, false
		}
		list = append(list, cms.OID(oid))
	}
	return list, true
}

// readAuthorityKeyID returns the keyIdentifier (RFC 5280 4.2.1.1).
func readAuthorityKeyID(v cryptobyte.String) ([]byte, bool) {
	var seq, id cryptobyte.String
	present := false
	if !v.ReadASN1(&seq, asn1.SEQUENCE) ||
		!seq.ReadOptionalASN1(&id, &present, asn1.Tag(0).ContextSpecific()) {
		return nil, false
	}
	return id, true
}

// readGeneralNames reads the content of GeneralNames.
func readGeneralNames(seq cryptobyte.String) ([]GeneralName, bool) {
	var list []GeneralName
	for !seq.Empty() {
		var v cryptobyte.String
		var tag asn1.Tag
		if len(list) == maxNames || !seq.ReadAnyASN1(&v, &tag) {
			return nil, false
		}
		list = append(list, GeneralName{int(tag & 0x1f), v})
	}
	return list, true
}

// readDistributionPoints returns the fullNames (RFC 5280 4.2.1.13). What
// cannot be read is left out: it then matches no partial CRL.
func readDistributionPoints(v cryptobyte.String) []GeneralName {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil
	}
	var list []GeneralName
	for !seq.Empty() && len(list) < maxNames {
		var point cryptobyte.String
		if !seq.ReadASN1(&point, asn1.SEQUENCE) {
			return list
		}
		list = append(list, pointNames(&point)...)
	}
	return list
}

// pointNames reads an optional DistributionPointName and returns its
// fullName: [0] { [0] GeneralNames }.
func pointNames(s *cryptobyte.String) []GeneralName {
	context0 := asn1.Tag(0).Constructed().ContextSpecific()
	var name, full cryptobyte.String
	present := false
	if !s.ReadOptionalASN1(&name, &present, context0) || !present || !name.ReadASN1(&full, context0) {
		return nil
	}
	list, _ := readGeneralNames(full)
	return list
}

// readPolicies reads CertificatePolicies: SEQUENCE OF { OID, qualifiers }.
func readPolicies(v cryptobyte.String) []cms.OID {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil
	}
	var list []cms.OID
	for !seq.Empty() && len(list) < maxPolicies {
		var info, oid cryptobyte.String
		if !seq.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
			break
		}
		list = append(list, cms.OID(oid))
	}
	return list
}

// readResponders reads the OCSP addresses of AuthorityInfoAccess: SEQUENCE OF
// { method OID, GeneralName }.
func readResponders(v cryptobyte.String) []string {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil
	}
	var list []string
	for !seq.Empty() && len(list) < maxAddresses {
		var access, oid, name cryptobyte.String
		var tag asn1.Tag
		if !seq.ReadASN1(&access, asn1.SEQUENCE) || !access.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !access.ReadAnyASN1(&name, &tag) {
			break
		}
		if oidOCSPAccess.Equal(oid) && tag == asn1.Tag(nameURI).ContextSpecific() {
			list = append(list, string(name))
		}
	}
	return list
}
