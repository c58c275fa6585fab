package s3

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/evidence/toxiproxytest"
)

// TestToxic puts documents while the network is at fault: each Put ends in
// bounded time, stored or ErrUnavailable; afterwards every document can be put
// again and read, and nothing else is there.
func TestToxic(t *testing.T) {
	realServer(t)
	api := os.Getenv("TOXIPROXY_URL")
	toxiproxytest.Each(t, api, func(t *testing.T, fault toxiproxytest.Fault) {
		o := realServer(t)
		direct := openTest(t, o)
		target, err := url.Parse(o.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := toxiproxytest.New(t, api, "s3-"+o.Prefix[:8], target.Host)
		o.URL, o.Stall, o.Attempts, o.Pause = "http://"+proxy.Address, 1500*time.Millisecond, 2, time.Millisecond
		s := openTest(t, o)
		proxy.Begin(fault)
		stored := putAll(t, s)
		t.Logf("stored %d of %d during the fault", stored, documents)
		proxy.End(fault)
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
