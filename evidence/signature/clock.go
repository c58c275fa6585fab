package signature

import (
	"time"

	"minhchung/evidence/signature/pki"
)

// clock is all that is known about when a signature was made. Only proven is
// evidence for the signer; claimed may only harm.
type clock struct {
	at       time.Time  // validation time
	claimed  *time.Time // what the signer says
	proven   *poe       // earliest proof of existence
	attached *time.Time // earliest time stamp inside the signature itself
}

// poe is a proof of existence (EN 319 102-1 3.1).
type poe struct {
	at time.Time
	by string
}

// reference is the best signature time of EN 319 102-1 5.5.4: the earliest
// proof, else the validation time.
func (c clock) reference() time.Time {
	if c.proven != nil {
		return c.proven.at
	}
	return c.at
}

// signing is when the signature was made at the latest to judge against the
// signer: the claimed time, or, when nothing is claimed, the time stamp that
// was put into the signature. A proof made later by somebody else (ledger,
// archive) says nothing about when the signer acted.
func (c clock) signing() *time.Time {
	if c.claimed != nil {
		return c.claimed
	}
	return c.attached
}

func (c *clock) prove(p poe) {
	if c.proven == nil || p.at.Before(c.proven.at) {
		c.proven = &p
	}
}

// validity applies the shell model: every certificate of the path is valid at
// the proven time, else at the validation time; and the claimed time lies in
// the signer's certificate (EN 319 102-1 5.2.6, 5.5.4, 5.6.2).
func (s *session) validity(f *findings, path []*authority, c clock) {
	leaf := path[0]
	if t := c.claimed; t != nil {
		switch {
		case t.Before(leaf.NotBefore.Add(-s.skew)):
			f.fail(NotYetValid, ReasonExpired)
		case t.After(leaf.NotAfter.Add(s.skew)):
			f.fail(Expired, ReasonExpired)
		}
	}
	if c.proven != nil && c.proven.at.Before(leaf.NotBefore.Add(-s.skew)) {
		f.fail(NotYetValid, ReasonExpired)
	}
	for _, cert := range path {
		if !s.inside(cert.Certificate, c) {
			f.doubt(OutOfBoundsNoPOE, ReasonTimeUnproven)
			break
		}
	}
	// A claimed time behind the proven one, or in the future, is false. The
	// skew leaves room for local time marked as UTC.
	if t := c.claimed; t != nil && t.After(c.reference().Add(s.skew)) {
		f.doubt(TimestampOrderFailure, ReasonTimeOrder)
	}
}

func (s *session) inside(cert *pki.Certificate, c clock) bool {
	if cert.ValidAt(c.at) {
		return true
	}
	// The skew applies to the beginning only: a certificate made minutes
	// before signing, by a clock that runs ahead.
	return c.proven != nil && !c.proven.at.After(cert.NotAfter) &&
		!c.proven.at.Before(cert.NotBefore.Add(-s.skew))
}
