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

// browserTime is how long one test may take on a slow machine under the race
// detector.
const browserTime = 8 * time.Minute

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
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
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
// the verdicts, search a phrase without marks, open the document that has it
// and the indicator, go down to one document that is not counted, and back up
// to one that is.
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

	find(t, ctx, s, "ty le van ban dien tu co ky so", "mark")
	wantText(t, ctx, "mark", "ỷ lệ văn bản điện tử có ký số")
	wantText(t, ctx, ".tier", "khớp không xét dấu")
	shoot(t, ctx, "search", 1280)
	step(t, ctx, "opening the document found", chromedp.Click(css(".hits h3 a")), chromedp.WaitVisible(css("article.signature, section.verdict")))
	wantPicture(t, ctx)
	step(t, ctx, "opening the indicator", chromedp.Click(css(`.crumbs a[href$="/indicators/7.1.3"]`)), chromedp.WaitVisible(css("#counted")))
	wantText(t, ctx, ".share .ratio", importedShare(t))
	// A row that is not counted for a changed page leads to its document.
	altered := `//details[@id="not-counted"]//tr[contains(., "nội dung trang bị thay")]//a[contains(@href, "/documents/")]`
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

// find asks by the box on the page that is open, again until the answer
// shows something for the selector: texts are read behind the pages.
func find(t *testing.T, ctx context.Context, s *served, query, selector string) {
	t.Helper()
	step(t, ctx, "typing the query", chromedp.SetValue(css("#q"), query), chromedp.Click(css("form.search button")),
		chromedp.WaitReady(css(`#q[value="`+query+`"]`)))
	for {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("`+selector+`") !== null`))
		if err != nil {
			s.kill() // only then has it written its last line
			t.Fatalf("searching %q: %v\n%s", query, err, &s.stderr)
		}
		if found {
			return
		}
		step(t, ctx, "waiting for the readers", chromedp.Sleep(500*time.Millisecond), chromedp.Reload(), chromedp.WaitReady(css(`#q[value="`+query+`"]`)))
	}
}

// wantPicture checks that the page of the document is drawn.
func wantPicture(t *testing.T, ctx context.Context) {
	t.Helper()
	step(t, ctx, "scrolling to the picture", chromedp.ScrollIntoView(css(".sheet img")))
	width, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`(async () => { const i = document.querySelector(".sheet img"); await i.decode().catch(() => {}); return i.naturalWidth })()`, chromedp.EvalAwaitPromise))
	if err != nil || width < 700 {
		t.Errorf("the picture of the page is %v pixels wide, %v; want an A4 page", width, err)
	}
}

// TestBrowserEvidence is an officer's way: open criterion 1.6, hang a file on
// it, find it again by its words, see what it proves, and take it off.
func TestBrowserEvidence(t *testing.T) {
	ctx := openBrowser(t)
	data, _ := emptyOffice(t)
	s := serveData(t, data)
	file := filepath.Join(t.TempDir(), "biên bản đối thoại.txt")
	if err := os.WriteFile(file, []byte("BIÊN BẢN\nĐối thoại giữa lãnh đạo xã với người dân về chuyển đổi số năm 2022."), 0o600); err != nil {
		t.Fatal(err)
	}
	step(t, ctx, "opening the criteria", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.address), chromedp.WaitVisible(css(`.actions a[href$="/criteria"]`)),
		chromedp.Click(css(`.actions a[href$="/criteria"]`)), chromedp.WaitVisible(css("#missing")))
	wantText(t, ctx, "#missing + .links", "1.6 – Đối thoại của lãnh đạo xã")
	step(t, ctx, "opening 1.6", chromedp.Click(css(`.links a[href*="criterion=1.6"]`)), chromedp.WaitVisible(css("#file")))
	shoot(t, ctx, "criterion", 1280)
	step(t, ctx, "hanging the file", chromedp.SetUploadFiles(css("#file"), []string{file}), chromedp.SendKeys(css("#note"), "họp ngày 15/6"),
		chromedp.Click(css("form.main-form button")), chromedp.WaitVisible(css(".done[role=status]")))
	wantText(t, ctx, ".done[role=status]", "Đã gắn tài liệu")
	wantText(t, ctx, "article.open .evidence", "biên bản đối thoại.txt")
	wantText(t, ctx, "article.open .evidence", "họp ngày 15/6")
	find(t, ctx, s, "doi thoai giua lanh dao xa", "mark")
	wantText(t, ctx, ".hits", "tiêu chí 1.6")
	wantText(t, ctx, "mark", "Đối thoại giữa lãnh đạo xã")
	step(t, ctx, "opening the file found", chromedp.Click(css(".hits h3 a")), chromedp.WaitVisible(css("#criteria + ul a")))
	wantText(t, ctx, "#criteria + ul", "1.6 – Đối thoại")
	step(t, ctx, "back on the criterion", chromedp.Click(css("#criteria + ul a")), chromedp.WaitVisible(css("article.open details summary")),
		chromedp.Click(css("article.open details summary")), chromedp.WaitVisible(css("#reason")), chromedp.SendKeys(css("#reason"), "nhầm tiêu chí"),
		chromedp.Click(chromedp.Search(`//form[.//*[@id="reason"]]//button`)), chromedp.WaitVisible(css(".done[role=status]")))
	wantText(t, ctx, ".done[role=status]", "Đã gỡ tài liệu")
	wantText(t, ctx, "article.open", "Chưa có tài liệu hay giải trình")
	sound(t, data)
}

