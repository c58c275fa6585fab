package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/signature/online"
	"minhchung/evidence/signature/pdf/pdftest"
	st "minhchung/evidence/signature/signaturetest"
)

// signedBy is a signed document of one page.
func signedBy(signer *st.Authority) []byte {
	b := pdftest.New()
	b.Page("", "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", pdftest.Text)
	b.Table(pdftest.Root)
	b.AddSignature("Sig1", 5, "/SubFilter/adbe.pkcs7.detached")
	return pdftest.Seal(b.Bytes(), func(covered []byte) []byte {
		der, _ := st.Message{Signer: signer, Content: covered, SigningTime: time.Now().Add(-time.Hour)}.Sign()
		return der
	})
}

// Nobody is asked about revocation unless a host is named; the answer then
// counts; and this machine is asked by a test alone.
func TestInspectOnline(t *testing.T) {
	now := time.Now()
	years := st.Valid(now.Add(-1000*st.Day), now.Add(1000*st.Day))
	asked := 0
	var crl []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Write(crl)
	}))
	defer server.Close()
	root := st.Root("Gốc thử nghiệm", years)
	signer := root.Issue("Nguyễn Văn Thử", years, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{server.URL + "/crl"} })
	crl = root.CRL(now.Add(-time.Minute), now.Add(st.Day))
	dir := writeFiles(t, map[string]string{
		"signed.pdf":     string(signedBy(signer)),
		"trust/root.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.DER})),
	})
	verdict := func(args ...string) string {
		out, notes, _ := inspectHere(t, dir, append([]string{"--lang", "en", "--trust", "trust", "signed.pdf"}, args...)...)
		switch {
		case strings.Contains(out, "TRY_LATER"):
			return "unknown " + notes
		case strings.Contains(out, "REVOKED"):
			return "revoked " + notes
		case strings.Contains(out, "(valid)"), strings.Contains(out, "TOTAL-PASSED"):
			return "good " + notes
		}
		return out
	}
	if got := verdict(); !strings.HasPrefix(got, "unknown") || asked != 0 {
		t.Errorf("without --online: got %s, asked %d times", got, asked)
	}
	if got := verdict("--online", "127.0.0.1"); !strings.HasPrefix(got, "unknown") || !strings.Contains(got, "not allowed") || asked != 0 {
		t.Errorf("this machine: got %s, asked %d times, want it refused", got, asked)
	}
	old := fetcher
	defer func() { fetcher = old }()
	fetcher = func(hosts []string) *online.Fetcher { return &online.Fetcher{Hosts: hosts, Local: true} }
	if got := verdict("--online", "ca.example"); !strings.HasPrefix(got, "unknown") || asked != 0 {
		t.Errorf("another host: got %s, asked %d times", got, asked)
	}
	if got := verdict("--online", "ca.example,127.0.0.1"); !strings.HasPrefix(got, "good") || !strings.Contains(got, "got 1 answers") || asked != 1 {
		t.Errorf("the host: got %s, asked %d times", got, asked)
	}
	crl = root.CRL(now.Add(-time.Minute), now.Add(st.Day), st.Revoked(signer, now.Add(-2*time.Hour), 4))
	if got := verdict("--online", "127.0.0.1"); !strings.HasPrefix(got, "revoked") {
		t.Errorf("revoked: got %s", got)
	}
	crl = []byte("no list at all")
	if got := verdict("--online", "127.0.0.1"); !strings.HasPrefix(got, "unknown") {
		t.Errorf("nonsense: got %s", got)
	}
}

// A policy of one's own is read, and one that is no policy is refused.
func TestInspectPolicy(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.pdf": minimalPDF, "bad.json": "{}"})
	own, err := os.ReadFile(filepath.FromSlash("../../deploy/policies/vn-2025.json"))
	if err != nil {
		t.Fatal(err)
	}
	grace := strings.Replace(string(own), `"clockSkewSeconds"`, `"graceSeconds": 86400, "clockSkewSeconds"`, 1)
	if err := os.WriteFile(filepath.Join(dir, "grace.json"), []byte(grace), 0o600); err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[string]int{"vn-2025": exitFinding, "grace.json": exitFinding, "bad.json": exitUsage, "vn-1999": exitUsage} {
		if out, notes, code := inspectHere(t, dir, "--policy", policy, "a.pdf"); code != want {
			t.Errorf("%s: got code %d, want %d: %s%s", policy, code, want, out, notes)
		}
	}
}

// What an import asks is kept in the trust store, and its verdicts rest on it.
func TestImportOnline(t *testing.T) {
	now := time.Now()
	years := st.Valid(now.Add(-1000*st.Day), now.Add(1000*st.Day))
	var crl []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(crl) }))
	defer server.Close()
	old := fetcher
	defer func() { fetcher = old }()
	fetcher = func(hosts []string) *online.Fetcher { return &online.Fetcher{Hosts: hosts, Local: true} }
	root := st.Root("Gốc thử nghiệm", years)
	signer := root.Issue("Nguyễn Văn Thử", years, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{server.URL + "/crl"} })
	crl = root.CRL(now.Add(-time.Minute), now.Add(st.Day))
	year := now.Format("2006")
	dir := writeFiles(t, map[string]string{
		"files/1.pdf":  string(signedBy(signer)),
		"root.pem":     string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.DER})),
		"register.csv": "số,ký hiệu,ngày,tệp\n1,QĐ-UBND," + now.Format("02/01/2006") + ",1.pdf\n",
	})
	do := func(args ...string) string {
		t.Helper()
		var out, notes bytes.Buffer
		e := &env{Stdout: &out, Stderr: &notes, Cwd: dir, Lang: message.English}
		if code := run(context.Background(), e, append(args, "--data", filepath.Join(dir, "data"))); code != exitDone {
			t.Fatalf("%v: got code %d: %s%s", args, code, &out, &notes)
		}
		return out.String()
	}
	do("unit", "add", "xa-a", "--name", "UBND xã A")
	do("trust", "add", "--domain", "official-duty", "root.pem")
	do("import", "--unit", "xa-a", "--period", year, "--register", "register.csv", "--files", "files", "--online", "127.0.0.1")
	if got := do("trust", "list"); !strings.Contains(got, server.URL+"/crl") {
		t.Errorf("got no answer in the trust store:\n%s", got)
	}
	if got := do("document", "--unit", "xa-a", "--period", year, "1/QĐ-UBND"); strings.Contains(got, "TRY_LATER") || strings.Contains(got, "revocation-unknown") {
		t.Errorf("got a verdict that knows nothing of the answer:\n%s", got)
	}
	do("check")
}
