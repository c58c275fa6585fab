package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/config"
	"minhchung/evidence"
)

// moveFlags are what `move` is told.
type moveFlags struct {
	from, to     string // configuration files
	unit, period string // which books; empty for all
}

// moveCommand is `move --from OFFICE.toml --to PROVINCE.toml [--unit U]
// [--period P]`: books go to another installation with their leaves byte for
// byte. It needs both data directories for itself, so it is never forwarded.
func moveCommand() *command {
	var f moveFlags
	return &command{
		name: "move",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&f.from, "from", "", "")
			fs.StringVar(&f.to, "to", "", "")
			fs.StringVar(&f.unit, "unit", "", "")
			fs.StringVar(&f.period, "period", "", "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			switch {
			case len(args) > 0:
				return usage("cli.extra-argument", args[0])
			case f.from == "":
				return usage("cli.missing-flag", "move", "--from")
			case f.to == "":
				return usage("cli.missing-flag", "move", "--to")
			case e.Config != "" || e.Data != "":
				return usage("move.two-sides")
			}
			return runMove(ctx, e, f)
		},
	}
}

func runMove(ctx context.Context, e *env, f moveFlags) (err error) {
	from, err := openSide(ctx, e, f.from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openSide(ctx, e, f.to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if to.origin() == from.origin() {
		return usage("move.same", from.origin())
	}
	books, err := f.books(ctx, from)
	if err != nil {
		return err
	}
	for _, book := range books {
		report, err := evidence.Move(ctx, from.installation(), to.installation(), book)
		if err != nil {
			return err
		}
		if err := printMove(e, from, to, report); err != nil {
			return err
		}
	}
	return nil
}

// side is one installation of a move.
type side struct{ *session }

// openSide opens an installation for writing, as its holder.
func openSide(ctx context.Context, e *env, file string) (side, error) {
	settings, err := config.Load(e.path(file))
	if err != nil {
		return side{}, err
	}
	settings.Data = e.path(cmp.Or(settings.Data, config.DefaultData))
	s, err := config.Open(ctx, settings, config.Write)
	if errors.Is(err, config.ErrHeld) {
		return side{}, fail(exitBackend, err, "move.held", file)
	}
	if err != nil {
		return side{}, err
	}
	return side{newSession(s)}, nil
}

// origin is what the installation's new books are named after.
func (s side) origin() string {
	return strings.TrimSuffix(s.Origin(evidence.RootBook), "/"+evidence.RootBook.String())
}

func (s side) installation() evidence.Installation {
	return evidence.Installation{Name: s.origin(), Store: s.Store, Objects: s.Objects, Scope: s.Scope, Public: s.Public}
}

// books are those that the flags name.
func (f moveFlags) books(ctx context.Context, from side) ([]evidence.BookID, error) {
	all, err := from.Store.Books(ctx, from.Scope)
	if err != nil {
		return nil, err
	}
	var books []evidence.BookID
	for _, b := range all {
		if (f.unit == "" || string(b.Unit) == f.unit) && (f.period == "" || string(b.Period) == f.period) {
			books = append(books, b)
		}
	}
	if len(books) == 0 {
		return nil, usage("cli.no-book", f.unit, f.period)
	}
	return books, nil
}

func printMove(e *env, from, to side, r evidence.MoveReport) error {
	root := hex.EncodeToString(r.Root[:])
	if e.JSON {
		return e.emit(struct {
			Book   string `json:"book"`
			From   string `json:"from"`
			To     string `json:"to"`
			Size   int64  `json:"size"`
			Root   string `json:"root"`
			Copied int64  `json:"copied"`
		}{r.Book.String(), from.origin(), to.origin(), r.Size, root, r.Copied})
	}
	e.say("move.done", r.Book.String(), to.origin(), e.Lang.Int(r.Size), e.Lang.Int(r.Copied), root)
	return nil
}
