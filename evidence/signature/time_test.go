package signature_test

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

// inLedger is a proof of existence d after the epoch.
func inLedger(d time.Duration) []signature.Proof {
	return []signature.Proof{{At: epoch.Add(d), Source: "ledger"}}
}

func TestValidity(t *testing.T) {
	short := func(s *setup) { s.msg.Signer = s.w.short } // valid epoch ± 100 d
	runRows(t, []row{
		{"certificate still valid", short, intact, passed, nil},
		{"expired later, no proof", func(s *setup) { short(s); s.later(200 * day) }, intact, noTime, []string{"time-unproven", "revocation-unknown"}},
		{"expired later, proof in the ledger", func(s *setup) {
			short(s)
			s.later(200 * day)
			s.proofs, s.material.CRLs = inLedger(day), [][]byte{s.w.ca.CRL(epoch, epoch.Add(30*day))}
		}, intact, passed, nil},
		{"expired later, proof in the ledger only after that", func(s *setup) {
			short(s)
			s.later(200 * day)
			s.proofs, s.material.CRLs = inLedger(150*day), [][]byte{s.w.ca.CRL(epoch.Add(99*day), epoch.Add(160*day))}
		}, intact, noTime, []string{"time-unproven"}},
		{"expired later, time stamp", func(s *setup) {
			short(s)
			s.stamp(s.w.tsa, epoch.Add(time.Minute), nil)
			s.later(200 * day)
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch, epoch.Add(30*day))}
		}, intact, passed, nil},
		{"claimed after expiry", func(s *setup) {
			short(s)
			s.later(200 * day)
			s.msg.SigningTime = epoch.Add(101 * day)
		}, intact, expired, []string{"expired", "time-unproven", "revocation-unknown"}},
		{"claimed before the certificate", func(s *setup) {
			short(s)
			s.msg.SigningTime = epoch.Add(-101 * day)
		}, intact, notYet, []string{"expired"}},
		{"claimed before the certificate, in the ledger now", func(s *setup) {
			short(s)
			s.msg.SigningTime, s.proofs = epoch.Add(-101*day), inLedger(0)
		}, intact, notYet, []string{"expired"}},
		{"claimed 7 h after expiry, local time as UTC", func(s *setup) {
			short(s)
			s.later(100*day - time.Hour)
			s.msg.SigningTime = epoch.Add(100*day + 6*time.Hour)
		}, intact, passed, nil},
		{"claimed 7 h ahead of the time stamp", func(s *setup) {
			s.msg.SigningTime = epoch.Add(7 * time.Hour)
			s.stamp(s.w.tsa, epoch.Add(time.Minute), nil)
		}, intact, passed, nil},
		{"claimed two days behind the time stamp", func(s *setup) {
			s.msg.SigningTime = epoch.Add(2 * day)
			s.stamp(s.w.tsa, epoch, nil)
			s.at = epoch.Add(3 * day)
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch, epoch.Add(9*day))}
		}, intact, order, []string{"time-order"}},
		{"claimed in the future", func(s *setup) { s.msg.SigningTime = epoch.Add(9 * day) }, intact, order, []string{"time-order"}},
		{"no claimed time", func(s *setup) { s.msg.SigningTime = time.Time{} }, intact, passed, nil},
		{"claimed in the dictionary only", func(s *setup) {
			short(s)
			past := epoch.Add(-101 * day)
			s.msg.SigningTime, s.claimedM = time.Time{}, &past
		}, intact, notYet, []string{"expired"}},
	})
}

