package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/signature"
)

func TestFormTakesManyFiles(t *testing.T) {
	w := newWorld(t)
	out := w.do(form(formPath,
		testFile{"1-BC-UBND_04-01-2022.pdf", "altered"}, testFile{`C:\\quét\\khác.pdf`, "plain"},
		testFile{"lại.pdf", "plain"}, testFile{"5-BC (MẬT).pdf", "do not keep"}, testFile{"", ""}))
	body := out.Body.String()
	if out.Code != http.StatusOK {
		t.Fatalf("got %d: %s", out.Code, body)
	}
	for _, want := range []string{"Đã nhận 2 tệp mới; 1 tệp đã có từ trước; 1 tệp không nhận", "ĐÃ BỊ THAY ĐỔI", "1/BC-UBND", "mang dấu mức độ mật"} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in:\n%s", want, body)
		}
	}
	checkPage(t, formPath, out, "vi")
	// The same bytes are one document, under the name that was inspected first.
	got := w.documents()
	if one, two := []string{"1-BC-UBND_04-01-2022.pdf", "khác.pdf"}, []string{"1-BC-UBND_04-01-2022.pdf", "lại.pdf"}; !slices.Equal(got, one) && !slices.Equal(got, two) {
		t.Errorf("got documents %v, want %v or %v", got, one, two)
	}
	w.emptySpool()
}

// TestUploadedBeforeReading: a row that waits for the file's text is no task
// of the clerk's.
func TestUploadedBeforeReading(t *testing.T) {
	row := evidence.Row{ID: "r", Number: "1", Notation: "BC-UBND"}
	a := accepted{verdict: signature.Verdict{Result: signature.ResultIntact}, rows: []evidence.Row{row},
		states: []evidence.RowState{{Row: "r", Rule: defaultRule(), State: evidence.Undetermined, Code: "content-unconfirmed"}}}
	for read, want := range map[bool]string{false: "web.next-reading", true: "web.next-row"} {
		a.read = read
		if f := uploadedOf("vi", bookPart{}, a); f.Reading == read || f.Next != message.Lang("vi").Text(want) {
			t.Errorf("read %v: got %v and %q, want the words of %s", read, f.Reading, f.Next, want)
		}
	}
}

// brokenBody ends before the request does.
type brokenBody struct{ io.Reader }

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// declared changes the length that a request says it has.
func declared(r *http.Request, length int64) *http.Request {
	r.ContentLength = length
	return r
}

