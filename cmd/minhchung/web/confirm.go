package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

// confirmPart says whether a file is known to be the document of its row.
type confirmPart struct {
	Sentence string
	Shape    string // by form, as states have it
	State    string // class of the style sheet
	Note     string // why, by a person
	Asks     bool   // a named person should look: reading did not confirm it
}

// confirmationOf reads what was said of a row's file. read tells "not found"
// from "not read yet".
func confirmationOf(ctx context.Context, v evidence.Reader, lang message.Lang, row evidence.Row, sha signature.Hash, read textPart) (confirmPart, error) {
	c, err := v.ConfirmationOf(ctx, row.ID)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return confirmPart{}, err
	case err != nil || !c.About(row, sha):
		return unconfirmed(lang, read), nil
	case c.Denied:
		return confirmPart{lang.Text("web.denied-by-person", c.Person), "✘", "DISPROVEN", c.Note, false}, nil
	case c.By == evidence.ByPerson:
		return confirmPart{lang.Text("web.confirmed-by-person", c.Person), "✔", "PROVEN", c.Note, false}, nil
	}
	return confirmPart{Sentence: lang.Text("web.confirmed-by-text", c.NumberPage, c.DatePage), Shape: "✔", State: "PROVEN"}, nil
}

func unconfirmed(lang message.Lang, read textPart) confirmPart {
	key := "web.unconfirmed"
	switch {
	case !read.Read:
		key = "web.unconfirmed-unread"
	case read.Unreadable:
		key = "web.unconfirmed-unreadable"
	case read.OCRAwaited:
		key = "web.unconfirmed-scan"
	}
	return confirmPart{Sentence: lang.Text(key), Shape: "?", State: "UNDETERMINED", Asks: read.Read}
}

// mostText bounds the text of a page that is shown, in bytes.
const mostText = 20_000

// textPart is the text of the page that is shown.
type textPart struct {
	Read       bool // somebody looked into the file
	Unreadable bool // and found nothing that can be read
	OCRAwaited bool // there are pictures of text that nobody could read
	OCR        bool // this page's text was read from its picture
	Text       string
	Cut        bool
}

// textOf returns what was read of a page of a document.
func textOf(ctx context.Context, v evidence.Reader, sha signature.Hash, number int) (textPart, error) {
	kept, err := v.TextOf(ctx, sha)
	if errors.Is(err, fs.ErrNotExist) {
		return textPart{}, nil
	}
	if err != nil {
		return textPart{}, err
	}
	p := textPart{Read: true, OCRAwaited: kept.OCR == evidence.OCRAwaited}
	read, err := kept.Extraction()
	if err != nil {
		return p, err
	}
	p.Unreadable = len(read.Pages) == 0
	for _, page := range read.Pages {
		if page.Number == number {
			p.OCR = page.OCR
			p.Text, p.Cut = clipText(page)
		}
	}
	return p, nil
}

// clipText cuts a long page at a space.
func clipText(page text.Page) (shown string, cut bool) {
	shown = page.Text
	if page.Overlay != "" {
		shown += "\n" + page.Overlay
	}
	if len(shown) <= mostText {
		return shown, false
	}
	shown = shown[:mostText]
	if i := strings.LastIndexAny(shown, " \n"); i > 0 {
		shown = shown[:i]
	}
	return strings.ToValidUTF8(shown, ""), true
}

// maxPerson is the longest name of a person, in bytes.
const maxPerson = 200

// confirm takes the word of a named person on whether a file is the document
// of its row.
func (s *server) confirm(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, form, err := s.fields(w, r, who)
	defer form.remove()
	if err != nil {
		return err
	}
	var sha signature.Hash
	if err := sha.UnmarshalText([]byte(form.fields.Get("document"))); err != nil {
		return problem{code: "not-found", err: err}
	}
	back := shaLink(bookOf(k, ""), sha) + "#rows"
	if err := s.confirmRow(r.Context(), who, k, sha, form.fields); err != nil {
		p := classify(err)
		p.back = back
		return p
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

func (s *server) confirmRow(ctx context.Context, who visitor, k evidence.BookID, sha signature.Hash, fields url.Values) error {
	person, err := words(fields, "person", maxPerson)
	if err == nil && person == "" {
		err = problem{code: "no-person"}
	}
	if err != nil {
		return err
	}
	note, err := words(fields, "note", evidence.MaxNoteBytes)
	if err != nil {
		return err
	}
	row, deny := fields.Get("row"), fields.Get("deny") != ""
	return s.alone(ctx, func(ctx context.Context) error {
		// What the person saw must be what they confirm.
		err := s.Store.View(ctx, who.Scope(), k, func(v evidence.Reader) error {
			match, err := v.MatchOf(ctx, row)
			if err == nil && match.Document != sha {
				err = problem{code: "other-document"}
			}
			return err
		})
		if err != nil {
			return err
		}
		return s.withIntake(ctx, who, k, func(in *evidence.Intake) error {
			return in.ConfirmByPerson(ctx, row, person, note, deny)
		})
	})
}
