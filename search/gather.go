package search

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// gathered is a Reader with what describes a book's documents read at once,
// where a follower, who looks at few of them, reads piece by piece.
type gathered struct {
	evidence.Reader
	size      int64 // of the ledger
	documents map[signature.Hash]evidence.Document
	texts     map[signature.Hash]bool // documents with a text
	matched   map[signature.Hash][]string
	rows      map[string]evidence.Row
	states    map[string]evidence.RowState // of one rule
	criteria  map[signature.Hash][]string
}

func gather(ctx context.Context, r evidence.Reader, rule string) (*gathered, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	g := &gathered{
		Reader: r, size: head.Size, documents: map[signature.Hash]evidence.Document{}, texts: map[signature.Hash]bool{},
		matched: map[signature.Hash][]string{}, rows: map[string]evidence.Row{}, states: map[string]evidence.RowState{},
	}
	if g.criteria, err = criteriaOf(ctx, r); err != nil {
		return nil, err
	}
	documents, err := r.Documents(ctx)
	for _, d := range documents {
		g.documents[d.SHA256] = d
	}
	if err != nil {
		return nil, err
	}
	texts, err := r.Texts(ctx, 0)
	for _, t := range texts {
		g.texts[t.Document] = true
	}
	if err != nil {
		return nil, err
	}
	return g, g.register(ctx, rule)
}

// register gathers what the register says.
func (g *gathered) register(ctx context.Context, rule string) error {
	matches, err := g.Reader.Matches(ctx)
	for _, m := range matches {
		g.matched[m.Document] = append(g.matched[m.Document], m.Row)
	}
	if err != nil {
		return err
	}
	rows, err := g.Reader.Rows(ctx)
	for _, row := range rows {
		g.rows[row.ID] = row
	}
	if err != nil || rule == "" {
		return err
	}
	states, err := g.Reader.States(ctx, rule)
	for _, s := range states {
		g.states[s.Row] = s
	}
	return err
}

// newestFirst returns the documents by their rows' dates, the newest first.
func (g *gathered) newestFirst() []evidence.Document {
	date := func(d evidence.Document) evidence.Date {
		rows := g.matched[d.SHA256]
		if len(rows) == 0 {
			return ""
		}
		return g.rows[slices.Min(rows)].Date
	}
	var all []evidence.Document
	for _, d := range g.documents {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b evidence.Document) int {
		return cmp.Or(cmp.Compare(date(b), date(a)), cmp.Compare(b.Entry, a.Entry))
	})
	return all
}

// covered returns the ledger size before the first document that was not read,
// by entry.
func (g *gathered) covered(read map[int64]bool) int64 {
	size := g.size
	for _, d := range g.documents {
		if !read[d.Entry] {
			size = min(size, d.Entry)
		}
	}
	return size
}

func lookUp[K comparable, V any](m map[K]V, key K, what string) (V, error) {
	v, ok := m[key]
	if !ok {
		return v, fmt.Errorf("%s %v: %w", what, key, fs.ErrNotExist)
	}
	return v, nil
}

// Document implements evidence.Reader.
func (g *gathered) Document(_ context.Context, sha signature.Hash) (evidence.Document, error) {
	return lookUp(g.documents, sha, "document")
}

// MatchedRows implements evidence.Reader.
func (g *gathered) MatchedRows(_ context.Context, sha signature.Hash) ([]string, error) {
	return g.matched[sha], nil
}

// Row implements evidence.Reader.
func (g *gathered) Row(_ context.Context, id string) (evidence.Row, error) {
	return lookUp(g.rows, id, "row")
}

// StateOf implements evidence.Reader; it knows the one rule that was gathered.
func (g *gathered) StateOf(_ context.Context, _, row string) (evidence.RowState, error) {
	return lookUp(g.states, row, "state of row")
}
