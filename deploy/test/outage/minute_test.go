//go:build linux

package outage

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"minhchung/search/meili/meilitest"
)

// engine is one that is stopped and started again.
type engine struct {
	name        string // in /readyz
	needed      bool   // uploads are refused without it
	stop, start func()
}

// TestMinute stops each engine for a minute while documents are uploaded and
// searched. Nothing that was acknowledged is lost, nothing is there twice, who
// cannot be served hears so soon, and afterwards the same process goes on.
func TestMinute(t *testing.T) {
	if *programFlag == "" {
		t.Skip("-program is not given: deploy/test/outage.sh stops the engines of a province for a minute")
	}
	t.Parallel()
	for name, stopped := range map[string]func(p *province) engine{
		"PostgreSQL, shut down": func(p *province) engine {
			return engine{"database", true, func() { p.pgControl("-m", "fast", "-w", "stop") }, func() { p.script("start") }}
		},
		"PostgreSQL, crashed": func(p *province) engine {
			return engine{"database", true, func() { p.pgControl("-m", "immediate", "-w", "stop") }, func() { p.script("start") }}
		},
		"PostgreSQL, silent": func(p *province) engine {
			pid := p.postmaster()
			return engine{"database", true, func() { p.signal(pid, syscall.SIGSTOP) }, func() { p.signal(pid, syscall.SIGCONT) }}
		},
		"S3 server, killed": func(p *province) engine {
			return engine{"documents", true, func() {
				pid, err := strconv.Atoi(p.file("s3.pid"))
				must(p.t, err)
				must(p.t, syscall.Kill(pid, syscall.SIGKILL))
			}, func() { p.script("start") }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvince(t, nil, "MEILI_URL=")
			survive(t, p, stopped(p))
		})
	}
	t.Run("search server, stopped", func(t *testing.T) {
		t.Parallel()
		double := meilitest.New(t)
		p := newProvince(t, nil, "MEILI_URL="+double.URL(), "MEILI_KEY="+meilitest.Key)
		survive(t, p, engine{"search", false, double.Stop, double.Start})
	})
}

const (
	// some is how many documents are uploaded before and after an outage.
	some = 8
	// paces is how many uploads fit into an outage at most.
	paces = 100
)

func survive(t *testing.T, p *province, e engine) {
	pid := p.serve.Process.Pid
	c := startClients(p, *lengthFlag/paces)
	p.until("documents are uploaded", func() bool { return c.count() >= some })
	p.until("every engine answers", func() bool { return p.ready()[e.name] == "up" })
	began, before := time.Now(), c.count()
	e.stop()
	running := false
	restart := func() {
		if !running {
			running = true
			e.start()
		}
	}
	t.Cleanup(restart)
	p.until("the outage is noticed", func() bool { return p.ready()[e.name] == "down" })
	select {
	case <-time.After(*lengthFlag - time.Since(began)):
	case <-p.exited:
		t.Fatalf("serve ended: %s", p.lastNotes())
	}
	during, ended := c.count()-before, time.Now()
	restart()
	p.until("the program goes on", func() bool { return c.count() >= before+during+some })
	c.end()
	p.until("every engine answers", func() bool { return p.ready()[e.name] == "up" })
	t.Logf("%s was away for %.0f s: %d documents acknowledged before, %d meanwhile, %d after; process %d all the time",
		e.name, ended.Sub(began).Seconds(), before, during, c.count()-before-during, pid)
	c.wantSoon(t)
	c.wantReplay(t)
	meanwhile, degraded := 0, 0
	for _, s := range c.searches {
		if s.begun.After(began) && s.begun.Before(ended) {
			meanwhile++
			if s.degraded {
				degraded++
			}
		}
	}
	t.Logf("%d searches answered meanwhile, %d of them by the database", meanwhile, degraded)
	switch {
	case e.needed && len(c.refused) == 0:
		t.Error("nothing was refused: the engine was not away")
	case !e.needed && (len(c.refused) > 0 || during == 0 || degraded == 0):
		t.Errorf("%d refused, %d uploads and %d searches by the database meanwhile: want none, some and some", len(c.refused), during, degraded)
	case e.needed && during > 2: // one was on its way, and one may have been before the server was told
		t.Errorf("%d uploads were acknowledged without %s", during, e.name)
	}
	retried := 0
	for _, s := range c.stored {
		if s.tries > 1 {
			retried++
		}
	}
	t.Logf("%d documents needed more than one try with their key", retried)
	c.caughtUp()
	if !e.needed {
		wantFreshHits(t, p, c)
	}
	wantKept(t, p, c)
	p.end()
	if notes := p.log.String(); strings.Contains(notes, "panic") || strings.Contains(notes, "DATA RACE") {
		t.Errorf("serve noted: %s", p.lastNotes())
	}
}
