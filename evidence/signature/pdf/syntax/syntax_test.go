package syntax_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

func open(t *testing.T, data []byte) *syntax.File {
	t.Helper()
	f, err := syntax.Open(data, syntax.Limits{})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return f
}

// title returns the string that the catalogue of a revision has as T.
func title(t *testing.T, r *syntax.Revision) string {
	t.Helper()
	d, err := r.Catalog()
	if err != nil {
		t.Fatalf("catalogue of revision %d: %v", r.Index, err)
	}
	v, err := r.Resolve(d.Get("T"))
	if err != nil {
		t.Fatalf("T of revision %d: %v", r.Index, err)
	}
	s, _ := v.(syntax.String)
	return string(s.Bytes())
}

func classic() *pdftest.Builder {
	b := pdftest.New()
	b.Page("/T 5 0 R", "", pdftest.Text)
	b.Object(5, "(one)")
	b.Table(pdftest.Root)
	return b
}

func compressed() *pdftest.Builder {
	b := pdftest.New()
	b.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	b.ObjectStream(6, 1, "<</Type/Catalog/Pages 2 0 R/T 5 0 R>>", 5, "(one)")
	b.XRefStream(7, pdftest.Root)
	return b
}

func hybrid() *pdftest.Builder {
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog/Pages 2 0 R/T 5 0 R>>")
	b.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	b.ObjectStream(6, 5, "(one)")
	b.Hybrid(7, pdftest.Root)
	return b
}

// linearized is the shape of ISO 32000-2 annex F: the first page's section in
// front, the main one at the end.
func linearized() []byte {
	const first = "xref\n1 1\n%010d 00000 n \ntrailer\n<</Size 6/Root 1 0 R/Prev %010d>>\nstartxref\n0\n%%%%EOF\n"
	head := "%PDF-1.7\n"
	at := len(head)
	catalogAt := at + len(fmt.Sprintf(first, 0, 0))
	catalog := "1 0 obj\n<</Type/Catalog/Pages 2 0 R/T 5 0 R>>\nendobj\n"
	pagesAt := catalogAt + len(catalog)
	pages := "2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
	textAt := pagesAt + len(pages)
	text := "5 0 obj\n(one)\nendobj\n"
	mainAt := textAt + len(text)
	return []byte(head + fmt.Sprintf(first, catalogAt, mainAt) + catalog + pages + text +
		fmt.Sprintf("xref\n0 1\n0000000000 65535 f \n2 1\n%010d 00000 n \n5 1\n%010d 00000 n \n"+
			"trailer\n<</Size 6>>\nstartxref\n%d\n%%%%EOF\n", pagesAt, textAt, at))
}

func TestOpenKinds(t *testing.T) {
	junk := "From: someone\r\n\r\n"
	fromHeader := append([]byte(junk), classic().Bytes()...)
	fromStart := pdftest.From([]byte(junk+"%PDF-1.7\n"), 0, 0)
	fromStart.Object(1, "<</Type/Catalog/Pages 2 0 R/T(one)>>")
	fromStart.Table(pdftest.Root)
	crOnly := bytes.ReplaceAll(bytes.ReplaceAll(classic().Bytes(), []byte(" \n"), []byte(" \r")), []byte("\n"), []byte("\r"))
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"classic table", classic().Bytes()},
		{"object stream", compressed().Bytes()},
		{"hybrid", hybrid().Bytes()},
		{"linearized", linearized()},
		{"junk in front, offsets from the header", fromHeader},
		{"junk in front, offsets from the start", fromStart.Bytes()},
		{"carriage returns only", crOnly},
		{"white space behind", append(classic().Bytes(), "\r\n \x00\x00"...)},
		{"zeros before the offset", bytes.Replace(classic().Bytes(), []byte("startxref\n"), []byte("startxref\n00"), 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, c.data)
			if f.Repaired || len(f.Faults()) != 0 {
				t.Errorf("got repaired %v, faults %q, want none", f.Repaired, f.Faults())
			}
			if got := len(f.Revisions()); got != 1 {
				t.Errorf("got %d revisions, want 1", got)
			}
			if got := title(t, f.Last()); got != "one" {
				t.Errorf("got title %q, want %q", got, "one")
			}
			if got := len(f.Trailing()); got != 0 {
				t.Errorf("got %d trailing bytes, want 0", got)
			}
			if eof := f.Last().EOF; string(c.data[eof-5:eof]) != "%%EOF" {
				t.Errorf("got EOF %d, want the place behind %%%%EOF", eof)
			}
		})
	}
}

