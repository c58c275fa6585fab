package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"github.com/jackc/pgx/v5"
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
	if err := p.conn.Ping(ctx); err != nil {
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
