package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

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

// slow is a store on a network that answers only when as many as want are
// asked of it at the same time.
type slow struct {
	object.Store
	want   int
	asked  chan struct{} // one for each Get
	enough chan struct{} // closed when all have come
}

func (s slow) Get(ctx context.Context, key object.Key) (io.ReadCloser, error) {
	s.asked <- struct{}{}
	if len(s.asked) == s.want {
		close(s.enough)
	}
	select {
	case <-s.enough:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Store.Get(ctx, key)
}

// TestCheckReadsFilesTogether: a store that takes its time for each file is
// asked for several at once, and what is wrong is reported in one order.
func TestCheckReadsFilesTogether(t *testing.T) {
	a := newArchive(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only in a check that waits for each
	defer cancel()
	together := slow{a.objects, 5, make(chan struct{}, 5), make(chan struct{})}
	report, err := evidence.Check(ctx, a.store, testScope, testBook, a.key.PublicKey(), together, evidence.CheckOptions{})
	if err != nil || len(report.Evidence) != 0 || report.Files != 5 || report.Bytes == 0 {
		t.Errorf("got %v, %v, %d files with %d bytes, want five sound ones", err, report.Evidence, report.Files, report.Bytes)
	}
	gone := away{a.objects, fs.ErrNotExist}
	report, err = evidence.Check(ctx, a.store, testScope, testBook, a.key.PublicKey(), gone, evidence.CheckOptions{})
	inOrder := slices.IsSortedFunc(report.Evidence, func(a, b evidence.Problem) int { return strings.Compare(a.Key, b.Key) })
	if err != nil || len(report.Evidence) != 5 || !inOrder {
		t.Errorf("got %v, %v, want five lost files by their digests", err, report.Evidence)
	}
}
