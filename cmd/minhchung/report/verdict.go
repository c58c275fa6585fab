package report

import (
	"slices"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/signature"
)

// Vietnam is the zone of every time people read: one offset and no summer
// time since 1975.
var Vietnam = time.FixedZone("ICT", 7*60*60)

// Word is the catalogue's word for one value of an enumeration of signatures.
func Word(lang message.Lang, enumeration, value string) string {
	return lang.Text("inspect." + enumeration + "-" + value)
}

// Signer names who signed, and as what.
func Signer(lang message.Lang, s signature.SignatureVerdict) string {
	if s.Signer == nil {
		return lang.Text("inspect.no-signer")
	}
	name := s.Signer.Name
	if name == "" {
		name = s.Signer.Subject
	}
	if s.Signer.Role != "" {
		name += " (" + lang.Text("role."+string(s.Signer.Role)) + ")"
	}
	return name
}

// SigningTime says when a signature was made. It never shows a claimed time as
// if it were proven.
func SigningTime(lang message.Lang, s signature.SignatureVerdict) string {
	at := func(t time.Time) string { return lang.Time(t.In(Vietnam)) }
	switch {
	case s.ProvenTime != nil && s.ClaimedTime != nil:
		return lang.Text("inspect.time-both", at(*s.ProvenTime), at(*s.ClaimedTime))
	case s.ProvenTime != nil:
		return lang.Text("inspect.time-proven", at(*s.ProvenTime))
	case s.ClaimedTime != nil:
		return lang.Text("inspect.time-claimed", at(*s.ClaimedTime))
	}
	return lang.Text("inspect.time-none")
}

// Codes are a signature's indication and sub-indication as the standard
// writes them.
func Codes(s signature.SignatureVerdict) string {
	if s.Subindication == "" {
		return string(s.Indication)
	}
	return string(s.Indication) + ", " + string(s.Subindication)
}

// NextStep is one piece of advice for the whole file: by its result, and for
// an intact file by what keeps its signatures from passing, failures first.
func NextStep(lang message.Lang, v signature.Verdict) string {
	if v.Result != signature.ResultIntact {
		return Word(lang, "next", string(v.Result))
	}
	for _, worst := range []signature.Indication{signature.TotalFailed, signature.Indeterminate} {
		for _, s := range v.Signatures {
			if s.Indication != worst {
				continue
			}
			for _, code := range append(slices.Clone(s.Reasons), string(s.Subindication), string(worst)) {
				if _, next := signature.Sentence(code, string(lang)); next != "" {
					return next
				}
			}
		}
	}
	return Word(lang, "next", string(signature.ResultIntact))
}
