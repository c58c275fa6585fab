package count

import (
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// The grades of PROVEN rows: A with the time proven and revocation known at
// signing, B with a claimed time that agrees with the row's date.
const (
	GradeA = "A"
	GradeB = "B"
)

// State judges one row by the table of row states: the first line that
// applies decides, and every other code that applies is kept in Reasons behind
// it, in table order. It is pure.
//
// The Reasons of a PROVEN row are notes, why it is not of grade A, and empty
// for most. A row that the newest register no longer has is EXCLUDED with the
// code "row-withdrawn", which Count leaves out.
func (r *Rule) State(e evidence.RowEvidence) evidence.RowState {
	out := evidence.RowState{Row: e.Row.ID, Rule: r.def.ID, Reasons: []string{}}
	if code := settled(e); code != "" {
		return decide(out, codes{code}, outcome{})
	}
	sigs := signers(e)
	if len(sigs) == 0 {
		code := CodeUnsigned
		if e.Facts != nil && e.Facts.ImageOnly {
			code = CodeScan
		}
		return decide(out, codes{code}, outcome{})
	}
	found := soundness(e)
	best := r.assign(e, sigs)
	for _, code := range best.codes {
		found.add(code)
	}
	if e.Duplicate {
		found.add(CodeDuplicate)
	}
	if r.def.Content == ContentConfirmed && !e.Confirmed {
		found.add(CodeContentUnconfirmed)
	}
	return decide(out, found, best)
}

// decide fills a state from the codes that apply.
func decide(s evidence.RowState, found codes, best outcome) evidence.RowState {
	line, ok := found.decided()
	if !ok {
		s.State, s.Grade = evidence.Proven, best.grade
		s.Reasons = append(s.Reasons, best.notes...)
		return s
	}
	s.State, s.Code = line.State, line.Code
	s.Reasons = append(s.Reasons, found...)
	for _, n := range best.notes {
		if !slices.Contains(s.Reasons, n) {
			s.Reasons = append(s.Reasons, n)
		}
	}
	return s
}

// settled answers lines 1 to 3, where no signature has to be looked at.
func settled(e evidence.RowEvidence) string {
	if e.Row.Withdrawn {
		return CodeRowWithdrawn
	}
	if x := e.Row.Exclusion; x != nil && x.Reason != "" && x.Approver != "" {
		switch x.Code {
		case CodeVoid, CodeWithdrawn, CodeOutOfScope:
			return x.Code
		}
	}
	if e.Facts == nil && e.Verdict == nil {
		return CodeNoFile
	}
	return unread(e)
}

// unread answers line 3. A file that was not judged counts as unreadable, and
// so does one of a format without a reader: another file or a newer program
// could still prove the row.
func unread(e evidence.RowEvidence) string {
	if e.Facts != nil && e.Facts.Condition == signature.Encrypted {
		return CodeEncrypted
	}
	if e.Verdict == nil || e.Facts != nil && e.Facts.Condition != signature.Readable {
		return CodeUnreadable
	}
	switch e.Verdict.Result {
	case signature.ResultEncrypted:
		return CodeEncrypted
	case signature.ResultUnreadable:
		return CodeUnreadable
	case signature.ResultUnknown:
		if len(e.Verdict.Signatures) == 0 {
			return CodeUnreadable
		}
	}
	return ""
}

// soundness answers lines 5, 6 and the part of line 8 that concerns the whole
// file. These look at every signature, also at one that nobody expected and at
// document time stamps: a broken or transplanted signature is a mark of
// tampering wherever it stands.
func soundness(e evidence.RowEvidence) codes {
	var found codes
	for i := range e.Verdict.Signatures {
		s := &e.Verdict.Signatures[i]
		malformed := has(s, signature.ReasonMalformed)
		if malformed {
			found.add(CodeMalformed)
		}
		if has(s, signature.ReasonDigest) || s.Integrity == signature.IntegrityBroken && !malformed {
			found.add(CodeDigest)
		}
		if s.Coverage != signature.CoverageExact || has(s, signature.ReasonCoverage) {
			found.add(CodeCoverage)
		}
		if s.Integrity != signature.IntegrityIntact && s.Integrity != signature.IntegrityBroken {
			found.add(CodeUnsupported)
		}
	}
	if e.Facts != nil && len(e.Facts.Signatures) != len(e.Verdict.Signatures) {
		found.add(CodeUnsupported) // a signature nobody judged
	}
	if e.Facts != nil && e.Facts.Repaired {
		found.add(CodeChangeUnclear) // never intact after xref repair
	}
	return found
}

func has(s *signature.SignatureVerdict, reason string) bool {
	return slices.Contains(s.Reasons, reason)
}
