package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/signature"
)

// bookPart is what every page of a book says at its top.
type bookPart struct {
	Unit     string // id
	UnitName string
	Period   string
	Path     string // "/units/xa-a/2022"
}

func bookOf(k evidence.BookID, unitName string) bookPart {
	if unitName == "" {
		unitName = string(k.Unit)
	}
	return bookPart{string(k.Unit), unitName, string(k.Period), "/units/" + url.PathEscape(string(k.Unit)) + "/" + url.PathEscape(string(k.Period))}
}

// book finds the book of the path inside the visitor's scope. What is not
// there and what is outside have the same answer.
func (s *server) book(ctx context.Context, who visitor, r *http.Request) (evidence.BookID, error) {
	return s.findBook(ctx, who, r.PathValue("unit"), r.PathValue("period"))
}

func (s *server) findBook(ctx context.Context, who visitor, unit, period string) (evidence.BookID, error) {
	k := evidence.BookID{Unit: evidence.UnitID(unit), Period: evidence.Period(period)}
	books, err := s.Store.Books(ctx, who.Scope())
	if err != nil {
		return k, err
	}
	if !slices.Contains(books, k) || !who.Scope().Allows(k) {
		return k, problem{code: "not-found"}
	}
	return k, nil
}

// unit returns a unit as the installation lists it.
func unitOf(ctx context.Context, r evidence.Reader, id evidence.UnitID) (evidence.Unit, error) {
	units, err := r.Units(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return evidence.Unit{}, err
	}
	for _, u := range units {
		if u.ID == id {
			return u, nil
		}
	}
	return evidence.Unit{ID: id, Name: string(id)}, nil
}

// build makes the report of a book under a rule; nil is the default one. A
// book without a register is the problem "no-register".
func (s *server) build(ctx context.Context, who visitor, k evidence.BookID, criterion string, rule *count.Rule) (*report.Report, error) {
	if rule == nil {
		rule = count.Rules()[0]
	}
	var unit evidence.Unit
	err := s.Store.View(ctx, who.Scope(), k, func(r evidence.Reader) (err error) {
		unit, err = unitOf(ctx, r, k.Unit)
		return err
	})
	if err != nil {
		return nil, err
	}
	answer, err := report.Build(ctx, s.Store, who.Scope(), k, unit, criterion, rule)
	if errors.Is(err, fs.ErrNotExist) { // files may come before the register
		return nil, problem{code: "no-register", err: err}
	}
	return answer, err
}

// unread counts the documents whose text nobody has looked into yet: their
// rows can still be confirmed, and search does not find them.
func (s *server) unread(ctx context.Context, who visitor, k evidence.BookID) (n int, err error) {
	err = s.Store.View(ctx, who.Scope(), k, func(v evidence.Reader) error {
		docs, err := v.Documents(ctx)
		if err != nil {
			return err
		}
		texts, err := v.Texts(ctx, 0)
		n = max(0, len(docs)-len(texts)) // each text is of a document of the book
		return err
	})
	return n, err
}

// defaultRule is the rule that pages count by when none is asked for.
func defaultRule() string { return count.Rules()[0].ID() }

// sharePart is an indicator's figures in the reader's form.
type sharePart struct {
	Criterion, Title string
	Ratio, Percent   string
	UpperRatio       string
	UpperPercent     string
	Rule, RuleTitle  string
	Checkpoint       string
	Unchecked        bool // contents were not compared with rows
}

func shareOf(lang message.Lang, in count.Indicator) sharePart {
	l := string(lang)
	ratio, upper := in.Ratio(), in.Upper()
	p := sharePart{
		Criterion: in.Criterion, Ratio: ratio.Format(l), Percent: ratio.Percent(l, report.Decimals),
		UpperRatio: upper.Format(l), UpperPercent: upper.Percent(l, report.Decimals),
		Rule: in.Rule, Checkpoint: in.Checkpoint, Unchecked: in.Content == count.ContentUnchecked,
	}
	if c, err := count.CriterionOf(in.Criterion); err == nil { // it was counted
		p.Title = c.Title.In(l)
	}
	for _, rule := range count.Rules() {
		if rule.ID() == in.Rule {
			p.RuleTitle = rule.Definition().Title.In(l)
		}
	}
	return p
}

// shape says a state by form as well as by word; colour alone says nothing.
var shapes = map[evidence.State]string{
	evidence.Proven: "✔", evidence.Disproven: "✘", evidence.Undetermined: "?", evidence.Excluded: "–",
}

// statePart is a state as it is shown.
type statePart struct {
	State, Word, Shape string
	Code, Grade        string
	Reasons            []string // codes beside the deciding one
}

func stateOf(lang message.Lang, s evidence.RowState) statePart {
	p := statePart{State: string(s.State), Word: lang.Text("state." + string(s.State)), Shape: shapes[s.State], Code: s.Code, Grade: s.Grade}
	for _, code := range s.Reasons {
		if code != s.Code {
			p.Reasons = append(p.Reasons, code)
		}
	}
	return p
}

// rowPart is a row of the register as lists show it.
type rowPart struct {
	ID, Name, Subject, Type string
	Line                    int
	Date                    evidence.Date
	State                   statePart
	File, FileLink          string // "" without a document
	Excluded                *evidence.Exclusion
}

func rowOf(lang message.Lang, book bookPart, r *report.Report, s evidence.RowState) rowPart {
	row := r.ByID[s.Row]
	p := rowPart{
		ID: row.ID, Name: rowName(row), Subject: row.Subject, Type: row.Type, Line: row.Line, Date: row.Date,
		State: stateOf(lang, s),
	}
	if row.Exclusion.Applies() {
		p.Excluded = row.Exclusion
	}
	if d, ok := r.Documents[s.Row]; ok {
		p.File, p.FileLink = d.Name, documentLink(book, d)
	}
	return p
}

func rowName(row evidence.Row) string {
	name := row.Number + "/" + row.Notation
	if row.Series != "" {
		name = row.Series + ": " + name
	}
	return name
}

func documentLink(book bookPart, d evidence.Document) string { return shaLink(book, d.SHA256) }

func shaLink(book bookPart, sha signature.Hash) string {
	return "/documents/" + sha.String() + "?" + url.Values{"unit": {book.Unit}, "period": {book.Period}}.Encode()
}
