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

// lack is what an index lacks of one book.
type lack struct {
	documents []signature.Hash // to be put again, in the order they were received
	size      int64            // of the ledger, that the index then covers
	seq       int64            // of the newest text
	nothing   bool             // there is nothing to do
}

// plan compares a book with an index that covers its first from entries.
func plan(ctx context.Context, r evidence.Reader, from int64) (lack, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return lack{}, err
	}
	docs, err := r.Documents(ctx)
	if err != nil {
		return lack{}, err
	}
	slices.SortFunc(docs, func(a, b evidence.Document) int { return int(a.Entry - b.Entry) })
	texts, err := r.Texts(ctx, 0)
	if err != nil {
		return lack{}, err
	}
	after, err := r.Place(ctx, indexPlace)
	if err != nil {
		return lack{}, err
	}
	s := lack{size: head.Size, seq: after}
	touched, read := map[signature.Hash]bool{}, map[signature.Hash]bool{}
	for _, t := range texts {
		read[t.Document] = true
		s.seq = max(s.seq, t.Seq)
		touched[t.Document] = t.Seq > after
	}
	for _, d := range docs {
		if !read[d.SHA256] {
			s.size = min(s.size, d.Entry)
		}
	}
	if s.nothing = s.size == from && s.seq == after; s.nothing {
		return s, nil
	}
	if from == 0 || from > head.Size { // a new index, or one of another ledger
		for _, d := range docs {
			touched[d.SHA256] = true
		}
	} else if err := touch(ctx, r, from, s.size, touched); err != nil {
		return lack{}, err
	}
	for _, d := range docs {
		if touched[d.SHA256] && d.Entry < s.size {
			s.documents = append(s.documents, d.SHA256)
		}
	}
	return s, nil
}

// touch marks the documents that the entries from (included) to (excluded)
// say something of.
func touch(ctx context.Context, r evidence.Reader, from, to int64, touched map[signature.Hash]bool) error {
	rows := map[string]bool{}
	for i := from; i < to; i++ {
		event, _, err := evidence.EventAt(ctx, r, i)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		switch e := event.(type) {
		case evidence.DocumentReceived:
			touched[e.SHA256] = true
		case evidence.Matched:
			touched[e.Match.Document] = true
		case evidence.Unmatched:
			touched[e.Match.Document] = true
		case evidence.Attached:
			touched[e.Attachment.Document] = true
		case evidence.Detached:
			touched[e.Attachment.Document] = true
		case evidence.RowAdded:
			rows[e.Row.ID] = true
		case evidence.RowCorrected:
			rows[e.Row.ID] = true
		case evidence.RowWithdrawn:
			rows[e.Row.ID] = true
		case evidence.RowExcluded:
			rows[e.Row.ID] = true
		case evidence.StateChanged:
			rows[e.State.Row] = true
		}
	}
	for row := range rows {
		match, err := r.MatchOf(ctx, row)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		touched[match.Document] = true
	}
	return nil
}
