package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
)

// loneFlags are those of indicator that are about one book.
var loneFlags = []string{"unit", "diff", "report", "p12", "password-file", "tsa"}

// goesWithAll refuses a flag that says something about one book.
func goesWithAll(fs *pflag.FlagSet) error {
	for _, name := range loneFlags {
		if fs.Changed(name) {
			return usage("indicator.all-alone", "--"+name)
		}
	}
	return nil
}

// printAll answers for every unit of a period by counters, and for all of them
// together.
func printAll(ctx context.Context, e *env, s *session, period, criterion string, rule *count.Rule) error {
	books, err := booksOf(ctx, s, period)
	if err != nil {
		return err
	}
	lines, err := report.Overview(ctx, s.Store, s.Scope, books, criterion, rule)
	if err != nil {
		return err
	}
	sum := report.SumOf(lines)
	if sum.Units == 0 && sum.NotKept > 0 {
		return usage("indicator.rule-not-kept", rule.ID(), strings.Join(sum.Kept, ", "))
	}
	if e.JSON {
		return emitAll(e, lines, sum)
	}
	e.say("indicator.all-head", string(sum.Period), criterion, titleOf(e, criterion), rule.ID())
	for _, l := range lines {
		sayLine(e, l)
	}
	lang := string(e.Lang)
	ratio, upper := sum.Ratio(), sum.Upper()
	e.say("indicator.all-sum", e.Lang.Int(int64(sum.Units)), ratio.Format(lang), ratio.Percent(lang, report.Decimals))
	e.say("report.interval", ratio.Format(lang), ratio.Percent(lang, report.Decimals), upper.Format(lang), upper.Percent(lang, report.Decimals))
	if sum.NoRegister > 0 {
		e.say("web.overview-sum-no-register", e.Lang.Int(int64(sum.NoRegister)))
	}
	if sum.NotKept > 0 {
		e.say("web.overview-sum-not-kept", e.Lang.Int(int64(sum.NotKept)))
	}
	return nil
}

func titleOf(e *env, criterion string) string {
	c, err := count.CriterionOf(criterion)
	if err != nil { // it was looked for before
		return ""
	}
	return c.Title.In(string(e.Lang))
}

// booksOf returns the books of the period; without one, of the only one there is.
func booksOf(ctx context.Context, s *session, period string) ([]evidence.BookID, error) {
	all, err := s.Store.Books(ctx, s.Scope)
	if err != nil {
		return nil, err
	}
	var periods []string
	books := slices.DeleteFunc(slices.Clone(all), func(k evidence.BookID) bool {
		periods = append(periods, string(k.Period))
		return period != "" && string(k.Period) != period
	})
	slices.Sort(periods)
	periods = slices.Compact(periods)
	switch {
	case len(all) == 0:
		return nil, usage("indicator.all-none")
	case len(books) == 0:
		return nil, usage("indicator.all-no-period", period, strings.Join(periods, ", "))
	case period == "" && len(periods) > 1:
		return nil, usage("indicator.all-which-period", strings.Join(periods, ", "))
	}
	return books, nil
}

func sayLine(e *env, l *report.Line) {
	switch lang := string(e.Lang); {
	case !l.Registered:
		e.say("indicator.all-no-register", string(l.Unit), l.UnitName)
	case !l.Counted():
		e.say("indicator.all-not-kept", string(l.Unit), l.UnitName, strings.Join(l.Kept, ", "))
	default:
		e.say("indicator.all-line", string(l.Unit), l.UnitName, l.Ratio().Format(lang), l.Ratio().Percent(lang, report.Decimals),
			e.Lang.Int(l.Open()), e.Lang.Int(l.Findings))
	}
}

// missingJSON stands for a unit whose counters do not answer.
type missingJSON struct {
	Unit    evidence.UnitID `json:"unit"`
	Period  evidence.Period `json:"period"`
	Missing string          `json:"missing"` // "no-register" or "rule-not-kept"
	Kept    []string        `json:"keptRules"`
}

// sumJSON is the last line: an indicator of several units, which has neither a
// unit nor a checkpoint.
type sumJSON struct {
	Units      int `json:"units"` // added up
	NoRegister int `json:"unitsWithoutRegister"`
	NotKept    int `json:"unitsWithoutRule"`
	count.Indicator
	Unit       *string `json:"unit,omitempty"`       // hides that of the indicator, as
	Checkpoint *string `json:"checkpoint,omitempty"` // encoding/json takes the outer one
}

func emitAll(e *env, lines []*report.Line, sum report.Sum) error {
	for _, l := range lines {
		var line any = l.Indicator
		switch {
		case !l.Registered:
			line = missingJSON{l.Unit, l.Period, "no-register", list(l.Kept)}
		case !l.Counted():
			line = missingJSON{l.Unit, l.Period, "rule-not-kept", list(l.Kept)}
		}
		if err := e.emit(line); err != nil {
			return err
		}
	}
	return e.emit(sumJSON{Units: sum.Units, NoRegister: sum.NoRegister, NotKept: sum.NotKept, Indicator: sum.Indicator})
}
