package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

const criteriaPath = "/units/xa-a/2022/criteria"

// fields is a form of the criteria page, as a browser sends it.
func fields(path string, names ...string) *http.Request {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for i := 0; i < len(names); i += 2 {
		name, value := names[i], names[i+1]
		file, isFile := strings.CutPrefix(name, "file:")
		if isFile {
			part, err := parts.CreateFormFile("file", file)
			if err == nil {
				_, err = part.Write([]byte(value))
			}
			if err != nil {
				panic(err) // a buffer
			}
		} else if err := parts.WriteField(name, value); err != nil {
			panic(err)
		}
	}
	_ = parts.Close()
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", parts.FormDataContentType())
	return r
}

// hang sends a form of the criteria page that must be done, and returns the
// page that it leads to.
func (w *world) hang(action string, names ...string) string {
	w.t.Helper()
	out := w.do(fields(criteriaPath+"/"+action, names...))
	if out.Code != http.StatusSeeOther {
		w.t.Fatalf("%s %v: got %d, want 303: %s", action, names, out.Code, out.Body)
	}
	to, _, _ := strings.Cut(out.Header().Get("Location"), "#")
	page := w.get(to)
	checkPage(w.t, to, page, "vi")
	return page.Body.String()
}

// links lists the links of the book as "criterion name pages note".
func (w *world) links() string {
	w.t.Helper()
	var list []string
	err := w.session.Store.View(w.t.Context(), evidence.Scope{All: true}, testBook, func(r evidence.Reader) error {
		all, err := r.Attachments(w.t.Context())
		for _, a := range all {
			doc, err := r.Document(w.t.Context(), a.Document)
			if err != nil {
				return err
			}
			list = append(list, strings.TrimSpace(strings.Join([]string{a.Criterion, doc.Name, a.Pages, a.Note}, " ")))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(list, "; ")
}

func TestCriteriaPage(t *testing.T) {
	w := filled(t)
	for _, path := range []string{criteriaPath, criteriaPath + "?criterion=1.6", criteriaPath + "?criterion=nothing&done=nothing"} {
		out := w.get(path)
		checkPage(t, path, out, "vi")
		if body := out.Body.String(); out.Code != http.StatusOK || !strings.Contains(body, "Đối thoại của lãnh đạo xã với người dân") || !strings.Contains(body, "0/3 = 0,0 %") {
			t.Errorf("%s: got %d, want the criteria with the register's count: %s", path, out.Code, body)
		}
		if got, want := strings.Contains(out.Body.String(), `id="file"`), strings.HasSuffix(path, "1.6"); got != want {
			t.Errorf("%s: got the forms: %v, want %v", path, got, want)
		}
	}
	if out := w.get("/units/xa-b/2022/criteria"); out.Code != http.StatusNotFound {
		t.Errorf("another unit: got %d", out.Code)
	}
}

// TestHanging is an officer's way: hang a new file and one that is there, see
// both on the criterion and on the document, take one off, explain.
func TestHanging(t *testing.T) {
	w := filled(t)
	body := w.hang("attach", "criterion", "1.6", "file:đối thoại.pdf", "%PDF-9", "pages", "3, 1-2", "note", "Biên bản <b>\u202eđối thoại")
	for _, want := range []string{"Đã gắn tài liệu và ghi vào sổ cái.", "đối thoại.pdf", "trang 1-3", "Biên bản &lt;b&gt;\ufffdđối thoại"} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in:\n%s", want, body)
		}
	}
	w.hang("attach", "criterion", "1.6", "document", "không dòng.pdf")
	w.hang("attach", "criterion", "1.1", "document", signature.HashOf([]byte("plain")).String()[:12], "pages", "")
	if got, want := w.links(), "1.1 không dòng.pdf; 1.6 đối thoại.pdf 1-3 Biên bản <b>\u202eđối thoại; 1.6 không dòng.pdf"; got != want {
		t.Errorf("got links %q, want %q", got, want)
	}
	page := w.get(documentPath("plain"))
	checkPage(t, "document", page, "vi")
	for _, want := range []string{"1.6 – Đối thoại", "1.1 – Kế hoạch CCHC năm", `<option value="1.2">`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("got no %q on the document's page", want)
		}
	}
	if strings.Contains(page.Body.String(), `<option value="1.6">`) || strings.Contains(page.Body.String(), `<option value="9">`) {
		t.Error("a document is offered for a criterion it hangs on, or for one that a survey answers")
	}
	w.hang("detach", "criterion", "1.6", "document", signature.HashOf([]byte("plain")).String(), "reason", "nhầm tiêu chí")
	if got, want := w.links(), "1.1 không dòng.pdf; 1.6 đối thoại.pdf 1-3 Biên bản <b>\u202eđối thoại"; got != want {
		t.Errorf("got links %q, want %q", got, want)
	}
	body = w.hang("explain", "criterion", "1.5", "text", "Chưa có sáng kiến.\r\nSẽ bổ sung.")
	if !strings.Contains(body, "Chưa có sáng kiến.\nSẽ bổ sung.") {
		t.Errorf("got no explanation in:\n%s", body)
	}
	w.hang("explain", "criterion", "1.5", "text", "", "file:giải trình.pdf", "%PDF-2")
	body = w.hang("explain", "criterion", "1.5", "withdraw", "1", "text", "")
	for _, want := range []string{"Đã rút giải trình", "giải trình.pdf", "Chưa có sáng kiến."} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in the history:\n%s", want, body)
		}
	}
	w.emptySpool()
}