func TestRevisionsAreSeenAsTheyWere(t *testing.T) {
	for name, first := range map[string]*pdftest.Builder{
		"classic": classic(), "object stream": compressed(), "hybrid": hybrid(),
	} {
		t.Run(name, func(t *testing.T) {
			b := first
			end := b.Len()
			b.Object(5, "(two)")
			b.Object(8, "(new)")
			b.Table(pdftest.Root)
			b.Free(5)
			b.XRefStream(9, pdftest.Root)
			f := open(t, b.Bytes())
			if f.Repaired || len(f.Revisions()) != 3 {
				t.Fatalf("got repaired %v %q and %d revisions, want false and 3", f.Repaired, f.Faults(), len(f.Revisions()))
			}
			for i, want := range []string{"one", "two", ""} {
				if got := title(t, f.Revisions()[i]); got != want {
					t.Errorf("revision %d: got title %q, want %q", i, got, want)
				}
			}
			if got := f.Revisions()[0].End; got != int64(end) {
				t.Errorf("got end %d, want %d", got, end)
			}
			if got, want := f.Revisions()[1].Changed(), []int{5, 8}; !slices.Equal(got, want) {
				t.Errorf("got changed %v, want %v", got, want)
			}
			if got, want := f.Revisions()[2].Changed(), []int{5, 9}; !slices.Equal(got, want) {
				t.Errorf("got changed %v, want %v", got, want)
			}
			if o, err := f.Revisions()[0].Object(8); err != nil || !syntax.IsNull(o) {
				t.Errorf("got %v, %v for an object of a later revision, want null", o, err)
			}
			if slices.Contains(slices.Collect(f.Last().Objects()), 5) {
				t.Error("a freed object is still listed")
			}
		})
	}
}

func TestChangedKnowsRewrittenObjectStreams(t *testing.T) {
	b := compressed()
	b.ObjectStream(6, 1, "<</Type/Catalog/Pages 2 0 R/T 5 0 R>>", 5, "(two)")
	// Only the stream itself gets a new entry; those of its objects stay.
	at := bytes.LastIndex(b.Bytes(), []byte("6 0 obj"))
	other := pdftest.From(b.Bytes(), b.Prev(), b.Size())
	other.Entry(6, at)
	other.Table(pdftest.Root)
	f := open(t, other.Bytes())
	if got := title(t, f.Last()); got != "two" {
		t.Fatalf("got title %q, want what readers show, %q", got, "two")
	}
	if got := title(t, f.Revisions()[0]); got != "one" {
		t.Errorf("got title %q in the first revision, want %q", got, "one")
	}
	if got, want := f.Last().Changed(), []int{1, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("got changed %v, want %v", got, want)
	}
}

func TestLocation(t *testing.T) {
	data := compressed().Bytes()
	f := open(t, data)
	loc, ok := f.Last().Location(5)
	if !ok || loc.Stream != 6 || loc.Index != 1 {
		t.Errorf("got %+v, %v, want index 1 of object stream 6", loc, ok)
	}
	if !bytes.HasPrefix(data[loc.Offset:], []byte("6 0 obj")) {
		t.Errorf("got offset %d, want that of object 6", loc.Offset)
	}
	loc, ok = f.Last().Location(2)
	if want := "2 0 obj\n<</Type/Pages/Kids[]/Count 0>>"; !ok || string(data[loc.Offset:loc.End]) != want {
		t.Errorf("got %q, want %q", data[loc.Offset:loc.End], want)
	}
	if _, ok := f.Last().Location(99); ok {
		t.Error("got a location for an object that is not there")
	}
}

