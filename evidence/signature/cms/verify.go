package cms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/ed448"
)

// signatureKind is what a signature algorithm identifier says: the kind of
// key and, when it names one, the digest.
type signatureKind struct {
	key    string
	digest digestKind // zero: taken from the digestAlgorithm
	pss    bool
}

// signatureOIDs are the identifiers of RFC 3370, 5754, 4056, 5480, 8419 and,
// for SHA-3, RFC 9688. Identifiers of a key kind alone (rsaEncryption,
// id-ecPublicKey) leave the digest to the digestAlgorithm (RFC 3370 3.2).
var signatureOIDs = map[string]signatureKind{
	string(oidRSA):                             {key: "RSA"},
	string(oidPSS):                             {key: "RSA", pss: true},
	string(MustOID("1.2.840.113549.1.1.5")):    {key: "RSA", digest: kindSHA1},
	string(MustOID("1.3.14.3.2.29")):           {key: "RSA", digest: kindSHA1},
	string(MustOID("1.2.840.113549.1.1.14")):   {key: "RSA", digest: kindSHA224},
	string(MustOID("1.2.840.113549.1.1.11")):   {key: "RSA", digest: kindSHA256},
	string(MustOID("1.2.840.113549.1.1.12")):   {key: "RSA", digest: kindSHA384},
	string(MustOID("1.2.840.113549.1.1.13")):   {key: "RSA", digest: kindSHA512},
	string(MustOID("2.16.840.1.101.3.4.3.13")): {key: "RSA", digest: kindSHA3224},
	string(MustOID("2.16.840.1.101.3.4.3.14")): {key: "RSA", digest: kindSHA3256},
	string(MustOID("2.16.840.1.101.3.4.3.15")): {key: "RSA", digest: kindSHA3384},
	string(MustOID("2.16.840.1.101.3.4.3.16")): {key: "RSA", digest: kindSHA3512},
	string(oidEC):                              {key: "ECDSA"},
	string(MustOID("1.2.840.10045.4.1")):       {key: "ECDSA", digest: kindSHA1},
	string(MustOID("1.2.840.10045.4.3.1")):     {key: "ECDSA", digest: kindSHA224},
	string(MustOID("1.2.840.10045.4.3.2")):     {key: "ECDSA", digest: kindSHA256},
	string(MustOID("1.2.840.10045.4.3.3")):     {key: "ECDSA", digest: kindSHA384},
	string(MustOID("1.2.840.10045.4.3.4")):     {key: "ECDSA", digest: kindSHA512},
	string(MustOID("2.16.840.1.101.3.4.3.9")):  {key: "ECDSA", digest: kindSHA3224},
	string(MustOID("2.16.840.1.101.3.4.3.10")): {key: "ECDSA", digest: kindSHA3256},
	string(MustOID("2.16.840.1.101.3.4.3.11")): {key: "ECDSA", digest: kindSHA3384},
	string(MustOID("2.16.840.1.101.3.4.3.12")): {key: "ECDSA", digest: kindSHA3512},
	string(oidEd25519):                         {key: "Ed25519", digest: kindSHA512},
	string(oidEd448):                           {key: "Ed448", digest: kindSHAKE256},
}

// scheme is a signature algorithm with everything decided.
type scheme struct {
	signatureKind
	mask      digestKind // PSS
	saltBytes int        // PSS
}

// schemeOf decides what alg means together with the digest algorithm that the
// message names; digest is zero for certificates, CRLs and OCSP answers,
// which name it once. A disagreement is malformed, see Verify.
func schemeOf(alg AlgorithmIdentifier, digest digestKind) (scheme, error) {
	kind, ok := signatureOIDs[string(alg.OID)]
	if !ok {
		return scheme{}, fmt.Errorf("%w: signature algorithm %s", ErrUnsupported, alg.OID)
	}
	s := scheme{signatureKind: kind}
	if kind.pss {
		if err := s.readPSS(alg.Params); err != nil {
			return scheme{}, err
		}
	}
	switch {
	case s.digest.new == nil && digest.new == nil:
		return scheme{}, fmt.Errorf("%w: signature algorithm without a digest", ErrUnsupported)
	case s.digest.new == nil:
		s.digest = digest
	case digest.new != nil && s.digest.name != digest.name:
		return scheme{}, malformed("the digest algorithm is %s, the signature algorithm uses %s",
			digest.name, s.digest.name)
	}
	return s, nil
}

