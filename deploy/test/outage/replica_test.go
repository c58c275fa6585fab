//go:build linux

package outage

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// replica is the application_name of the standby.
const replica = "ban_sao"

// TestReplica takes a streaming standby away that every commit has to wait for.
// Nothing is acknowledged meanwhile that the standby does not have, who uploads
// hears so soon, and afterwards it has all of it.
func TestReplica(t *testing.T) {
	if *programFlag == "" {
		t.Skip("-program is not given: deploy/test/outage.sh stops the replica of a province for a minute")
	}
	t.Parallel()
	for name, away := range map[string]func(p *province) engine{
		"crashed": func(p *province) engine { return engine{"replica", true, p.stopStandby, p.startStandby} },
		"silent": func(p *province) engine {
			return engine{"replica", true, func() { p.signalStandby(syscall.SIGSTOP) }, func() { p.signalStandby(syscall.SIGCONT) }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvince(t, follow, "MEILI_URL=")
			survive(t, p, away(p))
			own, others := leavesAt(t, p, p.file("pg.port")), leavesAt(t, p, p.file("standby.port"))
			if len(own) == 0 || fmt.Sprint(own) != fmt.Sprint(others) {
				t.Errorf("the standby has %d leaves, the primary %d, or they differ", len(others), len(own))
			}
			t.Logf("the standby has the same %d leaves", len(others))
		})
	}
}

func (p *province) signalStandby(s syscall.Signal) {
	p.t.Helper()
	p.signal(firstLine(p.file("standby/data/postmaster.pid")), s)
}

func (p *province) standby() string { return filepath.Join(p.dir, "standby") }

// follow gives the province's PostgreSQL a standby, and lets commits wait for
// it.
func follow(p *province) {
	p.t.Helper()
	must(p.t, os.Mkdir(p.standby(), 0o700))
	if os.Geteuid() == 0 {
		must(p.t, exec.Command("chown", "postgres", p.standby()).Run())
	}
	socket := filepath.Join(p.dir, "pg")
	p.postgres("pg_basebackup", "-D", filepath.Join(p.standby(), "data"), "-h", socket, "-p", p.file("pg.port"), "-U", "admin", "-X", "stream", "-c", "fast", "-R")
	p.t.Cleanup(func() { _ = os.RemoveAll(p.standby()) })
	p.startStandby()
	p.t.Cleanup(p.stopStandby)
	p.postgres("psql", "-h", socket, "-p", p.file("pg.port"), "-U", "admin", "-d", "postgres", "-q", "-c", "ALTER SYSTEM SET synchronous_standby_names = '"+replica+"'")
	p.pgControl("-m", "fast", "-w", "stop") // nothing tells when all of a running server has heard of it
	p.script("start")
	p.replace("[sql.postgres]\n", "[sql.postgres]\nstandbys = [\""+replica+"\"]\n")
}

func (p *province) startStandby() {
	p.t.Helper()
	if _, err := os.Stat(filepath.Join(p.dir, "standby.port")); err != nil {
		p.choosePort("standby.port")
	}
	p.postgres("pg_ctl", "-D", filepath.Join(p.standby(), "data"), "-w", "-l", filepath.Join(p.standby(), "log"),
		"-o", fmt.Sprintf("-p %s -k %s -c listen_addresses=127.0.0.1 -c cluster_name=%s -c wal_retrieve_retry_interval=100ms", p.file("standby.port"), p.standby(), replica), "start")
}

func (p *province) stopStandby() {
	p.t.Helper()
	p.postgres("pg_ctl", "-D", filepath.Join(p.standby(), "data"), "-m", "immediate", "-w", "stop")
}
