package main

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"minhchung/evidence"
)

// excludeFlags are what `exclude` is told.
type excludeFlags struct {
	book                        bookFlags
	row, code, reason, approver string
	undo                        bool
}

// exclusionCodes are the reasons for which a row may leave the denominator.
// Secret rows never become rows.
var exclusionCodes = []string{"void", "withdrawn", "out-of-scope"}

// excludeCommand is `exclude --row ROW --reason REASON --approver NAME`. The
// reason begins with one of the codes, or --code gives it. With --undo the row
// counts again.
func excludeCommand() *command {
	var f excludeFlags
	return &command{
		name: "exclude",
		flags: func(fs *pflag.FlagSet) {
			f.book.bind(fs)
			fs.StringVar(&f.row, "row", "", "")
			fs.StringVar(&f.code, "code", "", "")
			fs.StringVar(&f.reason, "reason", "", "")
			fs.StringVar(&f.approver, "approver", "", "")
			fs.BoolVar(&f.undo, "undo", false, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			x, err := f.exclusion()
			if err != nil {
				return err
			}
			return withStore(ctx, e, func(ctx context.Context, s *session) error { return runExclude(ctx, e, s, f, x) })
		},
	}
}

func (f excludeFlags) exclusion() (evidence.Exclusion, error) {
	x := evidence.Exclusion{Code: f.code, Reason: strings.TrimSpace(f.reason), Approver: strings.TrimSpace(f.approver)}
	for _, need := range [][2]string{{f.row, "--row"}, {x.Reason, "--reason"}, {x.Approver, "--approver"}} {
		if need[0] == "" {
			return x, usage("cli.missing-flag", "exclude", need[1])
		}
	}
	if f.undo {
		x.Code = evidence.Reinstated
		return x, checkTexts(x)
	}
	if x.Code == "" {
		x.Code, _, _ = strings.Cut(x.Reason, ":")
		x.Code = strings.TrimSpace(x.Code)
	}
	if !slices.Contains(exclusionCodes, x.Code) {
		return x, usage("exclude.bad-code", x.Code, strings.Join(exclusionCodes, ", "))
	}
	if strings.Trim(strings.TrimPrefix(x.Reason, x.Code), ": ") == "" && strings.Contains(x.Reason, ":") {
		return x, usage("exclude.bad-text")
	}
	return x, checkTexts(x)
}

func checkTexts(x evidence.Exclusion) error {
	if !utf8.ValidString(x.Reason+x.Approver) || len(x.Reason) > 2000 || len(x.Approver) > 200 {
		return usage("exclude.bad-text")
	}
	return nil
}

func runExclude(ctx context.Context, e *env, s *session, f excludeFlags, x evidence.Exclusion) error {
	book, _, err := f.book.find(ctx, s)
	if err != nil {
		return err
	}
	var row evidence.Row
	err = s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
		row, err = findRow(ctx, r, f.row)
		return err
	})
	if err != nil {
		return err
	}
	if f.undo && !row.Exclusion.Applies() {
		return usage("exclude.not-excluded", row.ID)
	}
	if row.Exclusion != nil && *row.Exclusion == x {
		e.note("exclude.unchanged", row.ID)
	} else {
		in, err := s.intake(ctx, book)
		if err != nil {
			return err
		}
		if err := in.Exclude(ctx, row.ID, x); err != nil {
			return err
		}
		if err := s.follow(ctx, e, in); err != nil {
			return err
		}
	}
	if e.JSON {
		row.Exclusion = &x
		return e.emit(row)
	}
	if f.undo {
		e.say("exclude.undone", row.ID, x.Approver)
		return nil
	}
	e.say("exclude.done", row.ID, e.Lang.Text("code."+x.Code), x.Approver)
	return nil
}
