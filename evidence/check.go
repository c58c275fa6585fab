package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// The kinds of problems that Check itself finds; those of the ledger have the
// kinds of ledger.Problem.
const (
	ProblemChanged  = "changed"   // a stored column is not what the ledger says
	ProblemMissing  = "missing"   // a record the ledger asks for is not stored
	ProblemExtra    = "extra"     // a stored record the ledger knows nothing of
	ProblemOpening  = "statement" // an entry's opening contradicts its leaf or cannot be read
	ProblemType     = "type"      // an entry of a type this version does not know
	ProblemBlob     = "blob"      // a certificate, answer or CMS is missing or damaged
	ProblemNoFile   = "no-file"   // a document's bytes are not stored
	ProblemFile     = "file"      // a document's bytes do not have its digest
	ProblemUnseen   = "unseen"    // a document's bytes cannot be had now; nobody knows whether they are lost
	ProblemVerdict  = "verdict"   // judging again reaches another verdict
	ProblemCounter  = "counter"   // a counter of row states is not what the ledger says
	ProblemRollback = "rollback"  // the book is shorter than its anchor in the root book
	NoteOrphan      = "orphan"    // stored bytes without a document: an import that was cut off
)

// maxCheckProblems bounds each list of a CheckReport.
const maxCheckProblems = 1000

// Problem is one thing that Check found. Empty fields do not apply.
type Problem struct {
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"` // what people call it: `row 32/BC-UBND`, `file "a.pdf"`
	Table  string `json:"table,omitempty"`
	Key    string `json:"key,omitempty"`
	Column string `json:"column,omitempty"`
	Detail string `json:"detail"` // one English sentence or fragment
}

// String returns the problem as one line.
func (p Problem) String() string {
	parts := []string{p.Kind}
	if p.Name != "" {
		parts = append(parts, p.Name)
	}
	if p.Table != "" {
		at := "table " + p.Table
		if p.Key != "" {
			at += ", key " + p.Key
		}
		if p.Column != "" {
			at += ", column " + p.Column
		}
		parts = append(parts, at)
	}
	return strings.Join(append(parts, p.Detail), ": ")
}

// CheckReport is what Check saw of one book.
type CheckReport struct {
	Book    BookID
	Head    ledger.Head
	Entries int64 // leaves that were replayed
	Records int64 // stored records that were compared
	Blobs   int64
	Files   int64 // documents whose bytes (Quick: whose size) were looked at
	Bytes   int64 // read and hashed
	// Evidence is damage to rows, documents or files (exit code 3), Ledger
	// failures of leaves, tree, checkpoint or anchor (exit code 4). At most
	// 1,000 each; the last one says so.
	Evidence, Ledger []Problem
	// Unverified are documents that a store on a network answers not to have
	// (object.ErrUnverified): no damage yet. Check again later; at most 1,000.
	Unverified []Problem
	// Notes are no failures.
	Notes []Problem
}

// CheckOptions of Check; the zero value is the full check.
type CheckOptions struct {
	// Quick looks only at the sizes of the files, not at their bytes.
	Quick bool
	// Progress, when set, is called with the entries and files done so far.
	Progress func(done, total int64)
	// Verdicts asks to reach each newest verdict again from the facts, material
	// and policy it names; one that says something else is a problem.
	Verdicts bool
}

