// Package postgrestest gives tests databases of their own on a real PostgreSQL
// server: the one that PG_URL names, or a private one when Debian's binaries
// are there.
package postgrestest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Server is a PostgreSQL server for the tests of one process. It speaks through
// the database/sql driver "pgx", which package postgres registers.
type Server struct {
	// Migrate is postgres.Migrate, which this package cannot import: the tests
	// of package postgres use it.
	Migrate func(ctx context.Context, url string) error
	// URL logs in as a superuser to any database of the server; empty starts a
	// private server.
	URL string

	once     sync.Once
	err      error
	stop     func()
	template string
	count    atomic.Int64
}

// Database is an empty, migrated database and the logins for it.
type Database struct {
	Admin    string // superuser
	Owner    string // of the tables
	App      string
	Follower string
	Auditor  string
}

// logins are made once on a server, all with the password below.
var logins = map[string]string{"mctest_owner": "", "mctest_app": "minhchung_app", "mctest_follower": "minhchung_follower", "mctest_auditor": "minhchung_auditor"}

const password = "mctest"

// Main runs the tests of m, then Stop, and returns the exit code.
func (s *Server) Main(m *testing.M) int {
	defer s.Stop()
	return m.Run()
}

// Stop removes what the tests have left on the server, and ends a private one.
func (s *Server) Stop() {
	if s.template != "" {
		_ = s.exec(context.Background(), `DROP DATABASE IF EXISTS `+s.template+` WITH (FORCE)`)
	}
	if s.stop != nil {
		s.stop()
	}
}

// Open returns a new database. Without a server the test is skipped and says
// why.
func (s *Server) Open(tb testing.TB) Database {
	tb.Helper()
	s.once.Do(s.start)
	if s.err != nil {
		tb.Skipf("no PostgreSQL server: set PG_URL to a superuser's URL or install Debian's postgresql: %v", s.err)
	}
	ctx := context.Background()
	name := fmt.Sprintf("%s_%d", s.template, s.count.Add(1))
	if err := s.exec(ctx, `CREATE DATABASE `+name+` TEMPLATE `+s.template+` OWNER mctest_owner`); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.exec(ctx, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			tb.Errorf("removing the test database: %v", err)
		}
	})
	return s.database(name)
}

func (s *Server) database(name string) Database {
	at := func(user string) string {
		u, _ := url.Parse(s.URL) // parsed before
		u.Path = "/" + name
		if user != "" {
			u.User = url.UserPassword(user, password)
		}
		return u.String()
	}
	return Database{Admin: at(""), Owner: at("mctest_owner"), App: at("mctest_app"), Follower: at("mctest_follower"), Auditor: at("mctest_auditor")}
}

// Exec runs statements as the superuser of a database.
func (d Database) Exec(tb testing.TB, statements ...string) {
	tb.Helper()
	db, err := sql.Open("pgx", d.Admin)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			tb.Fatalf("%s: %v", q, err)
		}
	}
}

func (s *Server) start() {
	if s.URL == "" {
		s.URL, s.stop, s.err = private()
	}
	if s.err != nil {
		return
	}
	if _, s.err = url.Parse(s.URL); s.err == nil {
		s.err = s.prepare()
	}
}

// prepare makes the logins and the migrated database that others are copies
// of.
func (s *Server) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	template := fmt.Sprintf("mctest_%d", time.Now().UnixNano())
	statements := []string{`SELECT pg_advisory_lock(4711)`} // other test processes do the same
	for name := range logins {
		statements = append(statements, fmt.Sprintf(`DO $$ BEGIN CREATE ROLE %s LOGIN CREATEROLE PASSWORD '%s'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`, name, password))
		if name != "mctest_owner" {
			statements = append(statements, fmt.Sprintf(`ALTER ROLE %s NOCREATEROLE`, name))
		}
	}
	if err := s.exec(ctx, append(statements, `CREATE DATABASE `+template+` OWNER mctest_owner`)...); err != nil {
		return err
	}
	s.template = template
	if err := s.Migrate(ctx, s.database(template).Owner); err != nil {
		return err
	}
	statements = statements[:1]
	for name, role := range logins {
		if role != "" {
			statements = append(statements, `GRANT `+role+` TO `+name)
		}
	}
	return s.exec(ctx, statements...)
}

// exec runs statements on one connection to the server's own database.
func (s *Server) exec(ctx context.Context, statements ...string) error {
	db, err := sql.Open("pgx", s.URL)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range statements {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}
