package search

import (
	"context"
	"iter"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Index keeps pages. Implementations: search/bleve and search/meili; both
// pass searchtest. All methods may be called concurrently.
type Index interface {
	// Apply makes a batch true: first Delete, then Put, and the cursors with
	// them. When it returns nil, a Search that starts afterwards sees the
	// batch, and it survives a crash; an implementation with asynchronous
	// tasks awaits them. When it returns an error, all, some or nothing may
	// have been applied but the cursors only if all was; the same batch may
	// be applied again, as often as one likes. A page put again replaces the
	// page of the same ID.
	Apply(ctx context.Context, b Batch) error
	// Search answers a request within a scope. The zero scope sees nothing:
	// no hits, no counts, no coverage. Facets, totals and snippets are of
	// pages inside the scope only. Implementations call Run.
	Search(ctx context.Context, scope evidence.Scope, r Request) (Answer, error)
	// Cursors returns, for each book, the ledger size up to which the index
	// follows it. A book that was never indexed is absent. A new or deleted
	// index has none, and its follower starts at 0.
	Cursors(ctx context.Context) (map[evidence.BookID]int64, error)
	// Close releases the index. Calls after it fail.
	Close() error
}

// Lister lists what an index holds, for reconciling with the ledger.
type Lister interface {
	// IDs yields the Page.ID of every page of a unit, in no order, each once.
	// It ends after the first error. Pages put or deleted meanwhile may or may
	// not appear.
	IDs(ctx context.Context, unit evidence.UnitID) iter.Seq2[string, error]
}

// Rebuilder builds an index anew while the old one serves.
type Rebuilder interface {
	// Rebuild begins an empty generation. Until it is committed, Search,
	// Apply and Cursors of the index go on with the old one. Only one can be
	// under way: ErrRebuilding otherwise.
	Rebuild(ctx context.Context) (Generation, error)
}

// Generation is an index being built. It is used by one goroutine.
type Generation interface {
	// Apply is Index.Apply for the new generation.
	Apply(ctx context.Context, b Batch) error
	// Commit puts the generation in the place of the old one, at once and
	// durably, and removes the old one. Cursors are then those of the new
	// generation, so what the old one followed meanwhile is followed again.
	Commit(ctx context.Context) error
	// Discard removes the generation. After Commit it does nothing.
	Discard() error
}

// Batch is a step of a follower.
type Batch struct {
	Delete []DocumentRef // all pages of these documents
	Put    []Page
	// Cursors are the ledger sizes reached with this batch. They are stored
	// with it, never before it.
	Cursors map[evidence.BookID]int64
}

// DocumentRef names a document in a book.
type DocumentRef struct {
	Book     evidence.BookID
	Document signature.Hash
}

// MaxHits bounds Offset + Limit of a request, and the hits that Total counts
// exactly. Meilisearch gives 1,000 by default.
const MaxHits = 1000

// DefaultLimit is the number of hits when a request does not say.
const DefaultLimit = 20

// Request is what a caller asks.
type Request struct {
	Query Query
	// Filter keeps pages that have one of the values, for each facet named.
	Filter map[Facet][]string
	// Facets asks for counts of these. Counts of a facet regard its own
	// filter too.
	Facets []Facet
	Offset int // hits to leave out; negative counts as 0
	Limit  int // hits to return, DefaultLimit when 0, at most MaxHits
	// Strict leaves out the loose tiers.
	Strict bool
	// Heads are the ledger sizes that coverage is measured against. Only
	// books inside the scope are reported.
	Heads map[evidence.BookID]int64
}

// Facet is a property of pages that answers count and requests filter by.
type Facet string

// The facets.
const (
	FacetUnit       Facet = "unit"
	FacetPeriod     Facet = "period"
	FacetCriterion  Facet = "criterion"
	FacetType       Facet = "type"
	FacetState      Facet = "state"
	FacetTextSource Facet = "textSource"
)

// Facets lists all facets, in the order they are shown.
func Facets() []Facet {
	return []Facet{FacetUnit, FacetPeriod, FacetCriterion, FacetType, FacetState, FacetTextSource}
}

// Values returns a page's values of a facet.
func (f Facet) Values(p Page) []string {
	value := ""
	switch f {
	case FacetUnit:
		value = string(p.Unit)
	case FacetPeriod:
		value = string(p.Period)
	case FacetCriterion:
		return p.Criteria
	case FacetType:
		value = p.Type
	case FacetState:
		value = string(p.State)
	case FacetTextSource:
		value = p.TextSource
	}
	if value == "" {
		return nil
	}
	return []string{value}
}

// MaxFacetValues bounds the values counted of one facet: the most frequent
// ones, ties by value.
const MaxFacetValues = 200

// FacetCount says how many of the pages found have a value.
type FacetCount struct {
	Value string `json:"value"`
	Pages int    `json:"pages"`
}

// Answer is what a search found.
type Answer struct {
	Hits []Hit `json:"hits"`
	// Total is the number of pages found in all tiers asked. It is exact when
	// Exact; otherwise the index found that many candidates, some of which
	// the stored text may not bear out (only phrases of three syllables or
	// more have such).
	Total  int                    `json:"total"`
	Exact  bool                   `json:"exact"`
	Facets map[Facet][]FacetCount `json:"facets,omitempty"`
	// Loose is true when little was found and loose tiers were asked too.
	Loose    bool       `json:"loose,omitempty"`
	Coverage []Coverage `json:"coverage"` // by book, sorted
	// Degraded is true when the index could not be asked and the kept texts
	// were read instead: see Scanner.
	Degraded bool `json:"degraded,omitempty"`
	// Incomplete is true when such a reading ended at its bounds: more pages
	// may match, and Total is only what was found until then.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Coverage says how far the index follows a book: "indexed X of Y".
type Coverage struct {
	Book    evidence.BookID `json:"book"`
	Indexed int64           `json:"indexed"`
	Size    int64           `json:"size"` // from Request.Heads; 0 when not given
}

// Hit is a page that was found.
type Hit struct {
	Page    Page    `json:"page"` // as stored, with its text
	Tier    Tier    `json:"tier"`
	Score   int     `json:"score"` // of the tier; higher is better
	Snippet Snippet `json:"snippet"`
}

// Snippet is a piece of a page's stored text, marks as typed there, without
// control characters. Spans are byte offsets into Text.
type Snippet struct {
	Zone  string `json:"zone"` // "text", "subject" or "name"
	Text  string `json:"text"`
	Spans []Span `json:"spans,omitempty"` // in order, not overlapping
}

// Span is the half-open byte range [Start, End).
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Tier says how a page was found, best first. Within a tier the newest page
// comes first, then the smaller ID.
type Tier string

// The tiers. The last three are loose: asked only when the others find little.
const (
	TierNumber    Tier = "number"    // the document's own number
	TierMention   Tier = "mention"   // the number of a document, in the text
	TierMarked    Tier = "marked"    // the phrase with its marks
	TierFolded    Tier = "folded"    // the phrase, marks apart
	TierCorrected Tier = "corrected" // the phrase in noisy text, after correction
	TierRepaired  Tier = "repaired"  // one syllable of the query repaired
	TierMissing   Tier = "missing"   // one syllable of the query missing
	TierWords     Tier = "words"     // all words, apart
)

// Score returns the tier's weight: 80 for a number down to 10 for words.
func (t Tier) Score() int {
	return map[Tier]int{
		TierNumber: 80, TierMention: 70, TierMarked: 60, TierFolded: 50,
		TierCorrected: 40, TierRepaired: 30, TierMissing: 20, TierWords: 10,
	}[t]
}

// Loose reports whether the tier is asked only when little was found.
func (t Tier) Loose() bool { return t == TierRepaired || t == TierMissing || t == TierWords }
