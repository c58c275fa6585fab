//go:build linux

package outage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/toxiproxytest"
	"minhchung/search/meili/meilitest"
)

// faults are those that the issue names; the drivers' own tests have more, in
// both directions.
var faults = []string{"latency 5 s downstream", "reset downstream", "timeout downstream", "bandwidth downstream", "half open upstream"}

// TestToxic lets the network to each engine be at fault, one after the other,
// while documents are uploaded and searched.
func TestToxic(t *testing.T) {
	if *programFlag == "" || *toxiFlag == "" {
		t.Skip("-program and -toxiproxy are not given: no faults of the network are tried on the program")
	}
	t.Parallel()
	double := meilitest.New(t)
	proxies := map[string]*toxiproxytest.Proxy{}
	p := newProvince(t, func(p *province) {
		for engine, upstream := range map[string]string{
			"database": "127.0.0.1:" + p.file("pg.port"), "documents": "127.0.0.1:" + p.file("s3.port"), "search": strings.TrimPrefix(double.URL(), "http://"),
		} {
			proxies[engine] = toxiproxytest.New(t, *toxiFlag, "province-"+engine, upstream)
			p.replace(upstream, proxies[engine].Address)
		}
	}, "MEILI_URL="+double.URL(), "MEILI_KEY="+meilitest.Key)
	c := startClients(p, 400*time.Millisecond)
	all := toxiproxytest.Faults()
	for _, engine := range []string{"database", "documents", "search"} {
		for _, name := range faults {
			fault, known := all[name]
			if !known {
				t.Fatalf("no fault %q", name)
			}
			stored := c.count()
			proxies[engine].Begin(fault)
			time.Sleep(*lengthFlag / time.Duration(3*len(faults)))
			during, said := c.count()-stored, p.ready()[engine]
			proxies[engine].End(fault)
			p.until("every engine answers after "+name, func() bool { return p.ready()[engine] == "up" })
			p.until("uploads go on after "+name, func() bool { return c.count() > stored+during })
			t.Logf("%s, %s: %s, %d documents acknowledged meanwhile", engine, name, said, during)
		}
	}
	c.end()
	if slices.ContainsFunc(c.refused, func(h heard) bool { return h.retry == "" }) {
		t.Error("503 without Retry-After")
	}
	t.Logf("%d requests were refused", len(c.refused))
	wantFreshHits(t, p, c)
	wantKept(t, p, c)
	p.end()
}