// Check compares everything that is kept about one book with its ledger: the
// ledger itself (ledger.Check), every projected record with a replay of the
// leaves, every blob with its digest, and every byte of every document. What
// is wrong is in the report; an error means that we could not look: a scope
// without the book is fs.ErrNotExist. Memory grows with the number of records,
// by about 150 bytes each, not with their size.
func Check(ctx context.Context, store Store, scope Scope, book BookID, pub ledger.PublicKey, objects object.Store, opt CheckOptions) (CheckReport, error) {
	c := &check{ctx: ctx, book: book, opt: opt, expected: map[string]map[string]expectation{}, report: CheckReport{Book: book},
		judgers:   map[[2]signature.Hash]*signature.Judger{},
		documents: map[signature.Hash]document{}, matched: map[string]signature.Hash{}, blobs: map[signature.Hash]int64{},
		states: map[[2]string]Counter{}}
	// One state for all that is in the database; files are read after it, so
	// that the transaction does not stay open for hours.
	// What the root book says is read first: the books may grow meanwhile,
	// and must then not look as if they had lost something.
	anchors, err := c.anchors(store, scope)
	if err != nil {
		return c.report, fmt.Errorf("checking book %s: %w", book, err)
	}
	err = store.View(ctx, scope, book, func(r Reader) error {
		for _, step := range []func(Reader, ledger.PublicKey) error{c.ledger, c.records, c.counters, c.readBlobs, c.holdings, c.judge} {
			if err := step(r, pub); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		c.anchor(anchors)
	}
	if errors.Is(err, ErrRecord) { // of the head: nothing can be compared without it
		add(&c.report.Ledger, Problem{Kind: ledger.KindCheckpoint, Detail: err.Error()})
		return c.report, nil
	}
	if err == nil && book == RootBook {
		err = c.lostBooks(store, scope, anchors)
	}
	if err == nil && book != RootBook {
		err = c.files(objects)
	}
	if err == nil && book != RootBook {
		err = c.orphans(store, scope, objects)
	}
	if err != nil {
		return c.report, fmt.Errorf("checking book %s: %w", book, err)
	}
	return c.report, nil
}

// check is the state of one Check.
type check struct {
	ctx         context.Context
	judgers     map[[2]signature.Hash]*signature.Judger // by material and policy
	book        BookID
	opt         CheckOptions
	report      CheckReport
	done, total int64

	// What the leaves say, as of the last one.
	expected  map[string]map[string]expectation // table → key
	documents map[signature.Hash]document
	matched   map[string]signature.Hash // row id → document
	blobs     map[signature.Hash]int64  // → the entry that names it first
	states    map[[2]string]Counter     // of each rule and row
}

// expectation is a record by digest: keeping its columns would take ten times
// the memory. They are derived again from the entry when the digest differs.
type expectation struct {
	sum   [16]byte
	entry int64
}

type document struct {
	name   string
	size   int64
	absent bool // not kept: over the limits
}

func (c *check) progress(n int64) {
	c.done += n
	if c.opt.Progress != nil {
		c.opt.Progress(c.done, max(c.done, c.total))
	}
}

// add appends to a list that says when it is full.
func add(list *[]Problem, p Problem) {
	switch n := len(*list); {
	case n < maxCheckProblems-1:
		*list = append(*list, p)
	case n == maxCheckProblems-1:
		*list = append(*list, Problem{Kind: p.Kind, Detail: fmt.Sprintf("there are more than %d problems; the others are not listed", maxCheckProblems-1)})
	}
}

// ledger checks the tree and replays the leaves.
func (c *check) ledger(r Reader, pub ledger.PublicKey) error {
	head, err := r.Head(c.ctx)
	if err != nil {
		return err
	}
	docs, err := r.Documents(c.ctx)
	if err != nil && !errors.Is(err, ErrRecord) { // the comparison of records names it
		return err
	}
	c.report.Head, c.total = head, head.Size+int64(len(docs))
	problems, err := ledger.Check(c.ctx, r, pub, c.replay)
	if err != nil {
		return err
	}
	for _, p := range problems {
		add(&c.report.Ledger, Problem{Kind: p.Kind, Name: c.nameOfEntry(r, p.Index), Detail: p.String()})
	}
	return nil
}

func (c *check) replay(e ledger.Entry, leaf ledger.Leaf) error {
	c.report.Entries++
	c.progress(1)
	if e.Opening == nil {
		return nil // ledger.Check reports it
	}
	event, err := DecodeEvent(leaf, e.Opening)
	if errors.Is(err, ErrLeafType) {
		add(&c.report.Ledger, Problem{Kind: ProblemType, Detail: fmt.Sprintf("entry %d: %v", e.Index, err)})
		return nil
	}
	if err != nil {
		add(&c.report.Evidence, Problem{Kind: ProblemOpening, Name: c.nameOfLeaf(leaf), Detail: fmt.Sprintf("entry %d: %v", e.Index, err)})
		return nil
	}
	for _, rec := range event.Records(e.Index) {
		c.expect(rec, e.Index)
	}
	c.note(event, e.Index)
	return c.ctx.Err()
}

func (c *check) expect(rec Record, index int64) {
	table := c.expected[rec.Table]
	if table == nil {
		table = map[string]expectation{}
		c.expected[rec.Table] = table
	}
	if rec.Delete {
		delete(table, rec.Key)
		return
	}
	table[rec.Key] = expectation{recordSum(rec), index}
}

// recordSum is a digest of all columns of a record.
func recordSum(rec Record) (sum [16]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%d", len(rec.Values))
	for _, col := range columns[rec.Table] {
		fmt.Fprintf(h, " %s %#v", col.Name, rec.Values[col.Name])
	}
	copy(sum[:], h.Sum(nil))
	return sum
}

// note keeps what later steps ask for by name.
func (c *check) note(event Event, index int64) {
	for _, h := range BlobsOf(event) {
		if _, ok := c.blobs[h]; !ok {
			c.blobs[h] = index
		}
	}
	switch e := event.(type) {
	case DocumentReceived:
		c.documents[e.SHA256] = document{e.Name, e.Size, e.Absent}
	case Matched:
		c.matched[e.Match.Row] = e.Match.Document
	case Unmatched:
		delete(c.matched, e.Match.Row)
	case StateChanged:
		c.states[[2]string{e.State.Rule, e.State.Row}] = CounterOf(e.State)
	}
}

// BlobsOf returns the digests of the blobs that an event, as DecodeEvent
// returns it, needs beside its opening.
func BlobsOf(event Event) (list []signature.Hash) {
	switch e := event.(type) {
	case FactsRead:
		list = e.Facts.BlobHashes()
	case MaterialNamed:
		list = e.Hashes()
	}
	return slices.DeleteFunc(list, signature.Hash.IsZero)
}

func (c *check) nameOfEntry(r Reader, index int64) string {
	if index < 0 {
		return ""
	}
	e, err := r.Entry(c.ctx, index)
	if err != nil {
		return ""
	}
	leaf, err := ledger.ParseLeaf(e.Leaf)
	if err != nil {
		return ""
	}
	return c.nameOfLeaf(leaf)
}

func (c *check) nameOfLeaf(leaf ledger.Leaf) string {
	if row := leaf.Refs["row"]; row != "" {
		return "row " + row
	}
	if criterion := leaf.Refs["criterion"]; criterion != "" {
		return "criterion " + criterion
	}
	for _, ref := range []string{"document", "sha256"} {
		if name := c.nameOfFile(leaf.Refs[ref]); name != "" {
			return name
		}
	}
	return ""
}

// nameOfFile takes a digest in hex.
func (c *check) nameOfFile(hex string) string {
	var sha signature.Hash
	if sha.UnmarshalText([]byte(hex)) != nil {
		return ""
	}
	d, ok := c.documents[sha]
	if !ok {
		return ""
	}
	name := fmt.Sprintf("file %q", d.name)
	for _, row := range c.rowsOf(sha) {
		name += ", row " + row
	}
	return name
}

func (c *check) rowsOf(sha signature.Hash) (rows []string) {
	for row, document := range c.matched {
		if document == sha {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

func (c *check) nameOfRecord(table, key string) string {
	switch table {
	case "row", "match":
		return "row " + key
	case "rowstate":
		rule, row, _ := strings.Cut(key, " ")
		return "row " + row + " under rule " + rule
	case "document", "facts", "verdict", "signature":
		return c.nameOfFile(key[:min(len(key), 2*sha256.Size)])
	case "attachment", "explanation":
		criterion, what, _ := strings.Cut(key, " ")
		if file := c.nameOfFile(what); file != "" {
			return "criterion " + criterion + ", " + file
		}
		return "criterion " + criterion
	}
	return ""
}

// filesAtOnce is how many documents are read at the same time: a store on a
// network answers each after a while, and a disk sorts what it is asked.
const filesAtOnce = 8

// files reads every document, or with Quick its size. What was found is
// reported in the order of the digests.
func (c *check) files(objects object.Store) error {
	shas := make([]signature.Hash, 0, len(c.documents))
	for sha, d := range c.documents {
		if !d.absent {
			shas = append(shas, sha)
		}
	}
	c.report.Files = int64(len(c.documents) - len(shas))
	c.progress(c.report.Files)
	slices.SortFunc(shas, func(a, b signature.Hash) int { return slices.Compare(a[:], b[:]) })
	for some := range slices.Chunk(shas, 8*filesAtOnce) {
		seen := make([]seenFile, len(some))
		var g errgroup.Group
		g.SetLimit(filesAtOnce)
		for i, sha := range some {
			g.Go(func() error {
				seen[i] = c.look(objects, sha)
				return nil
			})
		}
		_ = g.Wait()
		for i, sha := range some {
			if err := c.file(sha, seen[i]); err != nil {
				return err
			}
			c.report.Files++
			c.progress(1)
		}
	}
	return nil
}

// seenFile is what a look at a stored file came to.
type seenFile struct {
	bytes int64 // that it has (Quick), else that were read
	err   error
}

// look only reads; it runs beside others.
func (c *check) look(objects object.Store, sha signature.Hash) (seen seenFile) {
	key := object.Key{Unit: string(c.book.Unit), SHA256: sha}
	if c.opt.Quick {
		seen.bytes, seen.err = objects.Stat(c.ctx, key)
		return seen
	}
	body, err := objects.Get(c.ctx, key)
	if err != nil {
		return seenFile{err: err}
	}
	defer body.Close()
	seen.bytes, seen.err = io.Copy(io.Discard, body)
	return seen
}

// file reports what was seen of a document.
func (c *check) file(sha signature.Hash, seen seenFile) error {
	damaged := func(kind, detail string) {
		add(&c.report.Evidence, Problem{Kind: kind, Name: c.nameOfFile(sha.String()), Key: sha.String(), Detail: "SHA-256 " + sha.String() + ": " + detail})
	}
	if !c.opt.Quick {
		c.report.Bytes += seen.bytes
	}
	var local *fs.PathError
	switch want := c.documents[sha].size; {
	case seen.err == nil && seen.bytes != want:
		damaged(ProblemFile, fmt.Sprintf("the stored file has %d bytes, the ledger says %d", seen.bytes, want))
	case seen.err == nil:
	case c.ctx.Err() != nil:
		return seen.err
	case errors.Is(seen.err, object.ErrUnverified):
		add(&c.report.Unverified, Problem{Kind: ProblemUnseen, Name: c.nameOfFile(sha.String()), Key: sha.String(),
			Detail: "SHA-256 " + sha.String() + ": the store of documents answers that it does not have the file; this may change"})
	case errors.Is(seen.err, fs.ErrNotExist):
		damaged(ProblemNoFile, "the file is not stored")
	case errors.Is(seen.err, object.ErrCorrupt):
		damaged(ProblemFile, "the stored bytes are not those that were received")
	case errors.As(seen.err, &local): // this file, not the back end
		damaged(ProblemFile, "the file cannot be read: "+local.Err.Error())
	default:
		return fmt.Errorf("reading %s: %w", c.nameOfFile(sha.String()), seen.err)
	}
	return nil
}

// orphans notes stored bytes of this unit that no book of it has a document
// for. Other periods of the unit keep theirs in the same place.
func (c *check) orphans(store Store, scope Scope, objects object.Store) error {
	books, err := store.Books(c.ctx, scope)
	if err != nil {
		return err
	}
	known := map[signature.Hash]bool{}
	for sha := range c.documents {
		known[sha] = true
	}
	for _, b := range books {
		if b.Unit != c.book.Unit || b == c.book {
			continue
		}
		err := store.View(c.ctx, scope, b, func(r Reader) error {
			docs, err := r.Documents(c.ctx)
			for _, d := range docs {
				known[d.SHA256] = true
			}
			return err
		})
		if errors.Is(err, ErrRecord) { // the check of that book names it
			return nil
		}
		if err != nil {
			return err
		}
	}
	return objects.List(c.ctx, string(c.book.Unit), func(key object.Key) error {
		if !known[key.SHA256] {
			add(&c.report.Notes, Problem{Kind: NoteOrphan, Key: key.SHA256.String(),
				Detail: "SHA-256 " + key.SHA256.String() + ": stored bytes that belong to no document"})
		}
		return nil
	})
}
