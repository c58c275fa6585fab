package web

import (
	"context"
	"net/http"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
)

// handful is how many books are shown one by one; more are a table.
const handful = 6

type overviewPage struct {
	Books []overviewBook
	Table *overviewTable // instead of Books
}

type overviewBook struct {
	Book     bookPart
	Empty    bool // no register was imported yet
	Share    sharePart
	Rows     int64
	Findings int64
	Open     int64 // rows that are not proven
	Files    int64 // files without a row
	Size     int64
	Unread   int64 // documents whose text was not looked into yet
}

// overview shows every book in scope: its integers, share and checkpoint. It
// answers from counters that every commit keeps: no row and no state is read,
// however many there are.
func (s *server) overview(w http.ResponseWriter, r *http.Request, who visitor) error {
	books, err := s.Store.Books(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	var page overviewPage
	if len(books) > handful && severalUnits(books) {
		page.Table, err = s.table(r, who, books)
	} else {
		page.Books, err = s.cards(r.Context(), who, books)
	}
	if err != nil {
		return err
	}
	return s.render(w, r, who, http.StatusOK, "overview", page)
}

func severalUnits(books []evidence.BookID) bool {
	for _, k := range books {
		if k.Unit != books[0].Unit {
			return true
		}
	}
	return false
}

// lines are the books by the default rule.
func (s *server) lines(ctx context.Context, who visitor, books []evidence.BookID) ([]*report.Line, error) {
	return report.Overview(ctx, s.Store, who.Scope(), books, report.DefaultCriterion, count.Rules()[0])
}

// addBacklogs counts the files of the lines, which takes a look at each.
func (s *server) addBacklogs(ctx context.Context, who visitor, lines []*report.Line) error {
	return report.AddBacklogs(ctx, s.Store, who.Scope(), lines)
}

// cards show a few books with all that there is to say.
func (s *server) cards(ctx context.Context, who visitor, books []evidence.BookID) ([]overviewBook, error) {
	lines, err := s.lines(ctx, who, books)
	if err == nil {
		err = s.addBacklogs(ctx, who, lines)
	}
	if err != nil {
		return nil, err
	}
	cards := make([]overviewBook, len(lines))
	for i, l := range lines {
		if l.Registered && !l.Counted() { // states are kept for other rules: few books can be counted here and now
			answer, err := s.build(ctx, who, l.Book(), report.DefaultCriterion, nil)
			if err != nil {
				return nil, err
			}
			l.Indicator = answer.Indicator
		}
		cards[i] = cardOf(who.Lang, l)
	}
	return cards, nil
}

func cardOf(lang message.Lang, l *report.Line) overviewBook {
	if !l.Registered {
		return overviewBook{Book: bookOf(l.Book(), ""), Empty: true}
	}
	return overviewBook{
		Book: bookOf(l.Book(), l.UnitName), Share: shareOf(lang, l.Indicator), Rows: l.Rows, Findings: l.Findings,
		Open: l.Open(), Files: l.Unmatched, Size: l.Size, Unread: l.Unread,
	}
}
