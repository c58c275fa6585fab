package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"minhchung/evidence/signature"
)

// bombOf is a DOCX whose text is size zeros, deflated.
func bombOf(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for _, name := range []string{"[Content_Types].xml", "word/document.xml"} {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.CopyN(f, zeros{}, size)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// hugePicture is a PNG (ISO/IEC 15948) that says it has 50,000 × 50,000
// pixels, and holds none.
func hugePicture() []byte {
	chunk := func(name string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, name...), data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 50_000), 50_000)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 2, 0, 0, 0))...)
	return append(append(out, chunk("IDAT", nil)...), chunk("IEND", nil)...)
}

// encryptedOffice begins as an encrypted OOXML file does: an OLE container
// ([MS-OFFCRYPTO] 2.3.1).
func encryptedOffice() []byte {
	b := make([]byte, 4096)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	for i, c := range "EncryptedPackage" { // a directory entry's name, UTF-16
		b[1024+2*i] = byte(c)
	}
	return b
}

// hang sends a file to criterion 1.6 as the form does.
func (s *served) hang(book, name string, data []byte) *http.Response {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = w.WriteField("criterion", "1.6")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Post(s.address+book+"criteria/attach", w.FormDataContentType(), &b)
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

// TestHostilePages: each hostile file is taken as evidence or refused with a
// sentence; its page and its picture are a sentence or a limit, never a defect
// of ours; and it keeps nobody else's file from being found.
func TestHostilePages(t *testing.T) {
	if testing.Short() {
		t.Skip("hostile files take seconds: not in -short")
	}
	data, d := emptyOffice(t)
	s := serveData(t, data)
	book := fmt.Sprintf("units/%s/%s/", d.Unit.ID, d.Period)
	many := pdfOf(t, 10_000)
	for _, test := range []struct {
		name    string
		data    []byte
		status  int    // of the form
		page    string // what the document's page says
		query   string // of that page
		picture int    // status of the first page's picture
		number  int    // of the page that is drawn
	}{
		{"bomb.docx", bombOf(t, 150<<20), 303, "Loại tệp này không có trang để vẽ", "", 404, 1},
		{"encrypted.docx", encryptedOffice(), 303, "Loại tệp này không có trang để vẽ", "", 404, 1},
		{"up.docx", zipOf(t, "../../evil.txt", "x", "[Content_Types].xml", "<Types/>", "word/document.xml", "<w:document/>"), 303, "Loại tệp này không có trang để vẽ", "", 404, 1},
		{"huge.png", hugePicture(), 303, "Trang 1 trên 1 của tệp huge.png", "", 404, 1},
		{"many.pdf", many, 303, "Chỉ xem được 5.000 trang đầu trong 10.000 trang", "&page=99999", 200, 5000},
		{"many.pdf", many, 303, "", "", 404, 5001},
		{"cut.pdf", many[:len(many)/3], 303, "", "", 0, 1},
		{"empty.txt", nil, 400, "rỗng (0 byte)", "", 0, 1},
		{"bell\x07.txt", []byte("chữ"), 400, "ký tự điều khiển", "", 0, 1},
		{"a\u202efdp.exe\u0085\u200f.txt", []byte("chữ \u202eđảo\x00"), 303, "\ufffd", "", 404, 1},
		{"mark.txt", []byte("\u0300\u0301 \u0302"), 303, "Loại tệp này không có trang để vẽ", "", 404, 1},
	} {
		res := s.hang(book, test.name, test.data)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != test.status {
			t.Fatalf("%q: got %d, %v, want %d: %s", test.name, res.StatusCode, err, test.status, body)
		}
		if test.status != http.StatusSeeOther {
			if !strings.Contains(string(body), test.page) {
				t.Errorf("%q: got no sentence: %s", test.name, body)
			}
			continue
		}
		path := "documents/" + signature.HashOf(test.data).String()
		where := "?" + url.Values{"unit": {string(d.Unit.ID)}, "period": {string(d.Period)}}.Encode()
		code, page := s.get(path + where + test.query)
		if code != http.StatusOK || !strings.Contains(page, test.page) || strings.ContainsAny(page, "\u202e\u0085\u200f") {
			t.Errorf("%q: got %d, want %q in a page without marks that steer it: %s", test.name, code, test.page, page)
		}
		code, picture := s.get(fmt.Sprintf("%s/pages/%d.png%s", path, test.number, where))
		if test.picture != 0 && code != test.picture || code >= 500 {
			t.Errorf("%q: got %d for the picture, want %d: %.300s", test.name, code, test.picture, picture)
		}
		if code == http.StatusNotFound && test.number <= 5000 && !strings.Contains(picture, "<text") {
			t.Errorf("%q: got no sentence for the picture: %.300s", test.name, picture)
		}
	}
	res := s.hang(book, "sound.txt", []byte("Biên bản đối thoại của lãnh đạo xã với nhân dân"))
	res.Body.Close()
	s.eventually("/search?q=doi+thoai+cua+lanh+dao", "<mark>đối thoại của lãnh đạo</mark>")
	s.eventually("/search?q=sound", ": đủ.")
	if runtime.GOOS != "windows" {
		if code := s.stop(); code != exitDone {
			t.Errorf("got exit code %d", code)
		}
	}
	s.kill() // only then has it written its last line
	if log := s.stderr.String(); strings.Contains(log, "defect") || strings.Contains(log, "goroutine") {
		t.Errorf("got a defect of ours: %s", log)
	}
	sound(t, data)
}

// eventually asks for a page until it says what is wanted.
func (s *served) eventually(path, want string) {
	s.t.Helper()
	var page string
	for range 240 {
		if _, page = s.get(path); strings.Contains(page, want) {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	s.kill() // only then has it written its last line
	s.t.Fatalf("%s: never got %q in %s\n%s", path, want, page, &s.stderr)
}

// TestBrowserHostile: names that would turn the text around stand inert in the
// browser, and a query of 5,000 characters is a sentence.
func TestBrowserHostile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no file names with < and >")
	}
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	file := filepath.Join(t.TempDir(), "a\u202efdp.exe <b>.txt")
	if err := os.WriteFile(file, []byte("chữ"), 0o600); err != nil {
		t.Fatal(err)
	}
	step(t, ctx, "hanging", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(fmt.Sprintf("%sunits/%s/%s/criteria?criterion=1.6", s.address, d.Unit.ID, d.Period)), chromedp.WaitVisible(css("#file")),
		chromedp.SetUploadFiles(css("#file"), []string{file}), chromedp.Click(css("form.main-form button")), chromedp.WaitVisible(css(".done[role=status]")))
	wantText(t, ctx, "article.open .evidence", "a\ufffdfdp.exe")
	for _, sel := range []string{"article.open .evidence a", ".hits h3 a"} {
		if sel != "article.open .evidence a" {
			find(t, ctx, s, "fdp", ".hits h3 a")
		}
		steers, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`/[\u0000-\u0008\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.outerHTML) || document.querySelector("main b") !== null`))
		if err != nil || steers {
			t.Errorf("%s: got marks that steer the page, or markup of a name: %v, %v", sel, steers, err)
		}
		shoot(t, ctx, "hostile", 1280)
	}
	step(t, ctx, "a long query", chromedp.SetValue(css("#q"), strings.Repeat("dài ", 1250)), chromedp.Click(css("form.search button")), chromedp.WaitVisible(css("[role=alert]")))
	wantText(t, ctx, "[role=alert]", "dài quá 500 ký tự")
	step(t, ctx, "only marks", chromedp.SetValue(css("#q"), "\u0300 . ! \u0301"), chromedp.Click(css("form.search button")), chromedp.WaitVisible(chromedp.Search(`//*[@role="alert"][contains(., "ít nhất một từ")]`)))
}
