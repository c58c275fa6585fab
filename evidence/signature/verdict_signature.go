package signature

import (
	"encoding/hex"
	"slices"
	"time"

	"minhchung/evidence/signature/pki"
)

// begin fills in what does not depend on trust: integrity, coverage, changes,
// the signer's certificate.
func (s *session) begin(f SignatureFacts, p *proof) (SignatureVerdict, findings) {
	v := SignatureVerdict{
		Kind: f.Kind, SubFilter: f.SubFilter, Field: f.Field,
		Integrity: p.integrity, Problem: p.problem, Coverage: CoverageExact,
		Changes: worstChange(f.Changes), ChangeList: f.Changes,
		ClaimedTime: f.ClaimedTime,
	}
	if v.ChangeList == nil {
		v.ChangeList = []Change{}
	}
	var out findings
	if p.integrity != IntegrityIntact {
		out = append(out, p.finding)
	}
	if f.CoverageProblem != "" {
		// ISO 32000-2 12.8.1 and EN 319 142-1 5.3: the range is part of the
		// format.
		v.Coverage = CoverageInvalid
		out.fail(FormatFailure, ReasonCoverage)
	}
	switch v.Changes {
	case ChangeForbidden: // ISO 32000-2 12.8.2.2.2: the signature is invalid
		out.fail(FormatFailure, ReasonAltered)
	case ChangeUnknown:
		out.doubt(SigConstraintsFailure, ReasonChangeUnclear)
	}
	if p.unsorted {
		out.note(ReasonUnsortedAttrs)
	}
	if p.cms != nil && p.info == nil && p.cms.Signer.Attributes.SigningTime != nil {
		v.ClaimedTime = p.cms.Signer.Attributes.SigningTime
	}
	if p.cms != nil && len(p.cms.Signer.Attributes.Policy) > 0 {
		v.SignaturePolicy = p.cms.Signer.Attributes.Policy.String()
	}
	if p.integrity == IntegrityIntact {
		v.Signer = signerInfo(p.signer)
		v.MessageDigest = hex.EncodeToString(p.digest)
		v.Fingerprint = HashOf(append(append([]byte{}, p.signer.SPKI...), p.digest...))
	}
	return v, out
}

// signerInfo returns what is shown of a certificate, the caller's own.
func signerInfo(c *authority) *SignerInfo {
	info := c.shown.Load()
	if info == nil {
		info = &SignerInfo{
			Subject: pki.NameString(c.Subject), Issuer: pki.NameString(c.Issuer),
			Serial: c.SerialHex(), Name: pki.CommonName(c.Subject),
			Certificate: c.SHA256, Key: HashOf(c.SPKI),
			NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		}
		for _, p := range c.Policies {
			info.Policies = append(info.Policies, p.String())
		}
		c.shown.Store(info)
	}
	own := *info
	own.Policies = slices.Clone(own.Policies)
	return &own
}

func (s *session) finish(v SignatureVerdict, f findings) SignatureVerdict {
	v.Indication, v.Subindication, v.Reasons = f.conclude()
	return v
}

// signature judges one signature of the document (EN 319 102-1 5.6).
func (s *session) signature(f SignatureFacts) SignatureVerdict {
	p := s.check(f)
	v, out := s.begin(f, &p)
	if p.integrity != IntegrityIntact {
		return s.finish(v, out)
	}
	c := clock{at: s.at, claimed: v.ClaimedTime, proven: s.existence(f.Revision)}
	s.attached(&out, &p, &c)
	if c.proven != nil {
		v.ProvenTime, v.ProvenBy = &c.proven.at, c.proven.by
	}
	s.enrol(&v, p.signer, c)
	v.Revocation = "none"
	x := s.paths(p.signer, p.bag)
	if len(x.found) == 0 {
		x.explain(&out)
		return s.finish(v, fitForSigning(out, p.signer))
	}
	a := s.answersFor(p.cms)
	states := make(map[*authority]status, len(x.found))
	trust, path := s.best(x, nil, func(f *findings, path []*authority, rests []used) {
		s.validity(f, path, c)
		states[path[len(path)-1]] = s.revocation(f, path, a, p.bag, c)
		s.algorithms(f, append(rests, p.rests()...), c)
	})
	anchor := path[len(path)-1]
	v.TrustDomain = anchor.domain
	if st := states[anchor]; st.by != "" {
		v.Revocation = st.by
		if st.revoked != nil {
			v.RevokedAt = &st.revoked.At
		}
	}
	return s.finish(v, fitForSigning(append(out, trust...), p.signer))
}

// fitForSigning adds what the signer's certificate itself forbids.
func fitForSigning(f findings, signer *authority) findings {
	if !maySign(signer) {
		f.doubt(SigConstraintsFailure, ReasonKeyUsage)
	}
	return f
}

// explain says why there is no path to an anchor (EN 319 102-1 5.2.6).
func (x *search) explain(f *findings) {
	switch x.end {
	case endMissing:
		f.doubt(NoCertificateChainFound, ReasonIssuerUnknown)
	case endUnknown:
		f.doubt(CertificateChainGeneral, ReasonUnsupported)
	case endForged:
		f.doubt(CertificateChainGeneral, ReasonUntrusted)
	default:
		f.doubt(NoCertificateChainFound, ReasonUntrusted)
	}
}

// best judges every anchored path with rules and returns the outcome of the
// best, behind the findings in base: one good path is enough (RFC 4158 2.1).
func (s *session) best(x search, base findings, rules func(*findings, []*authority, []used)) (findings, []*authority) {
	var out findings
	var path []*authority
	for i, p := range x.found {
		f := append(findings{}, base...)
		if !wellFormed(p) {
			f.doubt(ChainConstraintsFailure, ReasonUntrusted)
		}
		rules(&f, p, x.used[i])
		if path == nil || f.rank() < out.rank() {
			out, path = f, p
		}
	}
	return out, path
}

// enrol finds the signer on the roster at the time of signing: the claimed
// one, else the proven one, else the validation time.
func (s *session) enrol(v *SignatureVerdict, c *authority, k clock) {
	when := k.at
	if t := k.signing(); t != nil {
		when = *t
	} else if k.proven != nil {
		when = k.proven.at
	}
	for _, e := range s.roster {
		if e.matches(v.Signer) && e.inOffice(when, s.skew) {
			v.OnRoster, v.Signer.Role = true, e.Role
			return
		}
	}
}

func (e Signer) matches(i *SignerInfo) bool {
	if !e.Certificate.IsZero() {
		return e.Certificate == i.Certificate
	}
	return e.Subject != "" && e.Subject == i.Subject
}

func (e Signer) inOffice(t time.Time, skew time.Duration) bool {
	return (e.From.IsZero() || !t.Before(e.From.Add(-skew))) && (e.Until.IsZero() || !t.After(e.Until.Add(skew)))
}
