package cms

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
)

// AlgorithmIdentifier is an algorithm with its parameters (RFC 5280 4.1.1.2).
// Params is the DER of the parameters, nil when absent.
type AlgorithmIdentifier struct {
	OID    OID
	Params []byte
}

var derNull = []byte{0x05, 0x00}

// plain reports whether the parameters are absent or NULL, which RFC 5754 2
// has us treat alike.
func (a AlgorithmIdentifier) plain() bool {
	return len(a.Params) == 0 || bytes.Equal(a.Params, derNull)
}

// algorithm reads an AlgorithmIdentifier.
func (r *reader) algorithm(what string) (AlgorithmIdentifier, error) {
	e, err := r.expect(tagSequence, what)
	if err != nil {
		return AlgorithmIdentifier{}, err
	}
	in := r.into(e)
	oid, err := in.expect(tagOID, what)
	if err != nil {
		return AlgorithmIdentifier{}, err
	}
	a := AlgorithmIdentifier{OID: OID(oid.body)}
	if !in.empty() {
		p, err := in.next()
		if err != nil {
			return AlgorithmIdentifier{}, err
		}
		a.Params = p.raw
	}
	if !in.empty() {
		return AlgorithmIdentifier{}, malformed("bytes after the parameters of %s", what)
	}
	return a, nil
}