func TestRevocation(t *testing.T) {
	cess := func(s *setup, d time.Duration) x509.RevocationListEntry {
		return st.Revoked(s.msg.Signer, epoch.Add(d), 5)
	}
	runRows(t, []row{
		{"good by CRL", func(s *setup) {}, intact, passed, nil},
		{"revoked before", func(s *setup) { s.later(9*day, cess(s, -day)) }, intact, revoked, []string{"revoked"}},
		{"revoked an hour before", func(s *setup) { s.later(9*day, cess(s, -time.Hour)) }, intact, revoked, []string{"revoked"}},
		{"revoked at the claimed second", func(s *setup) { s.later(9*day, cess(s, 0)) }, intact, revoked, []string{"revoked"}},
		{"revoked later, claimed before", func(s *setup) { s.later(9*day, cess(s, day)) }, intact, revokedNoT, []string{"time-unproven"}},
		{"revoked later, time stamp before", func(s *setup) {
			s.stamp(s.w.tsa, epoch.Add(time.Minute), nil)
			s.later(9*day, cess(s, day))
		}, intact, passed, nil},
		{"revoked later, ledger before", func(s *setup) {
			s.proofs = inLedger(time.Hour)
			s.later(9*day, cess(s, day))
		}, intact, passed, nil},
		{"revoked later, ledger after", func(s *setup) {
			s.proofs = inLedger(2 * day)
			s.later(9*day, cess(s, day))
		}, intact, revokedNoT, []string{"time-unproven"}},
		{"backdated: claimed before, stamped after the revocation", func(s *setup) {
			s.stamp(s.w.tsa, epoch.Add(2*day), nil)
			s.later(9*day, cess(s, day))
		}, intact, revokedNoT, []string{"time-unproven"}},
		{"no claimed time, stamped after the revocation", func(s *setup) {
			s.msg.SigningTime = time.Time{}
			s.stamp(s.w.tsa, epoch.Add(2*day), nil)
			s.later(9*day, cess(s, day))
		}, intact, revoked, []string{"revoked"}},
		{"suspended", func(s *setup) { s.later(9*day, st.Revoked(s.msg.Signer, epoch.Add(day), 6)) }, intact, tryLater, []string{"revocation-unknown"}},
		{"removed from the list", func(s *setup) { s.later(9*day, st.Revoked(s.msg.Signer, epoch.Add(-day), 8)) }, intact, tryLater, []string{"revocation-unknown"}},
		{"an old CRL still tells of a revocation", func(s *setup) {
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(-9*day), epoch.Add(-8*day), cess(s, -10*day))}
		}, intact, revoked, []string{"revoked"}},

		{"no answer", func(s *setup) { s.material.CRLs = nil }, intact, tryLater, []string{"revocation-unknown"}},
		{"no answer, none required", func(s *setup) {
			s.material.CRLs, s.policy.RequireRevocation = nil, false
		}, intact, passed, []string{"revocation-unknown"}},
		{"CRL of another CA", func(s *setup) {
			s.material.CRLs = [][]byte{s.w.root.CRL(epoch.Add(-day), epoch.Add(day))}
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"forged CRL", func(s *setup) {
			s.material.CRLs = [][]byte{s.w.attackerCA.CRL(epoch.Add(-day), epoch.Add(day))}
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"forged CRL that revokes", func(s *setup) {
			s.material.CRLs = append(s.material.CRLs, s.w.attackerCA.CRL(epoch.Add(-day), epoch.Add(day), cess(s, -day)))
		}, intact, passed, nil},
		{"expired CRL", func(s *setup) {
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(-9*day), epoch.Add(-8*day))}
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"CRL of the future", func(s *setup) {
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(day), epoch.Add(9*day))}
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"CRL of the future that tells of an earlier revocation", func(s *setup) {
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(day), epoch.Add(9*day), cess(s, -day))}
		}, intact, revoked, []string{"revoked"}},
		{"CRL of the future that tells of a later revocation", func(s *setup) {
			s.material.CRLs = append(s.material.CRLs, s.w.ca.CRL(epoch.Add(2*day), epoch.Add(9*day), cess(s, day)))
		}, intact, passed, nil},
		{"delta CRL", func(s *setup) {
			s.crlWith(pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}})
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"indirect CRL", func(s *setup) {
			s.crlWith(pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x84, 1, 0xff}})
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"CRL for CAs only", func(s *setup) {
			s.crlWith(pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x82, 1, 0xff}})
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"CRL for users only", func(s *setup) {
			s.crlWith(pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x81, 1, 0xff}})
		}, intact, passed, nil},
		{"CRL with an unknown critical extension", func(s *setup) {
			s.crlWith(ext(true, []int{1, 2, 3}, 5, 0))
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"CRL from after the expiry", func(s *setup) {
			s.msg.Signer = s.w.short
			s.stamp(s.w.tsa, epoch.Add(time.Minute), nil)
			s.later(200 * day)
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"CRL from after the expiry that keeps expired certificates", func(s *setup) {
			s.msg.Signer = s.w.short
			s.stamp(s.w.tsa, epoch.Add(time.Minute), nil)
			s.at = epoch.Add(200 * day)
			s.crlWith(pkix.Extension{Id: []int{2, 5, 29, 60}, Value: append([]byte{0x18, 15}, "20200101000000Z"...)})
		}, intact, passed, nil},
		{"CRL in the message", func(s *setup) { s.msg.CRLs, s.material.CRLs = s.material.CRLs, nil }, intact, passed, nil},
		{"CRL in the Adobe attribute", func(s *setup) { s.msg.Adobe, s.material.CRLs = s.material.CRLs, nil }, intact, passed, nil},
		{"CRL in the document security store", func(s *setup) {
			crl := s.material.CRLs[0]
			s.material.CRLs = nil
			s.facts = func(f *signature.Facts) { f.Validation.CRLs = append(f.Validation.CRLs, addBlob(f, crl)) }
		}, intact, passed, nil},

		{"CA revoked before", func(s *setup) {
			s.material.CRLs = append(s.material.CRLs, s.w.root.CRL(epoch.Add(-day), epoch.Add(day), st.Revoked(s.w.ca, epoch.Add(-2*day), 1)))
		}, intact, revokedCANo, []string{"revoked"}},
		{"CA revoked later", func(s *setup) {
			s.later(9 * day)
			s.material.CRLs = append(s.material.CRLs, s.w.root.CRL(s.at.Add(-day), s.at.Add(day), st.Revoked(s.w.ca, epoch.Add(2*day), 1)))
		}, intact, revokedCANo, []string{"time-unproven"}},
		{"CA revoked later, time stamp before", func(s *setup) {
			s.stamp(s.w.tsa, epoch, nil)
			s.later(9 * day)
			s.material.CRLs = append(s.material.CRLs, s.w.root.CRL(s.at.Add(-day), s.at.Add(day), st.Revoked(s.w.ca, epoch.Add(2*day), 1)))
		}, intact, passed, nil},
		{"CA unknown, answer required", func(s *setup) { s.policy.RequireCARevocation = true }, intact, tryLater, []string{"revocation-unknown"}},
	})
}

