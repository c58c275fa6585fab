package text_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/text"
)

// prose is enough words for a judgement of quality.
var prose = []string{
	"Căn cứ chương trình công tác năm 2022, Ủy ban nhân dân xã Thử Nghiệm",
	"báo cáo kết quả thực hiện công tác tiếp công dân, giải quyết khiếu nại,",
	"tố cáo và phòng chống tham nhũng trên địa bàn xã trong sáu tháng đầu năm.",
}

func lines(texts ...string) string {
	var b strings.Builder
	for i, s := range texts {
		b.WriteString(line(60, 780-float64(i)*18, s))
	}
	return b.String()
}

func extract(t testing.TB, p *text.Pool, data []byte) text.Extraction {
	t.Helper()
	e, err := p.Extract(context.Background(), text.Bytes(data))
	if err != nil {
		t.Fatalf("got error %v, want an extraction", err)
	}
	return e
}

func TestPDFText(t *testing.T) {
	p := testPool(t, nil)
	e := extract(t, p, document(sheet{content: lines(prose...)}, sheet{content: lines("Trang hai"), box: "0 0 842 595"}).bytes())
	if e.Source != text.SourcePDF || e.Problem != "" || len(e.Pages) != 2 {
		t.Fatalf("got %s, %q, %d pages, want pdf-text without problem and 2 pages", e.Source, e.Problem, len(e.Pages))
	}
	if got, want := e.Pages[0].Text, strings.Join(prose, "\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	first, second := e.Pages[0], e.Pages[1]
	if !first.Quality.Good() || first.NeedsOCR || first.Sorted || first.Number != 1 || first.Width != 595 || first.Height != 842 {
		t.Errorf("got %+v, want a good page of 595 × 842", first)
	}
	if second.Text != "Trang hai" || second.Number != 2 || second.Width != 842 {
		t.Errorf("got %+v, want the second page", second)
	}
}

// A second font's letters stored behind the rest of their line.
func TestPDFOrder(t *testing.T) {
	var content, late strings.Builder
	for i, s := range prose {
		x := 60.0
		for _, r := range s {
			out := &content
			if r > 0x1e00 {
				out = &late
			}
			if r != ' ' {
				out.WriteString(line(x, 780-float64(i)*18, string(r)))
			}
			x += 6
		}
	}
	content.WriteString(late.String())
	e := extract(t, testPool(t, nil), document(sheet{content: content.String()}).bytes())
	if len(e.Pages) != 1 || !e.Pages[0].Sorted || e.Pages[0].NeedsOCR {
		t.Fatalf("got %+v, want one sorted page", e)
	}
	if got, want := e.Pages[0].Text, strings.Join(prose, "\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// letter is a document whose number and date were stamped after signing, in
// the gaps, as annotations with appearances.
func letter(number, day string) *paper {
	d := document(sheet{content: line(60, 780, "Số:      /BC-UBND") + line(300, 780, "Đông Thử, ngày      tháng 4 năm 2022") + lines("", "", "", "BÁO CÁO"), annots: "9 0 R 11 0 R"})
	// objects 7 and 8 are the page's content and the page
	d.objects = d.objects[:8]
	d.add("") // 9, set below
	form := d.stream(fmt.Sprintf("/Type/XObject /Subtype/Form /BBox[0 0 40 14] /Resources<</Font<</F %d 0 R>>>>", font), line(0, 2, number))
	d.objects[8] = fmt.Sprintf("<</Type/Annot /Subtype/Stamp /Rect[84 778 124 792] /F 4 /AP<</N %d 0 R>>>>", form)
	d.add("") // 11
	form = d.stream(fmt.Sprintf("/Type/XObject /Subtype/Form /BBox[0 0 40 14] /Resources<</Font<</F %d 0 R>>>>", font), line(0, 2, day))
	d.objects[10] = fmt.Sprintf("<</Type/Annot /Subtype/Widget /FT/Sig /T(s) /Rect[390 778 430 792] /F 4 /AP<</N %d 0 R>>>>", form)
	return d
}

func TestPDFStampedNumber(t *testing.T) {
	e := extract(t, testPool(t, nil), letter("32", "03").bytes())
	if len(e.Pages) != 1 || !strings.Contains(e.Pages[0].Overlay, "32") {
		t.Fatalf("got %+v, want the stamp in the overlay", e)
	}
	if strings.Contains(e.Pages[0].Text, "32") {
		t.Errorf("got %q, want text without the stamp", e.Pages[0].Text)
	}
	row := text.Sought{Number: "32", Notation: "BC-UBND", Date: "2022-04-03"}
	if got := text.Find(row, e.Pages); !got.Confirmed() {
		t.Errorf("got %+v in head %q, want it confirmed", got, e.Pages[0].Head)
	}
	row.Number = "2"
	if got := text.Find(row, e.Pages); got.Number != text.PlaceNone {
		t.Errorf("a part of the number: got %+v, want nothing", got)
	}
}

// scanned is a page that is one picture.
func scanned(width, height int, caption string) *paper {
	d := document(sheet{content: "q 595 0 0 842 0 0 cm /I Do Q\n" + caption, xobjects: "/I 9 0 R"})
	d.stream(fmt.Sprintf("/Type/XObject /Subtype/Image /Width %d /Height %d /ColorSpace/DeviceGray /BitsPerComponent 8 /Filter/FlateDecode", width, height), deflate(make([]byte, 100)))
	return d
}

func TestPDFNeedsOCR(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"scan", scanned(10, 10, "").bytes(), true},
		{"scan with a caption", scanned(10, 10, line(20, 20, "Quét ngày 3")).bytes(), true},
		{"blank", document(sheet{}).bytes(), false},
		{"drawing", document(sheet{content: "10 10 100 100 re f"}).bytes(), true},
		{"text", document(sheet{content: lines("Trang")}).bytes(), false},
		{"letters of no language", document(sheet{content: lines(strings.Repeat("xqzt wrgf pklm ", 8), strings.Repeat("bbtr zzxv ", 8))}).bytes(), true},
	}
	p := testPool(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := extract(t, p, test.data)
			if len(e.Pages) != 1 || e.Pages[0].NeedsOCR != test.want {
				t.Errorf("got %+v, want one page with NeedsOCR %t", e, test.want)
			}
		})
	}
}