// TestUploadsThatLeaveNothing: each is refused with its own code, and nothing
// of it is in the ledger, among the objects or in the spool.
func TestUploadsThatLeaveNothing(t *testing.T) {
	whole := func() []byte {
		b, err := io.ReadAll(form(formPath, testFile{"a.pdf", strings.Repeat("x", 5000)}).Body)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}()
	cut := func(path string) *http.Request {
		r := form(path, testFile{"a.pdf", strings.Repeat("x", 5000)})
		boundary, _, _ := strings.Cut(strings.TrimPrefix(string(whole), "--"), "\r\n")
		r.Body = io.NopCloser(brokenBody{bytes.NewReader(whole[:2500])})
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		return r
	}
	with := func(r *http.Request, header, value string) *http.Request {
		r.Header.Set(header, value)
		return r
	}
	big := strings.Repeat("x", 20<<10)
	for name, test := range map[string]struct {
		request *http.Request
		status  int
		code    string
	}{
		"broken off":              {cut(apiPath), 400, "interrupted"},
		"form broken off":         {cut(formPath), 400, ""},
		"raw broken off":          {with(httptest.NewRequest("POST", apiPath, brokenBody{strings.NewReader("abc")}), "Content-Disposition", `attachment; filename="a.pdf"`), 400, "interrupted"},
		"file too large":          {raw(apiPath, "a.pdf", big), 413, "file-too-large"},
		"form, file too large":    {form(formPath, testFile{"a.pdf", big}), 422, ""},
		"request too large":       {form(formPath, testFile{"a.pdf", "x"}, testFile{"b.pdf", big}, testFile{"c.pdf", big}, testFile{"d.pdf", big}), 413, ""},
		"declared too large":      {declared(raw(apiPath, "a.pdf", "x"), 1<<40), 413, "too-large"},
		"undeclared too large":    {declared(form(formPath, testFile{"a.pdf", "x"}, testFile{"b.pdf", big}, testFile{"c.pdf", big}, testFile{"d.pdf", big}), -1), 413, ""},
		"secret":                  {raw(apiPath, "5-BC (mat).pdf", "x"), 403, "secret"},
		"nothing":                 {raw(apiPath, "a.pdf", ""), 400, "no-file"},
		"form without file":       {form(formPath), 400, ""},
		"part without file":       {form(apiPath), 400, "no-file"},
		"two files":               {form(apiPath, testFile{"a.pdf", "a"}, testFile{"b.pdf", "b"}), 400, "one-file"},
		"no name":                 {httptest.NewRequest("POST", apiPath, strings.NewReader("x")), 400, "bad-name"},
		"dots":                    {raw(apiPath, "..", "x"), 400, "bad-name"},
		"long name":               {raw(apiPath, strings.Repeat("a", 256), "x"), 400, "bad-name"},
		"no UTF-8":                {raw(apiPath, "a\xff", "x"), 400, "bad-name"},
		"not multipart":           {with(form(formPath, testFile{"a.pdf", "a"}), "Content-Type", "application/x-www-form-urlencoded"), 400, ""},
		"unknown unit":            {raw("/api/v1/documents?unit=xa-z&period=2022", "a.pdf", "x"), 404, "not-found"},
		"unknown period":          {raw("/api/v1/documents?unit=xa-a&period=1999", "a.pdf", "x"), 404, "not-found"},
		"root book":               {raw("/api/v1/documents", "a.pdf", "x"), 404, "not-found"},
		"path as unit":            {raw("/api/v1/documents?unit=../xa-a&period=2022", "a.pdf", "x"), 404, "not-found"},
		"long key":                {with(raw(apiPath, "a.pdf", "x"), "Idempotency-Key", strings.Repeat("k", 256)), 400, "bad-key"},
		"key with control letter": {with(raw(apiPath, "a.pdf", "x"), "Idempotency-Key", "a\tb"), 400, "bad-key"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.FileBytes, w.cfg.RequestBytes = 10<<10, 50<<10
			w.start()
			out := w.do(test.request)
			if out.Code != test.status {
				t.Fatalf("got %d, want %d: %s", out.Code, test.status, out.Body)
			}
			if test.code != "" {
				if got := errorCode(t, out); got != test.code {
					t.Errorf("got %s, want %s", got, test.code)
				}
			} else {
				checkPage(t, name, out, "vi")
			}
			w.nothingLeft()
		})
	}
}

func TestAPIAnswer(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest("POST", apiPath, strings.NewReader("altered"))
	r.Header.Set("Content-Disposition", "attachment; filename*=UTF-8''6-KH-UBND_08-01-2022%20%C4%91%C3%A3%20k%C3%BD.pdf")
	out := w.do(r)
	var got documentJSON
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil || out.Code != http.StatusCreated {
		t.Fatalf("got %d, %v: %s", out.Code, err, out.Body)
	}
	if got.Name != "6-KH-UBND_08-01-2022 đã ký.pdf" || got.Known || got.Verdict.Result != signature.ResultAltered || got.SHA256 != signature.HashOf([]byte("altered")) {
		t.Errorf("got %+v", got)
	}
	if !slices.Equal(got.Match.Rows, []string{"6/KH-UBND"}) || got.Match.By != "name" {
		t.Errorf("got match %+v, want row 6/KH-UBND by name", got.Match)
	}
	if len(got.States) != 1 || got.States[0].State != evidence.Disproven || got.States[0].Code != "missing-person" {
		t.Errorf("got states %+v, want DISPROVEN: nobody on the roster signed", got.States)
	}
	if !got.Receipt.Anchored || got.Receipt.Row != "6/KH-UBND" || len(got.Receipt.Receipts) != 6 {
		t.Errorf("got a receipt of %d entries, anchored %v, row %q", len(got.Receipt.Receipts), got.Receipt.Anchored, got.Receipt.Row)
	}
	for _, receipt := range got.Receipt.Receipts {
		if err := receipt.Verify(w.session.Public); err != nil {
			t.Errorf("entry %d: %v", receipt.Index, err)
		}
	}
	again := w.do(raw(apiPath, "other name.pdf", "altered"))
	if again.Code != http.StatusOK || !strings.Contains(again.Body.String(), `"known":true`) {
		t.Errorf("got %d for the same bytes, want 200 and known: %s", again.Code, again.Body)
	}
	if n := len(w.documents()); n != 1 {
		t.Errorf("got %d documents, want 1", n)
	}
}

