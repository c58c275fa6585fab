package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// conn is one connection inside one transaction; it has one user.
type conn struct {
	c        *pgxpool.Conn
	store    *Store
	patience time.Duration // for one step
	pending  writes
	edge     edge // of the book that an Update has locked
	// broken is the first failure: PostgreSQL refuses everything after it
	// until a rollback.
	broken error
}

var (
	_ relation.Writer = (*conn)(nil)
	_ relation.Far    = (*conn)(nil)
	_ relation.Opener = (*conn)(nil)
)

// begin starts a transaction that has the scope's units, on a connection that
// answers. A connection of the pool that the server has closed meanwhile is
// replaced; nothing has run on it yet. first, when set, adds to the first round
// trip and reads the answers to what it added.
func (s *Store) begin(ctx context.Context, scope evidence.Scope, statement string, first ...step) (*conn, error) {
	if s.closed.Load() {
		return nil, fs.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		c, err := s.tryBegin(ctx, scope, statement, first)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil || attempt == 1 || !isAway(err) || sqlState(err) == codeLockTimeout || errors.Is(err, context.DeadlineExceeded) {
			return nil, cancelled(ctx, err)
		}
		s.pool.Reset() // the others will be as dead
	}
}

// step is a part of a round trip.
type step struct {
	queue func(*pgx.Batch)
	read  func(*conn, pgx.BatchResults) error
}

func (s *Store) tryBegin(ctx context.Context, scope evidence.Scope, statement string, first []step) (*conn, error) {
	wait, cancel := context.WithTimeout(ctx, acquire)
	defer cancel()
	raw, err := s.pool.Acquire(wait)
	if err != nil {
		return nil, err
	}
	c := &conn{c: raw, store: s, patience: s.options.Statement + reach}
	soon, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	batch := &pgx.Batch{}
	batch.Queue(statement)
	batch.Queue(`SELECT set_config('minhchung.units', $1, true), set_config('statement_timeout', $2, true),
		set_config('lock_timeout', $3, true), set_config('idle_in_transaction_session_timeout', $4, true),
		set_config('default_toast_compression', $5, true)`,
		unitsOf(scope), milliseconds(s.options.Statement), milliseconds(lockTry), milliseconds(idle), s.compression)
	for _, f := range first {
		f.queue(batch)
	}
	results := raw.SendBatch(soon, batch)
	for range 2 {
		if _, failed := results.Exec(); err == nil {
			err = failed
		}
	}
	for _, f := range first {
		if err == nil {
			err = f.read(c, results)
		}
	}
	if closing := results.Close(); err == nil {
		err = closing
	}
	if err != nil {
		c.rollback()
		return nil, err
	}
	return c, nil
}

const (
	// acquire bounds the wait for a free connection.
	acquire = 10 * time.Second
	// lockTry is how long one attempt waits for another writer: less than
	// reach, so that a server which does not answer is told from a long queue.
	// Attempts go on for Options.Lock.
	lockTry = reach - 500*time.Millisecond
	// idle is when the server ends a transaction whose program does nothing.
	idle = 5 * time.Minute
)

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// unitsOf writes a scope for the policies of row-level security.
func unitsOf(scope evidence.Scope) string {
	if scope.All {
		return "*"
	}
	var units []string
	for _, u := range scope.Units {
		if u.Validate() == nil { // nothing else can be in a database, and "*" is more than a unit
			units = append(units, string(u))
		}
	}
	return strings.Join(units, ",")
}

// rollback ends the transaction and gives the connection back; the pool drops
// one that is still in a transaction or dead.
func (c *conn) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), reach)
	defer cancel()
	if !c.c.Conn().IsClosed() && c.c.Conn().PgConn().TxStatus() != 'I' {
		_, _ = c.c.Exec(ctx, "ROLLBACK")
	}
	c.c.Release()
}

// prepared is a statement of package relation as PostgreSQL wants it.
type prepared struct {
	query string          // with "$1" for the first "?"
	words map[string]bool // that may be names of tables
}

var statements sync.Map // query with "?" → *prepared

func prepare(query string) *prepared {
	if p, ok := statements.Load(query); ok {
		return p.(*prepared)
	}
	var b strings.Builder
	parts := strings.Split(query, "?")
	for i, part := range parts {
		b.WriteString(part)
		if i < len(parts)-1 {
			fmt.Fprintf(&b, "$%d", i+1)
		}
	}
	p := &prepared{b.String(), map[string]bool{}}
	for _, w := range strings.FieldsFunc(query, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		p.words[w] = true
	}
	statements.Store(query, p)
	return p
}

