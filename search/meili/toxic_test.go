package meili

import (
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/toxiproxytest"
	"minhchung/search"
)

// TestToxic takes documents and searches while the network to the search server
// is at fault: nothing waits for it, searches are answered from the database.
// When the fault is over the index has all pages once, as one made anew, and
// check finds no difference in the ledger.
func TestToxic(t *testing.T) {
	api := os.Getenv("TOXIPROXY_URL")
	toxiproxytest.Each(t, api, func(t *testing.T, fault toxiproxytest.Fault) {
		server, c := onDouble(t)
		proxy := toxiproxytest.New(t, api, "meili-"+rand.Text(), strings.TrimPrefix(server.URL(), "http://"))
		c.URL, c.Client.Timeout = "http://"+proxy.Address, 1500*time.Millisecond
		w := newTownAt(t, server, c)
		w.receive(1)
		if err := w.follower.Catch(t.Context(), outageBook); err != nil {
			t.Fatal(err)
		}
		w.wantPages("before", 1, false)
		proxy.Begin(fault)
		n, degraded := 1, 0
		for range 3 {
			n++
			w.receive(n)
			caught := w.follower.Catch(t.Context(), outageBook)
			if caught != nil && !errors.Is(caught, search.ErrAway) {
				t.Errorf("got %v, want ErrAway", caught)
			}
			switch a := w.find(); {
			case a.Degraded:
				degraded++
				fallthrough // the database has all of them
			case caught == nil:
				if a.Total != n {
					t.Errorf("got %d pages, want %d", a.Total, n)
				}
			case a.Total < 1 || a.Total > n:
				t.Errorf("got %d pages of an index that is behind, want 1 to %d", a.Total, n)
			}
		}
		proxy.End(fault)
		t.Logf("%d of 3 searches were answered by the database", degraded)
		w.catchSoon()
		w.wantPages("after", n, false)
		if mended, err := w.follower.Reconcile(t.Context(), outageBook); err != nil || mended > 0 {
			t.Errorf("the index differs from the ledger in %d documents, %v", mended, err)
		}
		server.Lose()
		_ = w.follower.Catch(t.Context(), outageBook) // finds out
		w.catchSoon()
		w.wantPages("made anew", n, false)
		report, err := evidence.Check(t.Context(), w.store, outageScope, outageBook, w.public, w.objects, evidence.CheckOptions{})
		if err != nil || len(report.Ledger)+len(report.Evidence) > 0 {
			t.Errorf("check: %v %v and %v", report.Ledger, report.Evidence, err)
		}
	})
}

// catchSoon brings the index up to date; connections that were opened during a
// fault may still end.
func (w *town) catchSoon() {
	w.t.Helper()
	var err error
	for range 4 {
		if err = w.follower.Catch(w.t.Context(), outageBook); err == nil {
			return
		}
	}
	w.t.Errorf("when the fault was over: %v", err)
}
