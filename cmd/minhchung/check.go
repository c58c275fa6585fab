package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/spf13/pflag"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

// checkCommand is `check [--quick]`: every book against its own leaves, every
// projected column, and every byte of every file unless quick.
func checkCommand() *command {
	var book bookFlags
	var quick bool
	return &command{
		name: "check",
		flags: func(fs *pflag.FlagSet) {
			book.bind(fs)
			fs.BoolVar(&quick, "quick", false, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			return withReader(ctx, e, func(ctx context.Context, s *session) error {
				return runCheck(ctx, e, s, book, quick)
			})
		},
	}
}

func runCheck(ctx context.Context, e *env, s *session, flags bookFlags, quick bool) error {
	books, err := s.Store.Books(ctx, s.Scope)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	whole := len(books) > 0
	books = slices.DeleteFunc(books, func(k evidence.BookID) bool {
		return flags.unit != "" && string(k.Unit) != flags.unit || flags.period != "" && string(k.Period) != flags.period
	})
	if flags.unit+flags.period != "" && len(books) == 0 {
		return usage("cli.no-book", flags.unit, flags.period)
	}
	code := exitDone
	for _, book := range append([]evidence.BookID{evidence.RootBook}, books...) {
		bar := &lazyBar{e: e, key: "check.progress"}
		report, err := evidence.Check(ctx, s.Store, s.Scope, book, s.Public, s.Objects,
			evidence.CheckOptions{Quick: quick, Verdicts: !quick, Progress: bar.show})
		bar.finish()
		if errors.Is(err, fs.ErrNotExist) && book == evidence.RootBook {
			if !whole {
				continue // nothing was ever committed here
			}
			report.Ledger = append(report.Ledger, evidence.Problem{Kind: evidence.ProblemRollback, Detail: "the root book is missing"})
		} else if err != nil {
			return err
		}
		if err := printCheck(e, book, report, quick); err != nil {
			return err
		}
		// A broken ledger outweighs a damaged file: nothing else can be
		// believed then.
		switch {
		case len(report.Ledger) > 0:
			code = exitLedger
		case len(report.Evidence) > 0 && code != exitLedger:
			code = exitDamaged
		case len(report.Unverified) > 0 && code == exitDone:
			code = exitBackend
		}
	}
	if err := printProtections(ctx, e, s.Objects); err != nil {
		return err
	}
	if code != exitDone {
		return silent(code)
	}
	return nil
}

func printCheck(e *env, book evidence.BookID, r evidence.CheckReport, quick bool) error {
	if e.JSON {
		return e.emit(struct {
			Book     string             `json:"book"`
			Quick    bool               `json:"quick"`
			Ledger   []evidence.Problem `json:"ledger"`
			Evidence []evidence.Problem `json:"evidence"`
			Unseen   []evidence.Problem `json:"unverified"`
			Notes    []evidence.Problem `json:"notes"`
		}{book.String(), quick, list(r.Ledger), list(r.Evidence), list(r.Unverified), list(r.Notes)})
	}
	for _, p := range r.Notes {
		e.say("check.note", book.String(), p.String())
	}
	for _, p := range r.Unverified {
		e.say("check.unverified", book.String(), p.String())
	}
	if len(r.Ledger)+len(r.Evidence)+len(r.Unverified) == 0 {
		e.say("check.sound", book.String(), e.Lang.Int(r.Entries), e.Lang.Int(r.Files))
		return nil
	}
	for _, p := range r.Ledger {
		e.say("check.ledger", book.String(), p.String())
	}
	for _, p := range r.Evidence {
		e.say("check.evidence", book.String(), p.String())
	}
	return nil
}

// printProtections says how the server of the documents protects them; a
// folder of this machine has nothing to say.
func printProtections(ctx context.Context, e *env, objects object.Store) error {
	prober, ok := objects.(object.Prober)
	if !ok {
		return nil
	}
	found, err := prober.Probe(ctx)
	if err != nil {
		return err
	}
	if e.JSON {
		return e.emit(struct {
			Protections []object.Protection `json:"protections"`
		}{found})
	}
	for _, p := range found {
		e.say("check.protection-"+p.State, e.text("check."+p.Name), p.Detail)
	}
	return nil
}

// lazyBar learns the total with its first step.
type lazyBar struct {
	e   *env
	key string
	bar progress
	on  bool
}

func (b *lazyBar) show(done, total int64) {
	if !b.on {
		b.bar, b.on = newProgress(b.e, b.key, int(total)), true
	}
	b.bar.set(int(done))
}

func (b *lazyBar) finish() { b.bar.finish() }
