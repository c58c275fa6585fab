package text_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/text"
	"minhchung/evidence/text/tesseract"
)

// reader is an OCR that says the same of every picture.
type reader struct {
	says string
	err  error
	seen [][]byte
}

func (r *reader) Version() string { return "reader/1" }

func (r *reader) Read(_ context.Context, picture []byte, _ int) (string, error) {
	r.seen = append(r.seen, picture)
	return r.says, r.err
}

func TestScansAreRead(t *testing.T) {
	ocr := &reader{says: strings.Join(prose, "\n")}
	p := testPool(t, func(c *text.Config) { c.OCR = ocr })
	e := extract(t, p, scanned(10, 10, "").bytes())
	if e.Source != text.SourceOCR || !strings.HasSuffix(e.Extractor, "+reader/1") || len(e.Pages) != 1 {
		t.Fatalf("got %+v, want one page from OCR", e)
	}
	if page := e.Pages[0]; !page.OCR || page.NeedsOCR || page.Text != ocr.says || !page.Quality.Good() {
		t.Errorf("got %+v, want what OCR says", page)
	}
	if len(ocr.seen) != 1 || !strings.HasPrefix(string(ocr.seen[0]), "\x89PNG") {
		t.Errorf("got %d pictures, want one PNG", len(ocr.seen))
	}
	if e := extract(t, p, document(sheet{content: lines(prose...)}).bytes()); e.Source != text.SourcePDF || len(ocr.seen) != 1 {
		t.Errorf("a page with text: got %s after %d pictures, want it not to be looked at", e.Source, len(ocr.seen))
	}
}

func TestScansThatCannotBeRead(t *testing.T) {
	noise := &reader{says: strings.Repeat("IIltl qzxw tltt ", 20)}
	e := extract(t, testPool(t, func(c *text.Config) { c.OCR = noise }), scanned(10, 10, "").bytes())
	if want := "page 1 is a picture that OCR cannot read"; e.Problem != want || !e.Pages[0].NeedsOCR || e.Pages[0].Text != "" {
		t.Errorf("noise: got %+v, want %q and no text", e, want)
	}
	broken := &reader{err: errors.New("no memory left")}
	p := testPool(t, func(c *text.Config) { c.OCR = broken })
	if _, err := p.Extract(context.Background(), text.Bytes(scanned(10, 10, "").bytes())); !errors.Is(err, broken.err) {
		t.Errorf("got %v, want %v", err, broken.err)
	}
	few := &reader{says: "một"}
	p = testPool(t, func(c *text.Config) { c.OCR, c.OCRPages = few, 2 })
	d := document(sheet{content: "9 9 9 9 re f"}, sheet{content: "9 9 9 9 re f"}, sheet{content: "9 9 9 9 re f"})
	e = extract(t, p, d.bytes())
	if want := "only the first 2 scanned pages are read"; e.Problem != want || len(few.seen) != 2 || !e.Pages[2].NeedsOCR {
		t.Errorf("got %q after %d pictures, want %q after 2", e.Problem, len(few.seen), want)
	}
}

// A child that breaks a limit costs its file the text and nothing else.
func TestWorkerLimits(t *testing.T) {
	good := document(sheet{content: lines(prose...)}).bytes()
	// A minute's work and more, beside a time that is enough for one page on
	// a busy machine.
	pages := slices.Repeat([]sheet{{drawn: firstContent}}, 3_000)
	pages[0] = sheet{content: strings.Repeat(lines(prose...), 300)}
	slow := document(pages...)
	p := testPool(t, func(c *text.Config) { c.Timeout = 5 * time.Second })
	e := extract(t, p, slow.bytes())
	if len(e.Pages) == 3_000 || !strings.Contains(e.Problem, "too long") && !strings.Contains(e.Problem, "longer than 5s") {
		t.Errorf("got %d pages, %q, want a part of them and why", len(e.Pages), e.Problem)
	}
	t.Logf("%d pages: %s", len(e.Pages), e.Problem)
	if e := extract(t, p, good); e.Problem != "" || len(e.Pages) != 1 {
		t.Errorf("an honest file afterwards: got %+v", e)
	}
	p = testPool(t, func(c *text.Config) { c.FileBytes = 1000 })
	if e := extract(t, p, good); e.Source != text.SourceNone || !strings.Contains(e.Problem, "more than the limit of 1000") {
		t.Errorf("got %s, %q, want the limit named", e.Source, e.Problem)
	}
}

func TestOtherFormats(t *testing.T) {
	tests := []struct {
		name, data string
		source     text.Source
		want       string // text of the first page, or the problem
	}{
		{"text", "\ufeffSố:  32/BC-UBND\r\n", text.SourcePlain, "Số: 32/BC-UBND"},
		{"empty", "", text.SourceNone, "the file is empty"},
		{"spaces", "   \n\n ", text.SourceNone, "the file has no text"},
		{"web page", "<html><body>x", text.SourceNone, "a web page or a file of markup, not a document"},
		{"tiff", "II*\x00xxxx", text.SourceNone, "a TIFF picture; it is not read, a PDF of it would be"},
		{"binary", "\x00\x01\x02", text.SourceNone, "not a document of a known format"},
		{"archive", "PK\x03\x04", text.SourceNone, "the file is not a complete ZIP archive"},
		{"right to left", "\u202egnp.exe\u202c", text.SourcePlain, "gnp.exe"},
	}
	p := testPool(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := extract(t, p, []byte(test.data))
			got := e.Problem
			if len(e.Pages) > 0 && e.Problem == "" {
				got = e.Pages[0].Text
			}
			if e.Source != test.source || got != test.want || e.Extractor == "" {
				t.Errorf("got %s, %q by %q, want %s, %q", e.Source, got, e.Extractor, test.source, test.want)
			}
		})
	}
}

// TestTesseract reads a page that PDFium draws, with the program of the
// system. The letters of the test font are boxes, so it draws Latin ones.
func TestTesseract(t *testing.T) {
	ocr, err := tesseract.Open(context.Background(), tesseract.Config{})
	if errors.Is(err, tesseract.ErrMissing) {
		t.Skip("tesseract with its Vietnamese model is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	d := document(sheet{content: "BT /F 30 Tf 60 700 Td (So 32 BC UBND 2022) Tj ET"})
	d.objects[font-1] = "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>"
	p := testPool(t, nil)
	picture, err := p.Render(context.Background(), text.Bytes(d.bytes()), 1, 150)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	got, err := ocr.Read(context.Background(), picture, 150)
	t.Logf("%s: %q in %v", ocr.Version(), got, time.Since(began).Round(time.Millisecond))
	if err != nil || !strings.Contains(got, "BC UBND 2022") {
		t.Errorf("got %q, %v, want the words of the page", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ocr.Read(ctx, picture, 150); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if got, err := ocr.Read(context.Background(), []byte("not a picture"), 150); err != nil || text.Clean(got) != "" {
		t.Errorf("not a picture: got %q, %v, want nothing", got, err)
	}
	if _, err := tesseract.Open(context.Background(), tesseract.Config{Program: fmt.Sprint(t.TempDir(), "/none")}); !errors.Is(err, tesseract.ErrMissing) {
		t.Errorf("a program that is missing: got %v, want %v", err, tesseract.ErrMissing)
	}
}
