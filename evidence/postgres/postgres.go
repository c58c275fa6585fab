// Package postgres keeps rows, verdicts and the ledger in PostgreSQL: the Store
// of a province. It is jackc/pgx natively, several processes may use one
// database, and any of them can stop. The server is 14 or newer: the tests were
// passed on 14.24, 15.18, 16.15 and 18.6, those with a replica on 15.18 alone.
//
// # Transactions
//
// An Update is one REPEATABLE READ transaction over one book. It takes an
// advisory lock on the book and the row lock of its head, so writers of one
// book queue up and books do not contend; the head moves by compare-and-swap of
// its size besides. Serialization failures, deadlocks and a head that moved are
// tried again. The last writes and COMMIT are one round trip, in which a write
// that must not be is an error of the server's, never a count for us to look at.
// The right edge of a book is remembered and taken for what is stored while the
// head is the one that was written with it; what is remembered is verified
// against the head like what is read.
//
// When the connection is lost during COMMIT, a new one waits for the old
// transaction to end and looks for its first leaf, whose salt is its own; what
// cannot be found out is evidence.ErrOutcome. With Options.Standbys that is also
// what a replica may not have: the server commits without it when a wait is
// ended, and does not say so (replica.go). Leaves have the time of the server's
// clock.
//
// # Roles
//
// Tables belong to an owner who only migrates. Programs log in as a member of
// one of minhchung_app (reads and writes what the Scope's units allow),
// minhchung_follower (reads all, writes the root book) and minhchung_auditor
// (SELECT in the Scope's units). Row-level security is FORCED on every table;
// units are set by SET LOCAL for each transaction, and without them there are
// no rows. Open refuses superusers, owners and whoever is in two of the roles.
//
// # Partitions
//
// The large tables (entry, blob, kept_text and the projections with a record
// for each row or document) have a partition for each year of periods: they are
// PARTITION BY RANGE (book), and the column "book" is "period/unit". All that
// begins with a year of 2000 to 2099 ("2025", "2025-h1", "202503") is of that
// year, in entry_2025, row_2025 and so on. The root book has partitions of its
// own (entry_root), and periods that begin with no such year share one, with "~"
// before them in the column (entry_other), so that every period has its place.
// Every statement over a book names it and touches one partition of a table.
//
// A year is written while it is scored and only read from then on. So its
// tables are what an administrator has to do with, as a superuser (the owner
// sees no rows):
//
//	pg_dump -Fc -t '*_2025'                        copies the year's large tables
//	pg_restore --data-only -t entry_2025           puts one back that was damaged
//	VACUUM (FREEZE, ANALYZE) entry_2025            once the year is over
//	ALTER TABLE row_2025 SET (fillfactor = 90)     and other settings of one year
//	ALTER TABLE entry_2025 SET TABLESPACE slow     moves one to another disk
//
// The last one locks its table, and with it more than that year: a connection
// keeps plans that lock every partition although they touch one, because making
// a plan for each statement takes as long as the rest of a small commit. Do it
// when nobody works. Such a dump is no backup of the books, whose heads and
// tiles are in tables without partitions. No partition may be dropped, detached
// or truncated: a ledger only grows, and check names what is gone.
// The program's logins cannot do it, and reach a partition only through its
// table: it has no grants and no policies.
//
// No period waits for an administrator. When the first book of a year is
// opened, the store calls minhchung_make_partitions on a connection of its own.
// That function belongs to the owner and runs as such (SECURITY DEFINER): it is
// for minhchung_app alone, makes the partitions of a year and nothing else, and
// needs the owner to keep CREATE on the schema. Readers and writers go on
// meanwhile. There is no DEFAULT partition: it would take in what nobody made
// room for, and would have to be locked and searched for each new year.
//
// # Bulk
//
// PostgreSQL refuses COPY FROM into tables with row-level security ("COPY FROM
// not supported with row-level security"), so many rows go as one INSERT over
// arrays (unnest), and all statements of a step in one round trip.
//
// # Compression
//
// Large values (openings, certificates and signatures in DER, texts) are
// compressed with lz4 where the server was built with it (Debian's is), and else
// with PostgreSQL's own pglz, which takes more of the processor's time. Each
// transaction says so for what it writes; what was written before stays as it is
// and is read all the same. A column of which an administrator has said SET
// COMPRESSION stays with that. A replica needs a server that was built with lz4
// when its primary was.
//
// # Poolers
//
// Everything but LISTEN works through pgbouncer in transaction mode: there is no
// session state, only SET LOCAL. Put default_query_exec_mode=cache_describe
// into the URL then, because prepared statements are of a session. Watch polls
// when it hears nothing; Options.ListenURL may name the server itself. Migrate
// always needs the server itself.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// defaultHost is the first part of origins when Options.Host is empty.
const defaultHost = "localhost"

// Role is the SQL role that the login of a Store is a member of.
type Role string

// The roles, see the package comment. They are the same in all databases of a
// server.
const (
	App      Role = "minhchung_app"
	Follower Role = "minhchung_follower"
	Auditor  Role = "minhchung_auditor"
)

var roles = []Role{App, Follower, Auditor}

