package pki_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"minhchung/evidence/signature/pki"
	st "minhchung/evidence/signature/signaturetest"
)

func parse(t testing.TB, der []byte) *pki.Certificate {
	t.Helper()
	c, err := pki.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestParseCertificateAsGo compares our reading with crypto/x509's.
func TestParseCertificateAsGo(t *testing.T) {
	root := st.Root("Gốc", func(c *x509.Certificate) { c.MaxPathLen = 3 })
	for _, a := range []*st.Authority{
		root,
		root.Issue("Nguyễn Văn Thử", func(c *x509.Certificate) {
			c.EmailAddresses = []string{"thu@xa.gov.vn"}
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "CMND:000"}}
			c.CRLDistributionPoints = []string{"http://crl.example/a.crl"}
		}),
		root.IssueKey("RSA, TSA", st.RSAKey(2048), st.AsTSA, func(c *x509.Certificate) { c.NotAfter = time.Date(2060, 1, 2, 3, 4, 5, 0, time.UTC) }),
		root.Issue("", func(c *x509.Certificate) { c.Subject = pkix.Name{} }),
	} {
		c, g := parse(t, a.DER), a.Cert
		if c.Subject == nil || pki.NameString(c.Subject) != g.Subject.String() || pki.NameString(c.Issuer) != g.Issuer.String() {
			t.Errorf("names: got %q / %q, want %q / %q", pki.NameString(c.Subject), pki.NameString(c.Issuer), g.Subject, g.Issuer)
		}
		if pki.CommonName(c.Subject) != g.Subject.CommonName {
			t.Errorf("common name: got %q, want %q", pki.CommonName(c.Subject), g.Subject.CommonName)
		}
		if !c.NotBefore.Equal(g.NotBefore) || !c.NotAfter.Equal(g.NotAfter) {
			t.Errorf("validity: got %v–%v, want %v–%v", c.NotBefore, c.NotAfter, g.NotBefore, g.NotAfter)
		}
		if c.SerialHex() != trimHex(g.SerialNumber) || !bytes.Equal(c.SPKI, g.RawSubjectPublicKeyInfo) || !bytes.Equal(c.TBS, g.RawTBSCertificate) {
			t.Errorf("serial, key or body differ from crypto/x509's: %s", c.SerialHex())
		}
		if c.CA != g.IsCA || c.KeyUsage != pki.KeyUsage(g.KeyUsage) || c.CA && c.PathLen != g.MaxPathLen {
			t.Errorf("CA %v, usage %b, path length %d; want %v, %b, %d", c.CA, c.KeyUsage, c.PathLen, g.IsCA, g.KeyUsage, g.MaxPathLen)
		}
		if !bytes.Equal(c.SubjectKeyID, g.SubjectKeyId) || !bytes.Equal(c.AuthorityKeyID, g.AuthorityKeyId) {
			t.Errorf("key identifiers differ from crypto/x509's")
		}
		if got, want := len(c.DistributionPoints), len(g.CRLDistributionPoints); got != want {
			t.Errorf("distribution points: got %d, want %d", got, want)
		}
		if _, err := c.CheckSignatureFrom(parse(t, root.DER)); err != nil {
			t.Errorf("signature: %v", err)
		}
		if _, err := c.CheckSignatureFrom(parse(t, st.Root("Gốc").DER)); err == nil {
			t.Errorf("verifies with another key")
		}
	}
}

func trimHex(n *big.Int) string {
	s := n.Text(16)
	if len(s)%2 == 1 {
		s = "0" + s
	}
	return s
}

// TestNegativeSerial: crypto/x509 refuses it, real certificates have it.
func TestNegativeSerial(t *testing.T) {
	root := st.Root("Gốc")
	der := bytes.Clone(root.Issue("A", func(c *x509.Certificate) { c.SerialNumber = big.NewInt(0x11223344) }).DER)
	i := bytes.Index(der, []byte{2, 4, 0x11, 0x22, 0x33, 0x44})
	der[i+2] = 0x91
	if _, err := x509.ParseCertificate(der); err == nil {
		t.Fatalf("crypto/x509 takes negative serial numbers now: this test is out of date")
	}
	if got := parse(t, der).SerialHex(); got != "91223344" {
		t.Errorf("got %s, want 91223344", got)
	}
}

