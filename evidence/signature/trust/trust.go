// Package trust turns what an administrator brings (anchors, intermediates,
// CRL and OCSP answers, a validation policy) into the frozen, hashed Material
// and Policy that verdicts name.
package trust

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"minhchung/evidence/signature"
)

// Canonical returns the canonical JSON of m: every list sorted and without
// duplicates, times in UTC, so that equal material has equal bytes.
func Canonical(m signature.Material) []byte {
	c := signature.Material{
		Anchors:       sorted(m.Anchors, compareAnchors),
		Intermediates: sorted(m.Intermediates, bytes.Compare),
		CRLs:          sorted(m.CRLs, bytes.Compare),
		OCSPs:         sorted(m.OCSPs, bytes.Compare),
		Roster:        make([]signature.Signer, len(m.Roster)),
	}
	for i, s := range m.Roster {
		s.From, s.Until = s.From.UTC(), s.Until.UTC()
		c.Roster[i] = s
	}
	c.Roster = sorted(c.Roster, compareSigners)
	out, err := json.Marshal(c)
	if err != nil {
		// Only a time outside the years 0 to 9999 cannot be written.
		panic("trust: canonical material: " + err.Error())
	}
	return out
}

// Hash returns the SHA-256 of Canonical(m), which verdicts name.
func Hash(m signature.Material) signature.Hash { return signature.HashOf(Canonical(m)) }

// sorted returns a sorted copy without duplicates, never nil.
func sorted[T any](list []T, compare func(a, b T) int) []T {
	out := append(make([]T, 0, len(list)), list...)
	slices.SortFunc(out, compare)
	return slices.CompactFunc(out, func(a, b T) bool { return compare(a, b) == 0 })
}

func compareAnchors(a, b signature.Anchor) int {
	return cmp.Or(cmp.Compare(a.Domain, b.Domain), bytes.Compare(a.DER, b.DER))
}

func compareSigners(a, b signature.Signer) int {
	return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Name, b.Name),
		bytes.Compare(a.Certificate[:], b.Certificate[:]), cmp.Compare(a.Subject, b.Subject),
		a.From.Compare(b.From), a.Until.Compare(b.Until))
}
