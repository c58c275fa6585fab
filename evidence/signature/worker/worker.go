// Package worker runs hostile work outside the process that has something to
// lose: files are read and judged in a pool of child processes with hard
// limits on memory, time and answer. The parent kills a child by the wall
// clock, checks every answer, and goes on; a file that broke a limit gets a
// verdict like any other file.
//
// A child is the same program started with another argument; it calls Main.
// File, material and answer travel over its standard input and output as
// frames (see frame.go), so a child opens no file, has no environment and
// needs no network.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"minhchung/evidence/signature"
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
	// memory fragments; default 500.
	Recycle int
	// Log, when set, receives why children were killed or died, with what
	// they wrote to standard error.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MemoryBytes <= 0 {
		c.MemoryBytes = 512 << 20
	}
	if c.AnswerBytes <= 0 {
		c.AnswerBytes = 32 << 20
	}
	if c.FileBytes <= 0 {
		c.FileBytes = 50 << 20
	}
	if c.Recycle <= 0 {
		c.Recycle = 500
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
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
var ErrClosed = errors.New("the worker pool is closed")

// startAttempts is how many new children may fail to get ready before Inspect
// gives up.
const startAttempts = 3

// Pool keeps the children. All methods are safe for concurrent use.
type Pool struct {
	cfg   Config
	slots chan struct{} // one token for each file in work
	// parcels are buffers between files.
	parcels sync.Pool

	mu     sync.Mutex
	idle   []*child // guarded by mu; the most recently used last
	closed bool     // guarded by mu
	brief  briefing // guarded by mu
}

// briefing is what children are told once and again after each change.
type briefing struct {
	version  int    // 0 until Use was called
	frame    []byte // encoded material and policy
	material signature.Material
	policy   signature.Policy
}

// New returns a pool. Children are started when they are needed, so New fails
// only on a Config without a Command.
func New(cfg Config) (*Pool, error) {
	if len(cfg.Command) == 0 || cfg.Command[0] == "" {
		return nil, errors.New("worker pool: no command to start a child with")
	}
	cfg = cfg.withDefaults()
	p := &Pool{cfg: cfg, slots: make(chan struct{}, cfg.Workers)}
	p.parcels.New = func() any { return &parcel{buf: make([]byte, headerBytes+chunkBytes+headerBytes)} }
	return p, p.Use(signature.Material{}, signature.Policy{})
}

// Use sets the material and policy for every Inspect that starts from now on.
// It fails when they are too large to send (64 MiB encoded).
func (p *Pool) Use(material signature.Material, policy signature.Policy) error {
	frame, err := encodeBriefing(material, policy)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.brief = briefing{p.brief.version + 1, frame, material, policy}
	return nil
}

// Inspect reads and judges one file in a child. What the file does to the
// child is a finding: a child that dies, hangs, floods its answer, breaks a
// limit or answers nonsense yields Facts with Condition OverLimit and the
// verdict on them, and a nil error. Errors are: a Body that fails or does not
// have Size bytes, the context's error, ErrClosed, and a child that cannot be
// started at all. Inspect blocks while all workers are busy.
func (p *Pool) Inspect(ctx context.Context, job Job) (signature.Facts, signature.Verdict, error) {
	facts, verdict, err := p.inspect(ctx, job)
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, fmt.Errorf("inspecting a file: %w", err)
	}
	return facts, verdict, nil
}

func (p *Pool) inspect(ctx context.Context, job Job) (signature.Facts, signature.Verdict, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return signature.Facts{}, signature.Verdict{}, ctx.Err()
	}
	brief, err := p.briefing()
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	body := newSource(ctx, job)
	if job.Size > p.cfg.FileBytes {
		problem := fmt.Sprintf("the file has %d bytes, more than the limit of %d", job.Size, p.cfg.FileBytes)
		return p.overLimit(body, job, brief, problem)
	}
	parcel := p.parcels.Get().(*parcel)
	defer p.parcels.Put(parcel)
	if err := parcel.fill(body); err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	c, err := p.ready(ctx, job, brief, parcel)
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	facts, verdict, fault := c.run(ctx, body, job, parcel)
	if fault == nil {
		p.release(c)
		return facts, verdict, nil
	}
	c.End()
	if err := cmpErr(ctx.Err(), body.err); err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	problem := c.problem(fault)
	p.cfg.Log.Warn("worker stopped", "problem", problem, "cause", fault, "stderr", c.Stderr())
	return p.overLimit(body, job, brief, problem)
}

// overLimit finishes the hash of the file and judges the fact that it could
// not be read.
func (p *Pool) overLimit(body *source, job Job, brief briefing, problem string) (signature.Facts, signature.Verdict, error) {
	if err := body.drain(); err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	facts := signature.Facts{
		Reader: readerName, SHA256: body.sum(), Size: job.Size, Format: quickFormat(body.head),
		Condition: signature.OverLimit, Problem: problem,
	}
	return facts, signature.Judge(facts, brief.material, brief.policy, job.Proofs, job.At), nil
}

func (p *Pool) briefing() (briefing, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return briefing{}, ErrClosed
	}
	return p.brief, nil
}

// ready returns a child that has read the job and been sent the first parcel
// of the file. A child says that it is ready before it looks at the file, so
// one that fails here says nothing about the file and is replaced.
func (p *Pool) ready(ctx context.Context, job Job, brief briefing, first *parcel) (*child, error) {
	var failed error
	for attempt := 0; attempt < startAttempts; {
		c, fresh, err := p.take(ctx)
		if err != nil {
			return nil, err
		}
		if fresh {
			attempt++
		}
		if failed = c.prepare(ctx, job, brief, first); failed == nil {
			return c, nil
		}
		c.End()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.cfg.Log.Warn("worker not ready", "cause", failed, "stderr", c.Stderr())
	}
	return nil, fmt.Errorf("no worker gets ready (%q): %w", p.cfg.Command[0], failed)
}

// take returns an idle child, or starts a fresh one.
func (p *Pool) take(ctx context.Context) (c *child, fresh bool, err error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.Alive() {
			p.mu.Unlock()
			return c, false, nil
		}
		c.End()
	}
	p.mu.Unlock()
	c, err = start(ctx, p.cfg)
	return c, true, err
}

// release keeps a healthy child for the next file, or ends it.
func (p *Pool) release(c *child) {
	p.mu.Lock()
	keep := !p.closed && c.files < p.cfg.Recycle
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		c.End()
	}
}

// Close ends all children and returns when none is left. Files in work are
// finished first.
func (p *Pool) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.closed, p.idle = true, nil
	p.mu.Unlock()
	for _, c := range idle {
		c.End()
	}
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	for range cap(p.slots) {
		<-p.slots
	}
	return nil
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
