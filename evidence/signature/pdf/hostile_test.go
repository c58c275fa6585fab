package pdf

import (
	"bytes"
	"fmt"
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// bounded runs Read and fails when it takes long or allocates far more than
// the file's size. Most of these inputs end in well under a millisecond.
func bounded(t *testing.T, data []byte) signature.Facts {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f := Read(data, syntax.Limits{})
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > 30*time.Second { // a hang: a busy machine with the race detector takes 4 s
		t.Errorf("took %v, want under 30s", took)
	}
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(2*len(data)+64<<20); got > most {
		t.Errorf("allocated %d bytes, want at most %d", got, most)
	}
	if strings.Contains(f.Problem, "the reader stopped") {
		t.Errorf("the reader panicked: %s", f.Problem)
	}
	return f
}

func nested(tag string, n int) string { return strings.Repeat(tag, n) }

func one(body string) []byte {
	b := pdftest.New()
	b.Page("/X 5 0 R/AcroForm 6 0 R", "", pdftest.Text)
	b.Object(5, "null")
	b.Object(6, body)
	b.Table(pdftest.Root)
	return b.Bytes()
}

func TestBadInput(t *testing.T) {
	sealed := string(pdftest.Signed(pdftest.Fake))
	loop := pdftest.New()
	loop.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	loop.ObjectStream(7, 2, "<</Type/Pages/Kids[]/Count 0>>", 8, "5000")
	loop.XRefStream(9, pdftest.Root)
	self := bytes.Replace(loop.Bytes(), []byte("/Length"), []byte("/Extends 7 0 R/Length"), 1)
	for _, c := range []struct {
		name string
		data []byte
		want signature.Condition // "" for any
	}{
		{"zero bytes", nil, signature.Damaged},
		{"HTML", []byte("<!DOCTYPE html><title>x</title>"), signature.Damaged},
		{"JPEG", append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), make([]byte, 5000)...), signature.Damaged},
		{"header only", []byte("%PDF-1.7"), signature.Damaged},
		{"2 MB without %%EOF", append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("1 0 obj "), 1<<18)...), ""},
		{"2 MB of noise", append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x<(["), 1<<19)...), signature.Damaged},
		{"Size 2000000000", bytes.Replace([]byte(sealed), []byte("/Size 7"), []byte("/Size 2000000000"), -1), ""},
		{"a million [", one(nested("[", 1e6)), ""},
		{"a million <<", one(nested("<</A", 1e6)), ""},
		{"a million (", one(nested("(", 1e6)), ""},
		{"a million [ in a page", []byte(strings.Replace(sealed, "/Kids[3 0 R]", "/Kids"+nested("[", 1e6), 1)), ""},
		{"a million small values", one("[" + nested("1 ", 1e6) + "]"), ""},
		{"a million empty dictionaries", one("[" + nested("<<>>", 1e6) + "]"), ""},
		{"object stream extending itself", self, ""},
		{"10^9 entries", []byte("%PDF-1.7\nxref\n0 1000000000\n0000000000 65535 f \ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"), signature.Damaged},
		{"10^9 entries in a stream", []byte("%PDF-1.7\n1 0 obj<</Type/XRef/W[1 1 1]/Index[0 1000000000]/Length 9>>stream\n123456789\nendstream endobj\nstartxref\n9\n%%EOF"), signature.Damaged},
		{"no widths", []byte("%PDF-1.7\n1 0 obj<</Type/XRef/W[0 0 0]/Index[0 1000000000]/Length 9>>stream\n123456789\nendstream endobj\nstartxref\n9\n%%EOF"), signature.Damaged},
		{"Prev to itself", []byte("%PDF-1.7\nxref\n0 0\ntrailer<</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF"), signature.Damaged},
		{"field that is its own kid", one("<</Fields[6 0 R]/T(x)/FT/Sig/V 5 0 R/Kids[6 0 R 6 0 R]>>"), signature.Readable},
		{"one ] turned to [", []byte(strings.Replace(sealed, "/Kids[3 0 R]", "/Kids[3 0 R[", 1)), signature.Readable},
		{"10,000 fields in a row", one("<</Fields[" + nested("5 0 R ", 1e4) + "]>>"), signature.Readable},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := bounded(t, c.data)
			if c.want != "" && f.Condition != c.want {
				t.Errorf("got %s (%s), want %s", f.Condition, f.Problem, c.want)
			}
			if f.Condition != signature.Readable && f.Problem == "" {
				t.Errorf("got %s without a sentence", f.Condition)
			}
			if f.SHA256 != signature.HashOf(c.data) {
				t.Error("the SHA-256 of the file is wrong")
			}
		})
	}
}

