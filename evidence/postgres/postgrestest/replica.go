package postgrestest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Replica is the application_name of the standby of a Pair.
const Replica = "ban_sao"

// Pair is a primary server and a standby that streams from it, both private.
// Its methods end the test when a server does not do as it is told.
type Pair struct {
	// Server makes databases on the primary.
	Server *Server

	tb               testing.TB
	primary, standby *server
}

// NewPair starts both servers; commits do not wait for the standby yet.
// Without Debian's binaries the test is skipped and says why.
func NewPair(tb testing.TB, migrate func(ctx context.Context, url string) error) *Pair {
	tb.Helper()
	p := &Pair{tb: tb}
	for _, s := range []**server{&p.primary, &p.standby} {
		made, err := newServer()
		if err != nil {
			tb.Skipf("no PostgreSQL server: install Debian's postgresql: %v", err)
		}
		tb.Cleanup(made.remove)
		*s = made
	}
	p.must(p.primary.initialise())
	p.must(p.primary.start())
	p.must(p.standby.do("pg_basebackup", "-D", p.standby.data(), "-d", p.primary.url(), "-X", "stream", "-c", "fast", "-R"))
	p.StartStandby()
	p.Server = &Server{Migrate: migrate, URL: p.primary.url()}
	return p
}

func (p *Pair) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal(err)
	}
}

// Open is Server.Open for a test that may leave the standby stopped.
func (p *Pair) Open(tb testing.TB) Database {
	tb.Helper()
	d := p.Server.Open(tb)
	tb.Cleanup(func() { // else removing it would wait
		if p.primary.cmd == nil {
			p.StartPrimary()
		}
		p.Name("")
	})
	return d
}

// Name sets synchronous_standby_names while the primary runs.
func (p *Pair) Name(names string) {
	p.tb.Helper()
	p.sql(p.primary, fmt.Sprintf("ALTER SYSTEM SET synchronous_standby_names = '%s'", names), "SELECT pg_reload_conf()")
	p.until(p.primary, fmt.Sprintf("SELECT current_setting('synchronous_standby_names') = '%s'", names))
}

// Synchronise makes every commit wait for the standby, which must run. The
// primary is started again: nothing tells when all of it has heard of a new
// setting.
func (p *Pair) Synchronise() {
	p.tb.Helper()
	p.Name(Replica)
	p.CrashPrimary()
	p.StartPrimary()
	p.until(p.primary, "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'")
}

// StopStandby ends the standby as a crash does.
func (p *Pair) StopStandby() { p.standby.quit() }

// StartStandby starts the standby, which catches up by itself.
func (p *Pair) StartStandby() {
	p.tb.Helper()
	p.must(p.standby.start("wal_retrieve_retry_interval=100ms",
		fmt.Sprintf("primary_conninfo=host=127.0.0.1 port=%s user=mctest_admin application_name=%s", p.primary.port, Replica)))
}

// HoldStandby lets the standby take nothing more, with its connection open.
// The result lets it go on, and may be called again.
func (p *Pair) HoldStandby() (release func()) {
	p.tb.Helper()
	receiver := p.one(p.standby, "SELECT pid::text FROM pg_stat_wal_receiver")
	p.must(exec.Command("kill", "-STOP", receiver).Run())
	release = sync.OnceFunc(func() { p.must(exec.Command("kill", "-CONT", receiver).Run()) })
	p.tb.Cleanup(release)
	return release
}

// CrashPrimary ends the primary without a checkpoint.
func (p *Pair) CrashPrimary() { p.primary.quit() }

// StartPrimary starts it again.
func (p *Pair) StartPrimary() {
	p.tb.Helper()
	p.must(p.primary.start())
}

// Promote makes the standby a primary; d is one of its databases then, which
// is returned. The other server must have ended.
func (p *Pair) Promote(d Database) Database {
	p.tb.Helper()
	p.must(p.standby.do("pg_ctl", "-D", p.standby.data(), "-w", "promote"))
	for _, at := range []*string{&d.Admin, &d.Owner, &d.App, &d.Follower, &d.Auditor} {
		*at = atPort(*at, p.standby.port)
	}
	return d
}

func (p *Pair) sql(s *server, statements ...string) {
	p.tb.Helper()
	p.must((&Server{URL: s.url()}).exec(context.Background(), statements...))
}

// until waits for a condition of the server.
func (p *Pair) until(s *server, condition string) {
	p.tb.Helper()
	for range 600 {
		if p.holds(s, condition) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.tb.Fatalf("it did not come to this in 30 s: %s", condition)
}

// holds asks on a new connection, which has the settings of now.
func (p *Pair) holds(s *server, condition string) bool {
	p.tb.Helper()
	return p.one(s, "SELECT ("+condition+")::text") == "true"
}

// one asks for one text.
func (p *Pair) one(s *server, query string) (answer string) {
	p.tb.Helper()
	db, err := sql.Open("pgx", s.url())
	p.must(err)
	defer db.Close()
	p.must(db.QueryRow(query).Scan(&answer))
	return answer
}

// Waiting returns when the given number of commits wait for the standby.
func (p *Pair) Waiting(commits int) {
	p.tb.Helper()
	p.until(p.primary, fmt.Sprintf("SELECT count(*) = %d FROM pg_stat_activity WHERE wait_event = 'SyncRep'", commits))
}

// atPort returns the URL of the same database on another server.
func atPort(address, port string) string {
	u, _ := url.Parse(address) // made by Server.database
	u.Host = net.JoinHostPort(u.Hostname(), port)
	return u.String()
}
