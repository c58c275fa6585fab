package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

// engines stands for health.Monitor.
type engines struct {
	away   string // the engine that does not answer now
	cancel context.CancelCauseFunc
}

var errSilent = errors.New("10.0.0.1 is silent")

func (e *engines) bound(ctx context.Context, engine string) (context.Context, func()) {
	bound, cancel := context.WithCancelCause(ctx)
	if engine == documents {
		e.cancel = cancel
	}
	if engine == e.away {
		cancel(errSilent)
	}
	return bound, func() { cancel(nil) }
}

// goesAway is a store whose server is lost in the middle of a Put.
type goesAway struct {
	object.Store
	engines *engines
}

func (g goesAway) Put(ctx context.Context, _ object.Key, _ int64, r io.Reader) error {
	if _, err := io.CopyN(io.Discard, r, 1); err != nil {
		return err
	}
	g.engines.cancel(errSilent)
	<-ctx.Done()
	return ctx.Err()
}

func unavailable(t *testing.T, what string, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
		t.Errorf("%s: got %d and Retry-After %q, want 503 with it", what, got.Code, got.Header().Get("Retry-After"))
	}
	if strings.Contains(got.Body.String(), "10.0.0.1") {
		t.Errorf("%s: people see the operator's words: %s", what, got.Body)
	}
}

func TestEnginesThatAreAway(t *testing.T) {
	w := newWorld(t)
	w.addBook(testBook, testRegister)
	e := &engines{}
	w.cfg.Bound = e.bound
	w.start()
	file := testFile{"1-BC-UBND_04-01-2022.pdf", "%PDF intact"}

	e.away = documents
	if got := w.get("/units/xa-a/2022/register"); got.Code != http.StatusOK {
		t.Errorf("the register without the store of documents: got %d, want 200", got.Code)
	}
	unavailable(t, "upload in the browser", w.do(form(formPath, file)))
	unavailable(t, "upload by a program", w.do(form("/api/v1/documents?unit=xa-a&period=2022", file)))
	unavailable(t, "download", w.get("/documents/"+strings.Repeat("0", 64)+"/file"))
	e.away = replica
	if got := w.get("/units/xa-a/2022/register"); got.Code != http.StatusOK {
		t.Errorf("the register without the replica: got %d, want 200", got.Code)
	}
	unavailable(t, "upload without the replica", w.do(form("/api/v1/documents?unit=xa-a&period=2022", file)))
	e.away = database
	unavailable(t, "the register without the database", w.get("/units/xa-a/2022/register"))
	e.away = ""
	w.nothingLeft()

	intake := w.cfg.Intake
	w.cfg.Intake = func(ctx context.Context, scope evidence.Scope, k evidence.BookID) (*evidence.Intake, func(), error) {
		in, done, err := intake(ctx, scope, k)
		if err == nil {
			in.Objects = goesAway{in.Objects, e}
		}
		return in, done, err
	}
	w.start()
	unavailable(t, "a store that is lost in the middle", w.do(form("/api/v1/documents?unit=xa-a&period=2022", file)))
	w.nothingLeft()

	w.cfg.Intake = intake
	w.start()
	if got := w.do(form("/api/v1/documents?unit=xa-a&period=2022", file)); got.Code != http.StatusCreated {
		t.Errorf("when it is back: got %d %s, want 201", got.Code, got.Body)
	}
}
