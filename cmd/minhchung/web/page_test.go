package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/signature"
)

func documentPath(content string) string {
	return "/documents/" + signature.HashOf([]byte(content)).String()
}

// filled is a world with a matched and an unmatched document.
func filled(t *testing.T) *world {
	w := newWorld(t)
	if out := w.do(form(formPath, testFile{"1-BC-UBND_04-01-2022.pdf", "altered"}, testFile{"không dòng.pdf", "plain"})); out.Code != http.StatusOK {
		t.Fatalf("got %d, want 200: %s", out.Code, out.Body)
	}
	return w
}

func TestPages(t *testing.T) {
	w := filled(t)
	for _, test := range []struct {
		path   string
		status int
		vi, en string // must be there
	}{
		{"/", 200, "UBND xã Thử", "UBND xã Thử"},
		{"/units/xa-a/2022/register", 200, "1 văn bản mật chỉ được đếm", "1 secret documents are only counted"},
		{"/units/xa-a/2022/register?state=EXCLUDED", 200, "ghi nhầm – người duyệt: Trần Thị Mẫu", "approved by Trần Thị Mẫu"},
		{"/units/xa-a/2022/register?code=no-file&page=99", 200, "2/BC-UBND", "2/BC-UBND"},
		{"/units/xa-a/2022/register?code=nothing-like-it", 200, "Không có dòng nào", "There are no rows"},
		{"/units/xa-a/2022/register?state=x", 400, "Bộ lọc không đúng", "no such filter"},
		{"/units/xa-a/2022/indicators/7.1.3", 200, "0/3 văn bản", "0/3 documents"},
		{"/units/xa-a/2022/indicators/7.1.3?rule=any&diff=nd30", 200, "hai quy tắc", "two rules differ"},
		{"/units/xa-a/2022/indicators/7.1.3?rule=none", 404, "Không có trang", "no such page"},
		{"/units/xa-a/2022/indicators/9.9.9", 404, "Không có trang", "no such page"},
		{"/units/xa-a/1999/register", 404, "Không có trang", "no such page"},
		{"/units/xa-b/2022/register", 404, "Không có trang", "no such page"},
		{"/units/../2022/register", 404, "", ""},
		{documentPath("altered") + "?unit=xa-a", 200, "sửa nội dung trang ở trang 2 (trái phép)", "page content on page 2 (forbidden)"},
		{documentPath("plain"), 200, "chưa ghép với dòng nào", "belongs to no row"},
		{documentPath("plain") + "?unit=xa-b", 404, "Không có trang", "no such page"},
		{documentPath("other"), 404, "Không có trang", "no such page"},
		{"/documents/xyz", 404, "Không có trang", "no such page"},
		{"/nothing", 404, "Không có trang", "no such page"},
		{"//evil.example/", 404, "", ""},
	} {
		for _, lang := range languages {
			r := httptest.NewRequest(http.MethodGet, "http://"+testHost+"/", nil)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(test.path, "?")
			r.AddCookie(&http.Cookie{Name: langCookie, Value: string(lang)})
			out := w.do(r)
			if out.Code == http.StatusTemporaryRedirect || out.Code == http.StatusMovedPermanently { // a path that was cleaned
				if to := out.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://") {
					t.Errorf("%s: sent away to %s", test.path, to)
				}
				continue
			}
			want := test.vi
			if lang == message.English {
				want = test.en
			}
			if body := out.Body.String(); out.Code != test.status || !strings.Contains(body, want) {
				t.Errorf("%s in %s: got %d, want %d and %q in:\n%s", test.path, lang, out.Code, test.status, want, body)
			}
			checkPage(t, test.path, out, lang)
		}
	}
}

var (
	rawKey   = regexp.MustCompile(`\b(?:web|code|state|finding|inspect|report|match|role)\.[a-z][a-zA-Z-]+`)
	badVerb  = regexp.MustCompile(`%!|<nil>|%[sd]\b`)
	tag      = regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*>`)
	comment  = regexp.MustCompile(`^<!DOCTYPE html>`)
	active   = regexp.MustCompile(`(?i)<script|\son[a-z]+=|style=|javascript:|(?:src|href)="(?:https?:)?//`)
	idOf     = regexp.MustCompile(`\sid="([^"]*)"`)
	labelFor = regexp.MustCompile(`<label for="([^"]*)"`)
	fieldID  = regexp.MustCompile(`<(?:input|select|textarea)[^>]*\sid="([^"]*)"`)
	field    = regexp.MustCompile(`<(?:input|select|textarea)\s`)
	hidden   = regexp.MustCompile(`<input type="hidden"`)
	void     = []string{"meta", "link", "input", "br", "img"}
)