// TestAppendedBytesNeverChangeAnOldRevision: what is written later must not
// complete, extend or provide anything of an earlier revision silently.
func TestAppendedBytesNeverChangeAnOldRevision(t *testing.T) {
	t.Run("entry behind the end", func(t *testing.T) {
		b := classic()
		next := pdftest.New()
		next.Page("/T 5 0 R", "", pdftest.Text)
		next.Entry(5, b.Len()+20) // about where the next revision will be
		next.Table(pdftest.Root)
		for next.Len() < b.Len()+20 {
			next.Raw(" ")
		}
		next.Object(5, "(evil)")
		next.Table(pdftest.Root)
		if f := open(t, next.Bytes()); !f.Repaired {
			t.Error("an entry that leads behind its own revision went unnoticed")
		}
	})
	t.Run("unfinished object", func(t *testing.T) {
		b := pdftest.New()
		b.Page("/T 5 0 R", "", pdftest.Text)
		b.Table(pdftest.Root)
		data := bytes.Replace(b.Bytes(), []byte("(Quyet dinh so 32)"), []byte("              /A ("), 1)
		at := bytes.Index(data, []byte("4 0 obj"))
		data = append(data, "4 0 obj (evil) endobj"...)
		f := open(t, data)
		if o, err := f.Last().Object(4); err == nil && int64(at) < f.Last().End {
			if s, ok := o.(*syntax.Stream); ok {
				if raw, _ := f.Last().Raw(s); bytes.Contains(raw, []byte("evil")) {
					t.Error("a stream reaches into the bytes behind its revision")
				}
			}
		}
		if len(f.Trailing()) == 0 {
			t.Error("appended bytes are not reported")
		}
	})
	t.Run("length behind the end", func(t *testing.T) {
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
		b.Object(4, "<</Length 6 0 R>>\nstream\nshort\nendstream")
		b.Object(6, "5")
		b.Table(pdftest.Root)
		end := b.Len()
		b.Object(6, "5000")
		b.Raw(strings.Repeat(" ", 6000))
		b.Table(pdftest.Root)
		f := open(t, b.Bytes())
		for i, r := range f.Revisions() {
			o, _ := r.Object(4)
			raw, err := r.Raw(o.(*syntax.Stream))
			if err != nil || string(raw) != "short" {
				t.Errorf("revision %d (end %d): got %q, %v, want short", i, end, raw, err)
			}
		}
	})
	t.Run("startxref of another section", func(t *testing.T) {
		b := classic()
		first := b.Prev()
		b.Object(5, "(two)")
		b.Table(pdftest.Root)
		b.Object(5, "(three)")
		b.Table(pdftest.Root)
		data := b.Bytes()
		// The second revision's startxref, which its signer saw, names the
		// first section while the chain uses the second.
		old := fmt.Sprintf("startxref\n%d\n%%%%EOF\n5 0 obj\n(three)", second(data))
		forged := fmt.Sprintf("startxref\n%0*d\n%%%%EOF\n5 0 obj\n(three)", len(fmt.Sprint(second(data))), first)
		data = bytes.Replace(data, []byte(old), []byte(forged), 1)
		if f := open(t, data); !f.Repaired {
			t.Error("a startxref that disagrees with the chain went unnoticed")
		}
	})
}

// second returns the offset of the second xref keyword at a line start.
func second(data []byte) int {
	first := bytes.Index(data, []byte("\nxref"))
	return first + 2 + bytes.Index(data[first+1:], []byte("\nxref"))
}

func TestRepair(t *testing.T) {
	plain, packed := classic(), compressed()
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"wrong startxref", bytes.Replace(plain.Bytes(), []byte("startxref\n"), []byte("startxref\n9"), 1)},
		{"no startxref", bytes.Replace(plain.Bytes(), []byte("startxref\n"), []byte("startxxxx\n"), 1)},
		{"section a few bytes off", bytes.Replace(plain.Bytes(), []byte("xref\n0 1"), []byte("xxxx\n0 1"), 1)},
		{"no end", plain.Bytes()[:plain.Prev()]},
		{"broken cross-reference stream", bytes.Replace(packed.Bytes(), []byte("/W[1 4 2]"), []byte("/W[1 4 9]"), 1)},
		{"Prev loop", bytes.Replace(plain.Bytes(), []byte("/Root"), fmt.Appendf(nil, "/Prev %d/Root", plain.Prev()), 1)},
		{"no catalogue named", bytes.Replace(plain.Bytes(), []byte("/Root 1 0 R"), []byte("/Rxxt 1 0 R"), 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := syntax.Open(c.data, syntax.Limits{})
			if err != nil {
				t.Fatalf("got %v, want a repaired file", err)
			}
			if !f.Repaired || len(f.Faults()) == 0 {
				t.Errorf("got repaired %v, faults %q, want true and a reason", f.Repaired, f.Faults())
			}
			if got := title(t, f.Last()); got != "one" {
				t.Errorf("got title %q, want %q", got, "one")
			}
		})
	}
}

func TestRepairedRevisions(t *testing.T) {
	b := classic()
	b.Object(5, "(two)")
	b.Table(pdftest.Root)
	data := append(b.Bytes(), "startxref\n99999999\n%%EOF\n"...)
	f := open(t, data)
	if !f.Repaired || len(f.Revisions()) < 2 {
		t.Fatalf("got repaired %v and %d revisions, want true and at least 2", f.Repaired, len(f.Revisions()))
	}
	if got := title(t, f.Revisions()[0]); got != "one" {
		t.Errorf("first revision: got %q, want one", got)
	}
	if got := title(t, f.Last()); got != "two" {
		t.Errorf("last revision: got %q, want two", got)
	}
}

