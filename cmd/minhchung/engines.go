package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"minhchung/cmd/minhchung/health"
)

// watchEngines asks the servers that the session depends on, until stop.
func watchEngines(ctx context.Context, s *session, log *slog.Logger) (m *health.Monitor, stop func()) {
	var engines []health.Engine
	for _, e := range s.Engines() {
		engines = append(engines, health.Engine(e))
	}
	m = health.New(log, engines)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx)
	}()
	return m, func() { cancel(); <-ended }
}

// serveMetrics answers /metrics on the listener of its own that the
// configuration names; without one nobody can ask.
func serveMetrics(e *env, m *health.Monitor, metrics *health.Metrics) (stop func(), err error) {
	address := e.settings.Serve.Metrics
	if address == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fail(exitBackend, err, "serve.cannot-listen", address)
	}
	server := &http.Server{
		Handler:           m.Handler(metrics, http.NotFoundHandler()),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 8 << 10,
		ErrorLog:       slog.NewLogLogger(slog.NewTextHandler(e.Stderr, nil), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends when it is closed
	}()
	return func() { _ = server.Close(); <-ended }, nil // answers are short: nobody is waited for
}
