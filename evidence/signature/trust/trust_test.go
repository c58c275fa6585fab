package trust_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
	"minhchung/evidence/signature/trust"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// bundle makes a PKCS #7 bundle: a signed message serves, since only its
// certificates and CRLs are read.
func bundle(certs, crls [][]byte) []byte {
	der, _ := st.Message{Signer: st.SelfSigned("x"), Certificates: certs, CRLs: crls}.Sign()
	return der
}

func TestParseItems(t *testing.T) {
	root := st.Root("Gốc thử nghiệm")
	ca := root.Issue("CA thử nghiệm", st.AsCA)
	crl := ca.CRL(st.Epoch, st.Epoch.Add(st.Day))
	answer := st.OCSP(root, root, ca, st.Epoch, st.Epoch.Add(st.Day), time.Time{})
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"DER certificate", root.DER, []string{"anchor"}},
		{"DER intermediate", ca.DER, []string{"intermediate"}},
		{"DER CRL", crl, []string{"crl"}},
		{"OCSP answer", answer, []string{"ocsp"}},
		{"two in a row", slices.Concat(root.DER, ca.DER), []string{"anchor", "intermediate"}},
		{"PEM with words around", slices.Concat([]byte("Gốc:\n"), block("CERTIFICATE", root.DER), []byte("\nCA\n"), block("CERTIFICATE", ca.DER), block("X509 CRL", crl)), []string{"anchor", "intermediate", "crl"}},
		{"PKCS #7", bundle([][]byte{root.DER, ca.DER}, [][]byte{crl}), []string{"anchor", "intermediate", "crl"}},
		{"PKCS #7 in PEM", block("PKCS7", bundle([][]byte{ca.DER}, nil)), []string{"intermediate"}},
	} {
		items, err := trust.ParseItems(c.data)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, it := range items {
			got = append(got, it.Kind)
			if it.SHA256 != signature.HashOf(it.DER) || it.Name == "" {
				t.Errorf("%s: item %q has a wrong hash or no name", c.name, it.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("không có gì"), "zeros": make([]byte, 10), "empty sequence": {0x30, 0},
	} {
		if _, err := trust.ParseItems(data); !errors.Is(err, trust.ErrNothing) {
			t.Errorf("%s: got %v, want ErrNothing", name, err)
		}
	}
	if _, err := trust.ParseItems(block("PRIVATE KEY", []byte{1})); err == nil || errors.Is(err, trust.ErrNothing) {
		t.Errorf("private key: got %v, want a refusal of its own", err)
	}
}

func TestLoadDir(t *testing.T) {
	root := st.Root("Gốc thử nghiệm")
	ca := root.Issue("CA thử nghiệm", st.AsCA)
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("goc.pem", block("CERTIFICATE", root.DER))
	write("ca", ca.DER)
	write("ca.crl", ca.CRL(st.Epoch, st.Epoch.Add(st.Day)))
	write("README", []byte("đọc tôi"))
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	m, err := trust.LoadDir(dir, signature.DomainTest)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Anchors) != 1 || m.Anchors[0].Domain != signature.DomainTest || !bytes.Equal(m.Anchors[0].DER, root.DER) {
		t.Errorf("anchors: got %d", len(m.Anchors))
	}
	if len(m.Intermediates) != 1 || len(m.CRLs) != 1 || len(m.OCSPs) != 0 {
		t.Errorf("got %d intermediates, %d CRLs, %d OCSP answers; want 1, 1, 0", len(m.Intermediates), len(m.CRLs), len(m.OCSPs))
	}
	write("hong.cer", []byte("không phải"))
	if _, err := trust.LoadDir(dir, signature.DomainTest); err == nil || !strings.Contains(err.Error(), "hong.cer") {
		t.Errorf("damaged certificate file: got %v, want its name", err)
	}
	if _, err := trust.LoadDir(filepath.Join(dir, "nowhere"), signature.DomainTest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: got %v, want fs.ErrNotExist", err)
	}
}

// TestCanonical: order, duplicates, time zones and nil lists change nothing;
// anything else changes the hash.
func TestCanonical(t *testing.T) {
	hanoi := time.FixedZone("+07", 7*3600)
	a := signature.Material{
		Anchors:       []signature.Anchor{{Domain: "test", DER: []byte{2}}, {Domain: "test", DER: []byte{1}}, {Domain: "test", DER: []byte{2}}},
		Intermediates: [][]byte{{3}, {1}, {3}},
		Roster:        []signature.Signer{{Name: "B", From: st.Epoch}, {Name: "A"}},
	}
	b := signature.Material{
		Anchors:       []signature.Anchor{{Domain: "test", DER: []byte{1}}, {Domain: "test", DER: []byte{2}}},
		Intermediates: [][]byte{{1}, {3}}, CRLs: [][]byte{},
		Roster: []signature.Signer{{Name: "A"}, {Name: "B", From: st.Epoch.In(hanoi)}},
	}
	if !bytes.Equal(trust.Canonical(a), trust.Canonical(b)) {
		t.Errorf("got %s\nand %s", trust.Canonical(a), trust.Canonical(b))
	}
	if got := a.Intermediates[0][0]; got != 3 {
		t.Errorf("Canonical sorted its argument")
	}
	before := trust.Hash(b)
	b.Anchors[0].Domain = "public"
	if trust.Hash(b) == before {
		t.Errorf("another domain, the same hash")
	}
	empty := `{"anchors":[],"intermediates":[],"crls":[],"ocsps":[],"roster":[]}`
	if got := string(trust.Canonical(signature.Material{})); got != empty {
		t.Errorf("empty material: got %s, want %s", got, empty)
	}
}

func TestPolicy(t *testing.T) {
	p, data, err := trust.Policy("")
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != trust.DefaultPolicy || !p.RequireRevocation || p.ClockSkewSeconds < 7*3600 || len(data) == 0 {
		t.Errorf("default policy: got %+v", p)
	}
	for _, a := range p.Algorithms {
		if a.Source == "" {
			t.Errorf("algorithm %s has no source", a.Name)
		}
	}
	if _, _, err := trust.Policy("nowhere"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), trust.DefaultPolicy) {
		t.Errorf("unknown policy: got %v, want fs.ErrNotExist and the ids there are", err)
	}
	if _, err := trust.ParsePolicy([]byte(`{"id":"x","algorithms":[{"name":"RSA"}],"new":1}`)); err == nil {
		t.Errorf("a policy with an unknown entry was read")
	}
}

// TestPoliciesAreDeployed: what is embedded is what deploy shows.
func TestPoliciesAreDeployed(t *testing.T) {
	shown, err := filepath.Glob("../../../deploy/policies/*.json")
	if err != nil || len(shown) != len(trust.PolicyIDs()) {
		t.Fatalf("deploy/policies has %d files (%v), %d are embedded", len(shown), err, len(trust.PolicyIDs()))
	}
	for _, path := range shown {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		id := strings.TrimSuffix(filepath.Base(path), ".json")
		p, got, err := trust.Policy(id)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) || p.ID != id {
			t.Errorf("%s: the embedded copy differs, or has another id (%s)", path, p.ID)
		}
	}
}

func FuzzParseItems(f *testing.F) {
	root := st.Root("Gốc")
	f.Add(root.DER)
	f.Add(block("CERTIFICATE", root.DER))
	f.Add(bundle([][]byte{root.DER}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		items, err := trust.ParseItems(b)
		if (err == nil) != (len(items) > 0) {
			t.Errorf("%d items, error %v", len(items), err)
		}
	})
}
