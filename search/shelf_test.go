package search_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
	"minhchung/ledger"
	"minhchung/search"
	"minhchung/search/searchtest"
)

// shelf is a store in memory that has the texts and registers from which a
// follower would have made the pages that are put; a Scanner reads it. Cursors
// are the sizes of its books.
type shelf struct {
	evidence.Store // nil: nothing else is asked
	search.Scanner

	mu      sync.Mutex
	pages   map[string]search.Page // by ID
	cursors map[evidence.BookID]int64
}

func newShelf() *shelf {
	s := &shelf{pages: map[string]search.Page{}, cursors: map[evidence.BookID]int64{}}
	s.Scanner = search.Scanner{Store: s, Rule: "nd30", Time: time.Hour}
	return s
}

func (s *shelf) Apply(_ context.Context, b search.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.pages, func(_ string, p search.Page) bool {
		return slices.Contains(b.Delete, search.DocumentRef{Book: p.Book(), Document: p.Document})
	})
	for _, p := range b.Put {
		s.pages[p.ID()] = p
	}
	maps.Copy(s.cursors, b.Cursors)
	return nil
}

func (s *shelf) Cursors(context.Context) (map[evidence.BookID]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.cursors), nil
}

func (s *shelf) Close() error { return nil }

func (s *shelf) Books(_ context.Context, scope evidence.Scope) ([]evidence.BookID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	books := map[evidence.BookID]bool{}
	for _, p := range s.pages {
		books[p.Book()] = true
	}
	for book := range s.cursors {
		books[book] = true
	}
	maps.DeleteFunc(books, func(b evidence.BookID, _ bool) bool { return !scope.Allows(b) })
	return slices.Collect(maps.Keys(books)), nil
}

func (s *shelf) View(_ context.Context, scope evidence.Scope, book evidence.BookID, fn func(evidence.Reader) error) error {
	if !scope.Allows(book) {
		return fs.ErrNotExist
	}
	s.mu.Lock()
	b := shelfBook{size: s.cursors[book], documents: map[signature.Hash][]search.Page{}}
	for _, p := range s.pages {
		if p.Book() == book {
			b.documents[p.Document] = append(b.documents[p.Document], p)
		}
	}
	s.mu.Unlock()
	return fn(b)
}

// shelfBook is one state of a book. Each document has a row of its own.
type shelfBook struct {
	evidence.Reader // nil: nothing else is asked
	size            int64
	documents       map[signature.Hash][]search.Page
}

func each[T any](b shelfBook, f func(p search.Page) []T) []T {
	var out []T
	for _, pages := range b.documents {
		out = append(out, f(pages[0])...)
	}
	return out
}

func (b shelfBook) Head(context.Context) (ledger.Head, error) { return ledger.Head{Size: b.size}, nil }

func (b shelfBook) Rules(context.Context) ([]string, error) { return []string{"nd30"}, nil }

func (b shelfBook) Documents(context.Context) ([]evidence.Document, error) {
	return each(b, func(p search.Page) []evidence.Document {
		return []evidence.Document{{SHA256: p.Document, Name: p.Name}}
	}), nil
}

func (b shelfBook) Texts(context.Context, int64) ([]evidence.DocumentText, error) {
	return each(b, func(p search.Page) []evidence.DocumentText {
		return []evidence.DocumentText{{Document: p.Document}}
	}), nil
}

func (b shelfBook) Matches(context.Context) ([]evidence.Match, error) {
	return each(b, func(p search.Page) []evidence.Match {
		return []evidence.Match{{Row: p.Document.String(), Document: p.Document}}
	}), nil
}

func (b shelfBook) Rows(context.Context) ([]evidence.Row, error) {
	return each(b, func(p search.Page) []evidence.Row {
		return []evidence.Row{{ID: p.Document.String(), Number: p.CodeNumber, Notation: p.Notation, Type: p.Type, Date: p.Date, Subject: p.Subject}}
	}), nil
}

func (b shelfBook) States(context.Context, string) ([]evidence.RowState, error) {
	return each(b, func(p search.Page) []evidence.RowState {
		return []evidence.RowState{{Row: p.Document.String(), State: p.State}}
	}), nil
}

func (b shelfBook) Attachments(context.Context) ([]evidence.Attachment, error) {
	return each(b, func(p search.Page) (out []evidence.Attachment) {
		for _, c := range p.Criteria {
			out = append(out, evidence.Attachment{Criterion: c, Document: p.Document})
		}
		return out
	}), nil
}

// TextOf leaves empty pages where none was put, which nothing finds.
func (b shelfBook) TextOf(_ context.Context, sha signature.Hash) (evidence.DocumentText, error) {
	pages, ok := b.documents[sha]
	if !ok {
		return evidence.DocumentText{}, fmt.Errorf("text of %s: %w", sha, fs.ErrNotExist)
	}
	e := text.Extraction{Source: text.Source(pages[0].TextSource)}
	for _, p := range pages {
		for len(e.Pages) < p.Number {
			e.Pages = append(e.Pages, text.Page{Number: len(e.Pages) + 1})
		}
		e.Pages[p.Number-1].Text = p.Text
	}
	content, err := json.Marshal(e)
	return evidence.DocumentText{Document: sha, Content: content}, err
}

// What an index answers is answered without one.
func TestScannerConformance(t *testing.T) {
	searchtest.RunReading(t, func(*testing.T) search.Index { return conforming{newShelf()} })
}

// conforming makes an Index of the shelf, whose two parts both have a Search.
type conforming struct{ *shelf }

func (c conforming) Search(ctx context.Context, scope evidence.Scope, r search.Request) (search.Answer, error) {
	a, err := c.Scanner.Search(ctx, scope, r)
	if err == nil && !a.Degraded {
		err = fmt.Errorf("got an answer that is not marked as degraded")
	}
	return a, err
}
