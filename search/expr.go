package search

import (
	"context"
	"errors"

	"minhchung/evidence"
)

// ErrRebuilding is returned by Rebuilder.Rebuild while a generation is being
// built.
var ErrRebuilding = errors.New("a generation is already being built")

// ErrClosed is returned by an Index after Close.
var ErrClosed = errors.New("search index is closed")

// Engine is the part of an index that a driver writes: sets of pages by terms.
// Run turns requests into expressions, verifies what an engine finds, ranks
// and highlights it; so that every driver gives the same answer.
type Engine interface {
	// Find returns the stored pages that an expression selects, newest Date
	// first (no date last), then by ID, from offset, at most limit; and how
	// many there are in all. Offset + limit is at most MaxHits.
	Find(ctx context.Context, e Expr, offset, limit int) (pages []Page, total int, err error)
	// Count returns, of the pages an expression selects, the counts of each
	// facet's values: highest first, then by value, at most MaxFacetValues.
	Count(ctx context.Context, e Expr, facets []Facet) (map[Facet][]FacetCount, error)
	Cursors(ctx context.Context) (map[evidence.BookID]int64, error)
}

// Op is what an expression does with its parts.
type Op int

// The operations. The zero Op is invalid.
const (
	OpTerm   Op = iota + 1 // pages that have Value in Field
	OpPrefix               // pages that have a value with this prefix in Field
	OpAll                  // pages that all parts select; with no parts, every page
	OpAny                  // pages that some part selects; with no parts, none
	OpNot                  // pages that the one part does not select
)

// Expr selects pages. Values are compared byte for byte.
type Expr struct {
	Op    Op
	Field Field
	Value string
	Parts []Expr
}

// Field is a multi-valued property of a page that expressions select by: one
// of the term fields below, or a facet's name.
type Field string

// The term fields, see Terms.
const (
	FieldSyllable  Field = "syllable"  // folded tokens
	FieldBigram    Field = "bigram"    // folded tokens in pairs, "cai_cach"
	FieldTrigram   Field = "trigram"   // folded tokens in threes
	FieldMarked    Field = "marked"    // keys of tokens that carry marks, and of pairs
	FieldCorrected Field = "corrected" // noisy text only: possible readings, and pairs of them
	FieldNumber    Field = "number"    // the document's own number, normalised
	FieldMention   Field = "mention"   // numbers of documents in the text, normalised
	FieldDocument  Field = "document"  // DocumentID
)

// TermFields lists the fields of Terms.
func TermFields() []Field {
	return []Field{FieldSyllable, FieldBigram, FieldTrigram, FieldMarked, FieldCorrected, FieldNumber, FieldMention, FieldDocument}
}

func term(f Field, value string) Expr { return Expr{Op: OpTerm, Field: f, Value: value} }
func all(parts ...Expr) Expr          { return Expr{Op: OpAll, Parts: parts} }
func anyOf(parts ...Expr) Expr        { return Expr{Op: OpAny, Parts: parts} }
func not(e Expr) Expr                 { return Expr{Op: OpNot, Parts: []Expr{e}} }
