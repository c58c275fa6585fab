package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

// away is a store on a network that answers every question with err.
type away struct {
	object.Store
	err error
}

func (a away) Get(context.Context, object.Key) (io.ReadCloser, error) { return nil, a.err }
func (a away) Stat(context.Context, object.Key) (int64, error)        { return 0, a.err }

// TestCheckNeverCallsUnverifiedLost: a server's "not here" is no damage, and a
// server that does not answer lets nobody say anything.
func TestCheckNeverCallsUnverifiedLost(t *testing.T) {
	a := newArchive(t)
	for _, quick := range []bool{true, false} {
		opt := evidence.CheckOptions{Quick: quick}
		missing := away{a.objects, fmt.Errorf("%w: %w", fs.ErrNotExist, object.ErrUnverified)}
		report, err := evidence.Check(t.Context(), a.store, testScope, testBook, a.key.PublicKey(), missing, opt)
		if err != nil || len(report.Evidence) != 0 || len(report.Unverified) != 5 {
			t.Errorf("quick %t: got %v, damage %v, unverified %v; want the five files as unverified only", quick, err, report.Evidence, report.Unverified)
		}
		for _, p := range report.Unverified {
			if p.Kind != evidence.ProblemUnseen || p.Name == "" {
				t.Errorf("got %v, want the file's name", p)
			}
		}
		down := away{a.objects, object.ErrUnavailable}
		if _, err := evidence.Check(t.Context(), a.store, testScope, testBook, a.key.PublicKey(), down, opt); !errors.Is(err, object.ErrUnavailable) {
			t.Errorf("quick %t: got %v, want ErrUnavailable", quick, err)
		}
	}
}
