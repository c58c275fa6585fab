package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"

	"minhchung/evidence"
)

// testPrefetch reads things together, changes some of them, and compares what
// the transaction then answers with what is there after its commit.
func testPrefetch(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 2))
	var keys evidence.Keys
	for n := range 8 {
		keys.Documents = append(keys.Documents, sha(n))
		keys.Fingerprints = append(keys.Fingerprints, sha(n)) // as randomEvents signs them
	}
	for n := range 6 { // and six rows that nobody asked for
		keys.Rows = append(keys.Rows, row(n).ID)
	}
	keys.Rules = []string{"nd30", "loose"}
	for range 15 {
		var inside []string
		_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
			if err := appendTo(ctx, tx, book, randomEvents(rng)...); err != nil {
				return err
			}
			if p, ok := tx.(evidence.Prefetcher); ok {
				if err := p.Prefetch(ctx, keys); err != nil {
					return err
				}
			}
			err := tx.Savepoint(ctx, func() error {
				_, err := tx.Append(ctx, randomEvents(rng)...)
				if rng.IntN(4) == 0 {
					err = errors.Join(err, errTest)
				}
				return err
			})
			if err != nil && !errors.Is(err, errTest) {
				return err
			}
			var events []evidence.Event
			for _, e := range randomEvents(rng) {
				switch e.(type) {
				case evidence.RowAdded, evidence.RowWithdrawn, evidence.RowExcluded: // they end what is known
				default:
					events = append(events, e)
				}
			}
			if len(events) > 0 {
				if _, err := tx.Append(ctx, events...); err != nil {
					return err
				}
			}
			inside, err = answers(ctx, tx)
			return err
		})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		view(t, s, book, func(r evidence.Reader) error {
			after, err := answers(ctx, r)
			want(t, fmt.Sprintf("answers (seed %d)", seed), inside, after)
			return err
		})
	}
	sound(t, h, s, book)
}

// answers asks for everything by its key.
func answers(ctx context.Context, r evidence.Reader) (list []string, err error) {
	note := func(what string, value any, failed error) {
		switch {
		case errors.Is(failed, fs.ErrNotExist):
			list = append(list, what+" none")
		case failed != nil:
			err = errors.Join(err, failed)
		default:
			b, bad := json.Marshal(value)
			list, err = append(list, what+" "+string(b)), errors.Join(err, bad)
		}
	}
	for n := range 12 {
		id := row(n).ID
		found, failed := r.Row(ctx, id)
		note("row", found, failed)
		match, failed := r.MatchOf(ctx, id)
		note("match", match, failed)
		confirmation, failed := r.ConfirmationOf(ctx, id)
		note("confirmation", confirmation, failed)
		state, failed := r.StateOf(ctx, "nd30", id)
		note("state", state, failed)
	}
	for n := range 9 {
		document, failed := r.Document(ctx, sha(n))
		note("document", document, failed)
		rows, failed := r.MatchedRows(ctx, sha(n))
		note("rows", rows, failed)
		rows, failed = r.RowsSigned(ctx, sha(n))
		note("signed", rows, failed)
	}
	return list, err
}
