package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/scheme"
	"minhchung/evidence/signature"
)

// deeds are what the forms of the criteria page do; "web.done-" + deed says
// that it is done.
var deeds = []string{"attached", "detached", "explained", "withdrawn"}

// hanging is a form of the criteria page that was received.
type hanging struct {
	book      evidence.BookID
	scheme    *scheme.Scheme
	criterion string
	fields    url.Values
	file      *spooled // nil for none
}

// hangingForm receives a form, does the deed and leads back to the criterion.
func (s *server) hangingForm(do func(ctx context.Context, who visitor, h hanging) (deed string, err error)) handler {
	return func(w http.ResponseWriter, r *http.Request, who visitor) error {
		k, form, err := s.fields(w, r, who)
		defer form.remove()
		back := bookOf(k, "").Path + "/criteria"
		var h hanging
		if err == nil {
			h, err = s.readHanging(r.Context(), who, k, form)
		}
		deed := ""
		if err == nil {
			back = criterionLink(bookOf(k, ""), h.criterion)
			deed, err = do(r.Context(), who, h)
		}
		if err != nil {
			p := classify(err)
			p.back = back
			return p
		}
		path, anchor, _ := strings.Cut(back, "#")
		http.Redirect(w, r, path+"&done="+deed+"#"+anchor, http.StatusSeeOther)
		return nil
	}
}

// fields receives a form about a book.
func (s *server) fields(w http.ResponseWriter, r *http.Request, who visitor) (k evidence.BookID, form receivedForm, err error) {
	if k, err = s.book(r.Context(), who, r); err != nil {
		return k, form, err
	}
	if err := s.limit(w, r); err != nil {
		return k, form, err
	}
	form, err = s.receiveForm(r, who)
	return k, form, err
}

func (s *server) readHanging(ctx context.Context, who visitor, k evidence.BookID, form receivedForm) (h hanging, err error) {
	h = hanging{book: k, criterion: strings.TrimSpace(form.fields.Get("criterion")), fields: form.fields}
	switch {
	case len(form.refused) > 0:
		return h, problem{code: "refused", args: []any{form.refused[0].Name, form.refused[0].Sentence}}
	case len(form.files) > 1:
		return h, problem{code: "one-file"}
	case len(form.files) == 1:
		if h.file = &form.files[0]; h.file.size == 0 {
			return h, problem{code: "empty-file", args: []any{h.file.name}}
		}
	}
	if h.scheme, err = s.schemeOf(ctx, who, k); err != nil {
		return h, err
	}
	if !evidence.ValidCriterion(h.criterion) {
		return h, problem{code: "no-criterion"}
	}
	return h, nil
}

// known reports whether the scheme in force has the criterion. What hangs on
// another scheme's can be taken off all the same.
func (h hanging) known() error {
	if _, err := h.scheme.Criterion(h.criterion); err != nil {
		return problem{code: "no-criterion", err: err}
	}
	return nil
}

// words is a field of people's words, bounded in bytes.
func words(fields url.Values, name string, limit int) (string, error) {
	said := strings.TrimSpace(strings.ReplaceAll(fields.Get(name), "\r\n", "\n"))
	if len(said) > limit || !utf8.ValidString(said) {
		return "", problem{code: "long-text", args: []any{limit}}
	}
	return said, nil
}

// incoming is the file as the intake takes it.
func (h hanging) incoming() evidence.File {
	return evidence.File{Name: h.file.name, Open: h.file.open, Size: h.file.size}
}

