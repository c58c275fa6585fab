package web

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"syscall"

	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/object"
	"minhchung/ledger"
)

// problem is an answer that is not what was asked for. Its sentence is
// "web.error-" + code of the catalogue, which says what to do as well.
type problem struct {
	code string
	args []any
	back string // where the form is that was filled in; "" for the overview
	err  error  // for operators; people never see it
}

func (p problem) Error() string {
	if p.err != nil {
		return p.code + ": " + p.err.Error()
	}
	return p.code
}

func (p problem) Unwrap() error { return p.err }

// statuses is the one table from codes to HTTP statuses (RFC 9110 15, RFC
// 4918 11.5 for 507).
var statuses = map[string]int{
	"bad-filter":       http.StatusBadRequest,
	"bad-request":      http.StatusBadRequest,
	"no-file":          http.StatusBadRequest,
	"no-criterion":     http.StatusBadRequest,
	"no-document":      http.StatusBadRequest,
	"no-person":        http.StatusBadRequest,
	"other-document":   http.StatusConflict,
	"no-reason":        http.StatusBadRequest,
	"no-scheme":        http.StatusNotFound,
	"no-such-page":     http.StatusBadRequest,
	"no-text":          http.StatusBadRequest,
	"bad-pages":        http.StatusBadRequest,
	"empty-file":       http.StatusBadRequest,
	"file-or-document": http.StatusBadRequest,
	"long-text":        http.StatusBadRequest,
	"refused":          http.StatusBadRequest,
	"which-document":   http.StatusBadRequest,
	"one-file":         http.StatusBadRequest,
	"bad-name":         http.StatusBadRequest,
	"bad-key":          http.StatusBadRequest,
	"interrupted":      http.StatusBadRequest,
	"not-allowed":      http.StatusForbidden,
	"cross-origin":     http.StatusForbidden,
	"secret":           http.StatusForbidden,
	"not-found":        http.StatusNotFound,
	"no-register":      http.StatusNotFound,
	"no-picture":       http.StatusNotFound,
	"key-busy":         http.StatusConflict,
	"moved":            http.StatusConflict,
	"file-too-large":   http.StatusRequestEntityTooLarge,
	"too-large":        http.StatusRequestEntityTooLarge,
	"too-many":         http.StatusRequestEntityTooLarge,
	"wrong-host":       http.StatusMisdirectedRequest,
	"key-reused":       http.StatusUnprocessableEntity,
	"internal":         http.StatusInternalServerError,
	"damaged":          http.StatusInternalServerError,
	"search-not-ready": http.StatusServiceUnavailable,
	"unavailable":      http.StatusServiceUnavailable,
	"disk-full":        http.StatusInsufficientStorage,
}

// known are the errors of other packages that have a code of their own.
var known = []struct {
	err  error
	code string
}{
	{object.ErrUnverified, "unavailable"}, // before ErrNotExist, which comes with it
	{object.ErrUnavailable, "unavailable"},
	{evidence.ErrUnavailable, "unavailable"},
	{fs.ErrNotExist, "not-found"},
	{evidence.ErrMoved, "moved"},
	{evidence.ErrFull, "disk-full"},
	{syscall.ENOSPC, "disk-full"},
	{object.ErrCorrupt, "damaged"},
	{ledger.ErrDamaged, "damaged"},
	{evidence.ErrDamaged, "damaged"},
	{evidence.ErrOutcome, "unavailable"},
	{ledger.ErrClockBehind, "unavailable"},
	{context.Canceled, "unavailable"},
	{context.DeadlineExceeded, "unavailable"},
}

// classify finds the problem that an error is; "internal" for one that the
// tables do not know.
func classify(err error) problem {
	var p problem
	if errors.As(err, &p) {
		return p
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem{code: "too-large", args: []any{large.Limit >> 20}, err: err}
	}
	var unknown *count.UnknownError
	if errors.As(err, &unknown) {
		return problem{code: "not-found", err: err}
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return problem{code: k.code, err: err}
		}
	}
	return problem{code: "internal", err: err}
}

// retryAfter is when somebody who was told "unavailable" should come again, in
// seconds (RFC 9110 10.2.3): engines are looked at more often than that.
const retryAfter = "5"

// prepare logs what operators must see and returns status and sentence.
func (s *server) prepare(w http.ResponseWriter, r *http.Request, who visitor, err error) (p problem, status int, sentence string) {
	p = classify(err)
	status = statuses[p.code]
	if status == 0 { // a code that nobody put into the table
		status = http.StatusInternalServerError
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	if status >= 500 {
		s.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "code", p.code, "error", err)
	}
	return p, status, who.Lang.Text("web.error-"+p.code, p.args...)
}

// showError answers with a page.
func (s *server) showError(w http.ResponseWriter, r *http.Request, who visitor, err error) {
	p, status, sentence := s.prepare(w, r, who, err)
	if err := s.render(w, r, who, status, "error", errorPage{status, sentence, p.back}); err != nil {
		s.Log.Error("showing an error", "error", err)
	}
}

type errorPage struct {
	Status   int
	Sentence string
	Back     string
}

// errorJSON is the form of every error of the API.
type errorJSON struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// sendError answers with JSON.
func (s *server) sendError(w http.ResponseWriter, r *http.Request, who visitor, err error) {
	p, status, sentence := s.prepare(w, r, who, err)
	var body errorJSON
	body.Error.Code, body.Error.Message = p.code, sentence
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // two strings
	}
	sendJSON(w, status, append(b, '\n'))
}

func sendJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
