package config

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/postgres"
	"minhchung/evidence/postgres/postgrestest"
)

var server = postgrestest.Server{URL: os.Getenv("PG_URL"), Migrate: postgres.Migrate}

// instance is the configuration of one instance on a database: its own data
// directory, and the password in a file.
func instance(t *testing.T, login string) Config {
	t.Helper()
	u, err := url.Parse(login)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	secret := filepath.Join(t.TempDir(), "pg-app")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := writeConfig(t, fmt.Sprintf("data = %q\n[sql]\nengine = \"postgres\"\n[sql.postgres]\nurl = %q\npassword = %q\n",
		filepath.Join(t.TempDir(), "data"), u, "file:"+secret))
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestInstancesOfOneDatabase: the first one makes the key; another one has to
// be given it, never makes a second, and then both write side by side.
func TestInstancesOfOneDatabase(t *testing.T) {
	database := server.Open(t)
	first, second := instance(t, database.App), instance(t, database.App)
	if _, err := Open(t.Context(), first, Read); !errors.Is(err, ErrNoData) {
		t.Errorf("reading before anything is there: got %v, want ErrNoData", err)
	}
	a, err := Open(t.Context(), first, Write)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	add := func(s *Session, id string) {
		t.Helper()
		if err := addUnit(t.Context(), s, id); err != nil {
			t.Fatalf("adding unit %s: %v", id, err)
		}
	}
	add(a, "xa-a")
	if _, err := Open(t.Context(), second, Write); !errors.Is(err, ErrNoKey) {
		t.Fatalf("a second instance without the key: got %v, want ErrNoKey", err)
	}
	key, err := os.ReadFile(layout{first.Data}.key())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(layout{second.Data}.key(), key, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), second, Write)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	add(b, "xa-b")
	add(a, "xa-c")
	book := evidence.BookID{Unit: "xa-a", Period: "2022"}
	if a.Origin(book) != b.Origin(book) {
		t.Errorf("origins %s and %s of one book", a.Origin(book), b.Origin(book))
	}
	r, err := Open(t.Context(), second, Read)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.Store.View(t.Context(), evidence.Scope{All: true}, evidence.RootBook, func(v evidence.Reader) error {
		units, err := v.Units(t.Context())
		if len(units) != 3 {
			t.Errorf("got %d units, want those of both instances", len(units))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	engines := b.Engines()
	if len(engines) != 1 || engines[0].Name != "database" || !engines[0].Needed {
		t.Fatalf("got engines %v, want the database", engines)
	}
	b.Config.SQL.Postgres.Standbys = []string{"ban_sao"}
	if with := b.Engines(); len(with) != 2 || with[1].Name != "replica" || !with[1].Needed {
		t.Errorf("got engines %v, want the replica too", with)
	} else if err := with[1].Ping(t.Context()); err != nil {
		t.Errorf("Ping of the replica of a store that demands none: %v", err)
	}
	b.Config.SQL.Postgres.Standbys = nil
	if err := engines[0].Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	database.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mctest_app' AND datname = current_database()`)
	if err := engines[0].Ping(t.Context()); !errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("Ping on a connection that was ended: got %v, want ErrUnavailable", err)
	}
	if err := engines[0].Ping(t.Context()); err != nil {
		t.Errorf("Ping after it: %v", err)
	}
}

// TestReplicaThatIsNotThere: the server does not wait for the replica that the
// configuration names. Nothing starts, and nothing is left in the way of a
// start with another configuration.
func TestReplicaThatIsNotThere(t *testing.T) {
	c := instance(t, server.Open(t).App)
	c.SQL.Postgres.Standbys = []string{"ban_sao"}
	_, err := Open(t.Context(), c, Write)
	if !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "ban_sao") || !strings.Contains(err.Error(), "synchronous_standby_names") {
		t.Errorf("got %v, want ErrUnsafe that names the replica and the setting", err)
	}
	c.SQL.Postgres.Standbys = nil
	if _, err := Open(t.Context(), c, Read); !errors.Is(err, ErrNoData) {
		t.Errorf("reading after it: got %v, want ErrNoData", err)
	}
	s, err := Open(t.Context(), c, Write)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestDatabaseThatIsAway(t *testing.T) {
	c := instance(t, "postgres://minhchung:"+planted+"@127.0.0.1:1/minhchung")
	_, err := Open(context.Background(), c, Write)
	if !errors.Is(err, evidence.ErrUnavailable) || strings.Contains(err.Error(), planted) {
		t.Errorf("got %v, want ErrUnavailable without the password", err)
	}
	c.SQL.Postgres.Password = "file:" + Secret(filepath.Join(t.TempDir(), "none"))
	var wrong *FileError
	if _, err := Open(context.Background(), c, Write); !errors.As(err, &wrong) || wrong.Code != CodeSecret || wrong.Key != "sql.postgres.password" {
		t.Errorf("no password file: got %v, want a FileError", err)
	}
}
