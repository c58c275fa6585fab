package demo

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/digitorus/timestamp"
)

// tsaPolicy is in the arc of private enterprise numbers that IANA keeps for
// examples (RFC 5612), so it is nobody's.
var tsaPolicy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1}

// maxTSABytes bounds a request and a response.
const maxTSABytes = 64 << 10

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
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTSABytes))
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
	req, err := timestamp.ParseRequest(body)
	if err != nil {
		return nil, err
	}
	ts := timestamp.Timestamp{
		HashAlgorithm: req.HashAlgorithm, HashedMessage: req.HashedMessage, Nonce: req.Nonce,
		Time: at.UTC(), Accuracy: time.Second, Policy: tsaPolicy,
		AddTSACertificate: req.Certificates,
	}
	return ts.CreateResponseWithOpts(a.signer.cert, a.signer.key, crypto.SHA256)
}

// stamp returns a time-stamp token over message.
func (a *authority) stamp(ctx context.Context, message []byte, at time.Time) ([]byte, error) {
	query, err := timestamp.CreateRequest(bytes.NewReader(message), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
	if err != nil {
		return nil, fmt.Errorf("making a time-stamp request: %w", err)
	}
	target := a.url + "?at=" + url.QueryEscape(at.UTC().Format(time.RFC3339))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the test time-stamping authority: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxTSABytes))
	if err != nil {
		return nil, fmt.Errorf("reading from the test time-stamping authority: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New("the test time-stamping authority answered " + resp.Status)
	}
	ts, err := timestamp.ParseResponse(answer)
	if err != nil {
		return nil, fmt.Errorf("parsing a time-stamp response: %w", err)
	}
	return ts.RawToken, nil
}
