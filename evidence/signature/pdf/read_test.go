package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

func TestReadSigned(t *testing.T) {
	data := pdftest.Signed(testSigner().sign)
	f := Read(data, syntax.Limits{})
	if f.Condition != signature.Readable || f.Problem != "" || f.Repaired || f.Pages != 1 || f.ImageOnly {
		t.Errorf("got %s %q repaired %v pages %d image %v, want one readable page of text",
			f.Condition, f.Problem, f.Repaired, f.Pages, f.ImageOnly)
	}
	if f.SHA256 != signature.HashOf(data) || f.Size != int64(len(data)) || len(f.Revisions) != 2 {
		t.Errorf("got %s, %d bytes, %d revisions", f.SHA256, f.Size, len(f.Revisions))
	}
	if len(f.Signatures) != 1 {
		t.Fatalf("got %d signatures, want 1", len(f.Signatures))
	}
	s := f.Signatures[0]
	if s.Field != "Sig1" || s.Kind != signature.KindSignature || s.Revision != 1 ||
		s.CoverageProblem != "" || s.ContentsProblem != "" || len(s.Changes) != 0 {
		t.Errorf("got %+v, want an exact signature Sig1 over revision 1", s)
	}
	covered := slices.Concat(data[:s.ByteRange[1]], data[s.ByteRange[2]:])
	if want := signature.HashOf(covered); !bytes.Equal(s.Digests["SHA-256"], want[:]) {
		t.Errorf("got digest %x, want %x", s.Digests["SHA-256"], want)
	}
	if der := f.Blob(s.CMS); len(der) < 500 || der[0] != 0x30 {
		t.Errorf("got a CMS blob of %d bytes", len(der))
	}
}

// signedTwice has a person's and an organisation's signature.
func signedTwice() []byte {
	sign := testSigner().sign
	first := pdftest.New()
	first.Page("", "", pdftest.Text)
	first.Table(pdftest.Root)
	first.AddSignature("Person", 5, "/SubFilter/adbe.pkcs7.detached/Reason(\xfe\xff\x1e\xd1)/Name(Nguy\\222n)/M(D:20220131080000+07'00')")
	data := pdftest.Seal(first.Bytes(), sign)
	second := pdftest.From(data, first.Prev(), first.Size())
	second.AddSignature("Organisation", 7, "/SubFilter/ETSI.CAdES.detached")
	return pdftest.Seal(second.Bytes(), sign)
}

func TestReadSignedTwice(t *testing.T) {
	data := signedTwice()
	f := Read(data, syntax.Limits{})
	if len(f.Signatures) != 2 || f.Repaired {
		t.Fatalf("got %d signatures, repaired %v, %q, want 2", len(f.Signatures), f.Repaired, f.Problem)
	}
	person, organisation := f.Signatures[0], f.Signatures[1]
	if person.Field != "Person" || person.Revision != 1 || person.CoverageProblem != "" {
		t.Errorf("got %+v, want Person over revision 1", person)
	}
	if organisation.Field != "Organisation" || organisation.Revision != 2 || len(organisation.Changes) != 0 {
		t.Errorf("got %+v, want Organisation over revision 2", organisation)
	}
	if person.Reason != "ố" || person.Name != "Nguy™n" {
		t.Errorf("got reason %q and name %q, want UTF-8", person.Reason, person.Name)
	}
	want := time.Date(2022, 1, 31, 1, 0, 0, 0, time.UTC)
	if person.ClaimedTime == nil || !person.ClaimedTime.Equal(want) {
		t.Errorf("got time %v, want %v", person.ClaimedTime, want)
	}
	for _, s := range f.Signatures {
		covered := slices.Concat(data[:s.ByteRange[1]], data[s.ByteRange[2]:s.ByteRange[2]+s.ByteRange[3]])
		if want := signature.HashOf(covered); !bytes.Equal(s.Digests["SHA-256"], want[:]) {
			t.Errorf("%s: got digest %x, want %x", s.Field, s.Digests["SHA-256"], want)
		}
	}
}

