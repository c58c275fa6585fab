package pki

import (
	"bytes"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// NameConstraints limit the names of all certificates below a CA (RFC 5280
// 4.2.1.10).
type NameConstraints struct {
	Permitted, Excluded []GeneralName
}

// The GeneralName tags that constraints are processed for.
const (
	nameEmail     = 1
	nameDNS       = 2
	nameDirectory = 4
	nameURI       = 6
	nameIP        = 7
)

func parseNameConstraints(v cryptobyte.String) (*NameConstraints, bool) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) || !v.Empty() {
		return nil, false
	}
	nc := new(NameConstraints)
	for i, list := range []*[]GeneralName{&nc.Permitted, &nc.Excluded} {
		var trees cryptobyte.String
		present := false
		if !seq.ReadOptionalASN1(&trees, &present, asn1.Tag(i).Constructed().ContextSpecific()) {
			return nil, false
		}
		for !trees.Empty() {
			var tree, base cryptobyte.String
			var tag asn1.Tag
			if len(*list) == maxNames || !trees.ReadASN1(&tree, asn1.SEQUENCE) || !tree.ReadAnyASN1(&base, &tag) {
				return nil, false
			}
			*list = append(*list, GeneralName{int(tag & 0x1f), base})
		}
	}
	return nc, seq.Empty()
}

// names returns every name of c that constraints apply to (RFC 5280 6.1.3
// (b), 4.2.1.10): the subject, an e-mail address in it, the alternative names.
func (c *Certificate) names() []GeneralName {
	var list []GeneralName
	rdns, _ := readName(c.Subject)
	if len(rdns) > 0 {
		list = append(list, GeneralName{nameDirectory, c.Subject})
	}
	for _, rdn := range rdns {
		for _, a := range rdn {
			if a.oid.String() == "1.2.840.113549.1.9.1" {
				list = append(list, GeneralName{nameEmail, []byte(a.value)})
			}
		}
	}
	return append(list, c.AltNames...)
}

// Admits reports whether all names of c satisfy the constraints. A constraint
// of a kind that we do not process fails names of that kind.
func (nc *NameConstraints) Admits(c *Certificate) bool {
	for _, name := range c.names() {
		limited, inside := false, false
		for _, base := range nc.Excluded {
			if base.Tag == name.Tag && within(name, base) != no {
				return false
			}
		}
		for _, base := range nc.Permitted {
			if base.Tag == name.Tag {
				limited = true
				inside = inside || within(name, base) == yes
			}
		}
		if limited && !inside {
			return false
		}
	}
	return true
}

type answer int

const (
	no answer = iota
	yes
	unknown
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

// within reports whether name lies in the subtree of base.
func within(name, base GeneralName) answer {
	n, b := strings.ToLower(string(name.Value)), strings.ToLower(string(base.Value))
	switch name.Tag {
	case nameDirectory:
		x, okX := readName(base.Value)
		y, okY := readName(name.Value)
		if !okX || !okY {
			return unknown
		}
		return answerOf(prefixName(x, y))
	case nameEmail:
		at := strings.LastIndexByte(n, '@')
		switch {
		case strings.Contains(b, "@"):
			return answerOf(n == b)
		case at < 0:
			return unknown
		case strings.HasPrefix(b, "."):
			return answerOf(strings.HasSuffix(n[at+1:], b))
		}
		return answerOf(n[at+1:] == b)
	case nameDNS:
		return answerOf(b == "" || n == b || strings.HasSuffix(n, "."+strings.TrimPrefix(b, ".")))
	case nameURI:
		_, host, ok := strings.Cut(n, "://")
		if !ok {
			return unknown
		}
		host, _, _ = strings.Cut(host, "/")
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = host[i+1:]
		}
		host, _, _ = strings.Cut(host, ":")
		if strings.HasPrefix(b, ".") {
			return answerOf(strings.HasSuffix(host, b))
		}
		return answerOf(host == b)
	case nameIP:
		return withinIP(name.Value, base.Value)
	}
	return unknown
}

func withinIP(ip, base []byte) answer {
	if len(base) != 8 && len(base) != 32 || len(ip) != 4 && len(ip) != 16 {
		return unknown
	}
	if len(base) != 2*len(ip) {
		return no
	}
	addr, mask := base[:len(ip)], base[len(ip):]
	masked, want := make([]byte, len(ip)), make([]byte, len(ip))
	for i := range ip {
		masked[i], want[i] = ip[i]&mask[i], addr[i]&mask[i]
	}
	return answerOf(bytes.Equal(masked, want))
}
