package signature

import "time"

// allowed reports whether the dated table allows the algorithm at t. Several
// entries of one name are alternatives: RSA from 1024 bits until 2013, RSA
// from 2048 bits without an end.
func (p Policy) allowed(name string, bits int, t time.Time) bool {
	for _, a := range p.Algorithms {
		if a.Name == name && bits >= a.MinBits && (a.Until.IsZero() || t.Before(a.Until)) {
			return true
		}
	}
	return false
}

// permits reports whether everything a signature rests on is allowed at t.
func (p Policy) permits(list []used, t time.Time) bool {
	for _, u := range list {
		if !p.allowed(u.Digest, 0, t) || !p.allowed(u.Key, u.KeyBits, t) {
			return false
		}
	}
	return true
}

// algorithms applies the table (EN 319 102-1 5.2.8, 5.6.2.4): what is no
// longer allowed needs a proof of existence from when it was.
func (s *session) algorithms(f *findings, list []used, c clock) {
	if s.policy.permits(list, c.reference()) {
		return
	}
	// Without a proof the claimed time decides only which doubt it is.
	if c.claimed != nil && s.policy.permits(list, *c.claimed) {
		f.doubt(CryptoConstraintsNoPOE, ReasonAlgorithm)
		return
	}
	f.doubt(CryptoConstraintsFailure, ReasonAlgorithm)
}
