package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/signature"
)

// maxFiles is how many files one request may bring, as for an archive.
const maxFiles = 1000

type uploadedPage struct {
	Book    bookPart
	Files   []uploadedFile
	Refused []refusedFile
	New     int
	Known   int
}

type uploadedFile struct {
	Name, Link   string
	Known        bool
	Reading      bool // rows wait for its text
	Ambiguous    bool
	Result, Word string
	Next         string
	Rows         []uploadedRow
	Replaced     []filePart
	Size         int64
}

type uploadedRow struct {
	Name  string
	State statePart
}

type refusedFile struct{ Name, Sentence string }

// uploadForm takes the files of the register page's form. A file that is
// refused by itself, by its name or size, does not stop the others; a request
// that is broken off stores nothing.
func (s *server) uploadForm(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, err := s.book(r.Context(), who, r)
	if err != nil {
		return err
	}
	if err := s.limit(w, r); err != nil {
		return err
	}
	form, err := s.receiveForm(r, who)
	defer form.remove()
	if err != nil {
		return err
	}
	if len(form.files) == 0 && len(form.refused) == 0 {
		return problem{code: "no-file"}
	}
	var list []accepted
	if len(form.files) > 0 {
		if list, err = s.accept(r.Context(), who, k, form.files); err != nil {
			return err
		}
	}
	page, err := s.uploaded(r, who, k, list)
	if err != nil {
		return err
	}
	page.Refused = form.refused
	status := http.StatusOK
	if len(form.files) == 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.render(w, r, who, status, "uploaded", page)
}

// limit bounds the body of a request, by what it says and by what it is.
func (s *server) limit(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, s.RequestBytes)
	if r.ContentLength > s.RequestBytes {
		return &http.MaxBytesError{Limit: s.RequestBytes}
	}
	return nil
}

// receivedForm is a multipart form: its files, and its fields of text.
type receivedForm struct {
	files   []spooled
	refused []refusedFile
	fields  url.Values
}

// remove deletes the spooled files.
func (f receivedForm) remove() {
	for _, file := range f.files {
		file.remove()
	}
}

const (
	// maxField bounds a field of text in bytes, over the longest explanation.
	maxField = 64 << 10
	// maxFields is how many fields a form may have.
	maxFields = 20
)

// receiveForm spools the files of a multipart request. The caller removes
// what is returned, on errors too.
func (s *server) receiveForm(r *http.Request, who visitor) (form receivedForm, err error) {
	form.fields = url.Values{}
	parts, err := r.MultipartReader()
	if err != nil {
		return form, problem{code: "bad-request", err: err}
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return form, nil
		}
		if err != nil {
			return form, broken(err)
		}
		if part.FormName() != "file" {
			if err := form.field(part); err != nil {
				return form, err
			}
			continue
		}
		if part.FileName() == "" {
			continue // an empty choice
		}
		if len(form.files)+len(form.refused) == maxFiles {
			return form, problem{code: "too-many", args: []any{maxFiles}}
		}
		f, err := s.spool(part.FileName(), part)
		var p problem
		switch {
		case err == nil:
			form.files = append(form.files, f)
		case errors.As(err, &p) && p.code != "interrupted":
			form.refused = append(form.refused, refusedFile{part.FileName(), who.Lang.Text("web.error-"+p.code, p.args...)})
		default:
			return form, err
		}
	}
}

// field keeps the first value of a field of text.
func (f receivedForm) field(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxField+1))
	switch {
	case err != nil:
		return broken(err)
	case len(value) > maxField || len(f.fields) == maxFields:
		return problem{code: "long-text", args: []any{maxField}}
	case !f.fields.Has(part.FormName()):
		f.fields.Set(part.FormName(), string(value))
	}
	return nil
}

// broken is the error of a multipart body: too large, or not one.
func broken(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, multipart.ErrMessageTooLarge):
		return problem{code: "interrupted", err: err}
	}
	return problem{code: "bad-request", err: err}
}

// uploaded says what became of each file.
func (s *server) uploaded(r *http.Request, who visitor, k evidence.BookID, list []accepted) (uploadedPage, error) {
	var page uploadedPage
	err := s.Store.View(r.Context(), who.Scope(), k, func(v evidence.Reader) error {
		unit, err := unitOf(r.Context(), v, k.Unit)
		page.Book = bookOf(k, unit.Name)
		return err
	})
	for _, a := range list {
		if a.known {
			page.Known++
		} else {
			page.New++
		}
		page.Files = append(page.Files, uploadedOf(who.Lang, page.Book, a))
	}
	return page, err
}

func uploadedOf(lang message.Lang, book bookPart, a accepted) uploadedFile {
	f := uploadedFile{
		Name: a.file.name, Link: documentLink(book, a.document), Known: a.known, Ambiguous: a.ambiguous, Size: a.file.size,
		Result: string(a.verdict.Result), Word: report.Word(lang, "result", string(a.verdict.Result)), Next: report.NextStep(lang, a.verdict),
	}
	for _, row := range a.rows {
		u := uploadedRow{Name: rowName(row)}
		for _, state := range a.states {
			if state.Row == row.ID && state.Rule == defaultRule() {
				u.State = stateOf(lang, state)
			}
		}
		f.Rows = append(f.Rows, u)
		if f.Result == string(signature.ResultIntact) && u.State.Code != "" {
			f.Next = lang.Text("web.next-row")
		}
		if u.State.Code == count.CodeContentUnconfirmed && !a.read {
			f.Reading, f.Next = true, lang.Text("web.next-reading")
		}
	}
	for _, old := range a.replaced {
		f.Replaced = append(f.Replaced, filePart{old.old.Name, documentLink(book, old.old), old.old.Size})
	}
	return f
}
