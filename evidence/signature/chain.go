package signature

import (
	"bytes"
	"errors"
	"slices"

	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// The bounds of path building.
const (
	maxPath  = 8   // certificates, the anchor included
	maxPaths = 4   // anchored paths that are compared
	maxNodes = 128 // steps of one search
)

// link is the outcome of checking one certificate's signature by another.
type link struct {
	used used
	err  error
}

// bag is the certificates that the file brings for one signature, beside
// what the verifier brings.
type bag struct {
	certs  []*authority
	byName map[string][]*authority
}

func newBag(lists ...[]*authority) *bag {
	b := &bag{byName: make(map[string][]*authority)}
	seen := make(map[Hash]bool)
	for _, list := range lists {
		for _, c := range list {
			if seen[c.SHA256] {
				continue
			}
			seen[c.SHA256] = true
			b.certs = append(b.certs, c)
			b.byName[c.subjectKey] = append(b.byName[c.subjectKey], c)
		}
	}
	return b
}

// parseAll parses certificates of a message; what cannot be parsed is left
// out, and a signature that needs it finds no certificate.
func (j *Judger) parseAll(ders [][]byte) []*authority {
	var list []*authority
	for _, der := range ders {
		if c, err := j.certificate(der); err == nil {
			list = append(list, c)
		}
	}
	return list
}

// ending says how a search that found no anchor ended. The order is from the
// least to the most that can still be hoped for.
type ending int

const (
	endForged  ending = iota // names an issuer that we have and that did not sign it
	endSelf                  // a self-made certificate
	endMissing               // an issuer is not to be had
	endUnknown               // an algorithm of the path is not supported
)

// search builds paths (RFC 4158) from a certificate to our anchors.
type search struct {
	*session
	bag   *bag
	found [][]*authority
	used  [][]used
	end   ending
	nodes int
}

// paths returns the anchored paths of cert, the certificate first, and what
// each path's signatures rest on. When there is none, end says why.
func (s *session) paths(cert *authority, b *bag) search {
	x := search{session: s, bag: b}
	x.extend([]*authority{cert}, nil)
	return x
}

// extend recurses at most maxPath deep and maxNodes times.
func (x *search) extend(path []*authority, rests []used) {
	x.nodes++
	last := path[len(path)-1]
	if a := x.anchorFor(last); a != nil {
		p := slices.Clone(path)
		p[len(p)-1] = a
		x.found, x.used = append(x.found, p), append(x.used, slices.Clone(rests))
		return
	}
	if len(path) == maxPath {
		x.end = max(x.end, endSelf)
		return
	}
	issuers := x.issuers(last)
	verified := 0
	for _, issuer := range issuers {
		if x.nodes >= maxNodes || len(x.found) >= maxPaths {
			return
		}
		if onPath(path, issuer) {
			continue
		}
		l := x.link(last, issuer)
		if errors.Is(l.err, cms.ErrUnsupported) {
			x.end = max(x.end, endUnknown)
		}
		if l.err != nil {
			continue
		}
		verified++
		x.extend(append(path, issuer), append(rests, l.used))
	}
	if verified == 0 {
		x.deadEnd(last, path, issuers)
	}
}

// deadEnd notes why a certificate has no issuer. A certificate that names an
// issuer we hold, which did not sign it, is forged: a new key of that issuer
// would come with a certificate of its own. Certificates that only name each
// other are self-made too.
func (x *search) deadEnd(last *authority, path, issuers []*authority) {
	switch {
	case len(issuers) == 0 && !last.SelfIssued():
		x.end = max(x.end, endMissing)
	case last.SelfIssued() || !slices.ContainsFunc(issuers, func(a *authority) bool { return !onPath(path, a) }):
		x.end = max(x.end, endSelf)
	}
}

// anchorFor returns the anchor that a is, or has the name and key of.
func (x *search) anchorFor(a *authority) *authority {
	if a.anchor {
		return a
	}
	for _, c := range x.byName[a.subjectKey] {
		if c.anchor && (c.SHA256 == a.SHA256 || bytes.Equal(c.SPKI, a.SPKI)) {
			return c
		}
	}
	return nil
}

// issuers returns the certificates with the name of c's issuer: anchors and
// intermediates of ours first, then the file's; within these the ones whose
// key identifier fits first (RFC 4158 3.5.12).
func (x *search) issuers(c *authority) []*authority {
	list := slices.Concat(x.byName[c.issuerKey], x.bag.byName[c.issuerKey])
	slices.SortStableFunc(list, func(a, b *authority) int { return preference(c, a) - preference(c, b) })
	return list
}

func preference(c, issuer *authority) int {
	score := 0
	if !issuer.anchor {
		score++
	}
	if len(c.AuthorityKeyID) > 0 && !bytes.Equal(c.AuthorityKeyID, issuer.SubjectKeyID) {
		score += 2
	}
	return score
}

// onPath reports whether the path has the issuer's name and key already
// (RFC 5280 6.1: no certificate may appear twice).
func onPath(path []*authority, issuer *authority) bool {
	return slices.ContainsFunc(path, func(a *authority) bool {
		return bytes.Equal(a.SPKI, issuer.SPKI) && bytes.Equal(a.Subject, issuer.Subject)
	})
}

// link verifies child's signature by issuer, once for each pair.
func (s *session) link(child, issuer *authority) link {
	pair := [2]Hash{child.SHA256, issuer.SHA256}
	if l, ok := s.known[pair]; ok {
		return l
	}
	if !s.spend() { // even when we know it, so that verdicts do not depend on what came before
		return link{err: cms.ErrUnsupported}
	}
	keep := child.kept && issuer.kept
	if keep {
		if l, ok := s.links.Load(pair); ok {
			return l.(link)
		}
	}
	var l link
	l.used, l.err = child.CheckSignatureFrom(issuer.Certificate)
	s.known[pair] = l
	if keep {
		s.links.Store(pair, l)
	}
	return l
}

// wellFormed checks what RFC 5280 6.1.3-6.1.5 asks of the certificates of a
// path beside signatures, times and revocation.
func wellFormed(path []*authority) bool {
	if len(path[0].UnknownCritical) > 0 {
		return false
	}
	below := 0 // intermediates that are not self-issued (6.1.4 (l))
	for i, ca := range path[1:] {
		if !mayIssue(ca, below) {
			return false
		}
		if ca.Constraints != nil && !admitsAll(ca.Constraints, path[:i+1]) {
			return false
		}
		if !ca.SelfIssued() {
			below++
		}
	}
	return true
}

// mayIssue checks one issuer (RFC 5280 6.1.4 (k)-(o)). An anchor is a name
// and a key (6.1.1 (d)); of its certificate only what speaks against its use
// counts, since an old root may have no extensions at all.
func mayIssue(ca *authority, below int) bool {
	switch {
	case ca.anchor && ca.BasicConstraints && !ca.CA, !ca.anchor && !ca.CA:
		return false
	case ca.PathLen >= 0 && below > ca.PathLen:
		return false
	case !ca.Allows(pki.KeyCertSign):
		return false
	}
	return len(ca.UnknownCritical) == 0
}

// admitsAll applies name constraints to everything below; self-issued
// intermediates are exempt, the first certificate never (6.1.3 (b), (c)).
func admitsAll(nc *pki.NameConstraints, below []*authority) bool {
	for i, c := range below {
		if i > 0 && c.SelfIssued() {
			continue
		}
		if !nc.Admits(c.Certificate) {
			return false
		}
	}
	return true
}

// Purposes of the extended key usage.
var (
	oidTimeStamping = cms.MustOID("1.3.6.1.5.5.7.3.8")
	oidOCSPSigning  = cms.MustOID("1.3.6.1.5.5.7.3.9")
	otherPurposes   = []cms.OID{
		cms.MustOID("1.3.6.1.5.5.7.3.1"), // serverAuth
		cms.MustOID("1.3.6.1.5.5.7.3.3"), // codeSigning
		oidTimeStamping, oidOCSPSigning,
	}
)

// maySign reports whether a certificate is meant for signatures on documents:
// the key usage, when present, has digitalSignature or nonRepudiation
// (RFC 5280 4.2.1.3), and the extended key usage, when present, names more
// than servers, code, time stamps or OCSP (4.2.1.12). Which purposes a
// signer's certificate must name differs between issuers; RFC 9336 is young.
func maySign(c *authority) bool {
	if !c.Allows(pki.DigitalSignature | pki.NonRepudiation) {
		return false
	}
	if !c.HasExtKeyUsage {
		return true
	}
	return slices.ContainsFunc(c.ExtKeyUsage, func(u cms.OID) bool {
		return !slices.ContainsFunc(otherPurposes, func(o cms.OID) bool { return o.Equal(u) })
	})
}

// mayStamp reports whether a certificate is a time-stamping authority's: the
// extended key usage is critical and has that one purpose (RFC 3161 2.3).
func mayStamp(c *authority) bool {
	return c.HasExtKeyUsage && c.ExtKeyUsageCritical && len(c.ExtKeyUsage) == 1 &&
		oidTimeStamping.Equal(c.ExtKeyUsage[0]) && c.Allows(pki.DigitalSignature|pki.NonRepudiation)
}
