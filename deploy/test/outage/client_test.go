//go:build linux

package outage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// heard is the answer to one request.
type heard struct {
	begun  time.Time
	took   time.Duration
	status int
	retry  string // Retry-After
	body   string
	replay bool
}

// clients upload documents one after the other, search, and ask whether the
// program is alive, until they are told to stop.
type clients struct {
	p      *province
	pace   time.Duration // between two uploads
	http   *http.Client
	stop   chan struct{}
	giveUp chan struct{} // not even what is under way is tried again
	all    sync.WaitGroup
	mu     sync.Mutex // guards what follows
	stored map[string]stored
	// refused are the uploads and searches that heard 503.
	refused  []heard
	searches []searched
	pulses   []heard
	next     int // file to be uploaded
}

// stored is a document whose upload was acknowledged.
type stored struct {
	path  string
	tries int
	heard heard // the acknowledgement
}

// searched is a search that was answered.
type searched struct {
	begun    time.Time
	degraded bool
}

func startClients(p *province, pace time.Duration) *clients {
	c := &clients{p: p, pace: pace, http: &http.Client{Timeout: 2 * time.Minute}, stop: make(chan struct{}), giveUp: make(chan struct{}), stored: map[string]stored{}}
	c.all.Go(c.upload)
	c.all.Go(c.search)
	c.all.Go(c.pulse)
	p.t.Cleanup(func() { close(c.giveUp); c.end() })
	return c
}

// end stops the clients; an upload under way is retried until it is stored.
func (c *clients) end() {
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.all.Wait()
}

// sleep reports false when the clients are to stop.
func (c *clients) sleep(d time.Duration) bool {
	select {
	case <-c.stop:
		return false
	case <-c.p.exited:
		return false
	case <-time.After(d):
		return true
	}
}

// count is how many documents were acknowledged.
func (c *clients) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.stored)
}

func (c *clients) upload() {
	for c.next < len(c.p.files) && c.sleep(c.pace) {
		path := c.p.files[c.next]
		c.next++
		content, err := os.ReadFile(path)
		if err != nil {
			c.p.t.Error(err)
			return
		}
		sum := sha256.Sum256(content)
		sha := hex.EncodeToString(sum[:])
		if _, again := c.stored[sha]; again { // the demo has a file twice
			continue
		}
		if !c.send(path, sha, content) {
			return
		}
	}
	if c.next == len(c.p.files) {
		c.p.t.Log("all files are uploaded")
	}
}

// send uploads one document with one key until it is acknowledged.
func (c *clients) send(path, sha string, content []byte) bool {
	for tries := 1; ; tries++ {
		h := c.post(filepath.Base(path), "key of "+sha, content)
		switch h.status {
		case http.StatusCreated, http.StatusOK: // 200: an earlier try has done it
			c.mu.Lock()
			c.stored[sha] = stored{path, tries, h}
			c.mu.Unlock()
			return true
		case http.StatusServiceUnavailable:
			c.mu.Lock()
			c.refused = append(c.refused, h)
			c.mu.Unlock()
		default:
			c.p.t.Errorf("upload of %s: got %d %s", path, h.status, h.body)
			return false
		}
		select {
		case <-c.p.exited:
			return false
		case <-c.giveUp:
			return false
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (c *clients) post(name, key string, content []byte) heard {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil || form.Close() != nil {
		panic(err) // into memory
	}
	r, err := http.NewRequest(http.MethodPost, c.p.url+"api/v1/documents?unit="+unit+"&period="+period, &body)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Idempotency-Key", key)
	return c.do(r)
}

func (c *clients) get(path string) heard {
	r, err := http.NewRequest(http.MethodGet, c.p.url+path, nil)
	if err != nil {
		panic(err)
	}
	return c.do(r)
}

func (c *clients) do(r *http.Request) (h heard) {
	h.begun = time.Now()
	defer func() { h.took = time.Since(h.begun) }()
	res, err := c.http.Do(r)
	if err != nil {
		h.body = err.Error()
		return h
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.body = err.Error()
		return h
	}
	h.status, h.retry, h.body = res.StatusCode, res.Header.Get("Retry-After"), string(b)
	h.replay = res.Header.Get("Idempotency-Replayed") != ""
	return h
}

// What the pages of results say.
const (
	degradedNotice = "Đang tra cứu tạm trong cơ sở dữ liệu"
	wholeNotice    = ": đủ."
)

var queries = []string{"kế hoạch", "quyet dinh", "xã", "\"báo cáo\""}

func (c *clients) search() {
	for n := 0; c.sleep(300 * time.Millisecond); n++ {
		h := c.get("search?q=" + url.QueryEscape(queries[n%len(queries)]))
		c.mu.Lock()
		switch h.status {
		case http.StatusOK:
			c.searches = append(c.searches, searched{h.begun, strings.Contains(h.body, degradedNotice)})
		case http.StatusServiceUnavailable:
			c.refused = append(c.refused, h)
		default:
			c.p.t.Errorf("search: got %d %s", h.status, h.body)
		}
		c.mu.Unlock()
	}
}

// pulse asks what needs no engine: how long that takes is the machine's.
func (c *clients) pulse() {
	for c.sleep(100 * time.Millisecond) {
		h := c.get("healthz")
		if h.status != http.StatusOK {
			c.p.t.Errorf("healthz: got %d %s", h.status, h.body)
		}
		c.mu.Lock()
		c.pulses = append(c.pulses, h)
		c.mu.Unlock()
	}
}

// soon is what the issue asks of an answer without an engine.
const soon = 2 * time.Second

// slack is what a busy machine may add to an answer: a tenth of a second for
// each process that waits for a processor, and one at most.
func slack(t *testing.T) time.Duration {
	t.Helper()
	b, err := os.ReadFile("/proc/loadavg")
	must(t, err)
	first, _, _ := strings.Cut(string(b), " ")
	load, err := strconv.ParseFloat(first, 64)
	must(t, err)
	waiting := load/float64(runtime.NumCPU()) - 1
	return time.Duration(min(max(waiting/10, 0), 1) * float64(time.Second))
}

// wantSoon looks at everything that was refused: 503 with Retry-After within
// two seconds, and what the machine itself added meanwhile, as /healthz met it.
func (c *clients) wantSoon(t *testing.T) {
	t.Helper()
	busy := slack(t)
	longest, slowest := time.Duration(0), time.Duration(0)
	for _, h := range c.refused {
		if h.retry == "" {
			t.Errorf("503 without Retry-After: %s", h.body)
		}
		own := time.Duration(0)
		for _, p := range c.pulses {
			if p.begun.Before(h.begun.Add(h.took)) && h.begun.Before(p.begun.Add(p.took)) {
				own = max(own, p.took)
			}
		}
		if h.took > soon+2*own+busy {
			t.Errorf("503 after %v, while /healthz took %v at most: %s", h.took, own, h.body)
		}
		longest, slowest = max(longest, h.took), max(slowest, own)
	}
	t.Logf("%d requests were refused, the last to hear of it after %.2f s (meanwhile /healthz: %.2f s at most)", len(c.refused), longest.Seconds(), slowest.Seconds())
}

// wantReplay sends a document again with its key: the same answer.
func (c *clients) wantReplay(t *testing.T) {
	t.Helper()
	for sha, s := range c.stored {
		content, err := os.ReadFile(s.path)
		must(t, err)
		if h := c.post(filepath.Base(s.path), "key of "+sha, content); !h.replay || h.body != s.heard.body || h.status != s.heard.status {
			t.Errorf("the same request again: got %d, replayed %v, other answer: %v", h.status, h.replay, h.body != s.heard.body)
		}
		return
	}
}