func bind(args []any) []any {
	bound := make([]any, len(args))
	for i, a := range args {
		if s, ok := a.(string); ok {
			a = escape(s)
		}
		bound[i] = a
	}
	return bound
}

// unescaped scans as rows does and gives strings back as they were.
func unescaped(rows pgx.Rows) relation.Scan {
	return func(dest ...any) error {
		err := rows.Scan(dest...)
		for _, d := range dest {
			if s, ok := d.(*string); ok {
				*s = unescape(*s)
			}
		}
		return err
	}
}

// Each implements relation.Conn. Writes to the tables it names go with it in
// one round trip; others wait on.
func (c *conn) Each(ctx context.Context, fn func(scan relation.Scan) error, query string, args ...any) error {
	p := prepare(query)
	return c.send(ctx, p.words, func(batch *pgx.Batch) { batch.Queue(p.query, bind(args)...) }, func(results pgx.BatchResults) error {
		return eachRow(results, byCaller(fn))
	})
}

// eachRow calls fn for the rows of the next answer.
func eachRow(results pgx.BatchResults, fn func(scan relation.Scan) error) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(unescaped(rows)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Lookup implements relation.Far. OFFSET 0 keeps each lookup a look into an
// index: as a join or an IN list, the planner may take the book alone for
// selective and compare every row of it with every key.
func (c *conn) Lookup(ctx context.Context, lookups ...relation.Lookup) error {
	words := map[string]bool{}
	list := make([]*prepared, len(lookups))
	for i, l := range lookups {
		list[i] = prepare(`SELECT found.* FROM unnest(?::text[]) wanted(k), LATERAL (` + l.Query + ` = wanted.k OFFSET 0) found`)
		maps.Copy(words, list[i].words)
	}
	return c.send(ctx, words, func(batch *pgx.Batch) {
		for i, l := range lookups {
			batch.Queue(list[i].query, append([]any{escapeAll(l.Keys)}, bind(l.Args)...)...)
		}
	}, func(results pgx.BatchResults) error {
		for _, l := range lookups {
			if err := eachRow(results, byCaller(l.Each)); err != nil {
				return err
			}
		}
		return nil
	})
}

func escapeAll(list []string) []string {
	escaped := make([]string, len(list))
	for i, s := range list {
		escaped[i] = escape(s)
	}
	return escaped
}

// callers is an error of the caller's function: nothing is wrong with the
// connection.
type callers struct{ error }

func (e callers) Unwrap() error { return e.error }

func byCaller(fn func(scan relation.Scan) error) func(scan relation.Scan) error {
	return func(scan relation.Scan) error {
		if err := fn(scan); err != nil {
			return callers{err}
		}
		return nil
	}
}

// Row implements relation.Conn.
func (c *conn) Row(ctx context.Context, query string, args []any, dest ...any) error {
	found := false
	err := c.Each(ctx, func(scan relation.Scan) error {
		found = true
		return scan(dest...)
	}, query, args...)
	if err == nil && !found {
		return fs.ErrNotExist
	}
	return err
}

// send sends the waiting writes to the named tables (nil: to all) and what
// queue adds, in one round trip. read gets the answers to the latter.
func (c *conn) send(ctx context.Context, tables map[string]bool, queue func(*pgx.Batch), read func(pgx.BatchResults) error) error {
	if c.broken != nil {
		return c.broken
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	batch := &pgx.Batch{}
	waiting := c.pending.queue(batch, tables)
	queue(batch)
	if batch.Len() == 0 {
		return nil
	}
	results := c.c.SendBatch(ctx, batch)
	var err error
	for range waiting {
		if _, failed := results.Exec(); err == nil {
			err = failed
		}
	}
	if err == nil {
		err = read(results)
	}
	closing := results.Close()
	var mine callers
	if errors.As(err, &mine) && closing == nil {
		return mine.error
	}
	if err == nil {
		err = closing
	}
	c.broken = refused(err)
	return c.broken
}

// flush sends the waiting writes.
func (c *conn) flush(ctx context.Context) error {
	return c.send(ctx, nil, func(*pgx.Batch) {}, func(pgx.BatchResults) error { return nil })
}
