package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"minhchung/evidence"
	"minhchung/ledger"
)

func TestOpenRefusesLogins(t *testing.T) {
	s := openTest(t)
	for name, c := range map[string]struct {
		url  string
		role Role
		want string
	}{
		"a superuser":             {s.database.Admin, App, "row-level security"},
		"the owner":               {s.database.Owner, App, "owns"},
		"a follower as app":       {s.database.Follower, App, "member"},
		"an app as auditor":       {s.database.App, Auditor, "member"},
		"an app as app":           {s.database.App, App, ""},
		"a follower as follower":  {s.database.Follower, Follower, ""},
		"an auditor as auditor":   {s.database.Auditor, Auditor, ""},
		"an app without its role": {s.database.App, "", ""},
	} {
		got, err := Open(t.Context(), c.url, Options{Role: c.role})
		switch {
		case err == nil:
			got.Close()
			if c.want != "" {
				t.Errorf("%s was let in", name)
			}
		case c.want == "" || !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: got %v, want ErrUnsafe about %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "mctest@") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

// TestFollowersAndAuditors use the store as other roles do.
func TestFollowersAndAuditors(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	o := s.options
	o.Role = Follower
	follower := reopen(t, s.database.Follower, o)
	_, err := follower.Update(t.Context(), everything, evidence.RootBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.Anchored{Book: testBook, Size: 2})
		return err
	})
	if err != nil {
		t.Errorf("a follower anchors: %v", err)
	}
	if _, err := add(t.Context(), follower, "2"); !errors.Is(err, evidence.ErrReadOnly) {
		t.Errorf("a follower adds a row: got %v, want ErrReadOnly", err)
	}
	o.Role = Auditor
	auditor := reopen(t, s.database.Auditor, o)
	whole(t, auditor, 2)
	if _, err := add(t.Context(), auditor, "2"); !errors.Is(err, evidence.ErrReadOnly) {
		t.Errorf("an auditor adds a row: got %v, want ErrReadOnly", err)
	}
	whole(t, s.Store, 2)
}

func TestTLSOutsideThisMachine(t *testing.T) {
	for url, safe := range map[string]bool{
		"postgres://u@127.0.0.1/d":                                    true,
		"postgres://u@localhost/d?sslmode=disable":                    true,
		"postgres://u@[::1]/d":                                        true,
		"host=/run/postgresql user=u dbname=d":                        true,
		"postgres://u@db.tinh.example/d?sslmode=verify-full":          true,
		"postgres://u@db.tinh.example/d":                              false,
		"postgres://u@db.tinh.example/d?sslmode=disable":              false,
		"postgres://u@db.tinh.example/d?sslmode=prefer":               false,
		"postgres://u@db.tinh.example/d?sslmode=require":              false,
		"postgres://u@db.tinh.example/d?sslmode=verify-ca":            false,
		"postgres://u@127.0.0.1,db.tinh.example/d?sslmode=disable":    false,
		"postgres://u@192.0.2.7/d?sslmode=allow":                      false,
		"postgres://u@a.example,b.example:5433/d?sslmode=verify-full": true,
	} {
		_, err := connConfig(url)
		if safe != (err == nil) || err != nil && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: got %v, want safe %t", url, err, safe)
		}
		if _, err := poolConfig(url, Options{MaxConns: 1}); safe != (err == nil) {
			t.Errorf("pool of %s: got %v, want safe %t", url, err, safe)
		}
	}
}

