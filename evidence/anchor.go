package evidence

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"

	"minhchung/ledger"
)

// Anchor writes the book's newest checkpoint into the root book, unless it is
// there already. Until then receipts of newer entries are unanchored; a crash
// before it loses nothing, the next run anchors.
func (in *Intake) Anchor(ctx context.Context) error {
	var head ledger.Head
	err := in.Store.View(ctx, in.Scope, in.Book, func(r Reader) error {
		var err error
		head, err = r.Head(ctx)
		return err
	})
	if err != nil {
		return err
	}
	_, err = in.Store.Update(ctx, in.Scope, RootBook, func(tx Tx) error {
		size, _, err := AnchorOf(ctx, tx, in.Book)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if size == head.Size {
			return nil
		}
		_, err = tx.Append(ctx, Anchored{
			Book: in.Book, Origin: head.Origin, Size: head.Size,
			Root: hex.EncodeToString(head.Root[:]), Checkpoint: string(head.Checkpoint),
		})
		return err
	})
	return err
}

// AnchorOf returns the newest anchored size of a book and the root book's
// entry that says so. A book that was never anchored is fs.ErrNotExist.
func AnchorOf(ctx context.Context, root Reader, book BookID) (size, entry int64, err error) {
	err = fs.ErrNotExist
	rerr := root.Records(ctx, "anchor", func(rec Record) error {
		if rec.Key == book.String() {
			size, _ = rec.Values["size"].(int64)
			entry, _ = rec.Values["entry"].(int64)
			err = nil
		}
		return nil
	})
	if rerr != nil {
		return 0, 0, rerr
	}
	return size, entry, err
}