// attach hangs the file, or a document that the book has, on the criterion.
func (s *server) attach(ctx context.Context, who visitor, h hanging) (string, error) {
	if err := h.known(); err != nil {
		return "", err
	}
	note, err := words(h.fields, "note", evidence.MaxNoteBytes)
	if err != nil {
		return "", err
	}
	pages, err := evidence.ParsePages(h.fields.Get("pages"))
	if err != nil {
		return "", problem{code: "bad-pages", err: err}
	}
	name := strings.TrimSpace(h.fields.Get("document"))
	if (name == "") == (h.file == nil) {
		return "", problem{code: "file-or-document"}
	}
	used := report.Used(h.scheme)
	links := []evidence.Attachment{{Criterion: h.criterion, Scheme: used.SHA256, Pages: pages.String(), Note: note}}
	return "attached", s.alone(ctx, func(ctx context.Context) error {
		var sha signature.Hash
		if h.file == nil {
			if sha, err = s.documentNamed(ctx, who, h.book, name); err != nil {
				return err
			}
		}
		return s.withIntake(ctx, who, h.book, func(in *evidence.Intake) error {
			if _, err := in.UseScheme(ctx, used, false); err != nil {
				return err
			}
			if h.file == nil {
				return hangingError(in.AttachDocument(ctx, sha, links))
			}
			return s.boundedWork(ctx, documents, func(ctx context.Context) error {
				_, _, err := in.Attach(ctx, h.incoming(), links)
				return hangingError(err)
			})
		})
	})
}

// documentNamed finds the one document that people mean by a name.
func (s *server) documentNamed(ctx context.Context, who visitor, k evidence.BookID, name string) (signature.Hash, error) {
	var found []evidence.Document
	err := s.Store.View(ctx, who.Scope(), k, func(r evidence.Reader) (err error) {
		found, err = report.FindDocuments(ctx, r, name)
		return err
	})
	switch {
	case err != nil:
		return signature.Hash{}, err
	case len(found) == 0:
		return signature.Hash{}, problem{code: "no-document", args: []any{name}}
	case len(found) > 1:
		return signature.Hash{}, problem{code: "which-document", args: []any{name, len(found)}}
	}
	return found[0].SHA256, nil
}

// detach takes a document off the criterion, with a reason.
func (s *server) detach(ctx context.Context, who visitor, h hanging) (string, error) {
	reason, err := words(h.fields, "reason", evidence.MaxNoteBytes)
	if err == nil && reason == "" {
		err = problem{code: "no-reason"}
	}
	if err != nil {
		return "", err
	}
	var sha signature.Hash
	if err := sha.UnmarshalText([]byte(h.fields.Get("document"))); err != nil {
		return "", problem{code: "not-found", err: err}
	}
	return "detached", s.alone(ctx, func(ctx context.Context) error {
		return s.withIntake(ctx, who, h.book, func(in *evidence.Intake) error {
			return in.Detach(ctx, sha, []string{h.criterion}, reason)
		})
	})
}

// explain gives an explanation as text, as a file or as both, or withdraws the
// one in force.
func (s *server) explain(ctx context.Context, who visitor, h hanging) (string, error) {
	if err := h.known(); err != nil {
		return "", err
	}
	used := report.Used(h.scheme)
	x := evidence.Explanation{Criterion: h.criterion, Scheme: used.SHA256, Withdrawn: h.fields.Get("withdraw") != ""}
	deed := "withdrawn"
	if !x.Withdrawn {
		var err error
		if x.Text, err = words(h.fields, "text", evidence.MaxExplanationBytes); err != nil {
			return "", err
		}
		if x.Text == "" && h.file == nil {
			return "", problem{code: "no-text"}
		}
		deed = "explained"
	}
	return deed, s.alone(ctx, func(ctx context.Context) error {
		return s.withIntake(ctx, who, h.book, func(in *evidence.Intake) error {
			if _, err := in.UseScheme(ctx, used, false); err != nil {
				return err
			}
			if h.file == nil || x.Withdrawn {
				return in.Explain(ctx, x)
			}
			_, _, err := in.ExplainByFile(ctx, h.incoming(), x)
			return hangingError(err)
		})
	})
}

// hangingError gives what is wrong with a file or its pages a sentence.
func hangingError(err error) error {
	var pages *evidence.PagesError
	if errors.As(err, &pages) {
		return problem{code: "no-such-page", args: []any{pages.Pages, pages.Last}, err: err}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return problem{code: "not-found", err: err}
	}
	return err
}