func TestByteRanges(t *testing.T) {
	good := pdftest.Signed(pdftest.Fake)
	at := bytes.LastIndex(good, []byte("/ByteRange"))
	end := at + bytes.IndexByte(good[at:], ']') + 1
	written := string(good[at:end])
	var gap, after, tail int
	fmt.Sscanf(written, "/ByteRange [0 %d %d %d]", &gap, &after, &tail)
	for _, c := range []struct{ list, want string }{
		{fmt.Sprintf("[0 %d %d %d]", gap, after, tail), ""},
		{fmt.Sprintf("[0 %d %d %d]", gap, after, tail-1), ""}, // the last line feed is white space
		{fmt.Sprintf("[0 %d %d %d]", gap, after, tail-2), "the ByteRange ends inside a revision"},
		{fmt.Sprintf("[0 %d %d %d]", gap, after, tail+1), "the ByteRange leaves the file"},
		{fmt.Sprintf("[1 %d %d %d]", gap-1, after, tail), "the ByteRange does not start at 0"},
		{fmt.Sprintf("[0 %d %d %d]", gap+1, after, tail), "the gap in the ByteRange is not exactly this signature's Contents"},
		{fmt.Sprintf("[0 %d %d %d]", gap-1, after, tail), "the gap in the ByteRange is not exactly this signature's Contents"},
		{fmt.Sprintf("[0 %d %d %d]", gap, gap, tail), "the gap in the ByteRange is not exactly this signature's Contents"},
		{fmt.Sprintf("[0 %d 0 %d]", gap, gap), "the gap in the ByteRange is not exactly this signature's Contents"},
		{"[]", "the ByteRange does not have four numbers"},
		{"[0 10]", "the ByteRange does not have four numbers"},
		{"[0 1 2 3 4 5]", "the ByteRange does not have four numbers"},
		{"[0 -1 2 3]", "the ByteRange leaves the file"},
		{"[0 1 40000000000 1]", "the ByteRange leaves the file"},
		{"[0 1 2 9000000000000000000]", "the ByteRange leaves the file"},
		{"[0 1 2 99999999999999999999]", "the ByteRange holds something else than whole numbers"},
		{"[0 1.5 2 3]", "the ByteRange holds something else than whole numbers"},
		{"[0 1 0 R 3]", "the ByteRange holds something else than whole numbers"},
		{"4 0 R", "the ByteRange is not a direct array"},
	} {
		entry := strings.Replace("/ByteRange "+c.list, " [", "[", 1)
		// What does not fit takes from Contents, which then is not the gap; the
		// numbers themselves are found wrong before that.
		data := bytes.Clone(good)
		copy(data[at:], entry+strings.Repeat(" ", max(0, len(written)-len(entry))))
		f := bounded(t, data)
		if len(f.Signatures) != 1 || f.Signatures[0].CoverageProblem != c.want {
			t.Errorf("%s: got %+v, want problem %q", c.list, f.Signatures, c.want)
		}
		if ok := f.Signatures[0].Revision >= 0; ok != (c.want == "") {
			t.Errorf("%s: got revision %d", c.list, f.Signatures[0].Revision)
		}
	}
}

