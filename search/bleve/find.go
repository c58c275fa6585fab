package bleve

import (
	"context"
	"encoding/json"
	"fmt"

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

// Find implements search.Engine.
func (s *store) Find(ctx context.Context, e search.Expr, offset, limit int) ([]search.Page, int, error) {
	r := request(e, limit, offset)
	if limit > 0 {
		r.Fields = []string{pageField}
		r.SortByCustom(order())
	}
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
