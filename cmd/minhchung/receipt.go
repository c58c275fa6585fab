package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/ledger"
)

// rowReceipt is a receipt as the commands read and write it.
type rowReceipt struct{ report.Receipt }

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

func makeReceipt(ctx context.Context, s *session, book evidence.BookID, name string) (out rowReceipt, err error) {
	err = report.Readers(ctx, s.Store, s.Scope, book, func(r, root evidence.Reader) error {
		row, err := findRow(ctx, r, name)
		if err != nil {
			return err
		}
		out.Receipt, err = report.ProveRow(ctx, r, root, s.Public, book, row.ID)
		return err
	})
	return out, err
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
