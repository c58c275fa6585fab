package search

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"minhchung/evidence"
)

// little is the number of strict hits below which loose tiers are asked too.
// Loose hits below good ones would only be noise, so it is one.
const little = 1

// Pages read for one tier at most, to verify them.
const (
	maxVerified      = MaxHits
	maxVerifiedLoose = 100
)

// Run answers a request by an engine. It adds the scope itself, before
// anything else, and verifies every hit on the stored text.
func Run(ctx context.Context, e Engine, scope evidence.Scope, r Request) (Answer, error) {
	if !scope.All && len(scope.Units) == 0 {
		return Answer{Exact: true}, nil
	}
	base := baseExpr(scope, r)
	a, asked, err := tiers(ctx, e, base, r)
	if err != nil {
		return Answer{}, err
	}
	if len(r.Facets) > 0 {
		if a.Facets, err = e.Count(ctx, all(base, anyOf(asked...)), r.Facets); err != nil {
			return Answer{}, fmt.Errorf("counting facets: %w", err)
		}
	}
	cursors, err := e.Cursors(ctx)
	if err != nil {
		return Answer{}, fmt.Errorf("reading cursors: %w", err)
	}
	a.Coverage = coverage(scope, cursors, r.Heads)
	return a, nil
}

// baseExpr is what holds in every tier: scope, filters, prefixes, exclusions.
// Excluded phrases of three words and more are left to verification, because
// their pairs may stand apart.
func baseExpr(scope evidence.Scope, r Request) Expr {
	base := all()
	if !scope.All {
		units := anyOf()
		for _, u := range scope.Units {
			units.Parts = append(units.Parts, term(Field(FacetUnit), string(u)))
		}
		base.Parts = append(base.Parts, units)
	}
	for _, facet := range Facets() {
		if values, ok := r.Filter[facet]; ok {
			some := anyOf()
			for _, value := range values {
				some.Parts = append(some.Parts, term(Field(facet), value))
			}
			base.Parts = append(base.Parts, some)
		}
	}
	for _, prefix := range r.Query.Prefixes {
		base.Parts = append(base.Parts, Expr{Op: OpPrefix, Field: FieldSyllable, Value: prefix})
	}
	for _, p := range r.Query.Excluded {
		if len(p.Words) <= 2 {
			base.Parts = append(base.Parts, not(foldedExpr(p)))
		}
	}
	return base
}

// tiers asks tier after tier and returns the hits of the window asked, and
// the expressions that found them.
func tiers(ctx context.Context, e Engine, base Expr, r Request) (Answer, []Expr, error) {
	w := window{engine: e, base: base, request: r, want: wanted(r), exact: true}
	steps := strictSteps(r.Query)
	if err := w.run(ctx, steps); err != nil {
		return Answer{}, nil, err
	}
	loose := false
	if w.total < little && !r.Strict {
		if more := looseSteps(r.Query); len(more) > 0 {
			loose = true
			if err := w.run(ctx, more); err != nil {
				return Answer{}, nil, err
			}
		}
	}
	hits := w.hits[min(max(r.Offset, 0), len(w.hits)):]
	hits = hits[:min(limit(r), len(hits))]
	return Answer{Hits: hits, Total: w.total, Exact: w.exact, Loose: loose}, w.asked, nil
}

func limit(r Request) int {
	if r.Limit <= 0 {
		return DefaultLimit
	}
	return min(r.Limit, MaxHits)
}

func wanted(r Request) int { return min(max(r.Offset, 0)+limit(r), MaxHits) }

// window collects hits until as many are verified as were asked for.
type window struct {
	engine  Engine
	base    Expr
	request Request
	want    int
	hits    []Hit
	total   int
	exact   bool
	asked   []Expr
	later   []later
}

// later is a page that a better tier's terms found but only a later tier's
// verification bears out.
type later struct {
	tier Tier
	hit  Hit
}

func (w *window) run(ctx context.Context, steps []step) error {
	for i, s := range steps {
		found := w.pending(s.tier)
		more, err := w.step(ctx, steps[i:])
		if err != nil {
			return fmt.Errorf("asking tier %s: %w", s.tier, err)
		}
		found = append(found, more...)
		slices.SortStableFunc(found, newest)
		w.hits = append(w.hits, found...)
		w.asked = append(w.asked, s.expr)
	}
	return nil
}

