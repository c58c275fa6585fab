package main

import (
	"os"
	"sync"
	"testing"

	"minhchung/evidence/text/pdfium"
)

// cacheVariable names the folder with compiled code of the text readers.
const cacheVariable = "MINHCHUNG_CACHE"

// sharedCache compiles the text engine once for all data directories of a test
// run: under the race detector it takes a minute of a processor, longer than a
// page may take to be drawn.
var sharedCache = sync.OnceValues(func() (string, error) {
	dir := os.Getenv(cacheVariable)
	engine, err := pdfium.Open(pdfium.Config{CacheDir: dir})
	if err != nil {
		return "", err
	}
	return dir, engine.Close()
})

// cleaned gives the tests a common cache and removes it behind them.
type cleaned struct{ m *testing.M }

func (c cleaned) Run() int {
	dir, err := os.MkdirTemp("", "minhchung-cache-*")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(cacheVariable, dir); err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) // a folder of the system's for such things
	return c.m.Run()
}

// compileReaders fills the common cache.
func compileReaders(t *testing.T) string {
	t.Helper()
	dir, err := sharedCache()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
