package report

import (
	"context"
	"errors"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// Receipt is all that the ledger says about one row, or about a document
// without a row, each leaf with its own proof.
type Receipt struct {
	Unit      evidence.UnitID     `json:"unit"`
	Period    evidence.Period     `json:"period"`
	Row       string              `json:"row"`       // "" for a document without a row
	PublicKey string              `json:"publicKey"` // a claim: compare it with the one you were given
	Anchored  bool                `json:"anchored"`  // every receipt below is
	States    []evidence.RowState `json:"states"`
	Receipts  []ledger.Receipt    `json:"receipts"`
}

// Readers reads a book together with the root book, which is nil where the
// scope does not allow it. The state of the root book is fixed first: every
// anchor that fn sees is then of a size that the book has, whoever writes
// meanwhile.
func Readers(ctx context.Context, store evidence.Store, scope evidence.Scope, book evidence.BookID, fn func(r, root evidence.Reader) error) error {
	with := func(root evidence.Reader) error {
		return store.View(ctx, scope, book, func(r evidence.Reader) error { return fn(r, root) })
	}
	if !scope.Allows(evidence.RootBook) {
		return with(nil)
	}
	return store.View(ctx, scope, evidence.RootBook, with)
}

// ProveRow makes the receipt of a row: the row itself, its match, document,
// facts and verdict, and its states. r reads the row's book, root the root book,
// see Readers.
func ProveRow(ctx context.Context, r, root evidence.Reader, key ledger.PublicKey, book evidence.BookID, row string) (Receipt, error) {
	out := Receipt{Unit: book.Unit, Period: book.Period, Row: row, PublicKey: key.String()}
	entries, err := entriesOf(ctx, r, row)
	if err != nil {
		return out, err
	}
	if out.States, err = StatesOfRow(ctx, r, row); err != nil {
		return out, err
	}
	return out, out.prove(ctx, r, root, book, entries)
}

// ProveDocument makes the receipt of a document that no row has.
func ProveDocument(ctx context.Context, r, root evidence.Reader, key ledger.PublicKey, book evidence.BookID, sha signature.Hash) (Receipt, error) {
	out := Receipt{Unit: book.Unit, Period: book.Period, PublicKey: key.String(), States: []evidence.RowState{}}
	doc, err := r.Document(ctx, sha)
	if err != nil {
		return out, err
	}
	return out, out.prove(ctx, r, root, book, []int64{doc.Entry, doc.FactsEntry, doc.VerdictEntry})
}

// prove makes a receipt for each entry, anchored where the root book already
// covers it.
func (out *Receipt) prove(ctx context.Context, r, root evidence.Reader, book evidence.BookID, entries []int64) error {
	var size, anchor int64
	if root != nil {
		var err error
		size, anchor, err = evidence.AnchorOf(ctx, root, book)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	out.Anchored = true
	for _, index := range entries {
		receipt, err := ledger.Prove(ctx, r, index)
		if err != nil {
			return err
		}
		if index < size {
			if err := receipt.AddAnchor(ctx, r, root, anchor); err != nil {
				return err
			}
		}
		out.Anchored = out.Anchored && receipt.Anchor != nil
		out.Receipts = append(out.Receipts, receipt)
	}
	return nil
}

// entriesOf returns the entries that make a row what it is.
func entriesOf(ctx context.Context, r evidence.Reader, id string) ([]int64, error) {
	var entries []int64
	add := func(rec evidence.Record) {
		if n, ok := rec.Values["entry"].(int64); ok {
			entries = append(entries, n)
		}
	}
	for _, table := range []string{"row", "match", "rowstate"} {
		err := r.Records(ctx, table, func(rec evidence.Record) error {
			if rec.Key == id || table == "rowstate" && rec.Values["row"] == id {
				add(rec)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	match, err := r.MatchOf(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return entries, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := r.Document(ctx, match.Document)
	return append(entries, doc.Entry, doc.FactsEntry, doc.VerdictEntry), err
}

// StatesOfRow returns a row's state under each rule of its book.
func StatesOfRow(ctx context.Context, r evidence.Reader, id string) ([]evidence.RowState, error) {
	rules, err := r.Rules(ctx)
	if err != nil {
		return nil, err
	}
	var states []evidence.RowState
	for _, rule := range rules {
		state, err := r.StateOf(ctx, rule, id)
		if err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}