// TestContents covers universal forgery: a signature that is empty, missing
// or no signature at all is reported as what it is, never passed over.
func TestContents(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"zeros", "/Contents <3003020101", "/Contents <0000000000", "the Contents are empty"},
		{"rubbish behind", "/Contents <3003020101" + "000000", "/Contents <3003020101" + "0000aa",
			"the signature in Contents is followed by something other than zeros"},
		{"no BER", "/Contents <3003020101", "/Contents <30ff020101", "the Contents hold no signature"},
		{"blanks inside", "/Contents <3003020101000000", "/Contents <3003020101  0000",
			"the Contents are not pairs of hexadecimal digits of one letter case"},
		{"hidden text", "/Contents <3003020101000000", "/Contents <3003020101zyxwvu",
			"the Contents are not pairs of hexadecimal digits of one letter case"},
		{"missing", "/Contents <", "/Xontents <", "the signature has no Contents"},
		{"null", "/Contents <30030201010000", "/Contents null/X <0000000", "the signature has no Contents"},
		{"no dictionary", "/V 6 0 R", "/V 4 0 R", "the value of the signature field is not a dictionary that can be read"},
		{"nothing there", "/V 6 0 R", "/V 9 0 R", "the value of the signature field is not a dictionary that can be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := pdftest.Signed(pdftest.Fake)
			if !bytes.Contains(data, []byte(c.old)) {
				t.Fatalf("the file has no %q", c.old)
			}
			f := bounded(t, bytes.Replace(data, []byte(c.old), []byte(c.new), 1))
			if len(f.Signatures) == 0 || !strings.HasPrefix(f.Signatures[0].ContentsProblem, c.want) {
				t.Errorf("got %+v, want problem %q", f.Signatures, c.want)
			}
		})
	}
}

// TestAttacks builds the families of attacks on PDF signatures; in none of
// them may the forged signature look exact and unchanged.
func TestAttacks(t *testing.T) {
	good := pdftest.Signed(pdftest.Fake)
	append2 := func(text string) []byte { return append(bytes.Clone(good), text...) }
	update := func(write func(b *pdftest.Builder)) []byte {
		b := pdftest.From(good, startxref(good), 7)
		write(b)
		b.Table(pdftest.Root)
		return b.Bytes()
	}
	value := string(good[bytes.LastIndex(good, []byte("<</Type/Sig")):bytes.LastIndex(good, []byte("endobj"))])
	spoof := bytes.Replace(good, []byte("/V 6 0 R"), []byte("/V 4 0 R"), 1)
	for name, data := range map[string][]byte{
		"bytes behind the end":         append2("4 0 obj (evil) endobj"),
		"second end without section":   append2("4 0 obj (evil) endobj\n%%EOF\n"),
		"old section named again":      append2(fmt.Sprintf("4 0 obj (evil) endobj\nstartxref\n%d\n%%%%EOF\n", startxref(good))),
		"incremental page content":     update(func(b *pdftest.Builder) { b.Stream(4, "", "BT (evil) Tj ET") }),
		"value copied to a new object": update(func(b *pdftest.Builder) { b.Object(9, value); b.Object(5, pdftest.Field("Sig1", 9)) }),
		"value that is another object": spoof,
		"second Contents in the value": bytes.Replace(good, []byte("/Filter/Adobe.PPKLite"), []byte("/Contents<00>/Filter/A"), 1),
		"second field of the same value": update(func(b *pdftest.Builder) {
			b.Object(9, pdftest.Field("Evil", 6))
			b.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[5 0 R 9 0 R]>>>>")
		}),
		"form moved to another signature": update(func(b *pdftest.Builder) { b.Object(6, "<</Type/Sig/Contents<3000>/ByteRange[0 0 0 0]>>") }),
	} {
		t.Run(name, func(t *testing.T) {
			f := bounded(t, data)
			clean := f.Condition == signature.Readable && !f.Repaired && len(f.Signatures) > 0
			for _, s := range f.Signatures {
				harmless := true
				for _, c := range s.Changes {
					harmless = harmless && c.Class != signature.ChangeForbidden && c.Class != signature.ChangeUnknown
				}
				clean = clean && s.CoverageProblem == "" && s.ContentsProblem == "" && harmless
			}
			if clean {
				t.Errorf("got facts without any problem: %+v", f.Signatures)
			}
		})
	}
}

// TestTransplantedSignature puts a whole signed file's signature into another
// document of the same length.
func TestTransplantedSignature(t *testing.T) {
	good := pdftest.Signed(pdftest.Fake)
	b := pdftest.New()
	b.Page("/AcroForm<</Fields[5 0 R]>>", "", "BT (another text) Tj ET")
	b.Object(5, pdftest.Field("Sig1", 6))
	b.Object(6, string(good[bytes.LastIndex(good, []byte("<</Type/Sig")):bytes.LastIndex(good, []byte("endobj"))]))
	b.Table(pdftest.Root)
	f := bounded(t, b.Bytes())
	if len(f.Signatures) != 1 || f.Signatures[0].CoverageProblem == "" {
		t.Errorf("got %+v, want a coverage problem", f.Signatures)
	}
}

