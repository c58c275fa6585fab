package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// records compares every stored record with the replay.
func (c *check) records(r Reader, _ ledger.PublicKey) error {
	for _, table := range Tables() {
		expected := c.expected[table]
		var changed []Record
		err := r.Records(c.ctx, table, func(rec Record) error {
			c.report.Records++
			want, ok := expected[rec.Key]
			switch {
			case !ok:
				add(&c.report.Evidence, Problem{Kind: ProblemExtra, Name: c.nameOfRecord(table, rec.Key), Table: table, Key: rec.Key,
					Detail: "the ledger has no entry for this record"})
			case want.sum != recordSum(rec):
				if len(changed) < maxCheckProblems {
					changed = append(changed, rec)
				}
			default:
				delete(expected, rec.Key)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, rec := range changed {
			if err := c.changed(r, rec, expected[rec.Key].entry); err != nil {
				return err
			}
			delete(expected, rec.Key)
		}
		for _, key := range slices.Sorted(maps.Keys(expected)) {
			add(&c.report.Evidence, Problem{Kind: ProblemMissing, Name: c.nameOfRecord(table, key), Table: table, Key: key,
				Detail: fmt.Sprintf("entry %d asks for a record that is not stored", expected[key].entry)})
		}
		delete(c.expected, table)
	}
	return nil
}

// changed names each column that is not what the entry says.
func (c *check) changed(r Reader, got Record, index int64) error {
	event, _, err := EventAt(c.ctx, r, index)
	if err != nil {
		return err
	}
	for _, want := range event.Records(index) {
		if want.Table != got.Table || want.Key != got.Key {
			continue
		}
		for _, col := range columns[got.Table] {
			if got.Values[col.Name] != want.Values[col.Name] {
				add(&c.report.Evidence, Problem{Kind: ProblemChanged, Name: c.nameOfRecord(got.Table, got.Key),
					Table: got.Table, Key: got.Key, Column: col.Name,
					Detail: fmt.Sprintf("stored %#v, entry %d says %#v", got.Values[col.Name], index, want.Values[col.Name])})
			}
		}
	}
	return nil
}

// readBlobs reads every blob that facts and materials name.
func (c *check) readBlobs(r Reader, _ ledger.PublicKey) error {
	hashes := slices.SortedFunc(maps.Keys(c.blobs), func(a, b signature.Hash) int { return slices.Compare(a[:], b[:]) })
	for _, h := range hashes {
		blobs, err := r.Blobs(c.ctx, []signature.Hash{h})
		switch {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			c.badBlob(r, h, "is missing")
		case errors.Is(err, ErrDamaged), err == nil && signature.HashOf(blobs[0].DER) != h:
			c.badBlob(r, h, "does not have its digest")
		case err != nil:
			return err
		}
		c.report.Blobs++
	}
	return nil
}

func (c *check) badBlob(r Reader, h signature.Hash, what string) {
	index := c.blobs[h]
	add(&c.report.Evidence, Problem{Kind: ProblemBlob, Name: c.nameOfEntry(r, index), Key: h.String(),
		Detail: fmt.Sprintf("the blob %s that entry %d names %s", h, index, what)})
}

// judge reaches every newest verdict again. What Judge needs but is damaged
// has been reported by the steps before.
func (c *check) judge(r Reader, _ ledger.PublicKey) error {
	if !c.opt.Verdicts {
		return nil
	}
	docs, err := r.Documents(c.ctx)
	if errors.Is(err, ErrRecord) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range docs {
		if d.VerdictEntry == 0 || d.FactsEntry == 0 {
			continue
		}
		again, old, err := c.derive(r, d)
		detail := ""
		switch {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case err != nil:
			detail = "the verdict cannot be reached again: " + err.Error()
		case !sameVerdict(again, old):
			detail = fmt.Sprintf("judging again says %s, entry %d says %s", again.Result, d.VerdictEntry, old.Result)
		default:
			continue
		}
		add(&c.report.Evidence, Problem{Kind: ProblemVerdict, Name: c.nameOfFile(d.SHA256.String()), Key: d.SHA256.String(), Detail: detail})
	}
	return nil
}

func (c *check) derive(r Reader, d Document) (again, old signature.Verdict, err error) {
	event, _, err := EventAt(c.ctx, r, d.VerdictEntry)
	if err != nil {
		return again, old, err
	}
	reached, ok := event.(VerdictReached)
	if !ok {
		return again, old, fmt.Errorf("entry %d is not a verdict", d.VerdictEntry)
	}
	event, _, err = EventAt(c.ctx, r, d.FactsEntry)
	if err != nil {
		return again, old, err
	}
	read, ok := event.(FactsRead)
	if !ok {
		return again, old, fmt.Errorf("entry %d are not facts", d.FactsEntry)
	}
	blobs, err := r.Blobs(c.ctx, read.Facts.BlobHashes())
	if err != nil {
		return again, old, err
	}
	judger, err := c.judger(r, reached)
	if err != nil {
		return again, old, err
	}
	received, err := leafTime(c.ctx, r, d.Entry)
	if err != nil {
		return again, old, err
	}
	// A document is judged moments before its leaf gets its time: the verdict
	// could not know of anything later than itself.
	if received.After(reached.Verdict.At) {
		received = reached.Verdict.At
	}
	proofs := []signature.Proof{{At: received, Source: "ledger"}}
	return judger.Judge(read.Facts.Attach(blobs), proofs, reached.Verdict.At), reached.Verdict, nil
}

// judger returns a Judger for the material and policy of a verdict; most
// verdicts of a book share one.
func (c *check) judger(r Reader, v VerdictReached) (*signature.Judger, error) {
	key := [2]signature.Hash{v.Material, v.Policy}
	if j := c.judgers[key]; j != nil {
		return j, nil
	}
	material, err := ReadMaterial(c.ctx, r, v.Material)
	if err != nil {
		return nil, err
	}
	leaf, err := r.LeafOf(c.ctx, LeafPolicy, v.Policy)
	if err != nil {
		return nil, err
	}
	var policy signature.Policy
	if err := json.Unmarshal(leaf.Opening, &policy); err != nil {
		return nil, fmt.Errorf("policy %s: %w", v.Policy, err)
	}
	c.judgers[key] = signature.NewJudger(material, policy)
	return c.judgers[key], nil
}

// anchored is what the root book's newest anchor says of a book.
type anchored struct{ size, entry int64 }

// anchors reads the newest anchors of the root book, when the scope shows it.
func (c *check) anchors(store Store, scope Scope) (map[string]anchored, error) {
	anchors := map[string]anchored{}
	if !scope.Allows(RootBook) {
		return anchors, nil
	}
	err := store.View(c.ctx, scope, RootBook, func(root Reader) error {
		return root.Records(c.ctx, "anchor", func(rec Record) error {
			size, _ := rec.Values["size"].(int64)
			entry, _ := rec.Values["entry"].(int64)
			anchors[rec.Key] = anchored{size, entry}
			return nil
		})
	})
	if errors.Is(err, ErrRecord) { // the root book's own check names it
		err = nil
	}
	return anchors, err
}

// anchor compares the book with its newest anchor: a book that lost its end is
// caught here.
func (c *check) anchor(anchors map[string]anchored) {
	if a, ok := anchors[c.book.String()]; ok && a.size > c.report.Head.Size {
		add(&c.report.Ledger, Problem{Kind: ProblemRollback,
			Detail: fmt.Sprintf("the book has %d entries, entry %d of the root book saw %d", c.report.Head.Size, a.entry, a.size)})
	}
}

// lostBooks compares the books that are stored with those that the root book
// anchored: one that was deleted as a whole has nothing else to say so.
func (c *check) lostBooks(store Store, scope Scope, anchors map[string]anchored) error {
	books, err := store.Books(c.ctx, scope)
	if err != nil {
		return err
	}
	stored := map[string]bool{}
	for _, b := range books {
		stored[b.String()] = true
	}
	for _, name := range slices.Sorted(maps.Keys(anchors)) {
		unit, period, _ := strings.Cut(name, "/")
		if !stored[name] && scope.Allows(BookID{UnitID(unit), Period(period)}) {
			add(&c.report.Ledger, Problem{Kind: ProblemRollback, Name: "book " + name,
				Detail: fmt.Sprintf("the book has no head, entry %d of the root book saw %d entries", anchors[name].entry, anchors[name].size)})
		}
	}
	return nil
}
