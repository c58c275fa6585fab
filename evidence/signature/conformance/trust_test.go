package conformance

import (
	"bytes"
	"testing"
	"time"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

// trustCases have sound signatures whose certificates, answers or times are
// the question. Their result is always intact.
func trustCases() []testCase {
	judged := func(family, name, status string, reasons []string, edit func(s *setup, m *st.Message)) testCase {
		return testCase{family: family, name: name, result: intact, status: status, reasons: reasons, make: func(s *setup) *file {
			return signed(s, nil, func(sig *seal) { edit(s, &sig.msg) })
		}}
	}
	signer := func(name, status string, reasons []string, edit func(s *setup, m *st.Message)) testCase {
		return judged("signer", name, status, reasons, edit)
	}
	untrusted := []string{"untrusted"}
	list := []testCase{
		signer("self-made", doubt+"NO_CERTIFICATE_CHAIN_FOUND", untrusted, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates = s.selfMade, [][]byte{s.selfMade.DER}
		}),
		signer("self-made, victim's certificate first", doubt+"NO_CERTIFICATE_CHAIN_FOUND", untrusted, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates = s.selfMade, [][]byte{s.person.DER, s.ca.DER, s.selfMade.DER}
		}),
		signer("attacker's hierarchy of the same names", doubt+"CERTIFICATE_CHAIN_GENERAL_FAILURE", untrusted, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates = s.attacker, [][]byte{s.attacker.DER}
		}),
		signer("attacker's hierarchy complete", doubt+"NO_CERTIFICATE_CHAIN_FOUND", untrusted, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates = s.attacker, [][]byte{s.person.DER, s.attacker.DER, s.attackerCA.DER, s.attackerRoot.DER}
		}),
		signer("issuer not to be had", doubt+"NO_CERTIFICATE_CHAIN_FOUND", []string{"issuer-unknown"}, func(s *setup, m *st.Message) {
			m.Certificates, s.material.Intermediates = nil, nil
		}),
		signer("expired before signing", failed+"EXPIRED", []string{"expired", "time-unproven", "revocation-unknown"}, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates, m.SigningTime = s.short, nil, epoch.Add(101*day)
			s.later(200 * day)
		}),
		signer("expired since", doubt+"OUT_OF_BOUNDS_NO_POE", []string{"time-unproven", "revocation-unknown"}, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates = s.short, nil
			s.later(200 * day)
		}),
		signer("expired since, in the ledger before", passed, nil, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates = s.short, nil
			s.later(200 * day)
			s.proofs = []signature.Proof{{At: epoch.Add(day), Source: "ledger"}}
			s.material.CRLs = [][]byte{s.ca.CRL(epoch, epoch.Add(30*day))}
		}),
		signer("claimed before the certificate", failed+"NOT_YET_VALID", []string{"expired"}, func(s *setup, m *st.Message) {
			m.SigningTime = epoch.Add(-900 * day)
		}),
		signer("claimed in the future", doubt+"TIMESTAMP_ORDER_FAILURE", []string{"time-order"}, func(s *setup, m *st.Message) {
			m.SigningTime = epoch.Add(30 * day)
		}),
	}
	list = append(list, revocationCases(judged)...)
	return append(list, stampCases(judged)...)
}

type judgedFunc func(family, name, status string, reasons []string, edit func(s *setup, m *st.Message)) testCase

// revocationCases have each fault with a CRL and with an OCSP answer.
func revocationCases(judged judgedFunc) []testCase {
	revoked, unproven, unknown := []string{"revoked"}, []string{"time-unproven"}, []string{"revocation-unknown"}
	tryLater := doubt + "TRY_LATER"
	crl := func(name, status string, reasons []string, edit func(s *setup, m *st.Message)) testCase {
		return judged("CRL", name, status, reasons, edit)
	}
	ocsp := func(name, status string, reasons []string, edit func(s *setup, m *st.Message)) testCase {
		return judged("OCSP", name, status, reasons, edit)
	}
	from, until := epoch.Add(-time.Hour), epoch.Add(20*day)
	stamp := func(s *setup, m *st.Message) { m.Stamp = stamped(s.tsa, epoch.Add(time.Minute), nil) }
	list := []testCase{
		crl("revoked before", failed+"REVOKED", revoked, func(s *setup, m *st.Message) { s.later(9*day, st.Revoked(s.person, epoch.Add(-day), 1)) }),
		crl("revoked after", doubt+"REVOKED_NO_POE", unproven, func(s *setup, m *st.Message) { s.later(9*day, st.Revoked(s.person, epoch.Add(day), 5)) }),
		crl("revoked after a time stamp", passed, nil, func(s *setup, m *st.Message) {
			stamp(s, m)
			s.later(9*day, st.Revoked(s.person, epoch.Add(day), 5))
		}),
		crl("backdated: stamped after the revocation", doubt+"REVOKED_NO_POE", unproven, func(s *setup, m *st.Message) {
			m.Stamp = stamped(s.tsa, epoch.Add(2*day), nil)
			s.later(9*day, st.Revoked(s.person, epoch.Add(day), 1))
		}),
		crl("forged", tryLater, unknown, func(s *setup, m *st.Message) { s.material.CRLs = [][]byte{s.attackerCA.CRL(from, until)} }),
		crl("expired", tryLater, unknown, func(s *setup, m *st.Message) {
			s.material.CRLs = [][]byte{s.ca.CRL(epoch.Add(-9*day), epoch.Add(-8*day))}
		}),
		crl("of another CA", tryLater, unknown, func(s *setup, m *st.Message) { s.material.CRLs = [][]byte{s.root.CRL(from, until)} }),
		crl("forged one that revokes, beside a good one", passed, nil, func(s *setup, m *st.Message) {
			s.material.CRLs = append(s.material.CRLs, s.attackerCA.CRL(from, until, st.Revoked(s.person, epoch.Add(-day), 1)))
		}),
		crl("none", tryLater, unknown, func(s *setup, m *st.Message) { s.material.CRLs = nil }),

		ocsp("good", passed, nil, func(s *setup, m *st.Message) { s.ocsp(s.ca, s.responder, from, until, time.Time{}) }),
		ocsp("good, by the CA", passed, nil, func(s *setup, m *st.Message) { s.ocsp(s.ca, s.ca, from, until, time.Time{}) }),
		ocsp("revoked before", failed+"REVOKED", revoked, func(s *setup, m *st.Message) { s.ocsp(s.ca, s.responder, from, until, epoch.Add(-2*time.Hour)) }),
		ocsp("revoked after", doubt+"REVOKED_NO_POE", unproven, func(s *setup, m *st.Message) {
			s.ocsp(s.ca, s.responder, epoch.Add(20*time.Hour), until, epoch.Add(12*time.Hour))
		}),
		ocsp("revoked after a time stamp", passed, nil, func(s *setup, m *st.Message) {
			stamp(s, m)
			s.ocsp(s.ca, s.responder, epoch.Add(20*time.Hour), until, epoch.Add(12*time.Hour))
		}),
		ocsp("forged", tryLater, unknown, func(s *setup, m *st.Message) { s.ocsp(s.ca, s.attackerCA, from, until, time.Time{}) }),
		ocsp("by a signer of the same CA", tryLater, unknown, func(s *setup, m *st.Message) { s.ocsp(s.ca, s.p256, from, until, time.Time{}) }),
		ocsp("expired", tryLater, unknown, func(s *setup, m *st.Message) {
			s.ocsp(s.ca, s.responder, epoch.Add(-9*day), epoch.Add(-8*day), time.Time{})
		}),
		ocsp("about another certificate", tryLater, unknown, func(s *setup, m *st.Message) {
			s.material.CRLs = nil
			s.material.OCSPs = [][]byte{st.OCSP(s.ca, s.responder, s.organisation, from, until, time.Time{})}
		}),
		ocsp("of another CA", tryLater, unknown, func(s *setup, m *st.Message) { s.ocsp(s.root, s.root, from, until, time.Time{}) }),
	}
	return list
}

