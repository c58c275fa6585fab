package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"minhchung/evidence/text/pdfium"
)

// cacheVariable names the folder with compiled code of the text readers.
const cacheVariable = "MINHCHUNG_CACHE"

// sharedCache compiles the text engine once for all data directories of a test
// run: under the race detector it takes a minute of a processor, longer than a
// page may take to be drawn. A folder that has the code already is taken as it
// is. Another program for children keeps code of its own there.
var sharedCache = sync.OnceValues(func() (string, error) {
	dir := os.Getenv(cacheVariable)
	if os.Getenv(programVariable) != "" {
		return dir, nil
	}
	engine, err := pdfium.Open(pdfium.Config{CacheDir: dir})
	if err != nil {
		return "", err
	}
	return dir, engine.Close()
})

// cleaned gives the tests a common cache, if there is none yet, and a folder for
// fixtures, and removes what it made behind them.
type cleaned struct{ m *testing.M }

func (c cleaned) Run() int {
	dir, err := os.MkdirTemp("", "minhchung-test-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) // a folder of the system's for such things
	fixtures = dir
	if os.Getenv(cacheVariable) == "" {
		if err := os.Setenv(cacheVariable, filepath.Join(dir, "cache")); err != nil {
			panic(err)
		}
	}
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
