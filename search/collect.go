package search

import (
	"cmp"
	"slices"
	"sync"
)

// collection keeps the best hits of a scan, and counts all of them.
type collection struct {
	want   int     // hits to keep of each tier
	facets []Facet // to count

	mu     sync.Mutex // guards what follows
	total  int
	tiers  map[Tier][]Hit
	counts map[Facet]map[string]int
}

// add is called by many goroutines.
func (c *collection) add(h Hit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	for _, f := range c.facets {
		c.count(f, f.Values(h.Page))
	}
	hits := append(c.tiers[h.Tier], h)
	if len(hits) >= 2*c.want { // pages have texts: the worse half is let go
		hits = best(hits, c.want)
	}
	c.tiers[h.Tier] = hits
}

func (c *collection) count(f Facet, values []string) {
	if c.counts == nil {
		c.counts = map[Facet]map[string]int{}
	}
	if c.counts[f] == nil {
		c.counts[f] = map[string]int{}
	}
	for _, v := range values {
		c.counts[f][v]++
	}
}

func best(hits []Hit, n int) []Hit {
	slices.SortFunc(hits, newest)
	clear(hits[min(n, len(hits)):])
	return hits[:min(n, len(hits))]
}

// answer returns the window that was asked for, best tiers first.
func (c *collection) answer(steps []step, r Request) Answer {
	a := Answer{Total: c.total}
	for _, s := range steps {
		a.Hits = append(a.Hits, best(c.tiers[s.tier], c.want)...)
	}
	a.Hits = a.Hits[:min(c.want, len(a.Hits))]
	a.Hits = a.Hits[min(max(r.Offset, 0), len(a.Hits)):]
	a.Hits = a.Hits[:min(limit(r), len(a.Hits))]
	if len(r.Facets) > 0 {
		a.Facets = map[Facet][]FacetCount{}
		for _, f := range r.Facets {
			a.Facets[f] = frequent(c.counts[f])
		}
	}
	return a
}

// frequent returns counts as Engine.Count does.
func frequent(counts map[string]int) []FacetCount {
	out := make([]FacetCount, 0, len(counts))
	for value, pages := range counts {
		out = append(out, FacetCount{value, pages})
	}
	slices.SortFunc(out, func(a, b FacetCount) int {
		return cmp.Or(cmp.Compare(b.Pages, a.Pages), cmp.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), MaxFacetValues)]
}
