package pdfsign

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
	"minhchung/evidence/signature/signaturetest"
)

var testSigner = signaturetest.SelfSigned("Nguyễn Văn Thử")

// tagged is a document as office programs write it: catalogue entries of every
// kind of object, a form with fields and defaults.
func tagged(form string, end func(*pdftest.Builder)) []byte {
	b := pdftest.New()
	catalog := "/Lang(vi-VN)/Odd#20Name[1 -2.5 true null(\\)\\\\x)]/StructTreeRoot 20 0 R/Version/1.7" + form
	b.Page(catalog, "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", pdftest.Text)
	b.Object(20, "<</Type/StructTreeRoot/K[]>>")
	b.Object(21, "<</FT/Tx/T(Signature 2)/V(a)>>")
	b.Object(22, "<</Fields[21 0 R]/DA(/F1 0 Tf)/DR<</Font<</F1 23 0 R>>>>>>")
	b.Object(23, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	end(b)
	return b.Bytes()
}

func signed(t *testing.T, file []byte) []byte {
	t.Helper()
	p := Plan{Chain: []*x509.Certificate{testSigner.Cert}, At: time.Date(2024, 6, 1, 9, 0, 0, 0, time.FixedZone("", 7*3600)), Reason: "Ban hành"}
	out, err := Append(file, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := Seal(t.Context(), out, len(file), Signature{Key: testSigner.Key, Certificate: testSigner.Cert, Bag: p.Chain}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAppendKeepsTheDocument: what pdfsign loses is still there, under the
// same numbers, and our reader finds nothing forbidden, also when a second
// signature follows the first.
func TestAppendKeepsTheDocument(t *testing.T) {
	table := func(b *pdftest.Builder) { b.Table(pdftest.Root) }
	stream := func(b *pdftest.Builder) { b.XRefStream(30, pdftest.Root) }
	for name, file := range map[string][]byte{
		"no form":                tagged("", table),
		"form object":            tagged("/AcroForm 22 0 R", table),
		"form in the catalogue":  tagged("/AcroForm<</Fields[21 0 R]/DA(/F1 0 Tf)/NeedAppearances false>>", table),
		"cross-reference stream": tagged("/AcroForm 22 0 R", stream),
	} {
		once := signed(t, file)
		twice := signed(t, once)
		if !bytes.HasPrefix(once, file) || !bytes.HasPrefix(twice, once) {
			t.Fatalf("%s: bytes before the revision changed", name)
		}
		f, err := syntax.Open(twice, syntax.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		before, after := catalogOf(t, f.Revisions()[0]), catalogOf(t, f.Last())
		for _, e := range before.Entries {
			if e.Key == "AcroForm" {
				continue
			}
			if got, want := text(t, after.Get(e.Key)), text(t, e.Value); got != want {
				t.Errorf("%s: /%s: got %s, want %s", name, e.Key, got, want)
			}
		}
		form, err := f.Last().Dict(after.Get("AcroForm"))
		if err != nil {
			t.Fatal(err)
		}
		if before.Has("AcroForm") && text(t, form.Get("DA")) != text(t, str(t, "/F1 0 Tf")) {
			t.Errorf("%s: the form lost its defaults: %s", name, text(t, form))
		}
		facts := pdf.Read(twice, syntax.Limits{})
		if facts.Repaired || len(facts.Signatures) != 2 {
			t.Fatalf("%s: got %d signatures, repaired %v, %s; want 2", name, len(facts.Signatures), facts.Repaired, facts.Problem)
		}
		seen := map[string]bool{"Signature 2": before.Has("AcroForm")}
		for i, s := range facts.Signatures {
			if s.CoverageProblem+s.ContentsProblem != "" || seen[s.Field] {
				t.Errorf("%s: signature %d in field %q: %s%s", name, i+1, s.Field, s.CoverageProblem, s.ContentsProblem)
			}
			seen[s.Field] = true
			for _, c := range s.Changes {
				if c.Class != "permitted" {
					t.Errorf("%s: signature %d: %s %s: %s", name, i+1, c.Class, c.What, c.Detail)
				}
			}
		}
	}
}

func catalogOf(t *testing.T, r *syntax.Revision) *syntax.Dict {
	t.Helper()
	d, err := r.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func text(t *testing.T, o syntax.Object) string {
	t.Helper()
	b, err := serialize(nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// str is a string object, which only a parser can make.
func str(t *testing.T, s string) syntax.Object {
	t.Helper()
	f, err := syntax.Open(tagged("/S<"+hex.EncodeToString([]byte(s))+">", func(b *pdftest.Builder) { b.Table(pdftest.Root) }), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return catalogOf(t, f.Last()).Get("S")
}

func TestAppendRefuses(t *testing.T) {
	p := Plan{Chain: []*x509.Certificate{testSigner.Cert}}
	good := tagged("", func(b *pdftest.Builder) { b.Table(pdftest.Root) })
	for name, file := range map[string][]byte{
		"nothing":          nil,
		"text":             []byte("Kính gửi"),
		"junk before":      append([]byte("x\n"), good...),
		"no startxref":     bytes.Replace(good, []byte("startxref"), []byte("startxxxx"), 1),
		"repeated entries": tagged("/Lang(en)", func(b *pdftest.Builder) { b.Table(pdftest.Root) }),
		"pages in a ring":  bytes.Replace(good, []byte("/Kids[3 0 R]"), []byte("/Kids[2 0 R]"), 1),
	} {
		if out, err := Append(file, p); err == nil {
			t.Errorf("%s: got %d bytes, want an error", name, len(out))
		}
	}
}

// TestFindGapBelievesNothing: numbers that lead out of the revision are an
// error and not a panic.
func TestFindGapBelievesNothing(t *testing.T) {
	for _, r := range []string{"0 1 2 3", "0 99999999999999999999 5 6", "0 45 40 1", "0 30 40 9999"} {
		file := []byte(strings.Repeat("x", 20) + "/ByteRange [" + r + "]" + strings.Repeat("<>", 20))
		if g, err := FindGap(file, 20); err == nil {
			t.Errorf("%s: got %v, want an error", r, g)
		}
	}
	if _, err := FindGap(nil, 5); err == nil {
		t.Error("no file: got no error")
	}
}

// FuzzAppend: whatever the file, Append says no or keeps every byte of it and
// leaves a place for a signature behind them.
func FuzzAppend(f *testing.F) {
	for _, form := range []string{"", "/AcroForm 22 0 R", "/AcroForm<</Fields 22 0 R>>", "/AcroForm<</Fields[[1 0 R]]>>", "/Pages 1 0 R"} {
		f.Add(tagged(form, func(b *pdftest.Builder) { b.Table(pdftest.Root) }))
		f.Add(tagged(form, func(b *pdftest.Builder) { b.XRefStream(30, pdftest.Root) }))
	}
	p := Plan{Chain: []*x509.Certificate{testSigner.Cert}, Reason: ")>>/ByteRange [0 1 2 3]"}
	f.Fuzz(func(t *testing.T, file []byte) {
		out, err := Append(file, p)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(out, file) {
			t.Fatal("bytes before the revision changed")
		}
		gap, err := FindGap(out, len(file))
		if err != nil {
			t.Fatal(err)
		}
		if gap.Start <= len(file) || gap.End+gap.Tail != len(out) {
			t.Fatalf("the ByteRange leaves out %d to %d of %d and ends %d behind", gap.Start, gap.End, len(out), gap.Tail)
		}
	})
}
