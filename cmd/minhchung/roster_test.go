package main

import (
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/trust"
)

// crypto/x509 refuses certificates that are in use, such as those with a
// negative serial number: they can be on the roster all the same.
func TestRosterFromOddCertificate(t *testing.T) {
	item := trust.Item{Kind: trust.KindIntermediate, Name: "CN=Nguyễn Văn Thử", DER: []byte("odd"), SHA256: signature.HashOf([]byte("odd"))}
	var entry evidence.RosterEntry
	rosterFromCertificate(&entry, item)
	if entry.Name != item.Name || entry.Certificate != item.SHA256 {
		t.Errorf("got %+v, want the name and digest of %+v", entry, item)
	}
}
