package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"software.sslmate.com/src/go-pkcs12"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/paper"
	"minhchung/cmd/minhchung/timestamp"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/signaturetest"
)

// testKey makes a key with a self-made certificate. kind is one of "", ecdsa,
// expired, usage, tls, weak, tsa.
func testKey(kind string) (crypto.Signer, *x509.Certificate, error) {
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Nguyễn Văn Thử", Organization: []string{"Thử nghiệm"}},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour), KeyUsage: x509.KeyUsageContentCommitment,
	}
	bits := 2048
	switch kind {
	case "expired":
		c.NotAfter = now.Add(-time.Hour)
	case "usage":
		c.KeyUsage = x509.KeyUsageKeyEncipherment
	case "tls":
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	case "weak":
		bits = 1024
	case "tsa":
		c.ExtraExtensions = []pkix.Extension{signaturetest.ExtKeyUsage(true, "1.3.6.1.5.5.7.3.8")}
	}
	var key crypto.Signer
	var err error
	if kind == "ecdsa" {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	c, err = x509.ParseCertificate(der)
	return key, c, err
}

// scriptP12 makes a key file: p12 FILE PASSWORDFILE [KIND].
func scriptP12(ts *testscript.TestScript, neg bool, args []string) {
	kind := ""
	if len(args) > 2 {
		kind = args[2]
	}
	key, cert, err := testKey(kind)
	ts.Check(err)
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pfx, 0o600))
}

// scriptPaper prints a document: paper FILE [certified].
func scriptPaper(ts *testscript.TestScript, neg bool, args []string) {
	b := certified()
	if len(args) < 2 {
		p, err := paper.NewPrinter()
		ts.Check(err)
		s := p.Sheet()
		s.Centre(paper.Width/2, 80, 14, true, "BÁO CÁO")
		b, err = s.Bytes()
		ts.Check(err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// certified is a document that permits no change (DocMDP P 1).
func certified() []byte {
	signer := signaturetest.SelfSigned("Người chứng thực thử")
	b := pdftest.New()
	b.Page("", "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", pdftest.Text)
	b.Table(pdftest.Root)
	b.AddSignature("Sig1", 5, "/SubFilter/adbe.pkcs7.detached/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]")
	return pdftest.Seal(b.Bytes(), func(covered []byte) []byte {
		der, _ := signaturetest.Message{Signer: signer, Content: covered}.Sign()
		return der
	})
}

// scriptStartsWith compares the beginning of a file: startswith FILE PREFIX.
func scriptStartsWith(ts *testscript.TestScript, neg bool, args []string) {
	if a, b := ts.ReadFile(args[0]), ts.ReadFile(args[1]); len(a) <= len(b) || !strings.HasPrefix(a, b) {
		ts.Fatalf("%s is not %s with something behind it", args[0], args[1])
	}
}

// scriptAppend puts text behind a file: append FILE TEXT.
func scriptAppend(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+args[1]), 0o600))
}

// TestSignWithTimeStamp signs with a key of 2048 bits and a token that does
// not fit into what is left without one, and refuses an answer to another
// request.
func TestSignWithTimeStamp(t *testing.T) {
	key, cert, err := testKey("tsa")
	if err != nil {
		t.Fatal(err)
	}
	var replay []byte
	answer := timestamp.Authority{Certificate: cert, Key: key, Policy: []int{1, 3, 6, 1, 4, 1, 32473, 1}}
	tsa := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if replay == nil || r.URL.Path != "/replay" {
			replay, err = answer.Answer(body, time.Now())
		}
		w.Write(replay)
	}))
	defer tsa.Close()
	dir := t.TempDir()
	signerKey, signerCert, err := testKey("")
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(signerKey, signerCert, nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	p, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sheet()
	s.Text(50, 50, 12, false, "Kính gửi")
	doc, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"k.p12": pfx, "pw": []byte("x\r\n"), "a.pdf": doc} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sign := func(url, out string) (int, string) {
		var stdout, stderr bytes.Buffer
		e := &env{Stdout: &stdout, Stderr: &stderr, Cwd: dir, Lang: message.English}
		code := run(context.Background(), e, []string{"sign", "a.pdf", "--p12", "k.p12", "--password-file", "pw", "--tsa", url, "--out", out, "--lang", "en"})
		return code, stdout.String() + stderr.String()
	}
	if code, said := sign(tsa.URL, "b.pdf"); code != exitDone {
		t.Fatalf("got %d: %s", code, said)
	}
	_, _, code := inspectHere(t, dir, "b.pdf")
	if code != exitDone {
		t.Errorf("the stamped file is not intact: code %d", code)
	}
	if code, said := sign(tsa.URL+"/replay", "c.pdf"); code != exitBackend || !strings.Contains(said, "No time stamp") {
		t.Errorf("an answer to another request: got %d %s, want %d", code, said, exitBackend)
	}
}

// TestWriteNewNeverReplaces: the second of two files of one name is refused
// and leaves nothing behind.
func TestWriteNewNeverReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := writeNew(path, []byte("one"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, []byte("two"), 0o640); !os.IsExist(err) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "one" {
		t.Errorf("got %q, want the first file", b)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("got %d files, want no rest of the second", len(list))
	}
}
