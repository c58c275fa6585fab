package main

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/scheme"
	"minhchung/evidence/signature"
)

// explainFlags are what `explain` is told.
type explainFlags struct {
	book                          bookFlags
	criterion, text, file, scheme string
	remove                        bool
}

// explainCommand is `explain --unit U --period P --criterion C --text T` or
// `--file FILE`: why evidence is missing (giải trình). The newest explanation
// counts; --remove withdraws it. What was said before stays in the ledger.
func explainCommand() *command {
	var f explainFlags
	return &command{
		name: "explain",
		flags: func(fs *pflag.FlagSet) {
			f.book.bind(fs)
			fs.StringVar(&f.criterion, "criterion", "", "")
			fs.StringVar(&f.text, "text", "", "")
			fs.StringVar(&f.file, "file", "", "")
			fs.StringVar(&f.scheme, "scheme", "", "")
			fs.BoolVar(&f.remove, "remove", false, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			if err := f.check(); err != nil {
				return err
			}
			var file *localFile
			if f.file != "" {
				var err error
				if file, err = evidenceFile(e, f.file); err != nil {
					return err
				}
			}
			return withStore(ctx, e, func(ctx context.Context, s *session) error { return runExplain(ctx, e, s, f, file) })
		},
	}
}

func (f *explainFlags) check() error {
	f.text, f.criterion = strings.TrimSpace(f.text), strings.TrimSpace(f.criterion)
	said := f.text != "" || f.file != ""
	switch {
	case f.criterion == "":
		return usage("cli.missing-flag", "explain", "--criterion")
	case !said && !f.remove:
		return usage("cli.missing-flag", "explain", "--text")
	case said && f.remove:
		return usage("explain.remove-text")
	case len(f.text) > evidence.MaxExplanationBytes || !utf8.ValidString(f.text):
		return usage("explain.bad-text", evidence.MaxExplanationBytes)
	}
	return nil
}

func runExplain(ctx context.Context, e *env, s *session, f explainFlags, file *localFile) error {
	book, unit, err := f.book.target(ctx, s)
	if err != nil {
		return err
	}
	sch, err := schemeFor(ctx, s, book, f.scheme)
	if err != nil {
		return err
	}
	node, err := sch.Criterion(f.criterion)
	if err != nil {
		return &exit{code: exitUsage, err: err}
	}
	before, err := explained(ctx, s, book, unit, sch, node.ID)
	if err != nil {
		return err
	}
	if f.remove && before.Explanation == nil {
		return usage("explain.none", node.ID)
	}
	if err := giveExplanation(ctx, e, s, book, f, sch, node.ID, file); err != nil {
		return err
	}
	after, err := explained(ctx, s, book, unit, sch, node.ID)
	if err != nil {
		return err
	}
	return printExplained(e, book, sch, before, after)
}

// giveExplanation makes the explanation true.
func giveExplanation(ctx context.Context, e *env, s *session, book evidence.BookID, f explainFlags, sch *scheme.Scheme, criterion string, file *localFile) error {
	in, done, err := newIntake(ctx, s, book, nil)
	if err != nil {
		return err
	}
	defer done()
	opened, err := in.UseScheme(ctx, report.Used(sch), f.scheme != "")
	if err != nil {
		return err
	}
	if opened {
		e.note("attach.opened", book.String(), sch.ID())
	}
	x := evidence.Explanation{Criterion: criterion, Scheme: report.Used(sch).SHA256, Text: f.text, Withdrawn: f.remove}
	if file != nil {
		_, _, err = in.ExplainByFile(ctx, file.received(), x)
	} else {
		err = in.Explain(ctx, x)
	}
	if err != nil {
		return attachError(err)
	}
	return s.follow(ctx, e, in)
}

// explained returns what is known of one criterion.
func explained(ctx context.Context, s *session, book evidence.BookID, unit evidence.Unit, sch *scheme.Scheme, id string) (report.Criterion, error) {
	c, err := report.BuildCriteria(ctx, s.Store, s.Scope, book, unit, sch, nil)
	if err != nil {
		return report.Criterion{}, err
	}
	i := slices.IndexFunc(c.Criteria, func(n report.Criterion) bool { return n.ID == id })
	return c.Criteria[i], nil
}

func printExplained(e *env, book evidence.BookID, sch *scheme.Scheme, before, after report.Criterion) error {
	changed := len(after.History) > len(before.History)
	if e.JSON {
		return e.emit(struct {
			Unit      evidence.UnitID `json:"unit"`
			Period    evidence.Period `json:"period"`
			Scheme    string          `json:"scheme"`
			Criterion string          `json:"criterion"`
			Changed   bool            `json:"changed"`
			explanationsJSON
		}{book.Unit, book.Period, sch.ID(), after.ID, changed, explanationsOf(after)})
	}
	switch {
	case after.Explanation == nil:
		e.say("explain.removed", after.ID, len(after.History))
	case !changed:
		e.say("explain.unchanged", after.ID, after.Explanation.Entry)
	default:
		e.say("explain.done", after.ID, after.Title.In(string(e.Lang)), after.Explanation.Entry)
	}
	return nil
}

// explanationsJSON is the explanation in force, null for none, and all that
// were ever given, the newest first.
type explanationsJSON struct {
	Explanation  *explanationJSON  `json:"explanation"`
	Explanations []explanationJSON `json:"explanations"`
}

type explanationJSON struct {
	Text      string          `json:"text"`
	Document  *signature.Hash `json:"document"`
	Name      string          `json:"name"` // of the document
	Withdrawn bool            `json:"withdrawn"`
	At        string          `json:"at"` // RFC 3339
	Actor     string          `json:"actor"`
	Entry     int64           `json:"entry"`
}

func explanationsOf(c report.Criterion) explanationsJSON {
	out := explanationsJSON{Explanations: []explanationJSON{}}
	for _, x := range c.History {
		out.Explanations = append(out.Explanations, explanationOf(x))
	}
	if c.Explanation != nil {
		now := explanationOf(*c.Explanation)
		out.Explanation = &now
	}
	return out
}

func explanationOf(x report.Explanation) explanationJSON {
	out := explanationJSON{Text: x.Text, Name: x.Name, Withdrawn: x.Withdrawn, At: x.At.UTC().Format("2006-01-02T15:04:05Z07:00"),
		Actor: x.Actor, Entry: x.Entry}
	if !x.Document.IsZero() {
		out.Document = &x.Document
	}
	return out
}
