package health

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// faulty is an engine whose next answers a test decides.
type faulty struct{ err atomic.Pointer[error] }

func (f *faulty) set(err error) { f.err.Store(&err) }

func (f *faulty) Ping(context.Context) error {
	if p := f.err.Load(); p != nil {
		return *p
	}
	return nil
}

var errAway = errors.New("connection refused")

func watch(log io.Writer) (*Monitor, map[string]*faulty) {
	engines := map[string]*faulty{"database": {}, "documents": {}, "search": {}}
	m := New(slog.New(slog.NewTextHandler(log, nil)), []Engine{
		{"database", true, engines["database"].Ping}, {"documents", true, engines["documents"].Ping}, {"search", false, engines["search"].Ping}})
	return m, engines
}

func (m *Monitor) askAll(ctx context.Context) {
	for _, e := range m.engines {
		m.ask(ctx, e)
	}
}

func TestBound(t *testing.T) {
	var log bytes.Buffer
	m, engines := watch(&log)
	m.askAll(t.Context())
	database, done := m.Bound(t.Context(), "database")
	defer done()
	documents, done := m.Bound(t.Context(), "documents")
	defer done()
	finished, done := m.Bound(t.Context(), "documents")
	done()
	unknown, done := m.Bound(t.Context(), "none")
	defer done()

	engines["documents"].set(errAway)
	m.askAll(t.Context())
	m.askAll(t.Context())
	var down *DownError
	if cause := context.Cause(documents); !errors.As(cause, &down) || down.Engine != "documents" || !errors.Is(cause, errAway) {
		t.Errorf("work with documents: got %v, want a DownError", cause)
	}
	if errors.As(context.Cause(finished), &down) {
		t.Error("finished work was told")
	}
	if database.Err() != nil || unknown.Err() != nil {
		t.Errorf("other work: got %v and %v, want it to go on", database.Err(), unknown.Err())
	}
	late, done := m.Bound(t.Context(), "documents")
	defer done()
	if late.Err() == nil {
		t.Error("work that begins while the engine is away goes on")
	}
	engines["documents"].set(nil)
	m.askAll(t.Context())
	again, done := m.Bound(t.Context(), "documents")
	defer done()
	if again.Err() != nil {
		t.Errorf("when it is back: got %v", again.Err())
	}
	if away, back := strings.Count(log.String(), "went away"), strings.Count(log.String(), "is back"); away != 1 || back != 1 {
		t.Errorf("logged %d and %d changes, want one each: %s", away, back, &log)
	}
	if n := len(m.state["documents"].waiting); n != 2 { // the one that was told and the newest
		t.Errorf("%d contexts are kept, want 2", n)
	}
}

// TestSilence: an engine that takes the question and never answers.
func TestSilence(t *testing.T) {
	m := New(slog.New(slog.DiscardHandler), []Engine{{"database", true, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}})
	work, done := m.Bound(t.Context(), "database")
	defer done()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { m.Run(ctx); close(ended) }()
	<-work.Done()
	cancel()
	<-ended
	var down *DownError
	if cause := context.Cause(work); !errors.As(cause, &down) {
		t.Errorf("got %v, want a DownError", cause)
	}
	if every+answer >= 2*time.Second {
		t.Errorf("an engine may be away %v before anybody hears of it", every+answer)
	}
}

func TestEndpoints(t *testing.T) {
	m, engines := watch(io.Discard)
	var metrics Metrics
	pages := metrics.Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	server := httptest.NewServer(m.Handler(&metrics, pages))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // which would ask again on a connection that breaks
	ask := func(path string) (int, http.Header, string) {
		res, err := client.Get(server.URL + path)
		if err != nil {
			return 0, nil, ""
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header, string(b)
	}
	m.askAll(t.Context())
	for path, want := range map[string]string{
		"/healthz": "ok\n",
		"/readyz":  `{"engines":{"database":"up","documents":"up","search":"up"},"ready":true}` + "\n",
	} {
		if code, _, body := ask(path); code != 200 || body != want {
			t.Errorf("%s: got %d %q, want 200 %q", path, code, body, want)
		}
	}
	if code, _, _ := ask("/page"); code != http.StatusTeapot {
		t.Errorf("a page: got %d, want that of the pages", code)
	}
	ask("/broken")
	engines["search"].set(errAway)
	m.askAll(t.Context())
	if code, _, body := ask("/readyz"); code != 200 || !strings.Contains(body, `"search":"down"`) {
		t.Errorf("without search: got %d %s, want ready", code, body)
	}
	engines["database"].set(errAway)
	m.askAll(t.Context())
	code, header, body := ask("/readyz")
	if code != 503 || header.Get("Retry-After") == "" || !strings.Contains(body, `"database":"down"`) || strings.Contains(body, "refused") {
		t.Errorf("without a database: got %d %v %s, want 503, Retry-After and no details", code, header, body)
	}
	if code, _, _ := ask("/healthz"); code != 200 {
		t.Errorf("alive without a database: got %d", code)
	}
	_, header, text := ask("/metrics")
	if got := header.Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("got content type %q", got)
	}
	for _, want := range []string{
		`minhchung_engine_up{engine="database"} 0`, `minhchung_engine_up{engine="documents"} 1`, `minhchung_engine_failures_total{engine="search"} 2`,
		`minhchung_answers_total{status="418"} 1`, `minhchung_answers_total{status="200"} 1`,
		`minhchung_answer_seconds_bucket{le="+Inf"} 2`, `minhchung_answer_seconds_count 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("metrics lack %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if name, _, ok := strings.Cut(line, " "); !strings.HasPrefix(line, "#") && (!ok || !strings.HasPrefix(name, "minhchung_")) {
			t.Errorf("not a sample: %q", line)
		}
	}
}
