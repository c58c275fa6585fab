package cms

import (
	"bytes"
	"strconv"
	"strings"
)

// OID is the content octets of an OBJECT IDENTIFIER (X.690 8.19), which
// compare and print without ever being decoded into numbers that overflow.
type OID []byte

// Equal reports whether o is the identifier with these content octets.
func (o OID) Equal(body []byte) bool { return bytes.Equal(o, body) }

// String returns the dotted form, or "?" when an arc exceeds 63 bits.
func (o OID) String() string {
	var arcs []string
	var v uint64
	for i, c := range o {
		if v >= 1<<56 {
			return "?"
		}
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			if i == len(o)-1 {
				return "?"
			}
			continue
		}
		if len(arcs) == 0 {
			first := min(v/40, 2)
			arcs = append(arcs, strconv.FormatUint(first, 10))
			v -= first * 40
		}
		arcs = append(arcs, strconv.FormatUint(v, 10))
		v = 0
	}
	return strings.Join(arcs, ".")
}

// MustOID returns the OID of a dotted string of ours; it panics when that is
// not one.
func MustOID(dotted string) OID {
	var out OID
	var first uint64
	for i, part := range strings.Split(dotted, ".") {
		v, err := strconv.ParseUint(part, 10, 56)
		if err != nil {
			panic("cms: not an object identifier: " + dotted)
		}
		switch i {
		case 0:
			first = v
			continue
		case 1:
			v += first * 40
		}
		var arc []byte
		for more := byte(0); ; more = 0x80 {
			arc = append([]byte{byte(v&0x7f) | more}, arc...)
			if v >>= 7; v == 0 {
				break
			}
		}
		out = append(out, arc...)
	}
	return out
}

// Content types and attributes.
var (
	oidData       = MustOID("1.2.840.113549.1.7.1")
	oidSignedData = MustOID("1.2.840.113549.1.7.2")
	oidTSTInfo    = MustOID("1.2.840.113549.1.9.16.1.4") // RFC 3161 2.4.2

	oidContentType          = MustOID("1.2.840.113549.1.9.3")
	oidMessageDigest        = MustOID("1.2.840.113549.1.9.4")
	oidSigningTime          = MustOID("1.2.840.113549.1.9.5")
	oidSigningCertificate   = MustOID("1.2.840.113549.1.9.16.2.12") // RFC 2634 5.4
	oidSigningCertificateV2 = MustOID("1.2.840.113549.1.9.16.2.47") // RFC 5035 3
	oidSignaturePolicy      = MustOID("1.2.840.113549.1.9.16.2.15") // RFC 5126 5.8.1
	oidSignatureTimestamp   = MustOID("1.2.840.113549.1.9.16.2.14") // RFC 3161 appendix A
	oidRevocationArchival   = MustOID("1.2.840.113583.1.1.8")       // ISO 32000-2 12.8.3.3.2
	oidOCSPResponse         = MustOID("1.3.6.1.5.5.7.16.2")         // RFC 5940 2.1
)

// Digest algorithms (RFC 5754, FIPS 202, RFC 8419).
var (
	oidSHA1   = MustOID("1.3.14.3.2.26")
	oidSHA256 = MustOID("2.16.840.1.101.3.4.2.1")
)
