package postgres

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/postgres/postgrestest"
	"minhchung/evidence/storetest"
)

// startPooler starts pgbouncer in transaction mode before the test server and
// returns the address.
func startPooler(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skipf("Debian's pgbouncer is not installed: %v", err)
	}
	target, err := url.Parse(server.Open(t).Admin)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "mctest-pool-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	users := `"mctest_app" "mctest"` + "\n"
	config := fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = plain
auth_file = %s
pool_mode = transaction
default_pool_size = 8
server_reset_query =
logfile = %s
`, target.Hostname(), target.Port(), port, filepath.Join(dir, "users"), filepath.Join(dir, "log"))
	for name, content := range map[string]string{"users": users, "ini": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{program, "-q", filepath.Join(dir, "ini")}
	if os.Geteuid() == 0 { // it refuses root
		if out, err := exec.Command("chown", "-R", "postgres", dir).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v: %s", err, out)
		}
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	var out strings.Builder
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("pgbouncer did not start: %s", out.String())
	return ""
}

// TestPooler runs the suite through pgbouncer in transaction mode: everything
// but LISTEN, which needs the server itself.
func TestPooler(t *testing.T) {
	pooler := startPooler(t)
	through := func(d postgrestest.Database) string {
		u, err := url.Parse(d.App)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = pooler
		q := u.Query()
		q.Set("default_query_exec_mode", "cache_describe")
		u.RawQuery = q.Encode()
		return u.String()
	}
	storetest.Run(t, harness(through))
	t.Run("units do not stay on a connection", func(t *testing.T) {
		s := openTest(t)
		mustAdd(t, s.Store, "1")
		pooled := reopen(t, through(s.database), Options{MaxConns: 1})
		for range 20 {
			err := pooled.View(t.Context(), everything, testBook, func(evidence.Reader) error { return nil })
			books, err2 := pooled.Books(t.Context(), evidence.Scope{Units: []evidence.UnitID{"xa-khac"}})
			if err := errors.Join(err, err2); err != nil || len(books) != 0 {
				t.Fatalf("got %v and %v, want no books", books, err)
			}
		}
	})
	t.Run("watch polls", func(t *testing.T) {
		s := openTest(t)
		mustAdd(t, s.Store, "1")
		grown, err := reopen(t, through(s.database), Options{PollEvery: 20 * time.Millisecond}).Watch(t.Context(), everything)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if b := <-grown; b != testBook {
				t.Errorf("got %v, want %v", b, testBook)
			}
			mustAdd(t, s.Store, "again")
		}
	})
}