func TestStandbys(t *testing.T) {
	for _, c := range []struct {
		standbys, commit, names string
		safe                    bool
	}{
		{"", "on", "", true},
		{"b", "on", "", false},
		{"b", "on", "b", true},
		{"b", "on", `"B"`, true},
		{"b", "remote_apply", "FIRST 1 (b, c)", true},
		{"c", "on", "FIRST 1 (b, c)", false},
		{"b c", "on", "FIRST 2 (b, c)", true},
		{"b c", "on", "2 (b, c, d)", true},
		{"b", "on", "ANY 1 (b, c)", false},
		{"b", "on", "ANY 2 (b, c)", true},
		{"b", "on", "ANY 1 (b)", true},
		{"b", "on", "*", false},
		{"b", "on", "b, c", true},
		{"c", "on", "b, c", false},
		{"b", "local", "b", false},
		{"b", "remote_write", "b", false},
		{"b", "off", "b", false},
		{"b", "on", "SOME 1 (b)", false},
		{"b", "on", "FIRST x (b)", false},
	} {
		err := coversStandbys(strings.Fields(c.standbys), c.commit, c.names)
		if c.safe != (err == nil) || err != nil && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestOpenRefusesSettings(t *testing.T) {
	s := openTest(t)
	if _, err := Open(t.Context(), s.database.App, Options{Standbys: []string{"b"}}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a replica the server does not know: got %v, want ErrUnsafe", err)
	}
	s.database.Exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`)
	if _, err := Open(t.Context(), s.database.App, Options{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("synchronous_commit off: got %v, want ErrUnsafe", err)
	}
}

func TestOpenRefusesDatabases(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		want       error
		migrated   error // by Migrate
	}{
		"a newer version":            {[]string{fmt.Sprintf(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)`, schemaVersion+1)}, evidence.ErrNewer, evidence.ErrNewer},
		"another program's database": {[]string{`DROP TABLE application`, `CREATE TABLE t (x int)`}, evidence.ErrForeign, evidence.ErrForeign},
		"another application id":     {[]string{`UPDATE application SET id = 7`}, evidence.ErrForeign, evidence.ErrForeign},
		"an empty database": {[]string{`DROP SCHEMA public CASCADE`, `CREATE SCHEMA public AUTHORIZATION mctest_owner`,
			`GRANT USAGE ON SCHEMA public TO PUBLIC`}, evidence.ErrOlder, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			s.database.Exec(t, c.statements...)
			if _, err := Open(t.Context(), s.database.App, Options{}); !errors.Is(err, c.want) {
				t.Errorf("Open: got %v, want %v", err, c.want)
			}
			if err := Migrate(t.Context(), s.database.Owner); !errors.Is(err, c.migrated) {
				t.Errorf("Migrate: got %v, want %v", err, c.migrated)
			}
			if c.migrated == nil {
				reopen(t, s.database.App, Options{})
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	_, err := Open(t.Context(), "postgres://u:geheim@127.0.0.1:1/d", Options{})
	if !errors.Is(err, evidence.ErrUnavailable) || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got %v, want ErrUnavailable and no password", err)
	}
	s := openTest(t)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Books(t.Context(), everything); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a closed store: got %v, want fs.ErrClosed", err)
	}
}

// TestOldServers is about what no server at hand says of itself.
func TestOldServers(t *testing.T) {
	for server, refused := range map[int]bool{90624: true, 130023: true, 140000: false, 180006: false} {
		if err := supported(server); errors.Is(err, ErrOldServer) != refused || !refused && err != nil {
			t.Errorf("%d: got %v, want it refused: %t", server, err, refused)
		}
	}
	if err := supported(130023); !strings.Contains(err.Error(), "13.23") || !strings.Contains(err.Error(), "14") {
		t.Errorf("got %v, want both versions named", err)
	}
}