func TestSameName(t *testing.T) {
	name := func(tag byte, cn string) []byte {
		value := asn1.RawValue{Tag: int(tag), Bytes: []byte(cn)}
		der, err := asn1.Marshal([]any{asn1.RawValue{Class: 0, Tag: 17, IsCompound: true, Bytes: mustMarshal(struct {
			ID asn1.ObjectIdentifier
			V  asn1.RawValue
		}{asn1.ObjectIdentifier{2, 5, 4, 3}, value})}})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	a := name(12, "CA  thử nghiệm")
	for _, c := range []struct {
		b    []byte
		want bool
	}{
		{a, true}, {name(12, "ca Thử nghiệm "), true}, {name(12, "CA thử nghiệm 2"), false}, {nil, false},
	} {
		if got := pki.SameName(a, c.b); got != c.want {
			t.Errorf("%q: got %v, want %v", c.b, got, c.want)
		}
	}
	if !pki.SameName(name(12, "CA"), name(19, "CA")) {
		t.Errorf("UTF8String and PrintableString of one text are two names")
	}
}

func mustMarshal(v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return der
}

func TestFindInCRL(t *testing.T) {
	ca := st.Root("Gốc")
	a, b := ca.Issue("A"), ca.Issue("B")
	crl, err := pki.ParseCRL(ca.CRL(st.Epoch, st.Epoch.Add(st.Day), st.Revoked(a, st.Epoch.Add(-st.Day), 4)))
	if err != nil {
		t.Fatal(err)
	}
	rev, ok, err := crl.Find(parse(t, a.DER).Serial)
	if err != nil || !ok || !rev.At.Equal(st.Epoch.Add(-st.Day)) || rev.Reason != 4 || !rev.Given {
		t.Errorf("got %+v, %v, %v; want the revocation", rev, ok, err)
	}
	if _, ok, err := crl.Find(parse(t, b.DER).Serial); ok || err != nil {
		t.Errorf("got %v, %v; want not listed", ok, err)
	}
	index, err := crl.Index()
	if got, ok := index[pki.SerialKey(parse(t, a.DER).Serial)]; err != nil || !ok || got != rev || len(index) != 1 {
		t.Errorf("index: got %v, %v; want the one entry", index, err)
	}
	if _, err := crl.CheckSignatureBy(parse(t, ca.DER)); err != nil {
		t.Errorf("signature: %v", err)
	}
	if err := crl.Covers(parse(t, st.Root("Khác").Issue("C").DER)); !errors.Is(err, pki.ErrUnusable) {
		t.Errorf("another issuer: got %v, want unusable", err)
	}
}

func TestNameConstraints(t *testing.T) {
	ca := func(change st.Template) *pki.Certificate { return parse(t, st.Root("Gốc", change).DER) }
	leaf := func(change st.Template) *pki.Certificate { return parse(t, st.Root("Gốc").Issue("A", change).DER) }
	email := func(a string) st.Template { return func(c *x509.Certificate) { c.EmailAddresses = []string{a} } }
	dns := func(a string) st.Template { return func(c *x509.Certificate) { c.DNSNames = []string{a} } }
	for _, r := range []struct {
		name string
		ca   st.Template
		leaf st.Template
		want bool
	}{
		{"host", func(c *x509.Certificate) { c.PermittedEmailAddresses = []string{"xa.vn"} }, email("a@xa.vn"), true},
		{"other host", func(c *x509.Certificate) { c.PermittedEmailAddresses = []string{"xa.vn"} }, email("a@b.xa.vn"), false},
		{"below a domain", func(c *x509.Certificate) { c.PermittedEmailAddresses = []string{".xa.vn"} }, email("a@b.xa.vn"), true},
		{"mailbox", func(c *x509.Certificate) { c.ExcludedEmailAddresses = []string{"a@xa.vn"} }, email("a@xa.vn"), false},
		{"other kind of name", func(c *x509.Certificate) { c.PermittedEmailAddresses = []string{"xa.vn"} }, dns("b.vn"), true},
		{"DNS", func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"xa.vn"} }, dns("b.xa.vn"), true},
		{"DNS, look-alike", func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"xa.vn"} }, dns("bxa.vn"), false},
		{"DNS excluded", func(c *x509.Certificate) { c.ExcludedDNSDomains = []string{"xa.vn"} }, dns("b.xa.vn"), false},
	} {
		if got := ca(r.ca).Constraints.Admits(leaf(r.leaf)); got != r.want {
			t.Errorf("%s: got %v, want %v", r.name, got, r.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	root := st.Root("Gốc")
	leaf := root.Issue("A", st.AsTSA)
	f.Add(leaf.DER)
	f.Add(root.CRL(st.Epoch, st.Epoch.Add(st.Day), st.Revoked(leaf, st.Epoch, 1)))
	f.Add(st.OCSP(root, root, leaf, st.Epoch, st.Epoch.Add(st.Day), st.Epoch))
	ca, who := parse(f, root.DER), parse(f, leaf.DER)
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := pki.ParseCertificate(b); err == nil {
			pki.NameString(c.Subject)
			c.SelfSigned()
			if c.Constraints != nil {
				c.Constraints.Admits(who)
			}
			c.MayAnswer(ca)
		}
		if c, err := pki.ParseCRL(b); err == nil {
			c.Covers(who)
			c.Find(who.Serial)
			c.CheckSignatureBy(ca)
		}
		if o, err := pki.ParseOCSP(b); err == nil {
			o.Find(who, ca)
			o.Names(ca)
			o.CheckSignatureBy(ca)
		}
	})
}
