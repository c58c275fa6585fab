package web

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"minhchung/cmd/minhchung/auth"
	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
)

func itoa(n int) string { return strconv.Itoa(n) }

const apiPath = "/api/v1/documents?unit=xa-a&period=2022"

func raw(path, name, content string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(content))
	r.Header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return r
}

// TestStrangersAreRefused: other host names (DNS rebinding), other origins
// (CSRF) and other machines get nothing and leave nothing.
func TestStrangersAreRefused(t *testing.T) {
	w := newWorld(t)
	set := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		status int
		gets   bool // the attack is on reading too
	}{
		"rebound name":         {func(r *http.Request) { r.Host = "evil.example:8080" }, 421, true},
		"no port":              {func(r *http.Request) { r.Host = "127.0.0.1" }, 421, true},
		"other port":           {func(r *http.Request) { r.Host = "127.0.0.1:9" }, 421, true},
		"empty host":           {func(r *http.Request) { r.Host = "" }, 421, true},
		"suffix":               {func(r *http.Request) { r.Host = testHost + ".evil.example" }, 421, true},
		"cross-site":           {set("Sec-Fetch-Site", "cross-site"), 403, false},
		"same site":            {set("Sec-Fetch-Site", "same-site"), 403, false},
		"origin":               {set("Origin", "http://evil.example"), 403, false},
		"null origin":          {set("Origin", "null"), 403, false},
		"origin of other port": {set("Origin", "http://127.0.0.1:9"), 403, false},
		"other machine":        {func(r *http.Request) { r.RemoteAddr = "198.51.100.7:4000" }, 403, true},
	} {
		for _, r := range []*http.Request{form(formPath, testFile{"a.pdf", "plain"}), raw(apiPath, "a.pdf", "plain")} {
			test.change(r)
			if out := w.do(r); out.Code != test.status {
				t.Errorf("%s: POST %s: got %d, want %d", name, r.URL.Path, out.Code, test.status)
			}
		}
		if !test.gets {
			continue
		}
		for _, path := range []string{"/", "/units/xa-a/2022/register", documentPath("plain") + "/file"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			test.change(r)
			if out := w.do(r); out.Code != test.status || strings.Contains(out.Body.String(), "UBND xã") {
				t.Errorf("%s: GET %s: got %d, want %d and no data", name, path, out.Code, test.status)
			}
		}
	}
	w.nothingLeft()
}

// TestBrowsersOwnFormsPass: what a browser sends from our own page.
func TestBrowsersOwnFormsPass(t *testing.T) {
	w := newWorld(t)
	r := form(formPath, testFile{"a.pdf", "plain"})
	r.Header.Set("Origin", "http://"+testHost)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if out := w.do(r); out.Code != http.StatusOK {
		t.Errorf("got %d, want 200: %s", out.Code, out.Body)
	}
}

// TestScope: what is outside the scope is as if it were not there.
func TestScope(t *testing.T) {
	w := filled(t)
	w.addBook(evidence.BookID{Unit: "xa-b", Period: "2022"}, testRegister)
	before := w.documents()
	w.who = auth.Principal{ID: "p", Units: []evidence.UnitID{"xa-b"}}
	if body := w.get("/").Body.String(); strings.Contains(body, "xa-a") || !strings.Contains(body, "xa-b") {
		t.Errorf("the overview shows another unit: %s", body)
	}
	for _, path := range []string{
		"/units/xa-a/2022/register", "/units/xa-a/2022/indicators/7.1.3", documentPath("plain"), documentPath("plain") + "?unit=xa-a",
		documentPath("plain") + "/file", documentPath("altered") + "/file?unit=xa-a&period=2022",
	} {
		inside, outside := w.get(path), w.get("/nothing")
		if inside.Code != http.StatusNotFound || inside.Body.Len() == 0 {
			t.Errorf("%s: got %d, want 404", path, inside.Code)
		}
		strip := func(s string) string { return strings.ReplaceAll(s, "?lang=en", "") }
		if a, b := tagless(strip(inside.Body.String())), tagless(strip(outside.Body.String())); a != b {
			t.Errorf("%s: what is hidden has another page than what is not there: %q, %q", path, a, b)
		}
	}
	for _, r := range []*http.Request{form(formPath, testFile{"a.pdf", "new"}), raw(apiPath, "a.pdf", "new")} {
		if out := w.do(r); out.Code != http.StatusNotFound {
			t.Errorf("POST %s: got %d, want 404", r.URL.Path, out.Code)
		}
	}
	if after := w.documents(); len(after) != len(before) {
		t.Errorf("got documents %v, want %v", after, before)
	}
	// The same bytes as the neighbour's are new here, as any others.
	out := w.do(raw("/api/v1/documents?unit=xa-b&period=2022", "a.pdf", "plain"))
	if out.Code != http.StatusCreated || !strings.Contains(out.Body.String(), `"known":false`) {
		t.Errorf("got %d, want 201 and a new document: %s", out.Code, out.Body)
	}
}

func tagless(s string) string { return tag.ReplaceAllString(s, "") }

func TestMethods(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"DELETE", "/", 404}, {"PUT", "/units/xa-a/2022/register", 404}, {"GET", formPath, 404}, {"GET", "/api/v1/documents", 404},
		{"HEAD", "/", 200}, {"GET", "/static/", 404}, {"GET", "/static/style.css", 200}, {"GET", "/static/../web.go", 404}, {"GET", "/api/v2/x", 404},
	} {
		if out := w.do(httptest.NewRequest(test.method, test.path, nil)); out.Code != test.status && out.Code != http.StatusMethodNotAllowed && out.Code != http.StatusTemporaryRedirect {
			t.Errorf("%s %s: got %d, want %d", test.method, test.path, out.Code, test.status)
		}
	}
}

// TestStatusTable: each code has a sentence, and errors of other packages a
// code of the table.
func TestStatusTable(t *testing.T) {
	for code, status := range statuses {
		if status < 400 || status > 599 || !message.Has("web.error-"+code) {
			t.Errorf("%s: got status %d and a sentence: %v", code, status, message.Has("web.error-"+code))
		}
	}
	for _, k := range known {
		if statuses[k.code] == 0 {
			t.Errorf("%v has the code %q, which is not in the table", k.err, k.code)
		}
	}
}

// TestDefectIsASentence: a panic in a handler is a page without its words.
func TestDefectIsASentence(t *testing.T) {
	w := newWorld(t)
	w.cfg.Authenticate = func(*http.Request) (auth.Principal, error) { panic("secret words") }
	w.start()
	for _, path := range []string{"/", "/api/x"} {
		if out := w.get(path); out.Code != http.StatusInternalServerError || strings.Contains(out.Body.String(), "secret words") {
			t.Errorf("%s: got %d: %s", path, out.Code, out.Body)
		}
	}
}
