package postgres

import (
	"bytes"
	"net"
	"net/url"
	"regexp"
	"sync"
	"testing"
)

// cut says what happens to a connection that sends COMMIT.
type cut int

const (
	cutNever  cut = iota
	cutBefore     // it ends, and the server never sees COMMIT
	cutAfter      // the server gets it, and nobody gets the answer
	cutSilent     // it stays open on both sides, and COMMIT is not passed on
)

// proxy stands between a store and the server.
type proxy struct {
	url    string
	server string
	mu     sync.Mutex
	mode   cut
	name   []byte // of the prepared COMMIT, which is the same for all connections
	gone   bool   // after the cut nobody is let through
	closed bool
	conns  []net.Conn
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: u.Host}
	u.Host = l.Addr().String()
	p.url = u.String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	t.Cleanup(func() { l.Close(); p.drop() })
	return p
}

func (p *proxy) at(mode cut, gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode, p.gone, p.closed = mode, gone, false
}

// refuse lets nobody else in until the next at.
func (p *proxy) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// drop ends all connections.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	p.mu.Lock()
	if err != nil || p.closed {
		client.Close()
		p.mu.Unlock()
		return
	}
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	mute := make(chan struct{})
	go p.answers(server, client, mute)
	defer server.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if p.commits(buf[:n]) {
			switch mode := p.commit(); mode {
			case cutBefore:
				client.Close()
				return
			case cutAfter:
				close(mute)
				_, _ = server.Write(buf[:n])
				// The server answers, and only then the connection ends.
				_, _ = server.Read(make([]byte, 1))
				client.Close()
				return
			case cutSilent:
				select {} // until the test ends
			}
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

var preparedCommit = regexp.MustCompile(`(stmtcache_[0-9a-f]+\x00)COMMIT\x00`)

// commits reports whether a client has COMMIT run: its bytes prepare it first.
func (p *proxy) commits(sent []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := preparedCommit.FindSubmatch(sent); m != nil {
		p.name = bytes.Clone(m[1])
		return false
	}
	return bytes.Contains(sent, []byte("COMMIT\x00")) || p.name != nil && bytes.Contains(sent, p.name)
}

func (p *proxy) commit() cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = p.gone
	mode := p.mode
	p.mode = cutNever // one connection only
	return mode
}

// answers passes the server's bytes on until it is muted.
func (p *proxy) answers(server, client net.Conn, mute chan struct{}) {
	defer client.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-mute:
			return
		default:
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
