// Package online asks certificate authorities about revocation, for whoever
// switches it on: verdicts need no network, and nothing here runs by default.
// It fetches CRLs (RFC 5280 4.2.1.13) and posts OCSP requests (RFC 6960
// appendix A.1); what comes back becomes signature.Material, unread, so that
// judging stays a pure function.
//
// The addresses come from certificates, so from strangers. Only hosts on a
// list are asked, over HTTP or HTTPS on the usual ports; the address a name
// stands for is checked when the connection is made, so that no name leads
// into our own network; redirects are not followed; time and size are bounded.
package online

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"minhchung/evidence/signature"
)

// Fetcher asks. Its zero value asks nobody. It must not be changed after the
// first call; its methods may then be called concurrently.
type Fetcher struct {
	// Hosts are the names or addresses that may be asked, without a port. A
	// name stands for itself alone, not for what lies below it.
	Hosts []string
	// Local also admits other ports and addresses of this machine and of
	// private networks, for tests.
	Local bool
	// Timeout is for one question, default 10 s; MaxBytes for one answer,
	// default 16 MiB: the largest CRLs of public authorities have some.
	Timeout  time.Duration
	MaxBytes int64
}

// ErrRefused is wrapped by errors about a question that must not be asked.
var ErrRefused = errors.New("not allowed")

// Answer is what became of a question: DER, not looked at, or Err.
type Answer struct {
	Question signature.Question
	DER      []byte
	Err      error
}

// The bounds of All.
const (
	maxTogether = 4
	maxFetches  = 256
)

// All asks each question once, some at the same time, 256 at most, and
// returns the answers in the order of the questions. A question that is not
// answered is an Answer with Err; the others are asked nevertheless.
func (f *Fetcher) All(ctx context.Context, questions []signature.Question) []Answer {
	var answers []Answer
	for _, q := range questions {
		if !slices.ContainsFunc(answers, func(a Answer) bool { return same(a.Question, q) }) {
			answers = append(answers, Answer{Question: q})
		}
	}
	var wait sync.WaitGroup
	turn := make(chan struct{}, maxTogether)
	for i := range answers {
		if i >= maxFetches {
			answers[i].Err = fmt.Errorf("%w: more than %d questions", ErrRefused, maxFetches)
			continue
		}
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			answers[i].DER, answers[i].Err = f.Ask(ctx, answers[i].Question)
		})
	}
	wait.Wait()
	return answers
}

func same(a, b signature.Question) bool { return a.URL == b.URL && bytes.Equal(a.OCSP, b.OCSP) }

// Ask asks one question. Errors name the host and wrap ErrRefused when it must
// not be asked.
func (f *Fetcher) Ask(ctx context.Context, q signature.Question) ([]byte, error) {
	u, err := f.admit(q.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(f.Timeout, 10*time.Second))
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if q.OCSP != nil {
		method, body = http.MethodPost, bytes.NewReader(q.OCSP)
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", u.Host, err)
	}
	if q.OCSP != nil {
		request.Header.Set("Content-Type", "application/ocsp-request")
	}
	request.Header.Set("User-Agent", "minhchung")
	answer, err := f.client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", u.Host, err)
	}
	defer answer.Body.Close()
	return f.read(u.Host, answer)
}

func (f *Fetcher) read(host string, answer *http.Response) ([]byte, error) {
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking %s: the answer is %q", host, answer.Status)
	}
	limit := orDefault(f.MaxBytes, 16<<20)
	der, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("asking %s: %w", host, err)
	case int64(len(der)) > limit:
		return nil, fmt.Errorf("asking %s: %w: more than %d bytes", host, ErrRefused, limit)
	case len(der) == 0:
		return nil, fmt.Errorf("asking %s: the answer is empty", host)
	}
	return der, nil
}

func orDefault[T time.Duration | int64](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// admit checks what can be seen of an address before anybody is asked.
func (f *Fetcher) admit(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no address", ErrRefused, address)
	}
	port := u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%w: %q is neither http nor https", ErrRefused, address)
	case u.User != nil:
		return nil, fmt.Errorf("%w: %q names a user", ErrRefused, u.Redacted())
	case !slices.ContainsFunc(f.Hosts, func(h string) bool { return strings.EqualFold(h, u.Hostname()) }):
		return nil, fmt.Errorf("%w: %q is not on the list of hosts", ErrRefused, u.Hostname())
	case !f.Local && port != "" && port != "80" && port != "443":
		return nil, fmt.Errorf("%w: port %s of %s", ErrRefused, port, u.Hostname())
	}
	u.Fragment = ""
	return u, nil
}

// client makes a client for one question: no connection is kept, no proxy of
// the environment used, since it would resolve the name instead of us.
func (f *Fetcher) client() *http.Client {
	dialer := &net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return f.check(address)
	}}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		},
	}
}

// check admits an address that is about to be connected to.
func (f *Fetcher) check(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrRefused, address)
	}
	if !f.Local && !public(to.Addr()) {
		return fmt.Errorf("%w: the name stands for %s, which is not in the public network", ErrRefused, to.Addr())
	}
	return nil
}

// reserved is what is not the public network beside what netip knows (IANA
// special-purpose address registries): shared, test and protocol networks, and
// networks that carry addresses of version 4 inside.
var reserved = prefixes(`0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4
	2001::/23 2001:db8::/32 2002::/16 3fff::/20`)

func prefixes(list string) (all []netip.Prefix) {
	for p := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

var unicast6 = netip.MustParsePrefix("2000::/3") // all that is given out of version 6

// public reports whether an address is in the public network.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !unicast6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}
