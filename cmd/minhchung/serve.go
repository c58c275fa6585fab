package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/auth"
	"minhchung/cmd/minhchung/config"
	"minhchung/cmd/minhchung/health"
	"minhchung/cmd/minhchung/web"
	"minhchung/evidence"
	"minhchung/search"
)

// defaultListen is where the pages are when nothing else is said.
const defaultListen = config.DefaultListen

// serveCommand is `serve [--listen 127.0.0.1:8080]`: pages for a browser on
// this machine. The process holds the data directory as long as it runs; other
// commands go through it.
func serveCommand() *command {
	var listen string
	return &command{
		name:  "serve",
		flags: func(fs *pflag.FlagSet) { fs.StringVar(&listen, "listen", "", "") },
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			listen = cmp.Or(listen, e.settings.Serve.Listen, defaultListen)
			if err := auth.CheckListen(listen); err != nil {
				return usage("serve.not-local", listen)
			}
			return runServe(ctx, e, listen)
		},
	}
}

func runServe(ctx context.Context, e *env, listen string) error {
	s, err := hold(ctx, e, holdTime)
	if err != nil {
		return err
	}
	s.Serve(serveForwarded)
	err = servePages(ctx, e, newSession(s), listen)
	return errors.Join(err, s.Close())
}

// holdTime is how long serve waits for a command that has the data directory
// and will soon be done.
const holdTime = 10 * time.Second

// hold makes this process the holder, waiting for another one to end.
func hold(ctx context.Context, e *env, wait time.Duration) (*config.Session, error) {
	deadline := time.Now().Add(wait)
	for {
		s, err := config.Open(ctx, e.config(), config.Write)
		if !errors.Is(err, config.ErrHeld) {
			return s, err
		}
		if time.Now().After(deadline) {
			return nil, fail(exitBackend, nil, "serve.held", e.config().Data)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// servePages listens until ctx ends.
func servePages(ctx context.Context, e *env, s *session, listen string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fail(exitBackend, err, "serve.cannot-listen", listen)
	}
	defer listener.Close()
	hosts, err := auth.Hosts(listener.Addr())
	if err != nil { // "localhost" may resolve to anything
		return usage("serve.not-local", listen)
	}
	log := slog.New(slog.NewTextHandler(e.Stderr, nil))
	if s.readers, err = s.textPool(ctx, log); err != nil {
		return err
	}
	defer s.readers.Close() // children hold nothing worth an error
	monitor, stopMonitor := watchEngines(ctx, s, log)
	defer stopMonitor()
	s.finder.Bound = func(ctx context.Context) (context.Context, func()) { return monitor.Bound(ctx, "search") }
	wake, stop := s.startFollowing(ctx, e)
	defer stop()
	var metrics health.Metrics
	stopMetrics, err := serveMetrics(e, monitor, &metrics)
	if err != nil {
		return err
	}
	defer stopMetrics()
	handler, err := web.New(web.Config{
		Render: s.readers.Render, Search: s.finder, Bound: monitor.Bound,
		Store: s.Store, Objects: s.Objects, Public: s.Public, Spool: s.Spool, Answers: s.Answers,
		Authenticate: auth.Office, Hosts: hosts, FileBytes: s.Config.MaxFileBytes(), Log: log,
		Intake: func(ctx context.Context, scope evidence.Scope, book evidence.BookID) (*evidence.Intake, func(), error) {
			in, done, err := newIntake(ctx, &session{s.Session, scope, s.readers, s.finder}, book, nil)
			if err != nil {
				return nil, nil, err
			}
			return in, func() { done(); wake() }, nil
		},
	})
	if err != nil {
		return err
	}
	address := "http://" + hosts[0] + "/"
	if e.JSON {
		if err := e.emit(map[string]string{"address": address}); err != nil {
			return err
		}
	} else {
		e.say("serve.listening", address)
	}
	return serveUntil(ctx, e, listener, monitor.Handler(nil, metrics.Count(handler)))
}

// startFollowing keeps texts, confirmations and the search index up with the
// ledger beside the pages. stop waits for the step under way.
func (s *session) startFollowing(ctx context.Context, e *env) (wake, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	signal, ended := make(chan struct{}, 1), make(chan struct{})
	wake = func() {
		select {
		case signal <- struct{}{}:
		default: // it will look anyway
		}
	}
	s.finder.Forget = func(failed search.Index) { s.ForgetIndex(failed); wake() } // what comes back may be empty
	go func() {
		defer close(ended)
		s.followWhile(ctx, e, signal)
	}()
	return wake, func() { cancel(); <-ended }
}

// stopTime is how long work may take that was begun before the program was
// told to stop.
const stopTime = 30 * time.Second

// serveUntil answers requests until ctx ends, and then finishes those that
// were begun.
func serveUntil(ctx context.Context, e *env, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Minute, // 200 MB over a slow disk
		WriteTimeout:      20 * time.Minute, // reading and inspecting come before the answer
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.NewTextHandler(e.Stderr, nil), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	e.note("serve.stopping")
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
