package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"minhchung/evidence/text/pdfium"
)

// cacheDir is a folder that the tests of one run have in common.
var cacheDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "minhchung-cache-*") })

// sharedCache is that folder with the compiled text engine in it: under the
// race detector compiling takes a minute of a processor, longer than a page
// may take to be drawn, and each data directory would do it again.
var sharedCache = sync.OnceValues(func() (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	engine, err := pdfium.Open(pdfium.Config{CacheDir: dir})
	if err != nil {
		return "", err
	}
	return dir, engine.Close()
})

// cleaned removes the shared folder behind the tests.
type cleaned struct{ m *testing.M }

func (c cleaned) Run() int {
	code := c.m.Run()
	if dir, err := cacheDir(); err == nil {
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
