package web

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"minhchung/evidence/text"
)

// drawn is a world whose pages are drawn as a line that says what was asked.
func drawn(t *testing.T, files ...testFile) *world {
	t.Helper()
	w := newWorld(t)
	w.cfg.Render = func(ctx context.Context, f text.File, page, dpi int) ([]byte, error) {
		body, err := f.Open(ctx)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		switch {
		case page == 2:
			return nil, fmt.Errorf("%w: page 2 cannot be read", text.ErrNoPicture)
		case page == 3:
			return nil, errors.New("a child cannot be started")
		}
		return fmt.Appendf(nil, "page %d of %d bytes at %d", page, f.Size, dpi), nil
	}
	w.start()
	if out := w.do(form(formPath, files...)); out.Code != http.StatusOK {
		t.Fatalf("got %d, want 200: %s", out.Code, out.Body)
	}
	return w
}

func TestPicture(t *testing.T) {
	w := drawn(t, testFile{"a.pdf", "%PDF-12"})
	path := documentPath("%PDF-12") + "/pages/"
	for _, test := range []struct {
		page   string
		status int
		want   string
	}{
		{"1.png", 200, "page 1 of 7 bytes at 96"},
		{"12.png?dpi=192&unit=xa-a&period=2022", 200, "page 12 of 7 bytes at 192"},
		{"1.png?unit=xa-b", 404, "Không có trang"},
		{"1.png?dpi=9600", 404, "Không có trang"},
		{"0.png", 404, "Không có trang"},
		{"-1.png", 404, "Không có trang"},
		{"01.png", 404, "Không có trang"},
		{"1.jpg", 404, "Không có trang"},
		{"99999999999999999999.png", 404, "Không có trang"},
		{"2.png", 404, "Không vẽ được trang này."},
		{"3.png", 500, "Chương trình gặp lỗi"},
	} {
		out := w.get(path + test.page)
		if out.Code != test.status || !strings.Contains(out.Body.String(), test.want) {
			t.Errorf("%s: got %d %s, want %d and %q", test.page, out.Code, out.Body, test.status, test.want)
		}
		if got := out.Header().Get("Cache-Control"); (test.status == 200) != (got == "private, max-age=3600") || test.status != 200 && got != "no-store" {
			t.Errorf("%s: got Cache-Control %q", test.page, got)
		}
	}
	if got := w.get(documentPath("other") + "/pages/1.png").Code; got != http.StatusNotFound {
		t.Errorf("a document that is not there: got %d", got)
	}
}

// TestNoPictureIsASentence: an <img> can show nothing else than a picture.
func TestNoPictureIsASentence(t *testing.T) {
	w := drawn(t, testFile{"a.pdf", "%PDF-12"})
	out := w.get(documentPath("%PDF-12") + "/pages/2.png")
	if got := out.Header().Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("got %s, want a picture", got)
	}
	if got := out.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; sandbox") {
		t.Errorf("got policy %q", got)
	}
	for _, sentence := range []string{`a <script> & "b" ` + strings.Repeat("dài ", 100), strings.Repeat("x", 300), ""} {
		var root struct {
			Text []string `xml:"text"`
		}
		if err := xml.Unmarshal([]byte(sentencePicture(sentence)), &root); err != nil {
			t.Errorf("%q: %v", sentence, err)
		}
		if got, want := strings.Join(root.Text, " "), strings.Join(strings.Fields(sentence), " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestTurning: pages of a document are turned by links, and no file has more
// of them than can be drawn.
func TestTurning(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n"
	w := drawn(t, testFile{"a.pdf", "%PDF-12"}, testFile{"b.pdf", "%PDF-10000"}, testFile{"c.png", png}, testFile{"d.txt", "chữ"}, testFile{"e.pdf", "%PDF-x"}, testFile{"f.pdf", "%PDF-1"})
	for _, test := range []struct {
		content, query string
		want, absent   string
	}{
		{"%PDF-12", "", "/pages/1.png?period=2022&amp;unit=xa-a\" loading=\"lazy\" alt=\"Trang 1 trên 12 của tệp a.pdf", `rel="prev"`},
		{"%PDF-12", "?page=5", `page=6&amp;period=2022&amp;unit=xa-a#preview`, "/pages/1.png"},
		{"%PDF-12", "?page=12", "Trang 12 trên 12", `rel="next"`},
		{"%PDF-12", "?page=x", "Trang 1 trên 12", `rel="prev"`},
		{"%PDF-10000", "?page=9999", "Trang 5.000 trên 10.000", `rel="next"`},
		{"%PDF-10000", "?page=99999999999999999999", "Chỉ xem được 5.000 trang đầu trong 10.000", `rel="next"`},
		{png, "", "Trang 1 trên 1 của tệp c.png", `rel="next"`},
		{"chữ", "", "Loại tệp này không có trang để vẽ", "<img"},
		{"%PDF-x", "", "Không đọc được trang nào của tệp này", "<img"},
		{"%PDF-1", "", "/pages/1.png", "<nav class=\"pages\""},
	} {
		out := w.get(documentPath(test.content) + test.query)
		body := out.Body.String()
		if !strings.Contains(body, test.want) || strings.Contains(body, test.absent) {
			t.Errorf("%s%s: want %q and no %q in:\n%s", test.content, test.query, test.want, test.absent, body)
		}
		checkPage(t, test.content, out, "vi")
	}
}

// TestDrawingIsBounded: many browsers that turn pages leave a child to the
// reading of texts.
func TestDrawingIsBounded(t *testing.T) {
	w := drawn(t, testFile{"a.pdf", "%PDF-12"})
	var now, most atomic.Int32
	w.cfg.Render = func(ctx context.Context, f text.File, page, dpi int) ([]byte, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		runtime.Gosched()
		return []byte("picture"), nil
	}
	w.start()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if out := w.get(documentPath("%PDF-12") + "/pages/1.png"); out.Code != http.StatusOK {
				t.Errorf("got %d, want 200", out.Code)
			}
		})
	}
	all.Wait()
	if got, want := int(most.Load()), max(1, runtime.GOMAXPROCS(0)-1); got < 1 || got > want {
		t.Errorf("got %d pages drawn at once, want at most %d", got, want)
	}
}
