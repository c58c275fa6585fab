package count

import (
	"slices"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// The proofs of time a rule may accept.
const (
	byTimestamp = "timestamp"
	byLedger    = "ledger"
	byExchange  = "exchange"
)

// vietnam is the time zone of every register: UTC+7 the whole year.
var vietnam = time.FixedZone("ICT", 7*60*60)

// time answers lines 12 and 13 for one expected signature and lowers the grade
// where the time rests on the signer's word.
func (r *Rule) time(o *outcome, s *signer, e evidence.RowEvidence) {
	if has(s.SignatureVerdict, signature.ReasonExpired) {
		o.codes.add(CodeExpired)
	}
	if has(s.SignatureVerdict, signature.ReasonRevoked) {
		o.codes.add(CodeRevoked)
	}
	if has(s.SignatureVerdict, signature.ReasonTimeOrder) {
		// A claimed time that its own proof contradicts is not believed, and no
		// rule may accept it.
		o.codes.add(CodeTimeUnproven)
	}
	unproven := has(s.SignatureVerdict, signature.ReasonTimeUnproven)
	proven := !unproven && r.proven(s, e.Received)
	unknown := has(s.SignatureVerdict, signature.ReasonRevocationUnknown)
	if proven && !unknown && (s.Revocation == "crl" || s.Revocation == "ocsp") {
		return
	}
	o.grade = GradeB
	if unproven {
		r.line13(o, laterCase(s), CodeTimeUnproven)
	}
	if unknown {
		r.line13(o, CaseRevocationUnknown, CodeRevocationUnknown)
	}
	if !proven && !r.agrees(s.ClaimedTime, e.Row.Date) {
		o.codes.add(CodeTimeUnproven)
	}
}

// laterCase tells a certificate that was revoked later from one that expired.
func laterCase(s *signer) string {
	if s.RevokedAt != nil || s.Subindication == signature.RevokedNoPOE || s.Subindication == signature.RevokedCANoPOE {
		return CaseRevokedLater
	}
	return CaseExpiredLater
}

func (r *Rule) line13(o *outcome, name, code string) {
	if r.def.Line13[name] != ActProvenB {
		o.codes.add(code)
		return
	}
	if !slices.Contains(o.notes, code) {
		o.notes = append(o.notes, code)
	}
}

// proven reports whether evidence the rule accepts shows that the signature
// existed while its certificate was good. The time of the document's leaf is
// such evidence too, but says only that the file existed when it was received:
// for a certificate that had expired or was revoked by then it proves nothing.
// Where the verdict says "time-unproven" nothing is asked here: it saw the same
// proofs, and certificates of the path that a rule does not see.
func (r *Rule) proven(s *signer, received time.Time) bool {
	if t := s.ProvenTime; t != nil && slices.Contains(r.def.TimeEvidence, s.ProvenBy) && useful(s, *t) {
		return true
	}
	return !received.IsZero() && slices.Contains(r.def.TimeEvidence, byLedger) && useful(s, received)
}

func useful(s *signer, t time.Time) bool {
	if s.Signer == nil || t.Before(s.Signer.NotBefore) || t.After(s.Signer.NotAfter) {
		return false
	}
	return s.RevokedAt == nil || t.Before(*s.RevokedAt)
}

// agrees reports whether a claimed signing time lies within the rule's window
// around the row's date, both as days in Vietnam. It may only harm: without a
// claimed time or a date nothing agrees.
func (r *Rule) agrees(claimed *time.Time, date evidence.Date) bool {
	day, err := time.ParseInLocation(time.DateOnly, string(date), vietnam)
	if err != nil || claimed == nil {
		return false
	}
	w := r.def.ClaimedTime
	from, until := day.AddDate(0, 0, -w.DaysBefore), day.AddDate(0, 0, w.DaysAfter+1)
	return !claimed.Before(from) && claimed.Before(until)
}
