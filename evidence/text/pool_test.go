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
	os.Exit(cached(m))
}

// cached runs the tests with one cache for all of them.
func cached(m *testing.M) int {
	if cacheDir = os.Getenv("MINHCHUNG_CACHE"); cacheDir == "" {
		dir, err := os.MkdirTemp("", "pdfium")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		cacheDir = dir
	}
	return m.Run()
}

func engines() text.Engines {
	return text.Engines{
		PDF:    func(cache string) (text.PDFEngine, error) { return pdfium.Open(pdfium.Config{CacheDir: cache}) },
		Office: func() text.OfficeEngine { return office.Reader{} },
	}
}

// cacheDir keeps the compiled engine for all tests of one run, or of several
// packages when MINHCHUNG_CACHE names it as it does for the program: to compile
// it takes a minute of a processor under the race detector.
var cacheDir string

// childCommand is the test binary, or the program that MINHCHUNG_PROGRAM names:
// under the race detector a child takes ten times as long, and it does one
// thing at a time.
func childCommand(t testing.TB) []string {
	t.Helper()
	if program := os.Getenv("MINHCHUNG_PROGRAM"); program != "" {
		return []string{program, "text-worker"}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{exe, childArgument}
}

func testPool(t testing.TB, change func(*text.Config)) *text.Pool {
	t.Helper()
	cfg := text.Config{Command: childCommand(t), CacheDir: cacheDir, Workers: 1}
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
