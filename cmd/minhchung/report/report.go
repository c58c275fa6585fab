// Package report reads one book and answers with an indicator and all that
// has to be read beside it: what commands print and pages show.
package report

import (
	"context"
	"slices"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/count"
)

// DefaultCriterion is the one that a register of outgoing documents answers.
const DefaultCriterion = "7.1.3"

// Decimals is how many decimals of a percentage people are shown; nothing is
// stored or compared with them.
const Decimals = 1

// Report is an indicator with what has to be read beside it: findings first,
// then the rows that are not PROVEN, each with its reason. It is one state of
// a book, and not changed after Build.
type Report struct {
	count.Indicator
	UnitName string
	Title    count.Text        // of the criterion
	Register evidence.Register // the newest one, without its rows
	// ByID are all rows, withdrawn ones too, by evidence.Row.ID.
	ByID map[string]evidence.Row
	// States are in register order; withdrawn rows are left out.
	States    []evidence.RowState
	Withdrawn int                          // rows that the newest register no longer has
	Documents map[string]evidence.Document // by row id
	// Unmatched are the documents without a row that are not evidence for a
	// criterion either, by name.
	Unmatched []evidence.Document
}

// Build reads one state of the book. A rule that the import did not keep
// states for is applied to every row here and now; the answer is the same,
// since rules are pure. An unknown criterion is a *count.UnknownError, a book
// that is not there or outside the scope fs.ErrNotExist.
func Build(ctx context.Context, store evidence.Store, scope evidence.Scope, book evidence.BookID, unit evidence.Unit, criterion string, rule *count.Rule) (*Report, error) {
	c, err := count.CriterionOf(criterion)
	if err != nil {
		return nil, err
	}
	r := &Report{UnitName: unit.Name, Title: c.Title, ByID: map[string]evidence.Row{}, Documents: map[string]evidence.Document{}}
	err = store.View(ctx, scope, book, func(v evidence.Reader) error {
		if err := r.read(ctx, v); err != nil {
			return err
		}
		states, err := statesOf(ctx, v, rule, r.ByID)
		if err != nil {
			return err
		}
		head, err := v.Head(ctx)
		if err != nil {
			return err
		}
		if r.Indicator, err = rule.Indicator(book, criterion, states, string(head.Checkpoint)); err != nil {
			return err
		}
		r.order(states)
		return nil
	})
	return r, err
}

// read collects register, rows and documents.
func (r *Report) read(ctx context.Context, v evidence.Reader) (err error) {
	if r.Register, err = v.Register(ctx); err != nil {
		return err
	}
	rows, err := v.Rows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r.ByID[row.ID] = row
		if row.Withdrawn {
			r.Withdrawn++
		}
	}
	return r.readDocuments(ctx, v)
}

func (r *Report) readDocuments(ctx context.Context, v evidence.Reader) error {
	docs, err := v.Documents(ctx)
	if err != nil {
		return err
	}
	byHash := make(map[string]evidence.Document, len(docs))
	for _, d := range docs {
		byHash[d.SHA256.String()] = d
	}
	matches, err := v.Matches(ctx)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, m := range matches {
		sha := m.Document.String()
		r.Documents[m.Row], taken[sha] = byHash[sha], true
	}
	if err := takeEvidence(ctx, v, taken); err != nil {
		return err
	}
	for _, d := range docs {
		if !taken[d.SHA256.String()] {
			r.Unmatched = append(r.Unmatched, d)
		}
	}
	slices.SortFunc(r.Unmatched, func(a, b evidence.Document) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.SHA256.String(), b.SHA256.String())
	})
	return nil
}

// takeEvidence marks the documents that hang on a criterion or explain one:
// no row is expected of them.
func takeEvidence(ctx context.Context, v evidence.Reader, taken map[string]bool) error {
	links, err := v.Attachments(ctx)
	if err != nil {
		return err
	}
	for _, a := range links {
		taken[a.Document.String()] = true
	}
	said, err := v.Explanations(ctx)
	for _, x := range said {
		taken[x.Document.String()] = true
	}
	return err
}

// statesOf returns the stored states of a rule, or computes them.
func statesOf(ctx context.Context, v evidence.Reader, rule *count.Rule, rows map[string]evidence.Row) ([]evidence.RowState, error) {
	kept, err := v.Rules(ctx)
	if err != nil {
		return nil, err
	}
	if slices.Contains(kept, rule.ID()) {
		return v.States(ctx, rule.ID())
	}
	var states []evidence.RowState
	for id := range rows {
		e, err := evidence.Gather(ctx, v, id)
		if err != nil {
			return nil, err
		}
		states = append(states, rule.State(e))
	}
	return states, nil
}

// order keeps the states of rows that the newest register has, in its order.
func (r *Report) order(states []evidence.RowState) {
	for _, s := range states {
		if !r.ByID[s.Row].Withdrawn {
			r.States = append(r.States, s)
		}
	}
	slices.SortStableFunc(r.States, func(a, b evidence.RowState) int {
		x, y := r.ByID[a.Row], r.ByID[b.Row]
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return strings.Compare(a.Row, b.Row)
	})
}

// Exceptions are the rows that count and are not PROVEN.
func (r *Report) Exceptions() []evidence.RowState {
	var list []evidence.RowState
	for _, s := range r.States {
		if s.State == evidence.Disproven || s.State == evidence.Undetermined {
			list = append(list, s)
		}
	}
	return list
}

// UnmatchedNames are the names of the documents without a row.
func (r *Report) UnmatchedNames() []string {
	names := make([]string, len(r.Unmatched))
	for i, d := range r.Unmatched {
		names[i] = d.Name
	}
	return names
}
