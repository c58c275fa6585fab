package main

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"minhchung/evidence"
)

// confirmFlags are what `confirm` is told.
type confirmFlags struct {
	book     bookFlags
	by, note string
	undo     bool
}

// confirmCommand is `confirm ROW --by NAME`: a named person says that the file
// of a row is its document, where its text could not; with --undo that it is
// not.
func confirmCommand() *command {
	var f confirmFlags
	return &command{
		name: "confirm",
		flags: func(fs *pflag.FlagSet) {
			f.book.bind(fs)
			fs.StringVar(&f.by, "by", "", "")
			fs.StringVar(&f.note, "note", "", "")
			fs.BoolVar(&f.undo, "undo", false, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			f.by, f.note = strings.TrimSpace(f.by), strings.TrimSpace(f.note)
			switch {
			case len(args) != 1:
				return usage("cli.missing-flag", "confirm", e.Lang.Text("cli.row"))
			case f.by == "":
				return usage("cli.missing-flag", "confirm", "--by")
			case !utf8.ValidString(f.by+f.note) || len(f.by) > 200 || len(f.note) > evidence.MaxNoteBytes:
				return usage("confirm.bad-text")
			}
			return withStore(ctx, e, func(ctx context.Context, s *session) error { return runConfirm(ctx, e, s, f, args[0]) })
		},
	}
}

func runConfirm(ctx context.Context, e *env, s *session, f confirmFlags, name string) error {
	book, _, err := f.book.find(ctx, s)
	if err != nil {
		return err
	}
	var row evidence.Row
	err = s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
		row, err = findRow(ctx, r, name)
		return err
	})
	if err != nil {
		return err
	}
	in, err := s.intake(ctx, book)
	if err != nil {
		return err
	}
	err = in.ConfirmByPerson(ctx, row.ID, f.by, f.note, f.undo)
	if errors.Is(err, evidence.ErrUnmatched) {
		return usage("confirm.no-file", row.ID)
	}
	if err != nil {
		return err
	}
	if err := s.follow(ctx, e, in); err != nil {
		return err
	}
	if e.JSON {
		return s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
			c, err := r.ConfirmationOf(ctx, row.ID)
			if err != nil {
				return err
			}
			return e.emit(c)
		})
	}
	if f.undo {
		e.say("confirm.denied", row.ID, f.by)
		return nil
	}
	e.say("confirm.done", row.ID, f.by)
	return nil
}
