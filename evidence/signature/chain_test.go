package signature_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

const (
	chainBad    = "INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE"
	constraint  = "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE"
	usage       = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE"
	tryLater    = "INDETERMINATE/TRY_LATER"
	weak        = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE"
	weakThen    = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
	noTime      = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE"
	revokedNoT  = "INDETERMINATE/REVOKED_NO_POE"
	order       = "INDETERMINATE/TIMESTAMP_ORDER_FAILURE"
	expired     = "TOTAL-FAILED/EXPIRED"
	notYet      = "TOTAL-FAILED/NOT_YET_VALID"
	revoked     = "TOTAL-FAILED/REVOKED"
	revokedCANo = "INDETERMINATE/REVOKED_CA_NO_POE"
)

// under makes ca the signer's CA, with a CRL that says nothing is revoked.
func (s *setup) under(ca *st.Authority, changes ...st.Template) {
	s.msg.Signer = ca.Issue("Nguyễn Văn Thử", changes...)
	if ca.Cert.KeyUsage&x509.KeyUsageCRLSign != 0 {
		s.material.CRLs = append(s.material.CRLs, ca.CRL(epoch.Add(-day), epoch.Add(300*day)))
	}
}

func TestChain(t *testing.T) {
	pathLen0 := func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true }
	runRows(t, []row{
		{"leaf only, CA in the trust store", func(s *setup) {}, intact, passed, nil},
		{"CA in the message", func(s *setup) {
			s.material.Intermediates, s.msg.Certificates = nil, [][]byte{s.w.ca.DER, s.w.signer.DER}
		}, intact, passed, nil},
		{"CA in the document security store", func(s *setup) {
			s.material.Intermediates = nil
			s.facts = func(f *signature.Facts) {
				f.Validation.Certificates = append(f.Validation.Certificates, addBlob(f, s.w.ca.DER))
			}
		}, intact, passed, nil},
		{"issuer not to be had", func(s *setup) { s.material.Intermediates = nil }, intact, noChain, []string{"issuer-unknown"}},
		{"no anchor of ours", func(s *setup) { s.material.Anchors = s.material.Anchors[1:] }, intact, noChain, []string{"issuer-unknown"}},
		{"root in the message is not trusted for that", func(s *setup) {
			s.material.Anchors = nil
			s.msg.Certificates = [][]byte{s.w.signer.DER, s.w.ca.DER, s.w.root.DER}
		}, intact, noChain, []string{"untrusted"}},
		{"self-made", func(s *setup) { s.msg.Signer = st.SelfSigned("Nguyễn Văn Thử") }, intact, noChain, []string{"untrusted"}},
		{"self-made with the anchor's name", func(s *setup) { s.msg.Signer = s.w.attackerRoot }, intact, noChain, []string{"untrusted", "key-usage"}},
		{"forged issuer name", func(s *setup) { s.under(s.w.attackerCA) }, intact, chainBad, []string{"untrusted"}},
		{"forged hierarchy with all names", func(s *setup) {
			s.under(s.w.attackerCA)
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, s.w.attackerCA.DER, s.w.attackerRoot.DER}
		}, intact, noChain, []string{"untrusted"}},
		{"cross-signed CA", func(s *setup) {
			old := st.Root("Gốc thế hệ 1")
			cross := old.IssueKey("CA thử nghiệm", s.w.ca.Key, st.AsCA, func(c *x509.Certificate) {
				c.RawSubject, c.SubjectKeyId = s.w.ca.Cert.RawSubject, s.w.ca.Cert.SubjectKeyId
			})
			s.msg.Certificates = [][]byte{s.w.signer.DER, cross.DER, old.DER}
		}, intact, passed, nil},
		{"signer below a certificate that is no CA", func(s *setup) {
			notCA := s.w.ca.Issue("Không phải CA", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign | x509.KeyUsageCRLSign })
			s.under(notCA)
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, notCA.DER}
		}, intact, constraint, []string{"untrusted"}},
		{"signer below another signer", func(s *setup) {
			s.under(s.w.other)
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, s.w.other.DER}
		}, intact, constraint, []string{"untrusted", "revocation-unknown"}},
		{"CA without keyCertSign", func(s *setup) {
			ca := s.w.root.Issue("CA yếu", st.AsCA, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
			s.under(ca)
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, ca.DER}
		}, intact, constraint, []string{"untrusted"}},
		{"path length", func(s *setup) {
			upper := s.w.root.Issue("CA trên", st.AsCA, pathLen0)
			lower := upper.Issue("CA dưới", st.AsCA)
			s.under(lower)
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, lower.DER, upper.DER}
		}, intact, constraint, []string{"untrusted"}},
		{"name constraints", func(s *setup) {
			ca := s.w.root.Issue("CA hẹp", st.AsCA, func(c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedEmailAddresses = true, []string{"xa.gov.vn"}
			})
			s.under(ca, func(c *x509.Certificate) { c.EmailAddresses = []string{"thu@noi-khac.vn"} })
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, ca.DER}
		}, intact, constraint, []string{"untrusted"}},
		{"name constraints kept", func(s *setup) {
			ca := s.w.root.Issue("CA hẹp", st.AsCA, func(c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedEmailAddresses = true, []string{"xa.gov.vn"}
			})
			s.under(ca, func(c *x509.Certificate) { c.EmailAddresses = []string{"thu@xa.gov.vn"} })
			s.msg.Certificates = [][]byte{s.msg.Signer.DER, ca.DER}
		}, intact, passed, nil},
		{"unknown critical extension", func(s *setup) {
			s.under(s.w.ca, func(c *x509.Certificate) {
				c.ExtraExtensions = []pkix.Extension{ext(true, []int{1, 2, 3, 4}, 5, 0)}
			})
		}, intact, constraint, []string{"untrusted"}},
		{"key usage without signing", func(s *setup) {
			s.under(s.w.ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
		}, intact, usage, []string{"key-usage"}},
		{"only non-repudiation", func(s *setup) {
			s.under(s.w.ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment })
		}, intact, passed, nil},
		{"a web server's certificate", func(s *setup) {
			s.under(s.w.ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
		}, intact, usage, []string{"key-usage"}},
		{"e-mail certificate", func(s *setup) {
			s.under(s.w.ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })
		}, intact, passed, nil},
		{"RSA-1024", func(s *setup) {
			s.msg.Signer = s.w.ca.IssueKey("Nguyễn Văn Thử", st.RSAKey(1024))
		}, intact, weak, []string{"algorithm"}},
		{"signer is the anchor", func(s *setup) {
			s.msg.Signer = st.SelfSigned("Nguyễn Văn Thử")
			s.material.Anchors = append(s.material.Anchors, signature.Anchor{Domain: signature.DomainTest, DER: s.msg.Signer.DER})
		}, intact, passed, nil},
	})
}

