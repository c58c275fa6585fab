package s3

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/evidence/object"
)

// countedWrites counts what a connection is given to send.
type countedWrites struct {
	net.Conn
	n *atomic.Int32
}

func (c countedWrites) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// The library hands the body on in an io.NopCloser, as here. Each piece more
// wakes the server once more.
func TestContentLeavesInOnePiece(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n != int64(len(body)) {
			t.Errorf("the server got %d bytes and %v, want %d", n, err, len(body))
		}
	}))
	defer server.Close()
	for name, test := range map[string]struct {
		body io.Reader
		one  bool
	}{
		"Body":         {object.NewContent(body).Body(), true},
		"another type": {object.NewContent(body), false}, // else the test could not fail
	} {
		t.Run(name, func(t *testing.T) {
			var writes atomic.Int32
			transport := newTransport(Options{Stall: 3 * time.Second})
			defer transport.CloseIdleConnections()
			dial := transport.DialContext
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				return countedWrites{conn, &writes}, err
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, io.NopCloser(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = int64(len(body))
			answer, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if n := writes.Load(); (n == 1) != test.one {
				t.Errorf("head and body left in %d pieces, want one: %t", n, test.one)
			}
		})
	}
}
