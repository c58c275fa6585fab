package syntax_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"strings"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// inRevisions decodes object 2 as each revision sees it; later holds what
// later revisions write.
func inRevisions(t *testing.T, entries, data string, later ...map[int]string) []string {
	t.Helper()
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog>>")
	b.Object(2, fmt.Sprintf("<<%s>>\nstream\n%s\nendstream", entries, data))
	b.Object(3, "/FlateDecode")
	b.Object(4, fmt.Sprint(len(data)))
	b.Table(pdftest.Root)
	for _, objects := range later {
		for num, body := range objects {
			b.Object(num, body)
		}
		b.Table(pdftest.Root)
	}
	f, err := syntax.Open(b.Bytes(), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for range 2 { // the second time from what was kept
		for _, r := range f.Revisions() {
			o, err := r.Object(2)
			if err != nil {
				t.Fatal(err)
			}
			decoded, _ := r.Decode(o.(*syntax.Stream))
			out = append(out, string(decoded))
		}
	}
	return out
}

// TestKeptStreams has streams whose bytes stay and whose meaning does not,
// because it depends on objects that a later revision wrote.
func TestKeptStreams(t *testing.T) {
	short := pdftest.Flate("short")
	plain := stored("So: 32\nendstream\n")
	rows := "\x02abc\x02\x01\x01\x01"
	for name, c := range map[string]struct {
		entries, data string
		later         map[int]string
		want          [2]string
	}{
		"filter":     {"/Filter 3 0 R/Length 4 0 R", short, map[int]string{3: "null"}, [2]string{"short", short}},
		"parameters": {"/Filter/FlateDecode/DecodeParms 5 0 R/Length 4 0 R", pdftest.Flate(rows), map[int]string{5: "<</Predictor 12/Columns 3>>"}, [2]string{rows, "abcbcd"}},
		"length": {"/Filter/FlateDecode/Length 4 0 R", plain, map[int]string{4: fmt.Sprint(strings.Index(plain, "\nendstream"))},
			[2]string{"So: 32\nendstream\n", "So: 32"}},
	} {
		got := inRevisions(t, c.entries, c.data, c.later)
		for i := range got {
			if want := c.want[i%2]; got[i] != want {
				t.Errorf("%s: got %q in revision %d, want %q", name, got[i], i%2+1, want)
			}
		}
	}
}

// stored returns zlib data that holds a text as it is.
func stored(text string) string {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.NoCompression)
	if err != nil {
		panic(err)
	}
	w.Write([]byte(text))
	w.Close()
	return out.String()
}

// TestKeptStreamsCount takes a stream that is kept from the budget each time.
func TestKeptStreamsCount(t *testing.T) {
	text := strings.Repeat("van ban ", 100)
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog>>")
	b.Stream(2, "/Filter/FlateDecode", pdftest.Flate(text))
	b.Table(pdftest.Root)
	f, err := syntax.Open(b.Bytes(), syntax.Limits{Bytes: int64(3 * len(text))})
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.Last().Object(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		out, err := f.Last().Decode(o.(*syntax.Stream))
		if i < 3 && (err != nil || string(out) != text) {
			t.Fatalf("got %d bytes, %v the %d. time", len(out), err, i+1)
		}
		if i == 3 && (!errors.Is(err, syntax.ErrOverLimit) || !f.Exhausted()) {
			t.Errorf("got %v, want an exhausted budget", err)
		}
	}
	if out, err := f.Last().DecodeMax(o.(*syntax.Stream), 10); err == nil {
		t.Errorf("got %q, want an exhausted budget", out)
	}
}
