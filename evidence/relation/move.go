package relation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// LastMove implements evidence.Reader.
func (r *Reader) LastMove(ctx context.Context) (evidence.BookMove, error) {
	var index int64
	err := r.conn.Row(ctx, `SELECT entry FROM "moved" WHERE book = ? ORDER BY entry DESC LIMIT 1`, []any{r.key}, &index)
	if err != nil {
		return evidence.BookMove{}, missing(err, "move of book %s", r.book)
	}
	opening, err := r.opening(ctx, r.key, index)
	if err != nil {
		return evidence.BookMove{}, err
	}
	var move evidence.BookMove
	if err := json.Unmarshal(opening, &move); err != nil {
		return move, fmt.Errorf("opening of entry %d of book %s: %w", index, r.book, err)
	}
	move.Entry = index
	return move, nil
}

// blobBatch is how many blobs are carried at a time.
const blobBatch = 32

// TakeOver makes the book of the transaction what from reads. It answers
// evidence.Mover.TakeOver, in the place of Finish.
func (t *Tx) TakeOver(ctx context.Context, s *ledger.Sequencer, book ledger.Tx, from evidence.Reader, pub ledger.PublicKey) (evidence.Commitment, error) {
	head, err := from.Head(ctx)
	if err != nil {
		return evidence.Commitment{}, err
	}
	a, err := s.Adopt(ctx, book, head)
	if err != nil {
		return evidence.Commitment{}, err
	}
	blobs := map[signature.Hash]bool{}
	problems, err := ledger.Check(ctx, from, pub, func(e ledger.Entry, leaf ledger.Leaf) error {
		if e.Index >= a.Old() {
			event, err := evidence.DecodeEvent(leaf, e.Opening)
			if err == nil {
				err = t.project(ctx, event, e.Index)
			}
			if err != nil {
				return fmt.Errorf("entry %d of book %s: %w", e.Index, t.book, err)
			}
			for _, h := range evidence.BlobsOf(event) {
				blobs[h] = true
			}
		}
		return a.Add(ctx, e)
	})
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("book %s: %d problems, the first is %s: %w", t.book, len(problems), problems[0], ledger.ErrDamaged)
	}
	if err != nil {
		return evidence.Commitment{}, err
	}
	if err := t.carry(ctx, from, blobs); err != nil {
		return evidence.Commitment{}, err
	}
	if err := t.tally.flush(ctx, t); err != nil {
		return evidence.Commitment{}, err
	}
	done, err := a.Finish(ctx)
	if err != nil || done.Size == a.Old() {
		return evidence.Commitment{}, err
	}
	return evidence.Commitment{First: a.Old(), Head: done}, ctx.Err()
}

// carry copies blobs from another store.
func (t *Tx) carry(ctx context.Context, from evidence.Reader, hashes map[signature.Hash]bool) error {
	list := slices.SortedFunc(maps.Keys(hashes), func(a, b signature.Hash) int { return slices.Compare(a[:], b[:]) })
	for batch := range slices.Chunk(list, blobBatch) {
		blobs, err := from.Blobs(ctx, batch)
		if err != nil {
			return err
		}
		if err := t.PutBlobs(ctx, blobs); err != nil {
			return err
		}
	}
	return nil
}
