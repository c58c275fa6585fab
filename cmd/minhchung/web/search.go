package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/search"
)

// Searcher finds pages of documents; search.Index is one.
type Searcher interface {
	// Search answers a request within a scope; see search.Index. ErrNotReady
	// says that it cannot yet. It may be called concurrently.
	Search(ctx context.Context, scope evidence.Scope, r search.Request) (search.Answer, error)
}

// ErrNotReady is a Searcher's answer while its index is opened or built.
var ErrNotReady = errors.New("the search index is not ready yet")

const (
	// hitsPerPage is how many hits a page of results shows.
	hitsPerPage = search.DefaultLimit
	// searchTime bounds one search.
	searchTime = 10 * time.Second
	// mostFiltered bounds the values of one filter, valueBytes each of them.
	mostFiltered, valueBytes = 20, 300
	// facetLines is how many values of a facet a page offers.
	facetLines = 12
)

type searchPage struct {
	Query    string // as typed, cut where it is too long to be asked
	Problem  string // why it cannot be asked
	Number   string // the document's number that the query was read as
	Asked    bool
	Total    int
	Exact    bool
	Loose    bool
	Degraded bool // the database was read, for want of an index
	// Incomplete says that it was not read to its end: Total is what was found.
	Incomplete bool
	Hits       []hitPart
	From, To   int
	Pages      pagePart
	Facets     []facetPart
	Filters    []choice // in force, with the link that leaves them out
	Clear      string   // link without filters
	Coverage   coveragePart
}

type hitPart struct {
	Title, Link string
	Name        string // of the file, when it is not the title
	Unit        string
	Period      string
	Date        evidence.Date
	Type        string
	Page        int
	State       statePart // zero without a row
	Criteria    []string
	Tier        string
	Zone        string // where the snippet is from, unless from the text
	Snippet     []markPart
}

// markPart is a piece of a snippet; Marked was found.
type markPart struct {
	Text   string
	Marked bool
}

type facetPart struct {
	Name   string
	Values []choice
	More   int // values that are not offered
}

// coveragePart says how much of the ledgers in scope the answer rests on.
type coveragePart struct {
	Indexed, Size int64
	Books         int
	Behind        []behindPart
}

type behindPart struct {
	Book          bookPart
	Indexed, Size int64
}

// search answers the query of the box that is on every page.
func (s *server) search(w http.ResponseWriter, r *http.Request, who visitor) error {
	if s.Search == nil {
		return problem{code: "search-not-ready"}
	}
	values := r.URL.Query()
	page := searchPage{Query: clipRunes(values.Get("q"), search.MaxQueryRunes)}
	filter, err := filterOf(values)
	if err != nil {
		return err
	}
	if !values.Has("q") {
		return s.render(w, r, who, http.StatusOK, "search", page)
	}
	query, err := search.Parse(values.Get("q"))
	var wrong *search.QueryError
	if errors.As(err, &wrong) {
		page.Problem = querySentence(who.Lang, wrong)
		return s.render(w, r, who, http.StatusBadRequest, "search", page)
	}
	if err != nil {
		return err
	}
	if query.Number != nil {
		page.Number = query.Number.Key()
	}
	number := pageNumber(values, "page", search.MaxHits/hitsPerPage)
	answer, titles, err := s.ask(r.Context(), who, search.Request{Query: query, Filter: filter, Facets: search.Facets(), Offset: (number - 1) * hitsPerPage, Limit: hitsPerPage})
	if err != nil {
		return err
	}
	page.fill(who.Lang, answer, titles, number, values)
	return s.render(w, r, who, http.StatusOK, "search", page)
}

// clipRunes keeps the beginning of what was typed, so that a page does not
// repeat a book.
func clipRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

func querySentence(lang message.Lang, wrong *search.QueryError) string {
	if wrong.Limit > 0 {
		return lang.Text("search.query-"+wrong.Code, wrong.Limit)
	}
	return lang.Text("search.query-" + wrong.Code)
}

