package online

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/evidence/signature"
)

// authority is a server on this machine that answers and counts.
type authority struct {
	*httptest.Server
	asked atomic.Int32
}

func newAuthority(t *testing.T) *authority {
	a := new(authority)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /crl", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the list") })
	mux.HandleFunc("POST /ocsp", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Header.Get("Content-Type")+" "+string(body))
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/crl", http.StatusFound) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1<<20)) })
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.asked.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func TestAsk(t *testing.T) {
	a := newAuthority(t)
	f := &Fetcher{Hosts: []string{"127.0.0.1"}, Local: true, Timeout: 2 * time.Second, MaxBytes: 1<<20 - 1}
	for _, test := range []struct {
		path, body, want, problem string
	}{
		{"/crl", "", "the list", ""},
		{"/ocsp", "request", "application/ocsp-request request", ""},
		{"/elsewhere", "", "", "302"},
		{"/large", "", "", "more than 1048575 bytes"},
		{"/empty", "", "", "empty"},
		{"/slow", "", "", "deadline"},
		{"/nothing", "", "", "404"},
	} {
		q := signature.Question{URL: a.URL + test.path}
		if test.body != "" {
			q.OCSP = []byte(test.body)
		}
		got, err := f.Ask(context.Background(), q)
		if string(got) != test.want || (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: got %q, %v, want %q, %q", test.path, got, err, test.want, test.problem)
		}
	}
}

// Nobody is asked who is not on the list, and no name on it leads to this
// machine or into its network.
func TestRefused(t *testing.T) {
	a := newAuthority(t)
	port := a.URL[strings.LastIndexByte(a.URL, ':'):]
	everybody := []string{"127.0.0.1", "localhost", "::1", "ca.example", "0.0.0.0", "10.0.0.1"}
	for _, test := range []struct {
		name  string
		f     Fetcher
		url   string
		asked bool // for a connection, which is then refused
	}{
		{"nobody is on the list", Fetcher{Local: true}, a.URL + "/crl", false},
		{"another is", Fetcher{Local: true, Hosts: []string{"ca.example"}}, a.URL + "/crl", false},
		{"one below a name that is", Fetcher{Local: true, Hosts: []string{"example"}}, "http://ca.example/crl", false},
		{"another port", Fetcher{Hosts: everybody}, a.URL + "/crl", false},
		{"a user", Fetcher{Local: true, Hosts: everybody}, "http://x:y@127.0.0.1" + port + "/crl", false},
		{"a file", Fetcher{Local: true, Hosts: everybody}, "file:///etc/passwd", false},
		{"LDAP", Fetcher{Local: true, Hosts: everybody}, "ldap://127.0.0.1/cn=crl", false},
		{"no address", Fetcher{Local: true, Hosts: everybody}, "http://%zz/", false},
		{"this machine", Fetcher{Hosts: everybody}, "http://127.0.0.1/crl", true},
		{"this machine by its name", Fetcher{Hosts: everybody}, "http://localhost/crl", true},
		{"this machine by version 6", Fetcher{Hosts: everybody}, "http://[::1]/crl", true},
		{"any address", Fetcher{Hosts: everybody}, "http://0.0.0.0/crl", true},
		{"a private network", Fetcher{Hosts: everybody}, "https://10.0.0.1/crl", true},
	} {
		if _, err := test.f.Ask(context.Background(), signature.Question{URL: test.url}); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: got %v, want %v", test.name, err, ErrRefused)
		}
	}
	if a.asked.Load() > 0 {
		t.Errorf("got %d requests, want none", a.asked.Load())
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "203.113.131.1": true, "2001:4860:4860::8888": true, "2405:4800::1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.1": false, "255.255.255.255": false, "224.0.0.1": false, "198.18.0.1": false, "192.0.2.1": false, "240.0.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false, "2001::1": false, "100::1": false, "fec0::1": false, "fe80::1%eth0": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %t, want %t", address, got, want)
		}
	}
}

// Each question is asked once, and one that fails stops no other.
func TestAll(t *testing.T) {
	a := newAuthority(t)
	f := &Fetcher{Hosts: []string{"127.0.0.1"}, Local: true}
	crl, ocsp := signature.Question{URL: a.URL + "/crl"}, signature.Question{URL: a.URL + "/ocsp", OCSP: []byte("x")}
	got := f.All(context.Background(), []signature.Question{crl, {URL: "http://other.example/"}, ocsp, crl, {URL: a.URL + "/nothing"}})
	if len(got) != 4 || !bytes.Equal(got[0].DER, []byte("the list")) || !errors.Is(got[1].Err, ErrRefused) || got[2].Err != nil || got[3].Err == nil {
		t.Errorf("got %+v", got)
	}
	if a.asked.Load() != 3 {
		t.Errorf("got %d requests, want 3", a.asked.Load())
	}
	many := make([]signature.Question, maxFetches+1)
	for i := range many {
		many[i].URL = "http://other.example/" + strings.Repeat("x", i)
	}
	if got := f.All(context.Background(), many); !strings.Contains(got[maxFetches].Err.Error(), "more than") {
		t.Errorf("got %v, want a bound", got[maxFetches].Err)
	}
}
