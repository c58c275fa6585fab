package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/signature"
)

var periodName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// documentCommand is `document ROW`: one row, its file, verdict and states.
func documentCommand() *command {
	var book bookFlags
	return &command{
		name:  "document",
		flags: book.bind,
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) != 1 {
				return usage("cli.missing-flag", "document", e.Lang.Text("cli.row"))
			}
			return withReader(ctx, e, func(ctx context.Context, s *session) error {
				k, _, err := book.find(ctx, s)
				if err != nil {
					return err
				}
				return s.Store.View(ctx, s.Scope, k, func(r evidence.Reader) error {
					row, err := findRow(ctx, r, args[0])
					if err != nil {
						return err
					}
					return printDocument(ctx, e, r, row)
				})
			})
		},
	}
}

// findRow finds a row by its id, by "32/BC-UBND", or by its number alone when
// only one row has it. Case and leading zeros do not matter.
func findRow(ctx context.Context, r evidence.Reader, name string) (evidence.Row, error) {
	row, err := r.Row(ctx, name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return row, err
	}
	rows, err := r.Rows(ctx)
	if err != nil {
		return row, err
	}
	var found []evidence.Row
	want := rowName(name)
	for _, row := range rows {
		number := strings.ToLower(strings.TrimLeft(row.Number, "0"))
		if want == number || want == number+"/"+strings.ToLower(row.Notation) {
			found = append(found, row)
		}
	}
	switch {
	case len(found) == 0:
		return row, usage("cli.no-row", name)
	case len(found) > 1:
		var ids []string
		for _, f := range found[:min(len(found), 10)] {
			ids = append(ids, f.ID)
		}
		return row, usage("cli.which-row", name, strings.Join(ids, ", "))
	}
	return found[0], nil
}

func rowName(name string) string {
	return strings.ToLower(strings.TrimLeft(strings.TrimSpace(name), "0"))
}

// documentJSON is what `document --json` gives.
type documentJSON struct {
	Row      evidence.Row        `json:"row"`
	Match    *evidence.Match     `json:"match"`
	Document *evidence.Document  `json:"document"`
	Verdict  *signature.Verdict  `json:"verdict"`
	States   []evidence.RowState `json:"states"`
}

func printDocument(ctx context.Context, e *env, r evidence.Reader, row evidence.Row) error {
	out := documentJSON{Row: row}
	states, err := report.StatesOfRow(ctx, r, row.ID)
	if err != nil {
		return err
	}
	out.States = list(states)
	match, err := r.MatchOf(ctx, row.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		verdict, doc, err := evidence.ReadVerdict(ctx, r, match.Document)
		if err != nil {
			return err
		}
		out.Match, out.Document, out.Verdict = &match, &doc, &verdict
	}
	if e.JSON {
		return e.emit(out)
	}
	e.say("document.row", row.ID, dayOf(row.Date), row.Subject, row.Line)
	if row.Exclusion != nil {
		e.say("document.excluded", e.Lang.Text("code."+row.Exclusion.Code), row.Exclusion.Reason, row.Exclusion.Approver)
	}
	for _, s := range out.States {
		code := ""
		if s.Code != "" {
			code = s.Code + ": " + e.Lang.Text("code."+s.Code)
		}
		e.say("document.state", s.Rule, e.Lang.Text("state."+string(s.State)), s.Grade, code)
	}
	if out.Document == nil {
		e.say("document.no-file")
		return nil
	}
	e.say("document.file", out.Document.Name, e.Lang.Bytes(out.Document.Size), out.Document.SHA256.String(), e.Lang.Text("match."+out.Match.By))
	printVerdict(e, *out.Verdict)
	return nil
}

// printVerdict prints what `inspect` would say of each signature.
func printVerdict(e *env, v signature.Verdict) {
	in := &inspection{env: e}
	e.say("inspect.result", e.Lang.Text("inspect.result-"+string(v.Result)))
	for i, s := range v.Signatures {
		for _, line := range in.signatureLines(i+1, s, "") {
			fmt.Fprintln(e.Stdout, printable(line))
		}
	}
	e.say("inspect.next", report.NextStep(e.Lang, v))
}