// ask searches, measured against the ledgers as they are now, and returns the
// names of the units beside the answer.
func (s *server) ask(ctx context.Context, who visitor, r search.Request) (search.Answer, map[evidence.UnitID]string, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	books, err := s.Store.Books(ctx, who.Scope())
	if err != nil {
		return search.Answer{}, nil, err
	}
	r.Heads = map[evidence.BookID]int64{}
	names := map[evidence.UnitID]string{}
	for _, k := range books {
		err := s.Store.View(ctx, who.Scope(), k, func(v evidence.Reader) error {
			head, err := v.Head(ctx)
			if err != nil {
				return err
			}
			r.Heads[k] = head.Size
			if names[k.Unit] == "" {
				unit, err := unitOf(ctx, v, k.Unit)
				names[k.Unit] = unit.Name
				return err
			}
			return nil
		})
		if err != nil {
			return search.Answer{}, nil, err
		}
	}
	tellApart(names)
	answer, err := s.Search.Search(ctx, who.Scope(), r)
	if errors.Is(err, ErrNotReady) {
		err = problem{code: "search-not-ready", err: err}
	}
	return answer, names, err
}

// tellApart adds the ids to names that several units have, as communes do.
func tellApart(names map[evidence.UnitID]string) {
	units := map[string]int{}
	for _, name := range names {
		units[name]++
	}
	for id, name := range names {
		if units[name] > 1 {
			names[id] = name + " (" + string(id) + ")"
		}
	}
}

func (p *searchPage) fill(lang message.Lang, a search.Answer, units map[evidence.UnitID]string, number int, values url.Values) {
	p.Asked, p.Total, p.Exact, p.Loose = true, a.Total, a.Exact, a.Loose
	p.Degraded, p.Incomplete = a.Degraded, a.Incomplete
	for _, hit := range a.Hits {
		p.Hits = append(p.Hits, hitOf(lang, hit, units))
	}
	if len(p.Hits) > 0 {
		p.From = (number-1)*hitsPerPage + 1
		p.To = p.From + len(p.Hits) - 1
	}
	last := max(1, (min(a.Total, search.MaxHits)+hitsPerPage-1)/hitsPerPage)
	p.Pages = turnPages(number, last, func(n int) string {
		return searchLink(values, func(v url.Values) { v.Set("page", strconv.Itoa(n)) })
	})
	p.filters(lang, a, units, values)
	p.Coverage = coverageOf(a.Coverage, units)
}

func hitOf(lang message.Lang, hit search.Hit, units map[evidence.UnitID]string) hitPart {
	page := hit.Page
	h := hitPart{
		Title: page.Name, Link: shaLink(bookOf(page.Book(), ""), page.Document) + "&page=" + strconv.Itoa(page.Number),
		Unit: facetLabel(lang, search.FacetUnit, string(page.Unit), units), Period: string(page.Period), Date: page.Date, Type: page.Type,
		Page: page.Number, Criteria: page.Criteria, Tier: lang.Text("tier." + string(hit.Tier)), Snippet: marked(hit.Snippet),
	}
	if page.CodeNumber != "" {
		h.Title, h.Name = page.CodeNumber+"/"+page.Notation, page.Name
	}
	if page.State != "" {
		h.State = stateOf(lang, evidence.RowState{State: page.State})
	}
	if hit.Snippet.Zone != "text" {
		h.Zone = lang.Text("web.zone-" + hit.Snippet.Zone)
	}
	return h
}

// marked cuts a snippet at its spans. Spans that are not in order inside the
// text are passed over.
func marked(s search.Snippet) []markPart {
	var parts []markPart
	at := 0
	for _, span := range s.Spans {
		if span.Start < at || span.End <= span.Start || span.End > len(s.Text) {
			continue
		}
		if span.Start > at {
			parts = append(parts, markPart{s.Text[at:span.Start], false})
		}
		parts = append(parts, markPart{s.Text[span.Start:span.End], true})
		at = span.End
	}
	if at < len(s.Text) {
		parts = append(parts, markPart{s.Text[at:], false})
	}
	return parts
}

func coverageOf(list []search.Coverage, units map[evidence.UnitID]string) coveragePart {
	var p coveragePart
	for _, c := range list {
		indexed := min(c.Indexed, c.Size)
		p.Books++
		p.Indexed += indexed
		p.Size += c.Size
		if indexed < c.Size {
			p.Behind = append(p.Behind, behindPart{bookOf(c.Book, units[c.Book.Unit]), indexed, c.Size})
		}
	}
	return p
}
