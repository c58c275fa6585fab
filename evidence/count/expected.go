package count

import (
	"math"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// signer is a signature over the document with the place it was made at.
type signer struct {
	*signature.SignatureVerdict
	// revision orders signatures by what they cover; claimed times, which the
	// signer chooses, do not.
	revision int
	// role is the part the roster gives the signer, or "" for a stranger.
	role signature.Role
}

// signers returns the signatures over the document, without document time
// stamps, in the order of the revisions they cover.
func signers(e evidence.RowEvidence) []*signer {
	var out []*signer
	for i := range e.Verdict.Signatures {
		v := &e.Verdict.Signatures[i]
		if v.Kind == signature.KindTimestamp {
			continue
		}
		s := &signer{SignatureVerdict: v, revision: revisionOf(e.Facts, len(e.Verdict.Signatures), i)}
		if e.Verdict.RosterKnown && v.OnRoster && v.Signer != nil {
			s.role = v.Signer.Role
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b *signer) int { return a.revision - b.revision })
	return out
}

// revisionOf returns the revision that signature i covers. One that covers
// none comes behind all others; line 6 has refused the file by then. Without
// facts the order of the verdict stands, which is that of the facts.
func revisionOf(f *signature.Facts, n, i int) int {
	if f == nil || len(f.Signatures) != n {
		return i
	}
	if r := f.Signatures[i].Revision; r >= 0 {
		return r
	}
	return math.MaxInt32
}

// maxCandidates bounds how many signatures are tried for one expected one, so
// that a file with thousands of signatures costs no more than any other. The
// last ones are kept.
const maxCandidates = 16

// outcome is what one choice of signatures for the expected ones comes to.
type outcome struct {
	codes codes
	grade string
	notes []string // why a PROVEN row is not of grade A, and other remarks
}

// assign tries the signatures of the file as the expected ones of the row's
// kind and keeps the choice that comes furthest in the table. A signature
// whose signer has the role is always taken before a stranger; a stranger
// stands in only where nobody with the role signed, and only where the order
// allows: an arrival signature behind the organisation's is not a wrong
// person's signature. What is not chosen, such as an arrival signature (dấu
// đến), does not count for or against the row beyond soundness.
func (r *Rule) assign(e evidence.RowEvidence, sigs []*signer) outcome {
	roles := r.def.Expected[e.Row.Kind]
	if len(roles) == 0 {
		roles = r.def.Expected[evidence.Original] // an unknown kind is an original
	}
	options := make([][]*signer, len(roles))
	for i, role := range roles {
		options[i] = candidates(sigs, role)
	}
	var best *outcome
	choice := make([]*signer, len(roles))
	var try func(slot int)
	try = func(slot int) {
		if slot < len(roles) {
			for _, s := range options[slot] {
				choice[slot] = s
				try(slot + 1)
			}
			return
		}
		if !plausible(choice, r.def.Ordered) {
			return
		}
		o := r.evaluate(e, sigs, roles, choice)
		if best == nil || better(o, *best) {
			best = &o
		}
	}
	try(0)
	return *best
}

// candidates returns those who may stand for a role: all who have it, else
// the strangers and nil for "nobody".
func candidates(sigs []*signer, role signature.Role) []*signer {
	var exact, strangers []*signer
	for _, s := range sigs {
		switch {
		case s.role == "":
			strangers = append(strangers, s)
		case s.role == role || role == AnyRole:
			exact = append(exact, s)
		}
	}
	if len(exact) > 0 {
		return exact[max(0, len(exact)-maxCandidates):]
	}
	return append(strangers[max(0, len(strangers)-maxCandidates):], nil)
}

// plausible refuses a choice that uses one signature twice, and one that puts
// a stranger into a place that the order rules out. The choice of nobody is
// always plausible, so that at least one choice is.
func plausible(choice []*signer, ordered bool) bool {
	for i := 1; i < len(choice); i++ {
		a, b := choice[i-1], choice[i]
		if a == nil || b == nil {
			continue
		}
		stranger := a.role == "" || b.role == ""
		if a == b || ordered && stranger && b.revision <= a.revision {
			return false
		}
	}
	return true
}

// better reports whether a comes further in the table than b. On the same
// line UNDETERMINED is further than DISPROVEN, because there more evidence
// could still help.
func better(a, b outcome) bool {
	la, decidedA := a.codes.decided()
	lb, decidedB := b.codes.decided()
	switch {
	case !decidedA && !decidedB:
		return a.grade == GradeA && b.grade != GradeA
	case !decidedA || !decidedB:
		return !decidedA
	case la.Number != lb.Number:
		return la.Number > lb.Number
	case la.State != lb.State:
		return la.State == evidence.Undetermined
	}
	return len(a.codes) < len(b.codes)
}

// evaluate answers lines 7 to 14 for one choice.
func (r *Rule) evaluate(e evidence.RowEvidence, sigs []*signer, roles []signature.Role, choice []*signer) outcome {
	var o outcome
	last := -1 // revision of the last expected signature
	for i, s := range choice {
		if s == nil {
			o.codes.add(missing(roles[i]))
			continue
		}
		if r.def.Ordered && i > 0 && choice[i-1] != nil && s.revision <= choice[i-1].revision {
			o.codes.add(CodeOrder)
		}
		last = max(last, s.revision)
	}
	o.grade = GradeA
	for _, s := range choice {
		if s == nil || s.Integrity != signature.IntegrityIntact {
			continue // soundness has said what there is to say
		}
		changes(&o.codes, s, sigs, last)
		identity(&o, s, e.Verdict.RosterKnown)
		r.time(&o, s, e)
		if has(s.SignatureVerdict, signature.ReasonAlgorithm) {
			o.codes.add(CodeAlgorithm)
		}
		if !explained(s.SignatureVerdict) {
			o.codes.add(CodeUnsupported)
		}
	}
	return o
}

func missing(role signature.Role) string {
	if role == signature.RoleOrganisation {
		return CodeMissingOrganisation
	}
	return CodeMissingPerson
}

// changes answers lines 7 and 8 for one expected signature. What was annotated
// before the last expected signature was made is covered by it and fine.
// Behind it, annotations make the row DISPROVEN "altered" rather than
// "change-unclear": DESIGN.md says such a row is never PROVEN, and keeps
// UNDETERMINED for what could still become it.
func changes(found *codes, s *signer, sigs []*signer, last int) {
	listed := false
	for i := range s.ChangeList {
		c := &s.ChangeList[i]
		switch c.Class {
		case signature.ChangePermitted:
			if c.What == signature.WhatNumbering && !vouched(c.Revision, sigs) {
				found.add(CodeChangeUnclear)
			}
		case signature.ChangeAnnotated:
			listed = true
			if c.Revision > last {
				found.add(CodeAltered)
			}
		case signature.ChangeForbidden:
			listed = true
			found.add(forbidden(c.What))
		default:
			listed = true
			found.add(CodeChangeUnclear)
		}
	}
	switch s.Changes {
	case signature.ChangesNone, signature.ChangePermitted:
		if has(s.SignatureVerdict, signature.ReasonAltered) {
			found.add(CodeAltered)
		}
		if has(s.SignatureVerdict, signature.ReasonChangeUnclear) {
			found.add(CodeChangeUnclear)
		}
	case signature.ChangeForbidden, signature.ChangeAnnotated:
		if !listed { // the class without its list: nothing says the change is harmless
			found.add(CodeAltered)
		}
	default:
		if !listed {
			found.add(CodeChangeUnclear)
		}
	}
}

func forbidden(what string) string {
	switch what {
	case signature.WhatPageContent:
		return CodePageContent
	case signature.WhatPageAdded:
		return CodePageAdded
	}
	return CodeAltered
}

// vouched reports whether a sound signature of a trusted signer covers the
// revision. Number and date may be written into a signed file only for a
// further signature (DESIGN.md "Changes after a signature"); a self-made
// signature behind them would let anybody number the file.
func vouched(revision int, sigs []*signer) bool {
	for _, s := range sigs {
		if s.revision >= revision && s.Integrity == signature.IntegrityIntact &&
			s.Coverage == signature.CoverageExact && trusted(s.SignatureVerdict) {
			return true
		}
	}
	return false
}

func trusted(s *signature.SignatureVerdict) bool {
	return s.Signer != nil && !has(s, signature.ReasonUntrusted) &&
		!has(s, signature.ReasonIssuerUnknown) && !has(s, signature.ReasonKeyUsage)
}

// identity answers lines 10 and 11 for one expected signature.
func identity(o *outcome, s *signer, rosterKnown bool) {
	if has(s.SignatureVerdict, signature.ReasonUntrusted) {
		o.codes.add(CodeUntrusted)
	}
	if has(s.SignatureVerdict, signature.ReasonKeyUsage) {
		o.codes.add(CodeUntrusted)
		o.notes = append(o.notes, signature.ReasonKeyUsage)
	}
	if has(s.SignatureVerdict, signature.ReasonIssuerUnknown) {
		o.codes.add(CodeIssuerUnknown)
	}
	switch {
	case s.role != "" || !trusted(s.SignatureVerdict):
	case rosterKnown:
		o.codes.add(CodeWrongSigner)
	default:
		o.codes.add(CodeSignerUnknown)
	}
}

// explained reports whether the indication of a signature follows from what
// the table knows. A judgement that failed for a reason without a line must
// not end as PROVEN.
func explained(s *signature.SignatureVerdict) bool {
	if s.Indication == signature.TotalPassed {
		return true
	}
	if s.Changes != signature.ChangesNone && s.Changes != signature.ChangePermitted {
		return true
	}
	for _, reason := range s.Reasons {
		switch reason {
		case signature.ReasonDigest, signature.ReasonMalformed, signature.ReasonCoverage,
			signature.ReasonUntrusted, signature.ReasonKeyUsage, signature.ReasonExpired, signature.ReasonRevoked,
			signature.ReasonAltered:
			return true
		case signature.ReasonIssuerUnknown, signature.ReasonTimeUnproven,
			signature.ReasonRevocationUnknown, signature.ReasonAlgorithm,
			signature.ReasonChangeUnclear, signature.ReasonTimeOrder:
			if s.Indication == signature.Indeterminate {
				return true
			}
		}
	}
	return false
}
