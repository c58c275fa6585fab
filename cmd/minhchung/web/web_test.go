package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/cmd/minhchung/auth"
	"minhchung/cmd/minhchung/config"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/object"
	"minhchung/evidence/register"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/trust"
)

const testHost = "127.0.0.1:8080"

var testBook = evidence.BookID{Unit: "xa-a", Period: "2022"}

const testRegister = `Số,Ký hiệu,Ngày,Trích yếu,Tệp,Loại trừ,Lý do,Người duyệt,Độ mật
1,BC-UBND,04/01/2022,Báo cáo quý,1-BC-UBND_04-01-2022.pdf,,,,
2,BC-UBND,05/01/2022,"<script>alert(1)</script> ` + "\u202e" + `fdp.exe",,,,,
3,QĐ-UBND,06/01/2022,Quyết định hủy,,void,ghi nhầm,Trần Thị Mẫu,
4,BC-UBND,07/01/2022,Báo cáo mật,,,,,mật
6,KH-UBND,08/01/2022,Kế hoạch,,,,,
`

// world is a handler over real stores of an office, with an inspector that
// stands for the worker pool.
type world struct {
	t       testing.TB
	session *config.Session
	cfg     Config
	handler http.Handler
	who     auth.Principal
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := newEmptyWorld(t)
	w.addBook(testBook, testRegister)
	return w
}