// TestHangingRefused: each wrong form is one sentence with the way back, and
// changes nothing.
func TestHangingRefused(t *testing.T) {
	w := filled(t)
	before := len(w.documents())
	sha := signature.HashOf([]byte("plain")).String()
	for _, test := range []struct {
		action string
		form   []string
		code   string
	}{
		{"attach", []string{"criterion", "1.6"}, "file-or-document"},
		{"attach", []string{"criterion", "1.6", "document", "a.pdf", "file:a.pdf", "a"}, "file-or-document"},
		{"attach", []string{"criterion", "1.6", "document", "a.pdf"}, "no-document"},
		{"attach", []string{"criterion", "1.6", "document", sha[:7]}, "no-document"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", ""}, "empty-file"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", "a", "file:b.pdf", "b"}, "one-file"},
		{"attach", []string{"criterion", "1.6", "file:5-BC (mat).pdf", "a"}, "refused"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", "%PDF-3", "pages", "4"}, "no-such-page"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", "%PDF-3", "pages", "3-1"}, "bad-pages"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", "%PDF-3", "pages", strings.Repeat("1,", 5000)}, "bad-pages"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", "%PDF-3", "note", strings.Repeat("ô", 1001)}, "long-text"},
		{"attach", []string{"criterion", "1.6", "file:a.pdf", "%PDF-3", "note", "\xff"}, "long-text"},
		{"attach", []string{"criterion", "1.99", "file:a.pdf", "%PDF-3"}, "no-criterion"},
		{"attach", []string{"criterion", "../..", "file:a.pdf", "%PDF-3"}, "no-criterion"},
		{"attach", []string{"file:a.pdf", "%PDF-3"}, "no-criterion"},
		{"detach", []string{"criterion", "1.6", "document", sha, "reason", "nhầm"}, "not-found"},
		{"detach", []string{"criterion", "1.6", "document", sha, "reason", " "}, "no-reason"},
		{"detach", []string{"criterion", "1.6", "document", "x", "reason", "nhầm"}, "not-found"},
		{"explain", []string{"criterion", "1.6", "text", " "}, "no-text"},
		{"explain", []string{"criterion", "1.6", "text", strings.Repeat("a", 20_001)}, "long-text"},
		{"explain", []string{"criterion", "1.6", "text", strings.Repeat("a", maxField+1)}, "long-text"},
		{"explain", []string{"criterion", "1.6", "withdraw", "1"}, "not-found"},
	} {
		out := w.do(fields(criteriaPath+"/"+test.action, test.form...))
		want, _, _ := strings.Cut(strings.Split(visitor{Lang: "vi"}.Lang.Text("web.error-"+test.code), "%")[0], `"`)
		if out.Code != statuses[test.code] || !strings.Contains(out.Body.String(), strings.TrimSpace(want)) {
			t.Errorf("%s %.80q: got %d, want %d and %q: %s", test.action, test.form, out.Code, statuses[test.code], want, out.Body)
		}
		checkPage(t, test.code, out, "vi")
	}
	if got := w.links(); got != "" || len(w.documents()) != before {
		t.Errorf("got links %q and documents %v, want nothing changed", got, w.documents())
	}
	w.emptySpool()
	r := fields(criteriaPath+"/attach", "criterion", "1.6", "file:a.pdf", "a")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if out := w.do(r); out.Code != http.StatusForbidden {
		t.Errorf("another site's form: got %d, want 403", out.Code)
	}
}

// TestCriteriaWithoutScheme: a period that no scheme covers says who chooses.
func TestCriteriaWithoutScheme(t *testing.T) {
	w := newWorld(t)
	w.addBook(evidence.BookID{Unit: "xa-a", Period: "2031"}, "Số,Ký hiệu,Ngày\n1,BC-UBND,04/01/2031\n")
	out := w.get("/units/xa-a/2031/criteria")
	if out.Code != http.StatusNotFound || !strings.Contains(out.Body.String(), "Chưa biết bộ chỉ số nào áp dụng cho kỳ 2031") {
		t.Errorf("got %d: %s", out.Code, out.Body)
	}
	checkPage(t, "criteria", out, "vi")
}
