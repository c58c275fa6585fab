package etsi

import (
	"slices"

	"minhchung/evidence/signature"
)

// demand is one group of rules of the judgement, in their order, with the
// reason codes by which it fails.
type demand struct {
	name    string
	fails   []string // codes that make the signature TOTAL-FAILED
	doubts  []string // codes that leave it INDETERMINATE
	trusted bool     // judged only when the cryptography holds
	chained bool     // judged only with a path to an anchor
}

// demands name the clauses of EN 319 102-1 V1.4.1 that each group applies.
var demands = []demand{
	{name: "cryptographic-verification", fails: []string{signature.ReasonDigest, signature.ReasonMalformed}, doubts: []string{signature.ReasonUnsupported}}, // 5.2.2, 5.2.7
	{name: "signed-range", fails: []string{signature.ReasonCoverage}},                                                                                       // 5.2.2; ISO 32000-2 12.8.1
	{name: "changes-after-signing", fails: []string{signature.ReasonAltered}, doubts: []string{signature.ReasonChangeUnclear}},                              // ISO 32000-2 12.8.2
	{name: "certificate-path", doubts: []string{signature.ReasonUntrusted, signature.ReasonIssuerUnknown}, trusted: true},                                   // 5.2.6
	{name: "certificate-purpose", doubts: []string{signature.ReasonKeyUsage}, trusted: true},                                                                // 5.2.6, 5.2.8
	{name: "certificate-validity", fails: []string{signature.ReasonExpired}, doubts: []string{signature.ReasonTimeUnproven}, trusted: true, chained: true},  // 5.2.6, 5.6.2
	{name: "revocation", fails: []string{signature.ReasonRevoked}, doubts: []string{signature.ReasonRevocationUnknown}, trusted: true, chained: true},       // 5.2.5, 5.6.2
	{name: "cryptographic-constraints", doubts: []string{signature.ReasonAlgorithm}, trusted: true, chained: true},                                          // 5.2.8
	{name: "time", doubts: []string{signature.ReasonTimeOrder, signature.ReasonTimestampInvalid}, trusted: true, chained: true},                             // 5.4, 5.5.4
}

// constraints says of each group that was judged whether it holds (4.2.5.3).
// The sub-indication of the verdict stands with the group that decided: the
// first that failed, else the first doubt.
func (r *reporter) constraints(v signature.SignatureVerdict) *constraints {
	c := &constraints{}
	if !r.policy.IsZero() {
		p := &policyInfo{Name: r.verdict.Policy}
		p.ID.Identifier = urnPolicy + r.verdict.Policy
		p.ID.Hash = *sha256Digest(r.policy[:])
		c.Policy = p
	}
	decided := v.Indication == signature.TotalPassed
	for _, d := range demands {
		if d.trusted && v.Integrity != signature.IntegrityIntact || d.chained && v.TrustDomain == "" {
			continue
		}
		s := status{Main: urnMain + "passed"}
		main := d.result(v.Reasons)
		if main != signature.TotalPassed {
			s.Main = urnMain + map[signature.Indication]string{signature.TotalFailed: "failed", signature.Indeterminate: "indeterminate"}[main]
			if !decided && main == v.Indication {
				decided, s.Sub = true, conclusion(main, v.Subindication).Sub
			}
		}
		c.List = append(c.List, constraint{urnConstraint + d.name, urnApplied, &s})
	}
	return c
}

// result is TOTAL-PASSED when none of the group's codes is among reasons.
func (d demand) result(reasons []string) signature.Indication {
	among := func(code string) bool { return slices.Contains(reasons, code) }
	switch {
	case slices.ContainsFunc(d.fails, among):
		return signature.TotalFailed
	case slices.ContainsFunc(d.doubts, among):
		return signature.Indeterminate
	}
	return signature.TotalPassed
}
