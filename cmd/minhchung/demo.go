package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/demo"
	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// demoDir is where the demo goes when no --dir is given.
const demoDir = "minhchung-demo"

// demoCommand is `demo [--dir DIR] [--rows N] [--seed N] [--serve=false]`: a
// year of a test commune, imported by the code of `import`, and then served to
// a browser on this machine until it is stopped.
func demoCommand() *command {
	o := demo.Options{}
	var pages bool
	return &command{
		name: "demo",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&o.Dir, "dir", demoDir, "")
			fs.IntVar(&o.Rows, "rows", demo.DefaultRows, "")
			fs.Uint64Var(&o.Seed, "seed", 1, "")
			fs.BoolVar(&pages, "serve", true, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			return runDemo(ctx, e, o, pages)
		},
	}
}

func runDemo(ctx context.Context, e *env, o demo.Options, pages bool) error {
	if o.Rows < demo.MinRows() {
		return usage("demo.too-few", o.Rows, demo.MinRows())
	}
	if o.Rows > demo.MaxRows() {
		return usage("demo.too-many", o.Rows, demo.MaxRows())
	}
	shown := o.Dir
	o.Dir = e.path(o.Dir)
	e.note("demo.generating", shown)
	var bar lazyBar
	bar.e, bar.key = e, "demo.progress"
	o.Progress = func(done, total int) { bar.show(int64(done), int64(total)) }
	summary, err := demo.Generate(ctx, o)
	bar.finish()
	switch {
	case errors.Is(err, demo.ErrForeignDir):
		return usage("demo.foreign", shown)
	case errors.Is(err, demo.ErrOtherDemo):
		return usage("demo.other", shown)
	case err != nil:
		return fmt.Errorf("demo: %w", err)
	}
	// What follows is what a user would type, against the demo's own data.
	e.Data = filepath.Join(o.Dir, "data")
	e.note("demo.importing", filepath.Join(shown, "data"))
	return withStore(ctx, e, func(ctx context.Context, s *session) error {
		if err := prepareDemo(ctx, e, s, summary); err != nil {
			return err
		}
		f := importFlags{
			unit: string(summary.Unit.ID), period: string(summary.Period),
			register: summary.Register, files: summary.Files, rule: "nd30",
		}
		job, err := prepareImport(e, f)
		if err != nil {
			return err
		}
		if err := job.commit(ctx, e, s); err != nil {
			return err
		}
		e.note("demo.next", shown, shown)
		if !pages || e.Forwarded != nil { // whoever holds the data serves it already, or is busy
			return nil
		}
		return servePages(ctx, e, s, demoListen())
	})
}

// demoListen is where the demo's pages are: serve's usual address, or any other
// port when that one is taken.
func demoListen() string {
	listener, err := net.Listen("tcp", defaultListen)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = listener.Close()
	return defaultListen
}

// prepareDemo adds the demo's unit, trust and roster, as `unit add`, `trust
// add --domain test` and `roster add` would.
func prepareDemo(ctx context.Context, e *env, s *session, d demo.Summary) error {
	if _, err := appendUnit(ctx, s, d.Unit); err != nil {
		return err
	}
	var entries []evidence.TrustEntry
	for _, path := range append(append(append([]string{}, d.Anchors...), d.Intermediates...), d.CRLs...) {
		more, err := trustEntries(e, path, signature.DomainTest)
		if err != nil {
			return err
		}
		entries = append(entries, more...)
	}
	if err := appendTrust(ctx, s, entries); err != nil {
		return err
	}
	var roster []evidence.RosterEntry
	for _, r := range d.Roster {
		entry := evidence.RosterEntry{Unit: d.Unit.ID, Signer: signature.Signer{Role: r.Role, Name: r.Name, From: r.From, Until: r.Until}}
		if err := certificateEntry(e, r.Path, &entry); err != nil {
			return err
		}
		roster = append(roster, entry)
	}
	_, err := appendRoster(ctx, s, roster)
	return err
}
