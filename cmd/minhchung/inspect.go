package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/trust"
	"minhchung/evidence/signature/worker"
)

// inspectCommand is `inspect FILE|DIR… [--trust DIR] [--at TIME] [--json]
// [--xml OUT]`:
// the verdict on files, without a store. It ends with 0 when every file is
// intact, 1 when one is not (an unsigned one included), and 2 when a file
// could not be looked at.
//
// --trust names a folder of certificates, CRLs and OCSP answers. What lies in
// its folders official-duty, public and test belongs to that trust domain;
// what lies beside them to the domain test, which proves nothing to others.
//
// --at is the validation time: RFC 3339, or a day, whose end in Vietnam is
// meant; default now.
//
// A folder with a manifest of test files (see manifestName) ends with a table:
// what they are stated to be, and what was found.
//
// --policy is the validation policy: the name of one of ours, or a file.
//
// --online names hosts that may be asked about revocation, separated by
// commas; without it nothing is asked.
//
// --xml writes the report of ETSI TS 119 102-2 on one file into a new file.
func inspectCommand() *command {
	var trustDir, at, report, policy string
	var hosts []string
	return &command{
		name: "inspect",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&trustDir, "trust", "", "")
			fs.StringVar(&at, "at", "", "")
			fs.StringVar(&report, "xml", "", "")
			fs.StringVar(&policy, "policy", "", "")
			fs.StringSliceVar(&hosts, "online", nil, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) == 0 {
				return usage("inspect.nothing")
			}
			in := inspection{env: e, at: time.Now(), xml: report, hosts: hosts}
			var err error
			if in.policy, err = loadPolicy(e, policy); err != nil {
				return err
			}
			if at != "" {
				if in.at, err = validationTime(at); err != nil {
					return err
				}
			}
			if trustDir != "" {
				if in.material, err = loadTrust(e, trustDir); err != nil {
					return err
				}
			}
			if in.targets, err = listTargets(e, args); err != nil {
				return err
			}
			if in.tally, err = newTally(e, args); err != nil {
				return err
			}
			in.tally.leaveOut(in.targets)
			if report != "" && len(in.targets) != 1 {
				return usage("inspect.xml-one")
			}
			return in.run(ctx)
		},
	}
}

func validationTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	day, err := dateFlag("--at", s)
	if err != nil {
		return time.Time{}, usage("inspect.bad-time", s)
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}

// loadTrust reads the folder of --trust: see inspectCommand.
func loadTrust(e *env, dir string) (signature.Material, error) {
	full := e.path(dir)
	info, err := os.Stat(full)
	if err != nil {
		return signature.Material{}, fileError(dir, err)
	}
	if !info.IsDir() {
		return signature.Material{}, usage("cli.not-a-folder", dir)
	}
	all, err := trust.LoadDir(full, signature.DomainTest)
	if err != nil {
		return signature.Material{}, fail(exitUsage, err, "inspect.bad-trust", dir)
	}
	for _, domain := range []signature.Domain{signature.DomainOfficialDuty, signature.DomainPublic, signature.DomainTest} {
		m, err := trust.LoadDir(filepath.Join(full, string(domain)), domain)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return signature.Material{}, fail(exitUsage, err, "inspect.bad-trust", filepath.Join(dir, string(domain)))
		}
		all.Anchors = append(all.Anchors, m.Anchors...)
		all.Intermediates = append(all.Intermediates, m.Intermediates...)
		all.CRLs = append(all.CRLs, m.CRLs...)
		all.OCSPs = append(all.OCSPs, m.OCSPs...)
	}
	if len(all.Anchors)+len(all.Intermediates)+len(all.CRLs)+len(all.OCSPs) == 0 {
		return signature.Material{}, usage("trust.nothing", dir)
	}
	return all, nil
}

// inspection is one run of the command.
type inspection struct {
	*env
	targets  []target
	material signature.Material
	policy   signature.Policy
	hosts    []string // that may be asked about revocation
	at       time.Time
	xml      string // where the XML report goes, as typed; empty for none
	tally    *tally // of folders with a manifest; nil without one
}

// inspected is what became of one target.
type inspected struct {
	facts   signature.Facts // without blobs, unless there will be an XML report
	verdict signature.Verdict
	err     error // nobody looked
}

