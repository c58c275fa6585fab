package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"minhchung/evidence/signature"
)

func newSHA256() hash.Hash { return sha256.New() }

// committer is the only writer of an import: it takes what waits, at most
// Intake.Group documents, and makes it true in one transaction.
type committer struct {
	in        *Intake
	mu        sync.Mutex
	documents map[signature.Hash]bool // committed, or on the way in this import
	// doubtful are the documents that ran into a limit, with the time of their
	// leaf. A busy machine may have been the reason, so they are looked at
	// again when the file comes again. Only read after newCommitter.
	doubtful map[signature.Hash]time.Time
	open     atomic.Int64  // files that are not received yet
	failed   chan struct{} // closed when run ended with err
	err      error         // valid once failed is closed
	refused  []refusal     // valid once run has ended
}

func (in *Intake) newCommitter(ctx context.Context) (*committer, error) {
	c := &committer{in: in, documents: map[signature.Hash]bool{}, doubtful: map[signature.Hash]time.Time{}, failed: make(chan struct{})}
	err := in.Store.View(ctx, in.Scope, in.Book, func(r Reader) error {
		docs, err := r.Documents(ctx)
		for _, d := range docs {
			c.documents[d.SHA256] = true
		}
		if err != nil {
			return err
		}
		return c.readDoubtful(ctx, r)
	})
	return c, err
}

