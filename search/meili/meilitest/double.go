// Package meilitest is a double of a Meilisearch server for tests: strict, in
// memory, on an address of 127.0.0.1, and it can be stopped and started again.
package meilitest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Double answers the endpoints of Meilisearch that the driver uses, as the
// documentation of 1.50 describes them, and refuses what it does not describe:
// unknown endpoints, parameters, attributes and filters. Tasks are done one
// after the other, some time after they were accepted, and nothing of a task is
// seen before it has succeeded. Where the documentation is silent it does what
// milli 1.15.1 was seen to do, the server's engine. Its methods may be called
// concurrently, but for Stop and Start.
type Double struct {
	tb      testing.TB
	address string // host:port, once it has started
	server  *http.Server

	mu      sync.Mutex
	indexes map[string]*doubleIndex
	tasks   []*doubleTask
	queue   chan *doubleTask
	// fail makes the next task of a type fail.
	fail map[string]bool
	// payload is the largest body taken, in bytes.
	payload int64
	// slow is how long the server would take to sort what a search finds.
	slow time.Duration
}

// Key is the only API key that a Double accepts.
const Key = "key of a test"

type doubleTask struct {
	uid    int
	index  string
	kind   string
	do     func() error
	status string
	err    *doubleError
}

type doubleError struct {
	Message string `json:"message"`
	Code    string `json:"code"`
	Type    string `json:"type"`
	status  int
}

func (e *doubleError) Error() string { return e.Code + ": " + e.Message }

func refuse(status int, code, format string, args ...any) *doubleError {
	return &doubleError{fmt.Sprintf(format, args...), code, "invalid_request", status}
}

// New starts a Double, which ends with the test. A request that it does not
// know fails the test.
func New(tb testing.TB) *Double {
	tb.Helper()
	d := &Double{
		tb: tb, address: "127.0.0.1:0", indexes: map[string]*doubleIndex{}, queue: make(chan *doubleTask, 10_000),
		fail: map[string]bool{}, payload: 100 << 20,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for task := range d.queue {
			time.Sleep(time.Millisecond) // accepted is not yet done
			d.finish(task)
		}
	}()
	d.Start()
	tb.Cleanup(func() {
		d.Stop()
		close(d.queue)
		<-done
	})
	return d
}

// URL is where the server is, "http://127.0.0.1:7700".
func (d *Double) URL() string { return "http://" + d.address }

// Start lets it answer again, at the address that it had.
func (d *Double) Start() {
	d.tb.Helper()
	listener, err := net.Listen("tcp", d.address)
	if err != nil {
		d.tb.Fatal(err)
	}
	d.address, d.server = listener.Addr().String(), &http.Server{Handler: d}
	go func(s *http.Server) { _ = s.Serve(listener) }(d.server) // ends when it is closed
}

// Stop ends all connections and refuses new ones. Tasks and indexes stay, as
// on a server's disk.
func (d *Double) Stop() { _ = d.server.Close() }

// Fail makes the next task of a type fail, "indexSwap" say.
func (d *Double) Fail(kind string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail[kind] = true
}

// Limit sets the size of the largest body taken, in bytes.
func (d *Double) Limit(payload int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.payload = payload
}

// Slow sets how long a search takes to sort what it finds.
func (d *Double) Slow(most time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slow = most
}

// Lose deletes all indexes, as a server does that comes back without its disk.
func (d *Double) Lose() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.indexes)
}

// Indexes is the number of indexes.
func (d *Double) Indexes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.indexes)
}

// SetField changes a field of a document behind the client's back.
func (d *Double) SetField(index, id, field, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string
	}
	d.indexes[index].documents[id].fields[field] = raw
}

func (d *Double) finish(task *doubleTask) {
	d.mu.Lock()
	defer d.mu.Unlock()
	task.status = "succeeded"
	var err error
	if d.fail[task.kind] {
		delete(d.fail, task.kind)
		err = refuse(0, "internal", "made to fail")
	} else {
		err = task.do()
	}
	if err != nil {
		task.status, task.err = "failed", err.(*doubleError)
	}
}

func (d *Double) enqueue(index, kind string, do func() error) any {
	task := &doubleTask{uid: len(d.tasks), index: index, kind: kind, do: do, status: "enqueued"}
	d.tasks = append(d.tasks, task)
	d.queue <- task
	return map[string]any{"taskUid": task.uid, "indexUid": index, "status": "enqueued", "type": kind, "enqueuedAt": time.Now()}
}

