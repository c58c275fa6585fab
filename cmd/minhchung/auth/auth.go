// Package auth says who a request comes from and what that person may see.
// There are no accounts yet: the one person is whoever sits at the machine,
// and the program listens to nobody else.
package auth

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"minhchung/evidence"
)

// OfficeID is the pseudonymous id of the one person at an office PC, which
// leaves name as their actor.
const OfficeID = "office"

// Principal is who acts. The zero Principal is nobody and may see nothing.
type Principal struct {
	ID string // pseudonymous; what leaves name
	// All is the administrator's: every unit and the root book.
	All   bool
	Units []evidence.UnitID // otherwise these
}

// Scope is what the principal may see and do.
func (p Principal) Scope() evidence.Scope {
	if p.ID == "" {
		return evidence.Scope{}
	}
	return evidence.Scope{All: p.All, Units: p.Units, Actor: p.ID}
}

// ErrNotLocal says that an address does not belong to this machine alone.
// Without accounts nobody else can be let in.
var ErrNotLocal = errors.New("not an address of this machine alone")

// Office is the local administrator of an installation without accounts. A
// request that did not come over the loopback interface is ErrNotLocal.
func Office(r *http.Request) (Principal, error) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return Principal{}, fmt.Errorf("a request from %q: %w", r.RemoteAddr, ErrNotLocal)
	}
	return Principal{ID: OfficeID, All: true}, nil
}

// CheckListen reports ErrNotLocal for a "host:port" that others could reach.
// The host is "localhost" or an address of RFC 1122 3.2.1.3 (g) or ::1; an
// empty one means every interface and is refused.
func CheckListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if host == "localhost" {
		return nil // the caller looks at what it resolved to
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
		return fmt.Errorf("%s: %w", address, ErrNotLocal)
	}
	return nil
}

// Hosts are the Host headers (RFC 9110 7.2) of requests that mean a listener
// on a loopback address. Any other name that resolves to it belongs to
// somebody else: DNS rebinding.
func Hosts(listening net.Addr) ([]string, error) {
	bound, err := netip.ParseAddrPort(listening.String())
	if err != nil || !bound.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("%s: %w", listening, ErrNotLocal)
	}
	var hosts []string
	for _, name := range []string{bound.Addr().Unmap().String(), "localhost"} {
		host := net.JoinHostPort(name, fmt.Sprint(bound.Port()))
		hosts = append(hosts, host)
		if bound.Port() == 80 { // browsers leave it out (RFC 9110 4.2.3)
			hosts = append(hosts, strings.TrimSuffix(host, ":80"))
		}
	}
	return hosts, nil
}
