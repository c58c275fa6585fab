package text_test

import (
	"fmt"
	"os"
	"testing"

	"minhchung/evidence/text"
	"minhchung/evidence/text/office"
	"minhchung/evidence/text/pdfium"
)

const childArgument = "text-worker-child"

// TestMain is also the child's program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if err := text.Main(os.Stdin, os.Stdout, engines()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	code := m.Run()
	if cacheDir != "" {
		os.RemoveAll(cacheDir)
	}
	os.Exit(code)
}

func engines() text.Engines {
	return text.Engines{
		PDF:    func(cache string) (text.PDFEngine, error) { return pdfium.Open(pdfium.Config{CacheDir: cache}) },
		Office: func() text.OfficeEngine { return office.Reader{} },
	}
}

// cacheDir keeps the compiled engine for all tests of one run.
var cacheDir string

func testPool(t testing.TB, change func(*text.Config)) *text.Pool {
	t.Helper()
	if cacheDir == "" {
		dir, err := os.MkdirTemp("", "pdfium")
		if err != nil {
			t.Fatal(err)
		}
		cacheDir = dir
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := text.Config{Command: []string{exe, childArgument}, CacheDir: cacheDir, Workers: 1}
	if change != nil {
		change(&cfg)
	}
	pool, err := text.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}