func TestPDFRender(t *testing.T) {
	p := testPool(t, nil)
	data := document(sheet{content: "0 0 1 rg 0 421 595 421 re f"}, sheet{box: "0 0 14400 14400"}).bytes()
	picture, err := p.Render(context.Background(), text.Bytes(data), 1, 72)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := decoded.Bounds().Size(), image.Pt(595, 842); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	blue, white := color.RGBAModel.Convert(decoded.At(300, 100)), color.RGBAModel.Convert(decoded.At(300, 700))
	if blue != (color.RGBA{0, 0, 255, 255}) || white != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("got %v above and %v below, want blue above white", blue, white)
	}
	for _, page := range []int{0, -1, 2, 3} {
		if _, err := p.Render(context.Background(), text.Bytes(data), page, 100); !errors.Is(err, text.ErrNoPicture) {
			t.Errorf("page %d: got %v, want %v", page, err, text.ErrNoPicture)
		}
	}
	if _, err := p.Render(context.Background(), text.Bytes(data), 1, text.MaxDPI+1); !errors.Is(err, text.ErrNoPicture) {
		t.Errorf("got %v, want %v", err, text.ErrNoPicture)
	}
}

// A signature's appearance is part of the picture.
func TestPDFRenderDrawsWidgets(t *testing.T) {
	d := document(sheet{annots: "9 0 R"})
	d.add("<</Type/Annot /Subtype/Widget /FT/Sig /T(s) /Rect[100 100 200 200] /F 132 /AP<</N 10 0 R>>>>")
	d.stream("/Type/XObject /Subtype/Form /BBox[0 0 100 100]", "1 0 0 rg 0 0 100 100 re f")
	picture, err := testPool(t, nil).Render(context.Background(), text.Bytes(d.bytes()), 1, 72)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if got := color.RGBAModel.Convert(decoded.At(150, 842-150)); got != (color.RGBA{255, 0, 0, 255}) {
		t.Errorf("got %v, want the appearance's red", got)
	}
}