func (in *inspection) run(ctx context.Context) error {
	pool, err := in.pool()
	if err != nil {
		return err
	}
	defer pool.Close() // its children hold nothing
	if len(in.hosts) > 0 {
		if err := in.online(ctx, pool); err != nil {
			return err
		}
	}
	bar := newProgress(in.env, "inspect.progress", len(in.targets))
	code, counts := exitDone, map[signature.Result]int{}
	worse := func(c int) { code = max(code, c) } // 2, nobody looked, over 1, a finding
	for t, result := range in.each(ctx, pool) {
		bar.step()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case t.skipped != "":
			fmt.Fprintln(in.Stderr, in.Lang.Text("inspect.skipped", printable(t.name), in.Lang.Text(t.skipped)))
		case result.err != nil:
			_, text := explain(in.Lang, result.err)
			fmt.Fprintln(in.Stderr, printable(text))
			worse(exitUsage)
		default:
			if err := in.writeXML(result); err != nil {
				return err
			}
			if err := in.show(t, result); err != nil {
				return err
			}
			counts[result.verdict.Result]++
			if in.tally != nil {
				in.tally.add(t, result.verdict)
			}
			if result.verdict.Result != signature.ResultIntact {
				worse(exitFinding)
			}
		}
	}
	bar.finish()
	in.summary(counts)
	if in.tally != nil {
		if err := in.tally.print(in); err != nil {
			return err
		}
	}
	if len(in.targets) == 0 {
		in.note("inspect.no-files")
	}
	if code != exitDone {
		return silent(code)
	}
	return nil
}

func (in *inspection) pool() (*worker.Pool, error) {
	command, err := childCommand(workerCommand)
	if err != nil {
		return nil, err
	}
	pool, err := worker.New(in.env.settings.Worker(command))
	if err != nil {
		return nil, err
	}
	return pool, pool.Use(in.material, in.policy)
}

// maxPolicyBytes bounds a policy file.
const maxPolicyBytes = 1 << 20

// loadPolicy returns a policy by its name or from a file.
func loadPolicy(e *env, name string) (signature.Policy, error) {
	policy, _, err := trust.Policy(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return policy, err
	}
	f, err := openRegular(e.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return policy, usage("inspect.no-policy", name, strings.Join(trust.PolicyIDs(), ", "))
	}
	if err != nil {
		return policy, fileError(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPolicyBytes))
	if err != nil {
		return policy, fileError(name, err)
	}
	if policy, err = trust.ParsePolicy(data); err != nil {
		return policy, fail(exitUsage, err, "inspect.bad-policy", name)
	}
	return policy, nil
}

// each inspects the targets side by side and yields them in their order. At
// most a window of results waits for its turn.
func (in *inspection) each(ctx context.Context, pool *worker.Pool) func(yield func(target, inspected) bool) {
	return func(yield func(target, inspected) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		type turn struct {
			target target
			done   chan inspected
		}
		turns := make(chan turn, 2*runtime.GOMAXPROCS(0))
		go func() {
			defer close(turns)
			for _, t := range in.targets {
				done := make(chan inspected, 1)
				select {
				case turns <- turn{t, done}:
				case <-ctx.Done():
					return
				}
				go func() { done <- in.one(ctx, pool, t) }()
			}
		}()
		for next := range turns {
			if !yield(next.target, <-next.done) {
				return
			}
		}
	}
}

// one inspects one target. The file must still be the regular file that was
// listed, and is opened so that a FIFO put in its place cannot block.
func (in *inspection) one(ctx context.Context, pool *worker.Pool, t target) inspected {
	if t.skipped != "" || t.err != nil {
		return inspected{err: t.err}
	}
	f, err := openRegular(t.full)
	if err != nil {
		return inspected{err: fileError(t.name, err)}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return inspected{err: fileError(t.name, err)}
	}
	facts, verdict, err := pool.Inspect(ctx, worker.Job{Size: info.Size(), Body: f, At: in.at})
	if err != nil {
		return inspected{err: fail(exitUsage, err, "cli.cannot-read", t.name)}
	}
	if in.xml == "" {
		facts, _ = facts.Detach()
	}
	return inspected{facts: facts, verdict: verdict}
}
