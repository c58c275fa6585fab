package demo

import (
	"context"
	"encoding/asn1"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"minhchung/cmd/minhchung/timestamp"
)

// tsaPolicy is in the arc of private enterprise numbers that IANA keeps for
// examples (RFC 5612), so it is nobody's.
var tsaPolicy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1}

// authority is a time-stamping authority (RFC 3161) on the loopback
// interface. It believes whatever time the caller asks for: the demo's year
// is long gone.
type authority struct {
	signer *identity
	url    string
	server *http.Server
	client *http.Client
}

// startAuthority listens on a free port until close.
func startAuthority(ctx context.Context, signer *identity) (*authority, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the test time-stamping authority: %w", err)
	}
	// A transport of its own: no proxy stands between us and the loopback.
	a := &authority{signer: signer, url: "http://" + l.Addr().String() + "/tsa",
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}}
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	go a.server.Serve(l)
	return a, nil
}

func (a *authority) close() {
	a.client.CloseIdleConnections()
	a.server.Close()
}

// ServeHTTP answers one request with the time of its "at" parameter.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, timestamp.MaxBytes))
	if err != nil {
		http.Error(w, "cannot read the request", http.StatusBadRequest)
		return
	}
	at, err := time.Parse(time.RFC3339, r.URL.Query().Get("at"))
	if err != nil {
		http.Error(w, "at: not an RFC 3339 time", http.StatusBadRequest)
		return
	}
	answer, err := a.respond(body, at)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.Write(answer)
}

func (a *authority) respond(body []byte, at time.Time) ([]byte, error) {
	return timestamp.Authority{Certificate: a.signer.cert, Key: a.signer.key, Policy: tsaPolicy}.Answer(body, at)
}

// stamp returns a time-stamp token over message.
func (a *authority) stamp(ctx context.Context, message []byte, at time.Time) ([]byte, error) {
	return timestamp.Ask(ctx, a.client, a.url+"?at="+url.QueryEscape(at.UTC().Format(time.RFC3339)), message)
}
