package meili

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/evidence/text"
	"minhchung/ledger"
	"minhchung/search"
	"minhchung/search/meili/meilitest"
)

var (
	outageScope = evidence.Scope{All: true, Actor: "test"}
	outageBook  = evidence.BookID{Unit: "xa-thu", Period: "2022"}
)

// town is a store, and a search server that can be stopped and started again.
type town struct {
	t        *testing.T
	store    *sqlite.Store
	public   ledger.PublicKey
	objects  *disk.Store
	server   *meilitest.Double
	finder   *search.Resilient
	follower *search.Follower
	opened   *Index
}

func newTown(t *testing.T) *town {
	t.Helper()
	server, c := onDouble(t)
	return newTownAt(t, server, c)
}

func newTownAt(t *testing.T, server *meilitest.Double, c Config) *town {
	t.Helper()
	w := &town{t: t, server: server}
	dir := t.TempDir()
	key, err := ledger.GenerateKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	w.public = key.PublicKey()
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: key}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.objects, err = disk.Open(filepath.Join(dir, "objects"), disk.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.objects.Close() })
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
	body := fmt.Append(nil, "document ", n)
	sha := signature.HashOf(body)
	if err := w.objects.Put(w.t.Context(), object.Key{Unit: string(outageBook.Unit), SHA256: sha}, int64(len(body)), bytes.NewReader(body)); err != nil {
		w.t.Fatal(err)
	}
	w.append(evidence.DocumentReceived{SHA256: sha, Size: int64(len(body)), Name: fmt.Sprint(n, ".pdf")},
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

// find asks for what all documents say.
func (w *town) find() search.Answer {
	w.t.Helper()
	q, err := search.Parse("kế hoạch cải cách")
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := w.finder.Search(w.t.Context(), outageScope, search.Request{Query: q, Strict: true})
	if err != nil {
		w.t.Error(err)
	}
	return a
}

func (w *town) wantPages(what string, total int, degraded bool) {
	w.t.Helper()
	if a := w.find(); a.Total != total || a.Degraded != degraded {
		w.t.Errorf("%s: got %d pages, degraded %v, want %d, %v", what, a.Total, a.Degraded, total, degraded)
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
		w.server.Stop()
		n++
		w.receive(n)
		if err := w.follower.Catch(t.Context(), outageBook); !errors.Is(err, search.ErrAway) {
			t.Errorf("got %v of a server that is down, want ErrAway", err)
		}
		w.wantPages("down", n, true)
		if lost {
			w.server.Lose()
		}
		w.server.Start()
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
	w.server.Lose()
	w.wantPages("lost", 1, true)
	if err := w.follower.Catch(t.Context(), outageBook); err != nil {
		t.Fatal(err)
	}
	w.wantPages("made anew", 1, false)
}
