package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// sharedCache is a folder for the compiled text engine that the tests of one
// run have in common: under the race detector compiling takes a minute of a
// processor, and each data directory would do it again.
var sharedCache = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "minhchung-cache-*") })

// cleaned removes the shared folder behind the tests.
type cleaned struct{ m *testing.M }

func (c cleaned) Run() int {
	code := c.m.Run()
	if dir, err := sharedCache(); err == nil {
		_ = os.RemoveAll(dir) // a folder of the system's for such things
	}
	return code
}

// shareCache lets a data directory use the common cache. Where links are not
// allowed it keeps its own.
func shareCache(t *testing.T, data string) {
	t.Helper()
	dir, err := sharedCache()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(data, "cache")); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Logf("no common cache: %v", err)
	}
}
