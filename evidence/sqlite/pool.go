package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io/fs"
	"strings"
	"sync"

	_ "modernc.org/sqlite"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// pool is a fixed number of connections, each with its prepared statements.
// database/sql alone would prepare every statement again in every transaction.
type pool struct {
	db    *sql.DB
	slots chan *conn // nil for a connection that is not open now
	// closed ends take; closing runs once.
	closed  chan struct{}
	closing func() error
}

// conn is one connection; its user is its only user.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
	// broken is the first failure of a write in the running transaction. Some
	// failures make SQLite roll back by itself (sqlite.org/lang_transaction,
	// "Response To Errors Within A Transaction"); a later write would then
	// commit alone. So nothing more is written until a rollback.
	broken error
}

func newPool(ctx context.Context, source string, size int) (*pool, error) {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	p := &pool{db: db, slots: make(chan *conn, size), closed: make(chan struct{})}
	p.closing = sync.OnceValue(p.shut)
	for range size {
		p.slots <- nil
	}
	c, err := p.take(ctx)
	if err != nil {
		db.Close()
		return nil, err
	}
	p.slots <- c
	return p, nil
}

// close waits for the users of the connections and refuses new ones.
func (p *pool) close() error { return p.closing() }

func (p *pool) shut() error {
	close(p.closed)
	var err error
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			err = errors.Join(err, c.finalize(), c.c.Close())
		}
	}
	return errors.Join(err, p.db.Close())
}

// take waits for a free connection; its user gives it back by put or drop.
func (p *pool) take(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select { // a closed pool has no slots left to choose
	case <-p.closed:
		return nil, fs.ErrClosed
	default:
	}
	var c *conn
	select {
	case c = <-p.slots:
	case <-p.closed:
		return nil, fs.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c != nil {
		return c, nil
	}
	raw, err := p.db.Conn(ctx)
	if err != nil {
		p.slots <- nil
		return nil, err
	}
	return &conn{c: raw, stmts: map[string]*sql.Stmt{}}, nil
}

// finalize closes the prepared statements. database/sql does not do it for
// those of a sql.Conn, and SQLite keeps a connection with open statements
// alive, with its locks (sqlite.org/c3ref/close, "zombie").
func (c *conn) finalize() (err error) {
	for _, s := range c.stmts {
		err = errors.Join(err, s.Close())
	}
	clear(c.stmts)
	return err
}

// put gives back a connection that has no open transaction.
func (p *pool) put(c *conn) {
	c.broken = nil
	p.slots <- c
}

// drop closes a connection whose state is not known.
func (p *pool) drop(c *conn) {
	_ = c.finalize()
	_ = c.c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.c.Close()
	p.slots <- nil
}

// rollback ends the transaction, although the caller's context may have
// ended, and gives the connection back.
func (p *pool) rollback(c *conn) {
	if _, err := c.c.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		p.drop(c)
		return
	}
	p.put(c)
}

// read runs fn in a transaction that sees one state and writes nothing.
func (p *pool) read(ctx context.Context, fn func(c *conn) error) error {
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	if _, err := c.c.ExecContext(ctx, "BEGIN"); err != nil {
		p.drop(c)
		return err
	}
	defer p.rollback(c)
	return fn(c)
}

// fresh runs fn on a connection that was opened for it.
func (p *pool) fresh(ctx context.Context, fn func(c *conn) error) error {
	raw, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	c := &conn{c: raw, stmts: map[string]*sql.Stmt{}}
	defer func() {
		_ = c.finalize()
		_ = raw.Close()
	}()
	return fn(c)
}

func (c *conn) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.c.PrepareContext(ctx, query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

// exec writes and returns the number of rows that changed. A write that began
// is not interrupted: it is short, and SQLite would roll back everything.
func (c *conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if c.broken != nil {
		return 0, c.broken
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.run(query, args...)
	if err != nil {
		err = refused(err)
		c.broken = err
	}
	return n, err
}

func (c *conn) run(query string, args ...any) (int64, error) {
	ctx := context.Background()
	s, err := c.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Column implements relation.Conn.
func (*conn) Column(b evidence.BookID) string { return b.String() }

// BookOf implements relation.Conn.
func (*conn) BookOf(column string) evidence.BookID {
	if column == relation.RootKey {
		return evidence.RootBook
	}
	unit, period, _ := strings.Cut(column, "/")
	return evidence.BookID{Unit: evidence.UnitID(unit), Period: evidence.Period(period)}
}

// TileQuery implements relation.Conn.
func (*conn) TileQuery() string {
	return `SELECT level, n, data FROM tile WHERE book = ? AND level = ? AND n = ?`
}

// Each implements relation.Conn.
func (c *conn) Each(ctx context.Context, fn func(scan relation.Scan) error, query string, args ...any) error {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Row implements relation.Conn.
func (c *conn) Row(ctx context.Context, query string, args []any, dest ...any) error {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return err
	}
	err = s.QueryRowContext(ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return fs.ErrNotExist
	}
	return err
}
