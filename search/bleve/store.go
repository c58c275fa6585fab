package bleve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	engine "github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	api "github.com/blevesearch/bleve_index_api"

	"minhchung/evidence"
	"minhchung/search"
)

// store is one generation: a bleve index. It implements search.Engine.
type store struct {
	path  string
	index engine.Index

	write   sync.Mutex // one batch at a time, so that cursors do not run back
	mu      sync.Mutex
	cursors map[evidence.BookID]int64 // what cursorsKey holds
}

var _ search.Engine = (*store)(nil)

// Keys of the index's own values, written in one batch with the pages.
var (
	versionKey = []byte("minhchung-version")
	cursorsKey = []byte("minhchung-cursors")
)

// lockTimeout is how long opening waits for another holder of the folder.
const lockTimeout = "2s"

func createStore(path string) (*store, error) {
	index, err := engine.NewUsing(path, engine.NewIndexMapping(), scorch.Name, scorch.Name, map[string]any{
		"bolt_timeout": lockTimeout,
	})
	if err != nil {
		return nil, err
	}
	if err := index.SetInternal(versionKey, []byte(version)); err != nil {
		return nil, err
	}
	return &store{path: path, index: index, cursors: map[evidence.BookID]int64{}}, nil
}

func openStore(path string, readOnly bool) (*store, error) {
	index, err := engine.OpenUsing(path, map[string]any{"bolt_timeout": lockTimeout, "read_only": readOnly})
	if err != nil {
		return nil, err
	}
	s := &store{path: path, index: index, cursors: map[evidence.BookID]int64{}}
	raw, err := index.GetInternal(cursorsKey)
	if err != nil {
		return nil, fmt.Errorf("reading cursors: %w", err)
	}
	if s.cursors, err = decodeCursors(raw); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *store) close() error { return s.index.Close() }

func (s *store) version() string {
	raw, err := s.index.GetInternal(versionKey)
	if err != nil {
		return ""
	}
	return string(raw)
}

// Cursors implements search.Engine.
func (s *store) Cursors(context.Context) (map[evidence.BookID]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.cursors), nil
}

// batchPages bounds the pages of one bleve batch, which is held in memory.
const batchPages = 200

// apply writes a batch in pieces; the cursors go with the last one, so a
// crash between them only means that the batch is applied again.
func (s *store) apply(ctx context.Context, b search.Batch) error {
	s.write.Lock()
	defer s.write.Unlock()
	batch := s.index.NewBatch()
	for _, ref := range b.Delete {
		if err := s.deleteDocument(ctx, batch, ref); err != nil {
			return fmt.Errorf("deleting document %s: %w", ref.Document, err)
		}
	}
	for pages := range slices.Chunk(b.Put, batchPages) {
		if batch.Size() > 0 {
			if err := s.commit(ctx, batch); err != nil {
				return err
			}
			batch = s.index.NewBatch() // the engine may still read the old one
		}
		docs, err := newDocuments(pages)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			if err := batch.IndexAdvanced(doc); err != nil {
				return fmt.Errorf("indexing page %s: %w", doc.ID(), err)
			}
		}
	}
	return s.finish(ctx, batch, b.Cursors)
}

// newDocuments makes documents on every core; correction is most of the work.
func newDocuments(pages []search.Page) ([]*document.Document, error) {
	docs, errs := make([]*document.Document, len(pages)), make([]error, len(pages))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pages)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pages); i = int(next.Add(1)) - 1 {
				docs[i], errs[i] = newDocument(pages[i])
			}
		})
	}
	wg.Wait()
	return docs, errors.Join(errs...)
}

func (s *store) commit(ctx context.Context, batch *engine.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.index.Batch(batch); err != nil {
		return fmt.Errorf("writing to the search index: %w", err)
	}
	return nil
}

