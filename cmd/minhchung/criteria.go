package main

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/scheme"
	"minhchung/evidence/signature"
)

// criteriaCommand is `criteria --unit U --period P [--rule R]`: the tree of
// criteria with what was hung on each, and the work list.
func criteriaCommand() *command {
	var book bookFlags
	var rule, asked string
	return &command{
		name: "criteria",
		flags: func(fs *pflag.FlagSet) {
			book.bind(fs)
			fs.StringVar(&rule, "rule", "", "")
			fs.StringVar(&asked, "scheme", "", "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			var chosen *count.Rule
			if rule != "" {
				var err error
				if chosen, err = loadRule(rule); err != nil {
					return err
				}
			}
			return withReader(ctx, e, func(ctx context.Context, s *session) error {
				k, unit, err := book.target(ctx, s)
				if err != nil {
					return err
				}
				sch, err := schemeFor(ctx, s, k, asked)
				if err != nil {
					return err
				}
				c, err := report.BuildCriteria(ctx, s.Store, s.Scope, k, unit, sch, chosen)
				if err != nil {
					return err
				}
				return printCriteria(e, c)
			})
		},
	}
}

func printCriteria(e *env, c *report.Criteria) error {
	if e.JSON {
		return e.emit(criteriaOf(c))
	}
	def, lang := c.Scheme.Definition(), string(e.Lang)
	e.say("criteria.head", c.Unit.Name, string(c.Book.Unit), string(c.Book.Period), def.Title.In(lang), def.ID, def.Version)
	for _, n := range c.Criteria {
		e.say("criteria.line", block(strings.Repeat("  ", n.Depth)), n.ID, n.Title.In(lang), n.Max.Format(lang), block(criterionText(e, n)))
		for _, a := range n.Evidence {
			e.say("criteria.evidence", block(strings.Repeat("  ", n.Depth+2)), a.Name, resultText(e, a), pagesText(e, a.Pages), a.Note)
		}
		if x := n.Explanation; x != nil {
			e.say("criteria.explanation", block(strings.Repeat("  ", n.Depth+2)), x.Text, x.Name, e.Lang.Time(x.At))
		}
	}
	if len(c.Other) > 0 {
		e.say("criteria.other", len(c.Other))
		for _, a := range c.Other {
			e.say("criteria.other-line", a.Criterion, a.Name)
		}
	}
	if len(c.Missing) == 0 {
		e.say("criteria.complete")
		return nil
	}
	e.say("criteria.missing", len(c.Missing), strings.Join(c.Missing, ", "))
	return nil
}

// resultText is the verdict on a document in two words.
func resultText(e *env, a report.Evidence) string {
	if a.Plain() {
		return e.Lang.Text("criteria.plain")
	}
	return e.Lang.Text("inspect.short-" + string(a.Result))
}

// criterionText is what stands behind a criterion: its share, how many
// documents, or that there is nothing.
func criterionText(e *env, n report.Criterion) string {
	var parts []string
	if x := n.Indicator; x != nil {
		lang := string(e.Lang)
		parts = append(parts, e.text("criteria.indicator", x.Ratio().Format(lang), x.Ratio().Percent(lang, report.Decimals), x.Rule))
	}
	if len(n.Evidence) > 0 {
		parts = append(parts, e.text("criteria.documents", len(n.Evidence)))
	}
	switch {
	case n.Missing:
		parts = append(parts, e.text("criteria.nothing"))
	case n.By == scheme.BySurvey:
		parts = append(parts, e.text("criteria.survey"))
	}
	if len(parts) == 0 {
		return ""
	}
	return " – " + strings.Join(parts, "; ")
}

// criteriaJSON is what `criteria --json` gives.
type criteriaJSON struct {
	Unit     evidence.UnitID `json:"unit"`
	Period   evidence.Period `json:"period"`
	Scheme   schemeJSON      `json:"scheme"`
	Criteria []criterionJSON `json:"criteria"` // each before its parts
	Missing  []string        `json:"missing"`
	Other    []evidenceJSON  `json:"other"` // hangs on criteria the scheme does not have
}

type schemeJSON struct {
	ID      string         `json:"id"`
	Version int            `json:"version"`
	SHA256  signature.Hash `json:"sha256"`
	Title   count.Text     `json:"title"`
	Notes   []count.Text   `json:"notes"`
}

type criterionJSON struct {
	ID          string         `json:"id"`
	Parent      string         `json:"parent"` // "" for a domain
	Title       count.Text     `json:"title"`
	Max         scheme.Points  `json:"max"`    // "" when not known
	By          string         `json:"by"`     // "survey", or "" for the unit itself
	Needed      []count.Text   `json:"needed"` // what proves it
	Attachments []evidenceJSON `json:"attachments"`
	explanationsJSON
	Indicator *count.Indicator `json:"indicator"` // null where no register answers
	Missing   bool             `json:"missing"`
}

type evidenceJSON struct {
	evidence.Attachment
	Name   string           `json:"name"`
	Size   int64            `json:"size"`
	Format string           `json:"format"`
	Result signature.Result `json:"result"`
}

func criteriaOf(c *report.Criteria) criteriaJSON {
	def := c.Scheme.Definition()
	out := criteriaJSON{Unit: c.Book.Unit, Period: c.Book.Period, Missing: list(c.Missing), Other: evidenceOf(c.Other),
		Scheme: schemeJSON{def.ID, def.Version, report.Used(c.Scheme).SHA256, def.Title, list(def.Notes)}}
	for _, n := range c.Criteria {
		out.Criteria = append(out.Criteria, criterionJSON{
			ID: n.ID, Parent: n.Parent, Title: n.Title, Max: n.Max, By: n.By, Needed: list(n.Criterion.Evidence),
			Attachments: evidenceOf(n.Evidence), explanationsJSON: explanationsOf(n), Indicator: n.Indicator, Missing: n.Missing,
		})
	}
	return out
}

func evidenceOf(links []report.Evidence) []evidenceJSON {
	out := []evidenceJSON{}
	for _, a := range links {
		out = append(out, evidenceJSON(a))
	}
	return out
}
