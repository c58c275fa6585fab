package bleve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	engine "github.com/blevesearch/bleve/v2"
	bsearch "github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"

	"minhchung/search"
)

// translate turns an expression into a query. Nothing is scored.
func translate(e search.Expr) query.Query {
	switch e.Op {
	case search.OpTerm:
		q := query.NewTermQuery(e.Value)
		q.SetField(string(e.Field))
		return q
	case search.OpPrefix:
		q := query.NewPrefixQuery(e.Value)
		q.SetField(string(e.Field))
		return q
	case search.OpAny:
		if len(e.Parts) == 0 {
			return query.NewMatchNoneQuery()
		}
		if len(e.Parts) == 1 {
			return translate(e.Parts[0])
		}
		return query.NewDisjunctionQuery(translateAll(e.Parts))
	case search.OpAll:
		return conjunction(e.Parts)
	case search.OpNot:
		return conjunction([]search.Expr{e})
	}
	panic(fmt.Sprintf("bleve: expression with operation %d", e.Op))
}

func translateAll(parts []search.Expr) []query.Query {
	out := make([]query.Query, len(parts))
	for i, p := range parts {
		out[i] = translate(p)
	}
	return out
}

// conjunction flattens nested conjunctions, so that the engine can begin with
// the rarest term, and gathers what is excluded.
func conjunction(parts []search.Expr) query.Query {
	must, not := flatten(parts, nil, nil)
	var included query.Query = query.NewMatchAllQuery()
	switch len(must) {
	case 0:
	case 1:
		included = must[0]
	default:
		included = query.NewConjunctionQuery(must)
	}
	if len(not) == 0 {
		return included
	}
	return query.NewBooleanQuery([]query.Query{included}, nil, not)
}

// flatten recurses as deep as the expression, which search makes.
func flatten(parts []search.Expr, must, not []query.Query) ([]query.Query, []query.Query) {
	for _, p := range parts {
		switch p.Op {
		case search.OpAll:
			must, not = flatten(p.Parts, must, not)
		case search.OpNot:
			not = append(not, translate(p.Parts[0]))
		default:
			must = append(must, translate(p))
		}
	}
	return must, not
}

func request(e search.Expr, limit, offset int) *engine.SearchRequest {
	r := engine.NewSearchRequestOptions(translate(e), limit, offset, false)
	r.Score = "none"
	return r
}

// order is by sortKey: one value to read for each page found, where date and
// ID were two.
func order() bsearch.SortOrder {
	return bsearch.SortOrder{&bsearch.SortField{Field: orderField, Type: bsearch.SortFieldAsString, Missing: bsearch.SortFieldMissingLast}}
}

// sortKey rises from the newest page to the oldest, then to those without a
// date, then by ID: digits of a date are replaced by their complements.
func sortKey(p search.Page) string {
	key := []byte(p.Date)
	for i, c := range key {
		key[i] = '0' + '9' - c
	}
	return string(key) + "~" + p.ID() // "~" is above all complements
}

// monthBytes is the length of "2022-01", as sortKey writes it.
const monthBytes = len("2022-01")

// monthKey is what the sortKeys of a month begin with, so that months sort as
// their pages do.
func monthKey(p search.Page) string {
	date, _, _ := strings.Cut(sortKey(p), "~")
	if len(date) < monthBytes {
		return date + "~"
	}
	return date[:monthBytes]
}

// Find implements search.Engine. A frequent phrase is on a quarter of all pages,
// and putting them in order costs more than finding them: so only the newest
// months are, as many as should hold the pages asked for.
func (s *store) Find(ctx context.Context, e search.Expr, offset, limit int) ([]search.Page, int, error) {
	total, err := s.count(ctx, e)
	if err != nil || limit <= 0 || offset >= total {
		return nil, total, err
	}
	months, err := s.months()
	if err != nil {
		return nil, 0, err
	}
	// Twice what would do if the months were alike.
	for span := 1 + 2*len(months)*(offset+limit)/total; ; span *= 4 {
		part := e
		if span < len(months) {
			part = search.Expr{Op: search.OpAll, Parts: []search.Expr{e, {Op: search.OpAny, Parts: months[:span]}}}
		}
		pages, found, err := s.newest(ctx, part, offset, limit)
		if err != nil || found >= min(offset+limit, total) || span >= len(months) {
			return pages, total, err
		}
	}
}

// count returns how many pages an expression selects.
func (s *store) count(ctx context.Context, e search.Expr) (int, error) {
	found, err := s.index.SearchInContext(ctx, request(e, 0, 0))
	if err != nil {
		return 0, fmt.Errorf("searching: %w", err)
	}
	return int(found.Total), nil
}

// newest returns pages in the order of sortKey, and how many there are.
func (s *store) newest(ctx context.Context, e search.Expr, offset, limit int) ([]search.Page, int, error) {
	r := request(e, limit, offset)
	r.Fields = []string{pageField}
	r.SortByCustom(order())
	found, err := s.index.SearchInContext(ctx, r)
	if err != nil {
		return nil, 0, fmt.Errorf("searching: %w", err)
	}
	pages := make([]search.Page, len(found.Hits))
	for i, hit := range found.Hits {
		raw, _ := hit.Fields[pageField].(string)
		if err := json.Unmarshal([]byte(raw), &pages[i]); err != nil {
			return nil, 0, fmt.Errorf("reading page %s: %w", hit.ID, err)
		}
	}
	return pages, int(found.Total), nil
}

// months returns a term for each month that pages are of, the newest first.
func (s *store) months() (terms []search.Expr, err error) {
	dict, err := s.index.FieldDict(monthField)
	if err != nil {
		return nil, fmt.Errorf("listing months: %w", err)
	}
	defer func() { err = errors.Join(err, dict.Close()) }()
	for {
		entry, err := dict.Next()
		if err != nil || entry == nil {
			return terms, err
		}
		terms = append(terms, search.Expr{Op: search.OpTerm, Field: monthField, Value: entry.Term})
	}
}

// Count implements search.Engine.
func (s *store) Count(ctx context.Context, e search.Expr, facets []search.Facet) (map[search.Facet][]search.FacetCount, error) {
	r := request(e, 0, 0)
	for _, f := range facets {
		r.AddFacet(string(f), engine.NewFacetRequest(string(f), search.MaxFacetValues))
	}
	found, err := s.index.SearchInContext(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	out := map[search.Facet][]search.FacetCount{}
	for _, f := range facets {
		counts := []search.FacetCount{}
		if result := found.Facets[string(f)]; result != nil && result.Terms != nil {
			for _, t := range result.Terms.Terms() {
				counts = append(counts, search.FacetCount{Value: t.Term, Pages: t.Count})
			}
		}
		out[f] = counts
	}
	return out, nil
}

// pieceSize is the number of IDs listed at a time.
const pieceSize = 1000

// ids returns the IDs that an expression selects, in order, after one; fewer
// than pieceSize are the last.
func (s *store) ids(ctx context.Context, e search.Expr, after string) ([]string, error) {
	r := request(e, pieceSize, 0)
	r.SortByCustom(bsearch.SortOrder{&bsearch.SortDocID{}})
	if after != "" {
		r.SetSearchAfter([]string{after})
	}
	found, err := s.index.SearchInContext(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("listing pages: %w", err)
	}
	out := make([]string, len(found.Hits))
	for i, hit := range found.Hits {
		out[i] = hit.ID
	}
	return out, nil
}
