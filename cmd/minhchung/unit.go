package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/config"
	"minhchung/evidence"
)

var unitID = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// unitCommand is `unit add ID --name NAME [--organ-id ID]` and `unit list`.
func unitCommand() *command {
	var unit evidence.Unit
	var id string
	return &command{
		name: "unit",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&id, "id", "", "")
			fs.StringVar(&id, "unit", "", "")
			fs.StringVar(&unit.Name, "name", "", "")
			fs.StringVar(&unit.OrganID, "organ-id", "", "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			verb, rest := verbOf(args)
			switch verb {
			case "add":
				if id == "" && len(rest) == 1 {
					id, rest = rest[0], nil
				}
				unit.ID = evidence.UnitID(id)
				if err := checkUnit(unit, rest); err != nil {
					return err
				}
				return addUnit(ctx, e, unit)
			case "list":
				return listUnits(ctx, e)
			}
			return usage("cli.verb", "unit", "add, list")
		},
	}
}

// verbOf splits `add` from what follows it.
func verbOf(args []string) (string, []string) {
	if len(args) == 0 {
		return "", nil
	}
	return args[0], args[1:]
}

func checkUnit(u evidence.Unit, rest []string) error {
	switch {
	case len(rest) > 0:
		return usage("cli.extra-argument", rest[0])
	case u.ID == "":
		return usage("cli.missing-flag", "unit add", "ID")
	case !unitID.MatchString(string(u.ID)):
		return usage("unit.bad-id", string(u.ID))
	case strings.TrimSpace(u.Name) == "":
		return usage("cli.missing-flag", "unit add", "--name")
	case !utf8.ValidString(u.Name) || utf8.RuneCountInString(u.Name) > 200:
		return usage("unit.bad-name")
	case len(u.OrganID) > 13:
		return usage("unit.bad-organ-id", u.OrganID)
	}
	return nil
}

func addUnit(ctx context.Context, e *env, unit evidence.Unit) error {
	return withStore(ctx, e, func(ctx context.Context, s *session) error {
		added, err := appendUnit(ctx, s, unit)
		if err != nil {
			return err
		}
		if e.JSON {
			return e.emit(unit)
		}
		key := "unit.unchanged"
		if added {
			key = "unit.added"
		}
		e.say(key, string(unit.ID), unit.Name)
		return nil
	})
}

// appendUnit adds or renames a unit; added is false when it is there just so.
func appendUnit(ctx context.Context, s *session, unit evidence.Unit) (added bool, err error) {
	_, err = s.Store.Update(ctx, s.Scope, evidence.RootBook, func(tx evidence.Tx) error {
		units, err := tx.Units(ctx)
		if err != nil {
			return err
		}
		if added = !slices.Contains(units, unit); !added {
			return nil
		}
		_, err = tx.Append(ctx, evidence.UnitAdded{Unit: unit})
		return err
	})
	return added, err
}

func listUnits(ctx context.Context, e *env) error {
	return withReader(ctx, e, func(ctx context.Context, s *session) error {
		return s.Store.View(ctx, s.Scope, evidence.RootBook, func(r evidence.Reader) error {
			units, err := r.Units(ctx)
			if err != nil {
				return err
			}
			for _, u := range units {
				if e.JSON {
					if err := e.emit(u); err != nil {
						return err
					}
					continue
				}
				e.say("unit.line", string(u.ID), u.Name, u.OrganID)
			}
			return nil
		})
	})
}

// findUnit returns the unit, or a sentence that says how to add it.
func findUnit(ctx context.Context, s *session, id string) (evidence.Unit, error) {
	var found evidence.Unit
	err := s.Store.View(ctx, s.Scope, evidence.RootBook, func(r evidence.Reader) error {
		units, err := r.Units(ctx)
		if err != nil {
			return err
		}
		var ids []string
		for _, u := range units {
			if string(u.ID) == id {
				found = u
				return nil
			}
			ids = append(ids, string(u.ID))
		}
		if near := config.Nearest(id, ids); near != "" {
			return usage("unit.unknown", id, near)
		}
		return usage("unit.none", id)
	})
	return found, err
}
