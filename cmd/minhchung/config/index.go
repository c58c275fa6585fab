package config

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"minhchung/search"
	"minhchung/search/bleve"
	"minhchung/search/meili"
)

// index is the search index of a session, opened when it is first needed.
type index struct {
	dir string

	mu     sync.Mutex
	opened search.Index // nil until then; guarded by mu
	ended  bool         // the session is closed; guarded by mu
	// following lets one follower work at a time: the commands that this
	// process runs for others have followers too.
	following sync.Mutex
}

func (l layout) index() string { return filepath.Join(l.root, "index") }

// Index opens the search index, DATA/index or that of the search server, and
// makes it when it is missing. A folder that cannot be opened is made anew: it follows the ledger. Only the
// holder has it.
func (s *Session) Index() (search.Index, error) {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.opened != nil:
		return x.opened, nil
	case x.ended: // whoever was about to open it is too late
		return nil, search.ErrClosed
	case s.Key == nil:
		return nil, errors.New("opening the search index: the data directory is open for reading only")
	}
	open := x.openFolder
	if s.Config.Search.Engine == engineMeili {
		open = s.Config.Search.Meili.open
	}
	opened, err := open()
	if err != nil {
		return nil, fmt.Errorf("opening the search index: %w", err)
	}
	x.opened = opened
	return opened, nil
}

// ForgetIndex closes an index that failed, unless that was done; the next Index
// opens another: a server may have come back without what it had.
func (s *Session) ForgetIndex(failed search.Index) {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.opened == failed && failed != nil {
		x.opened = nil
		_ = failed.Close() // it failed already
	}
}

func (x *index) openFolder() (search.Index, error) {
	opened, err := bleve.Open(x.dir)
	if err == nil {
		return opened, nil
	}
	if removed := os.RemoveAll(x.dir); removed != nil {
		return nil, errors.Join(err, removed)
	}
	return bleve.Open(x.dir)
}

// The limits of requests to the search server: to open the index, and for one
// request of many documents.
const (
	searchOpenTime    = 5 * time.Second
	searchRequestTime = time.Minute
)

func (m Meili) open() (search.Index, error) {
	key := ""
	if m.Key != "" {
		var err error
		if key, err = m.Key.read(); err != nil {
			return nil, &FileError{Code: CodeSecret, Key: "search.meili.key", Detail: err.Error()}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), searchOpenTime)
	defer cancel()
	return meili.Open(ctx, meili.Config{URL: m.URL, Key: key, Prefix: m.Prefix, Client: &http.Client{Timeout: searchRequestTime}})
}

// Follow runs fn while no other follower of this process works.
func (s *Session) Follow(fn func() error) error {
	s.index.following.Lock()
	defer s.index.following.Unlock()
	return fn()
}

func (x *index) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = true
	if x.opened == nil {
		return nil
	}
	err := x.opened.Close()
	x.opened = nil
	return err
}
