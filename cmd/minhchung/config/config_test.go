package config

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
)

func openFor(t *testing.T, data string, mode Mode) *Session {
	t.Helper()
	s, err := Open(context.Background(), Config{Data: data}, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// makeData leaves an empty data directory behind, as after a first command.
func makeData(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	if err := openFor(t, data, Write).Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadingWithoutData(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, data string
		mode       Mode
		want       error
	}{
		{"missing", filepath.Join(dir, "missing"), Read, ErrNoData},
		{"empty", dir, Read, ErrNoData},
		{"file", file, Read, ErrNotDirectory},
		{"file to write", file, Write, ErrNotDirectory},
	}
	for _, test := range tests {
		if _, err := Open(context.Background(), Config{Data: test.data}, test.mode); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); err == nil {
		t.Error("reading made a data directory")
	}
}

func TestReadBesideTheHolder(t *testing.T) {
	data := makeData(t)
	w, r := openFor(t, data, Write), openFor(t, data, Read)
	if w.Public != r.Public || r.Key != nil || w.Key == nil {
		t.Errorf("got keys %v and %v, want one public key for both and the private one for the writer", w.Public, r.Public)
	}
	book := evidence.BookID{Unit: "u", Period: "2022"}
	got := r.Origin(book)
	if got != w.Origin(book) || !strings.HasPrefix(got, "office-") || !strings.HasSuffix(got, "/u/2022") {
		t.Errorf("got origins %q and %q, want the same one, named after the key", got, w.Origin(book))
	}
	other := openFor(t, makeData(t), Read)
	if other.Origin(book) == got {
		t.Errorf("two installations: got the same origin %q for both", got)
	}
	named, err := Open(context.Background(), Config{Data: makeData(t), Host: "example.vn"}, Read)
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	if got, want := named.Origin(book), "example.vn/u/2022"; got != want {
		t.Errorf("configured: got origin %q, want %q", got, want)
	}
}

func TestDataDirectoryIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits; the folder inherits the user's access list")
	}
	data := filepath.Join(t.TempDir(), "data")
	openFor(t, data, Write)
	for name, want := range map[string]os.FileMode{
		".": 0o700, "keys": 0o700, "objects": 0o700, "spool": 0o700,
		"lock": 0o600, "holder.sock": 0o600, "minhchung.db": 0o600, "keys/ledger.key": 0o600,
	} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", name, got, want)
		}
	}
}

// A socket that nobody listens on, and an address that leads nowhere, are
// what a power cut leaves.
func TestStaleSocketIsReplaced(t *testing.T) {
	data := makeData(t)
	path := filepath.Join(data, "holder.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := os.WriteFile(filepath.Join(data, "holder"), []byte("/nowhere/at/all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "spool", "left"), []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openFor(t, data, Write)
	if _, err := os.Stat(filepath.Join(s.Spool, "left")); err == nil {
		t.Error("the spool keeps what a dead holder left")
	}
	s.Serve(sayHandler)
	expectForwarded(t, data)
}

func TestLongPathGetsAnotherSocket(t *testing.T) {
	data := filepath.Join(t.TempDir(), strings.Repeat("a-long-name/", 12))
	s := openFor(t, data, Write)
	s.Serve(sayHandler)
	address, err := os.ReadFile(filepath.Join(data, "holder"))
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.TrimSpace(string(address))
	if len(socket) > maxSocketPath {
		t.Errorf("got a socket path of %d bytes, want at most %d", len(socket), maxSocketPath)
	}
	expectForwarded(t, data)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Dir(socket), filepath.Join(data, "holder")} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left after the end", path)
		}
	}
	openFor(t, data, Write)
}

func TestMissingKeyIsNeverReplaced(t *testing.T) {
	data := makeData(t)
	if err := os.Remove(filepath.Join(data, "keys", "ledger.key")); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Read, Write} {
		if _, err := Open(context.Background(), Config{Data: data}, mode); !errors.Is(err, ErrNoKey) {
			t.Errorf("mode %d: got %v, want %v", mode, err, ErrNoKey)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "keys", "ledger.key")); err == nil {
		t.Error("a new key was made for an old ledger")
	}
}

func TestNewerDataIsRefused(t *testing.T) {
	data := makeData(t)
	db, err := sql.Open("sqlite", filepath.Join(data, "minhchung.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, mode := range []Mode{Read, Write} {
		if _, err := Open(context.Background(), Config{Data: data}, mode); !errors.Is(err, evidence.ErrNewer) {
			t.Errorf("mode %d: got %v, want %v", mode, err, evidence.ErrNewer)
		}
	}
}

// An error while opening must let go of what was taken.
func TestFailedOpenLetsGoOfTheLock(t *testing.T) {
	data := makeData(t)
	key := filepath.Join(data, "keys", "ledger.key")
	saved, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Config{Data: data}, Write); err == nil {
		t.Fatal("got no error")
	}
	if err := os.WriteFile(key, saved, 0o600); err != nil {
		t.Fatal(err)
	}
	openFor(t, data, Write)
}

// Somebody who connects and says nothing, or nonsense, must not keep the
// holder from ending.
func TestSilentAndRudeClients(t *testing.T) {
	data := makeData(t)
	s := openFor(t, data, Write)
	s.Serve(sayHandler)
	for _, words := range []string{"", "GET / HTTP/1.1\r\n\r\n", "C\xff\xff\xff\xff", "C\x00\x00\x00\x02no", "X\x00\x00\x00\x00"} {
		conn, err := dial(layout{data})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(words)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil { // one that waited for them would never return
		t.Error(err)
	}
}

func TestDefaults(t *testing.T) {
	if got := (Config{}).data(); got != DefaultData {
		t.Errorf("got %q, want %q", got, DefaultData)
	}
	w := Config{Workers: 3, FileTimeout: Duration(time.Second), FileMemory: 1 << 20, FileBytes: 7}.Worker([]string{"x"})
	if w.Workers != 3 || w.Timeout != time.Second || w.MemoryBytes != 1<<20 || w.FileBytes != 7 {
		t.Errorf("got %+v, want the configured limits", w)
	}
}

// Documents without their database are damage: a fresh ledger in its place
// would have the same name and key.
func TestDatabaseGone(t *testing.T) {
	for _, empty := range []bool{false, true} {
		data := makeData(t)
		if err := os.MkdirAll(filepath.Join(data, "objects", "xa-a", "00"), 0o700); err != nil {
			t.Fatal(err)
		}
		database := layout{data}.database()
		if err := os.Remove(database); err != nil {
			t.Fatal(err)
		}
		if empty {
			if err := os.WriteFile(database, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, mode := range []Mode{Read, Write} {
			if _, err := Open(context.Background(), Config{Data: data}, mode); !errors.Is(err, ErrNoDatabase) {
				t.Errorf("empty %v, mode %d: got %v, want %v", empty, mode, err, ErrNoDatabase)
			}
		}
	}
}

// addUnit writes to the ledger, once.
func addUnit(ctx context.Context, s *Session, id string) error {
	_, err := s.Store.Update(ctx, evidence.Scope{All: true, Actor: "test"}, evidence.RootBook, func(tx evidence.Tx) error {
		units, err := tx.Units(ctx)
		if err != nil {
			return err
		}
		for _, u := range units {
			if string(u.ID) == id {
				return nil // repeated: nothing to do
			}
		}
		_, err = tx.Append(ctx, evidence.UnitAdded{Unit: evidence.Unit{ID: evidence.UnitID(id), Name: "Xã Thử " + id}})
		return err
	})
	return err
}
