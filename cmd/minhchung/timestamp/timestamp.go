// Package timestamp asks time-stamping authorities for tokens (RFC 3161) and
// lets the demo play one. It wraps digitorus/timestamp.
package timestamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"
)

// MaxBytes bounds a request and a response.
const MaxBytes = 64 << 10

// ErrAnswer says that an authority answered, but not with a token over what
// was asked.
var ErrAnswer = errors.New("not an answer to the time-stamp request")

// Ask returns the token of the authority at url over the SHA-256 of message.
// The answer must repeat digest and nonce (RFC 3161 2.4.2); whether its
// signature and chain can be trusted is for the judgement of the signed file.
func Ask(ctx context.Context, client *http.Client, url string, message []byte) (token []byte, err error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, fmt.Errorf("making a time-stamp request: %w", err)
	}
	query, err := timestamp.CreateRequest(bytes.NewReader(message), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, fmt.Errorf("making a time-stamp request: %w", err)
	}
	answer, err := post(ctx, client, url, query)
	if err != nil {
		return nil, err
	}
	ts, err := timestamp.ParseResponse(answer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	want := sha256.Sum256(message)
	if ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, want[:]) || ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0 {
		return nil, fmt.Errorf("%w: digest or nonce differ", ErrAnswer)
	}
	return ts.RawToken, nil
}

func post(ctx context.Context, client *http.Client, url string, query []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the time-stamping authority: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("reading from the time-stamping authority: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New("the time-stamping authority answered " + resp.Status)
	}
	return answer, nil
}

// Authority answers requests with a certificate and its key.
type Authority struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
	Policy      asn1.ObjectIdentifier
}

// Answer returns the response to a request, with the time at.
func (a Authority) Answer(request []byte, at time.Time) ([]byte, error) {
	req, err := timestamp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	ts := timestamp.Timestamp{
		HashAlgorithm: req.HashAlgorithm, HashedMessage: req.HashedMessage, Nonce: req.Nonce,
		Time: at.UTC(), Accuracy: time.Second, Policy: a.Policy,
		AddTSACertificate: req.Certificates,
	}
	return ts.CreateResponseWithOpts(a.Certificate, a.Key, crypto.SHA256)
}
