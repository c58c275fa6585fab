package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"time"

	"minhchung/evidence"
)

// Scanner answers from the texts that the store keeps, without any index: it
// reads the books in scope page by page and verifies each page as Run verifies
// what an index found. So hits, tiers, order and snippets are those of an
// index; it is only slower, and ends at its bounds. It may be used
// concurrently, and follows nothing: what is in the store is found.
type Scanner struct {
	Store evidence.Store
	// Rule is Follower.Rule.
	Rule string
	// Time bounds one search; 5 s when 0. Less when the caller's context ends
	// sooner, so that there is an answer at all.
	Time time.Duration
	// Pages bounds the pages read by one search; 50,000 when 0.
	Pages int
}

// Bounds of a search by a Scanner that does not say.
const (
	defaultScanTime  = 5 * time.Second
	defaultScanPages = 50_000
	// maxLoosePages is the number of pages up to which the loose tiers are
	// asked: they compare each page with hundreds of variants.
	maxLoosePages = 10_000
)

// errBound ends a scan at its bound of pages.
var errBound = errors.New("as many pages were read as one search may")

// Search is Index.Search. Facets count verified pages. The answer is marked
// Degraded; it is Incomplete, and Total is what was found so far, when a bound
// was met: the newest books, and in a book the newest documents, were read
// then.
func (s *Scanner) Search(ctx context.Context, scope evidence.Scope, r Request) (Answer, error) {
	if !scope.All && len(scope.Units) == 0 {
		return Answer{Exact: true, Degraded: true}, nil
	}
	limited, cancel := context.WithTimeout(ctx, s.time(ctx))
	defer cancel()
	x := scan{
		Scanner: s, scope: scope, request: r, left: cmp.Or(s.Pages, defaultScanPages),
		cursors: map[evidence.BookID]int64{}, found: collection{want: wanted(r), facets: r.Facets, tiers: map[Tier][]Hit{}},
	}
	steps := strictSteps(r.Query)
	err := x.run(limited, steps)
	loose := false
	if more := looseSteps(r.Query); err == nil && x.found.total < little && !r.Strict && len(more) > 0 {
		if steps, loose = append(steps, more...), true; x.read > maxLoosePages {
			err = errBound
		} else {
			x.loose, x.left = true, maxLoosePages
			err = x.run(limited, more)
		}
	}
	incomplete := errors.Is(err, errBound) || err != nil && limited.Err() != nil && ctx.Err() == nil
	if err != nil && !incomplete {
		return Answer{}, fmt.Errorf("searching the kept texts: %w", err)
	}
	a := x.found.answer(steps, r)
	a.Loose, a.Degraded, a.Incomplete, a.Exact = loose, true, incomplete, !incomplete
	a.Coverage = coverage(scope, x.cursors, r.Heads)
	return a, nil
}

// time is how long a search may take.
func (s *Scanner) time(ctx context.Context) time.Duration {
	most := cmp.Or(s.Time, defaultScanTime)
	if end, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(end)*4/5)
	}
	return most
}

// scan is one search. Everything but found is used by the goroutine that
// reads.
type scan struct {
	*Scanner
	scope   evidence.Scope
	request Request
	loose   bool // the steps are the loose ones
	read    int  // pages, of all books
	left    int  // pages that may still be read
	cursors map[evidence.BookID]int64
	found   collection
}

// run reads all books while the pages are verified on every core.
func (x *scan) run(ctx context.Context, steps []step) error {
	pages := make(chan Page, 4*runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for p := range pages {
				if hit, ok := x.examine(p, steps); ok {
					x.found.add(hit)
				}
			}
		})
	}
	err := x.books(ctx, pages)
	close(pages)
	workers.Wait()
	return err
}

// examine says whether a page is found, and by which step.
func (x *scan) examine(p Page, steps []step) (Hit, bool) {
	for facet, wanted := range x.request.Filter {
		if !slices.ContainsFunc(facet.Values(p), func(v string) bool { return slices.Contains(wanted, v) }) {
			return Hit{}, false
		}
	}
	for _, prefix := range x.request.Query.Prefixes {
		if matchPrefixes(newView(p), []string{prefix}) == nil {
			return Hit{}, false
		}
	}
	if x.loose && !selected(p, steps) {
		return Hit{}, false
	}
	j := verify(p, steps, x.request.Query)
	return j.hit, j.step != refused
}

// selected tells by terms whether some step may find the page. Verifying a
// loose step costs hundreds of times more.
func selected(p Page, steps []step) bool {
	terms := Terms(p)
	return slices.ContainsFunc(steps, func(s step) bool { return selectedBy(s.expr, terms) })
}

// selectedBy evaluates an expression of terms.
func selectedBy(e Expr, terms map[Field][]string) bool {
	part := func(e Expr) bool { return selectedBy(e, terms) }
	switch e.Op {
	case OpTerm:
		_, found := slices.BinarySearch(terms[e.Field], e.Value)
		return found
	case OpAny:
		return slices.ContainsFunc(e.Parts, part)
	case OpAll:
		return !slices.ContainsFunc(e.Parts, func(e Expr) bool { return !part(e) })
	case OpNot:
		return !part(e.Parts[0])
	}
	panic(fmt.Sprintf("search: operation %d in the expression of a step", e.Op))
}

// books reads the books in scope, the newest periods first.
func (x *scan) books(ctx context.Context, pages chan<- Page) error {
	books, err := x.Store.Books(ctx, x.scope)
	if err != nil {
		return err
	}
	slices.SortFunc(books, func(a, b evidence.BookID) int {
		return cmp.Or(cmp.Compare(b.Period, a.Period), cmp.Compare(a.Unit, b.Unit))
	})
	for _, book := range books {
		err := x.Store.View(ctx, x.scope, book, func(r evidence.Reader) error { return x.book(ctx, r, book, pages) })
		if err != nil {
			return fmt.Errorf("book %s: %w", book, err)
		}
	}
	return nil
}

// book sends a book's pages, the newest documents first. What is covered of it
// ends, as in plan, before the first document without a text, or that was not
// read: that is corrected as documents are read.
func (x *scan) book(ctx context.Context, r evidence.Reader, book evidence.BookID, pages chan<- Page) error {
	f := Follower{Rule: x.Rule}
	rule, err := f.ruleOf(ctx, r)
	if err != nil {
		return err
	}
	g, err := gather(ctx, r, rule)
	if err != nil {
		return err
	}
	read, wanted := map[int64]bool{}, x.wants(book)
	defer func() {
		if !x.loose { // all of it was read once then
			x.cursors[book] = g.covered(read)
		}
	}()
	for _, d := range g.newestFirst() {
		if !wanted {
			read[d.Entry] = g.texts[d.SHA256]
			continue
		}
		all, err := pagesOf(ctx, g, book, d.SHA256, rule)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range all {
			all[i].Criteria = g.criteria[d.SHA256]
		}
		if err := x.send(ctx, all, pages); err != nil {
			return err
		}
		read[d.Entry] = true
	}
	return nil
}

// wants tells whether a book can have pages that the filters let through.
func (x *scan) wants(book evidence.BookID) bool {
	for facet, value := range map[Facet]string{FacetUnit: string(book.Unit), FacetPeriod: string(book.Period)} {
		if values, ok := x.request.Filter[facet]; ok && !slices.Contains(values, value) {
			return false
		}
	}
	return true
}

func (x *scan) send(ctx context.Context, all []Page, pages chan<- Page) error {
	for _, p := range all {
		if x.left <= 0 {
			return errBound
		}
		select {
		case pages <- p:
			x.left--
			x.read++
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
