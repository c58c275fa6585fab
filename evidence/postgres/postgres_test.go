package postgres

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"minhchung/evidence"
	"minhchung/evidence/postgres/postgrestest"
	"minhchung/evidence/storetest"
	"minhchung/ledger"
)

var server = postgrestest.Server{URL: os.Getenv("PG_URL"), Migrate: Migrate}

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

var everything = evidence.Scope{All: true, Actor: "u-1"}

// test is a store and where its database is.
type test struct {
	*Store
	database postgrestest.Database
}

func openTest(t testing.TB) test {
	t.Helper()
	d := server.Open(t)
	key, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	return test{reopen(t, d.App, Options{Sequencer: &ledger.Sequencer{Key: key}, Host: "test.example"}), d}
}

// traced, when set, sees the statements of stores that are opened.
var traced pgx.QueryTracer

func reopen(t testing.TB, url string, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if traced != nil {
		config := s.pool.Config()
		config.ConnConfig.Tracer = traced
		pool, err := pgxpool.NewWithConfig(context.Background(), config)
		if err != nil {
			t.Fatal(err)
		}
		s.pool.Close()
		s.pool = pool
	}
	return s
}

func harness(url func(postgrestest.Database) string) storetest.Harness {
	databases := map[evidence.Store]postgrestest.Database{}
	return storetest.Harness{
		Open: func(t *testing.T) evidence.Store {
			s := openTest(t)
			databases[s.Store] = s.database
			return reopenAs(t, databases, s.Store, url, s.options)
		},
		Reopen: func(t *testing.T, s evidence.Store) evidence.Store {
			if err := s.(*Store).Close(); err != nil {
				t.Error(err)
			}
			return reopenAs(t, databases, s.(*Store), url, s.(*Store).options)
		},
		ReadOnly: func(t *testing.T, s evidence.Store) evidence.Store {
			return reopenAs(t, databases, s.(*Store), url, Options{ReadOnly: true})
		},
		Public: func(s evidence.Store) ledger.PublicKey { return s.(*Store).options.Sequencer.Key.PublicKey() },
	}
}

// reopenAs opens the database of old through another URL.
func reopenAs(t *testing.T, databases map[evidence.Store]postgrestest.Database, old *Store, url func(postgrestest.Database) string, o Options) *Store {
	t.Helper()
	d := databases[old]
	s := reopen(t, url(d), o)
	databases[s] = d
	return s
}

func appURL(d postgrestest.Database) string { return d.App }

func TestConformance(t *testing.T) { storetest.Run(t, harness(appURL)) }
