package demo

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/sync/errgroup"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// keyBits is the least RSA length of Circular 15/2025/TT-BKHCN.
const keyBits = 2048

// signerID names somebody in the table of signers.
type signerID int

const (
	noSigner  signerID = iota
	chair              // certificate still valid
	deputy             // certificate still valid
	retired            // certificate expired since
	moved              // certificate revoked after the year
	dismissed          // certificate revoked within the year
	lapsed             // certificate expired within the year
	office             // the organisation, still valid
	officeOld          // the organisation's earlier certificate, expired since
	stranger           // of a neighbour: trusted, not on the roster
	receiver           // stamps arrivals: trusted, not on the roster
	forger             // self-made, under the chair's name
)

// The days on which a certificate stopped being good within the year, and
// the days beside them.
const (
	lapsedLast    evidence.Date = "2022-09-28"
	lapsedFrom    evidence.Date = "2022-10-04"
	dismissedLast evidence.Date = "2022-08-12"
	dismissedFrom evidence.Date = "2022-08-18"
)

// profile is what a certificate says. Dates are days in UTC.
type profile struct {
	name, title string
	role        signature.Role
	from, until string
	revoked     string
	reason      int  // CRLReason, RFC 5280 5.3.1
	second      bool // issued by the second CA
	selfMade    bool
	roster      bool // may sign for the unit
}

const (
	unitSubject = "UBND XÃ THỬ NGHIỆM"
	testOrgan   = "DỮ LIỆU THỬ - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ (TEST ONLY)"
)

// profiles is the demo's staff. Everybody is invented and says so. What must
// still be valid when the demo is imported has a long life, so that the demo
// does not break on a certain day.
var profiles = map[signerID]profile{
	chair:     {name: "Nguyễn Văn Thử", title: "CHỦ TỊCH", role: signature.RolePerson, from: "2021-07-01", until: "2046-07-01", roster: true},
	deputy:    {name: "Trần Thị Mẫu", title: "PHÓ CHỦ TỊCH", role: signature.RolePerson, from: "2021-07-01", until: "2046-07-01", roster: true},
	retired:   {name: "Lê Văn Nghiệm", title: "PHÓ CHỦ TỊCH", role: signature.RolePerson, from: "2019-06-03", until: "2024-06-03", roster: true},
	moved:     {name: "Phạm Thị Ví Dụ", title: "PHÓ CHỦ TỊCH", role: signature.RolePerson, from: "2021-07-01", until: "2046-07-01", revoked: "2023-07-03", reason: 3, roster: true},
	dismissed: {name: "Hoàng Văn Tạm", title: "PHÓ CHỦ TỊCH", role: signature.RolePerson, from: "2021-07-01", until: "2046-07-01", revoked: "2022-08-15", reason: 5, roster: true},
	lapsed:    {name: "Vũ Thị Hạn", title: "PHÓ CHỦ TỊCH", role: signature.RolePerson, from: "2017-10-01", until: "2022-10-01", roster: true},
	office:    {name: unitSubject, role: signature.RoleOrganisation, from: "2021-07-01", until: "2046-07-01", roster: true},
	officeOld: {name: unitSubject, role: signature.RoleOrganisation, from: "2019-06-03", until: "2024-06-03", roster: true},
	stranger:  {name: "Đỗ Văn Lạ", title: "CHỦ TỊCH", role: signature.RolePerson, from: "2021-07-01", until: "2046-07-01"},
	receiver:  {name: "UBND HUYỆN THỬ NGHIỆM", from: "2021-07-01", until: "2046-07-01", second: true},
	forger:    {name: "Nguyễn Văn Thử", title: "CHỦ TỊCH", from: "2021-07-01", until: "2046-07-01", selfMade: true},
}

// identity is a certificate with its key. Keys never leave the process.
type identity struct {
	cert   *x509.Certificate
	key    *rsa.PrivateKey
	issuer *identity // nil when self-signed
}

// pki is the test hierarchy: a root, two issuing CAs and a time-stamping
// authority.
type pki struct {
	root, first, second, tsa *identity
	signers                  map[signerID]*identity
}

