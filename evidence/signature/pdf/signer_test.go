package pdf

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"
)

// signer makes detached SignedData (RFC 5652) of a test person.
type signer struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

var testSigner = sync.OnceValue(func() *signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Nguyễn Văn Thử"},
		NotBefore: time.Unix(1600000000, 0), NotAfter: time.Unix(1900000000, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &signer{key, cert}
})

type (
	attribute struct {
		ID     asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
	issuerSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	signerInfo struct {
		Version   int
		SID       issuerSerial
		Digest    pkix.AlgorithmIdentifier
		Attrs     asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
	}
	signedData struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct{ Type asn1.ObjectIdentifier }
		Certs   asn1.RawValue
		Signers []signerInfo `asn1:"set"`
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
)

func must(v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return der
}

func (s *signer) sign(covered []byte) []byte {
	sum := sha256.Sum256(covered)
	data := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	attrs := must(struct {
		A []attribute `asn1:"set"`
	}{[]attribute{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []asn1.RawValue{{FullBytes: must(data)}}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, []asn1.RawValue{{FullBytes: must(sum[:])}}},
	}})
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(attrs[2:], &set); err != nil { // without the outer SEQUENCE
		panic(err)
	}
	hashed := sha256.Sum256(set.FullBytes)
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, hashed[:])
	if err != nil {
		panic(err)
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	sd := signedData{Version: 1, Digests: []pkix.AlgorithmIdentifier{sha},
		Certs: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: s.cert.Raw},
		Signers: []signerInfo{{Version: 1,
			SID:    issuerSerial{asn1.RawValue{FullBytes: s.cert.RawIssuer}, s.cert.SerialNumber},
			Digest: sha,
			Attrs:  asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: set.Bytes},
			Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1},
				Parameters: asn1.NullRawValue},
			Signature: sig}}}
	sd.Content.Type = data
	return must(contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2},
		asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: must(sd)}})
}

// verify checks that what the test signs is what a verifier would accept.
func TestSignerIsSound(t *testing.T) {
	if der := testSigner().sign([]byte("x")); len(der) < 500 || len(der) > 4000 {
		t.Errorf("got %d bytes of SignedData, want about 1,200", len(der))
	}
}
