package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

// toxiproxy speaks to the proxy server that TOXIPROXY_URL names.
type toxiproxy struct {
	t     *testing.T
	api   string
	proxy string // address of the proxy in front of S3
}

func (p toxiproxy) call(method, path string, body any) []byte {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(p.t.Context()), method, p.api+path, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil || answer.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text.String(), err)
	}
	return text.Bytes()
}

// newToxiproxy puts a proxy of its own before the S3 server.
func newToxiproxy(t *testing.T, o Options) toxiproxy {
	t.Helper()
	p := toxiproxy{t: t, api: os.Getenv("TOXIPROXY_URL")}
	target, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	name := "s3-" + o.Prefix[:8]
	var made struct{ Listen string }
	if err := json.Unmarshal(p.call("POST", "/proxies", map[string]any{
		"name": name, "listen": "127.0.0.1:0", "upstream": target.Host, "enabled": true}), &made); err != nil {
		t.Fatal(err)
	}
	p.proxy, p.api = made.Listen, p.api+"/proxies/"+name
	t.Cleanup(func() { p.call("DELETE", "", nil) })
	return p
}

// TestToxic puts documents while the network is at fault: each Put ends in
// bounded time, stored or ErrUnavailable; afterwards every document can be put
// again and read, and nothing else is there.
func TestToxic(t *testing.T) {
	realServer(t)
	if os.Getenv("TOXIPROXY_URL") == "" {
		t.Skip("TOXIPROXY_URL is not set: no faults of the network are tried")
	}
	type toxic struct {
		kind, stream string
		attributes   map[string]any
	}
	both := []string{"upstream", "downstream"}
	cases := map[string]toxic{"down": {}}
	for _, stream := range both {
		cases["latency 5 s "+stream] = toxic{"latency", stream, map[string]any{"latency": 5000}}
		cases["latency 200 ms "+stream] = toxic{"latency", stream, map[string]any{"latency": 200, "jitter": 100}}
		cases["reset "+stream] = toxic{"reset_peer", stream, map[string]any{"timeout": 20}}
		cases["half open "+stream] = toxic{"timeout", stream, map[string]any{"timeout": 0}}
		cases["timeout "+stream] = toxic{"timeout", stream, map[string]any{"timeout": 300}}
		cases["bandwidth "+stream] = toxic{"bandwidth", stream, map[string]any{"rate": 100}}
		cases["cut after 20 kB "+stream] = toxic{"limit_data", stream, map[string]any{"bytes": 20_000}}
		cases["slow close "+stream] = toxic{"slow_close", stream, map[string]any{"delay": 500}}
		cases["slices "+stream] = toxic{"slicer", stream, map[string]any{"average_size": 1000, "size_variation": 500, "delay": 100}}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := realServer(t)
			direct := openTest(t, o)
			proxy := newToxiproxy(t, o)
			o.URL, o.Stall, o.Attempts, o.Pause = "http://"+proxy.proxy, 1500*time.Millisecond, 2, time.Millisecond
			s := openTest(t, o)
			if c.kind == "" {
				proxy.call("POST", "", map[string]any{"enabled": false})
			} else {
				proxy.call("POST", "/toxics", map[string]any{"name": "fault", "type": c.kind, "stream": c.stream, "toxicity": 1, "attributes": c.attributes})
			}
			stored := putAll(t, s)
			t.Logf("stored %d of %d during the fault", stored, documents)
			if c.kind == "" {
				proxy.call("POST", "", map[string]any{"enabled": true})
			} else {
				proxy.call("DELETE", "/toxics/fault", nil)
			}
			if err := s.Ping(t.Context()); err != nil { // ends the breaker's pause, as the health check does
				t.Errorf("Ping when the fault was over: %v", err)
			}
			if n := putAll(t, s); n != documents {
				t.Errorf("stored %d of %d when the fault was over", n, documents)
			}
			seen := 0
			if err := direct.List(t.Context(), "", func(object.Key) error { seen++; return nil }); err != nil || seen != documents {
				t.Errorf("got %d objects and %v, want %d", seen, err, documents)
			}
		})
	}
}

const documents = 3

// putAll puts and reads the documents; what cannot be done must be
// ErrUnavailable.
func putAll(t *testing.T, s *Store) (stored int) {
	t.Helper()
	for i := range documents {
		b := append(bytes.Clone(body), fmt.Sprint(i)...)
		key := object.Key{Unit: "xa-thu", SHA256: signature.HashOf(b)}
		err := s.Put(t.Context(), key, int64(len(b)), bytes.NewReader(b))
		if err == nil {
			stored++
			continue
		}
		if !errors.Is(err, object.ErrUnavailable) || errors.Is(err, object.ErrCorrupt) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	}
	return stored
}
