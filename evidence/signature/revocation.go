package signature

import (
	"sync"
	"time"

	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// crlAnswer is a CRL with what has been found out about it. It may be shared
// by concurrent judgements.
type crlAnswer struct {
	*pki.CRL
	issuerKey string        // see pki.NameKey
	mu        sync.Mutex    // guards the rest
	signed    map[Hash]bool // signature checks by the issuer's certificate
	asked     int
	index     map[string]pki.Revocation // from the third question on
	err       error                     // of making the index
}

// find is Find with an index for CRLs that many files ask, since the list of
// a large CA takes longer to walk than everything else takes together.
func (c *crlAnswer) find(serial []byte) (pki.Revocation, bool, error) {
	c.mu.Lock()
	if c.asked++; c.asked == 3 {
		c.index, c.err = c.Index()
	}
	index, err := c.index, c.err
	c.mu.Unlock()
	if index == nil && err == nil {
		return c.Find(serial)
	}
	rev, ok := index[pki.SerialKey(serial)]
	return rev, ok && err == nil, err
}

type ocspAnswer struct {
	*pki.OCSP
	certs []*authority
}

// parseCRL returns nil for what is not a CRL: it then answers nothing.
func parseCRL(der []byte) *crlAnswer {
	c, err := pki.ParseCRL(der)
	if err != nil {
		return nil
	}
	return &crlAnswer{CRL: c, issuerKey: pki.NameKey(c.Issuer), signed: make(map[Hash]bool)}
}

func (j *Judger) parseOCSP(der []byte) *ocspAnswer {
	o, err := pki.ParseOCSP(der)
	if err != nil {
		return nil
	}
	return &ocspAnswer{OCSP: o, certs: j.parseAll(o.Certificates)}
}

// answers is every revocation answer that may concern one signature.
type answers struct {
	crls  []*crlAnswer
	ocsps []*ocspAnswer
}

// answersFor joins the answers of a message with those of the document
// security store and the verifier's.
func (s *session) answersFor(messages ...*cms.SignedData) answers {
	a := answers{crls: append([]*crlAnswer{}, s.crls...), ocsps: append([]*ocspAnswer{}, s.ocsps...)}
	a.crls = append(a.crls, s.Judger.crls...)
	a.ocsps = append(a.ocsps, s.Judger.ocsps...)
	for _, sd := range messages {
		if sd == nil {
			continue
		}
		for _, der := range sd.CRLs {
			if c := parseCRL(der); c != nil {
				a.crls = append(a.crls, c)
			}
		}
		for _, der := range sd.OCSPs {
			if o := s.parseOCSP(der); o != nil {
				a.ocsps = append(a.ocsps, o)
			}
		}
	}
	return a
}

// status is what the answers say about one certificate. Neither revoked nor
// good: nobody knows.
type status struct {
	revoked *pki.Revocation
	good    bool
	by      string // "crl", "ocsp"; "" when nothing is known
	since   time.Time
}

// aheadOfTime is how far an answer may be dated behind the validation time:
// clocks differ by minutes.
const aheadOfTime = 5 * time.Minute

// status asks every answer about cert, issued by issuer, at the time ref: the
// time at which the certificate must not have been revoked. A revocation
// found anywhere stands, however old the answer, because it is not undone; a
// "not revoked" needs an answer that reaches up to ref and was given at since
// at the earliest, when that is set.
func (s *session) status(cert, issuer *authority, anchor *authority, a answers, b *bag, ref, since time.Time) status {
	st := status{since: since}
	for _, o := range a.ocsps {
		if r := s.askOCSP(o, cert, issuer); r != nil {
			st.merge(answer{r.Revoked, r.Good, r.ThisUpdate, r.NextUpdate, r.ArchiveFrom, "ocsp"}, s, cert, ref)
		}
	}
	for _, c := range a.crls {
		if c.issuerKey != cert.issuerKey || c.Covers(cert.Certificate) != nil || !s.signedBy(c, cert, issuer, anchor, b) {
			continue
		}
		rev, listed, err := c.find(cert.Serial)
		if err != nil {
			continue
		}
		ans := answer{nil, !listed, c.ThisUpdate, c.NextUpdate, c.ExpiredFrom, "crl"}
		if listed && rev.Reason != pki.ReasonRemoveFromCRL {
			ans.revoked = &rev
		}
		st.merge(ans, s, cert, ref)
	}
	return st
}

// answer is one statement of a CRL or OCSP answer about a certificate.
type answer struct {
	revoked  *pki.Revocation
	good     bool
	from, to time.Time // thisUpdate, nextUpdate
	archive  time.Time // certificates expired since are still known
	by       string
}

func (st *status) merge(a answer, s *session, cert *authority, ref time.Time) {
	if a.from.After(s.at.Add(aheadOfTime)) && (a.revoked == nil || a.revoked.At.After(s.at)) {
		return // what was not known at the validation time, unless it had happened by then
	}
	if a.revoked != nil {
		if st.revoked == nil || a.revoked.At.Before(st.revoked.At) {
			st.revoked, st.by = a.revoked, a.by
		}
		return
	}
	if a.good && !a.from.Before(st.since) && s.reaches(a, cert, ref) && !st.good {
		st.good = true
		if st.revoked == nil {
			st.by = a.by
		}
	}
}

// reaches reports whether a "not revoked" tells about ref: it was given
// later, or its window includes ref (EN 319 102-1 5.2.5, revocation
// freshness). An answer without an end holds for the policy's freshness. An
// answer from after the certificate's expiry tells nothing unless its issuer
// keeps expired certificates, since they may be dropped (RFC 5280 3.3, RFC
// 6960 4.4.4).
func (s *session) reaches(a answer, cert *authority, ref time.Time) bool {
	if a.from.After(cert.NotAfter) && (a.archive.IsZero() || a.archive.After(cert.NotAfter)) {
		return false
	}
	switch {
	case !a.from.Before(ref):
		return true
	case !a.to.IsZero():
		return !a.to.Before(ref)
	}
	return !a.from.Add(s.freshness).Before(ref)
}

// signedBy reports whether the CRL is signed by cert's issuer: by the
// certificate of the path, or by another of that name and with the same
// anchor, such as the CA's next key (RFC 5280 6.3.3 (f)).
func (s *session) signedBy(c *crlAnswer, cert, issuer, anchor *authority, b *bag) bool {
	if s.signedByKey(c, issuer) {
		return true
	}
	key := cert.issuerKey
	for _, list := range [][]*authority{s.byName[key], b.byName[key]} {
		for _, other := range list {
			if other.SHA256 == issuer.SHA256 || !s.signedByKey(c, other) {
				continue
			}
			for _, p := range s.paths(other, b).found {
				if p[len(p)-1].SHA256 == anchor.SHA256 && wellFormed(p) {
					return true
				}
			}
		}
	}
	return false
}

func (s *session) signedByKey(c *crlAnswer, issuer *authority) bool {
	if !s.spend() { // even when it is known, so that verdicts do not depend on what came before
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok, done := c.signed[issuer.SHA256]; done {
		return ok
	}
	_, err := c.CheckSignatureBy(issuer.Certificate)
	if issuer.ours || len(c.signed) < maxNodes {
		c.signed[issuer.SHA256] = err == nil
	}
	return err == nil
}

// askOCSP returns what the answer says about cert, when a responder that may
// speak for issuer signed it while its certificate was valid (RFC 6960 3.2,
// 4.2.2.2).
func (s *session) askOCSP(o *ocspAnswer, cert, issuer *authority) *pki.SingleResponse {
	r := o.Find(cert.Certificate, issuer.Certificate)
	if r == nil {
		return nil
	}
	for _, responder := range append([]*authority{issuer}, o.certs...) {
		if !o.Names(responder.Certificate) || !s.spend() || !s.spend() {
			continue
		}
		if !responder.MayAnswer(issuer.Certificate) {
			continue
		}
		if responder != issuer && !responder.ValidAt(o.ProducedAt) {
			continue
		}
		if _, err := o.CheckSignatureBy(responder.Certificate); err == nil {
			return r
		}
	}
	return nil
}

// revocation applies the answers to a path (EN 319 102-1 5.2.5, 5.5.4,
// 5.6.2.3) and returns the signer's own status.
func (s *session) revocation(f *findings, path []*authority, a answers, b *bag, c clock) status {
	var leaf status
	anchor := path[len(path)-1]
	for i, cert := range path[:len(path)-1] {
		ref := c.reference()
		if c.proven == nil && cert.NotAfter.Before(ref) {
			// What happened to an expired certificate afterwards is not
			// recorded anywhere; the missing proof of time is found anyway.
			ref = cert.NotAfter
		}
		var since time.Time
		if i == 0 {
			since = s.grace(c)
		}
		st := s.status(cert, path[i+1], anchor, a, b, ref, since)
		if i == 0 {
			leaf = st
			s.leafStatus(f, st, c)
			continue
		}
		s.authorityStatus(f, st, c)
	}
	return leaf
}

// grace is when the signer's certificate could be on a revocation list at the
// earliest had it been revoked for this signature; zero when the policy does
// not ask or no time is known.
func (s *session) grace(c clock) time.Time {
	period := time.Duration(s.policy.GraceSeconds) * time.Second
	switch t := c.signing(); {
	case period <= 0:
		return time.Time{}
	case c.proven != nil:
		return c.proven.at.Add(period)
	case t != nil:
		return t.Add(period)
	}
	return time.Time{}
}

func (s *session) leafStatus(f *findings, st status, c clock) {
	switch {
	case st.revoked == nil:
		if !st.good {
			s.unknownStatus(f, s.policy.RequireRevocation)
		}
	case c.reference().Before(st.revoked.At):
		// Revoked later, as happens when people leave.
	case c.signing() != nil && !c.signing().Before(st.revoked.At):
		f.fail(Revoked, ReasonRevoked)
	case st.revoked.Reason == pki.ReasonHold:
		f.doubt(TryLater, ReasonRevocationUnknown) // suspended, not revoked (RFC 5280 5.3.1)
	default:
		// The signer's word that it was before is no evidence.
		f.doubt(RevokedNoPOE, ReasonTimeUnproven)
	}
}

func (s *session) authorityStatus(f *findings, st status, c clock) {
	switch {
	case st.revoked == nil:
		if !st.good && s.policy.RequireCARevocation {
			s.unknownStatus(f, true)
		}
	case c.reference().Before(st.revoked.At):
	case c.signing() != nil && !c.signing().Before(st.revoked.At):
		f.doubt(RevokedCANoPOE, ReasonRevoked)
	default:
		f.doubt(RevokedCANoPOE, ReasonTimeUnproven)
	}
}

func (s *session) unknownStatus(f *findings, required bool) {
	if required {
		f.doubt(TryLater, ReasonRevocationUnknown)
	} else {
		f.note(ReasonRevocationUnknown)
	}
}