func keyed(path, key, name, content string) *http.Request {
	r := raw(path, name, content)
	r.Header.Set("Idempotency-Key", key)
	return r
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	w.addBook(evidence.BookID{Unit: "xa-b", Period: "2022"}, testRegister)
	first := w.do(keyed(apiPath, "k", "a.pdf", "one"))
	w.start() // a new process: the answer was kept
	second := w.do(keyed(apiPath, "k", "a.pdf", "one"))
	if first.Code != http.StatusCreated || second.Code != first.Code || second.Body.String() != first.Body.String() {
		t.Errorf("got %d and %d, want the same answer twice: %s, %s", first.Code, second.Code, first.Body, second.Body)
	}
	if first.Header().Get("Idempotency-Replayed") != "" || second.Header().Get("Idempotency-Replayed") != "true" {
		t.Error("only the second answer is a repetition")
	}
	for _, r := range []*http.Request{keyed(apiPath, "k", "a.pdf", "two"), keyed(apiPath, "k", "b.pdf", "one")} {
		if out := w.do(r); out.Code != http.StatusUnprocessableEntity || errorCode(t, out) != "key-reused" {
			t.Errorf("got %d, want 422: %s", out.Code, out.Body)
		}
	}
	if out := w.do(keyed("/api/v1/documents?unit=xa-b&period=2022", "k", "a.pdf", "two")); out.Code != http.StatusCreated {
		t.Errorf("another unit's key: got %d, want 201: %s", out.Code, out.Body)
	}
	w.who.ID = "somebody-else"
	if out := w.do(keyed(apiPath, "k", "c.pdf", "three")); out.Code != http.StatusCreated {
		t.Errorf("another principal's key: got %d, want 201: %s", out.Code, out.Body)
	}
	if got, want := w.documents(), []string{"a.pdf", "c.pdf"}; !slices.Equal(got, want) {
		t.Errorf("got documents %v, want %v", got, want)
	}
}

// TestIdempotencyKeyInWork: the second of two requests with one key is told to
// wait, and finds the answer afterwards.
func TestIdempotencyKeyInWork(t *testing.T) {
	w := newWorld(t)
	body, writer := io.Pipe()
	r := httptest.NewRequest("POST", apiPath, body)
	r.Header.Set("Content-Disposition", `attachment; filename="a.pdf"`)
	r.Header.Set("Idempotency-Key", "k")
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- w.do(r) }()
	if _, err := io.WriteString(writer, "on"); err != nil { // the handler reads: it holds the key
		t.Fatal(err)
	}
	if out := w.do(keyed(apiPath, "k", "a.pdf", "one")); out.Code != http.StatusConflict || errorCode(t, out) != "key-busy" {
		t.Errorf("got %d, want 409: %s", out.Code, out.Body)
	}
	_, err := io.WriteString(writer, "e")
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	if out := <-done; out.Code != http.StatusCreated {
		t.Errorf("got %d, want 201: %s", out.Code, out.Body)
	}
	if out := w.do(keyed(apiPath, "k", "a.pdf", "one")); out.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("got %d, want the kept answer: %s", out.Code, out.Body)
	}
}

func TestAnswersExpire(t *testing.T) {
	w := newWorld(t)
	w.do(keyed(apiPath, "k", "a.pdf", "one"))
	w.cfg.Now = func() time.Time { return time.Now().Add(keepAnswers + time.Minute) }
	w.start()
	if left, err := os.ReadDir(w.session.Answers); err != nil || len(left) != 0 {
		t.Errorf("got %v, %v, want no answer left", left, err)
	}
	if out := w.do(keyed(apiPath, "k", "a.pdf", "one")); out.Code != http.StatusOK || !strings.Contains(out.Body.String(), `"known":true`) {
		t.Errorf("got %d, want the document known: %s", out.Code, out.Body)
	}
}

// TestClientThatIsGone: an upload that was received whole is finished.
func TestClientThatIsGone(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	inspecting := w.cfg.Intake
	w.cfg.Intake = func(c context.Context, scope evidence.Scope, k evidence.BookID) (*evidence.Intake, func(), error) {
		cancel()
		return inspecting(c, scope, k)
	}
	w.start()
	w.do(keyed(apiPath, "k", "a.pdf", "one").WithContext(ctx))
	if got := w.documents(); !slices.Equal(got, []string{"a.pdf"}) {
		t.Errorf("got documents %v, want a.pdf", got)
	}
}

