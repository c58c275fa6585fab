package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"minhchung/search"
	"minhchung/search/bleve"
)

// index is the search index of a session, opened when it is first needed.
type index struct {
	dir string

	mu     sync.Mutex
	opened search.Index // nil until then; guarded by mu
	// following lets one follower work at a time: the commands that this
	// process runs for others have followers too.
	following sync.Mutex
}

func (l layout) index() string { return filepath.Join(l.root, "index") }

// Index opens the search index (DATA/index), and makes it when it is missing.
// One that cannot be opened is made anew: it follows the ledger. Only the
// holder has it.
func (s *Session) Index() (search.Index, error) {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.opened != nil:
		return x.opened, nil
	case s.Key == nil:
		return nil, errors.New("opening the search index: the data directory is open for reading only")
	}
	opened, err := bleve.Open(x.dir)
	if err != nil {
		if removed := os.RemoveAll(x.dir); removed != nil {
			return nil, fmt.Errorf("opening the search index: %w", errors.Join(err, removed))
		}
		opened, err = bleve.Open(x.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the search index: %w", err)
	}
	x.opened = opened
	return opened, nil
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
	if x.opened == nil {
		return nil
	}
	err := x.opened.Close()
	x.opened = nil
	return err
}
