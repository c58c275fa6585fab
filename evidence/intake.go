package evidence

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

// Inspector reads one file of size bytes and judges its signatures. sha is the
// digest that the caller saw; other bytes are an error, or facts with another
// digest. What is wrong with the file is in Facts and Verdict; an error means
// that nobody could look.
type Inspector func(ctx context.Context, sha signature.Hash, size int64, body io.Reader, proofs []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error)

// Basis is what verdicts and states of one import rest on. Its parts become
// leaves before the first verdict names them.
type Basis struct {
	Material     signature.Material
	MaterialHash signature.Hash
	Policy       signature.Policy
	PolicyBytes  []byte
	Rules        []Rule
}

// Intake takes registers and files into one book: receive, inspect, judge,
// commit. It is bound to one book and one import; its methods are called one
// after the other.
type Intake struct {
	Store   Store
	Objects object.Store
	Inspect Inspector
	// Warm, when set, prepares Inspect for many files and returns at once.
	Warm   func()
	Scope  Scope
	Book   BookID
	Origin string // of the book's ledger
	Basis  Basis
	// Workers bounds the files that are looked at at the same time; Group is
	// the most documents that one transaction commits. Both at least 1.
	Workers, Group int
	// MaxBytes is the size of the largest file that is kept; 0 means no limit.
	// A larger one is hashed and judged as over the limits.
	MaxBytes int64
	Now      func() time.Time
	// Done, when set, is called after each file, from several goroutines.
	Done func()

	ahead *ahead // what LookAhead began; nil when there is nothing
}

// File is one file to be received.
type File struct {
	Name string // as the clerk sees it
	Open func() (io.ReadSeekCloser, error)
	Size int64
	// Rows are the rows this file belongs to, found By "file-column" or
	// "name"; empty for a file without a row.
	Rows []string
	By   string
	// Accept, when set, is asked before a new file's bytes are stored; its
	// error is the file's Failure.
	Accept func(signature.Facts) error
	// Link, when set, runs in the transaction that commits the document, after
	// it, also for one that is known. It may run again; its error ends Receive
	// and nothing of the transaction is kept. ErrRefused is the file's Failure.
	Link func(ctx context.Context, tx Tx, sha signature.Hash) error
}

// Failure is a file that could not be looked at or stored.
type Failure struct {
	Name string
	Err  error
}

// Summary counts what Receive did.
type Summary struct {
	Received  int // new documents
	Known     int // same unit and SHA-256, already there
	Failures  []Failure
	Documents map[string]signature.Hash // by File.Name

	fresh map[signature.Hash]bool // received by this run
}

// add counts one file. The same bytes under two names are one document.
func (s *Summary) add(name string, sha signature.Hash, known bool, err error) {
	if err != nil {
		s.Failures = append(s.Failures, Failure{name, err})
		return
	}
	s.Documents[name] = sha
	if known || s.fresh[sha] {
		s.Known++
		return
	}
	s.fresh[sha] = true
	s.Received++
}

// errStop ends all work because the store or the object store failed: no
// point in going on, and running again resumes.
type errStop struct{ err error }

func (e errStop) Error() string { return e.err.Error() }
func (e errStop) Unwrap() error { return e.err }

// Receive stores and judges files and commits them in groups. It skips what
// is there already, so running it again after an interruption resumes. The
// error is that of a back end; a file that cannot be read, or that the store
// refuses, is a Failure.
func (in *Intake) Receive(ctx context.Context, files []File) (Summary, error) {
	ahead := in.ahead
	in.ahead = nil
	ahead.stop()
	defer ahead.drop()
	c, err := in.newCommitter(ctx)
	if err != nil {
		return Summary{}, err
	}
	var (
		mu      sync.Mutex
		summary = Summary{Documents: make(map[string]signature.Hash, len(files)), fresh: map[signature.Hash]bool{}} // guarded by mu
		ready   = make(chan received, in.Group)
		commit  errgroup.Group
	)
	work, workCtx := errgroup.WithContext(ctx)
	c.open.Store(int64(len(files)))
	commit.Go(func() error { return c.run(ctx, ready) }) // what is ready is committed even when another file stopped the work
	one := func(n int64) error {
		f := files[n]
		r, known, err := in.receive(workCtx, c, f, ahead.take(workCtx, n, f))
		c.open.Add(-1)
		if stop := (errStop{}); errors.As(err, &stop) {
			return stop.err
		}
		mu.Lock()
		summary.add(f.Name, r.sha, known, err)
		mu.Unlock()
		if in.Done != nil {
			in.Done()
		}
		if err != nil {
			return nil
		}
		select {
		case ready <- r:
			return nil
		case <-c.failed:
			return c.err
		case <-workCtx.Done():
			return workCtx.Err()
		}
	}
	var next atomic.Int64
	for range min(in.Workers, len(files)) { // each with a stack that has grown once
		work.Go(func() error {
			for n := next.Add(1) - 1; n < int64(len(files)) && workCtx.Err() == nil; n = next.Add(1) - 1 {
				if err := one(n); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = work.Wait()
	close(ready)
	if cerr := commit.Wait(); err == nil {
		err = cerr
	}
	for _, r := range c.refused {
		summary.refuse(r)
	}
	if err == nil {
		err = ctx.Err()
	}
	return summary, err
}
