package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pressly/goose/v3"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

var testBook = evidence.BookID{Unit: "xa-thu", Period: "2022"}

// add appends a row, opening the book when it is new.
func add(ctx context.Context, s *Store, id string) (evidence.Commitment, error) {
	return s.Update(ctx, everything, testBook, func(tx evidence.Tx) error {
		if _, err := tx.Head(ctx); errors.Is(err, fs.ErrNotExist) {
			if _, err := tx.Append(ctx, evidence.Opened{Book: testBook}); err != nil {
				return err
			}
		}
		_, err := tx.Append(ctx, evidence.RowAdded{Row: evidence.Row{ID: id}})
		return err
	})
}

func mustAdd(t testing.TB, s *Store, id string) {
	t.Helper()
	if _, err := add(t.Context(), s, id); err != nil {
		t.Fatal(err)
	}
}

func sizeOf(t testing.TB, s *Store) (n int64) {
	t.Helper()
	err := s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
		head, err := r.Head(t.Context())
		n = head.Size
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func whole(t testing.TB, s *Store) {
	t.Helper()
	err := s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
		problems, err := ledger.Check(t.Context(), r, s.options.Sequencer.Key.PublicKey(), nil)
		if len(problems) > 0 {
			t.Errorf("the ledger has problems: %v", problems)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFailingCommit fails before and after COMMIT takes effect.
func TestFailingCommit(t *testing.T) {
	broken := errors.New("injected")
	t.Run("before", func(t *testing.T) {
		s := openTest(t)
		mustAdd(t, s, "1")
		s.commitHook = func(func() error) error { return broken }
		if _, err := add(t.Context(), s, "2"); !errors.Is(err, broken) || errors.Is(err, evidence.ErrOutcome) {
			t.Errorf("got %v, want the injected error and a known outcome", err)
		}
		s.commitHook = nil
		if got := sizeOf(t, s); got != 2 {
			t.Errorf("size: got %d, want 2", got)
		}
		mustAdd(t, s, "3")
		whole(t, s)
	})
	t.Run("after", func(t *testing.T) {
		s := openTest(t)
		mustAdd(t, s, "1")
		s.commitHook = func(commit func() error) error { return errors.Join(commit(), broken) }
		done, err := add(t.Context(), s, "2")
		if err != nil || done.Head.Size != 3 {
			t.Errorf("got %d and %v, want 3: reading again shows that it is committed", done.Head.Size, err)
		}
		s.commitHook = nil
		mustAdd(t, s, "3")
		if got := sizeOf(t, s); got != 4 {
			t.Errorf("size: got %d, want 4", got)
		}
		whole(t, s)
	})
	t.Run("unknown", func(t *testing.T) {
		s := openTest(t)
		mustAdd(t, s, "1")
		s.commitHook = func(commit func() error) error {
			s.reader.close() // and nobody can look
			return broken
		}
		if _, err := add(t.Context(), s, "2"); !errors.Is(err, evidence.ErrOutcome) || !errors.Is(err, broken) {
			t.Errorf("got %v, want ErrOutcome", err)
		}
	})
}

// TestFullDisk lets SQLite run out of pages in the middle of a transaction.
func TestFullDisk(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s, "1")
	limit := func(pages int) {
		err := s.writer.with(func(c *conn) error {
			_, err := c.c.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite takes the present size when it is larger
	_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		for i := range 10_000 {
			// The error is passed over: later writes must not commit alone.
			_, _ = tx.Append(t.Context(), evidence.RowAdded{Row: evidence.Row{ID: fmt.Sprint("full ", i)}})
		}
		return nil
	})
	if !errors.Is(err, evidence.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	limit(1 << 30)
	err = s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
		rows, err := r.Rows(t.Context())
		if len(rows) != 1 {
			t.Errorf("got %d rows, want the first one only", len(rows))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	mustAdd(t, s, "2")
	whole(t, s)
}

// with runs fn on a connection outside a transaction.
func (p *pool) with(fn func(c *conn) error) error {
	c, err := p.take(context.Background())
	if err != nil {
		return err
	}
	defer p.put(c)
	return fn(c)
}

// TestTwoProcesses lets two stores on one file append at the same time.
func TestTwoProcesses(t *testing.T) {
	a := openTest(t)
	b := reopen(t, pathOf(t, a), a.options)
	mustAdd(t, a, "first")
	errs := make(chan error)
	for i, s := range []*Store{a, b, a, b} {
		go func() {
			var err error
			for n := range 20 {
				_, e := add(t.Context(), s, fmt.Sprintf("%d-%d", i, n))
				err = errors.Join(err, e)
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := sizeOf(t, a); got != 82 {
		t.Errorf("size: got %d, want 82", got)
	}
	whole(t, b)
}

func TestRefuse(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s, "1")
	ledgertest.Refuse(t, func(fn func(ledger.Tx) error) error {
		c, err := s.writer.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.writer.rollback(c)
		if _, err := c.exec(t.Context(), "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		return fn(&book{Reader: relation.NewReader(c, everything, testBook), conn: c})
	})
	whole(t, s)
}

func exec(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want error // of a writing and of a read-only opening
	}{
		"a newer version": {func(t *testing.T, path string) {
			reopen(t, path, Options{}).Close()
			exec(t, path, fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)", schemaVersion+1))
		}, evidence.ErrNewer},
		"another program's database": {func(t *testing.T, path string) { exec(t, path, "CREATE TABLE t (x)") }, evidence.ErrForeign},
		"another application id": {func(t *testing.T, path string) {
			exec(t, path, "CREATE TABLE goose_db_version (x)")
			exec(t, path, "PRAGMA application_id = 7")
		}, evidence.ErrForeign},
		"no database": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("<html>this is a page, and more than a hundred bytes long so that SQLite reads a header from it</html>"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, evidence.ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a b%3f#?.db")
			c.make(t, path)
			before, _ := os.ReadFile(path)
			for _, o := range []Options{{}, {ReadOnly: true}} {
				s, err := Open(t.Context(), path, o)
				if !errors.Is(err, c.want) {
					t.Errorf("%+v: got %v, want %v", o, err, c.want)
				}
				if err == nil {
					s.Close()
				}
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the refused file was changed")
			}
		})
	}
}

func TestReadOnlyOpening(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), filepath.Join(dir, "none"), Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v, want fs.ErrNotExist", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), empty, Options{ReadOnly: true}); !errors.Is(err, evidence.ErrOlder) {
		t.Errorf("an empty file: got %v, want ErrOlder", err)
	}
	s := openTest(t)
	path := pathOf(t, s)
	mustAdd(t, s, "1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the closed store left its -wal file: %v", err)
	}
	if got := sizeOf(t, reopen(t, path, Options{ReadOnly: true})); got != 2 {
		t.Errorf("without -wal: got size %d, want 2", got)
	}
	// As immutable, as on a read-only medium (root may write everywhere, so a
	// read-only folder would not show it).
	if err := inspect(t.Context(), path, "immutable=1&mode=ro&"+readerPragmas); err != nil {
		t.Errorf("immutable: %v", err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("needs a user for whom a folder can be read-only")
	}
	s := openTest(t)
	path := pathOf(t, s)
	mustAdd(t, s, "1")
	s.Close()
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o700) })
	if got := sizeOf(t, reopen(t, path, Options{ReadOnly: true})); got != 2 {
		t.Errorf("got size %d, want 2", got)
	}
}

// TestSchema compares the tables with the declared columns and the version
// with the newest migration.
func TestSchema(t *testing.T) {
	s := openTest(t)
	for _, table := range evidence.Tables() {
		var got []evidence.Column
		err := s.reader.read(t.Context(), func(c *conn) error {
			return c.Each(t.Context(), func(scan relation.Scan) error {
				var name, kind string
				var notNull bool
				err := scan(&name, &kind, &notNull)
				if !notNull {
					t.Errorf("table %s column %s may be NULL", table, name)
				}
				if name != "book" && name != "key" {
					got = append(got, evidence.Column{Name: name, Integer: kind == "INTEGER"})
				}
				return err
			}, `SELECT name, type, "notnull" FROM pragma_table_info(?) ORDER BY cid`, table)
		})
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(evidence.Columns(table)) {
			t.Errorf("table %s: got %v, want %v", table, got, evidence.Columns(table))
		}
	}
	files, _ := fs.Sub(migrations, "migrations")
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		t.Fatal(err)
	}
	sources := p.ListSources()
	if got := sources[len(sources)-1].Version; got != schemaVersion {
		t.Errorf("newest migration: got %d, want schemaVersion %d", got, schemaVersion)
	}
}

func TestPragmas(t *testing.T) {
	s := openTest(t)
	err := s.writer.with(func(c *conn) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "application_id": fmt.Sprint(applicationID)} {
			var got string
			if err := c.Row(t.Context(), "PRAGMA "+pragma, nil, &got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s: got %s, want %s", pragma, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(pathOf(t, s)); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
		t.Errorf("mode: got %v and %v, want 0600", info.Mode(), err)
	}
}