// fullStore is a store on a full disk.
type fullStore struct{ evidence.Store }

func (fullStore) Update(context.Context, evidence.Scope, evidence.BookID, func(evidence.Tx) error) (evidence.Commitment, error) {
	return evidence.Commitment{}, evidence.ErrFull
}

func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	w.cfg.Intake = func(ctx context.Context, scope evidence.Scope, k evidence.BookID) (*evidence.Intake, func(), error) {
		in, done, err := w.intake(ctx, scope, k)
		in.Store = fullStore{in.Store}
		return in, done, err
	}
	w.start()
	if out := w.do(raw(apiPath, "a.pdf", "one")); out.Code != http.StatusInsufficientStorage || errorCode(t, out) != "disk-full" {
		t.Errorf("got %d, want 507: %s", out.Code, out.Body)
	}
	w.nothingLeft()
}

func TestDownload(t *testing.T) {
	w := filled(t)
	path := documentPath("plain") + "/file?unit=xa-a&period=2022"
	out := w.get(path)
	sum := signature.HashOf([]byte("plain"))
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Length": "5",
		"Content-Disposition": "attachment; filename*=utf-8''kh%C3%B4ng%20d%C3%B2ng.pdf",
		"Repr-Digest":         "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":", "X-Content-Type-Options": "nosniff",
	} {
		if got := out.Header().Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	if out.Code != http.StatusOK || out.Body.String() != "plain" {
		t.Errorf("got %d %q, want the document", out.Code, out.Body)
	}
}

// TestDamagedDownload: not one byte of a damaged document goes out.
func TestDamagedDownload(t *testing.T) {
	w := filled(t)
	damaged := 0
	objects := filepath.Join(filepath.Dir(w.session.Spool), "objects")
	err := filepath.WalkDir(objects, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		damaged++
		return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("plaiN"), 0o600))
	})
	if err != nil || damaged == 0 {
		t.Fatalf("damaged %d objects, %v", damaged, err)
	}
	out := w.get(documentPath("plain") + "/file")
	if out.Code != http.StatusInternalServerError || strings.Contains(out.Body.String(), "plaiN") || !strings.Contains(out.Body.String(), "minhchung check") {
		t.Errorf("got %d: %s", out.Code, out.Body)
	}
}

// TestReplacedDocumentIsNamed: a row that had another file says so, in the page
// and in the answer; the old document stays.
func TestReplacedDocumentIsNamed(t *testing.T) {
	w := filled(t)
	out := w.do(raw(apiPath, "6-KH-UBND_08-01-2022.pdf", "first"))
	if out.Code != http.StatusCreated || !strings.Contains(out.Body.String(), `"replaced":[]`) {
		t.Fatalf("got %d: %s", out.Code, out.Body)
	}
	out = w.do(raw(apiPath, "06-KH-UBND_08-01-2022.pdf", "second"))
	var got documentJSON
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := replacedJSON{"6/KH-UBND", signature.HashOf([]byte("first")), "6-KH-UBND_08-01-2022.pdf"}
	if len(got.Match.Replaced) != 1 || got.Match.Replaced[0] != want {
		t.Errorf("got %+v, want %+v", got.Match.Replaced, want)
	}
	page := w.do(form(formPath, testFile{"6-KH-UBND_08-01-2022 sửa.pdf", "third"}))
	if body := page.Body.String(); !strings.Contains(body, "thay cho") || !strings.Contains(body, "06-KH-UBND_08-01-2022.pdf") {
		t.Errorf("the page does not name the replaced file:\n%s", body)
	}
	checkPage(t, formPath, page, "vi")
	// As the page says: the old file again takes its place back.
	again := w.do(raw(apiPath, "6-KH-UBND_08-01-2022.pdf", "first"))
	if body := again.Body.String(); again.Code != http.StatusOK || !strings.Contains(body, `"rows":["6/KH-UBND"]`) || !strings.Contains(body, "sửa.pdf") {
		t.Errorf("got %d for the old file again: %s", again.Code, body)
	}
	if code := w.get(documentPath("first")).Code; code != http.StatusOK {
		t.Errorf("got %d for the replaced document, want 200", code)
	}
}