func TestPDFHostile(t *testing.T) {
	good := document(sheet{content: lines(prose...)}).bytes()
	encrypted := document(sheet{content: lines("x")})
	encrypted.trailer = "/Encrypt<</Filter/Standard /V 2 /R 3 /Length 128 /P -44 /O<" + strings.Repeat("41", 32) + "> /U<" + strings.Repeat("42", 32) + ">>> /ID[<00><00>]"
	bomb := document(sheet{xobjects: "/I 9 0 R", content: "/I Do"})
	bomb.stream("/Type/XObject /Subtype/Form /BBox[0 0 9 9] /Filter/FlateDecode", deflate(bytes.Repeat([]byte("q "), 40<<20)))
	loop := document(sheet{content: "/I Do", xobjects: "/I 9 0 R"})
	loop.stream("/Type/XObject /Subtype/Form /BBox[0 0 9 9] /Resources<</XObject<</I 9 0 R>>>>", "/I Do /I Do")
	kids := document()
	kids.objects[1] = "<</Type/Pages /Count 1000000 /Kids[2 0 R 2 0 R]>>"
	claims := document(sheet{content: lines("một trang")})
	claims.objects[1] = strings.Replace(claims.objects[1], "/Count 1", "/Count 2000000000", 1)
	tests := []struct {
		name      string
		data      []byte
		source    text.Source
		problem   string // "*": any
		encrypted bool
	}{
		{"encrypted", encrypted.bytes(), text.SourceNone, "the file is protected with a password", true},
		{"only a head", []byte("%PDF-1.7\n"), text.SourceNone, "the file is not a PDF that can be opened", false},
		{"half", good[:len(good)/2], text.SourceNone, "*", false},
		{"no table", bytes.ReplaceAll(good, []byte("xref"), []byte("xxxx")), text.SourcePDF, "", false},
		{"page tree in a loop", kids.bytes(), text.SourcePDF, "*", false},
		{"form in a loop", loop.bytes(), text.SourceNone, "*", false},
		{"bomb", bomb.bytes(), text.SourceNone, "*", false},
		{"no pages", document().bytes(), text.SourceNone, "*", false},
	}
	p := testPool(t, func(c *text.Config) { c.Timeout = 10 * time.Second })
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			began := time.Now()
			e := extract(t, p, test.data)
			t.Logf("%v: %s, %q, %d pages", time.Since(began).Round(time.Millisecond), e.Source, e.Problem, len(e.Pages))
			if test.problem != "*" && e.Source != test.source || e.Encrypted != test.encrypted || test.problem == "*" && e.Problem == "" && !anyNeedsOCR(e) || test.problem != "*" && e.Problem != test.problem {
				t.Errorf("got %s, %q, encrypted %t, want %s, %q", e.Source, e.Problem, e.Encrypted, test.source, test.problem)
			}
			if e := extract(t, p, good); e.Problem != "" || e.Source != text.SourcePDF {
				t.Errorf("an honest file afterwards: got %s, %q", e.Source, e.Problem)
			}
		})
	}
	t.Run("claimed pages", func(t *testing.T) {
		e := extract(t, p, claims.bytes())
		t.Logf("%s, %q, %d pages", e.Source, e.Problem, len(e.Pages))
		if len(e.Pages) > text.MaxPages {
			t.Errorf("got %d pages, want at most %d", len(e.Pages), text.MaxPages)
		}
	})
}

func anyNeedsOCR(e text.Extraction) bool {
	for _, p := range e.Pages {
		if p.NeedsOCR {
			return true
		}
	}
	return false
}

func TestPDFManyPages(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	sheets := make([]sheet, 10_000)
	for i := range sheets {
		sheets[i].content = lines(fmt.Sprint("trang ", i+1))
	}
	began := time.Now()
	e := extract(t, testPool(t, nil), document(sheets...).bytes())
	t.Logf("%d pages in %v: %s", len(e.Pages), time.Since(began).Round(time.Millisecond), e.Problem)
	want := fmt.Sprintf("the file is over the limits of text, only the first %d pages are read", text.MaxPages)
	if len(e.Pages) != text.MaxPages || e.Problem != want {
		t.Errorf("got %d pages, %q, want %d, %q", len(e.Pages), e.Problem, text.MaxPages, want)
	}
	if got := e.Pages[4999].Text; got != "trang 5000" {
		t.Errorf("got %q, want trang 5000", got)
	}
}

