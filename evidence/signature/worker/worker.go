// Package worker reads and judges signed files outside the process that has
// something to lose: in the children of evidence/worker, which limits their
// memory, time and answer. This side checks every answer, and a file that
// broke a limit gets a verdict like any other file.
//
// A child is the same program started with another argument; it calls Main.
// File, material and answer travel over its standard input and output, so a
// child opens no file, has no environment and needs no network.
package worker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/worker"
)

// Config sets the pool's limits. Zero fields mean the defaults named beside
// them.
type Config struct {
	// Command starts a child: a program and its arguments, such as
	// {os.Executable(), "worker"}. The program must call Main. Required.
	Command []string
	// Workers is the number of children that work at the same time; default
	// GOMAXPROCS.
	Workers int
	// Timeout is the wall-clock time a child has for one file, waiting for
	// the caller's Body not counted; default 10 s.
	Timeout time.Duration
	// MemoryBytes is what a child may map privately; default 512 MiB. It is
	// enforced on Linux (RLIMIT_DATA) and Windows (job object); the child's Go
	// heap aims at three quarters of it.
	MemoryBytes int64
	// AnswerBytes bounds one answer of a child; default 32 MiB.
	AnswerBytes int64
	// FileBytes bounds one file; default 50 MB (52,428,800). A larger
	// file is hashed, and reported as over the limit without being read.
	FileBytes int64
	// Recycle is the number of files after which a child is replaced, since
	// memory fragments; default 5,000: a start costs as much as some thirty
	// files.
	Recycle int
	// Log, when set, receives why children were killed or died, with what
	// they wrote to standard error.
	Log *slog.Logger
}

// pool returns the settings of the pool behind this one, which has defaults
// for the zero fields that are left.
func (c Config) pool() worker.Config {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MemoryBytes <= 0 {
		c.MemoryBytes = 512 << 20
	}
	if c.AnswerBytes <= 0 {
		c.AnswerBytes = 32 << 20
	}
	if c.Recycle <= 0 {
		c.Recycle = 5000
	}
	return worker.Config{
		Command: c.Command, Setup: setup{c.AnswerBytes}, Workers: c.Workers,
		Limits:       worker.Limits{Timeout: c.Timeout, MemoryBytes: c.MemoryBytes},
		StartTimeout: c.Timeout, // a child has nothing to open
		AnswerBytes:  c.AnswerBytes, FileBytes: c.FileBytes, WindowBytes: reuseBytes, Recycle: c.Recycle, Log: c.Log,
	}
}

// Job is one file to inspect.
type Job struct {
	Size int64     // bytes that Body will give, exactly
	Body io.Reader // read once, from the caller's goroutine
	// SHA256 is the file's digest when the caller has computed it from the
	// bytes that Body gives; zero lets Inspect compute it. An answer about
	// another file is dropped either way.
	SHA256 signature.Hash
	Proofs []signature.Proof
	At     time.Time // validation time
}

// ErrClosed is returned by Inspect after Close.
var ErrClosed = worker.ErrClosed

// Pool keeps the children. All methods are safe for concurrent use.
type Pool struct {
	workers *worker.Pool
	rules   atomic.Pointer[rules]
}

// rules are what files are judged by, also as a child is told.
type rules struct {
	briefing
	message *worker.Briefing
}

// New returns a pool. Children are started when they are needed, so New fails
// only on a Config without a Command.
func New(cfg Config) (*Pool, error) {
	workers, err := worker.New(cfg.pool())
	if err != nil {
		return nil, err
	}
	p := &Pool{workers: workers}
	return p, p.Use(signature.Material{}, signature.Policy{})
}

// Use sets the material and policy for every Inspect that starts from now on.
// It fails when they are too large to send (64 MiB encoded).
func (p *Pool) Use(material signature.Material, policy signature.Policy) error {
	b := briefing{material, policy}
	message, err := worker.NewBriefing(b)
	if err != nil {
		return fmt.Errorf("material and policy: %w", err)
	}
	p.rules.Store(&rules{b, message})
	return nil
}

// Warm starts the children in the background, so that the first of many files
// need not wait for them.
func (p *Pool) Warm() { p.workers.Warm(p.rules.Load().message) }

// Inspect reads and judges one file in a child. What the file does to the
// child is a finding: a child that dies, hangs, floods its answer, breaks a
// limit or answers nonsense yields Facts with Condition OverLimit and the
// verdict on them, and a nil error. Errors are: a Body that fails or does not
// have Size bytes, the context's error, ErrClosed, and a child that cannot be
// started at all. Inspect blocks while all workers are busy.
func (p *Pool) Inspect(ctx context.Context, job Job) (signature.Facts, signature.Verdict, error) {
	a, err := p.do(ctx, job, false)
	return a.Facts, a.Verdict, err
}

// Questions reads one file in a child and returns what to ask issuers about
// it; see signature.Judger.Questions. It has the errors of Inspect.
func (p *Pool) Questions(ctx context.Context, job Job) ([]signature.Question, error) {
	a, err := p.do(ctx, job, true)
	return a.Questions, err
}

func (p *Pool) do(ctx context.Context, job Job, questions bool) (answer answerMessage, err error) {
	rules, body := p.rules.Load(), newSource(job)
	ask, err := encode(&request{job.Proofs, job.At, questions})
	if err != nil {
		return answerMessage{}, fmt.Errorf("inspecting a file: %w", err)
	}
	outcome, err := p.workers.Do(ctx, worker.Job{
		Size: job.Size, Body: body, Request: ask, Briefing: rules.message,
		Drain: true, // for the digest
		Check: func(raw []byte) (err error) {
			answer, err = decodeAnswer(raw, body.sum(), job)
			return err
		},
	})
	if err != nil {
		return answerMessage{}, fmt.Errorf("inspecting a file: %w", err)
	}
	if outcome.Problem != "" {
		facts := signature.Facts{
			Reader: readerName, SHA256: body.sum(), Size: job.Size, Format: quickFormat(body.head),
			Condition: signature.OverLimit, Problem: outcome.Problem,
		}
		answer = answerMessage{Facts: facts, Verdict: signature.Judge(facts, rules.Material, rules.Policy, job.Proofs, job.At)}
	}
	return answer, nil
}

// Close ends all children and returns when none is left. Files in work are
// finished first.
func (p *Pool) Close() error { return p.workers.Close() }
