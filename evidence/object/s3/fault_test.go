package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

var body = bytes.Repeat([]byte("Báo cáo số 32/BC-UBND. "), 2_000)

func testKey() object.Key {
	return object.Key{Unit: "xa-thu", SHA256: signature.HashOf(body)}
}

func putBody(t *testing.T, s *Store) error {
	t.Helper()
	return putFrom(t, s, bytes.NewReader(body))
}

func putFrom(t *testing.T, s *Store, r io.Reader) error {
	t.Helper()
	err := s.Put(t.Context(), testKey(), int64(len(body)), r)
	if err != nil && strings.Contains(err.Error(), doubleSecret) {
		t.Errorf("the secret is in an error: %v", err)
	}
	return err
}

func readBody(t *testing.T, s *Store) error {
	t.Helper()
	r, err := s.Get(t.Context(), testKey())
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, body) {
		t.Errorf("got %d bytes without an error, want %d", len(got), len(body))
	}
	return err
}

// unavailable checks that err says "nobody knows", and nothing about the
// object.
func unavailable(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, object.ErrUnavailable) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, object.ErrCorrupt) {
		t.Errorf("%s: got %v, want ErrUnavailable and nothing else", what, err)
	}
}

func TestConformanceDouble(t *testing.T) {
	conformance(t, func(t *testing.T) Options {
		_, o := newDouble(t)
		return o
	})
}

// failing answers the first n requests of a method with a status.
func failFirst(n int64, method string, status int, code string) func(http.ResponseWriter, *http.Request) bool {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || seen.Add(1) > n {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body) // of the test's own client
		refuse(w, status, code)
		return true
	}
}

func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		status int
		code   string
	}{
		"server error":       {http.MethodPut, 500, "InternalError"},
		"slow down":          {http.MethodPut, 503, "SlowDown"},
		"conflict":           {http.MethodPut, 409, "ConditionalRequestConflict"},
		"mangled on the way": {http.MethodPut, 400, "BadDigest"},
		"reading back":       {http.MethodGet, 502, "BadGateway"},
	} {
		t.Run(name, func(t *testing.T) {
			d, o := newDouble(t)
			d.before = failFirst(2, c.method, c.status, c.code)
			if err := putBody(t, openTest(t, o)); err != nil {
				t.Errorf("Put: %v", err)
			}
			if n := d.count(c.method); n != 3 {
				t.Errorf("got %d requests, want 3", n)
			}
		})
	}
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
	}{{403, "AccessDenied"}, {403, "SignatureDoesNotMatch"}, {404, "NoSuchBucket"}, {501, "NotImplemented"}, {400, "InvalidArgument"}} {
		d, o := newDouble(t)
		d.before = failFirst(9, http.MethodPut, c.status, c.code)
		unavailable(t, c.code, putBody(t, openTest(t, o)))
		if n := d.count(http.MethodPut); n != 1 {
			t.Errorf("%s: got %d requests, want 1", c.code, n)
		}
	}
}

func TestMissingIsUnverified(t *testing.T) {
	d, o := newDouble(t)
	s := openTest(t, o)
	_, err := s.Stat(t.Context(), testKey())
	for what, err := range map[string]error{"Stat": err, "Get": readBody(t, s)} {
		if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, object.ErrUnverified) || errors.Is(err, object.ErrUnavailable) {
			t.Errorf("%s of a missing object: got %v, want fs.ErrNotExist and ErrUnverified", what, err)
		}
	}
	// The same answers when the whole bucket is missing mean nothing.
	d.before = func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return true
	}
	_, err = s.Stat(t.Context(), testKey())
	unavailable(t, "Stat without a bucket", err)
	unavailable(t, "Get without a bucket", readBody(t, s))
	unavailable(t, "List without a bucket", s.List(t.Context(), "", func(object.Key) error { return nil }))
	unavailable(t, "Ping without a bucket", s.Ping(t.Context()))
}

// TestLostAnswer drops the connection after the object was stored.
func TestLostAnswer(t *testing.T) {
	d, o := newDouble(t)
	var dropped atomic.Bool
	d.after = func(w http.ResponseWriter, r *http.Request) bool {
		if dropped.Swap(true) {
			return false
		}
		panic(http.ErrAbortHandler)
	}
	s := openTest(t, o)
	if err := putBody(t, s); err != nil {
		t.Errorf("Put: %v", err)
	}
	if !dropped.Load() || d.count(http.MethodPut) != 2 {
		t.Errorf("dropped %t, %d requests: want the second one refused by its condition", dropped.Load(), d.count(http.MethodPut))
	}
}

