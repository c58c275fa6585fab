package meili

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	client "github.com/meilisearch/meilisearch-go"

	"minhchung/evidence"
	"minhchung/search"
)

// store is one index of the server. It implements search.Engine.
type store struct {
	server client.ServiceManager
	uid    string
	poll   time.Duration
}

var _ search.Engine = (*store)(nil)

// await sends what makes a task, and waits until it has succeeded: only then
// is its effect searchable.
func (s *store) await(ctx context.Context, doing string, send func() (*client.TaskInfo, error)) error {
	info, err := send()
	if err != nil {
		return fmt.Errorf("%s in search index %s: %w", doing, s.uid, err)
	}
	task, err := s.server.WaitForTask(ctx, info.TaskUID, s.poll)
	if err != nil {
		return fmt.Errorf("awaiting task %d, %s in search index %s: %w", info.TaskUID, doing, s.uid, err)
	}
	if task.Status != client.TaskStatusSucceeded {
		return &taskError{doing, s.uid, info.TaskUID, string(task.Status), string(task.Error.Code), task.Error.Message}
	}
	return nil
}

// taskError says that the server did not do a task.
type taskError struct {
	doing, index string
	task         int64
	status, code string
	message      string
}

func (e *taskError) Error() string {
	return fmt.Sprintf("%s in search index %s: task %d is %s: %s (%s)", e.doing, e.index, e.task, e.status, e.message, e.code)
}

// missing is the server's code for an index that is not there.
const missing = "index_not_found"

func isMissing(err error) bool {
	var task *taskError
	var api *client.Error
	return errors.As(err, &task) && task.code == missing ||
		errors.As(err, &api) && (api.APIError.Code == missing || api.StatusCode == http.StatusNotFound)
}

// remove deletes the index, if it is there.
func (s *store) remove(ctx context.Context) error {
	err := s.await(ctx, "deleting", func() (*client.TaskInfo, error) { return s.server.DeleteIndex(ctx, s.uid) })
	if err != nil && !isMissing(err) {
		return err
	}
	return nil
}

// create makes the index anew, empty. Its version is written last, so that an
// index which is half made is made again.
func (s *store) create(ctx context.Context) error {
	if err := s.remove(ctx); err != nil {
		return err
	}
	index := s.server.Index(s.uid)
	filterable := filterable()
	for _, step := range []struct {
		doing string
		send  func() (*client.TaskInfo, error)
	}{
		{"creating", func() (*client.TaskInfo, error) {
			return s.server.CreateIndex(ctx, &client.IndexConfig{Uid: s.uid, PrimaryKey: idField})
		}},
		{"setting filterable attributes", func() (*client.TaskInfo, error) {
			return index.UpdateFilterableAttributes(ctx, &filterable)
		}},
		{"setting", func() (*client.TaskInfo, error) { return index.UpdateSettings(ctx, settings()) }},
		{"writing the version", func() (*client.TaskInfo, error) {
			line, err := json.Marshal(map[string]string{idField: versionID, kindField: kindVersion, versionField: rules})
			if err != nil {
				return nil, err
			}
			return index.AddDocumentsNdjson(ctx, line, nil)
		}},
	} {
		if err := s.await(ctx, step.doing, step.send); err != nil {
			return err
		}
	}
	return nil
}

// unfilterable is the server's code for a filter on an attribute that is not
// set to be filtered by.
const unfilterable = "invalid_document_filter"

