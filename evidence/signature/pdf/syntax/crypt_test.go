package syntax_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// TestEncryption opens what qpdf encrypted with the empty user password.
func TestEncryption(t *testing.T) {
	for _, name := range []string{
		"rc4-40", "rc4-128", "aes-128", "aes-128-metadata", "aes-256-r5", "aes-256-r6", "aes-256-linearized",
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", name+".pdf"))
			if err != nil {
				t.Fatal(err)
			}
			f := open(t, data)
			if !f.Encrypted() || f.Repaired || len(f.Revisions()) != 1 {
				t.Fatalf("got encrypted %v, faults %q, %d revisions, want true, none, 1",
					f.Encrypted(), f.Faults(), len(f.Revisions()))
			}
			r := f.Last()
			if got := title(t, r); got != "title of the file" {
				t.Errorf("got title %q", got)
			}
			root, _ := r.Catalog()
			if got := stream(t, r, root.Get("Metadata")); got != "metadata" {
				t.Errorf("got metadata %q", got)
			}
			pages, _ := r.Dict(root.Get("Pages"))
			kids, _ := r.Array(pages.Get("Kids"))
			page, err := r.Dict(kids[0])
			if err != nil {
				t.Fatal(err)
			}
			if got := stream(t, r, page.Get("Contents")); got != "BT (content) Tj ET  " {
				t.Errorf("got content %q", got)
			}
			sig, _ := r.Dict(page.Get("Sig"))
			reason, _ := sig.Get("Reason").(syntax.String)
			if got := string(reason.Bytes()); got != "reason" {
				t.Errorf("got reason %q", got)
			}
			// qpdf leaves Contents of a signature alone, as 7.6.2 demands.
			contents, _ := sig.Get("Contents").(syntax.String)
			if !bytes.Equal(contents.Bytes(), []byte{1, 2, 3, 4}) {
				t.Errorf("got Contents %x, want 01020304", contents.Bytes())
			}
		})
	}
}

// TestReplacedEncryptionIsAFault: a later revision must not change what the
// strings of an earlier one say by replacing the encryption dictionary.
func TestReplacedEncryptionIsAFault(t *testing.T) {
	data, err := os.ReadFile("testdata/aes-128.pdf")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(data, []byte("xref\n0"))
	trailer := data[bytes.LastIndex(data, []byte("trailer <<"))+len("trailer <<") : bytes.LastIndex(data, []byte(">>\nstartxref"))]
	var num, gen int
	if _, err := fmt.Sscanf(string(trailer[bytes.Index(trailer, []byte("/Encrypt")):]), "/Encrypt %d %d R", &num, &gen); err != nil {
		t.Fatal(err)
	}
	o, err := open(t, data).Last().Object(num)
	if err != nil {
		t.Fatal(err)
	}
	d := o.(*syntax.Dict)
	update := func(entries string, write func(b *pdftest.Builder)) *syntax.File {
		b := pdftest.From(data, at, 8)
		write(b)
		b.Table(entries)
		return open(t, b.Bytes())
	}
	same := func(b *pdftest.Builder) { b.Object(9, "null") }
	if f := update(string(trailer), same); f.Repaired {
		t.Errorf("an honest update: got faults %q", f.Faults())
	}
	again := func(b *pdftest.Builder) { b.Object(num, string(data[d.Start:d.End])) }
	if f := update(string(trailer), again); !f.Repaired {
		t.Error("a rewritten encryption dictionary went unnoticed")
	}
	if f := update("/Root 1 0 R", same); !f.Repaired {
		t.Error("a revision without encryption went unnoticed")
	}
}

func stream(t *testing.T, r *syntax.Revision, o syntax.Object) string {
	t.Helper()
	v, err := r.Resolve(o)
	s, ok := v.(*syntax.Stream)
	if err != nil || !ok {
		t.Fatalf("got %v, %v, want a stream", v, err)
	}
	data, err := r.Decode(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPasswordIsNeeded(t *testing.T) {
	data, err := os.ReadFile("testdata/password.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := syntax.Open(data, syntax.Limits{}); !errors.Is(err, syntax.ErrEncrypted) {
		t.Errorf("got %v, want ErrEncrypted", err)
	}
	other := bytes.Replace(data, []byte("/Filter /Standard"), []byte("/Filter /Foreign1"), 1)
	if _, err := syntax.Open(other, syntax.Limits{}); !errors.Is(err, syntax.ErrEncrypted) {
		t.Errorf("another handler: got %v, want ErrEncrypted", err)
	}
}