func newest(a, b Hit) int {
	return cmp.Or(cmp.Compare(b.Page.Date, a.Page.Date), cmp.Compare(a.Page.ID(), b.Page.ID()))
}

func (w *window) pending(t Tier) []Hit {
	var out []Hit
	w.later = slices.DeleteFunc(w.later, func(l later) bool {
		if l.tier == t {
			out = append(out, l.hit)
		}
		return l.tier == t
	})
	return out
}

// step asks for the pages of the first of the steps that no tier before it
// found, until enough are verified. What was not read is not verified, so the
// total is then exact only if the terms are.
func (w *window) step(ctx context.Context, steps []step) ([]Hit, error) {
	e := all(w.base, steps[0].expr)
	for _, before := range w.asked {
		e.Parts = append(e.Parts, not(before))
	}
	most := maxVerified
	if steps[0].tier.Loose() {
		most = maxVerifiedLoose
	}
	var out []Hit
	for offset, least := 0, firstRead; ; least *= 2 {
		ask := min(w.want-len(w.hits)-len(out), most-offset)
		if ask > 0 { // each asking has its price, so that few are made
			ask = min(max(ask, least), most-offset)
		}
		pages, total, err := w.engine.Find(ctx, e, offset, max(ask, 0))
		if err != nil {
			return nil, err
		}
		if offset == 0 {
			w.total += total
		}
		for _, j := range w.judge(pages, steps) {
			switch j.step {
			case refused:
				w.total--
			case 0:
				out = append(out, j.hit)
			default:
				w.later = append(w.later, later{steps[j.step].tier, j.hit})
			}
		}
		offset += len(pages)
		if offset >= total {
			return out, nil
		}
		if ask <= 0 || len(pages) == 0 || offset >= most {
			w.exact = w.exact && exactTerms(w.request.Query)
			return out, nil
		}
	}
}

// firstRead is the least number of pages read at first for one tier.
const firstRead = 20

// exactTerms reports whether terms alone decide: phrases of at most
// two words, or of three, which are one term.
func exactTerms(q Query) bool {
	long := func(p Phrase) bool { return len(p.Words) > 3 }
	return !slices.ContainsFunc(q.Phrases, long) && !slices.ContainsFunc(q.Excluded, long)
}

// judgement is what verification says of a page.
type judgement struct {
	step int // the first that bears it out, or refused
	hit  Hit
}

const refused = -1

// judge verifies pages, on every core.
func (w *window) judge(pages []Page, steps []step) []judgement {
	out := make([]judgement, len(pages))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pages)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pages); i = int(next.Add(1)) - 1 {
				out[i] = verify(pages[i], steps, w.request.Query)
			}
		})
	}
	wg.Wait()
	return out
}

// verify finds the first step that bears a page out.
func verify(p Page, steps []step, q Query) judgement {
	v := newView(p)
	for _, phrase := range q.Excluded {
		if matchFolded(v, phrase) != nil {
			return judgement{step: refused}
		}
	}
	for i, s := range steps {
		if places, ok := s.verify(v); ok {
			places = append(places, matchPrefixes(v, q.Prefixes)...)
			return judgement{i, Hit{Page: p, Tier: s.tier, Score: s.tier.Score(), Snippet: snippet(v, places)}}
		}
	}
	return judgement{step: refused}
}

// coverage reports the books in scope that have a cursor or a head.
func coverage(scope evidence.Scope, cursors, heads map[evidence.BookID]int64) []Coverage {
	books := map[evidence.BookID]Coverage{}
	for book, size := range cursors {
		if scope.Allows(book) {
			books[book] = Coverage{Book: book, Indexed: size, Size: heads[book]}
		}
	}
	for book, size := range heads {
		if scope.Allows(book) {
			books[book] = Coverage{Book: book, Indexed: cursors[book], Size: size}
		}
	}
	out := make([]Coverage, 0, len(books))
	for _, c := range books {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Coverage) int {
		return cmp.Or(cmp.Compare(a.Book.Unit, b.Book.Unit), cmp.Compare(a.Book.Period, b.Book.Period))
	})
	return out
}