// Options of Open. The zero value opens for reading and cannot append.
type Options struct {
	// Sequencer appends to the books; Update fails without it. Its clock is
	// the server's unless Now is set.
	Sequencer *ledger.Sequencer
	// Host is the first part of the origin of books that are opened from now
	// on; an opened book keeps its origin. Empty means "localhost".
	Host string
	// ReadOnly refuses Updates.
	ReadOnly bool
	// Role that the login must be a member of, and of no other; empty means
	// App. A Follower updates the root book only, an Auditor nothing.
	Role Role
	// Standbys names the replicas (their application_name) that must have
	// every commit. Open fails with ErrUnsafe when the server's settings do
	// not make sure of it. While a replica is away every Update ends in
	// ErrOutcome or evidence.ErrUnavailable, after Statement.
	Standbys []string
	// MaxConns bounds the connections; zero means 16. A View that itself calls
	// the Store needs a second one.
	MaxConns int32
	// Statement bounds one statement, Lock the wait for another writer of the
	// same book; zero means 30 s and 5 s. A commit that did not answer is
	// looked for during twice the latter.
	Statement, Lock time.Duration
	// ListenURL is where Watch listens when the other connections go through a
	// pooler; empty means the URL of Open.
	ListenURL string
	// PollEvery is how often Watch looks by itself; zero means 5 s.
	PollEvery time.Duration
}

// Store is an evidence.Store in one PostgreSQL database. It is safe for
// concurrent use by goroutines and processes.
type Store struct {
	options Options
	pool    *pgxpool.Pool
	listen  *pgx.ConnConfig
	queues  sync.Map // evidence.BookID → chan struct{}, the writers of this process
	edges   edges
	notices *notices
	pinger  pinger
	closed  atomic.Bool
	// compression is that of large values, found by inspect.
	compression string

	// commitHook stands around the commit in tests of failures.
	commitHook func(c *conn, commit func() error) error
}

var (
	_ evidence.Store   = (*Store)(nil)
	_ evidence.Watcher = (*Store)(nil)
)

// Open connects to the database at url ("postgres://…", or pgx's other forms).
// Outside loopback the URL must say sslmode=verify-full. Errors:
// evidence.ErrUnavailable, ErrOlder (run Migrate), ErrNewer, ErrForeign;
// ErrUnsafe when the connection, the login or the server's settings do not
// keep what the ledger promises; ErrOldServer.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	options.setDefaults()
	config, err := poolConfig(url, options)
	if err != nil {
		return nil, err
	}
	listen := config.ConnConfig.Copy()
	if options.ListenURL != "" {
		if listen, err = connConfig(options.ListenURL); err != nil {
			return nil, err
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to PostgreSQL: %w", classify(err))
	}
	s := &Store{options: options, pool: pool, listen: listen}
	if err := s.inspect(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("opening the database %s on %s: %w", config.ConnConfig.Database, config.ConnConfig.Host, classify(err))
	}
	s.notices = startNotices(pool)
	return s, nil
}

func (o *Options) setDefaults() {
	for value, standard := range map[*time.Duration]time.Duration{&o.Statement: 30 * time.Second, &o.Lock: 5 * time.Second, &o.PollEvery: 5 * time.Second} {
		if *value <= 0 {
			*value = standard
		}
	}
	if o.Host == "" {
		o.Host = defaultHost
	}
	if o.Role == "" {
		o.Role = App
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 16
	}
}

// Close waits for running Updates and Views and refuses new ones with
// fs.ErrClosed. Closing again does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.notices.stop()
	s.pinger.close()
	s.pool.Close()
	return nil
}

// Origin returns the origin that the ledger of a new book gets.
func (s *Store) Origin(book evidence.BookID) string { return book.Origin(s.options.Host) }

// View implements evidence.Store. A book that was never opened is
// fs.ErrNotExist; the root book alone can be viewed while it is empty.
func (s *Store) View(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(r evidence.Reader) error) error {
	if !scope.Allows(book) {
		return relation.NotThere(book)
	}
	return s.read(ctx, scope, func(c *conn) error {
		r := relation.NewReader(c, scope, book)
		// This first read fixes the state that all others see.
		if _, err := r.Head(ctx); err != nil && (!errors.Is(err, fs.ErrNotExist) || book != evidence.RootBook) {
			return err
		}
		return fn(r)
	})
}

// Books implements evidence.Store, sorted by unit and period.
func (s *Store) Books(ctx context.Context, scope evidence.Scope) (books []evidence.BookID, err error) {
	err = s.read(ctx, scope, func(c *conn) error {
		books, err = relation.Books(ctx, c, scope)
		return err
	})
	return books, err
}

// Summaries implements evidence.Store.
func (s *Store) Summaries(ctx context.Context, scope evidence.Scope, books []evidence.BookID) (list []evidence.BookSummary, err error) {
	err = s.read(ctx, scope, func(c *conn) error {
		list, err = relation.Summaries(ctx, c, scope, books)
		return err
	})
	return list, err
}

// Backlogs implements evidence.Store.
func (s *Store) Backlogs(ctx context.Context, scope evidence.Scope, books []evidence.BookID) (list []evidence.BookBacklog, err error) {
	err = s.read(ctx, scope, func(c *conn) error {
		list, err = relation.Backlogs(ctx, c, scope, books)
		return err
	})
	return list, err
}

// read runs fn in a transaction that sees one state and writes nothing.
func (s *Store) read(ctx context.Context, scope evidence.Scope, fn func(c *conn) error) error {
	c, err := s.begin(ctx, scope, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	if err != nil {
		return classify(err)
	}
	defer c.rollback()
	return cancelled(ctx, fn(c))
}
