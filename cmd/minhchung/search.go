package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"minhchung/evidence"
	"minhchung/search"
)

// searchFlags are what `search` is told.
type searchFlags struct {
	filter          map[search.Facet]*[]string
	limit, offset   int
	strict, rebuild bool
}

// searchCommand is `search QUERY`: pages of all documents, found with or
// without marks. It first brings the index up to date, so that a deleted one
// gives the same hits.
func searchCommand() *command {
	f := searchFlags{filter: map[search.Facet]*[]string{}}
	return &command{
		name: "search",
		flags: func(fs *pflag.FlagSet) {
			for _, facet := range search.Facets() {
				f.filter[facet] = fs.StringSlice(facetFlag(facet), nil, "")
			}
			fs.IntVar(&f.limit, "limit", search.DefaultLimit, "")
			fs.IntVar(&f.offset, "offset", 0, "")
			fs.BoolVar(&f.strict, "strict", false, "")
			fs.BoolVar(&f.rebuild, "rebuild", false, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			r, err := f.request(args)
			if err != nil {
				return err
			}
			// A data directory that is not there must not be made by a search.
			if err := withReader(ctx, e, func(context.Context, *session) error { return nil }); err != nil {
				return err
			}
			return withStore(ctx, e, func(ctx context.Context, s *session) error { return runSearch(ctx, e, s, f, r) })
		},
	}
}

// facetFlag is the facet as people type it.
func facetFlag(f search.Facet) string {
	if f == search.FacetTextSource {
		return "source"
	}
	return string(f)
}

func (f searchFlags) request(args []string) (search.Request, error) {
	r := search.Request{Limit: f.limit, Offset: f.offset, Strict: f.strict, Filter: map[search.Facet][]string{}}
	if f.limit < 1 || f.offset < 0 || f.limit+f.offset > search.MaxHits {
		return r, usage("search.bad-window", search.MaxHits)
	}
	for facet, values := range f.filter {
		if len(*values) > 0 {
			r.Filter[facet] = *values
		}
	}
	var err error
	r.Query, err = search.Parse(strings.Join(args, " "))
	if f.rebuild && len(args) == 0 {
		return r, nil
	}
	return r, queryError(err)
}

// queryError gives what is wrong with a query its sentence.
func queryError(err error) error {
	var bad *search.QueryError
	if !errors.As(err, &bad) {
		return err
	}
	if bad.Limit > 0 {
		return usage("search.query-"+bad.Code, bad.Limit)
	}
	return usage("search.query-" + bad.Code)
}

func runSearch(ctx context.Context, e *env, s *session, f searchFlags, r search.Request) error {
	if err := s.followAll(ctx, e); err != nil {
		return err
	}
	if f.rebuild {
		if err := s.Follow(func() error { return s.follower().Rebuild(ctx) }); err != nil {
			return err
		}
		e.note("search.rebuilt")
		if r.Query.Text == "" {
			return nil
		}
	}
	var err error
	if r.Heads, err = s.heads(ctx); err != nil {
		return err
	}
	answer, err := s.finder.Search(ctx, s.Scope, r)
	if err != nil {
		return fmt.Errorf("searching: %w", err)
	}
	if answer.Degraded {
		e.note("search.degraded")
	}
	if answer.Incomplete {
		e.note("search.incomplete")
	}
	return printHits(e, r, answer)
}

// heads returns the size of each book in scope.
func (s *session) heads(ctx context.Context) (map[evidence.BookID]int64, error) {
	books, err := s.Store.Books(ctx, s.Scope)
	heads := map[evidence.BookID]int64{}
	for _, book := range books {
		verr := s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
			head, err := r.Head(ctx)
			heads[book] = head.Size
			return err
		})
		err = errors.Join(err, verr)
	}
	return heads, err
}

// hitJSON is a line of `search --json`.
type hitJSON struct {
	Document string         `json:"document"` // file name as received
	SHA256   string         `json:"sha256"`
	Unit     string         `json:"unit"`
	Period   string         `json:"period"`
	Page     int            `json:"page"`
	Row      string         `json:"row"`
	Criteria []string       `json:"criteria"`
	Tier     search.Tier    `json:"tier"`
	Score    int            `json:"score"`
	Snippet  string         `json:"snippet"`
	State    evidence.State `json:"state"`
	// Degraded and Incomplete are those of the answer.
	Degraded   bool `json:"degraded,omitempty"`
	Incomplete bool `json:"incomplete,omitempty"`
}

func printHits(e *env, r search.Request, a search.Answer) error {
	if e.JSON {
		for _, h := range a.Hits {
			p := h.Page
			if err := e.emit(hitJSON{p.Name, p.Document.String(), string(p.Unit), string(p.Period), p.Number, p.Row,
				list(p.Criteria), h.Tier, h.Score, h.Snippet.Text, p.State, a.Degraded, a.Incomplete}); err != nil {
				return err
			}
		}
		return nil
	}
	if a.Loose && len(a.Hits) > 0 {
		e.say("search.loose")
	}
	for i, h := range a.Hits {
		p := h.Page
		name := p.Name
		if p.Row != "" {
			name = p.Row + " (" + p.Name + ")"
		}
		e.say("search.hit", r.Offset+i+1, name, p.Number, string(p.Unit)+"/"+string(p.Period), e.Lang.Text("tier."+string(h.Tier)))
		e.say("search.snippet", strings.Join(strings.Fields(h.Snippet.Text), " "))
	}
	total := e.Lang.Int(int64(a.Total))
	switch {
	case a.Incomplete:
		total = e.Lang.Text("search.at-least", total)
	case !a.Exact:
		total = e.Lang.Text("search.at-most", total)
	}
	e.say("search.total", total)
	for _, c := range a.Coverage {
		if c.Indexed < c.Size {
			e.say("search.coverage", c.Book.String(), e.Lang.Int(c.Indexed), e.Lang.Int(c.Size))
		}
	}
	return nil
}
