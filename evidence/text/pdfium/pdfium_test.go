package pdfium

import (
	"os"
	"path/filepath"
	"testing"

	"minhchung/evidence/racetest"
)

// A cache that was cut or overwritten costs time and nothing else. It begins as
// a copy of the one that MINHCHUNG_CACHE names, if there is one.
func TestDamagedCache(t *testing.T) {
	if testing.Short() || racetest.Enabled {
		t.Skip("compiles the engine three times: deploy/test.sh runs this without the race detector")
	}
	dir := filepath.Join(t.TempDir(), "cache")
	if warm := os.Getenv("MINHCHUNG_CACHE"); warm != "" {
		if err := os.CopyFS(dir, os.DirFS(warm)); err != nil {
			t.Fatal(err)
		}
	}
	open := func() {
		t.Helper()
		e, err := Open(Config{CacheDir: dir})
		if err != nil {
			t.Fatalf("got %v, want an engine", err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	open()
	for name, damage := range map[string]func(b []byte) []byte{
		"noise": func(b []byte) []byte { return []byte("this is no compiled module") },
		"code":  func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
	} {
		files := 0
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, damage(b), 0o600)
		})
		if err != nil || files == 0 {
			t.Fatalf("%s: damaged %d files, %v", name, files, err)
		}
		open()
	}
}