// checkPage looks at what every page must be: strict headers, well formed,
// labelled, without a missing text, and in one language.
func checkPage(t testing.TB, path string, out *httptest.ResponseRecorder, lang message.Lang) {
	t.Helper()
	body := out.Body.String()
	if got := out.Header().Get("Content-Security-Policy"); got != policy {
		t.Errorf("%s: got Content-Security-Policy %q", path, got)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
		"Content-Type": "text/html; charset=utf-8", "Content-Language": string(lang),
	} {
		if got := out.Header().Get(name); got != want {
			t.Errorf("%s: got %s %q, want %q", path, name, got, want)
		}
	}
	for what, pattern := range map[string]*regexp.Regexp{"a missing text": rawKey, "a broken text": badVerb, "something active": active} {
		if found := pattern.FindString(body); found != "" {
			t.Errorf("%s: got %s: %q", path, what, found)
		}
	}
	if strings.ContainsAny(body, "\u202e\u200f\u0000\x1b") {
		t.Errorf("%s: got characters that steer the display", path)
	}
	for _, want := range []string{`<html lang="` + string(lang) + `">`, "<h1>", `<main id="main"`, `name="viewport"`} {
		if strings.Count(body, want) != 1 {
			t.Errorf("%s: got %d of %s, want 1", path, strings.Count(body, want), want)
		}
	}
	wellFormed(t, path, body)
}

// wellFormed checks that tags close in order, ids are unique and fields have
// labels.
func wellFormed(t testing.TB, path, body string) {
	t.Helper()
	if !comment.MatchString(body) {
		t.Errorf("%s: got no doctype", path)
	}
	var open []string
	rest := tag.ReplaceAllStringFunc(strings.TrimPrefix(body, "<!DOCTYPE html>"), func(s string) string {
		m := tag.FindStringSubmatch(s)
		switch name := m[2]; {
		case slices.Contains(void, name):
		case m[1] == "":
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Errorf("%s: got </%s> inside %v", path, name, open)
		default:
			open = open[:len(open)-1]
		}
		return ""
	})
	if len(open) != 0 || strings.ContainsAny(rest, "<>") {
		t.Errorf("%s: got %v left open and %q", path, open, regexp.MustCompile(`.{0,40}[<>].{0,40}`).FindString(rest))
	}
	ids := map[string]bool{}
	for _, m := range idOf.FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("%s: got id %q twice", path, m[1])
		}
		ids[m[1]] = true
	}
	var labelled []string
	for _, m := range labelFor.FindAllStringSubmatch(body, -1) {
		labelled = append(labelled, m[1])
	}
	fields := fieldID.FindAllStringSubmatch(body, -1)
	if len(fields) != len(field.FindAllString(body, -1))-len(hidden.FindAllString(body, -1)) {
		t.Errorf("%s: got a field without an id", path)
	}
	for _, m := range fields {
		if !slices.Contains(labelled, m[1]) {
			t.Errorf("%s: field %q has no label", path, m[1])
		}
	}
	if heads, scoped := strings.Count(body, "<th ")+strings.Count(body, "<th>"), strings.Count(body, "<th scope="); heads != scoped {
		t.Errorf("%s: got %d table headers, %d with a scope", path, heads, scoped)
	}
}

func TestLanguageIsRemembered(t *testing.T) {
	w := newWorld(t)
	out := w.get("/?lang=en")
	cookies := out.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Value != "en" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("got cookies %v, want lang=en, HttpOnly, SameSite=Lax", cookies)
	}
	if got := w.get("/?lang=xx"); got.Header().Get("Content-Language") != "vi" || len(got.Result().Cookies()) != 0 {
		t.Errorf("got %v for an unknown language, want Vietnamese and no cookie", got.Header())
	}
	if body := w.get("/units/xa-a/2022/register?state=EXCLUDED").Body.String(); !strings.Contains(body, `href="/units/xa-a/2022/register?lang=en&amp;state=EXCLUDED"`) {
		t.Errorf("the link to the other language loses the filter")
	}
}