func TestSubsections(t *testing.T) {
	table := func(rows string) *syntax.File {
		data := "%PDF-1.7\n1 0 obj<</Type/Catalog/T 5 0 R>>endobj\n"
		five := len(data)
		data += "5 0 obj(one)endobj\n"
		other := len(data)
		data += "5 0 obj(two)endobj\n"
		rows = strings.NewReplacer("FIVE", fmt.Sprintf("%010d", five), "OTHER", fmt.Sprintf("%010d", other)).Replace(rows)
		at := len(data)
		return open(t, fmt.Appendf(nil, "%sxref\n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", data, rows, at))
	}
	for _, c := range []struct {
		name, rows string
		repaired   bool
	}{
		{"in order", "0 2\n0000000000 65535 f \n0000000009 00000 n \n5 1\nFIVE 00000 n \n", false},
		{"out of order", "5 1\nFIVE 00000 n \n0 2\n0000000000 65535 f \n0000000009 00000 n \n", false},
		{"rows of 19 bytes", "0 2\n0000000000 65535 f\n0000000009 00000 n\n5 1\nFIVE 00000 n\n", false},
		{"counted from 1", "1 2\n0000000000 65535 f \n0000000009 00000 n \n5 1\nFIVE 00000 n \n", false},
		{"one object twice", "0 2\n0000000000 65535 f \n0000000009 00000 n \n5 1\nFIVE 00000 n \n5 1\nOTHER 00000 n \n", true},
		{"overlapping", "0 2\n0000000000 65535 f \n0000000009 00000 n \n4 2\n0000000000 00000 f \nFIVE 00000 n \n5 1\nOTHER 00000 n \n", true},
	} {
		f := table(c.rows)
		if f.Repaired != c.repaired {
			t.Errorf("%s: got repaired %v %q, want %v", c.name, f.Repaired, f.Faults(), c.repaired)
		}
		if got := title(t, f.Last()); got != "one" {
			t.Errorf("%s: got title %q, want one", c.name, got)
		}
	}
}

func TestSpoofedObjectNumberIsAFault(t *testing.T) {
	b := pdftest.New()
	b.Page("/T 5 0 R", "", pdftest.Text)
	at := b.Object(6, "(other)")
	b.Entry(5, at)
	b.Table(pdftest.Root)
	f := open(t, b.Bytes())
	o, err := f.Last().Object(5)
	if !errors.Is(err, syntax.ErrDamaged) || !syntax.IsNull(o) {
		t.Errorf("got %v, %v, want null and ErrDamaged", o, err)
	}
	if !f.Repaired {
		t.Error("an entry that leads to another object went unnoticed")
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"[1 -2 +3 4.5 -.5 5. 0 1 2 R 7]", "[1 -2 3 4.5 -0.5 5 0 {1 2} 7]"},
		{"[true false null/A#42/C#zz//D]", "[true false {} AB C#zz  D]"},
		{"[1 0 R 2 0 R]", "[{1 0} {2 0}]"},
		{"[1 0 2 0 R]", "[1 0 {2 0}]"},
		{"% comment\n[1%x\r2]", "[1 2]"},
		{"9223372036854775808", "9.223372036854776e+18"},
		{"<</A 1/B<</C(x)>>>>", ""},
	} {
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog>>")
		b.Object(2, c.body)
		b.Table(pdftest.Root)
		f := open(t, b.Bytes())
		o, err := f.Last().Object(2)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if got := fmt.Sprint(o); c.want != "" && got != c.want {
			t.Errorf("%s: got %s, want %s", c.body, got, c.want)
		}
	}
}

func TestStrings(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"(plain)", "plain"},
		{`(a\(b\)\\c(d)e)`, `a(b)\c(d)e`},
		{`(\101\60\7z\n\r\t\b\f\q)`, "A0\az\n\r\t\b\fq"},
		{"(one\\\r\ntwo\rthree\r\nfour)", "onetwo\nthree\nfour"},
		{"<48 65\n6C6c6F2>", "Hello "},
		{"<>", ""},
		{"()", ""},
	} {
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog>>")
		at := b.Object(2, c.body)
		b.Table(pdftest.Root)
		f := open(t, b.Bytes())
		o, err := f.Last().Object(2)
		s, ok := o.(syntax.String)
		if err != nil || !ok || string(s.Bytes()) != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.body, s.Bytes(), err, c.want)
		}
		if got := string(b.Bytes()[s.Start:s.End]); got != c.body || s.Start < int64(at) {
			t.Errorf("%q: got place of %q", c.body, got)
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog/A 1/A 2>>")
	b.Table(pdftest.Root)
	d, err := open(t, b.Bytes()).Last().Catalog()
	if err != nil || !d.Duplicate || d.Get("A") != syntax.Integer(2) {
		t.Errorf("got %+v, %v, want a marked dictionary whose last A counts", d, err)
	}
}
