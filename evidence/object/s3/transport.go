package s3

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// newTransport makes connections that give up when they stand still, without a
// limit for the whole transfer: a large file over a slow line takes its time.
// Proxies of the environment are not used.
func newTransport(o Options) *http.Transport {
	dialer := &net.Dialer{Timeout: min(o.Stall, 3*time.Second)}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &moving{conn, o.Stall}, nil
		},
		TLSClientConfig:     &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: o.Stall,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     o.Stall / 2, // below the stall limit, which would look like a failure
		DisableCompression:  true,        // the digest is that of the bytes as they are
		ReadBufferSize:      pieceBytes,
		WriteBufferSize:     pieceBytes,
	}
}

// moving is a connection that must move: every step in either direction gives
// both directions new time, since one is silent while the other works.
type moving struct {
	net.Conn
	stall time.Duration
}

func (m *moving) extend() error { return m.SetDeadline(time.Now().Add(m.stall)) }

func (m *moving) Read(p []byte) (int, error) {
	if err := m.extend(); err != nil {
		return 0, err
	}
	return m.Conn.Read(p)
}

// pieceBytes is what a line must carry within the stall limit.
const pieceBytes = 64 << 10

// Write sends in pieces, so that a large buffer on a slow line is not taken
// for one that stands still.
func (m *moving) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		if err := m.extend(); err != nil {
			return sent, err
		}
		n, err := m.Conn.Write(p[sent:min(len(p), sent+pieceBytes)])
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}