// TestTemplateKeysExist reads the templates for the keys they use.
func TestTemplateKeysExist(t *testing.T) {
	use := regexp.MustCompile(`\bt "([a-zA-Z0-9.-]+)"`)
	found := 0
	err := fs.WalkDir(embedded, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(embedded, path)
		for _, m := range use.FindAllSubmatch(b, -1) {
			if found++; !message.Has(string(m[1])) {
				t.Errorf("%s uses %s, which is not in the catalogue", path, m[1])
			}
		}
		return err
	})
	if err != nil || found < 50 {
		t.Errorf("got %d keys, %v: the test looks in the wrong place", found, err)
	}
}

func TestPagination(t *testing.T) {
	w := newWorld(t)
	var csv strings.Builder
	csv.WriteString("Số,Ký hiệu,Ngày\n")
	for i := range 120 {
		csv.WriteString(strings.Join([]string{itoa(i + 1), "BC-UBND", "04/01/2022"}, ",") + "\n")
	}
	w.addBook(evidence.BookID{Unit: "xa-lon", Period: "2022"}, csv.String())
	for page, want := range map[string]string{"": "1 đến 50 trong 120", "2": "51 đến 100 trong 120", "3": "101 đến 120", "9": "101 đến 120", "-1": "1 đến 50", "x": "1 đến 50"} {
		body := w.get("/units/xa-lon/2022/register?page=" + page).Body.String()
		if !strings.Contains(body, want) {
			t.Errorf("page %q: want %q", page, want)
		}
		if previous := strings.Contains(body, `rel="prev"`); previous != !strings.HasPrefix(want, "1 ") {
			t.Errorf("page %q: got a link to a previous page: %v", page, previous)
		}
	}
}

// TestCountsAreOfAll: a list that is cut says how many there are.
func TestCountsAreOfAll(t *testing.T) {
	w := newWorld(t)
	var files []testFile
	for i := range mostListed + 3 {
		files = append(files, testFile{"tệp " + itoa(i) + ".pdf", "content " + itoa(i)})
	}
	if out := w.do(form(formPath, files...)); out.Code != http.StatusOK {
		t.Fatalf("got %d: %s", out.Code, out.Body)
	}
	body := w.get("/units/xa-a/2022/register").Body.String()
	for _, want := range []string{"203 tệp chưa ghép được", "… và 3 mục nữa"} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in:\n%s", want, body)
		}
	}
}

func TestShapesNameEveryState(t *testing.T) {
	seen := map[string]bool{}
	for _, state := range allStates {
		if shape := shapes[state]; shape == "" || seen[shape] {
			t.Errorf("%s: got shape %q, want one of its own", state, shape)
		}
		seen[shapes[state]] = true
	}
}

// TestBookWithoutRegister: files may come before the register; the other
// books stay in sight.
func TestBookWithoutRegister(t *testing.T) {
	w := newWorld(t)
	k := evidence.BookID{Unit: "xa-moi", Period: "2023"}
	scope := evidence.Scope{All: true, Actor: "test"}
	_, err := w.session.Store.Update(t.Context(), scope, k, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.Opened{Book: k, Origin: w.session.Origin(k)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out := w.get("/")
	if body := out.Body.String(); out.Code != http.StatusOK || !strings.Contains(body, "xa-moi") || !strings.Contains(body, "UBND xã Thử") {
		t.Errorf("got %d, want both books: %s", out.Code, body)
	}
	checkPage(t, "/", out, "vi")
	for _, path := range []string{"/units/xa-moi/2023/register", "/units/xa-moi/2023/indicators/7.1.3"} {
		out := w.get(path)
		if out.Code != http.StatusNotFound || !strings.Contains(out.Body.String(), "chưa có sổ đăng ký") {
			t.Errorf("%s: got %d: %s", path, out.Code, out.Body)
		}
		checkPage(t, path, out, "vi")
	}
	if out := w.do(form("/units/xa-moi/2023/documents", testFile{"a.pdf", "plain"})); out.Code != http.StatusOK {
		t.Errorf("uploading before the register: got %d: %s", out.Code, out.Body)
	}
}