// TestNestedBER has 16 MB of elements inside elements as Contents.
func TestNestedBER(t *testing.T) {
	for _, element := range []string{"3080", "a080", "30843fffffff", "2480"} {
		digits := strings.Repeat(element, 32<<20/len(element))
		b := oneRevision("/Fields[5 0 R]", func(b *pdftest.Builder) {
			b.Object(5, "<</FT/Sig/T(A)/V 6 0 R>>")
			b.Object(6, "<</Type/Sig/SubFilter/adbe.pkcs7.detached/ByteRange[0 9 9 9]/Contents<"+digits+">>>")
		})
		f := bounded(t, b.Bytes())
		if len(f.Signatures) != 1 || f.Signatures[0].ContentsProblem == "" {
			t.Errorf("%s: got %d signatures, want one whose Contents are a problem", element, len(f.Signatures))
		}
	}
}

// TestMutations changes a signed file at random places: nothing panics.
func TestMutations(t *testing.T) {
	n := 10000
	if testing.Short() {
		n = 300
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewSource(seed))
	files := [][]byte{pdftest.Signed(testSigner().sign), signedTwice()}
	for range n {
		data := bytes.Clone(files[random.Intn(len(files))])
		for range 1 + random.Intn(5) {
			at := random.Intn(len(data))
			switch random.Intn(3) {
			case 0:
				data[at] = byte(random.Intn(256))
			case 1: // a piece moves
				from := random.Intn(len(data))
				copy(data[at:], bytes.Clone(data[from:min(len(data), from+random.Intn(40))]))
			case 2:
				data = data[:max(at, 1)]
			}
		}
		if f := Read(data, syntax.Limits{}); strings.Contains(f.Problem, "the reader stopped") {
			t.Fatal(f.Problem)
		}
	}
}

// TestRangesMadeToBeHashed has hundreds of signatures over ranges that share
// nothing: hashing them all would take minutes on a large file.
func TestRangesMadeToBeHashed(t *testing.T) {
	b := pdftest.New()
	var fields strings.Builder
	const n = 300
	b.Raw("%" + strings.Repeat("x", 4<<20) + "\n")
	for i := range n {
		fmt.Fprintf(&fields, "%d 0 R ", 10+i)
		b.Object(10+i, fmt.Sprintf("<</FT/Sig/T(%d)/V<</SubFilter/adbe.pkcs7.sha1/ByteRange[%d 4000000]/Contents<3003020101>>>>>", i, i))
	}
	b.Page("/AcroForm<</Fields["+fields.String()+"]>>", "", pdftest.Text)
	b.Table(pdftest.Root)
	f := bounded(t, b.Bytes())
	if f.Condition != signature.OverLimit || len(f.Signatures) != n {
		t.Errorf("got %s with %d signatures, want over-limit with %d", f.Condition, len(f.Signatures), n)
	}
}

func TestLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("50 MB")
	}
	b := pdftest.New()
	b.Page("", "", pdftest.Text)
	for i := 10; i < 60; i++ {
		b.Stream(i, "", strings.Repeat("noise /Byte ", 1<<20/12))
	}
	b.Table(pdftest.Root)
	b.AddSignature("Sig1", 5, "/SubFilter/adbe.pkcs7.detached")
	f := bounded(t, pdftest.Seal(b.Bytes(), testSigner().sign))
	if len(f.Signatures) != 1 || f.Signatures[0].CoverageProblem != "" {
		t.Errorf("got %+v, want one exact signature", f.Signatures)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pdftest.Signed(pdftest.Fake))
	f.Add(signedTwice())
	f.Add(one("<</Fields[6 0 R]/T(x)/FT/Sig/V 5 0 R/Kids[6 0 R 6 0 R]>>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		facts := Read(data, syntax.Limits{Steps: 1 << 20, Bytes: 16 << 20})
		if strings.Contains(facts.Problem, "the reader stopped") {
			t.Fatal(facts.Problem)
		}
		for _, s := range facts.Signatures {
			if s.CoverageProblem == "" && (len(s.ByteRange) != 4 || s.Revision < 0) {
				t.Fatalf("exact coverage without a range: %+v", s)
			}
		}
	})
}
