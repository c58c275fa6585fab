package pki

import (
	"bytes"
	"crypto/x509/pkix"
	stdasn1 "encoding/asn1"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"minhchung/evidence/signature/cms"
)

// attribute is one AttributeTypeAndValue, its value as text.
type attribute struct {
	oid   cms.OID
	value string
}

// readName reads a Name (RFC 5280 4.1.2.4) as a list of RDNs.
func readName(der []byte) ([][]attribute, bool) {
	s := cryptobyte.String(der)
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	var name [][]attribute
	for !seq.Empty() {
		var set cryptobyte.String
		if len(name) == maxNames || !seq.ReadASN1(&set, asn1.SET) {
			return nil, false
		}
		var rdn []attribute
		for !set.Empty() {
			var pair, oid, value cryptobyte.String
			var tag asn1.Tag
			if len(rdn) == maxNames || !set.ReadASN1(&pair, asn1.SEQUENCE) ||
				!pair.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !pair.ReadAnyASN1(&value, &tag) {
				return nil, false
			}
			rdn = append(rdn, attribute{cms.OID(oid), text(byte(tag), value)})
		}
		name = append(name, rdn)
	}
	return name, true
}

// text decodes a DirectoryString or what is used in its place into valid
// UTF-8: UTF-8 and ASCII kinds, Latin-1 for T61String, BMPString, and hex
// for anything else.
func text(tag byte, value []byte) string {
	switch tag {
	case 0x1e: // BMPString
		if len(value)%2 == 0 {
			units := make([]uint16, len(value)/2)
			for i := range units {
				units[i] = uint16(value[2*i])<<8 | uint16(value[2*i+1])
			}
			return string(utf16.Decode(units))
		}
	case 0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a:
		if utf8.Valid(value) {
			return string(value)
		}
		runes := make([]rune, len(value))
		for i, c := range value {
			runes[i] = rune(c)
		}
		return string(runes)
	}
	return "#" + hex.EncodeToString(value)
}

// SameName compares two Names as RFC 5280 7.1 asks: attribute by attribute,
// case and runs of spaces aside, whatever string type each issuer chose.
func SameName(a, b []byte) bool {
	return bytes.Equal(a, b) || NameKey(a) == NameKey(b)
}

// NameKey returns a string that is equal for Names that are the same under
// SameName, for use as a map key. A Name that cannot be read is its own key.
func NameKey(der []byte) string {
	name, ok := readName(der)
	if !ok {
		return "?" + string(der)
	}
	var b strings.Builder
	for _, rdn := range name {
		parts := make([]string, len(rdn))
		for i, a := range rdn {
			parts[i] = string(a.oid) + "\x00" + fold(a.value) + "\x00"
		}
		slices.Sort(parts)
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteByte(1)
	}
	return b.String()
}

// fold brings spelling variants of one value together.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// prefixName reports whether every RDN of x equals that of y at its place.
func prefixName(x, y [][]attribute) bool {
	if len(x) > len(y) {
		return false
	}
	for i := range x {
		if !sameRDN(x[i], y[i]) {
			return false
		}
	}
	return true
}

func sameRDN(x, y []attribute) bool {
	if len(x) != len(y) {
		return false
	}
	for _, a := range x {
		found := false
		for _, b := range y {
			if a.oid.Equal(b.oid) && fold(a.value) == fold(b.value) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// NameString prints a Name as crypto/x509/pkix prints it (RFC 4514, last RDN
// first), so that a roster entry made with Go matches. A Name that Go cannot
// read is printed from our own reading, which always gives valid UTF-8.
func NameString(der []byte) string {
	var rdns pkix.RDNSequence
	if rest, err := stdasn1.Unmarshal(der, &rdns); err == nil && len(rest) == 0 {
		var n pkix.Name
		n.FillFromRDNSequence(&rdns)
		if s := n.String(); utf8.ValidString(s) {
			return s
		}
	}
	name, _ := readName(der)
	var parts []string
	for i := len(name) - 1; i >= 0; i-- {
		for _, a := range name[i] {
			parts = append(parts, a.oid.String()+"="+a.value)
		}
	}
	return strings.ToValidUTF8(strings.Join(parts, ","), "\uFFFD")
}

var oidCommonName = cms.MustOID("2.5.4.3")

// CommonName returns the last common name of a Name, "" when there is none.
func CommonName(der []byte) string {
	name, _ := readName(der)
	cn := ""
	for _, rdn := range name {
		for _, a := range rdn {
			if a.oid.Equal(oidCommonName) {
				cn = a.value
			}
		}
	}
	return cn
}
