package meili

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/evidence/text"
	"minhchung/ledger"
	"minhchung/search"
)

var (
	outageScope = evidence.Scope{All: true, Actor: "test"}
	outageBook  = evidence.BookID{Unit: "xa-thu", Period: "2022"}
)

// town is a store, and a search server that can be stopped and started again
// at its address.
type town struct {
	t        *testing.T
	store    *sqlite.Store
	handler  http.Handler
	address  string
	server   *http.Server
	finder   *search.Resilient
	follower *search.Follower
	opened   *Index
}

func newTown(t *testing.T) *town {
	t.Helper()
	d, c := onDouble(t)
	w := &town{t: t, handler: d}
	dir := t.TempDir()
	key, err := ledger.GenerateKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: key}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	w.start("127.0.0.1:0")
	t.Cleanup(w.stop)
	c.URL, c.Client = "http://"+w.address, &http.Client{Transport: &http.Transport{}}
	t.Cleanup(c.Client.CloseIdleConnections)
	w.finder = &search.Resilient{
		Open: func() (search.Index, error) {
			if w.opened == nil {
				x, err := Open(context.Background(), c)
				if err != nil {
					return nil, err
				}
				w.opened = x
			}
			return w.opened, nil
		},
		Forget: func(search.Index) { w.opened = nil },
		Texts:  &search.Scanner{Store: w.store},
		Pause:  time.Nanosecond,
	}
	w.follower = &search.Follower{Store: w.store, Scope: outageScope, Index: w.finder}
	w.append(evidence.Opened{Book: outageBook})
	return w
}

func (w *town) start(address string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.address, w.server = listener.Addr().String(), &http.Server{Handler: w.handler}
	go func(s *http.Server) { _ = s.Serve(listener) }(w.server) // ends when it is closed
}

func (w *town) stop() { _ = w.server.Close() }

func (w *town) append(events ...evidence.Event) {
	w.t.Helper()
	_, err := w.store.Update(w.t.Context(), outageScope, outageBook, func(tx evidence.Tx) error {
		_, err := tx.Append(w.t.Context(), events...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// receive takes a document whose text was read.
func (w *town) receive(n int) {
	w.t.Helper()
	sha := signature.HashOf(fmt.Append(nil, "document ", n))
	w.append(evidence.DocumentReceived{SHA256: sha, Size: 1, Name: fmt.Sprint(n, ".pdf")},
		evidence.FactsRead{Facts: signature.Facts{SHA256: sha}},
		evidence.VerdictReached{Document: sha, Verdict: signature.Verdict{Result: signature.ResultUnsigned}})
	content, err := json.Marshal(text.Extraction{Pages: []text.Page{{Number: 1, Text: "kế hoạch cải cách"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	kept := evidence.Kept{Texts: []evidence.DocumentText{{Document: sha, Reader: "r/1", Content: content}}}
	if err := w.store.Keep(w.t.Context(), outageScope, outageBook, kept); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) wantPages(what string, total int, degraded bool) {
	w.t.Helper()
	q, err := search.Parse("kế hoạch cải cách")
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := w.finder.Search(w.t.Context(), outageScope, search.Request{Query: q, Strict: true})
	if err != nil || a.Total != total || a.Degraded != degraded {
		w.t.Errorf("%s: got %d pages, degraded %v, %v, want %d, %v", what, a.Total, a.Degraded, err, total, degraded)
	}
}

// TestServerStopsAndStarts: documents come and searches are answered while the
// server is down, and it is brought up to date when it is back, with what it
// had or without.
func TestServerStopsAndStarts(t *testing.T) {
	w := newTown(t)
	n := 0
	for _, lost := range []bool{false, true} {
		n++
		w.receive(n)
		if err := w.follower.Catch(t.Context(), outageBook); err != nil {
			t.Fatal(err)
		}
		w.wantPages("up", n, false)
		w.stop()
		n++
		w.receive(n)
		if err := w.follower.Catch(t.Context(), outageBook); !errors.Is(err, search.ErrAway) {
			t.Errorf("got %v of a server that is down, want ErrAway", err)
		}
		w.wantPages("down", n, true)
		if lost {
			d := w.handler.(*double)
			d.mu.Lock()
			clear(d.indexes)
			d.mu.Unlock()
		}
		w.start(w.address)
		if err := w.follower.Catch(t.Context(), outageBook); err != nil {
			t.Fatal(err)
		}
		w.wantPages("up again", n, false)
	}
}

// TestIndexLostWhileOpen: the server never stopped, but somebody deleted the
// index. The failure makes it anew.
func TestIndexLostWhileOpen(t *testing.T) {
	w := newTown(t)
	w.receive(1)
	if err := w.follower.Catch(t.Context(), outageBook); err != nil {
		t.Fatal(err)
	}
	d := w.handler.(*double)
	d.mu.Lock()
	clear(d.indexes)
	d.mu.Unlock()
	w.wantPages("lost", 1, true)
	if err := w.follower.Catch(t.Context(), outageBook); err != nil {
		t.Fatal(err)
	}
	w.wantPages("made anew", 1, false)
}
