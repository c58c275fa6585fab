package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"minhchung/evidence"
	"minhchung/ledger"
)

// rowReceipt is all that the ledger says about one row, each leaf with its
// own proof.
type rowReceipt struct {
	Unit      evidence.UnitID     `json:"unit"`
	Period    evidence.Period     `json:"period"`
	Row       string              `json:"row"`
	PublicKey string              `json:"publicKey"` // a claim: compare it with the one you were given
	Anchored  bool                `json:"anchored"`  // every receipt below is
	States    []evidence.RowState `json:"states"`
	Receipts  []ledger.Receipt    `json:"receipts"`
}

// receiptCommand is `receipt ROW [--out FILE]` and `receipt verify FILE
// --key PUBLIC`.
func receiptCommand() *command {
	var book bookFlags
	var out, key string
	return &command{
		name: "receipt",
		flags: func(fs *pflag.FlagSet) {
			book.bind(fs)
			fs.StringVar(&out, "out", "", "")
			fs.StringVar(&key, "key", "", "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 && args[0] == "verify" {
				return verifyReceipt(e, args[1:], key)
			}
			if len(args) != 1 {
				return usage("cli.missing-flag", "receipt", e.Lang.Text("cli.row"))
			}
			return withReader(ctx, e, func(ctx context.Context, s *session) error {
				k, _, err := book.find(ctx, s)
				if err != nil {
					return err
				}
				r, err := makeReceipt(ctx, s, k, args[0])
				if err != nil {
					return err
				}
				return printReceipt(e, r, out)
			})
		},
	}
}

func makeReceipt(ctx context.Context, s *session, book evidence.BookID, name string) (rowReceipt, error) {
	out := rowReceipt{Unit: book.Unit, Period: book.Period, PublicKey: s.Public.String(), Anchored: true}
	err := s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
		row, err := findRow(ctx, r, name)
		if err != nil {
			return err
		}
		out.Row = row.ID
		entries, err := entriesOf(ctx, r, row.ID)
		if err != nil {
			return err
		}
		if out.States, err = statesOfRow(ctx, r, row.ID); err != nil {
			return err
		}
		return s.Store.View(ctx, s.Scope, evidence.RootBook, func(root evidence.Reader) error {
			return out.prove(ctx, r, root, book, entries)
		})
	})
	return out, err
}

// prove makes a receipt for each entry, anchored where the root book already
// covers it.
func (out *rowReceipt) prove(ctx context.Context, r, root evidence.Reader, book evidence.BookID, entries []int64) error {
	size, anchor, err := evidence.AnchorOf(ctx, root, book)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
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

// entriesOf returns the entries that make a row what it is: the row itself,
// its match, document, facts and verdict, and its states.
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

func statesOfRow(ctx context.Context, r evidence.Reader, id string) ([]evidence.RowState, error) {
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

func printReceipt(e *env, r rowReceipt, out string) error {
	if out != "" {
		b, err := json.MarshalIndent(r, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(e.path(out), append(b, '\n'), 0o600); err != nil {
			return fail(exitBackend, err, "cli.cannot-write", out)
		}
	}
	if e.JSON {
		return e.emit(r)
	}
	e.say("receipt.head", r.Row, string(r.Unit), string(r.Period))
	printStates(e, r.States)
	for _, receipt := range r.Receipts {
		leaf, err := ledger.ParseLeaf([]byte(receipt.Leaf))
		if err != nil {
			return err
		}
		e.say("receipt.entry", receipt.Index, leaf.Type, e.Lang.Time(leaf.At))
	}
	if len(r.Receipts) > 0 {
		e.say("receipt.checkpoint", indent(r.Receipts[0].Checkpoint))
	}
	if r.Anchored {
		e.say("receipt.anchored")
	} else {
		e.say("receipt.unanchored")
	}
	e.say("receipt.key", r.PublicKey)
	return nil
}

func printStates(e *env, states []evidence.RowState) {
	for _, s := range states {
		e.say("receipt.state", s.Rule, e.Lang.Text("state."+string(s.State)), s.Code, s.Grade)
	}
}
