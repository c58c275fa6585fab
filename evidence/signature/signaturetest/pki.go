// Package signaturetest makes certificates, CRLs, OCSP answers, CMS messages
// and time-stamp tokens for tests: sound ones, and ones with any single fault
// an attacker or a bad program could put in.
package signaturetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Epoch is the middle of the test world: certificates are valid from two
// years before to eight years after, unless a test says otherwise.
var Epoch = time.Date(2024, 6, 1, 9, 0, 0, 0, time.UTC)

// Day is a unit for distances from Epoch.
const Day = 24 * time.Hour

// Authority is a certificate with its key: a CA, a signer, a TSA.
type Authority struct {
	Cert *x509.Certificate
	DER  []byte
	Key  crypto.Signer
}

var serials atomic.Int64

// Template changes a certificate before it is signed.
type Template func(*x509.Certificate)

// ECKey returns a new P-256 key.
func ECKey() crypto.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return k
}

// RSAKey returns a new RSA key.
func RSAKey(bits int) crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	must(err)
	return k
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("signaturetest: %v", err))
	}
}

func template(cn string, changes []Template) *x509.Certificate {
	serial := serials.Add(1)
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1000 + serial),
		SubjectKeyId: fmt.Appendf(nil, "key %08d", serial),
		Subject:      pkix.Name{CommonName: cn, Organization: []string{"Thử nghiệm"}, Country: []string{"VN"}},
		NotBefore:    Epoch.Add(-730 * Day), NotAfter: Epoch.Add(3000 * Day),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	for _, c := range changes {
		c(t)
	}
	return t
}

// AsCA makes a certificate one that issues others.
func AsCA(t *x509.Certificate) {
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
}

// AsTSA makes a certificate a time-stamping authority's (RFC 3161 2.3).
func AsTSA(t *x509.Certificate) {
	t.ExtraExtensions = append(t.ExtraExtensions, ExtKeyUsage(true, "1.3.6.1.5.5.7.3.8"))
}

// AsResponder makes a certificate a delegated OCSP responder's.
func AsResponder(t *x509.Certificate) {
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
}

// ExtKeyUsage returns the extension, critical or not.
func ExtKeyUsage(critical bool, purposes ...string) pkix.Extension {
	var body []byte
	for _, p := range purposes {
		body = append(body, oid(p)...)
	}
	return pkix.Extension{Id: []int{2, 5, 29, 37}, Critical: critical, Value: tlv(0x30, body)}
}

// Valid sets the validity period.
func Valid(from, until time.Time) Template {
	return func(t *x509.Certificate) { t.NotBefore, t.NotAfter = from, until }
}

// Root makes a self-signed CA.
func Root(cn string, changes ...Template) *Authority {
	return RootWithKey(cn, ECKey(), changes...)
}

// RootWithKey makes a self-signed CA with a given key.
func RootWithKey(cn string, key crypto.Signer, changes ...Template) *Authority {
	t := template(cn, append([]Template{AsCA}, changes...))
	return sign(t, t, key, key)
}

// SelfSigned makes a self-signed certificate that is no CA.
func SelfSigned(cn string, changes ...Template) *Authority {
	key := ECKey()
	t := template(cn, changes)
	return sign(t, t, key, key)
}

// Issue makes a certificate below a with a new P-256 key.
func (a *Authority) Issue(cn string, changes ...Template) *Authority {
	return a.IssueKey(cn, ECKey(), changes...)
}

// IssueKey makes a certificate below a for a given key.
func (a *Authority) IssueKey(cn string, key crypto.Signer, changes ...Template) *Authority {
	return sign(template(cn, changes), a.Cert, key, a.Key)
}

func sign(t, parent *x509.Certificate, key, issuer crypto.Signer) *Authority {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), issuer)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return &Authority{cert, der, key}
}

// Revoked is one entry of a CRL.
func Revoked(who *Authority, at time.Time, reason int) x509.RevocationListEntry {
	return x509.RevocationListEntry{SerialNumber: who.Cert.SerialNumber, RevocationTime: at, ReasonCode: reason}
}

// CRL makes a CRL of a for the window from–to.
func (a *Authority) CRL(from, to time.Time, entries ...x509.RevocationListEntry) []byte {
	return a.CRLWith(from, to, nil, entries...)
}

// CRLWith makes a CRL with extra extensions.
func (a *Authority) CRLWith(from, to time.Time, extra []pkix.Extension, entries ...x509.RevocationListEntry) []byte {
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(serials.Add(1)), ThisUpdate: from, NextUpdate: to,
		RevokedCertificateEntries: entries, ExtraExtensions: extra,
	}, a.Cert, a.Key)
	must(err)
	return der
}

// OCSP makes an answer of responder about who, issued by issuer. revoked is
// zero for "good".
func OCSP(issuer, responder, who *Authority, from, to, revoked time.Time) []byte {
	t := ocsp.Response{SerialNumber: who.Cert.SerialNumber, Status: ocsp.Good, ThisUpdate: from, NextUpdate: to}
	if !revoked.IsZero() {
		t.Status, t.RevokedAt, t.RevocationReason = ocsp.Revoked, revoked, ocsp.CessationOfOperation
	}
	if responder != issuer {
		t.Certificate = responder.Cert
	}
	der, err := ocsp.CreateResponse(issuer.Cert, responder.Cert, t, responder.Key)
	must(err)
	return der
}
