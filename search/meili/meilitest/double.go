// Package meilitest is a double of a Meilisearch server for tests: strict, in
// memory, on an address of 127.0.0.1, and it can be stopped and started again.
package meilitest

import (
	"bufio"
	"cmp"
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

	"golang.org/x/text/unicode/norm"
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

type doubleIndex struct {
	filterable map[string]bool
	sortable   []string
	displayed  []string
	settings   map[string]json.RawMessage
	ids        []string // by the server's own numbers; "" is free, and taken again first
	documents  map[string]doubleDocument
}

func newDoubleIndex() *doubleIndex {
	return &doubleIndex{
		filterable: map[string]bool{}, settings: map[string]json.RawMessage{}, documents: map[string]doubleDocument{},
	}
}

type doubleDocument struct {
	fields map[string]json.RawMessage
	values map[string]map[string]string // filterable attribute → normalised value → as written
}

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

func (x *doubleIndex) setFilterable(body []byte) error {
	var rules []struct {
		AttributePatterns []string
		Features          struct {
			FacetSearch bool
			Filter      struct{ Equality, Comparison bool }
		}
	}
	if err := strict(body, &rules); err != nil {
		return err
	}
	for _, r := range rules {
		for _, name := range r.AttributePatterns {
			x.filterable[name] = r.Features.Filter.Equality
		}
	}
	return nil
}

var knownSettings = []string{"rankingRules", "searchableAttributes", "displayedAttributes", "sortableAttributes",
	"typoTolerance", "pagination", "faceting", "proximityPrecision", "prefixSearch", "searchCutoffMs"}

func (x *doubleIndex) set(body []byte) error {
	if err := json.Unmarshal(body, &x.settings); err != nil {
		return refuse(0, "bad_request", "%v", err)
	}
	for name := range x.settings {
		if !slices.Contains(knownSettings, name) {
			return refuse(0, "bad_request", "unknown setting %s", name)
		}
	}
	_ = json.Unmarshal(x.settings["sortableAttributes"], &x.sortable)
	_ = json.Unmarshal(x.settings["displayedAttributes"], &x.displayed)
	return nil
}

// readLines reads NDJSON, which the server does before it accepts it.
func readLines(body []byte) ([]map[string]json.RawMessage, *doubleError) {
	var out []map[string]json.RawMessage
	lines := bufio.NewScanner(strings.NewReader(string(body)))
	lines.Buffer(nil, len(body)+1)
	for lines.Scan() {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &fields); err != nil {
			return nil, refuse(400, "malformed_payload", "%v", err)
		}
		out = append(out, fields)
	}
	if out == nil {
		return nil, refuse(400, "missing_payload", "A ndjson payload is missing.")
	}
	return out, nil
}

