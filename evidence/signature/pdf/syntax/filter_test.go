package syntax_test

import (
	"bytes"
	"compress/lzw"
	"encoding/ascii85"
	"errors"
	"fmt"
	"strings"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// decode puts data into a stream with the given dictionary entries.
func decode(t *testing.T, entries, data string, limits syntax.Limits) (string, error) {
	t.Helper()
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog>>")
	b.Stream(2, entries, data)
	b.Object(3, "/FlateDecode")
	b.Table(pdftest.Root)
	f, err := syntax.Open(b.Bytes(), limits)
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.Last().Object(2)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Last().Decode(o.(*syntax.Stream))
	return string(out), err
}

func base85(data string) string {
	out := make([]byte, ascii85.MaxEncodedLen(len(data)))
	return string(out[:ascii85.Encode(out, []byte(data))]) + "~>"
}

// lzwLate encodes as compress/lzw does, which is EarlyChange 0.
func lzwLate(data string) string {
	var out bytes.Buffer
	w := lzw.NewWriter(&out, lzw.MSB, 8)
	w.Write([]byte(data))
	w.Close()
	return out.String()
}

func TestFilters(t *testing.T) {
	text := strings.Repeat("văn bản đi ", 700)
	for _, c := range []struct{ name, entries, data, want string }{
		{"none", "", "plain", "plain"},
		{"Flate", "/Filter/FlateDecode", pdftest.Flate(text), text},
		{"Flate by reference", "/Filter 3 0 R", pdftest.Flate(text), text},
		{"hexadecimal", "/Filter/ASCIIHexDecode", "48 65 6c6C 6f>", "Hello"},
		{"base 85", "/Filter/ASCII85Decode", base85("Hello, world\x00\x00\x00\x00\x00"), "Hello, world\x00\x00\x00\x00\x00"},
		{"run length", "/Filter/RunLengthDecode", "\x02abc\xfed\x80rest", "abcddd"},
		{"LZW, late change", "/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>", lzwLate(text), text},
		// The example of ISO 32000-2 7.4.4.2.
		{"LZW", "/Filter/LZWDecode", "\x80\x0B\x60\x50\x22\x0C\x0C\x85\x01", "-----A---B"},
		{"two", "/Filter[/ASCII85Decode/FlateDecode]", base85(pdftest.Flate(text)), text},
		{"PNG rows", "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 3>>",
			pdftest.Flate("\x00abc\x01a\x01\x01\x02\x01\x01\x01\x03\x31\x01\x01\x04\x01\x01\x01"), pngRows()},
		{"TIFF", "/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 3>>", pdftest.Flate("a\x01\x01b\x01\x01"), "abcbcd"},
	} {
		got, err := decode(t, c.entries, c.data, syntax.Limits{})
		if err != nil || got != c.want {
			t.Errorf("%s: got %.60q, %v, want %.60q", c.name, got, err, c.want)
		}
	}
}

// pngRows is what the rows of the PNG case come to, worked out by hand from
// RFC 2083 clause 6: none, sub, up, average, Paeth.
func pngRows() string {
	return "abc" + "abc" + "bcd" + string([]byte{0x31 + 'b'/2, 1 + (0x31+'b'/2+'c')/2, 1 + (1+(0x31+'b'/2+'c')/2+'d')/2}) +
		"\x63\x64\x65"
}

func TestFiltersThatFail(t *testing.T) {
	bomb := pdftest.Flate(strings.Repeat("\x00", 1<<20))
	for _, c := range []struct {
		name, entries, data string
		want                error
	}{
		{"image", "/Filter/DCTDecode", "x", syntax.ErrFilter},
		{"unknown", "/Filter/Foo", "x", syntax.ErrFilter},
		{"not a name", "/Filter 5", "x", syntax.ErrDamaged},
		{"nine filters", "/Filter[" + strings.Repeat("/ASCIIHexDecode", 9) + "]", "x", syntax.ErrOverLimit},
		{"broken zlib", "/Filter/FlateDecode", "xxxxxxxx", syntax.ErrDamaged},
		{"too large", "/Filter/FlateDecode", bomb, syntax.ErrOverLimit},
		{"too large in two steps", "/Filter[/FlateDecode/FlateDecode]", pdftest.Flate(bomb), syntax.ErrOverLimit},
		{"predictor of 10^9 columns", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 16000000/Colors 9>>", bomb[:0] + pdftest.Flate("x"), syntax.ErrOverLimit},
		{"unknown PNG row", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 1>>", pdftest.Flate("\x09x"), syntax.ErrDamaged},
		{"LZW code too large", "/Filter/LZWDecode", "\xff\xff\xff", syntax.ErrDamaged},
	} {
		if _, err := decode(t, c.entries, c.data, syntax.Limits{StreamBytes: 1 << 16}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestTruncatedStreamGivesItsBeginning(t *testing.T) {
	text := strings.Repeat("abcdefgh", 5000)
	packed := pdftest.Flate(text)
	got, err := decode(t, "/Filter/FlateDecode", packed[:len(packed)/2], syntax.Limits{})
	if !errors.Is(err, syntax.ErrDamaged) || !strings.HasPrefix(text, got) {
		t.Errorf("got %d bytes, %v, want a beginning and ErrDamaged", len(got), err)
	}
}

func TestAllDecodedBytesAreCounted(t *testing.T) {
	b := pdftest.New()
	b.Object(1, "<</Type/Catalog>>")
	b.Stream(2, "/Filter/FlateDecode", pdftest.Flate(strings.Repeat(" ", 1<<16)))
	b.Table(pdftest.Root)
	f, err := syntax.Open(b.Bytes(), syntax.Limits{Bytes: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := f.Last().Object(2)
	for i := 0; ; i++ {
		if _, err = f.Last().Decode(o.(*syntax.Stream)); err != nil {
			if i != 4 {
				t.Errorf("stopped after %d streams of 64 kB, want 4", i)
			}
			break
		}
	}
	if !errors.Is(err, syntax.ErrOverLimit) || !f.Exhausted() {
		t.Errorf("got %v, exhausted %v, want ErrOverLimit and true", err, f.Exhausted())
	}
}

func TestWrongLength(t *testing.T) {
	for _, length := range []string{"0", "4", "900", "-1", "1000000000000", "null", "9 0 R", "2 0 R", ""} {
		b := pdftest.New()
		b.Object(1, "<</Type/Catalog>>")
		b.Object(2, fmt.Sprintf("<</Length %s>>\nstream\nthe data\r\nendstream", length))
		b.Table(pdftest.Root)
		f := open(t, b.Bytes())
		o, err := f.Last().Object(2)
		s, ok := o.(*syntax.Stream)
		if length == "" { // then the dictionary ends with a key
			s.Dict = &syntax.Dict{}
		}
		if err != nil || !ok {
			t.Fatalf("Length %s: got %v, %v", length, o, err)
		}
		if raw, err := f.Last().Raw(s); err != nil || string(raw) != "the data" {
			t.Errorf("Length %s: got %q, %v, want %q", length, raw, err, "the data")
		}
	}
}