// stampCases have time stamps that prove nothing.
func stampCases(judged judgedFunc) []testCase {
	// The certificate was revoked a day later: only a proof of time helps.
	useless := func(name string, stamp func(s *setup) func([]byte) [][]byte) testCase {
		return judged("time stamp", name, doubt+"REVOKED_NO_POE", []string{"timestamp-invalid", "time-unproven"}, func(s *setup, m *st.Message) {
			m.Stamp = stamp(s)
			s.later(9*day, st.Revoked(s.person, epoch.Add(day), 5))
		})
	}
	gen := epoch.Add(time.Minute)
	return []testCase{
		useless("self-made", func(s *setup) func([]byte) [][]byte { return stamped(s.selfTSA, gen, nil) }),
		useless("of an unknown authority", func(s *setup) func([]byte) [][]byte {
			return stamped(s.attackerRoot.Issue("TSA", st.AsTSA), gen, nil)
		}),
		useless("by the signer", func(s *setup) func([]byte) [][]byte { return stamped(s.person, gen, nil) }),
		useless("by a certificate without the purpose", func(s *setup) func([]byte) [][]byte {
			return stamped(s.tsaRoot.Issue("TSA"), gen, nil)
		}),
		useless("over other bytes", func(s *setup) func([]byte) [][]byte {
			return func(sig []byte) [][]byte { return [][]byte{st.Token(s.tsa, append(bytes.Clone(sig), 1), gen, nil)} }
		}),
		useless("with a false signature", func(s *setup) func([]byte) [][]byte {
			return stamped(s.tsa, gen, func(m *st.Message) { m.BadSignature = true })
		}),
		useless("rubbish", func(s *setup) func([]byte) [][]byte {
			return func([]byte) [][]byte { return [][]byte{{0x30, 0}} }
		}),
		judged("time stamp", "a bad one beside a good one", passed, []string{"timestamp-invalid"}, func(s *setup, m *st.Message) {
			m.Stamp = func(sig []byte) [][]byte {
				return [][]byte{st.Token(s.selfTSA, sig, epoch.Add(-day), nil), st.Token(s.tsa, sig, gen, nil)}
			}
			s.later(9*day, st.Revoked(s.person, epoch.Add(day), 5))
		}),
		judged("time stamp", "before the certificate existed", failed+"NOT_YET_VALID", []string{"expired"}, func(s *setup, m *st.Message) {
			m.Signer, m.Certificates, m.SigningTime = s.short, nil, time.Time{}
			m.Stamp = stamped(s.tsa, epoch.Add(-200*day), nil)
		}),
	}
}

// TestDuplicates: the same signature under two documents has one fingerprint,
// two signatures of one person have two.
func TestDuplicates(t *testing.T) {
	s := newSetup(t)
	first := made{setup: s, data: signed(s, nil, nil).Bytes()}
	copied := made{setup: s, data: append(bytes.Clone(first.data), '\n')}
	other := made{setup: s, data: signed(s, func(f *file) { f.put(8, stream("", firstPage)) }, nil).Bytes()}
	print := func(m made) signature.Hash {
		_, v := m.judge()
		return v.Signatures[0].Fingerprint
	}
	if a, b := print(first), print(copied); a != b || a.IsZero() {
		t.Errorf("got fingerprints %s and %s of one signature", a, b)
	}
	if a, b := print(first), print(other); a == b {
		t.Errorf("got fingerprint %s of two signatures", a)
	}
}
