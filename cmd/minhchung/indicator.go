package main

import (
	"context"
	"slices"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
)

// bookFlags name a book; both may be left out when there is only one.
type bookFlags struct{ unit, period string }

func (b *bookFlags) bind(fs *pflag.FlagSet) {
	fs.StringVar(&b.unit, "unit", "", "")
	fs.StringVar(&b.period, "period", "", "")
}

// find returns the book that the flags name.
func (b bookFlags) find(ctx context.Context, s *session) (evidence.BookID, evidence.Unit, error) {
	books, err := s.Store.Books(ctx, s.Scope)
	if err != nil {
		return evidence.BookID{}, evidence.Unit{}, err
	}
	books = slices.DeleteFunc(books, func(k evidence.BookID) bool {
		return b.unit != "" && string(k.Unit) != b.unit || b.period != "" && string(k.Period) != b.period
	})
	switch {
	case len(books) == 1:
		unit, err := findUnit(ctx, s, string(books[0].Unit))
		return books[0], unit, err
	case len(books) > 1:
		return evidence.BookID{}, evidence.Unit{}, usage("cli.which-book")
	}
	if b.unit != "" {
		if _, err := findUnit(ctx, s, b.unit); err != nil {
			return evidence.BookID{}, evidence.Unit{}, err
		}
	}
	return evidence.BookID{}, evidence.Unit{}, usage("cli.no-book", b.unit, b.period)
}

// indicatorCommand is `indicator --unit ID --period P 7.1.3 [--rule R]
// [--diff R2] [--report OUT.pdf [--p12 KEY.p12]]`, or of every unit: `--all`.
func indicatorCommand() *command {
	var book bookFlags
	var rule, diff string
	var sheet paperFlags
	var all bool
	var given *pflag.FlagSet
	return &command{
		name: "indicator",
		flags: func(fs *pflag.FlagSet) {
			given = fs
			book.bind(fs)
			fs.BoolVar(&all, "all", false, "")
			fs.StringVar(&rule, "rule", "nd30", "")
			fs.StringVar(&diff, "diff", "", "")
			fs.StringVar(&sheet.out, "report", "", "")
			sheet.key.bind(fs)
		},
		run: func(ctx context.Context, e *env, args []string) error {
			criterion := report.DefaultCriterion
			if len(args) > 0 {
				criterion = args[0]
			}
			if len(args) > 1 {
				return usage("cli.extra-argument", args[1])
			}
			if _, err := count.CriterionOf(criterion); err != nil {
				return &exit{code: exitUsage, err: err}
			}
			first, err := loadRule(rule)
			if err != nil {
				return err
			}
			if all {
				if err := goesWithAll(given); err != nil {
					return err
				}
				return withReader(ctx, e, func(ctx context.Context, s *session) error {
					return printAll(ctx, e, s, book.period, criterion, first)
				})
			}
			if err := sheet.check(e, diff); err != nil {
				return err
			}
			second := first
			if diff != "" {
				if second, err = loadRule(diff); err != nil {
					return err
				}
			}
			return withReader(ctx, e, func(ctx context.Context, s *session) error {
				k, unit, err := book.find(ctx, s)
				if err != nil {
					return err
				}
				r, err := buildReport(ctx, s, k, unit, criterion, first)
				if err != nil {
					return err
				}
				if sheet.out != "" {
					if err := sheet.write(ctx, e, s, r, first); err != nil {
						return err
					}
				}
				if diff == "" {
					return r.print(e)
				}
				other, err := buildReport(ctx, s, k, unit, criterion, second)
				if err != nil {
					return err
				}
				return printDiff(e, r, other)
			})
		},
	}
}

// printDiff lists the documents on which two rules differ.
func printDiff(e *env, a, b *printout) error {
	flips := count.Flips(a.States, b.States)
	if e.JSON {
		return e.emit(struct {
			A     indicatorJSON `json:"a"`
			B     indicatorJSON `json:"b"`
			Flips []count.Flip  `json:"flips"`
		}{a.indicatorJSON(), b.indicatorJSON(), list(flips)})
	}
	lang := string(e.Lang)
	for _, r := range []*printout{a, b} {
		e.say("diff.rule", r.Rule, r.Ratio().Format(lang), r.Ratio().Percent(lang, report.Decimals))
	}
	e.say("diff.count", e.Lang.Int(int64(len(flips))))
	for _, f := range flips {
		row := a.ByID[f.Row]
		e.say("diff.line", row.Number+"/"+row.Notation, dayOf(row.Date), stateText(e, a.Rule, f.A), stateText(e, b.Rule, f.B))
	}
	return nil
}

func stateText(e *env, rule string, s evidence.RowState) string {
	text := rule + ": " + e.Lang.Text("state."+string(s.State))
	if s.Code != "" {
		text += " (" + s.Code + ")"
	}
	return text
}

// indicatorJSON is the indicator with what stands beside it in --json.
type indicatorJSON struct {
	count.Indicator
	SecretRows   int                `json:"secretRows"`
	Withdrawn    int                `json:"withdrawnRows"`
	Findings     []evidence.Finding `json:"findings"`
	FilesWithout []string           `json:"filesWithoutRow"`
	Exceptions   []exceptionJSON    `json:"exceptions"`
}

// exceptionJSON is a row that counts and is not PROVEN.
type exceptionJSON struct {
	evidence.RowState
	Line     int           `json:"line"`
	Number   string        `json:"number"`
	Notation string        `json:"notation"`
	Date     evidence.Date `json:"date"`
	File     string        `json:"file"`
}

func (r *printout) indicatorJSON() indicatorJSON {
	out := indicatorJSON{
		Indicator: r.Indicator, SecretRows: r.Register.SecretRows, Withdrawn: r.Withdrawn,
		Findings: list(r.Register.Findings), FilesWithout: list(r.UnmatchedNames()), Exceptions: []exceptionJSON{},
	}
	for _, s := range r.Exceptions() {
		row := r.ByID[s.Row]
		out.Exceptions = append(out.Exceptions, exceptionJSON{s, row.Line, row.Number, row.Notation, row.Date, r.Documents[s.Row].Name})
	}
	return out
}