// TestBrowserConfirm: a named person looks at a page and confirms the file.
func TestBrowserConfirm(t *testing.T) {
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	step(t, ctx, "uploading", chromedp.Navigate(fmt.Sprintf("%sunits/%s/%s/register", s.address, d.Unit.ID, d.Period)), chromedp.WaitVisible(css("#file")),
		chromedp.SetUploadFiles(css("#file"), allFiles(t, d)), chromedp.Click(css("form.upload button")), chromedp.WaitVisible(css("section.verdict h2 a")))
	row := `//section[contains(@class,"intact")][.//ul]//h2/a`
	step(t, ctx, "opening a document of a row", chromedp.Click(chromedp.Search(row)), chromedp.WaitVisible(css("#rows + ul details summary")))
	say := func(person, button string) {
		t.Helper()
		// The form is open already when reading did not confirm the file.
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("#rows + ul details").open = true`)); err != nil {
			t.Fatal(err)
		}
		step(t, ctx, person, chromedp.WaitVisible(css("#person-0")), chromedp.SendKeys(css("#person-0"), person), chromedp.Click(css(button)))
	}
	say("Nguyễn Văn Thử", "#rows + ul button[name=deny]")
	step(t, ctx, "denied", chromedp.WaitVisible(css(".states .DISPROVEN")))
	wantText(t, ctx, "#rows + ul", "Nguyễn Văn Thử đã xác nhận KHÔNG phải")
	say("Trần Thị Mẫu", "#rows + ul form button:not([name])")
	step(t, ctx, "confirmed", chromedp.WaitNotPresent(css(".states .DISPROVEN")), chromedp.WaitVisible(css("#rows + ul")))
	wantText(t, ctx, "#rows + ul", "Trần Thị Mẫu đã xác nhận đúng")
}

// TestBrowserKeyboard: the first Tab shows the link that skips to the content,
// and every field and link can be reached and shows that it is.
func TestBrowserKeyboard(t *testing.T) {
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	book := fmt.Sprintf("%sunits/%s/%s/", s.address, d.Unit.ID, d.Period)
	tabThrough(t, ctx, book+"register?state=DISPROVEN", 50, "q", "file", "state", "code")
	tabThrough(t, ctx, book+"criteria?criterion=1.6", 90, "q", "file", "document", "pages", "note")
}

// tabThrough presses Tab so many times and wants the fields of these ids
// reached, each with a visible outline.
func tabThrough(t *testing.T, ctx context.Context, address string, tabs int, ids ...string) {
	t.Helper()
	step(t, ctx, "opening "+address, chromedp.Navigate(address), chromedp.WaitVisible(css("#file")), chromedp.KeyEvent("\t"))
	focused := `(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
		return [e.id || e.className || e.tagName, s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2, r.right > 0 && r.width > 0].join(" ") })()`
	seen := map[string]bool{}
	for i := range tabs {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](focused))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(got, "BODY ") { // behind the last link, before the first one
			step(t, ctx, "tab", chromedp.KeyEvent("\t"))
			continue
		}
		if name, rest, _ := strings.Cut(got, " "); !strings.HasSuffix(got, "true true") {
			t.Errorf("%s: focus %d: got %q, want it visible", address, i, got)
		} else {
			seen[name+strings.TrimSuffix(rest, "true true")] = true
		}
		if i == 0 && !strings.HasPrefix(got, "skip ") {
			t.Errorf("%s: got %q first, want the link that skips to the content", address, got)
		}
		step(t, ctx, "tab", chromedp.KeyEvent("\t"))
	}
	for _, want := range ids {
		if !seen[want] && !seen[want+" "] {
			t.Errorf("%s: the keyboard never reached #%s; it reached %v", address, want, seen)
		}
	}
}

// TestBrowserWidth: no page is wider than a phone.
func TestBrowserWidth(t *testing.T) {
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	book := fmt.Sprintf("units/%s/%s/", d.Unit.ID, d.Period)
	step(t, ctx, "uploading", chromedp.Navigate(s.address+book+"register"), chromedp.WaitVisible(css("#file")),
		chromedp.SetUploadFiles(css("#file"), allFiles(t, d)), chromedp.Click(css("form.upload button")), chromedp.WaitVisible(css("section.verdict")))
	find(t, ctx, s, "van ban dien tu", "mark")
	document := s.documentOf(book, "page-content")
	for _, path := range []string{"search?q=van+ban+dien+tu", document, "", book + "register", book + "indicators/7.1.3?diff=any", book + "criteria", book + "criteria?criterion=1.6", "search", "search?q=" + strings.Repeat("x", 600), "nothing"} {
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

// documentOf is the path of the first document whose row has the code.
func (s *served) documentOf(book, code string) string {
	s.t.Helper()
	_, page := s.get(book + "register?code=" + code)
	_, rest, found := strings.Cut(page, `href="/documents/`)
	if !found {
		s.t.Fatalf("found no document of code %s", code)
	}
	link, _, _ := strings.Cut(rest, `"`)
	return "documents/" + strings.ReplaceAll(link, "&amp;", "&")
}

// shoot keeps a picture of the page in the folder of the test's artefacts.
func shoot(t *testing.T, ctx context.Context, path string, width int64) {
	t.Helper()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(90))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace("page-"+path[:min(len(path), 60)]) + fmt.Sprintf("-%d.jpeg", width)
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
