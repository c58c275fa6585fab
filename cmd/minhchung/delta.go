package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"minhchung/cmd/minhchung/config"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/register"
)

// delta is how a register differs from the one the book has.
type delta struct {
	register.Delta
	first             bool // the book has no register yet
	changed, missing  int
	needsConfirmation bool
}

// changes compares the register with the book's rows. Added rows alone need
// no confirmation: nothing that was there changes.
func (job *importJob) changes(old []evidence.Row) (evidence.RowChanges, delta) {
	d := delta{Delta: register.Diff(old, job.reg.Rows), first: len(old) == 0}
	d.changed, d.missing = len(d.Changed), len(d.Missing)
	d.needsConfirmation = d.changed+d.missing > 0
	changes := evidence.RowChanges{Added: d.Added}
	for _, c := range d.Changed {
		changes.Corrected = append(changes.Corrected, c.New)
	}
	for _, row := range d.Missing {
		row.Withdrawn = true
		changes.Withdrawn = append(changes.Withdrawn, row)
	}
	job.match(d)
	return changes, d
}

// match ties the files to the rows as the book knows them from now on.
func (job *importJob) match(d delta) {
	reg := job.reg
	reg.Rows = append(append([]evidence.Row{}, d.Added...), d.Unchanged...)
	for _, c := range d.Changed {
		reg.Rows = append(reg.Rows, c.New)
	}
	job.matched = matchFiles(reg, job.files)
}

func printDelta(e *env, d delta) {
	e.note("delta.head", e.Lang.Int(int64(len(d.Added))), e.Lang.Int(int64(d.changed)), e.Lang.Int(int64(d.missing)), e.Lang.Int(int64(len(d.Unchanged))))
	for _, row := range d.Added[:min(len(d.Added), mostNames)] {
		e.note("delta.added", row.ID, dayOf(row.Date), row.Line)
	}
	for _, c := range d.Changed[:min(len(d.Changed), mostNames)] {
		e.note("delta.changed", c.Old.ID, strings.Join(c.Fields, ", "), c.New.Line)
	}
	for _, row := range d.Missing[:min(len(d.Missing), mostNames)] {
		e.note("delta.missing", row.ID, dayOf(row.Date))
	}
}

// dryRun shows what an import would do and writes nothing. The data directory
// is read when it is there.
func dryRun(ctx context.Context, e *env, job *importJob) error {
	var old []evidence.Row
	err := withReader(ctx, e, func(ctx context.Context, s *session) error {
		return s.Store.View(ctx, s.Scope, job.book, func(r evidence.Reader) (err error) {
			old, err = r.Rows(ctx)
			return err
		})
	})
	if err != nil && !errors.Is(err, config.ErrNoData) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, d := job.changes(old)
	if e.JSON {
		return e.emit(job.dryJSON(d))
	}
	e.say("dry.head", e.Lang.Int(int64(len(job.reg.Rows))), e.Lang.Int(int64(job.reg.SecretRows)), e.Lang.Int(int64(len(job.files))))
	printDelta(e, d)
	r := &printout{Report: &report.Report{Register: job.reg}}
	for _, name := range unmatchedFiles(job.matched) {
		r.Unmatched = append(r.Unmatched, evidence.Document{Name: name})
	}
	r.imported = &importPart{skipped: job.skipped, ambiguous: job.matched.ambiguous, refused: job.matched.secret}
	r.printFindings(e)
	r.printWork(e)
	listNames(e, "dry.rows-without", job.matched.rowsWithout)
	e.say("dry.nothing-written")
	return nil
}

type dryJSON struct {
	Rows        int                `json:"rows"`
	SecretRows  int                `json:"secretRows"`
	Files       int                `json:"files"`
	Added       int                `json:"added"`
	Changed     int                `json:"changed"`
	Missing     int                `json:"missing"`
	Findings    []evidence.Finding `json:"findings"`
	RowsWithout []string           `json:"rowsWithoutFile"`
	FilesNoRow  []string           `json:"filesWithoutRow"`
	Ambiguous   []string           `json:"ambiguous"`
	Skipped     []skippedFile      `json:"skipped"`
	SecretFiles int                `json:"secretFilesRefused"`
}

func (job *importJob) dryJSON(d delta) dryJSON {
	return dryJSON{
		Rows: len(job.reg.Rows), SecretRows: job.reg.SecretRows, Files: len(job.files),
		Added: len(d.Added), Changed: d.changed, Missing: d.missing, Findings: list(job.reg.Findings),
		RowsWithout: list(job.matched.rowsWithout), FilesNoRow: list(unmatchedFiles(job.matched)),
		Ambiguous: list(job.matched.ambiguous), Skipped: list(job.skipped), SecretFiles: len(job.matched.secret),
	}
}

func unmatchedFiles(m matching) []string {
	var names []string
	for _, f := range m.files {
		if len(f.Rows) == 0 {
			names = append(names, f.Name)
		}
	}
	return names
}