func (s *setup) crlWith(e pkix.Extension) {
	s.material.CRLs = [][]byte{s.w.ca.CRLWith(s.at.Add(-day), s.at.Add(day), []pkix.Extension{e})}
}

func TestOCSP(t *testing.T) {
	answer := func(from, to, revokedAt time.Duration, by func(w *world) *st.Authority) func(*setup) {
		return func(s *setup) {
			var at, until time.Time
			if revokedAt != 0 {
				at = epoch.Add(revokedAt)
			}
			if to != 0 {
				until = epoch.Add(to)
			}
			s.material.CRLs = nil
			s.material.OCSPs = [][]byte{st.OCSP(s.w.ca, by(s.w), s.msg.Signer, epoch.Add(from), until, at)}
		}
	}
	ca := func(w *world) *st.Authority { return w.ca }
	runRows(t, []row{
		{"good, by the CA", answer(-day, day, 0, ca), intact, passed, nil},
		{"good, delegated", answer(-day, day, 0, func(w *world) *st.Authority { return w.responder }), intact, passed, nil},
		{"revoked before", answer(-day, day, -2*day, ca), intact, revoked, []string{"revoked"}},
		{"without an end, fresh", answer(-time.Hour, 0, 0, ca), intact, passed, nil},
		{"without an end, old", answer(-9*day, 0, 0, ca), intact, tryLater, []string{"revocation-unknown"}},
		{"expired", answer(-9*day, -8*day, 0, ca), intact, tryLater, []string{"revocation-unknown"}},
		{"of the future", answer(day, 2*day, 0, ca), intact, tryLater, []string{"revocation-unknown"}},
		{"by a signer of the CA who is no responder", answer(-day, day, 0, func(w *world) *st.Authority { return w.other }), intact, tryLater, []string{"revocation-unknown"}},
		{"by the attacker's CA of that name", answer(-day, day, 0, func(w *world) *st.Authority { return w.attackerCA }), intact, tryLater, []string{"revocation-unknown"}},
		{"by the attacker's responder", answer(-day, day, 0, func(w *world) *st.Authority {
			return w.attackerCA.Issue("OCSP", st.AsResponder)
		}), intact, tryLater, []string{"revocation-unknown"}},
		{"by an expired responder", answer(-day, day, 0, func(w *world) *st.Authority {
			return w.ca.Issue("OCSP", st.AsResponder, st.Valid(epoch.Add(-9*day), epoch.Add(-8*day)))
		}), intact, tryLater, []string{"revocation-unknown"}},
		{"about somebody else", func(s *setup) {
			s.material.CRLs = nil
			s.material.OCSPs = [][]byte{st.OCSP(s.w.ca, s.w.ca, s.w.other, epoch.Add(-day), epoch.Add(day), time.Time{})}
		}, intact, tryLater, []string{"revocation-unknown"}},
		{"good, but the CRL says revoked", func(s *setup) {
			answer(-day, day, 0, ca)(s)
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(-day), epoch.Add(day), st.Revoked(s.msg.Signer, epoch.Add(-2*day), 0))}
		}, intact, revoked, []string{"revoked"}},
		{"in the message", func(s *setup) {
			answer(-day, day, 0, ca)(s)
			s.msg.OCSPs, s.material.OCSPs = s.material.OCSPs, nil
		}, intact, passed, nil},
	})
}