// newPKI makes keys and certificates. Keys are made two at a time: it is the
// only slow step here.
func newPKI() (*pki, error) {
	keys := make([]*rsa.PrivateKey, 4+len(profiles))
	var g errgroup.Group
	g.SetLimit(2)
	for i := range keys {
		g.Go(func() (err error) {
			keys[i], err = rsa.GenerateKey(rand.Reader, keyBits)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("generating test keys: %w", err)
	}
	p := &pki{signers: map[signerID]*identity{}}
	if err := p.authorities(keys[:4]); err != nil {
		return nil, err
	}
	return p, p.staff(keys[4:])
}

func (p *pki) authorities(keys []*rsa.PrivateKey) (err error) {
	if p.root, err = issue(nil, keys[0], ca("Root CA thử nghiệm Minh Chứng", "2018-01-01", "2048-01-01", 1)); err != nil {
		return err
	}
	if p.first, err = issue(p.root, keys[1], ca("CA thử nghiệm chuyên dùng", "2018-06-01", "2047-01-01", 0)); err != nil {
		return err
	}
	if p.second, err = issue(p.root, keys[2], ca("CA thử nghiệm cấp huyện", "2018-06-01", "2047-01-01", 0)); err != nil {
		return err
	}
	t := leaf("TSA thử nghiệm Minh Chứng", "2019-01-01", "2047-01-01")
	// RFC 3161 2.3: exactly this key purpose, and critical.
	t.KeyUsage = x509.KeyUsageDigitalSignature
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return err
	}
	t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}}
	p.tsa, err = issue(p.first, keys[3], t)
	return err
}

func (p *pki) staff(keys []*rsa.PrivateKey) error {
	for id, pr := range profiles {
		issuer := p.first
		if pr.second {
			issuer = p.second
		}
		if pr.selfMade {
			issuer = nil
		}
		var err error
		if p.signers[id], err = issue(issuer, keys[int(id)-1], leaf(pr.name, pr.from, pr.until)); err != nil {
			return err
		}
	}
	return nil
}

// crls answers for both issuing CAs and the root: once in September 2022,
// when every certificate was still valid, and once for now. They say that
// they keep expired certificates (X.509 9.5.2.8, expiredCertsOnCRL).
func (p *pki) crls(now time.Time) (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, ca := range map[string]*identity{"root": p.root, "ca-1": p.first, "ca-2": p.second} {
		for suffix, at := range map[string]time.Time{"2022": date("2022-09-15"), "now": now} {
			der, err := p.crl(ca, at)
			if err != nil {
				return nil, fmt.Errorf("signing the CRL of %s: %w", name, err)
			}
			out[name+"-"+suffix] = der
		}
	}
	return out, nil
}

func (p *pki) crl(ca *identity, at time.Time) ([]byte, error) {
	keep, err := asn1.MarshalWithParams(date("2018-01-01"), "generalized")
	if err != nil {
		return nil, err
	}
	tmpl := &x509.RevocationList{
		Number:          big.NewInt(at.Unix()),
		ThisUpdate:      at,
		NextUpdate:      at.AddDate(1, 0, 0),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 60}, Value: keep}},
	}
	for id, pr := range profiles {
		who := p.signers[id]
		if pr.revoked == "" || who.issuer != ca || date(pr.revoked).After(at) {
			continue
		}
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: who.cert.SerialNumber, RevocationTime: date(pr.revoked), ReasonCode: pr.reason,
		})
	}
	return x509.CreateRevocationList(rand.Reader, tmpl, ca.cert, ca.key)
}

func leaf(name, from, until string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{Country: []string{"VN"}, Organization: []string{testOrgan}, CommonName: name},
		NotBefore: date(from), NotAfter: date(until),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
}

func ca(name, from, until string, pathLen int) *x509.Certificate {
	c := leaf(name, from, until)
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	c.IsCA, c.BasicConstraintsValid = true, true
	c.MaxPathLen, c.MaxPathLenZero = pathLen, pathLen == 0
	return c
}

// issue signs tmpl for key; a nil issuer makes it self-signed.
func issue(issuer *identity, key *rsa.PrivateKey, tmpl *x509.Certificate) (*identity, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	tmpl.SerialNumber = serial
	parent, signer := tmpl, crypto.Signer(key)
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("issuing the test certificate of %q: %w", tmpl.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing the test certificate of %q: %w", tmpl.Subject.CommonName, err)
	}
	return &identity{cert: cert, key: key, issuer: issuer}, nil
}

// date parses a day of the tables above; they are ours, so a bad one panics.
func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(fmt.Sprintf("demo: bad date %q in a table", day))
	}
	return t
}