// TestSchema compares the tables with the declared columns and the version
// with the newest migration.
func TestSchema(t *testing.T) {
	s := openTest(t)
	c := connect(t, s.database.Admin)
	for _, table := range evidence.Tables() {
		var got []evidence.Column
		rows, err := c.Query(t.Context(), `SELECT column_name::text, data_type::text, is_nullable::text, coalesce(collation_name::text, '')
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`, table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var name, kind, null, collation string
			if err := rows.Scan(&name, &kind, &null, &collation); err != nil {
				t.Fatal(err)
			}
			if null != "NO" || kind == "text" && collation != "C" {
				t.Errorf("table %s column %s: nullable %s, collation %q", table, name, null, collation)
			}
			if name != "book" && name != "key" {
				got = append(got, evidence.Column{Name: name, Integer: kind == "bigint"})
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(evidence.Columns(table)) {
			t.Errorf("table %s: got %v, want %v", table, got, evidence.Columns(table))
		}
	}
	files, _ := fs.Sub(migrations, "migrations")
	db, err := sql.Open("pgx", s.database.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		t.Fatal(err)
	}
	sources := p.ListSources()
	if got := sources[len(sources)-1].Version; got != schemaVersion {
		t.Errorf("newest migration: got %d, want schemaVersion %d", got, schemaVersion)
	}
}

func TestTextKeepsEverythingAndItsOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []string{"\x00", "\x01", "\x02", "a", "ế", "\x7f", "😀"}
	var all []string
	for range 2000 {
		var b strings.Builder
		for range rng.IntN(6) {
			b.WriteString(letters[rng.IntN(len(letters))])
		}
		all = append(all, b.String())
	}
	slices.Sort(all)
	for i, s := range all {
		e := escape(s)
		if strings.Contains(e, "\x00") || unescape(e) != s {
			t.Errorf("%q became %q and %q", s, e, unescape(e))
		}
		if i > 0 && (e < escape(all[i-1]) || (e == escape(all[i-1])) != (s == all[i-1])) {
			t.Errorf("%q and %q change their order as %q and %q", all[i-1], s, escape(all[i-1]), e)
		}
	}
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	err := s.View(t.Context(), everything, testBook, func(r evidence.Reader) error {
		for _, id := range []string{"\xff", "1\x00", "\x01"} {
			if _, err := r.Row(t.Context(), id); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("row %q: got %v, want fs.ErrNotExist", id, err)
			}
		}
		_, err := r.Row(t.Context(), "1")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestClock gives the server a clock of its own.
func TestClock(t *testing.T) {
	s := openTest(t)
	s.database.Exec(t, `CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql RETURN timestamptz '2031-02-03T04:05:06Z'`,
		`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$`)
	o := s.options
	done, err := add(t.Context(), reopen(t, s.database.App, o), "1")
	if err != nil || done.Head.At.Format(time.DateOnly) != "2031-02-03" {
		t.Errorf("got %v and %v, want the server's time", done.Head.At, err)
	}
	o.Sequencer = &ledger.Sequencer{Key: o.Sequencer.Key}
	o.Sequencer.Now = func() time.Time { return time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC) }
	done, err = add(t.Context(), reopen(t, s.database.App, o), "2")
	if err != nil || done.Head.At.Year() != 2032 {
		t.Errorf("got %v and %v, want the clock that was set", done.Head.At, err)
	}
	if _, err := add(t.Context(), reopen(t, s.database.App, s.options), "3"); !errors.Is(err, ledger.ErrClockBehind) {
		t.Errorf("a server that is a year behind: got %v, want ErrClockBehind", err)
	}
}

// TestWatch hears of books that other stores write, with and without LISTEN.
func TestWatch(t *testing.T) {
	for name, o := range map[string]Options{
		"listening": {PollEvery: time.Hour},
		"polling":   {PollEvery: 20 * time.Millisecond, ListenURL: "postgres://u@127.0.0.1:1/d"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			mustAdd(t, s.Store, "1")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			grown, err := reopen(t, s.database.App, o).Watch(ctx, everything)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if b := <-grown; b != testBook {
					t.Fatalf("got %v, want %v", b, testBook)
				}
				mustAdd(t, s.Store, "again")
			}
			cancel()
			for range grown { // closed when ctx ends
			}
			none, err := s.Watch(t.Context(), evidence.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			select {
			case b := <-none:
				t.Errorf("the zero scope hears of %v", b)
			case <-time.After(100 * time.Millisecond):
			}
		})
	}
}