// add puts documents. One with a bad ID fails the whole task.
func (x *doubleIndex) add(lines []map[string]json.RawMessage) error {
	var ids []string
	for _, fields := range lines {
		var id string
		if err := json.Unmarshal(fields["id"], &id); err != nil || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,511}$`).MatchString(id) {
			return refuse(0, "invalid_document_id", "Document identifier `%s` is invalid.", fields["id"])
		}
		ids = append(ids, id)
	}
	for i, id := range ids {
		doc := doubleDocument{lines[i], map[string]map[string]string{}}
		for name := range x.filterable {
			doc.values[name] = valuesOf(doc.fields[name])
		}
		if _, ok := x.documents[id]; !ok {
			x.number(id)
		}
		x.documents[id] = doc
	}
	return nil
}

// number gives a document the first number that is free.
func (x *doubleIndex) number(id string) {
	if at := slices.Index(x.ids, ""); at >= 0 {
		x.ids[at] = id
	} else {
		x.ids = append(x.ids, id)
	}
}

// Normal is how the server compares filter values: decomposed, in lower case,
// without spaces around.
func Normal(s string) string { return strings.ToLower(norm.NFKD.String(strings.TrimSpace(s))) }

// kept is what the server keeps of a value to compare with; the value of a
// filter is not cut, so a longer one finds nothing.
func kept(s string) string {
	s = Normal(s)
	return s[:min(len(s), 468)]
}

func valuesOf(raw json.RawMessage) map[string]string {
	var many []string
	var one string
	if json.Unmarshal(raw, &one) == nil {
		many = []string{one}
	} else if raw != nil {
		_ = json.Unmarshal(raw, &many)
	}
	out := map[string]string{}
	for _, v := range many {
		if v != "" { // an empty one is no value
			out[kept(v)] = v
		}
	}
	return out
}

func (x *doubleIndex) remove(body []byte) error {
	var in struct{ Filter string }
	if err := strict(body, &in); err != nil {
		return err
	}
	found, err := x.filter(in.Filter)
	if err != nil {
		return err
	}
	for _, id := range found {
		delete(x.documents, id)
		x.ids[slices.Index(x.ids, id)] = ""
	}
	return nil
}

func (x *doubleIndex) fetch(body []byte) (int, any, *doubleError) {
	var in struct {
		Offset, Limit int
		Fields, IDs   []string
		Filter        *string
	}
	if err := strict(body, &in); err != nil {
		return 0, nil, err
	}
	found := slices.DeleteFunc(slices.Clone(x.ids), func(id string) bool { return id == "" })
	if in.Filter != nil {
		var err *doubleError
		if found, err = x.filter(*in.Filter); err != nil {
			err.Code = "invalid_document_filter"
			return 0, nil, err
		}
	}
	if in.IDs != nil {
		found = slices.DeleteFunc(found, func(id string) bool { return !slices.Contains(in.IDs, id) })
	}
	if in.Limit == 0 {
		in.Limit = 20
	}
	total := len(found)
	found = found[min(in.Offset, total):min(in.Offset+in.Limit, total)]
	return 200, map[string]any{"results": x.show(found, in.Fields), "offset": in.Offset, "limit": in.Limit, "total": total}, nil
}

// show returns the fields that are asked for and may be displayed.
func (x *doubleIndex) show(ids, fields []string) []map[string]json.RawMessage {
	out := []map[string]json.RawMessage{}
	for _, id := range ids {
		hit := map[string]json.RawMessage{}
		for name, raw := range x.documents[id].fields {
			if (x.displayed == nil || slices.Contains(x.displayed, name)) && (fields == nil || slices.Contains(fields, name)) {
				hit[name] = raw
			}
		}
		out = append(out, hit)
	}
	return out
}

func (x *doubleIndex) search(body []byte, slow time.Duration) (int, any, *doubleError) {
	var in struct {
		Q, Filter                          string
		Offset, Limit                      int
		AttributesToRetrieve, Sort, Facets []string
		Hybrid                             *struct{}
	}
	if err := strict(body, &in); err != nil {
		return 0, nil, err
	}
	pagination := struct{ MaxTotalHits int }{1000}
	faceting := struct{ MaxValuesPerFacet int }{100}
	cutoff := 1500 // milliseconds
	_ = json.Unmarshal(x.settings["searchCutoffMs"], &cutoff)
	_ = json.Unmarshal(x.settings["pagination"], &pagination)
	_ = json.Unmarshal(x.settings["faceting"], &faceting)
	if in.Q != "" {
		return 0, nil, refuse(400, "bad_request", "the double knows no full-text search")
	}
	found, err := x.filter(in.Filter)
	if err != nil {
		return 0, nil, err
	}
	// Past the cutoff the server leaves off sorting, and says nothing of it.
	if err := x.sort(found, in.Sort, slow <= time.Duration(cutoff)*time.Millisecond); err != nil {
		return 0, nil, err
	}
	distribution := map[string]map[string]int{}
	for _, facet := range in.Facets {
		if !x.filterable[facet] {
			return 0, nil, refuse(400, "invalid_search_facets", "Attribute `%s` is not filterable.", facet)
		}
		distribution[facet] = x.count(found, facet, faceting.MaxValuesPerFacet)
	}
	reached := min(len(found), pagination.MaxTotalHits)
	hits := found[min(in.Offset, reached):min(in.Offset+in.Limit, reached)]
	return 200, map[string]any{
		"hits": x.show(hits, in.AttributesToRetrieve), "offset": in.Offset, "limit": in.Limit,
		"estimatedTotalHits": reached, "facetDistribution": distribution, "processingTimeMs": 0, "query": "",
	}, nil
}

// count keeps the most frequent values, of equally frequent ones the last.
func (x *doubleIndex) count(ids []string, facet string, most int) map[string]int {
	counts := map[string]int{}
	for _, id := range ids {
		for _, value := range x.documents[id].values[facet] {
			counts[value]++
		}
	}
	values := []string{}
	for v := range counts {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(b, a)) })
	for _, v := range values[min(most, len(values)):] {
		delete(counts, v)
	}
	return counts
}

// sort puts documents without an attribute last, whatever the direction.
func (x *doubleIndex) sort(ids []string, by []string, inTime bool) *doubleError {
	for _, rule := range by {
		if name, _, _ := strings.Cut(rule, ":"); !slices.Contains(x.sortable, name) {
			return refuse(400, "invalid_search_sort", "Attribute `%s` is not sortable.", name)
		}
	}
	if !inTime {
		return nil
	}
	values := map[string]string{}
	for _, id := range ids {
		for _, name := range x.sortable {
			var s string
			_ = json.Unmarshal(x.documents[id].fields[name], &s)
			values[id+" "+name] = kept(s)
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		for _, rule := range by {
			name, direction, _ := strings.Cut(rule, ":")
			va, vb := values[a+" "+name], values[b+" "+name]
			switch {
			case va == vb:
			case va == "" || vb == "":
				return cmp.Compare(vb, va)
			case direction == "desc":
				return cmp.Compare(vb, va)
			default:
				return cmp.Compare(va, vb)
			}
		}
		return 0
	})
	return nil
}
