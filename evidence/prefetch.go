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

// prefetch lets a store that is far away read what the group needs.
func (c *committer) prefetch(ctx context.Context, tx Tx, group []received) error {
	p, ok := tx.(Prefetcher)
	if !ok || len(group) < 2 {
		return nil
	}
	var keys Keys
	for _, rule := range c.in.Basis.Rules {
		keys.Rules = append(keys.Rules, rule.ID())
	}
	for _, r := range group {
		keys.Documents = append(keys.Documents, r.sha)
		keys.Rows = append(keys.Rows, r.file.Rows...)
		for _, s := range r.verdict.Signatures {
			if !s.Fingerprint.IsZero() {
				keys.Fingerprints = append(keys.Fingerprints, s.Fingerprint)
			}
		}
	}
	return p.Prefetch(ctx, keys)
}
