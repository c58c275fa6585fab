package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/count"
)

// defaultCriterion is the one that a register of outgoing documents answers.
const defaultCriterion = "7.1.3"

// percentDecimals is how many decimals people are shown; nothing is stored or
// compared with them.
const percentDecimals = 1

// report is an indicator with what has to be read beside it: findings first,
// then the rows that are not PROVEN, each with its reason.
type report struct {
	count.Indicator
	unit      evidence.Unit
	criterion count.Criterion
	secret    int
	findings  []evidence.Finding
	rows      map[string]evidence.Row
	states    []evidence.RowState // in register order, withdrawn rows left out
	withdrawn int                 // rows that the newest register no longer has
	files     map[string]string   // row id → name of its document
	unmatched []string            // documents without a row
	imported  *importPart
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

// buildReport reads one state of the book. A rule that the import did not
// keep states for is applied to every row here and now; the answer is the
// same, since rules are pure.
func buildReport(ctx context.Context, s *session, book evidence.BookID, unit evidence.Unit, criterion string, rule *count.Rule) (*report, error) {
	c, err := count.CriterionOf(criterion)
	if err != nil {
		return nil, &exit{code: exitUsage, err: err}
	}
	r := &report{unit: unit, criterion: c, rows: map[string]evidence.Row{}, files: map[string]string{}}
	err = s.Store.View(ctx, s.Scope, book, func(v evidence.Reader) error {
		if err := r.read(ctx, v); err != nil {
			return err
		}
		states, err := statesOf(ctx, v, rule, r.rows)
		if err != nil {
			return err
		}
		head, err := v.Head(ctx)
		if err != nil {
			return err
		}
		r.Indicator, err = rule.Indicator(book, criterion, states, string(head.Checkpoint))
		if err != nil {
			return &exit{code: exitUsage, err: err}
		}
		r.order(states)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("cli.no-book", string(book.Unit), string(book.Period))
	}
	return r, err
}

// read collects register, rows, findings and the names of matched documents.
func (r *report) read(ctx context.Context, v evidence.Reader) error {
	reg, err := v.Register(ctx)
	if err != nil {
		return err
	}
	r.secret, r.findings = reg.SecretRows, reg.Findings
	rows, err := v.Rows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r.rows[row.ID] = row
		if row.Withdrawn {
			r.withdrawn++
		}
	}
	return r.readFiles(ctx, v)
}

func (r *report) readFiles(ctx context.Context, v evidence.Reader) error {
	docs, err := v.Documents(ctx)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(docs))
	for _, d := range docs {
		names[d.SHA256.String()] = d.Name
	}
	matches, err := v.Matches(ctx)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, m := range matches {
		sha := m.Document.String()
		r.files[m.Row], taken[sha] = names[sha], true
	}
	for _, d := range docs {
		if !taken[d.SHA256.String()] {
			r.unmatched = append(r.unmatched, d.Name)
		}
	}
	slices.Sort(r.unmatched)
	return nil
}

// statesOf returns the stored states of a rule, or computes them.
func statesOf(ctx context.Context, v evidence.Reader, rule *count.Rule, rows map[string]evidence.Row) ([]evidence.RowState, error) {
	kept, err := v.Rules(ctx)
	if err != nil {
		return nil, err
	}
	if slices.Contains(kept, rule.ID()) {
		return v.States(ctx, rule.ID())
	}
	var states []evidence.RowState
	for id := range rows {
		e, err := evidence.Gather(ctx, v, id)
		if err != nil {
			return nil, err
		}
		states = append(states, rule.State(e))
	}
	return states, nil
}

// order keeps the states of rows that the newest register has, in its order.
func (r *report) order(states []evidence.RowState) {
	for _, s := range states {
		if !r.rows[s.Row].Withdrawn {
			r.states = append(r.states, s)
		}
	}
	slices.SortStableFunc(r.states, func(a, b evidence.RowState) int {
		x, y := r.rows[a.Row], r.rows[b.Row]
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return strings.Compare(a.Row, b.Row)
	})
}

func (r *report) addImport(job *importJob, summary evidence.Summary) {
	r.imported = &importPart{
		received: summary.Received, known: summary.Known, failures: summary.Failures,
		skipped: job.skipped, ambiguous: job.matched.ambiguous, refused: job.matched.secret,
	}
}

// exceptions are the rows that are not PROVEN and count.
func (r *report) exceptions() []evidence.RowState {
	var list []evidence.RowState
	for _, s := range r.states {
		if s.State == evidence.Disproven || s.State == evidence.Undetermined {
			list = append(list, s)
		}
	}
	return list
}

// writeCSV writes the exceptions and exclusions for a spreadsheet.
func (r *report) writeCSV(w io.Writer, lang langText) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // spreadsheet programs on office PCs
	header := []string{"line", "number", "notation", "date", "subject", "file", "state", "code", "reason", "codes"}
	for i, key := range header {
		header[i] = lang.Text("column." + key)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for _, s := range r.states {
		if s.State == evidence.Proven {
			continue
		}
		row := r.rows[s.Row]
		record := []string{
			strconv.Itoa(row.Line), row.Number, row.Notation, string(row.Date), row.Subject, r.files[s.Row],
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
