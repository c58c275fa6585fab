// Package storetest is the conformance suite of evidence.Store: every driver
// passes it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// Harness opens stores for Run.
type Harness struct {
	// Open returns an empty store with the host "test.example".
	Open func(t *testing.T) evidence.Store
	// Reopen opens the same database again, as another process would after
	// the first one ended. The old store is not used any more.
	Reopen func(t *testing.T, s evidence.Store) evidence.Store
	// ReadOnly opens the same database for reading while s stays in use; nil
	// when the driver has no such way.
	ReadOnly func(t *testing.T, s evidence.Store) evidence.Store
	// Public returns the key that the store's checkpoints are signed with.
	Public func(s evidence.Store) ledger.PublicKey
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"opening":        testOpening,
		"nothing to do":  testNothing,
		"scope":          testScope,
		"lists":          testLists,
		"rows":           testRows,
		"unusual text":   testUnusualText,
		"documents":      testDocuments,
		"matches":        testMatches,
		"rows signed":    testRowsSigned,
		"states":         testStates,
		"counters":       testCounters,
		"summaries":      testSummaries,
		"take over":      testTakeOver,
		"prefetch":       testPrefetch,
		"scheme":         testScheme,
		"attachments":    testAttachments,
		"explanations":   testExplanations,
		"confirmations":  testConfirmations,
		"kept":           testKept,
		"keep refused":   testKeepRefused,
		"leaves":         testLeaves,
		"blobs":          testBlobs,
		"failing update": testFailingUpdate,
		"savepoint":      testSavepoint,
		"cancelled":      testCancelled,
		"one book":       testOneBook,
		"several books":  testSeveralBooks,
		"read stability": testReadStability,
		"replay":         testReplay,
		"reopen":         testReopen,
		"read-only":      testReadOnly,
	} {
		t.Run(name, func(t *testing.T) { test(t, h) })
	}
}

var (
	all  = evidence.Scope{All: true, Actor: "u-7"}
	book = evidence.BookID{Unit: "xa-thu", Period: "2022"}
)

// update appends events to a book, opening it when it is new, and fails the
// test on an error.
func update(t *testing.T, s evidence.Store, b evidence.BookID, events ...evidence.Event) evidence.Commitment {
	t.Helper()
	done, err := s.Update(t.Context(), all, b, func(tx evidence.Tx) error { return appendTo(t.Context(), tx, b, events...) })
	if err != nil {
		t.Fatalf("Update of %s: %v", b, err)
	}
	return done
}

func appendTo(ctx context.Context, tx evidence.Tx, b evidence.BookID, events ...evidence.Event) error {
	if _, err := tx.Head(ctx); errors.Is(err, fs.ErrNotExist) && b != evidence.RootBook {
		if _, err := tx.Append(ctx, evidence.Opened{Book: b}); err != nil {
			return err
		}
	}
	if len(events) == 0 {
		return nil
	}
	_, err := tx.Append(ctx, events...)
	return err
}

// view runs fn and fails the test on an error.
func view(t *testing.T, s evidence.Store, b evidence.BookID, fn func(r evidence.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), all, b, fn); err != nil {
		t.Fatalf("View of %s: %v", b, err)
	}
}

func size(t *testing.T, s evidence.Store, b evidence.BookID) (n int64) {
	t.Helper()
	view(t, s, b, func(r evidence.Reader) error {
		head, err := r.Head(t.Context())
		n = head.Size
		return err
	})
	return n
}

// want compares got with want by value.
func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func wantMissing(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: got %v, want fs.ErrNotExist", what, err)
	}
}

func row(n int) evidence.Row {
	return evidence.Row{ID: fmt.Sprintf("%d/BC-UBND", n), Number: fmt.Sprint(n), Notation: "BC-UBND", Date: "2022-01-31",
		Subject: fmt.Sprintf("Báo cáo số %d", n), Kind: evidence.Original, Line: n + 1}
}

func sha(n int) signature.Hash { return signature.HashOf(fmt.Appendf(nil, "document %d", n)) }

// received returns the three events of a document whose signatures have the
// given fingerprints.
func received(n int, fingerprints ...signature.Hash) []evidence.Event {
	v := signature.Verdict{Result: signature.ResultIntact, Policy: "test"}
	for _, f := range fingerprints {
		v.Signatures = append(v.Signatures, signature.SignatureVerdict{Kind: signature.KindSignature, Indication: signature.TotalPassed, Fingerprint: f})
	}
	return []evidence.Event{
		evidence.DocumentReceived{SHA256: sha(n), Size: int64(n), Name: fmt.Sprintf("%d.pdf", n)},
		evidence.FactsRead{Facts: signature.Facts{Reader: "test/1", SHA256: sha(n), Format: "pdf", Condition: signature.Readable}},
		evidence.VerdictReached{Document: sha(n), Material: sha(-1), Policy: sha(-2), Verdict: v},
	}
}

func matched(n, document int) evidence.Event {
	return evidence.Matched{Match: evidence.Match{Row: row(n).ID, Document: sha(document), By: "name"}}
}

// sound checks the ledger of a book and replays it into the tables.
func sound(t *testing.T, h Harness, s evidence.Store, b evidence.BookID) {
	t.Helper()
	expected := map[string]map[string]evidence.Record{}
	states := map[[2]string]evidence.Counter{}
	var faults []string
	view(t, s, b, func(r evidence.Reader) error {
		problems, err := ledger.Check(t.Context(), r, h.Public(s), func(e ledger.Entry, leaf ledger.Leaf) error {
			event, err := evidence.DecodeEvent(leaf, e.Opening)
			if err != nil {
				faults = append(faults, err.Error())
				return nil
			}
			if changed, ok := event.(evidence.StateChanged); ok {
				states[[2]string{changed.State.Rule, changed.State.Row}] = evidence.CounterOf(changed.State)
			}
			for _, rec := range event.Records(e.Index) {
				if expected[rec.Table] == nil {
					expected[rec.Table] = map[string]evidence.Record{}
				}
				if rec.Delete {
					delete(expected[rec.Table], rec.Key)
				} else {
					expected[rec.Table][rec.Key] = rec
				}
			}
			return nil
		})
		for _, p := range problems {
			faults = append(faults, p.String())
		}
		if err != nil {
			return err
		}
		counters, err := r.Counters(t.Context())
		if err != nil {
			return err
		}
		if want := countersOf(states); !slices.Equal(counters, want) {
			faults = append(faults, fmt.Sprintf("counters: stored %v, replay %v", counters, want))
		}
		for _, table := range evidence.Tables() {
			stored := map[string]evidence.Record{}
			var keys []string
			err := r.Records(t.Context(), table, func(rec evidence.Record) error {
				stored[rec.Key], keys = rec, append(keys, rec.Key)
				return nil
			})
			if err != nil {
				return err
			}
			if !slices.IsSorted(keys) || len(keys) != len(stored) {
				faults = append(faults, "table "+table+": keys are not in order")
			}
			if len(stored)+len(expected[table]) > 0 && !reflect.DeepEqual(stored, expected[table]) {
				faults = append(faults, fmt.Sprintf("table %s: stored %v, replay %v", table, stored, expected[table]))
			}
		}
		return nil
	})
	for _, f := range faults {
		t.Errorf("book %s: %s", b, f)
	}
}