// readPSS reads RSASSA-PSS-params (RFC 4055 3.1); every default is SHA-1's.
func (s *scheme) readPSS(params []byte) error {
	s.digest, s.mask, s.saltBytes = kindSHA1, kindSHA1, 20
	if len(params) == 0 {
		return nil
	}
	r := newReader(params)
	seq, err := r.expect(tagSequence, "RSASSA-PSS-params")
	if err != nil {
		return err
	}
	for in := r.into(seq); !in.empty(); {
		e, err := in.next()
		if err != nil {
			return err
		}
		part := in.into(e)
		switch e.tag {
		case 0xa0:
			s.digest, err = part.digestParam()
		case 0xa1:
			s.mask, err = part.maskParam()
		case 0xa2:
			s.saltBytes, err = part.uint16("saltLength")
		case 0xa3:
			trailer, terr := part.uint16("trailerField")
			if err = terr; err == nil && trailer != 1 {
				err = malformed("PSS trailerField %d", trailer)
			}
		default:
			err = malformed("RSASSA-PSS-params")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) digestParam() (digestKind, error) {
	a, err := r.algorithm("PSS hashAlgorithm")
	if err != nil {
		return digestKind{}, err
	}
	k, ok := a.digest()
	if !ok || k.id == 0 {
		return digestKind{}, fmt.Errorf("%w: PSS digest %s", ErrUnsupported, a.OID)
	}
	return k, nil
}

func (r *reader) maskParam() (digestKind, error) {
	a, err := r.algorithm("PSS maskGenAlgorithm")
	if err != nil {
		return digestKind{}, err
	}
	if !oidMGF1.Equal(a.OID) {
		return digestKind{}, fmt.Errorf("%w: PSS mask %s", ErrUnsupported, a.OID)
	}
	in := reader{a.Params, r.budget}
	return in.digestParam()
}

func (r *reader) uint16(what string) (int, error) {
	e, err := r.expect(tagInteger, what)
	if err != nil {
		return 0, err
	}
	if len(e.body) == 0 || len(e.body) > 2 || e.body[0] > 0x7f {
		return 0, malformed("%s out of range", what)
	}
	v := 0
	for _, c := range e.body {
		v = v<<8 | int(c)
	}
	return v, nil
}

// verify checks sig. message is what was signed, or, when it is nil, sum its
// digest under the scheme's hash function.
func (s scheme) verify(k *PublicKey, message, sum, sig []byte) error {
	if s.key != k.Kind || k.pss && !s.pss {
		return malformed("a %s signature with a key for something else", s.key)
	}
	if message == nil && (s.key == "Ed25519" || s.key == "Ed448") {
		// RFC 8419 3.1: the content itself would be signed.
		return fmt.Errorf("%w: %s over a detached content", ErrUnsupported, s.key)
	}
	if message != nil {
		h := s.digest.new()
		h.Write(message)
		sum = h.Sum(nil)
	}
	ok := false
	switch key := k.key.(type) {
	case publicRSA:
		ok = s.verifyRSA(key, sum, sig)
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(key, sum, sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, message, sig)
	case ed448.PublicKey:
		ok = len(sig) == ed448.SignatureSize && ed448.Verify(key, message, sig, "")
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

func (s scheme) verifyRSA(key publicRSA, sum, sig []byte) bool {
	if s.digest.id == 0 {
		return false
	}
	if s.pss {
		return key.verifyPSS(s.digest, s.mask, s.saltBytes, sum, sig)
	}
	return key.verifyPKCS1(s.digest, sum, sig)
}

// Used says which algorithms a signature rests on, for a dated table.
type Used struct {
	Digest  string // "SHA-256"
	Key     string // "RSA", "ECDSA", "Ed25519", "Ed448"
	KeyBits int
}

// CheckSignature verifies a signature over message by a certificate key, for
// certificates, CRLs and OCSP answers. Errors wrap ErrSignature,
// ErrUnsupported or ErrMalformed.
func CheckSignature(k *PublicKey, alg AlgorithmIdentifier, message, sig []byte) (Used, error) {
	s, err := schemeOf(alg, digestKind{})
	if err != nil {
		return Used{}, err
	}
	return Used{s.digest.name, k.Kind, k.Bits}, s.verify(k, message, nil, sig)
}

// CheckDigest verifies a PKCS #1 v1.5 signature over a digest made with the
// named hash function (adbe.x509.rsa_sha1, ISO 32000-2 12.8.3.2).
func CheckDigest(k *PublicKey, digestName string, sum, sig []byte) (Used, error) {
	for _, d := range digestKinds {
		if d.name == digestName && k.Kind == "RSA" {
			s := scheme{signatureKind: signatureKind{key: "RSA", digest: d}}
			return Used{d.name, k.Kind, k.Bits}, s.verify(k, nil, sum, sig)
		}
	}
	return Used{}, fmt.Errorf("%w: digest %q with key %s", ErrUnsupported, digestName, k.Kind)
}

// Verify checks the signature of the SignerInfo by k over the signed
// attributes exactly as encoded, or without signed attributes over contentSum,
// the digest of the content under DigestAlgorithm (RFC 5652 5.4, 5.6).
// Attributes out of DER order are tried in order too, since that encoding is
// what the RFC has signed. Whether the attributes say the right thing is for
// the caller to check. Errors wrap ErrSignature, ErrUnsupported or
// ErrMalformed.
func (sd *SignedData) Verify(k *PublicKey, contentSum []byte) (Used, error) {
	si := &sd.Signer
	digest, ok := si.DigestAlgorithm.digest()
	if !ok {
		return Used{}, fmt.Errorf("%w: digest algorithm %s", ErrUnsupported, si.DigestAlgorithm.OID)
	}
	s, err := schemeOf(si.SignatureAlgorithm, digest)
	if err != nil {
		return Used{}, err
	}
	used := Used{s.digest.name, k.Kind, k.Bits}
	if si.SignedAttrs == nil {
		// RFC 5652 5.3: only id-data may do without signed attributes;
		// otherwise attributes could be passed off as content.
		if !oidData.Equal(sd.ContentType) {
			return used, malformed("no signedAttrs, and the content is not id-data")
		}
		return used, s.verify(k, nil, contentSum, si.Signature)
	}
	err = s.verify(k, si.SignedAttrs, nil, si.Signature)
	if errors.Is(err, ErrSignature) && !si.Sorted {
		if sorted, serr := sortedAttributes(si.SignedAttrs); serr == nil && !bytes.Equal(sorted, si.SignedAttrs) {
			err = s.verify(k, sorted, nil, si.Signature)
		}
	}
	return used, err
}