func TestPictures(t *testing.T) {
	var small bytes.Buffer
	if err := jpeg.Encode(&small, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	var huge bytes.Buffer // its head claims 50,000 × 50,000
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	claim := pngHead(huge.Bytes(), 50_000, 50_000)
	p := testPool(t, nil)
	e := extract(t, p, small.Bytes())
	if len(e.Pages) != 1 || !e.Pages[0].NeedsOCR {
		t.Errorf("got %+v, want a page that needs OCR", e)
	}
	picture, err := p.Render(context.Background(), text.Bytes(small.Bytes()), 1, 100)
	if config, failed := png.DecodeConfig(bytes.NewReader(picture)); err != nil || failed != nil || config.Width != 40 {
		t.Errorf("got %v, %v, %v, want the picture as PNG", config, err, failed)
	}
	e = extract(t, p, claim)
	if want := "a picture of 50000 × 50000 points, more than 40 million in all"; e.Problem != want {
		t.Errorf("got %q, want %q", e.Problem, want)
	}
	if _, err := p.Render(context.Background(), text.Bytes(claim), 1, 100); !errors.Is(err, text.ErrNoPicture) {
		t.Errorf("got %v, want %v", err, text.ErrNoPicture)
	}
}

// The engine is compiled once and loaded afterwards, and the cache may go.
func TestCache(t *testing.T) {
	data := document(sheet{content: lines("Trang")}).bytes()
	extract(t, testPool(t, nil), data) // the tests' own cache has the engine now
	dir := filepath.Join(t.TempDir(), "new", "cache")
	if err := os.CopyFS(dir, os.DirFS(cacheDir)); err != nil {
		t.Fatal(err)
	}
	// start returns when each file in the cache was written.
	start := func() map[string]time.Time {
		p := testPool(t, func(c *text.Config) { c.CacheDir = dir })
		defer p.Close()
		began := time.Now()
		if e := extract(t, p, data); e.Problem != "" {
			t.Fatalf("got %q", e.Problem)
		}
		t.Logf("a start took %v", time.Since(began).Round(time.Millisecond))
		return filesIn(t, dir)
	}
	start()
	if err := os.RemoveAll(filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	cold, warm := start(), start()
	if len(cold) == 0 || !maps.Equal(cold, warm) {
		t.Errorf("got %v in the cache, then %v: want files that are written once", cold, warm)
	}
}

// filesIn returns when each file below a folder was written.
func filesIn(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	written := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			written[path] = info.ModTime()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// pngHead changes the size that a PNG claims, with the check sum it needs.
func pngHead(data []byte, width, height uint32) []byte {
	out := bytes.Clone(data)
	binary.BigEndian.PutUint32(out[16:], width)
	binary.BigEndian.PutUint32(out[20:], height)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}

// BenchmarkExtract reads 20 pages of 36 lines; a start of the child is not
// counted.
func BenchmarkExtract(b *testing.B) {
	var texts []string
	for range 12 {
		texts = append(texts, prose...)
	}
	var pages []sheet
	for range 20 {
		pages = append(pages, sheet{content: lines(texts...)})
	}
	data := document(pages...).bytes()
	p := testPool(b, nil)
	extract(b, p, data)
	for b.Loop() {
		if e := extract(b, p, data); len(e.Pages) != 20 {
			b.Fatal(e.Problem)
		}
	}
	b.ReportMetric(20*float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}

func BenchmarkRender(b *testing.B) {
	data := document(sheet{content: lines(prose...)}).bytes()
	p := testPool(b, nil)
	for b.Loop() {
		if _, err := p.Render(context.Background(), text.Bytes(data), 1, 100); err != nil {
			b.Fatal(err)
		}
	}
}

// PDFium marks a hyphen at a line's end with a character of its own.
func TestPDFHyphen(t *testing.T) {
	e := extract(t, testPool(t, nil), document(sheet{content: lines("Số: 32/BC-", "UBND")}).bytes())
	if len(e.Pages) != 1 || e.Pages[0].Text != "Số: 32/BC-\nUBND" {
		t.Errorf("got %+v, want the hyphen kept", e)
	}
	if got := text.Find(text.Sought{Number: "32", Notation: "BC-UBND"}, e.Pages); got.Number != text.PlaceOwn {
		t.Errorf("got %+v, want the number found over the line's end", got)
	}
}