func TestTrustDomain(t *testing.T) {
	s := newSetup(t)
	if got := s.judge().Signatures[0].TrustDomain; got != signature.DomainOfficialDuty {
		t.Errorf("domain: got %q, want official-duty", got)
	}
	s.material.Anchors = nil
	if got := s.judge().Signatures[0].TrustDomain; got != "" {
		t.Errorf("domain without an anchor: got %q, want none", got)
	}
}

func TestRoster(t *testing.T) {
	s := newSetup(t)
	subject := s.judge().Signatures[0].Signer.Subject
	if subject != s.w.signer.Cert.Subject.String() {
		t.Errorf("subject: got %q, want it as Go prints it, %q", subject, s.w.signer.Cert.Subject.String())
	}
	for _, r := range []struct {
		name  string
		entry signature.Signer
		want  bool
	}{
		{"by certificate", signature.Signer{Role: signature.RolePerson, Certificate: signature.HashOf(s.w.signer.DER)}, true},
		{"by subject", signature.Signer{Role: signature.RolePerson, Subject: subject}, true},
		{"another certificate, same subject", signature.Signer{Certificate: signature.HashOf(s.w.other.DER), Subject: subject}, false},
		{"in office", signature.Signer{Role: signature.RolePerson, Subject: subject, From: epoch.Add(-day), Until: epoch.Add(day)}, true},
		{"no longer in office", signature.Signer{Subject: subject, Until: epoch.Add(-day)}, false},
		{"not yet in office", signature.Signer{Subject: subject, From: epoch.Add(day)}, false},
		{"empty entry", signature.Signer{Role: signature.RolePerson}, false},
	} {
		s.material.Roster = []signature.Signer{r.entry}
		v := s.judge()
		if got := v.Signatures[0].OnRoster; got != r.want || !v.RosterKnown {
			t.Errorf("%s: got %v, want %v", r.name, got, r.want)
		}
		if got := v.Signatures[0].Signer.Role; r.want && got != r.entry.Role {
			t.Errorf("%s: role %q, want %q", r.name, got, r.entry.Role)
		}
	}
}