func (c *committer) readDoubtful(ctx context.Context, r Reader) error {
	var limited []signature.Hash
	err := r.Records(ctx, "facts", func(rec Record) error {
		var sha signature.Hash
		if rec.Values["condition"] == string(signature.OverLimit) && sha.UnmarshalText([]byte(rec.Key)) == nil {
			limited = append(limited, sha)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, sha := range limited {
		doc, err := r.Document(ctx, sha)
		if err != nil {
			return err
		}
		if c.doubtful[sha], err = leafTime(ctx, r, doc.Entry); err != nil {
			return err
		}
	}
	return nil
}

func (c *committer) known(sha signature.Hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.documents[sha]
}

func (c *committer) run(ctx context.Context, ready <-chan received) (err error) {
	defer func() {
		c.err = err
		close(c.failed)
	}()
	for first := range ready {
		if err := c.commit(ctx, c.fill(first, ready)); err != nil {
			return err
		}
	}
	return nil
}

const (
	// groupWait is how long a group waits to be filled while files are worked
	// on: of a full one of 256, a document costs the database and us a quarter
	// less than of what happens to be ready.
	groupWait = 200 * time.Millisecond
	// leastGroup is what a group has at least, where there is as much.
	leastGroup = 16
)

// fill returns a group that begins with first.
func (c *committer) fill(first received, ready <-chan received) []received {
	group := append(make([]received, 0, c.in.Group), first)
	enough := time.NewTimer(groupWait)
	defer enough.Stop()
	for len(group) < c.full() {
		select {
		case r, ok := <-ready:
			if !ok {
				return group
			}
			group = append(group, r)
		case <-enough.C:
			return group
		}
	}
	return group
}

// full is how many documents are enough for a group: towards the end fewer and
// fewer, since nothing goes on beside the last commit.
func (c *committer) full() int {
	return min(c.in.Group, max(leastGroup, int(c.open.Load()/2)))
}

// commit makes a group true. When the store refuses what it is given, which is
// rare, the group is tried again with a savepoint for each document, so that
// one of them does not hold up the others.
func (c *committer) commit(ctx context.Context, group []received) error {
	refused, err := c.try(ctx, group, false)
	if errors.Is(err, ErrRefused) {
		refused, err = c.try(ctx, group, true)
	}
	if err != nil {
		return err
	}
	c.refused = append(c.refused, refused...)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range group {
		c.documents[r.sha] = true
	}
	for _, r := range refused {
		delete(c.documents, r.sha)
	}
	return nil
}

func (c *committer) try(ctx context.Context, group []received, apart bool) (refused []refusal, err error) {
	_, err = c.in.Store.Update(ctx, c.in.Scope, c.in.Book, func(tx Tx) error {
		touched := map[string]bool{}
		fresh := map[signature.Hash]judged{}
		if apart {
			if refused, err = c.addEach(ctx, tx, group, fresh, touched); err != nil {
				return err
			}
			return c.in.recount(ctx, tx, fresh, touched)
		}
		if err := c.in.prefetch(ctx, tx, keysOf(group)); err != nil {
			return err
		}
		for _, r := range group {
			if err := c.add(ctx, tx, r, fresh, touched); err != nil {
				return fmt.Errorf("committing %s: %w", r.file.Name, err)
			}
		}
		return c.in.recount(ctx, tx, fresh, touched)
	})
	return refused, err
}

func (c *committer) add(ctx context.Context, tx Tx, r received, fresh map[signature.Hash]judged, touched map[string]bool) error {
	_, err := tx.Document(ctx, r.sha)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !r.known:
		detached, blobs := r.facts.Detach()
		if err := tx.PutBlobs(ctx, blobs); err != nil {
			return err
		}
		_, err := tx.Append(ctx,
			DocumentReceived{SHA256: r.sha, Size: r.file.Size, Name: r.file.Name, Absent: c.in.tooLarge(r.file)},
			FactsRead{Facts: detached},
			VerdictReached{Document: r.sha, Material: c.in.Basis.MaterialHash, Policy: signature.HashOf(c.in.Basis.PolicyBytes), Verdict: r.verdict})
		if err != nil {
			return err
		}
		fresh[r.sha] = judged{facts: detached, verdict: r.verdict, received: r.at}
	case err != nil:
		return err
	case r.again:
		if err := c.replace(ctx, tx, r, fresh, touched); err != nil {
			return err
		}
	}
	if err := c.match(ctx, tx, r, fresh, touched); err != nil || r.file.Link == nil {
		return err
	}
	return r.file.Link(ctx, tx, r.sha)
}

// replace gives a document that had run into a limit its facts, unless
// another import did so meanwhile.
func (c *committer) replace(ctx context.Context, tx Tx, r received, fresh map[signature.Hash]judged, touched map[string]bool) error {
	old, err := readJudged(ctx, tx, r.sha, fresh)
	if err != nil || old.facts.Condition != signature.OverLimit {
		return err
	}
	detached, blobs := r.facts.Detach()
	if err := tx.PutBlobs(ctx, blobs); err != nil {
		return err
	}
	_, err = tx.Append(ctx, FactsRead{Facts: detached},
		VerdictReached{Document: r.sha, Material: c.in.Basis.MaterialHash, Policy: signature.HashOf(c.in.Basis.PolicyBytes), Verdict: r.verdict})
	if err != nil {
		return err
	}
	fresh[r.sha] = judged{facts: detached, verdict: r.verdict, received: old.received}
	rows, err := tx.MatchedRows(ctx, r.sha)
	if err != nil {
		return err
	}
	for _, id := range rows {
		touched[id] = true
	}
	return touchSigned(ctx, tx, r.sha, fresh, touched)
}

// match ties the document to its rows; a row that had another document is
// untied from it first, and both leaves stay.
func (c *committer) match(ctx context.Context, tx Tx, r received, fresh map[signature.Hash]judged, touched map[string]bool) error {
	rows, err := tx.MatchedRows(ctx, r.sha)
	if err != nil {
		return err
	}
	if r.known && len(r.file.Rows) > 0 {
		// What stands in the documents was compared when they came; the same
		// file under the same wrong name does not undo it.
		if byText, err := matchedByText(ctx, tx, append(rows, r.file.Rows...)); err != nil || byText {
			return err
		}
	}
	for _, id := range r.file.Rows {
		if slices.Contains(rows, id) {
			continue
		}
		if old, err := tx.MatchOf(ctx, id); err == nil {
			if _, err := tx.Append(ctx, Unmatched{Match: old}); err != nil {
				return err
			}
			if err := touchSigned(ctx, tx, old.Document, fresh, touched); err != nil {
				return err
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, err := tx.Append(ctx, Matched{Match: Match{Row: id, Document: r.sha, By: r.file.By}}); err != nil {
			return err
		}
		touched[id] = true
	}
	if len(r.file.Rows) == 0 {
		return nil
	}
	return touchSigned(ctx, tx, r.sha, fresh, touched)
}

// matchedByText reports whether one of the rows has its document by its text.
func matchedByText(ctx context.Context, tx Tx, rows []string) (bool, error) {
	for _, id := range rows {
		match, err := tx.MatchOf(ctx, id)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err == nil && match.By == ByText {
			return true, nil
		}
	}
	return false, nil
}

// touchSigned marks every row that shares a signature with the document:
// whether they are duplicates of each other may have changed.
func touchSigned(ctx context.Context, tx Reader, sha signature.Hash, fresh map[signature.Hash]judged, touched map[string]bool) error {
	j, err := readJudged(ctx, tx, sha, fresh)
	if err != nil {
		return err
	}
	for _, s := range j.verdict.Signatures {
		if s.Fingerprint.IsZero() {
			continue
		}
		rows, err := tx.RowsSigned(ctx, s.Fingerprint)
		if err != nil {
			return err
		}
		for _, id := range rows {
			touched[id] = true
		}
	}
	return nil
}
