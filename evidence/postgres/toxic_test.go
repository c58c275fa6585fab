package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/toxiproxytest"
)

// TestToxic writes while the network is at fault: each Update ends by itself,
// and says whether it is stored, is not, or that nobody knows. Afterwards the
// same store goes on, and check finds no difference.
func TestToxic(t *testing.T) {
	api := os.Getenv("TOXIPROXY_URL")
	toxiproxytest.Each(t, api, func(t *testing.T, fault toxiproxytest.Fault) {
		s := openTest(t)
		mustAdd(t, s.Store, "0")
		u, err := url.Parse(s.database.App)
		if err != nil {
			t.Fatal(err)
		}
		proxy := toxiproxytest.New(t, api, "pg-"+strings.Trim(u.Path, "/"), u.Host)
		u.Host = proxy.Address
		o := s.options
		o.Statement, o.Lock = time.Second, time.Second
		through := reopen(t, u.String(), o)
		proxy.Begin(fault)
		known, unknown := int64(2), int64(0)
		for n := range 4 {
			switch err := addSoon(t, through, fmt.Sprintf("during %d", n)); {
			case err == nil:
				known++
			case errors.Is(err, evidence.ErrOutcome):
				unknown++
			case !errors.Is(err, evidence.ErrUnavailable):
				t.Errorf("got %v, want ErrUnavailable or ErrOutcome", err)
			}
		}
		proxy.End(fault)
		for n := range 2 {
			// Connections that were opened during the fault may still end.
			err := addSoon(t, through, fmt.Sprintf("after %d", n))
			for range 3 {
				if err == nil || !errors.Is(err, evidence.ErrUnavailable) {
					break
				}
				err = addSoon(t, through, fmt.Sprintf("after %d", n))
			}
			if err != nil {
				t.Errorf("when the fault was over: %v", err)
				continue
			}
			known++
		}
		t.Logf("%d leaves, and %d of which nobody knew", known, unknown)
		report, err := evidence.Check(t.Context(), s.Store, everything, testBook, s.options.Sequencer.Key.PublicKey(), diskOf(t), evidence.CheckOptions{})
		if err != nil || len(report.Ledger)+len(report.Evidence) > 0 {
			t.Errorf("check: %v %v and %v", report.Ledger, report.Evidence, err)
		}
		if report.Entries < known || report.Entries > known+unknown {
			t.Errorf("got %d leaves, want %d to %d", report.Entries, known, known+unknown)
		}
	})
}

// addSoon fails the test when an Update does not end by itself.
func addSoon(t *testing.T, s *Store, id string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := add(ctx, s, id)
	if ctx.Err() != nil {
		t.Errorf("an Update did not end by itself: %v", err)
	}
	return err
}
