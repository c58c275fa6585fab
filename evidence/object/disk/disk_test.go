package disk

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/object/objecttest"
	"minhchung/evidence/signature"
)

func openTest(t testing.TB, folder string) *Store {
	t.Helper()
	s, err := Open(folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func pathOf(s *Store, key object.Key) string {
	_, name, _ := place(key)
	return filepath.Join(s.root.Name(), filepath.FromSlash(name))
}

func TestConformance(t *testing.T) {
	objecttest.Run(t, objecttest.Harness{
		Open:   func(t *testing.T) object.Store { return openTest(t, t.TempDir()) },
		Reopen: func(t *testing.T, s object.Store) object.Store { return openTest(t, s.(*Store).root.Name()) },
		Corrupt: func(t *testing.T, s object.Store, key object.Key, cut bool) {
			name := pathOf(s.(*Store), key)
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if cut {
				b = b[:len(b)-1]
			} else {
				b[len(b)/2] ^= 1
			}
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	})
}

var body = []byte("Báo cáo số 32/BC-UBND")

func testKey() object.Key {
	return object.Key{Unit: "xa-thu", SHA256: signature.HashOf(body)}
}

// nothingLeft checks that neither an object nor a temporary file is there.
func nothingLeft(t *testing.T, s *Store) {
	t.Helper()
	err := fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left behind: %s", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFailuresLeaveNothingAndAreReported(t *testing.T) {
	broken := fmt.Errorf("injected: %w", syscall.EIO)
	cases := map[string]func(o *operations){
		"fsync of the file": func(o *operations) { o.syncFile = func(*os.File) error { return broken } },
		"rename":            func(o *operations) { o.rename = func(*os.Root, string, string) error { return broken } },
		"fsync of the unit": func(o *operations) { failSync(o, ".", broken) },
		"fsync of ab":       func(o *operations) { failSync(o, "xa-thu", broken) },
		"fsync of the name": func(o *operations) { failSync(o, "xa-thu/"+testKey().SHA256.String()[:2], broken) },
		"rename that took effect": func(o *operations) {
			rename := o.rename
			o.rename = func(root *os.Root, from, to string) error { return errors.Join(rename(root, from, to), broken) }
		},
	}
	for name, breakIt := range cases {
		t.Run(name, func(t *testing.T) {
			s := openTest(t, t.TempDir())
			sound := s.ops
			breakIt(&s.ops)
			err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body))
			if !errors.Is(err, broken) {
				t.Errorf("got %v, want the injected error", err)
			}
			if runtime.GOOS != "windows" && !errors.Is(err, evidence.ErrFull) {
				t.Errorf("got %v, want evidence.ErrFull", err)
			}
			if name != "rename that took effect" { // a whole object may be there, a part never
				nothingLeft(t, s)
			}
			s.ops = sound
			if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); err != nil {
				t.Errorf("Put after the failure: %v", err)
			}
		})
	}
}

func failSync(o *operations, dir string, err error) {
	sync := o.syncDir
	o.syncDir = func(root *os.Root, d string) error {
		if d == dir {
			return err
		}
		return sync(root, d)
	}
}

func TestASecondPutDoesNotTrustAnUnsyncedName(t *testing.T) {
	s := openTest(t, t.TempDir())
	if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("injected")
	s.ops.syncDir = func(*os.Root, string) error { return broken }
	if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); !errors.Is(err, broken) {
		t.Errorf("got %v, want the injected error: the name may not be durable", err)
	}
	if n, err := s.Stat(t.Context(), testKey()); err != nil || n != int64(len(body)) {
		t.Errorf("the older object: got %d and %v", n, err)
	}
}

func TestDurabilityOrder(t *testing.T) {
	s := openTest(t, t.TempDir())
	var calls []string
	o := s.ops
	s.ops = operations{
		syncFile: func(f *os.File) error { calls = append(calls, "file"); return o.syncFile(f) },
		rename: func(r *os.Root, from, to string) error {
			calls = append(calls, "rename")
			return o.rename(r, from, to)
		},
		syncDir: func(r *os.Root, d string) error { calls = append(calls, d); return o.syncDir(r, d) },
	}
	if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	ab := "xa-thu/" + testKey().SHA256.String()[:2]
	if got, want := fmt.Sprint(calls), fmt.Sprint([]string{"file", ".", "xa-thu", "rename", ab}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOpenRemovesOldTemporaryFilesOnly(t *testing.T) {
	folder := t.TempDir()
	s := openTest(t, folder)
	for name, age := range map[string]time.Duration{"old": 2 * time.Hour, "new": time.Minute} {
		file := filepath.Join(folder, temporary, name)
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	openTest(t, folder)
	files, _ := os.ReadDir(filepath.Join(folder, temporary))
	if len(files) != 1 || files[0].Name() != "new" {
		t.Errorf("got %v, want only the new one", files)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	s := openTest(t, filepath.Join(t.TempDir(), "objects"))
	if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(fileMode)
		if d.IsDir() {
			want = dirMode
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", name, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingLeadsOutOfTheFolder(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	s := openTest(t, folder)
	if err := os.Symlink(outside, filepath.Join(folder, "xa-thu")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); err == nil {
		t.Error("Put through a symbolic link: got no error")
	}
	files, _ := os.ReadDir(outside)
	if len(files) != 0 {
		t.Errorf("written outside: %v", files)
	}
}

func TestLimit(t *testing.T) {
	s, err := Open(t.TempDir(), Options{MaxBytes: int64(len(body)) - 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Put(t.Context(), testKey(), int64(len(body)), bytes.NewReader(body)); !errors.Is(err, object.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	nothingLeft(t, s)
}

// BenchmarkPut compares Put of 100 kB with its floor: write and fsync of the
// same bytes into one file of the same folder.
func BenchmarkPut(b *testing.B) {
	data := make([]byte, 100_000)
	rand.Read(data)
	b.Run("floor", func(b *testing.B) {
		folder := b.TempDir()
		b.SetBytes(int64(len(data)))
		for i := range b.N {
			f, err := os.Create(filepath.Join(folder, fmt.Sprint(i)))
			if err != nil {
				b.Fatal(err)
			}
			f.Write(data)
			if err := errors.Join(f.Sync(), f.Close()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Put", func(b *testing.B) {
		s := openTest(b, b.TempDir())
		b.SetBytes(int64(len(data)))
		for i := range b.N {
			copy(data, fmt.Sprintf("%016d", i))
			key := object.Key{Unit: "xa-thu", SHA256: signature.HashOf(data)}
			if err := s.Put(b.Context(), key, int64(len(data)), bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Something else in a file's place is damage of that file: check names it and
// goes on, instead of giving up as with a disk that does not answer.
func TestFolderInPlaceOfFile(t *testing.T) {
	s := openTest(t, t.TempDir())
	key := object.Key{Unit: "xa-a", SHA256: signature.HashOf(body)}
	if err := os.MkdirAll(pathOf(s, key), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("got %v, want %v", err, object.ErrCorrupt)
	}
}
