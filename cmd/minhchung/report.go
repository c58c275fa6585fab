package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
)

// printout is a report as a command prints it, with what only the run of an
// import knows.
type printout struct {
	*report.Report
	imported *importPart
}

// importPart is what only the run of an import knows.
type importPart struct {
	received, known    int
	failures           []evidence.Failure
	skipped            []skippedFile
	ambiguous, refused []string
}

func loadRule(id string) (*count.Rule, error) {
	rule, err := count.Load(id)
	if err != nil {
		return nil, &exit{code: exitUsage, err: err}
	}
	return rule, nil
}

// buildReport reads one state of the book; see report.Build.
func buildReport(ctx context.Context, s *session, book evidence.BookID, unit evidence.Unit, criterion string, rule *count.Rule) (*printout, error) {
	r, err := report.Build(ctx, s.Store, s.Scope, book, unit, criterion, rule)
	var unknown *count.UnknownError
	switch {
	case errors.As(err, &unknown):
		return nil, &exit{code: exitUsage, err: err}
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage("cli.no-book", string(book.Unit), string(book.Period))
	case err != nil:
		return nil, err
	}
	return &printout{Report: r}, nil
}

func (r *printout) addImport(job *importJob, summary evidence.Summary) {
	r.imported = &importPart{
		received: summary.Received, known: summary.Known, failures: summary.Failures,
		skipped: job.skipped, ambiguous: job.matched.ambiguous, refused: job.matched.secret,
	}
}

// writeCSV writes the exceptions and exclusions for a spreadsheet.
func (r *printout) writeCSV(w io.Writer, lang langText) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // spreadsheet programs on office PCs
	header := []string{"line", "number", "notation", "date", "subject", "file", "state", "code", "reason", "codes"}
	for i, key := range header {
		header[i] = lang.Text("column." + key)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for _, s := range r.States {
		if s.State == evidence.Proven {
			continue
		}
		row := r.ByID[s.Row]
		record := []string{
			strconv.Itoa(row.Line), row.Number, row.Notation, string(row.Date), row.Subject, r.Documents[s.Row].Name,
			string(s.State), s.Code, lang.Text("code." + s.Code), strings.Join(s.Reasons, " "),
		}
		for i := range record {
			record[i] = harmless(record[i])
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from running a cell that came from a register
// as a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

type langText interface {
	Text(key string, args ...any) string
}
