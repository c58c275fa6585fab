package search

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Follower brings an index up to the ledger and to the texts that are kept
// beside it. Its methods may be called again at any time; two of one book do
// not run at the same time.
type Follower struct {
	Store evidence.Store
	// Scope is the installation's own: every book it indexes.
	Scope evidence.Scope
	Index Index
	// Rule is the counting rule whose states pages show; a book without it
	// shows those of its first rule.
	Rule string
}

// indexPlace is the follower's name in the store: the highest DocumentText.Seq that
// the index has.
const indexPlace = "index"

// applier takes batches: an Index or a Generation of one.
type applier interface {
	Apply(ctx context.Context, b Batch) error
}

// Bounds of one batch.
const (
	batchPages = 400
	batchBytes = 8 << 20
)

// Catch indexes what came into a book since the last time: new documents once
// their text is read, and everything about older ones that changed. The
// index's cursor stops before the first document whose text is still missing,
// so that coverage never says more than is true. A crash at any point is
// mended by the next call.
func (f *Follower) Catch(ctx context.Context, book evidence.BookID) error {
	cursors, err := f.Index.Cursors(ctx)
	if err != nil {
		return fmt.Errorf("indexing book %s: %w", book, err)
	}
	if err := f.feed(ctx, f.Index, book, cursors[book]); err != nil {
		return fmt.Errorf("indexing book %s: %w", book, err)
	}
	return nil
}

// Rebuild makes the index anew from ledger and texts while the old one serves.
func (f *Follower) Rebuild(ctx context.Context) (err error) {
	r, ok := f.Index.(Rebuilder)
	if !ok {
		return errors.New("rebuilding: the index cannot build a new generation")
	}
	g, err := r.Rebuild(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Discard()) }()
	books, err := f.Store.Books(ctx, f.Scope)
	if err != nil {
		return err
	}
	for _, book := range books {
		if err := f.feed(ctx, g, book, 0); err != nil {
			return fmt.Errorf("rebuilding the index of book %s: %w", book, err)
		}
	}
	return g.Commit(ctx)
}

// Reconcile compares the documents of a book in the index with those of the
// ledger, page by page, and mends what differs. It returns how many documents
// that were.
func (f *Follower) Reconcile(ctx context.Context, book evidence.BookID) (int, error) {
	l, ok := f.Index.(Lister)
	if !ok {
		return 0, nil
	}
	stored, err := f.expected(ctx, book)
	if err != nil {
		return 0, fmt.Errorf("reconciling book %s: %w", book, err)
	}
	indexed := map[string]int{} // DocumentID → pages
	for id, err := range l.IDs(ctx, book.Unit) {
		if err != nil {
			return 0, fmt.Errorf("reconciling book %s: %w", book, err)
		}
		if document, ok := documentOf(book, id); ok {
			indexed[document]++
		}
	}
	var wrong []signature.Hash
	for sha, pages := range stored {
		if indexed[sha.String()] != pages {
			wrong = append(wrong, sha)
		}
		delete(indexed, sha.String())
	}
	for id := range indexed { // the ledger does not have these
		var sha signature.Hash
		if err := sha.UnmarshalText([]byte(id)); err == nil {
			wrong = append(wrong, sha)
		}
	}
	if len(wrong) == 0 {
		return 0, nil
	}
	slices.SortFunc(wrong, func(a, b signature.Hash) int { return slices.Compare(a[:], b[:]) })
	if err := f.put(ctx, f.Index, book, wrong, nil); err != nil {
		return 0, fmt.Errorf("reconciling book %s: %w", book, err)
	}
	return len(wrong), nil
}

// documentOf returns the hexadecimal digest in a page's id when it is of the
// book.
func documentOf(book evidence.BookID, id string) (string, bool) {
	const digits = 64
	var none signature.Hash
	prefix := DocumentID(book, none)
	prefix = prefix[:len(prefix)-digits]
	if len(id) <= len(prefix)+digits || id[:len(prefix)] != prefix || id[len(prefix)+digits] != '_' {
		return "", false
	}
	return id[len(prefix) : len(prefix)+digits], true
}

// expected returns how many index pages each document should have that the
// cursor covers.
func (f *Follower) expected(ctx context.Context, book evidence.BookID) (map[signature.Hash]int, error) {
	cursors, err := f.Index.Cursors(ctx)
	if err != nil {
		return nil, err
	}
	pages := map[signature.Hash]int{}
	err = f.Store.View(ctx, f.Scope, book, func(r evidence.Reader) error {
		docs, err := r.Documents(ctx)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if d.Entry >= cursors[book] {
				continue
			}
			kept, err := r.TextOf(ctx, d.SHA256)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			e, err := kept.Extraction()
			if err != nil {
				return err
			}
			pages[d.SHA256] = max(1, len(e.Pages))
		}
		return nil
	})
	return pages, err
}

