package health

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Handler answers GET /healthz (the process is alive), GET /readyz (every
// engine that is needed answers, else 503) and, with metrics, GET /metrics.
// Everything else goes to next.
func (m *Monitor) Handler(metrics *Metrics, next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", m.ready)
	if metrics != nil {
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
			send(w, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", metrics.text(m.statuses()))
		})
	}
	mux.Handle("/", next)
	return mux
}

func send(w http.ResponseWriter, status int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// ready names the engines and no addresses: anybody may ask.
func (m *Monitor) ready(w http.ResponseWriter, _ *http.Request) {
	code, engines := http.StatusOK, map[string]string{}
	for _, s := range m.statuses() {
		engines[s.Engine] = "up"
		if s.Err != nil {
			engines[s.Engine] = "down"
			if s.Needed {
				code = http.StatusServiceUnavailable
			}
		}
	}
	if code != http.StatusOK {
		w.Header().Set("Retry-After", "5")
	}
	body, err := json.Marshal(map[string]any{"ready": code == http.StatusOK, "engines": engines})
	if err != nil {
		panic(err) // strings and a bool
	}
	send(w, code, "application/json; charset=utf-8", append(body, '\n'))
}

// bounds of the histogram of answer times, in seconds.
var bounds = []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60}

// Metrics counts what was answered. The zero value is ready and safe for
// concurrent use.
type Metrics struct {
	mu      sync.Mutex
	answers map[int]int64 // guarded by mu: by status
	buckets [11]int64     // guarded by mu: by answer time, the last one above all bounds
	seconds float64       // guarded by mu: of all answers together
}

// Count counts the answers of next.
func (x *Metrics) Count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, seen := time.Now(), &seen{ResponseWriter: w, status: http.StatusOK}
		defer func() { x.add(seen.status, time.Since(begun).Seconds()) }() // broken off downloads too
		next.ServeHTTP(seen, r)
	})
}

func (x *Metrics) add(status int, seconds float64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.answers == nil {
		x.answers = map[int]int64{}
	}
	x.answers[status]++
	i, _ := slices.BinarySearch(bounds, seconds)
	x.buckets[i]++
	x.seconds += seconds
}

// seen remembers the status of an answer.
type seen struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (s *seen) WriteHeader(status int) {
	if status >= http.StatusOK { // not 1xx, which comes before the answer
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is below.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// text writes the Prometheus text format 0.0.4. No label has a name of a
// person, a unit or a document.
func (x *Metrics) text(engines []status) []byte {
	var b bytes.Buffer
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	head("minhchung_engine_up", "gauge", "1 while an engine answers.")
	for _, s := range engines {
		up := 1
		if s.Err != nil {
			up = 0
		}
		fmt.Fprintf(&b, "minhchung_engine_up{engine=%q} %d\n", s.Engine, up)
	}
	head("minhchung_engine_failures_total", "counter", "Questions to an engine without a good answer.")
	for _, s := range engines {
		fmt.Fprintf(&b, "minhchung_engine_failures_total{engine=%q} %d\n", s.Engine, s.Failures)
	}
	x.writeAnswers(&b, head)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	head("minhchung_heap_bytes", "gauge", "Memory of the main process's heap; children that read files are not in it.")
	fmt.Fprintf(&b, "minhchung_heap_bytes %d\n", memory.HeapAlloc)
	head("minhchung_goroutines", "gauge", "Goroutines of the main process.")
	fmt.Fprintf(&b, "minhchung_goroutines %d\n", runtime.NumGoroutine())
	return b.Bytes()
}

func (x *Metrics) writeAnswers(b *bytes.Buffer, head func(name, kind, help string)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	head("minhchung_answers_total", "counter", "Answers of the pages and the API by status.")
	var all []int
	for status := range x.answers {
		all = append(all, status)
	}
	slices.Sort(all)
	for _, status := range all {
		fmt.Fprintf(b, "minhchung_answers_total{status=\"%d\"} %d\n", status, x.answers[status])
	}
	head("minhchung_answer_seconds", "histogram", "Time from a request to the end of its answer.")
	sum := int64(0)
	for i, bound := range bounds {
		sum += x.buckets[i]
		fmt.Fprintf(b, "minhchung_answer_seconds_bucket{le=\"%g\"} %d\n", bound, sum)
	}
	sum += x.buckets[len(bounds)]
	fmt.Fprintf(b, "minhchung_answer_seconds_bucket{le=\"+Inf\"} %d\nminhchung_answer_seconds_sum %g\nminhchung_answer_seconds_count %d\n", sum, x.seconds, sum)
}