// version returns the rules by which the index was made; "" when there is none.
// It asks by a filter: when another process deletes an index that is being
// made, the server makes one for the settings or the version that come next,
// and that one lacks the filterable attributes, which are set first.
func (s *store) version(ctx context.Context) (string, error) {
	var got client.DocumentsResult
	query := client.DocumentsQuery{Filter: filter(term(kindField, kindVersion)), Limit: 1}
	err := s.server.Index(s.uid).GetDocuments(ctx, &query, &got)
	var api *client.Error
	if isMissing(err) || err == nil && len(got.Results) == 0 || errors.As(err, &api) && api.APIError.Code == unfilterable {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var version string
	return version, json.Unmarshal(got.Results[0][versionField], &version)
}

// maxPayload bounds the documents of one request in bytes. The server takes
// 100 MB by default; one page is far smaller. Tests bound it further.
var maxPayload = 50 << 20

// apply writes a batch. Each task is awaited before the next is sent, so the
// cursors are never there before what they stand for. The server would make an
// index that is gone anew for documents sent to it, one that finds nothing, and
// another program may have made it by other rules, so it is looked at first.
func (s *store) apply(ctx context.Context, b search.Batch) error {
	version, err := s.version(ctx)
	if err == nil && version != rules {
		err = fmt.Errorf("it is gone or was made by other rules: %q, wanted are %q", version, rules)
	}
	if err != nil {
		return fmt.Errorf("writing to search index %s: %w", s.uid, err)
	}
	index := s.server.Index(s.uid)
	for refs := range slices.Chunk(b.Delete, maxOperands) {
		some := search.Expr{Op: search.OpAny}
		for _, ref := range refs {
			some.Parts = append(some.Parts, term(search.FieldDocument, search.DocumentID(ref.Book, ref.Document)))
		}
		err := s.await(ctx, "deleting documents", func() (*client.TaskInfo, error) {
			return index.DeleteDocumentsByFilter(ctx, filter(some), nil)
		})
		if err != nil {
			return err
		}
	}
	var lines bytes.Buffer
	flush := func() error {
		if lines.Len() == 0 {
			return nil
		}
		defer lines.Reset()
		return s.await(ctx, "adding documents", func() (*client.TaskInfo, error) {
			return index.AddDocumentsNdjson(ctx, lines.Bytes(), nil)
		})
	}
	add := func(document any) error {
		line, err := json.Marshal(document)
		if err != nil {
			return fmt.Errorf("writing a document for search index %s: %w", s.uid, err)
		}
		if lines.Len()+len(line) >= maxPayload {
			if err := flush(); err != nil {
				return err
			}
		}
		lines.Write(line)
		return lines.WriteByte('\n')
	}
	for _, p := range b.Put {
		document, err := newDocument(p)
		if err == nil {
			err = add(document)
		}
		if err != nil {
			return fmt.Errorf("indexing page %s: %w", p.ID(), err)
		}
	}
	if err := flush(); err != nil {
		return err
	}
	for book, size := range b.Cursors {
		if err := add(newCursor(book, size)); err != nil {
			return err
		}
	}
	return flush()
}

// found is the part of the server's answer that is read.
type found struct {
	Hits []struct {
		Page string `json:"page"`
	} `json:"hits"`
	FacetDistribution map[string]map[string]int `json:"facetDistribution"`
}

func (s *store) search(ctx context.Context, e search.Expr, r client.SearchRequest) (found, error) {
	r.Filter = filter(onlyPages(e))
	raw, err := s.server.Index(s.uid).SearchRaw(ctx, "", &r)
	if err != nil {
		return found{}, fmt.Errorf("searching index %s: %w", s.uid, err)
	}
	var f found
	if err := json.Unmarshal(*raw, &f); err != nil {
		return found{}, fmt.Errorf("reading the answer of search index %s: %w", s.uid, err)
	}
	return f, nil
}

// Find implements search.Engine.
func (s *store) Find(ctx context.Context, e search.Expr, offset, limit int) ([]search.Page, int, error) {
	f, err := s.search(ctx, e, client.SearchRequest{
		Offset: int64(offset), Limit: int64(max(limit, 1)), AttributesToRetrieve: []string{pageField},
		Sort: []string{dateField + ":desc", orderField + ":asc"}, Facets: []string{kindField},
	})
	if err != nil {
		return nil, 0, err
	}
	pages := make([]search.Page, min(limit, len(f.Hits))) // the client takes no limit of 0
	for i := range pages {
		if err := json.Unmarshal([]byte(f.Hits[i].Page), &pages[i]); err != nil {
			return nil, 0, fmt.Errorf("reading a page of search index %s: %w", s.uid, err)
		}
	}
	return pages, f.FacetDistribution[kindField][kindPage], nil
}

// Count implements search.Engine.
func (s *store) Count(ctx context.Context, e search.Expr, facets []search.Facet) (map[search.Facet][]search.FacetCount, error) {
	r := client.SearchRequest{Limit: 1, AttributesToRetrieve: []string{idField}}
	for _, facet := range facets {
		r.Facets = append(r.Facets, attribute(search.Field(facet)))
	}
	f, err := s.search(ctx, e, r)
	if err != nil {
		return nil, err
	}
	out := map[search.Facet][]search.FacetCount{}
	for _, facet := range facets {
		counts := []search.FacetCount{}
		for value, pages := range f.FacetDistribution[attribute(search.Field(facet))] {
			counts = append(counts, search.FacetCount{Value: decode(value), Pages: pages})
		}
		slices.SortFunc(counts, func(a, b search.FacetCount) int {
			return cmp.Or(cmp.Compare(b.Pages, a.Pages), cmp.Compare(a.Value, b.Value))
		})
		out[facet] = counts[:min(len(counts), search.MaxFacetValues)]
	}
	return out, nil
}

// pieceSize is the number of documents fetched at a time.
const pieceSize = 1000

// fetch yields the documents of a filter, piece by piece.
func (s *store) fetch(ctx context.Context, e search.Expr, fields []string, yield func(client.Hit) bool) error {
	for offset := int64(0); ; offset += pieceSize {
		var got client.DocumentsResult
		err := s.server.Index(s.uid).GetDocuments(ctx, &client.DocumentsQuery{
			Offset: offset, Limit: pieceSize, Fields: fields, Filter: filter(e),
		}, &got)
		if err != nil {
			return fmt.Errorf("listing documents of search index %s: %w", s.uid, err)
		}
		for _, hit := range got.Results {
			if !yield(hit) {
				return nil
			}
		}
		if len(got.Results) < pieceSize {
			return nil
		}
	}
}

// Cursors implements search.Engine.
func (s *store) Cursors(ctx context.Context) (map[evidence.BookID]int64, error) {
	out := map[evidence.BookID]int64{}
	var bad error
	err := s.fetch(ctx, term(kindField, kindCursor), []string{cursorField}, func(hit client.Hit) bool {
		var c cursor
		if bad = json.Unmarshal(hit[cursorField], &c); bad == nil {
			out[c.Book] = c.Size
		}
		return bad == nil
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("reading cursors: %w", err)
	}
	return out, nil
}

// ids yields the IDs of a unit's pages. While pages are put and deleted, an
// offset can shift: none is yielded twice.
func (s *store) ids(ctx context.Context, unit evidence.UnitID, yield func(string, error) bool) {
	seen := map[string]bool{}
	stopped := false
	err := s.fetch(ctx, onlyPages(term(search.Field(search.FacetUnit), string(unit))), []string{idField}, func(hit client.Hit) bool {
		var id string
		if err := json.Unmarshal(hit[idField], &id); err != nil {
			stopped = true
			yield("", fmt.Errorf("reading an ID: %w", err))
			return false
		}
		if seen[id] {
			return true
		}
		seen[id] = true
		stopped = !yield(id, nil)
		return !stopped
	})
	if err != nil && !stopped {
		yield("", err)
	}
}
