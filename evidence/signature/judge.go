package signature

import "time"

// Judge reaches a Verdict on a file from what the file says (facts), what the
// verifier brings (material, policy) and proofs of existence of the whole
// file, as of the validation time at. It is pure: the same arguments give the
// same Verdict, whenever and wherever it runs.
func Judge(facts Facts, material Material, policy Policy, proofs []Proof, at time.Time) Verdict {
	v := Verdict{Result: ResultUnknown, Reason: "not judged yet", Policy: policy.ID, At: at, Signatures: []SignatureVerdict{}}
	return v
}