func (d *Double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	status, answer, err := d.answer(r)
	if err != nil {
		status, answer = err.status, err
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (d *Double) answer(r *http.Request) (int, any, *doubleError) {
	if r.Method == http.MethodGet && r.URL.Path == "/health" { // needs no key
		return 200, map[string]string{"status": "available"}, nil
	}
	if r.Header.Get("Authorization") == "" {
		return 0, nil, refuse(401, "missing_authorization_header", "The Authorization header is missing.")
	}
	if r.Header.Get("Authorization") != "Bearer "+Key {
		return 0, nil, refuse(403, "invalid_api_key", "The provided API key is invalid.")
	}
	d.mu.Lock()
	most := d.payload
	d.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return 0, nil, refuse(400, "malformed_payload", "The request was broken off.")
	}
	if int64(len(body)) > most {
		return 0, nil, refuse(413, "payload_too_large", "The provided payload reached the size limit.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch route := r.Method + " " + strings.Join(slices.Delete(slices.Clone(path), min(1, len(path)), min(2, len(path))), "/"); route {
	case "GET tasks":
		return d.task(path[1])
	case "POST swap-indexes":
		return d.swap(body)
	case "POST indexes":
		return d.create(body)
	case "DELETE indexes":
		return 202, d.enqueue(path[1], "indexDeletion", func() error {
			if d.indexes[path[1]] == nil {
				return missingIndex(path[1])
			}
			delete(d.indexes, path[1])
			return nil
		}), nil
	case "PATCH indexes/settings", "PUT indexes/settings/filterable-attributes", "POST indexes/documents", "POST indexes/documents/delete":
		return d.change(route, path[1], r.Header.Get("Content-Type"), body)
	case "POST indexes/documents/fetch", "POST indexes/search":
		x := d.indexes[path[1]]
		if x == nil {
			return 0, nil, missingIndex(path[1])
		}
		if route == "POST indexes/search" {
			return x.search(body, d.slow)
		}
		return x.fetch(body)
	}
	d.tb.Errorf("the double has no %s %s", r.Method, r.URL.Path)
	return 0, nil, refuse(404, "not_found", "no such endpoint")
}

func missingIndex(uid string) *doubleError {
	return refuse(404, "index_not_found", "Index `%s` not found.", uid)
}

func (d *Double) task(uid string) (int, any, *doubleError) {
	n, err := strconv.Atoi(uid)
	if err != nil || n >= len(d.tasks) {
		return 0, nil, refuse(404, "task_not_found", "Task `%s` not found.", uid)
	}
	task := d.tasks[n]
	return 200, map[string]any{
		"uid": n, "indexUid": task.index, "status": task.status, "type": task.kind, "error": task.err, "enqueuedAt": time.Now(),
	}, nil
}

// strict reads a body and refuses what it does not know.
func strict(body []byte, to any) *doubleError {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return refuse(400, "bad_request", "%v", err)
	}
	return nil
}

func (d *Double) swap(body []byte) (int, any, *doubleError) {
	var pairs []struct {
		Indexes []string
		Rename  bool
	}
	if err := strict(body, &pairs); err != nil {
		return 0, nil, err
	}
	return 202, d.enqueue("", "indexSwap", func() error {
		for _, p := range pairs {
			for _, uid := range p.Indexes {
				if d.indexes[uid] == nil {
					return missingIndex(uid)
				}
			}
			a, b := p.Indexes[0], p.Indexes[1]
			if a == b {
				return refuse(0, "invalid_swap_duplicate_index_found", "Indexes must be declared only once during a swap.")
			}
			d.indexes[a], d.indexes[b] = d.indexes[b], d.indexes[a]
		}
		return nil
	}), nil
}

func (d *Double) create(body []byte) (int, any, *doubleError) {
	var in struct{ UID, PrimaryKey string }
	if err := strict(body, &in); err != nil {
		return 0, nil, err
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,400}$`).MatchString(in.UID) || in.PrimaryKey != "id" {
		return 0, nil, refuse(400, "invalid_index_uid", "%q, %q", in.UID, in.PrimaryKey)
	}
	return 202, d.enqueue(in.UID, "indexCreation", func() error {
		if d.indexes[in.UID] != nil {
			return refuse(0, "index_already_exists", "Index `%s` already exists.", in.UID)
		}
		d.indexes[in.UID] = newDoubleIndex()
		return nil
	}), nil
}

// change accepts what an index is changed by, and does it later. Settings and
// documents for an index that is not there make it, with default settings.
func (d *Double) change(route, uid, contentType string, body []byte) (int, any, *doubleError) {
	kind, do := "settingsUpdate", func(x *doubleIndex) error { return x.set(body) }
	takes, makes := "application/json", true
	switch route {
	case "PUT indexes/settings/filterable-attributes":
		do = func(x *doubleIndex) error { return x.setFilterable(body) }
	case "POST indexes/documents":
		lines, err := readLines(body)
		if err != nil {
			return 0, nil, err
		}
		kind, do = "documentAdditionOrUpdate", func(x *doubleIndex) error { return x.add(lines) }
		takes = "application/x-ndjson"
	case "POST indexes/documents/delete":
		kind, do, makes = "documentDeletion", func(x *doubleIndex) error { return x.remove(body) }, false
	}
	if contentType != takes {
		return 0, nil, refuse(415, "invalid_content_type", "The Content-Type `%s` is invalid.", contentType)
	}
	return 202, d.enqueue(uid, kind, func() error {
		if d.indexes[uid] == nil && makes {
			d.indexes[uid] = newDoubleIndex()
		}
		if d.indexes[uid] == nil {
			return missingIndex(uid)
		}
		return do(d.indexes[uid])
	}), nil
}