// oneRevision builds a signed file of a single revision from a catalogue, and
// objects written by more.
func oneRevision(form string, more func(b *pdftest.Builder)) *pdftest.Builder {
	b := pdftest.New()
	b.Page("/AcroForm<<"+form+">>", "", pdftest.Text)
	more(b)
	b.Table(pdftest.Root)
	return b
}

func TestFieldsAreReached(t *testing.T) {
	sig := pdftest.SignatureDict("/SubFilter/adbe.pkcs7.detached")
	widget := "<</Type/Annot/Subtype/Widget/Parent 5 0 R/Rect[0 0 0 0]>>"
	for _, c := range []struct {
		name, form, field string
		want              string
		more              func(b *pdftest.Builder)
	}{
		{name: "merged", form: "/Fields[5 0 R]", want: "A"},
		{name: "widgets apart", form: "/Fields[5 0 R]", field: "<</FT/Sig/T(A)/V 6 0 R/Kids[7 0 R 8 0 R]>>", want: "A",
			more: func(b *pdftest.Builder) { b.Object(7, widget); b.Object(8, widget) }},
		{name: "inherited type and value", form: "/Fields[7 0 R]", field: "<</T(A)/Parent 7 0 R>>", want: "Top.A",
			more: func(b *pdftest.Builder) { b.Object(7, "<</T(Top)/FT/Sig/V 6 0 R/Kids[5 0 R]>>") }},
		{name: "its own kid", form: "/Fields[7 0 R 5 0 R]", want: "A",
			more: func(b *pdftest.Builder) { b.Object(7, "<</T(Loop)/FT/Sig/V 6 0 R/Kids[7 0 R]>>") }},
		{name: "fields not an array", form: "/Fields 9 0 R", want: "A",
			more: func(b *pdftest.Builder) { b.Object(9, "[5 0 R]") }},
		{name: "direct value", form: "/Fields[5 0 R]", field: "<</FT/Sig/T(A)/V " + sig + ">>", want: "A"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := oneRevision(c.form, func(b *pdftest.Builder) {
				field := c.field
				if field == "" {
					field = pdftest.Field("A", 6)
				}
				b.Object(5, field)
				if !strings.Contains(field, "ByteRange") {
					b.Object(6, sig)
				}
				if c.more != nil {
					c.more(b)
				}
			})
			f := Read(pdftest.Seal(b.Bytes(), testSigner().sign), syntax.Limits{})
			if len(f.Signatures) != 1 {
				t.Fatalf("got %d signatures, want 1", len(f.Signatures))
			}
			if s := f.Signatures[0]; s.Field != c.want || s.CoverageProblem != "" {
				t.Errorf("got field %q, coverage %q, want %q and none", s.Field, s.CoverageProblem, c.want)
			}
		})
	}
}

