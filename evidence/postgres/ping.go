package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
)

// pinger has a connection of its own: when all others are busy the server is
// not away.
type pinger struct {
	mu   sync.Mutex
	conn *pgx.Conn // nil until it is needed, and after a failure; guarded by mu
}

// Ping asks the server whether it answers, on a connection kept for that. The
// error is evidence.ErrUnavailable when it does not.
func (s *Store) Ping(ctx context.Context) error {
	return s.ask(ctx, func(c *pgx.Conn) error { return c.Ping(ctx) })
}

// heldCommit is how long a COMMIT waits for a replica before that counts as
// away. With the time between two questions it stays below two seconds.
const heldCommit = time.Second

// PingReplicas asks the server, as Ping does, whether the replicas of
// Options.Standbys follow it, and keep up: a replica that hangs with its
// connection open follows until wal_sender_timeout (postgresql.org,
// "pg_stat_replication"), and is known by a COMMIT of this login that has
// waited for more than a second. The error is evidence.ErrUnavailable: a
// COMMIT would wait.
func (s *Store) PingReplicas(ctx context.Context) error {
	if len(s.options.Standbys) == 0 {
		return s.Ping(ctx)
	}
	var following []string
	var held time.Duration
	err := s.ask(ctx, func(c *pgx.Conn) error {
		return c.QueryRow(ctx, `SELECT
			(SELECT coalesce(array_agg(lower(application_name)), '{}') FROM pg_stat_replication),
			(SELECT coalesce(max(clock_timestamp() - state_change), '0') FROM pg_stat_activity
			 WHERE wait_event = 'SyncRep' AND datname = current_database() AND usename = current_user)`).Scan(&following, &held)
	})
	if err != nil {
		return err
	}
	for _, name := range s.options.Standbys {
		if !slices.Contains(following, strings.ToLower(name)) {
			return fmt.Errorf("the replica %s does not follow the server: %w", name, evidence.ErrUnavailable)
		}
	}
	if held > heldCommit {
		return fmt.Errorf("a commit has waited %v for the replicas %s: %w", held.Round(time.Millisecond), strings.Join(s.options.Standbys, ", "), evidence.ErrUnavailable)
	}
	return nil
}

// ask asks on the connection that is kept for it.
func (s *Store) ask(ctx context.Context, question func(*pgx.Conn) error) error {
	p := &s.pinger
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.closed.Load() {
		return fs.ErrClosed
	}
	if p.conn == nil {
		conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
		if err != nil {
			return fmt.Errorf("connecting to PostgreSQL: %w", classify(err))
		}
		p.conn = conn
	}
	if err := question(p.conn); err != nil {
		p.drop()
		return fmt.Errorf("asking PostgreSQL: %w", classify(err))
	}
	return nil
}

func (p *pinger) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop()
}

// drop ends the connection without waiting for a server that may be silent.
// mu is held.
func (p *pinger) drop() {
	if p.conn == nil {
		return
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.conn.Close(ended) // nothing is in work on it
	p.conn = nil
}
