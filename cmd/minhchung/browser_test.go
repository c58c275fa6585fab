package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// css finds by a CSS selector; a plain string would also find text.
type css = chromedp.CSS

// openBrowser starts Chromium without access to anything but this machine.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds: not in -short")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium is installed (Debian: chromium, fonts-noto-core): pages are not tried in a browser")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("lang", "vi"),
	}
	for _, flag := range []string{
		"disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// step does actions of the browser or fails with the page that it shows.
func step(t *testing.T, ctx context.Context, what string, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		page, _ := chromedp.Run(ctx, chromedp.Text(css("body")))
		t.Fatalf("%s: %v\n%s", what, err, page)
	}
}

func textOf(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Text(css(selector)))
	if err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	return got
}

func wantText(t *testing.T, ctx context.Context, selector, want string) {
	t.Helper()
	if got := textOf(t, ctx, selector); !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want %q in it", selector, got, want)
	}
}

// TestBrowserUpload is a clerk's way: open the register, upload the files, read
// the verdicts, open the indicator, go down to one document that is not
// counted, and back up to one that is.
func TestBrowserUpload(t *testing.T) {
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	files := allFiles(t, d)
	step(t, ctx, "opening the register",
		chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.address), chromedp.WaitVisible(css("a.main")), chromedp.Click(css("a.main")), chromedp.WaitVisible(css("#file")))
	wantText(t, ctx, "h1", "Sổ đăng ký văn bản đi")
	step(t, ctx, "uploading", chromedp.SetUploadFiles(css("#file"), files), chromedp.Click(css("form.upload button")), chromedp.WaitVisible(css("section.verdict")))
	wantText(t, ctx, "h1", "Kết quả tải lên")
	wantText(t, ctx, ".lead", "0 tệp không nhận")
	wantText(t, ctx, "section.verdict.intact .result", "NGUYÊN VẸN")
	wantText(t, ctx, "section.verdict.altered .result", "ĐÃ BỊ THAY ĐỔI")

	shoot(t, ctx, "uploaded", 1280)

	step(t, ctx, "opening the indicator", chromedp.Click(css(`.crumbs a[href$="/indicators/7.1.3"]`)), chromedp.WaitVisible(css("#counted")))
	wantText(t, ctx, ".share .ratio", importedShare(t, d))
	// A row that is not counted for a changed page leads to its document.
	altered := `//details[@id="not-counted"]//tr[contains(., "nội dung trang bị thay")]//a`
	step(t, ctx, "opening a document that is not counted", chromedp.Click(chromedp.Search(altered)), chromedp.WaitVisible(css("article.signature")))
	wantText(t, ctx, "section.verdict .result", "ĐÃ BỊ THAY ĐỔI")
	wantText(t, ctx, "article.signature .changes.forbidden", "TRÁI PHÉP")
	shoot(t, ctx, "document", 1280)
	step(t, ctx, "going back to the indicator", chromedp.Click(css(`.crumbs a[href$="/indicators/7.1.3"]`)), chromedp.WaitVisible(css("#counted > summary")))
	step(t, ctx, "opening the drawer of what is counted", chromedp.Click(css("#counted > summary")), chromedp.WaitVisible(css("#counted tbody a")))
	step(t, ctx, "opening a document that is counted", chromedp.Click(css("#counted tbody a")), chromedp.WaitVisible(css("article.signature")))
	wantText(t, ctx, "section.verdict .result", "NGUYÊN VẸN")
	wantText(t, ctx, "ul.states", "được chứng minh")
	step(t, ctx, "reading it in English", chromedp.Click(css("header nav a")), chromedp.WaitVisible(css("html[lang=en] .result")))
	wantText(t, ctx, "section.verdict .result", "INTACT")
}

// TestBrowserKeyboard: the first Tab shows the link that skips to the content,
// and every field and link can be reached and shows that it is.
func TestBrowserKeyboard(t *testing.T) {
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	step(t, ctx, "opening the register", chromedp.Navigate(fmt.Sprintf("%sunits/%s/%s/register?state=DISPROVEN", s.address, d.Unit.ID, d.Period)),
		chromedp.WaitVisible(css("#file")), chromedp.KeyEvent("\t"))
	focused := `(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
		return [e.id || e.className || e.tagName, s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2, r.right > 0 && r.width > 0].join(" ") })()`
	seen := map[string]bool{}
	for i := range 40 {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](focused))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(got, "BODY ") { // behind the last link, before the first one
			step(t, ctx, "tab", chromedp.KeyEvent("\t"))
			continue
		}
		if name, rest, _ := strings.Cut(got, " "); !strings.HasSuffix(got, "true true") {
			t.Errorf("focus %d: got %q, want it visible", i, got)
		} else {
			seen[name+strings.TrimSuffix(rest, "true true")] = true
		}
		if i == 0 && !strings.HasPrefix(got, "skip ") {
			t.Errorf("got %q first, want the link that skips to the content", got)
		}
		step(t, ctx, "tab", chromedp.KeyEvent("\t"))
	}
	for _, want := range []string{"file", "state", "code"} {
		if !seen[want] && !seen[want+" "] {
			t.Errorf("the keyboard never reached #%s; it reached %v", want, seen)
		}
	}
}

// TestBrowserWidth: no page is wider than a phone.
func TestBrowserWidth(t *testing.T) {
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	book := fmt.Sprintf("units/%s/%s/", d.Unit.ID, d.Period)
	for _, path := range []string{"", book + "register", book + "indicators/7.1.3?diff=any", "nothing"} {
		for _, width := range []int64{390, 1280} {
			step(t, ctx, path, chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.address+path), chromedp.WaitVisible(css("h1")))
			got, err := chromedp.Run(ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
			if err != nil || got > width {
				t.Errorf("/%s at %d: got %d pixels wide, %v", path, width, got, err)
			}
			shoot(t, ctx, path, width)
		}
	}
}

// shoot keeps a picture of the page in the folder of the test's artefacts.
func shoot(t *testing.T, ctx context.Context, path string, width int64) {
	t.Helper()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(90))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace("page-"+path) + fmt.Sprintf("-%d.jpeg", width)
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
