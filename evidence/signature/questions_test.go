package signature_test

import (
	"crypto/x509"
	"slices"
	"testing"

	"golang.org/x/crypto/ocsp"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

// named gives a certificate the addresses of its issuer's services.
func named(host string) st.Template {
	return func(c *x509.Certificate) {
		c.OCSPServer = []string{"http://" + host + "/ocsp"}
		c.CRLDistributionPoints = []string{"http://" + host + "/crl"}
	}
}

// TestQuestions: only what a verdict lacks is asked, and only about
// certificates with a path to our anchors.
func TestQuestions(t *testing.T) {
	both := []string{"ocsp http://ca/ocsp", "http://ca/crl"}
	for _, test := range []struct {
		name   string
		change func(s *setup)
		want   []string
	}{
		{"nothing known", func(s *setup) { s.material.CRLs = nil }, both},
		{"a CRL that has run out", func(s *setup) { s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(-9*day), epoch.Add(-8*day))} }, both},
		{"known to be good", func(*setup) {}, nil},
		{"known to be revoked", func(s *setup) { s.later(9*day, st.Revoked(s.msg.Signer, epoch, 4)) }, nil},
		{"a grace period that has not passed", func(s *setup) { s.policy.GraceSeconds, s.at = 86400*30, epoch.Add(40*day) }, both},
		{"no path to our anchors", func(s *setup) { s.msg.Signer = s.w.attackerCA.Issue("X", named("attacker")); s.material.CRLs = nil }, nil},
		{"a signature that does not hold", func(s *setup) { s.msg.BadSignature, s.material.CRLs = true, nil }, nil},
		{"a time stamp", func(s *setup) {
			s.stamp(s.w.tsaRoot.Issue("TSA", st.AsTSA, named("tsa")), epoch, nil)
		}, []string{"ocsp http://tsa/ocsp", "http://tsa/crl"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t)
			s.msg.Signer = s.w.ca.Issue("Nguyễn Văn Thử", named("ca"))
			test.change(s)
			j := signature.NewJudger(s.material, s.policy)
			var got []string
			for _, q := range j.Questions(s.file(), s.proofs, s.at) {
				if q.OCSP == nil {
					got = append(got, q.URL)
					continue
				}
				got = append(got, "ocsp "+q.URL)
				ask, err := ocsp.ParseRequest(q.OCSP)
				if err != nil {
					t.Errorf("a request that others cannot read: %v", err)
				} else if q.URL == "http://ca/ocsp" && ask.SerialNumber.Cmp(s.msg.Signer.Cert.SerialNumber) != 0 {
					t.Errorf("got a request about %v, want %v", ask.SerialNumber, s.msg.Signer.Cert.SerialNumber)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestAnswersMakeADifference: what an answer to the question says is what the
// verdict then knows.
func TestAnswersMakeADifference(t *testing.T) {
	s := newSetup(t)
	s.msg.Signer = s.w.ca.Issue("Nguyễn Văn Thử", named("ca"))
	s.material.CRLs = nil
	check(t, s.judge(), signature.ResultIntact, tryLater, "revocation-unknown")
	s.material.OCSPs = [][]byte{st.OCSP(s.w.ca, s.w.responder, s.msg.Signer, epoch, epoch.Add(day), epoch.Add(-day))}
	check(t, s.judge(), signature.ResultIntact, "TOTAL-FAILED/REVOKED", "revoked")
}
