package web

import (
	"errors"
	"net/http"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
)

type overviewPage struct{ Books []overviewBook }

type overviewBook struct {
	Book     bookPart
	Empty    bool // no register was imported yet
	Share    sharePart
	Rows     int64
	Findings int
	Open     int // rows that are not proven
	Files    int // files without a row
	Size     int64
	Unread   int // documents whose text was not looked into yet
}

// overview shows every book in scope: its integers, share and checkpoint.
func (s *server) overview(w http.ResponseWriter, r *http.Request, who visitor) error {
	books, err := s.Store.Books(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	var page overviewPage
	for _, k := range books {
		answer, err := s.build(r.Context(), who, k, report.DefaultCriterion, nil)
		var p problem
		if errors.As(err, &p) && p.code == "no-register" {
			page.Books = append(page.Books, overviewBook{Book: bookOf(k, ""), Empty: true})
			continue
		}
		if err != nil {
			return err
		}
		b := overviewBook{
			Book: bookOf(k, answer.UnitName), Share: shareOf(who.Lang, answer), Rows: answer.Rows,
			Findings: len(answer.Register.Findings), Open: len(answer.Exceptions()), Files: len(answer.Unmatched),
		}
		if b.Size, err = s.size(r, who, k); err != nil {
			return err
		}
		if b.Unread, err = s.unread(r.Context(), who, k); err != nil {
			return err
		}
		page.Books = append(page.Books, b)
	}
	return s.render(w, r, who, http.StatusOK, "overview", page)
}

// size is the number of entries in a book's ledger.
func (s *server) size(r *http.Request, who visitor, k evidence.BookID) (size int64, err error) {
	err = s.Store.View(r.Context(), who.Scope(), k, func(v evidence.Reader) error {
		head, err := v.Head(r.Context())
		size = head.Size
		return err
	})
	return size, err
}