// algorithms reads DigestAlgorithmIdentifiers.
func (r *reader) algorithms() ([]AlgorithmIdentifier, error) {
	set, err := r.expect(tagSet, "digestAlgorithms")
	if err != nil {
		return nil, err
	}
	var list []AlgorithmIdentifier
	for in := r.into(set); !in.empty(); {
		if len(list) == maxAnswers {
			return nil, malformed("more than %d digest algorithms", maxAnswers)
		}
		a, err := in.algorithm("digestAlgorithm")
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// digestKind is a hash function: its name in Facts and policies, the number
// that crypto/rsa knows it by (0 for none), and its constructor.
type digestKind struct {
	name string
	id   crypto.Hash
	new  func() hash.Hash
}

var (
	kindSHA1    = digestKind{"SHA-1", crypto.SHA1, sha1.New}
	kindSHA224  = digestKind{"SHA-224", crypto.SHA224, sha256.New224}
	kindSHA256  = digestKind{"SHA-256", crypto.SHA256, sha256.New}
	kindSHA384  = digestKind{"SHA-384", crypto.SHA384, sha512.New384}
	kindSHA512  = digestKind{"SHA-512", crypto.SHA512, sha512.New}
	kindSHA3224 = digestKind{"SHA3-224", crypto.SHA3_224, func() hash.Hash { return sha3.New224() }}
	kindSHA3256 = digestKind{"SHA3-256", crypto.SHA3_256, func() hash.Hash { return sha3.New256() }}
	kindSHA3384 = digestKind{"SHA3-384", crypto.SHA3_384, func() hash.Hash { return sha3.New384() }}
	kindSHA3512 = digestKind{"SHA3-512", crypto.SHA3_512, func() hash.Hash { return sha3.New512() }}
	// RFC 8419 2.3 and 3.2: Ed448 goes with 512 bits of SHAKE256.
	kindSHAKE256 = digestKind{"SHAKE256", 0, func() hash.Hash { return shake{sha3.NewSHAKE256()} }}
)

var digestKinds = []digestKind{kindSHA1, kindSHA224, kindSHA256, kindSHA384, kindSHA512,
	kindSHA3224, kindSHA3256, kindSHA3384, kindSHA3512, kindSHAKE256}

// digestOIDs are the identifiers of the hash functions. MD5 and older ones
// are left out on purpose: a signature over them proves nothing.
var digestOIDs = map[string]digestKind{
	string(oidSHA1): kindSHA1,
	string(MustOID("2.16.840.1.101.3.4.2.4")):  kindSHA224,
	string(oidSHA256):                          kindSHA256,
	string(MustOID("2.16.840.1.101.3.4.2.2")):  kindSHA384,
	string(MustOID("2.16.840.1.101.3.4.2.3")):  kindSHA512,
	string(MustOID("2.16.840.1.101.3.4.2.7")):  kindSHA3224,
	string(MustOID("2.16.840.1.101.3.4.2.8")):  kindSHA3256,
	string(MustOID("2.16.840.1.101.3.4.2.9")):  kindSHA3384,
	string(MustOID("2.16.840.1.101.3.4.2.10")): kindSHA3512,
	string(MustOID("2.16.840.1.101.3.4.2.12")): kindSHAKE256,
}

// shake512Params is the parameter 512 of id-shake256-len (RFC 8419 2.3).
var (
	oidSHAKE256Len = MustOID("2.16.840.1.101.3.4.2.18")
	shake512Params = []byte{0x02, 0x02, 0x02, 0x00}
)

// digest returns the hash function that a names.
func (a AlgorithmIdentifier) digest() (digestKind, bool) {
	if oidSHAKE256Len.Equal(a.OID) && bytes.Equal(a.Params, shake512Params) {
		return kindSHAKE256, true
	}
	if k, ok := digestOIDs[string(a.OID)]; ok && a.plain() {
		return k, true
	}
	// PKCS #7 signers also put the signature algorithm here (RFC 5652
	// 10.1.1 does not allow it, readers accept it): sha256WithRSAEncryption
	// names SHA-256 without doubt.
	if s, ok := signatureOIDs[string(a.OID)]; ok && s.digest.new != nil && a.plain() {
		return s.digest, true
	}
	return digestKind{}, false
}

// DigestName returns the name of the hash function that a stands for, "" when
// it is none that we know.
func (a AlgorithmIdentifier) DigestName() string {
	k, _ := a.digest()
	return k.name
}

// NewHash returns the hash function with a name as Digests gives it, nil for
// a name we do not know.
func NewHash(name string) hash.Hash {
	for _, k := range digestKinds {
		if k.name == name {
			return k.new()
		}
	}
	return nil
}

// Sum returns the digest of data under the named hash function, nil for a
// name we do not know.
func Sum(name string, data []byte) []byte {
	h := NewHash(name)
	if h == nil {
		return nil
	}
	h.Write(data)
	return h.Sum(nil)
}

// shake is SHAKE256 with 64 bytes of output as a hash.Hash.
type shake struct{ *sha3.SHAKE }

func (shake) Size() int { return 64 }

func (s shake) Sum(b []byte) []byte {
	state, err := s.MarshalBinary()
	if err != nil {
		panic("cms: SHAKE256 state: " + err.Error())
	}
	c := sha3.NewSHAKE256()
	if err := c.UnmarshalBinary(state); err != nil {
		panic("cms: SHAKE256 state: " + err.Error())
	}
	out := make([]byte, 64)
	c.Read(out)
	return append(b, out...)
}

// Digests names the hashes a caller must compute over the detached content
// before der can be judged: "SHA-1", "SHA-256", "SHA3-256" and so on, see
// NewHash. For a time-stamp token that is the algorithm of its message
// imprint, for a bare OCTET STRING (adbe.x509.rsa_sha1, ISO 32000-2 12.8.3.2)
// every hash PKCS #1 may name there. It is empty when der cannot be parsed or
// names only algorithms we do not know.
func Digests(der []byte) []string {
	if len(der) > 0 && der[0]&^constructed == tagOctetString {
		return []string{kindSHA1.name, kindSHA256.name, kindSHA384.name, kindSHA512.name}
	}
	sd, err := Parse(der)
	if err != nil {
		return nil
	}
	if oidTSTInfo.Equal(sd.ContentType) {
		info, err := ParseTSTInfo(sd.Content)
		if err != nil || info.Imprint.DigestName() == "" {
			return nil
		}
		return []string{info.Imprint.DigestName()}
	}
	var names []string
	if n := sd.Signer.DigestAlgorithm.DigestName(); n != "" {
		names = append(names, n)
	}
	// adbe.pkcs7.sha1 (ISO 32000-2 12.8.3.3.1) wraps the SHA-1 of the range.
	if sd.HasContent && len(sd.Content) == sha1.Size && (len(names) == 0 || names[0] != kindSHA1.name) {
		names = append(names, kindSHA1.name)
	}
	return names
}
