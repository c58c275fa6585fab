package signature_test

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

// TestGracePeriod: with a grace period a "not revoked" counts only when it was
// given that long after the signature, a "revoked" always.
func TestGracePeriod(t *testing.T) {
	unknown := []string{"revocation-unknown"}
	crl := func(given time.Duration, entries ...x509.RevocationListEntry) func(*setup) {
		return func(s *setup) {
			s.policy.GraceSeconds = 86400
			s.at = epoch.Add(3 * day)
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(given), epoch.Add(300*day), entries...)}
		}
	}
	with := func(list ...func(*setup)) func(*setup) {
		return func(s *setup) {
			for _, f := range list {
				f(s)
			}
		}
	}
	stamped := func(s *setup) { s.stamp(s.w.tsa, epoch.Add(30*time.Hour), nil) }
	runRows(t, []row{
		{"none asked", with(crl(time.Hour), func(s *setup) { s.policy.GraceSeconds = 0 }), intact, passed, nil},
		{"given too early", crl(time.Hour), intact, tryLater, unknown},
		{"given late enough", crl(day), intact, passed, nil},
		{"late enough for the claimed time, not for the proven one", with(crl(2*day), stamped), intact, tryLater, unknown},
		{"late enough for the proven time", with(crl(55*time.Hour), stamped), intact, passed, nil},
		{"an early and a late answer", with(crl(time.Hour), func(s *setup) {
			s.material.CRLs = append(s.material.CRLs, s.w.ca.CRL(epoch.Add(2*day), epoch.Add(9*day)))
		}), intact, passed, nil},
		{"revoked, said too early to say otherwise", crl(time.Hour, st.Revoked(theWorld().signer, epoch.Add(-day), 4)), intact, "TOTAL-FAILED/REVOKED", []string{"revoked"}},
		{"no time known", with(crl(time.Hour), func(s *setup) { s.msg.SigningTime = time.Time{} }), intact, passed, nil},
	})
}

// TestAccuracy: a time stamp proves that the signature existed at the end of
// the interval it states, and nothing when the policy finds that too vague.
func TestAccuracy(t *testing.T) {
	for _, test := range []struct {
		name     string
		accuracy int
		most     int64
		want     time.Duration // of the proven time behind the stated one; -1: nothing proven
	}{
		{"not stated", 0, 60, 0},
		{"within the bound", 60, 60, time.Minute},
		{"beyond it", 61, 60, -1},
		{"no bound", 7200, 0, 2 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t)
			gen := epoch.Add(time.Minute)
			s.stamp(s.w.tsa, gen, st.Accurate(test.accuracy))
			s.at, s.policy.MaxAccuracySeconds = epoch.Add(day), test.most
			v := s.judge().Signatures[0]
			switch {
			case test.want < 0 && (v.ProvenTime != nil || !slices.Contains(v.Reasons, "timestamp-invalid")):
				t.Errorf("got %v, %v, want nothing proven", v.ProvenTime, v.Reasons)
			case test.want >= 0 && (v.ProvenTime == nil || !v.ProvenTime.Equal(gen.Add(test.want))):
				t.Errorf("got %v, %v, want %v", v.ProvenTime, v.Reasons, gen.Add(test.want))
			}
		})
	}
	// The key of the authority may be known to others from two minutes after
	// the stated time: that proves nothing when the token may be later.
	s := newSetup(t)
	s.at = epoch.Add(day)
	s.revokeTSA(2*time.Minute, 4)
	s.stamp(s.w.tsa, epoch.Add(time.Minute), st.Accurate(30))
	if v := s.judge().Signatures[0]; v.ProvenTime == nil {
		t.Errorf("revoked after the interval: got nothing proven, %v", v.Reasons)
	}
	s.stamp(s.w.tsa, epoch.Add(time.Minute), st.Accurate(90))
	if v := s.judge().Signatures[0]; v.ProvenTime != nil {
		t.Errorf("revoked within the interval: got %v proven, want nothing", v.ProvenTime)
	}
}

// TestPoliciesAreReported: those of the certificate and of the signature, and
// neither decides anything.
func TestPoliciesAreReported(t *testing.T) {
	s := newSetup(t)
	s.msg.Policy = "1.3.6.1.4.1.99999.7"
	s.msg.Signer = s.w.ca.Issue("Nguyễn Văn Thử", func(c *x509.Certificate) {
		for _, number := range []int{1, 2} {
			c.PolicyIdentifiers = append(c.PolicyIdentifiers, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, number})
			o, err := x509.OIDFromInts([]uint64{1, 3, 6, 1, 4, 1, 99999, uint64(number)})
			if err != nil {
				t.Fatal(err)
			}
			c.Policies = append(c.Policies, o)
		}
	})
	v := s.judge()
	check(t, v, signature.ResultIntact, passed)
	got := v.Signatures[0]
	if want := []string{"1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"}; !slices.Equal(got.Signer.Policies, want) {
		t.Errorf("got %v, want %v", got.Signer.Policies, want)
	}
	if got.SignaturePolicy != s.msg.Policy {
		t.Errorf("got %q, want %q", got.SignaturePolicy, s.msg.Policy)
	}
}