// newEmptyWorld has no unit and no book.
func newEmptyWorld(t testing.TB) *world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s, err := config.Open(t.Context(), config.Config{Data: dir}, config.Write)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, session: s, who: auth.Principal{ID: auth.OfficeID, All: true}}
	w.cfg = Config{
		Store: s.Store, Objects: s.Objects, Public: s.Public, Spool: s.Spool, Answers: s.Answers, Hosts: []string{testHost},
		Intake: w.intake, Log: slog.New(slog.DiscardHandler),
		Authenticate: func(r *http.Request) (auth.Principal, error) {
			if _, err := auth.Office(r); err != nil {
				return auth.Principal{}, err
			}
			return w.who, nil
		},
	}
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	var err error
	if w.handler, err = New(w.cfg); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) addBook(k evidence.BookID, csv string) {
	w.t.Helper()
	scope := evidence.Scope{All: true, Actor: "test"}
	_, err := w.session.Store.Update(w.t.Context(), scope, evidence.RootBook, func(tx evidence.Tx) error {
		_, err := tx.Append(w.t.Context(), evidence.UnitAdded{Unit: evidence.Unit{ID: k.Unit, Name: "UBND xã Thử"}})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	reg, err := register.Parse("register.csv", []byte(csv), k.Period, register.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	in, done, err := w.intake(w.t.Context(), scope, k)
	if err != nil {
		w.t.Fatal(err)
	}
	defer done()
	if err := in.Begin(w.t.Context(), reg, added(reg)); err != nil {
		w.t.Fatal(err)
	}
}

// added is the import of a first register.
func added(reg evidence.Register) func([]evidence.Row) (evidence.RowChanges, error) {
	return func([]evidence.Row) (evidence.RowChanges, error) { return evidence.RowChanges{Added: reg.Rows}, nil }
}

func (w *world) intake(_ context.Context, scope evidence.Scope, k evidence.BookID) (*evidence.Intake, func(), error) {
	policy, canonical, err := trust.Policy("")
	if err != nil {
		return nil, nil, err
	}
	basis := evidence.Basis{MaterialHash: trust.Hash(signature.Material{}), Policy: policy, PolicyBytes: canonical, Rules: []evidence.Rule{count.Rules()[0]}}
	in := &evidence.Intake{
		Store: w.session.Store, Objects: w.session.Objects, Inspect: inspect, Scope: scope, Book: k,
		Origin: w.session.Origin(k), Basis: basis, Workers: 2, Group: 8, Now: time.Now,
	}
	return in, func() {}, nil
}

// inspect gives a file that begins with "altered" a signature with a forbidden
// change, and finds nothing in any other. "%PDF-12" has 12 pages.
func inspect(_ context.Context, _ signature.Hash, size int64, body io.Reader, _ []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	facts := signature.Facts{Reader: "test/1", SHA256: sha256.Sum256(data), Size: size, Format: "pdf", Condition: signature.Readable}
	_, _ = fmt.Sscanf(string(data), "%%PDF-%d", &facts.Pages) // others have none
	verdict := signature.Verdict{Result: signature.ResultUnsigned, Policy: "vn-2025", At: at, Signatures: []signature.SignatureVerdict{}}
	if bytes.HasPrefix(data, []byte("altered")) {
		changes := []signature.Change{{Revision: 1, Page: 2, What: signature.WhatPageContent, Class: signature.ChangeForbidden}}
		facts.Signatures = []signature.SignatureFacts{{Kind: signature.KindSignature, Field: "a", Changes: changes}}
		verdict.Result = signature.ResultAltered
		verdict.Signatures = []signature.SignatureVerdict{{
			Kind: signature.KindSignature, Field: "a", Integrity: signature.IntegrityIntact, Coverage: signature.CoverageExact,
			Changes: signature.ChangeForbidden, ChangeList: changes, Indication: signature.TotalFailed, Subindication: signature.FormatFailure,
			Signer: &signature.SignerInfo{Name: "Nguyễn Văn Thử <b>", Issuer: "CN=CA thử"}, TrustDomain: signature.DomainTest, Revocation: "none",
			Reasons: []string{signature.ReasonAltered}, Fingerprint: signature.HashOf(data),
		}}
	}
	return facts, verdict, nil
}

// do sends a request as a browser on this machine would.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	w.t.Helper()
	if r.Host == "example.com" { // what httptest puts there
		r.Host = testHost
	}
	if r.RemoteAddr == "192.0.2.1:1234" {
		r.RemoteAddr = "127.0.0.1:50000"
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

func (w *world) get(path string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do(httptest.NewRequest(http.MethodGet, path, nil))
}

type testFile struct{ name, content string }

func form(path string, files ...testFile) *http.Request {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for _, f := range files {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", `form-data; name="file"; filename="`+f.name+`"`)
		part, err := parts.CreatePart(h)
		if err == nil {
			_, err = io.WriteString(part, f.content)
		}
		if err != nil {
			panic(err) // a buffer
		}
	}
	_ = parts.Close()
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", parts.FormDataContentType())
	return r
}

const formPath = "/units/xa-a/2022/documents"

// documents lists what the book holds.
func (w *world) documents() []string {
	w.t.Helper()
	var names []string
	err := w.session.Store.View(w.t.Context(), evidence.Scope{All: true}, testBook, func(r evidence.Reader) error {
		docs, err := r.Documents(w.t.Context())
		for _, d := range docs {
			names = append(names, d.Name)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// nothingLeft fails when a request left something behind.
func (w *world) nothingLeft() {
	w.t.Helper()
	if docs := w.documents(); len(docs) != 0 {
		w.t.Errorf("got documents %v, want none", docs)
	}
	w.emptySpool()
	err := w.session.Objects.List(w.t.Context(), "", func(object.Key) error { return errors.New("an object was stored") })
	if err != nil {
		w.t.Error(err)
	}
}

func (w *world) emptySpool() {
	w.t.Helper()
	left, err := fs.Glob(os.DirFS(w.session.Spool), "*")
	if err != nil || len(left) != 0 {
		w.t.Errorf("got %v, %v in the spool, want nothing", left, err)
	}
}

func errorCode(t *testing.T, out *httptest.ResponseRecorder) string {
	t.Helper()
	var body errorJSON
	if err := json.Unmarshal(out.Body.Bytes(), &body); err != nil || body.Error.Message == "" {
		t.Fatalf("got %q (%v), want an error with code and message", out.Body, err)
	}
	if strings.HasPrefix(body.Error.Message, "web.") {
		t.Errorf("%s has no sentence", body.Error.Code)
	}
	return body.Error.Code
}
