// Package web is what a browser and other programs see: server-rendered pages
// and a JSON API as one http.Handler. Pages need no JavaScript, load nothing
// from elsewhere, and say what they cover.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"minhchung/cmd/minhchung/auth"
	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/text"
	"minhchung/ledger"
)

// Config is what the handler works with. All fields without a default are
// required.
type Config struct {
	Store   evidence.Store
	Objects object.Store
	Public  ledger.PublicKey // of the key that signs checkpoints
	// Spool is a folder for files being received; Answers one for answers
	// that repeated requests get again.
	Spool, Answers string
	// Intake binds an intake to an opened book; done stops its workers.
	Intake func(ctx context.Context, scope evidence.Scope, book evidence.BookID) (in *evidence.Intake, done func(), err error)
	// Render draws a page of a stored file as PNG, as text.Pool.Render does; a
	// page that cannot be drawn is text.ErrNoPicture. nil: pages show none.
	Render func(ctx context.Context, file text.File, page, dpi int) ([]byte, error)
	// Search finds pages; nil says that it is not ready.
	Search Searcher
	// Bound returns a context that ends when an engine does not answer, at once
	// when it does not now, as health.Monitor.Bound does; done is called when
	// the work is over. Default: contexts as they are.
	Bound func(ctx context.Context, engine string) (bound context.Context, done func())
	// Authenticate says who a request comes from; an error refuses it.
	Authenticate func(*http.Request) (auth.Principal, error)
	// Hosts are the Host headers that mean us; every other one is refused.
	Hosts []string
	// FileBytes is the largest file taken, default 50 MB (52,428,800);
	// RequestBytes the largest request, default 200 MB (209,715,200).
	FileBytes, RequestBytes int64
	// AcceptTime bounds the work on an upload that was received whole; it
	// goes on when the client is gone. Default 10 minutes.
	AcceptTime time.Duration
	// Log takes what operators must see; default slog.Default.
	Log *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// server is the handler with its parts.
type server struct {
	Config
	pages   *pages
	answers *answers
	// accepting holds one token: one upload at a time is inspected, so that
	// many browsers cannot start many sets of workers.
	accepting chan struct{}
	// drawing holds a token for each page being drawn: one child less than
	// there are processors, so that drawing never stops the reading of texts.
	drawing chan struct{}
}

// New makes the handler. It is safe for concurrent use.
func New(cfg Config) (http.Handler, error) {
	if cfg.Store == nil || cfg.Objects == nil || cfg.Intake == nil || cfg.Authenticate == nil || cfg.Spool == "" || cfg.Answers == "" || len(cfg.Hosts) == 0 {
		return nil, errors.New("web: a required field of Config is not set")
	}
	if cfg.FileBytes <= 0 {
		cfg.FileBytes = 50 << 20
	}
	if cfg.RequestBytes <= 0 {
		cfg.RequestBytes = 200 << 20
	}
	if cfg.AcceptTime <= 0 {
		cfg.AcceptTime = 10 * time.Minute
	}
	if cfg.Bound == nil {
		cfg.Bound = func(ctx context.Context, _ string) (context.Context, func()) { return ctx, func() {} }
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	pages, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	s := &server{Config: cfg, pages: pages, answers: newAnswers(cfg.Answers, cfg.Now), accepting: make(chan struct{}, 1),
		drawing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))}
	if err := s.answers.expire(); err != nil {
		return nil, err
	}
	return s.guard(s.routes()), nil
}

// handler answers a request of a principal, or returns the error to show.
type handler func(w http.ResponseWriter, r *http.Request, who visitor) error

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, h handler) { mux.Handle(pattern, s.authenticated(h, s.showError)) }
	page("GET /{$}", s.overview)
	page("GET /units/{unit}/{period}/register", s.register)
	page("POST /units/{unit}/{period}/documents", s.needing(documents, s.uploadForm))
	page("GET /units/{unit}/{period}/indicators/{criterion}", s.indicator)
	page("GET /units/{unit}/{period}/criteria", s.criteria)
	page("POST /units/{unit}/{period}/criteria/attach", s.hangingForm(s.attach))
	page("POST /units/{unit}/{period}/criteria/detach", s.hangingForm(s.detach))
	page("POST /units/{unit}/{period}/criteria/explain", s.hangingForm(s.explain))
	page("POST /units/{unit}/{period}/confirm", s.confirm)
	page("GET /search", s.search)
	page("GET /documents/{sha256}", s.document)
	page("GET /documents/{sha256}/file", s.needing(documents, s.download))
	page("GET /documents/{sha256}/pages/{page}", s.needing(documents, s.picture))
	page("/", func(http.ResponseWriter, *http.Request, visitor) error { return problem{code: "not-found"} })
	mux.Handle("GET /static/", staticFiles())
	mux.Handle("POST /api/v1/documents", s.authenticated(s.needing(documents, s.postDocument), s.sendError))
	mux.Handle("/api/", s.authenticated(func(http.ResponseWriter, *http.Request, visitor) error { return problem{code: "not-found"} }, s.sendError))
	return mux
}

// authenticated finds out who asks, in which language, and shows the error of
// h in the form that show gives it.
func (s *server) authenticated(h handler, show func(http.ResponseWriter, *http.Request, visitor, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := visitor{Lang: chooseLang(w, r)}
		var err error
		if who.Principal, err = s.Authenticate(r); err != nil {
			err = problem{code: "not-allowed", err: err}
		} else {
			err = s.bounded(database, r, func(r *http.Request) error { return h(w, r, who) })
		}
		if err != nil {
			show(w, r, who, err)
		}
	})
}
