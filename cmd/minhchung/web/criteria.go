package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/scheme"
)

type criteriaPage struct {
	Book     bookPart
	Scheme   string
	Notes    []string // what people should know of the scheme
	Total    int      // criteria that the unit answers itself
	Answered int      // those with evidence, an explanation or a count
	Missing  []criterionPart
	Criteria []criterionPart // each before its parts
	Other    []evidencePart  // hangs on criteria that the scheme does not have
	Done     string          // what a form has just done
	MaxFile  int64           // MB
}

// criterionPart is one line of the tree.
type criterionPart struct {
	ID, Title, Max string
	Anchor         string // "c-1.6"
	Depth          int
	Leaf           bool
	Survey         bool
	Missing        bool
	Needed         []string // what proves it
	Evidence       []evidencePart
	Explanation    *explanationPart
	History        []explanationPart // older ones, the newest first
	Indicator      *countPart
	// Open shows the forms of this criterion; OpenLink leads there.
	Open     bool
	OpenLink string
}

// evidencePart is a document that hangs on a criterion.
type evidencePart struct {
	Criterion  string
	Title      string // of the criterion; "" where only one is shown
	Name, Link string
	SHA256     string
	Size       int64
	Kind       string // the verdict in two words
	Result     string
	Pages      string // "all pages" or "pages 1-3,5"
	Note       string
}

type explanationPart struct {
	Text, Name, Link string // Name is of a document, "" for none
	At               string
	Withdrawn        bool
}

// countPart is the count of rows that answers a criterion.
type countPart struct{ Ratio, Percent, Link string }

// criteria shows the scheme's tree with what hangs on each criterion, and the
// forms of the one that the query opens.
func (s *server) criteria(w http.ResponseWriter, r *http.Request, who visitor) error {
	k, err := s.book(r.Context(), who, r)
	if err != nil {
		return err
	}
	found, err := s.tree(r.Context(), who, k)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	page := newCriteriaPage(who.Lang, found, query.Get("criterion"))
	page.MaxFile = s.FileBytes >> 20
	if done := query.Get("done"); slices.Contains(deeds, done) {
		page.Done = who.Lang.Text("web.done-" + done)
	}
	return s.render(w, r, who, http.StatusOK, "criteria", page)
}

// tree reads the criteria of the scheme that the book answers.
func (s *server) tree(ctx context.Context, who visitor, k evidence.BookID) (*report.Criteria, error) {
	sch, err := s.schemeOf(ctx, who, k)
	if err != nil {
		return nil, err
	}
	var unit evidence.Unit
	err = s.Store.View(ctx, who.Scope(), k, func(r evidence.Reader) (err error) {
		unit, err = unitOf(ctx, r, k.Unit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return report.BuildCriteria(ctx, s.Store, who.Scope(), k, unit, sch, nil)
}

func (s *server) schemeOf(ctx context.Context, who visitor, k evidence.BookID) (*scheme.Scheme, error) {
	sch, err := report.SchemeOf(ctx, s.Store, who.Scope(), k, "")
	if errors.Is(err, report.ErrNoScheme) {
		return nil, problem{code: "no-scheme", args: []any{string(k.Period)}, err: err}
	}
	return sch, err
}

func newCriteriaPage(lang message.Lang, c *report.Criteria, open string) criteriaPage {
	l, def := string(lang), c.Scheme.Definition()
	p := criteriaPage{Book: bookOf(c.Book, c.Unit.Name), Scheme: def.Title.In(l)}
	for _, note := range slices.Concat(def.Notes, def.Legal) {
		p.Notes = append(p.Notes, note.In(l))
	}
	for _, n := range c.Criteria {
		part := criterionOf(lang, p.Book, n)
		part.Open = n.ID == open
		p.Criteria = append(p.Criteria, part)
		if !n.Leaf() || n.By == scheme.BySurvey {
			continue
		}
		if p.Total++; n.Missing {
			p.Missing = append(p.Missing, part)
		} else {
			p.Answered++
		}
	}
	for _, e := range c.Other {
		p.Other = append(p.Other, evidenceOf(lang, p.Book, e))
	}
	return p
}

func criterionOf(lang message.Lang, book bookPart, n report.Criterion) criterionPart {
	l := string(lang)
	p := criterionPart{
		ID: n.ID, Title: n.Title.In(l), Anchor: anchorOf(n.ID), Depth: n.Depth, Leaf: n.Leaf(), Survey: n.By == scheme.BySurvey,
		Missing: n.Missing, OpenLink: criterionLink(book, n.ID),
	}
	if n.Max != "" {
		p.Max = n.Max.Format(l)
	}
	for _, needed := range n.Criterion.Evidence {
		p.Needed = append(p.Needed, needed.In(l))
	}
	for _, e := range n.Evidence {
		p.Evidence = append(p.Evidence, evidenceOf(lang, book, e))
	}
	for _, x := range n.History {
		said := explanationOf(lang, book, x)
		if n.Explanation != nil && x.Entry == n.Explanation.Entry {
			p.Explanation = &said
		} else {
			p.History = append(p.History, said)
		}
	}
	if x := n.Indicator; x != nil {
		p.Indicator = &countPart{x.Ratio().Format(l), x.Ratio().Percent(l, report.Decimals), book.Path + "/indicators/" + url.PathEscape(n.ID)}
	}
	return p
}

func anchorOf(criterion string) string { return "c-" + criterion }

// criterionLink opens the forms of a criterion.
func criterionLink(book bookPart, criterion string) string {
	return book.Path + "/criteria?" + url.Values{"criterion": {criterion}}.Encode() + "#" + anchorOf(criterion)
}

func evidenceOf(lang message.Lang, book bookPart, e report.Evidence) evidencePart {
	p := evidencePart{
		Criterion: e.Criterion, Name: e.Name, Link: shaLink(book, e.Document), SHA256: e.Document.String(), Size: e.Size,
		Kind: lang.Text("criteria.plain"), Result: "plain", Pages: lang.Text("attach.all-pages"), Note: e.Note,
	}
	if !e.Plain() {
		p.Result, p.Kind = string(e.Result), lang.Text("inspect.short-"+string(e.Result))
	}
	if e.Pages != "" {
		p.Pages = lang.Text("attach.pages", e.Pages)
	}
	return p
}

func explanationOf(lang message.Lang, book bookPart, x report.Explanation) explanationPart {
	p := explanationPart{Text: x.Text, Name: x.Name, At: lang.Time(x.At.In(report.Vietnam)), Withdrawn: x.Withdrawn}
	if x.Name != "" {
		p.Link = shaLink(book, x.Document)
	}
	return p
}

// provedBy lists what a document proves, and the criteria that it can be hung
// on. Without a scheme there are none.
func (s *server) provedBy(ctx context.Context, who visitor, k evidence.BookID, sha string) (proves []evidencePart, others []choice, err error) {
	found, err := s.tree(ctx, who, k)
	var p problem
	if errors.As(err, &p) && p.code == "no-scheme" {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	book := bookOf(k, found.Unit.Name)
	for _, n := range found.Criteria {
		hung := false
		for _, e := range n.Evidence {
			if e.Document.String() == sha {
				part := evidenceOf(who.Lang, book, e)
				part.Title, part.Link = n.Title.In(string(who.Lang)), criterionLink(book, n.ID)
				proves, hung = append(proves, part), true
			}
		}
		if !hung && n.Leaf() && n.By != scheme.BySurvey {
			others = append(others, choice{Value: n.ID, Label: n.ID + " – " + n.Title.In(string(who.Lang))})
		}
	}
	return proves, others, nil
}