// TestServerThatStoresOtherBytes: it acknowledges, and the read-back sees it.
func TestServerThatStoresOtherBytes(t *testing.T) {
	for name, open := range map[string]func() io.Reader{
		"compared by its digest": func() io.Reader { return bytes.NewReader(body) },
		"compared with memory":   func() io.Reader { return object.NewContent(body) },
	} {
		t.Run(name, func(t *testing.T) {
			d, o := newDouble(t)
			d.mangle = true
			s := openTest(t, o)
			unavailable(t, "Put", putFrom(t, s, open()))
			d.mu.Lock()
			d.mangle = false
			d.mu.Unlock()
			if err := putFrom(t, s, open()); err != nil {
				t.Errorf("Put after the server was mended: %v", err)
			}
			if err := readBody(t, s); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServerThatRefusesEveryTag is Ceph RGW 16: no If-Match holds there. What
// is damaged is mended all the same, and what another writer has mended stays.
func TestServerThatRefusesEveryTag(t *testing.T) {
	d, o := newDouble(t)
	s := openTest(t, o)
	if err := putBody(t, s); err != nil {
		t.Fatal(err)
	}
	mended := false // by another writer, while we try
	d.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-Match") == "" {
			return false
		}
		if mended {
			d.store(body)
		}
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return true
	}
	for _, mended = range []bool{false, true} {
		d.store(body[1:])
		before := d.count(http.MethodPut)
		if err := putBody(t, s); err != nil {
			t.Errorf("mended %t: %v", mended, err)
		}
		if err := readBody(t, s); err != nil {
			t.Errorf("mended %t: %v", mended, err)
		}
		want := 3 // by both conditions, and without
		if mended {
			want = 2
		}
		if got := d.count(http.MethodPut) - before; got != want {
			t.Errorf("mended %t: got %d writes, want %d", mended, got, want)
		}
	}
}

// TestServerThatAnswersSomethingElse lists the bucket whatever it is asked, as
// Ceph RGW 16 does for one question. Nothing is known then, and nothing is
// asked again.
func TestServerThatAnswersSomethingElse(t *testing.T) {
	d, o := newDouble(t)
	found, err := openTest(t, o).Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		if p.State != object.Unknown || p.Detail != "NotImplemented" {
			t.Errorf("%s: got %s %q, want it unknown", p.Name, p.State, p.Detail)
		}
	}
	if n := d.count(http.MethodGet); len(found) != 3 || n != 3 {
		t.Errorf("got %d answers to %d questions, want 3 and 3", len(found), n)
	}
}

// TestServerThatKnowsItsDamage announces another checksum than that of the
// key.
func TestServerThatKnowsItsDamage(t *testing.T) {
	d, o := newDouble(t)
	s := openTest(t, o)
	if err := putBody(t, s); err != nil {
		t.Fatal(err)
	}
	d.before = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set(checksumHeader, checksum(object.Key{}))
		return false
	}
	if _, err := s.Get(t.Context(), testKey()); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt before the first byte", err)
	}
}

func TestDownloadThatBreaks(t *testing.T) {
	d, o := newDouble(t)
	o.Attempts = 2
	s := openTest(t, o)
	if err := putBody(t, s); err != nil {
		t.Fatal(err)
	}
	d.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", "46000")
		_, _ = w.Write(body[:1000])
		panic(http.ErrAbortHandler)
	}
	unavailable(t, "a connection that ends in the middle", readBody(t, s))
}

// TestStall: a server that takes the request and never answers.
func TestStall(t *testing.T) {
	d, o := newDouble(t)
	o.Stall, o.Attempts = 50*time.Millisecond, 2
	released := make(chan struct{})
	d.before = func(http.ResponseWriter, *http.Request) bool { <-released; return true }
	t.Cleanup(func() { close(released) }) // before the server waits for its handlers
	s := openTest(t, o)
	unavailable(t, "Put", putBody(t, s))
	unavailable(t, "Get", readBody(t, s))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Stat(ctx, testKey()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, want context.Canceled", err)
	}
}

