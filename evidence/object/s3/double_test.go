package s3

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const doubleSecret = "khong-duoc-lo-ra-0123456789"

// double is a server in memory that knows the requests of this package, and
// fails as tests ask it to.
type double struct {
	t *testing.T
	// before and after run around a request's effect; one that returns true
	// has answered.
	before, after func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	objects  map[string][]byte // guarded by mu
	requests []string          // guarded by mu: method and path of each
	mangle   bool              // guarded by mu: change what is stored
}

// newDouble starts one and returns options that use it.
func newDouble(t *testing.T) (*double, Options) {
	d := &double{t: t, objects: map[string][]byte{}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	return d, Options{URL: server.URL, Bucket: testBucket, Key: "khoa", Secret: doubleSecret,
		Spool: t.TempDir(), Stall: 3 * time.Second, Pause: time.Hour}
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.requests = append(d.requests, r.Method+" "+r.URL.Path)
	d.mu.Unlock()
	if d.before != nil && d.before(w, r) {
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/"+testBucket+"/")
	switch {
	case name == "" || name == r.URL.Path:
		d.bucket(w, r)
	case r.Method == http.MethodPut:
		d.put(w, r, name)
	default:
		d.get(w, r, name)
	}
}

// count returns how many requests began with the method.
func (d *double) count(method string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.requests {
		if strings.HasPrefix(r, method+" ") {
			n++
		}
	}
	return n
}

// store puts bytes in the place of the one object behind the server's back.
func (d *double) store(b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.objects {
		d.objects[name] = b
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>so it is</Message></Error>", code)
}

func (d *double) put(w http.ResponseWriter, r *http.Request, name string) {
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		refuse(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	sum := sha256.Sum256(body)
	if want := r.Header.Get(checksumHeader); want != "" && want != base64.StdEncoding.EncodeToString(sum[:]) {
		refuse(w, http.StatusBadRequest, "BadDigest")
		return
	}
	d.mu.Lock()
	old, there := d.objects[name]
	match := r.Header.Get("If-Match")
	if there && r.Header.Get("If-None-Match") == "*" || match != "" && strings.Trim(match, `"`) != tag(old) {
		d.mu.Unlock()
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	if d.mangle && len(body) > 0 {
		body[0] ^= 1
	}
	d.objects[name] = body
	d.mu.Unlock()
	if d.after == nil || !d.after(w, r) {
		w.Header().Set("ETag", `"`+tag(body)+`"`)
	}
}

func tag(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

func (d *double) get(w http.ResponseWriter, r *http.Request, name string) {
	d.mu.Lock()
	body, there := d.objects[name]
	d.mu.Unlock()
	if !there {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	w.Header().Set("ETag", `"`+tag(body)+`"`)
	w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a client that is gone
	}
}

// bucket lists, three objects at a time.
func (d *double) bucket(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	after := max(r.URL.Query().Get("start-after"), r.URL.Query().Get("continuation-token"))
	type content struct{ Key string }
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []content
	}
	names := make([]string, 0, len(d.objects))
	for name := range d.objects {
		if name > after && strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names[:min(3, len(names))] {
		page.Contents = append(page.Contents, content{name})
		page.NextContinuationToken = name
	}
	page.IsTruncated = len(names) > 3
	if err := xml.NewEncoder(w).Encode(page); err != nil {
		d.t.Error(err)
	}
}
