package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/search"
)

var errNoIndex = errors.New("no route to the index")

// serveWithout serves a data directory in this process, with an index that is
// away until there is set.
func serveWithout(t *testing.T, data string, there *atomic.Bool) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var notes bytes.Buffer
	e := &env{Stdout: in, Stderr: &notes, JSON: true, Lang: message.Vietnamese, Data: data}
	held, err := hold(ctx, e, holdTime)
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(held)
	s.finder.Open = func() (search.Index, error) {
		if !there.Load() {
			return nil, errNoIndex
		}
		return held.Index()
	}
	ended := make(chan error, 1)
	go func() {
		err := servePages(ctx, e, s, "127.0.0.1:0")
		_ = in.CloseWithError(io.EOF)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, held.Close()); err != nil {
			t.Errorf("serving: %v: %s", err, &notes)
		}
	})
	var first struct{ Address string }
	if err := json.NewDecoder(out).Decode(&first); err != nil {
		t.Fatal(err)
	}
	return &served{t: t, address: first.Address, ended: true} // no process to kill
}

// TestServeWithoutIndex uploads and searches while the index is away; when it
// is back, it catches up by itself.
func TestServeWithoutIndex(t *testing.T) {
	data, d := emptyOffice(t)
	var there atomic.Bool
	s := serveWithout(t, data, &there)
	body, contentType := formBody(t, allFiles(t, d)[:4]...)
	res, err := http.Post(fmt.Sprintf("%sunits/%s/%s/documents", s.address, d.Unit.ID, d.Period), contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("got %d of an upload without an index", res.StatusCode)
	}
	const notice, whole = "Đang tra cứu tạm trong cơ sở dữ liệu", ": đủ."
	s.await("search?q=u*", func(page string) bool {
		return strings.Contains(page, notice) && strings.Contains(page, whole) && strings.Contains(page, "<h2 id=\"results\">")
	})
	there.Store(true)
	page := s.await("search?q=u*", func(page string) bool {
		return !strings.Contains(page, notice) && strings.Contains(page, whole)
	})
	if !strings.Contains(page, "<h2 id=\"results\">") {
		t.Errorf("got no hits of the index that caught up:\n%s", page)
	}
}

// refusing is an index that refuses the batches of one book.
type refusing struct {
	search.Index
	book evidence.BookID
	on   *atomic.Bool
}

func (x refusing) Apply(ctx context.Context, b search.Batch) error {
	if _, ok := b.Cursors[x.book]; ok && x.on.Load() {
		return errNoIndex
	}
	return x.Index.Apply(ctx, b)
}

// TestOneBookDoesNotStopOthers follows books of which the index refuses one.
func TestOneBookDoesNotStopOthers(t *testing.T) {
	data, d := emptyOffice(t)
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Lang: message.Vietnamese, Data: data}
	books := []evidence.BookID{{Unit: d.Unit.ID, Period: "2031"}, {Unit: d.Unit.ID, Period: "2032"}, {Unit: d.Unit.ID, Period: "2033"}}
	err := withStore(t.Context(), e, func(ctx context.Context, s *session) error {
		for _, book := range books {
			_, err := s.Store.Update(ctx, s.Scope, book, func(tx evidence.Tx) error {
				_, err := tx.Append(ctx, evidence.Opened{Book: book})
				return err
			})
			if err != nil {
				return err
			}
		}
		var on atomic.Bool
		on.Store(true)
		s.finder.Open = func() (search.Index, error) {
			index, err := s.Index()
			return refusing{index, books[0], &on}, err
		}
		s.finder.Forget = nil
		var p followed
		away, err := s.followGrown(ctx, e, &p)
		if err != nil || !errors.Is(away, search.ErrAway) {
			t.Errorf("got %v and %v, want one book refused", away, err)
		}
		covered := func() int {
			cursors, err := s.finder.Cursors(ctx)
			if err != nil {
				t.Error(err)
			}
			return len(cursors)
		}
		if n := covered(); n != len(books) { // the imported one, and these but for the first
			t.Errorf("got %d books in the index, want %d", n, len(books))
		}
		on.Store(false)
		if away, err := s.followGrown(ctx, e, &p); away != nil || err != nil {
			t.Errorf("got %v and %v of the next time", away, err)
		}
		if n := covered(); n != len(books)+1 {
			t.Errorf("got %d books in the index, want all", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// await asks for a page until it is as it shall be, or the test's time is out.
func (s *served) await(path string, done func(string) bool) string {
	s.t.Helper()
	for {
		code, page := s.get(path)
		if code != http.StatusOK {
			s.t.Fatalf("got %d: %s", code, page)
		}
		if done(page) {
			return page
		}
		time.Sleep(50 * time.Millisecond)
	}
}