// feed puts what changed between two ledger sizes.
func (f *Follower) feed(ctx context.Context, to applier, book evidence.BookID, from int64) error {
	var l lack
	err := f.Store.View(ctx, f.Scope, book, func(r evidence.Reader) (err error) {
		l, err = plan(ctx, r, from)
		return err
	})
	if err != nil || l.nothing {
		return err
	}
	if err := f.put(ctx, to, book, l.documents, map[evidence.BookID]int64{book: l.size}); err != nil {
		return err
	}
	return f.Store.Keep(ctx, f.Scope, book, evidence.Kept{Places: map[string]int64{indexPlace: l.seq}})
}

// put indexes documents as they are now; one that the book does not have, or
// whose text is not read yet, is taken out. The cursors go with the last
// batch.
func (f *Follower) put(ctx context.Context, to applier, book evidence.BookID, documents []signature.Hash, cursors map[evidence.BookID]int64) error {
	for {
		var b Batch
		err := f.Store.View(ctx, f.Scope, book, func(r evidence.Reader) (err error) {
			b, documents, err = f.batch(ctx, r, book, documents)
			return err
		})
		if err != nil {
			return err
		}
		if len(documents) == 0 {
			b.Cursors = cursors
		}
		if err := to.Apply(ctx, b); err != nil || len(documents) == 0 {
			return err
		}
	}
}

// batch makes pages of the first documents, and returns those that are left.
func (f *Follower) batch(ctx context.Context, r evidence.Reader, book evidence.BookID, documents []signature.Hash) (Batch, []signature.Hash, error) {
	var b Batch
	rule, err := f.ruleOf(ctx, r)
	if err != nil {
		return b, nil, err
	}
	criteria, err := criteriaOf(ctx, r)
	if err != nil {
		return b, nil, err
	}
	bytes := 0
	for len(documents) > 0 && len(b.Put) < batchPages && bytes < batchBytes {
		sha := documents[0]
		documents = documents[1:]
		b.Delete = append(b.Delete, DocumentRef{book, sha})
		pages, err := pagesOf(ctx, r, book, sha, rule)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return b, nil, err
		}
		for i := range pages {
			pages[i].Criteria = criteria[sha]
			bytes += len(pages[i].Text)
		}
		b.Put = append(b.Put, pages...)
	}
	return b, documents, nil
}

// ruleOf chooses the rule whose states are shown; "" for a book without.
func (f *Follower) ruleOf(ctx context.Context, r evidence.Reader) (string, error) {
	rules, err := r.Rules(ctx)
	if err != nil || len(rules) == 0 {
		return "", err
	}
	if slices.Contains(rules, f.Rule) {
		return f.Rule, nil
	}
	return rules[0], nil
}

func criteriaOf(ctx context.Context, r evidence.Reader) (map[signature.Hash][]string, error) {
	links, err := r.Attachments(ctx)
	criteria := map[signature.Hash][]string{}
	for _, a := range links {
		criteria[a.Document] = append(criteria[a.Document], a.Criterion)
	}
	return criteria, err
}

// pagesOf makes the index pages of a document; without a text that was read it
// is fs.ErrNotExist.
func pagesOf(ctx context.Context, r evidence.Reader, book evidence.BookID, sha signature.Hash, rule string) ([]Page, error) {
	doc, err := r.Document(ctx, sha)
	if err != nil {
		return nil, err
	}
	kept, err := r.TextOf(ctx, sha)
	if err != nil {
		return nil, err
	}
	e, err := kept.Extraction()
	if err != nil {
		return nil, err
	}
	base := Page{Unit: book.Unit, Period: book.Period, Document: sha, Number: 1, Name: doc.Name, TextSource: string(e.Source)}
	if err := describe(ctx, r, &base, rule); err != nil {
		return nil, err
	}
	if len(e.Pages) == 0 { // found by what the register says of it
		return []Page{base}, nil
	}
	pages := make([]Page, len(e.Pages))
	for i, p := range e.Pages {
		pages[i] = base
		pages[i].Number, pages[i].Text = i+1, p.Text
		if p.Overlay != "" {
			pages[i].Text += "\n" + p.Overlay
		}
	}
	return pages, nil
}

// describe fills in what the register says of a document, from its first row.
func describe(ctx context.Context, r evidence.Reader, p *Page, rule string) error {
	rows, err := r.MatchedRows(ctx, p.Document)
	if err != nil || len(rows) == 0 {
		return err
	}
	row, err := r.Row(ctx, slices.Min(rows))
	if err != nil {
		return err
	}
	p.Row, p.Type, p.Date, p.Subject = row.ID, row.Type, row.Date, row.Subject
	p.CodeNumber, p.Notation = row.Number, row.Notation
	if rule == "" {
		return nil
	}
	state, err := r.StateOf(ctx, rule, row.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	p.State = state.State
	return err
}
