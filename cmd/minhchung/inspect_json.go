package main

import (
	"time"

	"minhchung/evidence/signature"
)

// inspectJSON is the line that `inspect --json` prints for a file. Every key
// is always there: null where nothing is known, and no list is null.
type inspectJSON struct {
	File       string             `json:"file"`
	SHA256     *string            `json:"sha256"`
	Format     string             `json:"format"`
	Result     signature.Result   `json:"result"`
	Reason     *string            `json:"reason"`
	Signatures []inspectSignature `json:"signatures"`
}

type inspectSignature struct {
	Kind          signature.Kind        `json:"kind"`
	SubFilter     string                `json:"subfilter"`
	Field         string                `json:"field"`
	Integrity     signature.Integrity   `json:"integrity"`
	Coverage      signature.Coverage    `json:"coverage"`
	Changes       signature.ChangeClass `json:"changes"`
	ChangeList    []inspectChange       `json:"changeList"`
	Indication    signature.Indication  `json:"indication"`
	Subindication *string               `json:"subindication"`
	Signer        *inspectSigner        `json:"signer"`
	TrustDomain   *string               `json:"trustDomain"`
	ClaimedTime   *string               `json:"claimedTime"`
	ProvenTime    *string               `json:"provenTime"`
	Reasons       []string              `json:"reasons"`
}

type inspectSigner struct {
	Subject string  `json:"subject"`
	Issuer  string  `json:"issuer"`
	Serial  string  `json:"serial"` // hex
	Role    *string `json:"role"`
}

type inspectChange struct {
	Revision int                   `json:"revision"`
	Object   *string               `json:"object"`
	Page     *int                  `json:"page"`
	What     string                `json:"what"`
	Class    signature.ChangeClass `json:"class"`
	Rule     string                `json:"rule"`
	Detail   *string               `json:"detail"`
}

func newInspectJSON(name string, facts signature.Facts, v signature.Verdict) inspectJSON {
	line := inspectJSON{
		File: name, Format: facts.Format, Result: v.Result, Reason: known(v.Reason),
		Signatures: make([]inspectSignature, len(v.Signatures)),
	}
	if !facts.SHA256.IsZero() {
		line.SHA256 = known(facts.SHA256.String())
	}
	for i, s := range v.Signatures {
		line.Signatures[i] = newInspectSignature(s)
	}
	return line
}

func newInspectSignature(s signature.SignatureVerdict) inspectSignature {
	out := inspectSignature{
		Kind: s.Kind, SubFilter: s.SubFilter, Field: s.Field,
		Integrity: s.Integrity, Coverage: s.Coverage, Changes: s.Changes,
		ChangeList: make([]inspectChange, len(s.ChangeList)),
		Indication: s.Indication, Subindication: known(string(s.Subindication)),
		TrustDomain: known(string(s.TrustDomain)),
		ClaimedTime: knownTime(s.ClaimedTime), ProvenTime: knownTime(s.ProvenTime),
		Reasons: list(s.Reasons),
	}
	for i, c := range s.ChangeList {
		out.ChangeList[i] = inspectChange{c.Revision, known(c.Object), known(c.Page), c.What, c.Class, c.Rule, known(c.Detail)}
	}
	if s.Signer != nil {
		out.Signer = &inspectSigner{s.Signer.Subject, s.Signer.Issuer, s.Signer.Serial, known(string(s.Signer.Role))}
	}
	return out
}

// known returns nil for the zero value.
func known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func knownTime(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return known(t.UTC().Format(time.RFC3339))
}
