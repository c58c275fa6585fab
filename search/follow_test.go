package search_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/evidence/text"
	"minhchung/ledger"
	"minhchung/search"
	"minhchung/search/bleve"
)

var (
	all  = evidence.Scope{All: true, Actor: "test"}
	book = evidence.BookID{Unit: "xa-thu", Period: "2022"}
)

// desk is a store and an index that follows it.
type desk struct {
	*search.Follower
	t     *testing.T
	dir   string
	store *sqlite.Store
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir()}
	key, err := ledger.GenerateKey(filepath.Join(d.dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if d.store, err = sqlite.Open(t.Context(), filepath.Join(d.dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: key}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.store.Close() })
	d.Follower = &search.Follower{Store: d.store, Scope: all, Index: openIndex(t, filepath.Join(d.dir, "index")), Rule: "nd30"}
	d.append(evidence.Opened{Book: book}, evidence.RowAdded{Row: evidence.Row{ID: "1/BC", Number: "1", Notation: "BC", Type: "Báo cáo", Date: "2022-01-31", Kind: evidence.Original}})
	return d
}

func openIndex(t *testing.T, dir string) *bleve.Index {
	t.Helper()
	x, err := bleve.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func sha(n int) signature.Hash { return signature.HashOf([]byte(fmt.Sprint("document ", n))) }

func (d *desk) append(events ...evidence.Event) {
	d.t.Helper()
	_, err := d.store.Update(d.t.Context(), all, book, func(tx evidence.Tx) error {
		_, err := tx.Append(d.t.Context(), events...)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func received(n int) []evidence.Event {
	return []evidence.Event{
		evidence.DocumentReceived{SHA256: sha(n), Size: 1, Name: fmt.Sprintf("tep-%d.pdf", n)},
		evidence.FactsRead{Facts: signature.Facts{SHA256: sha(n)}},
		evidence.VerdictReached{Document: sha(n), Verdict: signature.Verdict{Result: signature.ResultUnsigned}},
	}
}

func (d *desk) read(n int, pages ...string) {
	d.t.Helper()
	e := text.Extraction{Extractor: "r/1", Source: text.SourcePlain}
	for i, p := range pages {
		e.Pages = append(e.Pages, text.Page{Number: i + 1, Text: p})
	}
	content, err := json.Marshal(e)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.store.Keep(d.t.Context(), all, book, evidence.Kept{Texts: []evidence.DocumentText{{Document: sha(n), Reader: "r/1", Content: content}}}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) catch() {
	d.t.Helper()
	if err := d.Catch(d.t.Context(), book); err != nil {
		d.t.Fatal(err)
	}
}

// found returns "name page state criteria" of every hit, and the coverage.
func (d *desk) found(query string) (hits []string, indexed, size int64) {
	d.t.Helper()
	q, err := search.Parse(query)
	if err != nil {
		d.t.Fatal(err)
	}
	var head int64
	err = d.store.View(d.t.Context(), all, book, func(r evidence.Reader) error {
		h, err := r.Head(d.t.Context())
		head = h.Size
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	a, err := d.Index.Search(d.t.Context(), all, search.Request{Query: q, Strict: true, Heads: map[evidence.BookID]int64{book: head}})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, h := range a.Hits {
		hits = append(hits, strings.TrimSpace(fmt.Sprintf("%s %d %s %s", h.Page.Name, h.Page.Number, h.Page.State, strings.Join(h.Page.Criteria, ","))))
	}
	slices.Sort(hits)
	if len(a.Coverage) == 1 {
		indexed, size = a.Coverage[0].Indexed, a.Coverage[0].Size
	}
	return hits, indexed, size
}

func (d *desk) want(query string, want ...string) {
	d.t.Helper()
	if got, _, _ := d.found(query); !slices.Equal(got, want) {
		d.t.Errorf("%q: got %q, want %q", query, got, want)
	}
}

func TestIndexFollowsTheLedger(t *testing.T) {
	d := newDesk(t)
	d.append(received(1)...)
	d.append(received(2)...)
	d.read(2, "kế hoạch cải cách", "trang hai")
	d.catch()
	d.want("kế hoạch cải cách") // the first document waits for its text, and coverage says so
	if _, indexed, size := d.found("x"); indexed != 2 || size != 8 {
		t.Errorf("got %d of %d covered, want 2 of 8", indexed, size)
	}
	d.read(1, "kế hoạch cải cách")
	d.catch()
	d.want("kế hoạch cải cách", "tep-1.pdf 1", "tep-2.pdf 1")
	if _, indexed, size := d.found("x"); indexed != size {
		t.Errorf("got %d of %d covered, want all", indexed, size)
	}
	d.append(evidence.Matched{Match: evidence.Match{Row: "1/BC", Document: sha(1), By: "name"}},
		evidence.StateChanged{State: evidence.RowState{Row: "1/BC", Rule: "nd30", State: evidence.Proven, Grade: "B"}},
		evidence.Attached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha(2), Scheme: sha(9)}})
	d.catch()
	d.want("kế hoạch cải cách", "tep-1.pdf 1 PROVEN", "tep-2.pdf 1  1.6")
	d.want("1/BC", "tep-1.pdf 1 PROVEN")
	d.append(evidence.StateChanged{State: evidence.RowState{Row: "1/BC", Rule: "nd30", State: evidence.Disproven, Code: "revoked"}},
		evidence.Detached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha(2), Scheme: sha(9)}})
	d.read(2, "một trang thôi") // read again, with fewer pages
	d.catch()
	d.want("kế hoạch cải cách", "tep-1.pdf 1 DISPROVEN")
	d.want("trang hai")
	d.want("một trang thôi", "tep-2.pdf 1")
	d.append(evidence.Unmatched{Match: evidence.Match{Row: "1/BC", Document: sha(1), By: "name"}})
	d.catch()
	d.want("kế hoạch cải cách", "tep-1.pdf 1")
}

// A deleted index, a new generation, and pages that went missing or are too
// many come to the same.
func TestIndexIsMadeAgain(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	for n := range 30 {
		d.append(received(n)...)
		d.read(n, "kế hoạch cải cách", fmt.Sprint("trang hai của tệp ", n))
	}
	d.catch()
	before, indexed, _ := d.found("kế hoạch cải cách")
	same := func(what string) {
		t.Helper()
		if got, size, _ := d.found("kế hoạch cải cách"); !slices.Equal(got, before) || size != indexed {
			t.Errorf("%s: got %d hits at %d, want %d at %d", what, len(got), size, len(before), indexed)
		}
	}
	d.Index = openIndex(t, filepath.Join(d.dir, "another"))
	d.catch()
	same("a deleted index")
	if err := d.Rebuild(ctx); err != nil {
		t.Fatal(err)
	}
	same("a new generation")
	stray := search.Page{Unit: book.Unit, Period: book.Period, Document: sha(99), Number: 1, Text: "kế hoạch cải cách"}
	if err := d.Index.Apply(ctx, search.Batch{Delete: []search.DocumentRef{{Book: book, Document: sha(3)}}, Put: []search.Page{stray}}); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Reconcile(ctx, book); n != 2 || err != nil {
		t.Errorf("reconciling: got %d, %v, want 2 documents mended", n, err)
	}
	same("reconciled")
	if n, err := d.Reconcile(ctx, book); n != 0 || err != nil {
		t.Errorf("reconciling again: got %d, %v, want nothing", n, err)
	}
}

var errCrash = errors.New("the process died")

// crashing fails a step of the follower before or after it took effect.
type crashing struct {
	search.Index
	evidence.Store
	before, after *int // counted down at each write; the one that reaches 0 fails
}

func (c crashing) Apply(ctx context.Context, b search.Batch) error {
	return c.step(func() error { return c.Index.Apply(ctx, b) })
}

func (c crashing) Keep(ctx context.Context, scope evidence.Scope, b evidence.BookID, kept evidence.Kept) error {
	return c.step(func() error { return c.Store.Keep(ctx, scope, b, kept) })
}

func (c crashing) step(do func() error) error {
	if *c.before--; *c.before == 0 {
		return errCrash
	}
	err := do()
	if *c.after--; *c.after == 0 {
		return errors.Join(errCrash, err)
	}
	return err
}

// Whatever step of following a crash hits, the next run completes it.
func TestFollowingSurvivesCrashes(t *testing.T) {
	for at := 1; at <= 4; at++ { // three batches, then the place in the store
		for _, after := range []bool{false, true} {
			d := newDesk(t)
			for n := range 3 {
				d.append(received(n)...)
				d.read(n, append([]string{"kế hoạch cải cách"}, make([]string, 400)...)...) // a batch of its own each
			}
			never, once := -1, at
			c := crashing{d.Index, d.store, &once, &never}
			if after {
				c.before, c.after = &never, &once
			}
			err := (&search.Follower{Store: c, Scope: all, Index: c, Rule: "nd30"}).Catch(t.Context(), book)
			if !errors.Is(err, errCrash) {
				t.Fatalf("step %d, after %v: got %v, want the crash", at, after, err)
			}
			d.catch()
			d.want("kế hoạch cải cách", "tep-0.pdf 1", "tep-1.pdf 1", "tep-2.pdf 1")
		}
	}
}
