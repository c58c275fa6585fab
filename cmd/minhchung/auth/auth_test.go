package auth

import (
	"errors"
	"net"
	"net/http/httptest"
	"slices"
	"testing"

	"minhchung/evidence"
)

func TestNobodySeesNothing(t *testing.T) {
	scope := Principal{All: true, Units: []evidence.UnitID{"xa-a"}}.Scope()
	if scope.Allows(evidence.RootBook) || scope.Allows(evidence.BookID{Unit: "xa-a", Period: "2022"}) {
		t.Errorf("got scope %+v for a principal without an id, want the empty one", scope)
	}
}

func TestScopeKeepsUnits(t *testing.T) {
	scope := Principal{ID: "p", Units: []evidence.UnitID{"xa-a"}}.Scope()
	for book, want := range map[evidence.BookID]bool{
		{Unit: "xa-a", Period: "2022"}: true, {Unit: "xa-b", Period: "2022"}: false, evidence.RootBook: false,
	} {
		if got := scope.Allows(book); got != want {
			t.Errorf("%s: got %v, want %v", book, got, want)
		}
	}
}

func TestOfficeIsLocal(t *testing.T) {
	for from, want := range map[string]bool{
		"127.0.0.1:5000": true, "[::1]:5000": true, "127.9.9.9:1": true, "[::ffff:127.0.0.1]:7": true,
		"192.0.2.1:5000": false, "[2001:db8::1]:5000": false, "0.0.0.0:1": false, "": false, "@": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = from
		p, err := Office(r)
		if got := err == nil; got != want || got != p.All || !want && !errors.Is(err, ErrNotLocal) {
			t.Errorf("%q: got %+v, %v, want let in %v", from, p, err, want)
		}
	}
}

func TestCheckListen(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "[::1]:0": true, "localhost:80": true, "127.0.0.2:1": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:80": false, "192.168.1.5:80": false, "example.org:80": false,
		"localhost.example.org:80": false, "127.0.0.1": false, "2130706433:80": false, "": false,
	} {
		if err := CheckListen(address); (err == nil) != want {
			t.Errorf("%q: got %v, want accepted %v", address, err, want)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		at   net.TCPAddr
		want []string
	}{
		{net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, []string{"127.0.0.1:8080", "localhost:8080"}},
		{net.TCPAddr{IP: net.IPv6loopback, Port: 80}, []string{"[::1]:80", "[::1]", "localhost:80", "localhost"}},
	} {
		if got, err := Hosts(&test.at); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("got %v, %v, want %v", got, err, test.want)
		}
	}
	if got, err := Hosts(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}); !errors.Is(err, ErrNotLocal) {
		t.Errorf("got %v, %v, want ErrNotLocal", got, err)
	}
}
