// Package toxiproxytest puts faults of a network before the engines of tests:
// a client of a Shopify/toxiproxy server, and the faults that every driver is
// tried with.
package toxiproxytest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
)

// Proxy is a proxy of its own before one server.
type Proxy struct {
	// Address is "host:port", to be used instead of the server's.
	Address string

	tb  testing.TB
	api string
}

// New puts a proxy before upstream ("host:port") on the toxiproxy server at
// api. name is free on that server.
func New(tb testing.TB, api, name, upstream string) *Proxy {
	tb.Helper()
	p := &Proxy{tb: tb, api: api}
	var made struct{ Listen string }
	err := json.Unmarshal(p.call("POST", "/proxies", map[string]any{
		"name": name, "listen": "127.0.0.1:0", "upstream": upstream, "enabled": true}), &made)
	if err != nil {
		tb.Fatal(err)
	}
	p.Address, p.api = made.Listen, api+"/proxies/"+name
	tb.Cleanup(func() { p.call("DELETE", "", nil) })
	return p
}

func (p *Proxy) call(method, path string, body any) []byte {
	p.tb.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.tb.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, p.api+path, bytes.NewReader(b))
	if err != nil {
		p.tb.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.tb.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil || answer.StatusCode >= 300 {
		p.tb.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text.String(), err)
	}
	return text.Bytes()
}

// Fault is one thing that a network does.
type Fault struct {
	kind, stream string // kind "" refuses connections
	attributes   map[string]any
}

// Faults returns the faults by name.
func Faults() map[string]Fault {
	faults := map[string]Fault{"down": {}}
	for _, stream := range []string{"upstream", "downstream"} {
		faults["latency 5 s "+stream] = Fault{"latency", stream, map[string]any{"latency": 5000}}
		faults["latency 200 ms "+stream] = Fault{"latency", stream, map[string]any{"latency": 200, "jitter": 100}}
		faults["reset "+stream] = Fault{"reset_peer", stream, map[string]any{"timeout": 20}}
		faults["half open "+stream] = Fault{"timeout", stream, map[string]any{"timeout": 0}}
		faults["timeout "+stream] = Fault{"timeout", stream, map[string]any{"timeout": 300}}
		faults["bandwidth "+stream] = Fault{"bandwidth", stream, map[string]any{"rate": 100}}
		faults["cut after 20 kB "+stream] = Fault{"limit_data", stream, map[string]any{"bytes": 20_000}}
		faults["slow close "+stream] = Fault{"slow_close", stream, map[string]any{"delay": 500}}
		faults["slices "+stream] = Fault{"slicer", stream, map[string]any{"average_size": 1000, "size_variation": 500, "delay": 100}}
	}
	return faults
}

// Each runs a test for each fault, all at the same time. It skips, and says so,
// when api, the value of TOXIPROXY_URL, names no server.
func Each(t *testing.T, api string, test func(t *testing.T, fault Fault)) {
	if api == "" {
		t.Skip("TOXIPROXY_URL is not set: no faults of the network are tried")
	}
	for name, fault := range Faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fault)
		})
	}
}

// Begin lets the fault happen to all connections, End ends it.
func (p *Proxy) Begin(f Fault) {
	p.tb.Helper()
	if f.kind == "" {
		p.call("POST", "", map[string]any{"enabled": false})
		return
	}
	p.call("POST", "/toxics", map[string]any{"name": "fault", "type": f.kind, "stream": f.stream, "toxicity": 1, "attributes": f.attributes})
}

// End ends the fault that began.
func (p *Proxy) End(f Fault) {
	p.tb.Helper()
	if f.kind == "" {
		p.call("POST", "", map[string]any{"enabled": true})
		return
	}
	p.call("DELETE", "/toxics/fault", nil)
}
