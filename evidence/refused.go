package evidence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"minhchung/evidence/signature"
)

// refusal is a document that could not be committed.
type refusal struct {
	file File
	sha  signature.Hash
	err  error
}

// addEach adds each document of a group behind a savepoint of its own and
// returns those that the store refuses.
func (c *committer) addEach(ctx context.Context, tx Tx, group []received, fresh map[signature.Hash]judged, touched map[string]bool) (refused []refusal, err error) {
	for _, r := range group {
		mine, rows := maps.Clone(fresh), map[string]bool{}
		err := tx.Savepoint(ctx, func() error { return c.add(ctx, tx, r, mine, rows) })
		switch {
		case err == nil:
			maps.Copy(fresh, mine)
			maps.Copy(touched, rows)
		case errors.Is(err, ErrRefused):
			refused = append(refused, refusal{r.file, r.sha, err})
		default:
			return nil, fmt.Errorf("committing %s: %w", r.file.Name, err)
		}
	}
	return refused, nil
}

// refuse takes back that a document was received or known. The same bytes under
// another name may have been taken: these are the document then.
func (s *Summary) refuse(r refusal) {
	delete(s.Documents, r.file.Name)
	s.Failures = append(s.Failures, Failure{r.file.Name, r.err})
	taken := slices.Contains(slices.Collect(maps.Values(s.Documents)), r.sha)
	if !taken && s.fresh[r.sha] {
		delete(s.fresh, r.sha)
		s.Received--
		return
	}
	s.Known--
}