func TestWidgetsOfOneFieldAreKept(t *testing.T) {
	b := oneRevision("/Fields[5 0 R]", func(b *pdftest.Builder) {
		b.Object(5, "<</FT/Sig/T(A)/V 6 0 R/Kids[7 0 R 8 0 R]>>")
		b.Object(6, pdftest.SignatureDict(""))
		b.Object(7, "<</Subtype/Widget/Parent 5 0 R>>")
		b.Object(8, "<</Subtype/Widget/Parent 5 0 R>>")
	})
	file, err := syntax.Open(b.Bytes(), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := collect(file).fields
	if len(got) != 1 || !slices.Equal(got[0].Widgets, []syntax.Ref{{Num: 7}, {Num: 8}}) || got[0].Ref.Num != 5 {
		t.Errorf("got %+v, want one field 5 with widgets 7 and 8", got[0])
	}
}

// TestRemovedSignatureIsReported: what a later revision took away or replaced
// was there all the same.
func TestRemovedSignatureIsReported(t *testing.T) {
	data := pdftest.Signed(testSigner().sign)
	for name, change := range map[string]func(b *pdftest.Builder){
		"form removed":   func(b *pdftest.Builder) { b.Object(1, "<</Type/Catalog/Pages 2 0 R>>") },
		"value removed":  func(b *pdftest.Builder) { b.Object(5, "<</FT/Sig/T(Sig1)/Subtype/Widget>>") },
		"value freed":    func(b *pdftest.Builder) { b.Free(6) },
		"value replaced": func(b *pdftest.Builder) { b.Object(6, "<</Type/Sig>>") },
	} {
		t.Run(name, func(t *testing.T) {
			b := pdftest.From(data, startxref(data), 7)
			change(b)
			b.Table(pdftest.Root)
			f := Read(b.Bytes(), syntax.Limits{})
			if len(f.Signatures) == 0 || f.Signatures[0].Revision != 1 || f.Signatures[0].CoverageProblem != "" {
				t.Fatalf("got %+v, want the signature over revision 1 first", f.Signatures)
			}
			if f.Condition != signature.Readable || f.Repaired {
				t.Errorf("got %s, repaired %v: %s", f.Condition, f.Repaired, f.Problem)
			}
			if len(f.Signatures[0].Changes) == 0 {
				t.Error("got no changes, want what the later revision did")
			}
		})
	}
}

func startxref(data []byte) int {
	var at int
	i := bytes.LastIndex(data, []byte("startxref\n"))
	fmt.Sscan(string(data[i+10:]), &at)
	return at
}

func TestOrphanSignature(t *testing.T) {
	b := oneRevision("/Fields[]", func(b *pdftest.Builder) {
		b.Object(6, pdftest.SignatureDict("/SubFilter/adbe.pkcs7.detached"))
	})
	f := Read(pdftest.Seal(b.Bytes(), testSigner().sign), syntax.Limits{})
	if len(f.Signatures) != 1 || f.Signatures[0].CoverageProblem != "the signature is outside the form" {
		t.Errorf("got %+v, want one signature outside the form", f.Signatures)
	}
}

func TestUsageRightsAreNobodysSignature(t *testing.T) {
	b := pdftest.New()
	b.Page("/Perms<</UR3 6 0 R>>", "", pdftest.Text)
	b.Object(6, pdftest.SignatureDict("/SubFilter/adbe.pkcs7.detached"))
	b.Table(pdftest.Root)
	f := Read(pdftest.Seal(b.Bytes(), testSigner().sign), syntax.Limits{})
	if len(f.Signatures) != 0 || !strings.Contains(f.Problem, "usage rights") {
		t.Errorf("got %d signatures, problem %q, want none and a sentence", len(f.Signatures), f.Problem)
	}
}

func TestDocumentTimeStampAndCertification(t *testing.T) {
	for _, c := range []struct {
		extra      string
		kind       signature.Kind
		permission int
	}{
		{"/SubFilter/ETSI.RFC3161", signature.KindTimestamp, 0},
		{"/SubFilter/adbe.pkcs7.detached/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]", signature.KindSignature, 1},
		{"/SubFilter/adbe.pkcs7.detached/Reference[<</TransformMethod/DocMDP/TransformParams<<>>>>]", signature.KindSignature, 2},
		{"/SubFilter/adbe.pkcs7.detached/Reference[<</TransformMethod/DocMDP/TransformParams<</P 9>>>>]", signature.KindSignature, 1},
	} {
		b := oneRevision("/Fields[5 0 R]", func(b *pdftest.Builder) {
			b.Object(5, pdftest.Field("A", 6))
			b.Object(6, pdftest.SignatureDict(c.extra))
		})
		f := Read(pdftest.Seal(b.Bytes(), testSigner().sign), syntax.Limits{})
		if s := f.Signatures[0]; s.Kind != c.kind || s.Permission != c.permission {
			t.Errorf("%s: got %s with P %d, want %s with %d", c.extra, s.Kind, s.Permission, c.kind, c.permission)
		}
	}
}

func TestSecurityStore(t *testing.T) {
	b := pdftest.New()
	b.Page("/DSS<</Certs[5 0 R 5 0 R 6 0 R]/CRLs[7 0 R]/OCSPs 8 0 R/VRI<</AB<</Cert[6 0 R]/CRL[9 0 R]>>>>>>", "", pdftest.Text)
	b.Stream(5, "", "cert one")
	b.Stream(6, "/Filter/FlateDecode", pdftest.Flate("cert two"))
	b.Stream(7, "", "crl one")
	b.Object(8, "[10 0 R]")
	b.Stream(9, "", "crl two")
	b.Stream(10, "", "ocsp one")
	b.Table(pdftest.Root)
	f := Read(b.Bytes(), syntax.Limits{})
	v := f.Validation
	if len(v.Certificates) != 2 || len(v.CRLs) != 2 || len(v.OCSPs) != 1 || len(f.Blobs) != 5 {
		t.Fatalf("got %d certificates, %d CRLs, %d OCSP answers, %d blobs, want 2, 2, 1, 5",
			len(v.Certificates), len(v.CRLs), len(v.OCSPs), len(f.Blobs))
	}
	if got := string(f.Blob(v.Certificates[1])); got != "cert two" {
		t.Errorf("got %q, want %q", got, "cert two")
	}
}

func TestImageOnly(t *testing.T) {
	image := func(b *pdftest.Builder) {
		b.Stream(8, "/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x")
	}
	for _, c := range []struct {
		name, content, form string
		want                bool
	}{
		{"image", "q 595 0 0 842 0 0 cm /Im Do Q", "", true},
		{"text", "/Im Do " + pdftest.Text, "", false},
		{"invisible text of recognition", "/Im Do BT 3 Tr (word) Tj ET", "", true},
		{"visible again", "/Im Do q BT 3 Tr (word) Tj ET Q BT (word) Tj ET", "", false},
		{"text in a form", "/Im Do /Fm Do", pdftest.Text, false},
		{"image in a form", "/Fm Do", "/Im Do", true},
		{"form that draws itself", "/Im Do /Fm Do", "/Fm Do", true},
		{"inline image", "BI /W 1 /H 1 ID (Tj EI Q", "", true},
		{"word in a string", "/Im Do /X (Tj) Foo", "", true},
		{"nothing", "", "", false},
	} {
		b := pdftest.New()
		b.Page("", "/Resources<</XObject<</Im 8 0 R/Fm 9 0 R>>>>", c.content)
		image(b)
		b.Stream(9, "/Subtype/Form/BBox[0 0 1 1]/Resources<</XObject<</Im 8 0 R/Fm 9 0 R>>>>", c.form)
		b.Table(pdftest.Root)
		if f := Read(b.Bytes(), syntax.Limits{}); f.ImageOnly != c.want || f.Pages != 1 {
			t.Errorf("%s: got %v on %d pages, want %v on 1", c.name, f.ImageOnly, f.Pages, c.want)
		}
	}
}

func TestPageTree(t *testing.T) {
	for _, c := range []struct {
		name  string
		kids  string
		pages int
	}{
		{"two pages", "[3 0 R 3 0 R]", 2},
		{"its own kid", "[2 0 R 3 0 R]", 0},
		{"missing kid", "[3 0 R 99 0 R]", 1},
		{"not an array", "3", 0},
	} {
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
		b.Object(2, "<</Type/Pages/Count 1000000000/Kids "+c.kids+">>")
		b.Object(3, "<</Type/Page>>")
		b.Table(pdftest.Root)
		if f := Read(b.Bytes(), syntax.Limits{}); f.Pages != c.pages || f.Condition != signature.Readable {
			t.Errorf("%s: got %d pages, %s, want %d, readable", c.name, f.Pages, f.Condition, c.pages)
		}
	}
}

func TestDate(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"D:20220131080000+07'00'", "2022-01-31T01:00:00Z"},
		{"D:20220131080000+07'00", "2022-01-31T01:00:00Z"},
		{"D:20220131080000Z00'00'", "2022-01-31T08:00:00Z"},
		{"D:20220131080000-0430", "2022-01-31T12:30:00Z"},
		{"20220131", "2022-01-31T00:00:00Z"},
		{"D:2022", "2022-01-01T00:00:00Z"},
		{"D:20220231", ""}, {"D:20221301", ""}, {"yesterday", ""}, {"", ""}, {"D:20220131250000", ""},
		{"D:20220131080000+99'00'", ""},
	} {
		got := ""
		if d, ok := date(c.in); ok {
			got = d.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
