package etsi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
	"minhchung/evidence/signature/signaturetest"
	"minhchung/evidence/signature/trust"
)

// update writes the golden files, and first the document that they are about
// when testdata lacks it. Whether the goldens follow the schema of the standard
// is asked in schema_test.go.
var update = flag.Bool("update", false, "write the golden files")

var at = time.Date(2024, 6, 2, 9, 0, 0, 0, time.UTC)

func testdata(name string) string { return filepath.Join("testdata", name) }

// makeDocument writes a time-stamped document with root and CRL. Keys are
// thrown away, so it is made once and kept.
func makeDocument(t *testing.T) {
	t.Helper()
	root := signaturetest.Root("Root CA thử nghiệm")
	person, tsa := root.Issue("Nguyễn Văn Thử"), root.Issue("TSA thử nghiệm", signaturetest.AsTSA)
	file := pdftest.Signed(func(covered []byte) []byte {
		der, _ := signaturetest.Message{
			Signer: person, Content: covered, SigningTime: signaturetest.Epoch,
			Stamp: func(value []byte) [][]byte {
				return [][]byte{signaturetest.Token(tsa, value, signaturetest.Epoch.Add(time.Minute), nil)}
			},
		}.Sign()
		return der
	})
	crl := root.CRL(signaturetest.Epoch.Add(-signaturetest.Day), signaturetest.Epoch.Add(30*signaturetest.Day))
	for name, b := range map[string][]byte{"document.pdf": file, "root.der": root.DER, "crl.der": crl} {
		if err := os.WriteFile(testdata(name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testdata(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	if _, err := os.Stat(testdata("document.pdf")); err != nil && *update {
		makeDocument(t)
	}
	file := read(t, "document.pdf")
	known := signature.Material{Anchors: []signature.Anchor{{Domain: signature.DomainTest, DER: read(t, "root.der")}}, CRLs: [][]byte{read(t, "crl.der")}}
	broken := bytes.Replace(file, []byte("Quyet dinh so 32"), []byte("Quyet dinh so 23"), 1)
	for _, c := range []struct {
		name     string
		file     []byte
		material signature.Material
		want     signature.Indication
	}{
		{"passed", file, known, signature.TotalPassed},
		{"untrusted", file, signature.Material{}, signature.Indeterminate},
		{"broken", broken, known, signature.TotalFailed},
		{"trailing", append(bytes.Clone(file), "more"...), known, signature.TotalFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts := pdf.Read(c.file, syntax.Limits{})
			policy, raw, err := trust.Policy("")
			if err != nil {
				t.Fatal(err)
			}
			v := signature.Judge(facts, c.material, policy, nil, at)
			if got := v.Signatures[0].Indication; got != c.want {
				t.Fatalf("the document is %s %v, want %s", got, v.Signatures[0].Reasons, c.want)
			}
			compare(t, c.name+".xml", write(t, facts, v, signature.HashOf(raw)))
		})
	}
}

func write(t *testing.T, f signature.Facts, v signature.Verdict, policy signature.Hash) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f, v, policy); err != nil {
		t.Fatal(err)
	}
	checkReferences(t, b.Bytes())
	return b.Bytes()
}

func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(testdata(name), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, name); !bytes.Equal(got, want) {
		t.Errorf("%s differs; run the test with -update and look at the difference:\n%s", name, got)
	}
}

// checkReferences finds references that lead nowhere and identifiers that are
// there twice: XML Schema calls both invalid.
func checkReferences(t *testing.T, doc []byte) {
	t.Helper()
	ids, refs := map[string]int{}, map[string]bool{}
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "id":
				ids[a.Value]++
			case "VOReference":
				refs[a.Value] = true
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("identifier %s is there %d times", id, n)
		}
	}
	for ref := range refs {
		if ids[ref] == 0 {
			t.Errorf("nothing is called %s", ref)
		}
	}
}

// TestHostileWords: names and reasons come from the file.
func TestHostileWords(t *testing.T) {
	f := signature.Facts{Signatures: []signature.SignatureFacts{{Field: "]]>", SubFilter: "<!--\x00", Reason: "&lt;\ufffe<a>", Name: "\xff\xfe", ByteRange: []int64{0, -5}}}}
	v := signature.Verdict{At: at, Signatures: []signature.SignatureVerdict{{Indication: signature.TotalFailed, Subindication: signature.FormatFailure, Reasons: []string{"malformed", "a code of tomorrow"}, Problem: "\x1b[2J"}}}
	if doc := string(write(t, f, v, signature.Hash{})); strings.Contains(doc, "<a>") || strings.ContainsAny(doc, "\x00\x1b") {
		t.Errorf("text of the file became markup:\n%s", doc)
	}
}

func TestNothingToReport(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, signature.Facts{}, signature.Verdict{}, signature.Hash{}); !errors.Is(err, ErrNoSignature) {
		t.Errorf("no signature: got %v, want ErrNoSignature", err)
	}
	if err := Write(&b, signature.Facts{}, signature.Verdict{Signatures: make([]signature.SignatureVerdict, 1)}, signature.Hash{}); err == nil {
		t.Error("a verdict on other facts: got no error")
	}
	if b.Len() > 0 {
		t.Error("something was written beside an error")
	}
}

// TestDocumentStampIsAnObject: its report stands with it, and becomes the
// report when there is nothing else.
func TestDocumentStampIsAnObject(t *testing.T) {
	stamp := signature.SignatureVerdict{Kind: signature.KindTimestamp, Indication: signature.TotalPassed}
	both := signature.Verdict{At: at, Signatures: []signature.SignatureVerdict{{Kind: signature.KindSignature, Indication: signature.TotalPassed}, stamp}}
	doc := string(write(t, signature.Facts{Signatures: make([]signature.SignatureFacts, 2)}, both, signature.Hash{}))
	if got := strings.Count(doc, "<vr:SignatureValidationReport>"); got != 1 {
		t.Errorf("got %d reports at the top, want 1", got)
	}
	if got := strings.Count(doc, "<vr:ValidationReport>"); got != 1 {
		t.Errorf("got %d reports with objects, want 1", got)
	}
	alone := signature.Verdict{At: at, Signatures: []signature.SignatureVerdict{stamp}}
	doc = string(write(t, signature.Facts{Signatures: make([]signature.SignatureFacts, 1)}, alone, signature.Hash{}))
	if got := strings.Count(doc, "<vr:SignatureValidationReport>"); got != 1 {
		t.Errorf("alone: got %d reports at the top, want 1", got)
	}
}
