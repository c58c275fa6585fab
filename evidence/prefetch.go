package evidence

import (
	"context"

	"minhchung/evidence/signature"
)

// Keys name what a transaction is about to read one by one.
type Keys struct {
	Documents    []signature.Hash
	Fingerprints []signature.Hash
	Rows         []string
	Rules        []string
}

// Prefetcher is a Tx whose store is far away: reading the named things
// together saves a round trip for each. The answers of its other methods stay
// what they would be.
type Prefetcher interface {
	Prefetch(ctx context.Context, keys Keys) error
}

// prefetch lets a store that is far away read what keys name, and the states
// of its rows under the rules of the basis.
func (in *Intake) prefetch(ctx context.Context, tx Tx, keys Keys) error {
	p, ok := tx.(Prefetcher)
	if !ok || len(keys.Documents)+len(keys.Rows) < 2 {
		return nil
	}
	for _, rule := range in.Basis.Rules {
		keys.Rules = append(keys.Rules, rule.ID())
	}
	return p.Prefetch(ctx, keys)
}

// keysOf is what committing the group reads.
func keysOf(group []received) (keys Keys) {
	for _, r := range group {
		keys.Documents = append(keys.Documents, r.sha)
		keys.Rows = append(keys.Rows, r.file.Rows...)
		for _, s := range r.verdict.Signatures {
			if !s.Fingerprint.IsZero() {
				keys.Fingerprints = append(keys.Fingerprints, s.Fingerprint)
			}
		}
	}
	return keys
}
