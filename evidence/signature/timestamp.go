package signature

import (
	"time"

	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// stamp is a valid document time stamp: it proves all revisions below its own.
type stamp struct {
	revision int
	at       time.Time
}

// existence collects the proofs for what the revision holds: the caller's,
// and document time stamps that came later.
func (s *session) existence(revision int) *poe {
	var c clock
	for _, p := range s.proofs {
		c.prove(poe{p.At, p.Source})
	}
	for _, t := range s.stamps {
		if revision >= 0 && t.revision > revision {
			c.prove(poe{t.at, provenByTimestamp})
		}
	}
	return c.proven
}

const provenByTimestamp = "timestamp"

// token judges one time-stamp token over data (EN 319 102-1 5.4). outer is
// what proves the token itself to have existed. A nil signer in the result
// means that it proves nothing.
func (s *session) token(der []byte, enclosing *proof, data func(hash string) []byte, outer *poe) (p proof, f findings, path []*authority) {
	p.integrity, p.enclosing = IntegrityIntact, enclosing
	sd, err := cms.Parse(der)
	if err != nil {
		p.malformed(err.Error())
		return p, nil, nil
	}
	p.cms = sd
	s.checkToken(&p, data)
	if p.integrity != IntegrityIntact {
		return p, nil, nil
	}
	f, path = s.stamper(&p, outer)
	return p, f, path
}

// stamper judges the authority behind an intact token.
func (s *session) stamper(p *proof, outer *poe) (findings, []*authority) {
	var f findings
	// RFC 3161 2.4.2 with RFC 5816: the ESSCertID of the TSA must be there.
	if len(p.cms.Signer.Attributes.SigningCertificate) == 0 {
		f.fail(FormatFailure, ReasonMalformed)
		return f, nil
	}
	if !mayStamp(p.signer) {
		f.doubt(SigConstraintsFailure, ReasonKeyUsage)
	}
	if limit := time.Duration(s.policy.MaxAccuracySeconds) * time.Second; limit > 0 && p.info.Accuracy > limit {
		f.doubt(SigConstraintsFailure, ReasonTimestampInvalid)
	}
	if p.info.Time.After(s.at.Add(aheadOfTime)) {
		f.doubt(TimestampOrderFailure, ReasonTimeOrder)
	}
	x := s.paths(p.signer, p.bag)
	if len(x.found) == 0 {
		x.explain(&f)
		return f, nil
	}
	return s.best(x, f, func(f *findings, path []*authority, rests []used) {
		s.stampTimes(f, path, p, outer)
		now := clock{at: s.at, proven: outer}
		s.algorithms(f, append(rests, p.used, used{Digest: p.info.Imprint.DigestName(), Key: p.used.Key, KeyBits: p.used.KeyBits}), now)
	})
}

// stampTimes checks the path at the time the token states, and revocation.
func (s *session) stampTimes(f *findings, path []*authority, p *proof, outer *poe) {
	gen := p.info.Time
	for _, c := range path {
		if !c.ValidAt(gen) {
			f.doubt(OutOfBoundsNoPOE, ReasonTimeUnproven)
			break
		}
	}
	messages := []*cms.SignedData{p.cms}
	if p.enclosing != nil {
		messages = append(messages, p.enclosing.cms)
	}
	a := s.answersFor(messages...)
	anchor := path[len(path)-1]
	for i, c := range path[:len(path)-1] {
		st := s.status(c, path[i+1], anchor, a, p.bag, gen, time.Time{})
		if st.revoked != nil && !survives(*st.revoked, latest(p.info), outer) {
			f.doubt(RevokedNoPOE, ReasonRevoked)
		}
	}
}

// latest is the end of the interval in which a token was made: the time it
// states and its accuracy (RFC 3161 2.4.2). Only then the signature is proven
// to have existed.
func latest(i *cms.TSTInfo) time.Time { return i.Time.Add(i.Accuracy) }

// survives applies RFC 3161 4 (1), (2): tokens from before the revocation
// stay valid only when the reason, which must be given, is not that the key
// may be known to others; or when something else proves that they were made
// before it.
func survives(r pki.Revocation, gen time.Time, outer *poe) bool {
	if outer != nil && outer.at.Before(r.At) {
		return true
	}
	if !gen.Before(r.At) || !r.Given {
		return false
	}
	switch r.Reason {
	case pki.ReasonUnspecified, pki.ReasonAffiliation, pki.ReasonSuperseded, pki.ReasonCessation:
		return true
	}
	return false
}

// attached judges the signature time stamps inside a CMS (RFC 3161 appendix
// A): their imprint is of the signature value. It adds to the clock what they
// prove and notes the ones that prove nothing.
func (s *session) attached(f *findings, p *proof, c *clock) {
	if p.cms == nil {
		return
	}
	sig := p.cms.Signer.Signature
	data := func(hash string) []byte { return cms.Sum(hash, sig) }
	for _, der := range p.cms.Signer.Timestamps {
		t, tf, path := s.token(der, p, data, c.proven)
		if ind, _, _ := tf.conclude(); t.integrity != IntegrityIntact || path == nil || ind != TotalPassed {
			f.note(ReasonTimestampInvalid)
			continue
		}
		gen := latest(t.info)
		if c.attached == nil || gen.Before(*c.attached) {
			c.attached = &gen
		}
		c.prove(poe{gen, provenByTimestamp})
	}
}

// documentStamp judges a document time stamp (ISO 32000-2 12.8.5) and keeps
// it as a proof for what it covers.
func (s *session) documentStamp(f SignatureFacts) SignatureVerdict {
	p := s.check(f)
	outer := s.existence(f.Revision)
	v, out := s.begin(f, &p)
	if p.info != nil {
		v.ClaimedTime = &p.info.Time
	}
	if p.integrity != IntegrityIntact {
		return s.finish(v, out)
	}
	tf, path := s.stamper(&p, outer)
	out = append(out, tf...)
	if ind, _, _ := tf.conclude(); ind == TotalPassed && path != nil {
		gen := latest(p.info)
		v.ProvenTime, v.ProvenBy = &gen, provenByTimestamp
		if v.Coverage == CoverageExact && f.Revision >= 0 {
			s.stamps = append(s.stamps, stamp{f.Revision, gen})
		}
	} else {
		out.note(ReasonTimestampInvalid)
	}
	if path != nil {
		v.TrustDomain = path[len(path)-1].domain
	}
	return s.finish(v, out)
}