// TestTimestamp uses a signer whose certificate expired since: only a time
// stamp that proves something saves the signature.
func TestTimestamp(t *testing.T) {
	bad := []string{"timestamp-invalid", "time-unproven"}
	stamped := func(by func(s *setup) *st.Authority, change func(*st.Message)) func(*setup) {
		return func(s *setup) {
			s.msg.Signer = s.w.short
			s.stamp(by(s), epoch.Add(time.Minute), change)
			s.at = epoch.Add(200 * day)
			// Issued just before the expiry, it tells about the whole life.
			s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(99*day), epoch.Add(160*day))}
		}
	}
	tsa := func(s *setup) *st.Authority { return s.w.tsa }
	runRows(t, []row{
		{"sound", stamped(tsa, nil), intact, passed, nil},
		{"imprint of another signature", func(s *setup) {
			stamped(tsa, nil)(s)
			token := st.Token(s.w.tsa, []byte("another"), epoch, nil)
			s.msg.Stamp = func([]byte) [][]byte { return [][]byte{token} }
		}, intact, noTime, bad},
		{"forged signature", stamped(tsa, func(m *st.Message) { m.BadSignature = true }), intact, noTime, bad},
		{"changed content", stamped(tsa, func(m *st.Message) { m.WrongDigest = true }), intact, noTime, bad},
		{"no ESS", stamped(tsa, func(m *st.Message) { m.NoESS = true }), intact, noTime, bad},
		{"ESS of another certificate", stamped(tsa, func(m *st.Message) { m.ESS = theWorld().other }), intact, noTime, bad},
		{"self-made TSA", stamped(func(s *setup) *st.Authority { return st.SelfSigned("TSA thử nghiệm", st.AsTSA) }, nil), intact, noTime, bad},
		{"untrusted TSA", stamped(func(s *setup) *st.Authority { return s.w.attackerCA.Issue("TSA", st.AsTSA) }, nil), intact, noTime, bad},
		{"TSA without the purpose", stamped(func(s *setup) *st.Authority { return s.w.tsaRoot.Issue("TSA") }, nil), intact, noTime, bad},
		{"purpose not critical", stamped(func(s *setup) *st.Authority {
			return s.w.tsaRoot.Issue("TSA", func(c *x509.Certificate) {
				c.ExtraExtensions = []pkix.Extension{st.ExtKeyUsage(false, "1.3.6.1.5.5.7.3.8")}
			})
		}, nil), intact, noTime, bad},
		{"one purpose too many", stamped(func(s *setup) *st.Authority {
			return s.w.tsaRoot.Issue("TSA", func(c *x509.Certificate) {
				c.ExtraExtensions = []pkix.Extension{st.ExtKeyUsage(true, "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.4")}
			})
		}, nil), intact, noTime, bad},
		{"TSA certificate not valid then", stamped(func(s *setup) *st.Authority {
			return s.w.tsaRoot.Issue("TSA", st.AsTSA, st.Valid(epoch.Add(day), epoch.Add(99*day)))
		}, nil), intact, noTime, bad},
		{"TSA certificate expired since", stamped(func(s *setup) *st.Authority {
			return s.w.tsaRoot.Issue("TSA", st.AsTSA, st.Valid(epoch.Add(-day), epoch.Add(99*day)))
		}, nil), intact, passed, nil},
		{"SHA-1", stamped(tsa, func(m *st.Message) { m.Hash = crypto.SHA1 }), intact, noTime, bad},
		{"TSA revoked before", func(s *setup) { stamped(tsa, nil)(s); s.revokeTSA(-day, 4) }, intact, noTime, bad},
		{"TSA superseded later", func(s *setup) { stamped(tsa, nil)(s); s.revokeTSA(day, 4) }, intact, passed, nil},
		{"TSA key compromised later", func(s *setup) { stamped(tsa, nil)(s); s.revokeTSA(day, 1) }, intact, noTime, bad},
		{"TSA key compromised later, another stamp before that", func(s *setup) {
			stamped(tsa, nil)(s)
			s.revokeTSA(30*day, 1)
			w := s.w
			own := w.tsaRoot.Issue("TSA 2", st.AsTSA)
			s.facts = func(f *signature.Facts) {
				clone := *w
				clone.tsa = own
				addStamp(f, &clone, epoch.Add(2*day))
			}
		}, intact, passed, nil},
		{"not a token", func(s *setup) {
			stamped(tsa, nil)(s)
			s.msg.Stamp = func([]byte) [][]byte { return [][]byte{{0x30, 0}} }
		}, intact, noTime, bad},
		{"the second of two is sound", func(s *setup) {
			stamped(tsa, nil)(s)
			w := s.w
			s.msg.Stamp = func(sig []byte) [][]byte {
				return [][]byte{{0x30, 0}, st.Token(w.tsa, sig, epoch, nil)}
			}
		}, intact, passed, []string{"timestamp-invalid"}},
		{"BER", stamped(tsa, func(m *st.Message) { m.Indefinite = true }), intact, passed, nil},
	})
}