func TestBreaker(t *testing.T) {
	d, o := newDouble(t)
	s := openTest(t, o)
	clock := time.Unix(0, 0)
	s.breaker.now = func() time.Time { return clock }
	d.before = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	for range 2 { // of four attempts each
		unavailable(t, "Get", readBody(t, s))
	}
	asked := d.count(http.MethodGet)
	if asked != threshold {
		t.Errorf("got %d requests, want %d and then none", asked, threshold)
	}
	unavailable(t, "Put while nothing is asked", putBody(t, s))
	if n := d.count(http.MethodPut); n != 0 {
		t.Errorf("got %d requests while nothing is asked", n)
	}
	// After the pause one call asks, finds it down, and the next pause begins.
	clock = clock.Add(2 * o.Pause)
	unavailable(t, "Get after the pause", readBody(t, s))
	if n := d.count(http.MethodGet); n != asked+1 {
		t.Errorf("got %d more requests after the pause, want 1", n-asked)
	}
	// A cancelled call says nothing.
	clock = clock.Add(2 * o.Pause)
	ctx, cancel := context.WithCancel(t.Context())
	d.before = func(w http.ResponseWriter, r *http.Request) bool { cancel(); <-r.Context().Done(); return true }
	if _, err := s.Stat(ctx, testKey()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if s.breaker.enter() {
		t.Error("a cancelled call ended the pause")
	}
	// Ping asks at any time, and its success ends the pause.
	d.before = nil
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := putBody(t, s); err != nil {
		t.Errorf("Put after the server came back: %v", err)
	}
}

// TestListingThatBreaks goes on behind the last object it has.
func TestListingThatBreaks(t *testing.T) {
	d, o := newDouble(t)
	s := openTest(t, o)
	for i := range 10 {
		b := []byte{byte(i)}
		if err := s.Put(t.Context(), object.Key{Unit: "xa-thu", SHA256: signature.HashOf(b)}, 1, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	d.mu.Lock()
	d.objects["somebody-elses/file"] = nil
	d.mu.Unlock()
	var lists atomic.Int64
	d.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("list-type") == "2" && lists.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	}
	seen := map[object.Key]int{}
	if err := s.List(t.Context(), "", func(k object.Key) error { seen[k]++; return nil }); err != nil {
		t.Fatal(err)
	}
	for k, n := range seen {
		if n != 1 {
			t.Errorf("%s was listed %d times", k.SHA256, n)
		}
	}
	if len(seen) != 10 {
		t.Errorf("got %d objects, want 10", len(seen))
	}
}

func TestOptions(t *testing.T) {
	good := Options{URL: "https://s3.example.vn:9000", Bucket: "minhchung", Key: "khoa", Secret: doubleSecret}
	if s, err := Open(good); err != nil {
		t.Errorf("good options: %v", err)
	} else if s.o.MaxBytes != 50<<20 || s.o.Region != "us-east-1" {
		t.Errorf("defaults: got %d bytes, region %q", s.o.MaxBytes, s.o.Region)
	}
	for name, change := range map[string]func(*Options){
		"no address":        func(o *Options) { o.URL = "" },
		"no scheme":         func(o *Options) { o.URL = "s3.example.vn" },
		"a path":            func(o *Options) { o.URL = "https://s3.example.vn/minhchung" },
		"a password in it":  func(o *Options) { o.URL = "https://khoa:" + doubleSecret + "@s3.example.vn" },
		"unreadable":        func(o *Options) { o.URL = "https://khoa:" + doubleSecret + "@s3.example.vn\x7f" },
		"plain HTTP":        func(o *Options) { o.URL = "http://s3.example.vn" },
		"no bucket":         func(o *Options) { o.Bucket = "" },
		"no key":            func(o *Options) { o.Key = "" },
		"no secret":         func(o *Options) { o.Secret = "" },
		"prefix, no slash":  func(o *Options) { o.Prefix = "province" },
		"prefix above":      func(o *Options) { o.Prefix = "../" },
		"prefix from slash": func(o *Options) { o.Prefix = "/a/" },
	} {
		o := good
		change(&o)
		_, err := Open(o)
		if err == nil {
			t.Errorf("%s: got no error", name)
		} else if strings.Contains(err.Error(), doubleSecret) {
			t.Errorf("%s: the secret is in the error: %v", name, err)
		}
	}
}
