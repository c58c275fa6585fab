package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/register"
)

// maxRegisterBytes bounds a register file, packed or not.
const maxRegisterBytes = 50 << 20

// importFlags are what `import` is told.
type importFlags struct {
	unit, period, register, files, rule, exceptions string
	dryRun, yes                                     bool
	online                                          []string // hosts that may be asked about revocation
}

// importCommand is the main job: a register and a folder of files become
// rows, verdicts, states and leaves.
func importCommand() *command {
	var f importFlags
	return &command{
		name: "import",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&f.unit, "unit", "", "")
			fs.StringVar(&f.period, "period", "", "")
			fs.StringVar(&f.register, "register", "", "")
			fs.StringVar(&f.files, "files", "", "")
			fs.StringVar(&f.rule, "rule", "nd30", "")
			fs.StringVar(&f.exceptions, "exceptions", "", "")
			fs.BoolVar(&f.dryRun, "dry-run", false, "")
			fs.BoolVar(&f.yes, "yes", false, "")
			fs.StringSliceVar(&f.online, "online", nil, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			return runImport(ctx, e, f)
		},
	}
}

func runImport(ctx context.Context, e *env, f importFlags) error {
	job, err := prepareImport(e, f)
	if err != nil {
		return err
	}
	if f.dryRun {
		return dryRun(ctx, e, job)
	}
	return withStore(ctx, e, func(ctx context.Context, s *session) error {
		return job.commit(ctx, e, s)
	})
}

// importJob is a register and a folder as they were read. matched is known
// once the register was compared with the book.
type importJob struct {
	flags   importFlags
	book    evidence.BookID
	rule    *count.Rule
	reg     evidence.Register
	files   []localFile
	skipped []skippedFile
	matched matching
}

func prepareImport(e *env, f importFlags) (*importJob, error) {
	for _, need := range [][2]string{{f.unit, "--unit"}, {f.period, "--period"}, {f.register, "--register"}, {f.files, "--files"}} {
		if need[0] == "" {
			return nil, usage("cli.missing-flag", "import", need[1])
		}
	}
	if !unitID.MatchString(f.unit) {
		return nil, usage("unit.bad-id", f.unit)
	}
	if !periodName.MatchString(f.period) {
		return nil, usage("cli.bad-period", f.period)
	}
	job := &importJob{flags: f, book: evidence.BookID{Unit: evidence.UnitID(f.unit), Period: evidence.Period(f.period)}}
	var err error
	if job.rule, err = loadRule(f.rule); err != nil {
		return nil, err
	}
	data, err := readRegisterFile(e, f.register)
	if err != nil {
		return nil, err
	}
	if job.reg, err = register.Parse(f.register, data, job.book.Period, register.Options{}); err != nil {
		return nil, err
	}
	job.reg.Name = shownName(filepath.Base(f.register)) // the folders of this machine are nobody's business
	if f.exceptions != "" {
		if info, err := os.Stat(filepath.Dir(e.path(f.exceptions))); err != nil || !info.IsDir() {
			return nil, usage("cli.cannot-write", f.exceptions) // said before the work, not after it
		}
	}
	if job.files, job.skipped, err = listFiles(e, f.files); err != nil {
		return nil, err
	}
	return job, nil
}

func readRegisterFile(e *env, path string) ([]byte, error) {
	full := e.path(path)
	info, err := os.Stat(full)
	if err != nil {
		return nil, fileError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, usage("cli.not-a-file", path)
	}
	if info.Size() > maxRegisterBytes {
		return nil, usage("cli.file-too-large", path, info.Size(), int64(maxRegisterBytes))
	}
	data, err := os.ReadFile(full)
	if err != nil {
		return nil, fileError(path, err)
	}
	return data, nil
}

// commit does the whole import against an open store.
func (job *importJob) commit(ctx context.Context, e *env, s *session) error {
	unit, err := findUnit(ctx, s, job.flags.unit)
	if err != nil {
		return err
	}
	if len(job.flags.online) > 0 {
		if err := job.askIssuers(ctx, e, s); err != nil {
			return err
		}
	}
	in, done, err := newIntake(ctx, s, job.book, job.rule)
	if err != nil {
		return err
	}
	defer done()
	replaced, summary, err := job.receive(ctx, e, in)
	if err != nil {
		return err
	}
	if err := s.follow(ctx, e, in); err != nil {
		return err
	}
	if !e.JSON {
		e.say("import.done", e.Lang.Int(int64(summary.Received)), e.Lang.Int(int64(summary.Known)), e.Lang.Int(int64(replaced)))
	}
	answer, err := buildReport(ctx, s, job.book, unit, report.DefaultCriterion, job.rule)
	if err != nil {
		return err
	}
	answer.addImport(job, summary)
	if job.flags.exceptions != "" {
		if err := writeExceptions(e, job.flags.exceptions, answer); err != nil {
			return err
		}
	}
	return answer.print(e)
}

// receive brings the register and the files into the book.
func (job *importJob) receive(ctx context.Context, e *env, in *evidence.Intake) (replaced int, summary evidence.Summary, err error) {
	if len(job.files) > 1 {
		in.Warm() // while the register is committed
	}
	defer in.GiveUp()
	var d delta
	err = in.Begin(ctx, job.reg, func(old []evidence.Row) (changes evidence.RowChanges, err error) {
		if changes, d = job.changes(old); d.needsConfirmation && !job.flags.yes {
			err = usage("import.confirm", d.changed, d.missing)
		}
		if d.first && err == nil {
			in.LookAhead(ctx, job.matched.files)
		}
		return changes, err
	})
	if d.needsConfirmation && !job.flags.yes {
		printDelta(e, d)
	}
	if err != nil {
		return 0, summary, err
	}
	if !e.JSON && !d.first {
		printDelta(e, d)
	}
	if replaced, err = in.Rejudge(ctx); err != nil {
		return 0, summary, err
	}
	bar := newProgress(e, "import.progress", len(job.matched.files))
	in.Done = bar.step
	summary, err = in.Receive(ctx, job.matched.files)
	bar.finish()
	return replaced, summary, err
}

// writeExceptions writes every row that is not PROVEN, with its reasons, as a
// CSV that spreadsheet programs open: UTF-8 with a byte order mark. The file
// appears whole or not at all.
func writeExceptions(e *env, path string, r *printout) error {
	full := e.path(path)
	tmp, err := os.CreateTemp(filepath.Dir(full), ".exceptions-*")
	if err != nil {
		return fail(exitUsage, err, "cli.cannot-write", path)
	}
	defer os.Remove(tmp.Name())
	if _, err = io.WriteString(tmp, "\ufeff"); err == nil {
		err = r.writeCSV(tmp, e.Lang)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), full)
	}
	if err != nil {
		return fail(exitBackend, fmt.Errorf("%s: %w", path, err), "cli.cannot-write", path)
	}
	return nil
}
