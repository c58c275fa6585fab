package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
)

// mostFindings is how many findings of one code are listed one by one.
const mostFindings = 10

// print writes the report: findings before any percentage, then the integers
// and the share, then every exception with its reason.
func (r *printout) print(e *env) error {
	if e.JSON {
		return r.emit(e)
	}
	e.say("report.head", r.UnitName, string(r.Unit), string(r.Period), r.Criterion, r.Title.In(string(e.Lang)), r.Rule)
	r.printFindings(e)
	r.printWork(e)
	lang := string(e.Lang)
	e.say("report.rows", e.Lang.Int(r.Rows), e.Lang.Int(r.Excluded), e.Lang.Int(r.Denominator), e.Lang.Int(int64(r.Register.SecretRows)))
	if r.Withdrawn > 0 {
		e.say("report.withdrawn-rows", e.Lang.Int(int64(r.Withdrawn)))
	}
	ratio, upper := r.Ratio(), r.Upper()
	e.say("report.share", ratio.Format(lang), ratio.Percent(lang, report.Decimals))
	e.say("report.interval", ratio.Format(lang), ratio.Percent(lang, report.Decimals), upper.Format(lang), upper.Percent(lang, report.Decimals))
	e.say("report.grades", e.Lang.Int(r.ProvenA), e.Lang.Int(r.ProvenB))
	e.say("report.not-proven", e.Lang.Int(r.Disproven), e.Lang.Int(r.Undetermined))
	if r.Content == "unchecked" {
		e.say("report.content-unchecked")
	}
	r.printReasons(e)
	r.printExceptions(e)
	e.say("report.checkpoint", indent(r.Checkpoint))
	return nil
}

func (r *printout) printFindings(e *env) {
	if len(r.Register.Findings) == 0 {
		e.say("report.no-findings")
		return
	}
	byCode := map[string][]evidence.Finding{}
	for _, f := range r.Register.Findings {
		byCode[f.Code] = append(byCode[f.Code], f)
	}
	e.say("report.findings", e.Lang.Int(int64(len(r.Register.Findings))))
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		list := byCode[code]
		var details []string
		for _, f := range list[:min(len(list), mostFindings)] {
			details = append(details, findingText(e, f))
		}
		if len(list) > mostFindings {
			details = append(details, "…")
		}
		e.say("report.finding", e.Lang.Text("finding."+code), e.Lang.Int(int64(len(list))), strings.Join(details, "; "))
	}
}

func findingText(e *env, f evidence.Finding) string {
	parts := []string{}
	if f.Detail != "" {
		parts = append(parts, f.Detail)
	} else if f.Row != "" {
		parts = append(parts, f.Row)
	}
	if f.Line > 0 {
		parts = append(parts, e.Lang.Text("report.line", f.Line))
	}
	return strings.Join(parts, " ")
}

// printWork shows both work lists and what was not taken.
func (r *printout) printWork(e *env) {
	listNames(e, "report.files-without-row", r.UnmatchedNames())
	if r.imported == nil {
		return
	}
	listNames(e, "report.ambiguous", r.imported.ambiguous)
	listNames(e, "report.secret-files", r.imported.refused)
	for _, s := range r.imported.skipped {
		e.say("report.skipped", s.Name, e.Lang.Text("skip."+s.Reason))
	}
	for _, f := range r.imported.failures {
		e.say("report.failed", f.Name, f.Err.Error())
	}
}

// mostNames is how many file names a work list shows on the screen; the rest
// is in --json.
const mostNames = 20

func listNames(e *env, key string, names []string) {
	if len(names) == 0 {
		return
	}
	shown := strings.Join(names[:min(len(names), mostNames)], ", ")
	if len(names) > mostNames {
		shown += ", …"
	}
	e.say(key, e.Lang.Int(int64(len(names))), shown)
}

func (r *printout) printReasons(e *env) {
	codes := slices.SortedFunc(maps.Keys(r.Reasons), func(a, b string) int {
		if r.Reasons[a] != r.Reasons[b] {
			return int(r.Reasons[b] - r.Reasons[a])
		}
		return strings.Compare(a, b)
	})
	for _, code := range codes {
		e.say("report.reason", e.Lang.Int(r.Reasons[code]), code, e.Lang.Text("code."+code))
	}
}

func (r *printout) printExceptions(e *env) {
	list := r.Exceptions()
	if len(list) == 0 {
		return
	}
	e.say("report.exceptions", e.Lang.Int(int64(len(list))))
	for _, s := range list[:min(len(list), 200)] {
		row := r.ByID[s.Row]
		file := r.Documents[s.Row].Name
		if file == "" {
			file = "—"
		}
		e.say("report.exception", strconv.Itoa(row.Line), row.Number+"/"+row.Notation, dayOf(row.Date), s.Code, e.Lang.Text("code."+s.Code), file)
	}
	if len(list) > 200 {
		e.say("report.more", e.Lang.Int(int64(len(list)-200)))
	}
}

// dayOf writes 2022-04-03 as 03/04/2022.
func dayOf(d evidence.Date) string {
	parts := strings.Split(string(d), "-")
	if len(parts) != 3 {
		return string(d)
	}
	return parts[2] + "/" + parts[1] + "/" + parts[0]
}

func indent(text string) block {
	return block("  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  "))
}

// emit writes the indicator's own fields, and for an import what it did.
func (r *printout) emit(e *env) error {
	if r.imported == nil {
		return e.emit(r.indicatorJSON())
	}
	failures := []skippedFile{}
	for _, f := range r.imported.failures {
		failures = append(failures, skippedFile{f.Name, f.Err.Error()})
	}
	var rowsWithout []string
	for _, s := range r.States {
		if s.Code == "no-file" {
			rowsWithout = append(rowsWithout, s.Row)
		}
	}
	return e.emit(struct {
		indicatorJSON
		Received    int           `json:"received"`
		Known       int           `json:"known"`
		Failures    []skippedFile `json:"failures"`
		Skipped     []skippedFile `json:"skipped"`
		Ambiguous   []string      `json:"ambiguous"`
		SecretFiles int           `json:"secretFilesRefused"`
		RowsWithout []string      `json:"rowsWithoutFile"`
	}{
		r.indicatorJSON(), r.imported.received, r.imported.known, failures, list(r.imported.skipped),
		list(r.imported.ambiguous), len(r.imported.refused), list(rowsWithout),
	})
}

// list makes a missing list an empty one: arrays are never null in --json.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
