// Package meili keeps the search index in a Meilisearch server, through
// meilisearch-go. It is a leaf: nothing else imports that client.
//
//	PREFIX         the index that serves: pages, and a cursor for each book
//	PREFIX_next    the generation being built; swap-indexes puts it in place
//
// Meilisearch is asked by filters alone, never by its ranked full-text
// search: a term of search.Terms is a value of a filterable attribute, and the
// expressions of search.Run become filter expressions. So folded syllables,
// their bigrams and trigrams, terms with marks and corrected ones are found
// exactly as by any other driver. A phrase of any length is asked as its threes
// of syllables and then verified and highlighted on the stored text, by package
// search. Values are written in an alphabet that the server's normalising of
// filter values leaves alone.
//
// Quoted pieces of at most ten words, filtered afterwards, would find the folded
// tier only: to full-text search syllables that differ in marks are one word,
// and a query has no OR for the readings of a bad scan. Besides, it loses words
// beyond 65,535 positions, and the end of a sentence takes eight: a page of
// 27,000 words lost its last ones (all seen on the engine). Filters have no
// positions.
//
// Every task is awaited: what Apply returns for is searchable. Requests stay
// below the server's payload limit of 100 MB. A total comes from a facet
// distribution, since the server's own is cut off at maxTotalHits.
//
// Tried so far: on milli 1.15.1, the engine of Meilisearch (settings, indexing,
// filters, sorting and counting are the server's own code), behind a small HTTP
// server of ours for tasks, errors and limits as Meilisearch documents them;
// and on an in-process double of the endpoints used, which does what milli was
// seen to do (search/meili/meilitest). Not on a whole Meilisearch server: none could be
// installed. The tests run against one when MEILI_URL and MEILI_KEY are set.
package meili

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"time"

	client "github.com/meilisearch/meilisearch-go"

	"minhchung/evidence"
	"minhchung/search"
)

var (
	_ search.Index      = (*Index)(nil)
	_ search.Lister     = (*Index)(nil)
	_ search.Rebuilder  = (*Index)(nil)
	_ search.Generation = (*generation)(nil)
)

// Config says where the server is.
type Config struct {
	URL string // of the server, "http://127.0.0.1:7700"
	// Key is an API key that may do everything with indexes of the prefix,
	// read tasks and swap indexes.
	Key string
	// Prefix names the indexes, "minhchung" when empty. Letters, digits, "-"
	// and "_". Two installations on one server need two prefixes.
	Prefix string
	// Client is used for requests; nil is http.DefaultClient.
	Client *http.Client
	// Poll is how often a task is looked at, 50 ms when 0. The context of
	// each call bounds how long.
	Poll time.Duration
}

// Index is a search index in a server. Its methods may be called
// concurrently, and by several processes; one at a time may rebuild.
type Index struct {
	server client.ServiceManager
	serves store

	mu       sync.RWMutex
	closed   bool
	building bool
}

// Open looks for the index on the server, and makes it when it is missing. An
// index made by other rules (terms or settings) is replaced by an empty one, which
// its follower fills from the start.
func Open(ctx context.Context, c Config) (*Index, error) {
	if c.Prefix == "" {
		c.Prefix = "minhchung"
	}
	if c.Client == nil {
		c.Client = http.DefaultClient
	}
	if c.Poll <= 0 {
		c.Poll = 50 * time.Millisecond
	}
	// Whoever calls tries again; a retry in here would keep a page waiting.
	server := client.New(c.URL, client.WithAPIKey(c.Key), client.WithCustomClient(c.Client), client.DisableRetries())
	x := &Index{server: server, serves: store{server, c.Prefix, c.Poll}}
	if err := x.prepare(ctx); err != nil {
		return nil, err
	}
	return x, nil
}

// prepare makes the index that serves when there is none by our rules.
func (x *Index) prepare(ctx context.Context) error {
	version, err := x.serves.version(ctx)
	if err != nil {
		return fmt.Errorf("opening search index %s: %w", x.serves.uid, err)
	}
	if version == rules {
		return nil
	}
	if err := x.serves.create(ctx); err != nil {
		return fmt.Errorf("making search index %s: %w", x.serves.uid, err)
	}
	return nil
}

// open returns search.ErrClosed after Close.
func (x *Index) open() error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return search.ErrClosed
	}
	return nil
}

// Apply implements search.Index.
func (x *Index) Apply(ctx context.Context, b search.Batch) error {
	if err := x.open(); err != nil {
		return err
	}
	return x.serves.apply(ctx, b)
}

// Search implements search.Index.
func (x *Index) Search(ctx context.Context, scope evidence.Scope, r search.Request) (search.Answer, error) {
	if err := x.open(); err != nil {
		return search.Answer{}, err
	}
	return search.Run(ctx, &x.serves, scope, r)
}

// Cursors implements search.Index.
func (x *Index) Cursors(ctx context.Context) (map[evidence.BookID]int64, error) {
	if err := x.open(); err != nil {
		return nil, err
	}
	return x.serves.Cursors(ctx)
}

// IDs implements search.Lister.
func (x *Index) IDs(ctx context.Context, unit evidence.UnitID) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := x.open(); err != nil {
			yield("", err)
			return
		}
		x.serves.ids(ctx, unit, yield)
	}
}

// Close implements search.Index. The index stays on the server.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	x.server.Close()
	return nil
}

// generation is an index being built beside the one that serves.
type generation struct {
	index *Index
	store store
	done  bool
}

// Rebuild implements search.Rebuilder. What a crash left of a generation is
// deleted first.
func (x *Index) Rebuild(ctx context.Context) (search.Generation, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, search.ErrClosed
	}
	if x.building {
		return nil, search.ErrRebuilding
	}
	next := x.serves
	next.uid += "_next"
	if err := next.create(ctx); err != nil {
		return nil, fmt.Errorf("making search index %s: %w", next.uid, err)
	}
	x.building = true
	return &generation{index: x, store: next}, nil
}

// Apply implements search.Generation.
func (g *generation) Apply(ctx context.Context, b search.Batch) error {
	if g.done {
		return search.ErrClosed
	}
	return g.store.apply(ctx, b)
}

// Commit implements search.Generation: documents, settings and cursors change
// places in one task. A crash after it leaves the old ones in PREFIX_next,
// which the next Rebuild deletes.
func (g *generation) Commit(ctx context.Context) error {
	if g.done {
		return search.ErrClosed
	}
	s := g.index.serves
	err := s.await(ctx, "swapping generations", func() (*client.TaskInfo, error) {
		return s.server.SwapIndexes(ctx, []*client.SwapIndexesParams{{Indexes: []string{s.uid, g.store.uid}}})
	})
	if err != nil {
		return err
	}
	g.end()
	return g.store.remove(ctx)
}

// Discard implements search.Generation.
func (g *generation) Discard() error {
	if g.done {
		return nil
	}
	g.end()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return g.store.remove(ctx)
}

func (g *generation) end() {
	g.done = true
	g.index.mu.Lock()
	g.index.building = false
	g.index.mu.Unlock()
}