// finish writes the last piece together with the cursors.
func (s *store) finish(ctx context.Context, batch *engine.Batch, moved map[evidence.BookID]int64) error {
	s.mu.Lock()
	cursors := maps.Clone(s.cursors)
	s.mu.Unlock()
	maps.Copy(cursors, moved)
	if len(moved) > 0 {
		batch.SetInternal(cursorsKey, encodeCursors(cursors))
	}
	if err := s.commit(ctx, batch); err != nil {
		return err
	}
	s.mu.Lock()
	s.cursors = cursors
	s.mu.Unlock()
	return nil
}

func (s *store) deleteDocument(ctx context.Context, batch *engine.Batch, ref search.DocumentRef) error {
	e := search.Expr{Op: search.OpTerm, Field: search.FieldDocument, Value: search.DocumentID(ref.Book, ref.Document)}
	for after := ""; ; {
		ids, err := s.ids(ctx, e, after)
		if err != nil {
			return err
		}
		for _, id := range ids {
			batch.Delete(id)
			after = id
		}
		if len(ids) < pieceSize {
			return nil
		}
	}
}

// cursorEntry is one line of the stored cursors.
type cursorEntry struct {
	Book evidence.BookID `json:"book"`
	Size int64           `json:"size"`
}

func encodeCursors(cursors map[evidence.BookID]int64) []byte {
	var list []cursorEntry
	for book, size := range cursors {
		list = append(list, cursorEntry{book, size})
	}
	raw, err := json.Marshal(list)
	if err != nil { // strings and integers always marshal
		panic(err)
	}
	return raw
}

func decodeCursors(raw []byte) (map[evidence.BookID]int64, error) {
	cursors := map[evidence.BookID]int64{}
	if raw == nil {
		return cursors, nil
	}
	var list []cursorEntry
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("reading cursors: %w", err)
	}
	for _, c := range list {
		cursors[c.Book] = c.Size
	}
	return cursors, nil
}

// Names of the fields that are not search.Field.
const (
	pageField  = "page"  // the page as JSON, stored
	orderField = "order" // sortKey
	monthField = "month" // monthKey
)

// version names the rules by which pages are kept here: those of package search
// and the fields above.
var version = search.Version + "+month"

const (
	termOptions  = api.IndexField | api.SkipFreqNorm
	facetOptions = api.IndexField | api.SkipFreqNorm | api.DocValues
)

// newDocument makes a bleve document without its mapping: the terms are ready.
func newDocument(p search.Page) (*document.Document, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("indexing page %s: %w", p.ID(), err)
	}
	doc := document.NewDocument(p.ID())
	add := func(name string, value []byte, options api.FieldIndexingOptions) {
		doc.AddField(document.NewTextFieldCustom(name, nil, value, options, lines{}))
	}
	add(pageField, raw, api.StoreField)
	add(orderField, []byte(sortKey(p)), facetOptions)
	add(monthField, []byte(monthKey(p)), termOptions)
	for field, values := range search.Terms(p) {
		if len(values) > 0 {
			add(string(field), []byte(strings.Join(values, "\n")), termOptions)
		}
	}
	for _, facet := range search.Facets() {
		if values := facet.Values(p); len(values) > 0 {
			add(string(facet), []byte(oneLine(values)), facetOptions)
		}
	}
	return doc, nil
}

func oneLine(values []string) string {
	for i, v := range values {
		if strings.Contains(v, "\n") {
			values = append([]string(nil), values...)
			values[i] = strings.ReplaceAll(v, "\n", " ")
		}
	}
	return strings.Join(values, "\n")
}

// lines is an analyzer that makes each line a term.
type lines struct{}

func (lines) Analyze(input []byte) analysis.TokenStream {
	text := string(input)
	stream := make(analysis.TokenStream, 0, strings.Count(text, "\n")+1)
	position := 0
	for line := range strings.SplitSeq(text, "\n") {
		position++
		stream = append(stream, &analysis.Token{Term: []byte(line), Position: position})
	}
	return stream
}