func (s *setup) revokeTSA(d time.Duration, reason int) {
	s.material.CRLs = append(s.material.CRLs,
		s.w.tsaRoot.CRL(s.at.Add(-day), s.at.Add(day), st.Revoked(s.w.tsa, epoch.Add(d), reason)))
}

// TestDocumentTimestamp: a document time stamp proves the revisions below its
// own, and a chain of them proves the older ones (EN 319 142-2).
func TestDocumentTimestamp(t *testing.T) {
	base := func(s *setup) {
		s.msg.Signer = s.w.short
		s.at = epoch.Add(200 * day)
		s.material.CRLs = [][]byte{s.w.ca.CRL(epoch.Add(99*day), epoch.Add(160*day))}
	}
	with := func(change func(w *world, f *signature.Facts)) func(*setup) {
		return func(s *setup) {
			base(s)
			w := s.w
			s.facts = func(f *signature.Facts) { change(w, f) }
		}
	}
	none := []string{"time-unproven"}
	runRows(t, []row{
		{"before the expiry", with(func(w *world, f *signature.Facts) { addStamp(f, w, epoch.Add(day)) }), intact, passed, nil},
		{"after the expiry", with(func(w *world, f *signature.Facts) { addStamp(f, w, epoch.Add(120*day)) }), intact, noTime, none},
		{"broken", with(func(w *world, f *signature.Facts) {
			addStamp(f, w, epoch.Add(day))
			f.Signatures[1].Digests["SHA-256"] = make([]byte, 32)
		}), broken, noTime, none},
		{"not covering exactly", with(func(w *world, f *signature.Facts) {
			addStamp(f, w, epoch.Add(day))
			f.Signatures[1].CoverageProblem = "bytes missing"
		}), altered, noTime, none},
		{"of an earlier revision", with(func(w *world, f *signature.Facts) {
			addStamp(f, w, epoch.Add(day))
			f.Signatures[0].Revision = 1
		}), intact, noTime, none},
		{"untrusted", with(func(w *world, f *signature.Facts) {
			clone := *w
			clone.tsa = st.SelfSigned("TSA", st.AsTSA)
			addStamp(f, &clone, epoch.Add(day))
		}), intact, noTime, none},
		{"archive chain: the second saves the first", with(func(w *world, f *signature.Facts) {
			clone := *w
			clone.tsa = w.tsaRoot.Issue("TSA 2", st.AsTSA)
			addStamp(f, w, epoch.Add(day))
			addStamp(f, &clone, epoch.Add(3*day), w.tsaRoot.CRL(epoch, epoch.Add(300*day), st.Revoked(w.tsa, epoch.Add(30*day), 1)))
		}), intact, passed, nil},
	})
}

// TestAlgorithmsByDate judges SHA-1 against the dated table.
func TestAlgorithmsByDate(t *testing.T) {
	end := epoch.Add(10 * day)
	sha1 := func(s *setup) {
		s.msg.Hash = crypto.SHA1
		for i := range s.policy.Algorithms {
			if s.policy.Algorithms[i].Name == "SHA-1" {
				s.policy.Algorithms[i].Until = end
			}
		}
	}
	runRows(t, []row{
		{"still allowed", sha1, intact, passed, nil},
		{"no longer, claimed when it was", func(s *setup) { sha1(s); s.later(20 * day) }, intact, weakThen, []string{"algorithm"}},
		{"no longer, proven when it was", func(s *setup) { sha1(s); s.later(20 * day); s.proofs = inLedger(day) }, intact, passed, nil},
		{"no longer, claimed since", func(s *setup) {
			sha1(s)
			s.later(20 * day)
			s.msg.SigningTime = end
		}, intact, weak, []string{"algorithm"}},
		{"not in the table", func(s *setup) { s.policy.Algorithms = nil }, intact, weak, []string{"algorithm"}},
	})
}
