// Package worker runs hostile work outside the process that has something to
// lose: a pool of child processes with hard limits on memory, time and answer,
// for any engine that turns the bytes of one file into the bytes of one
// answer. The parent kills a child by the wall clock and goes on; what a file
// did to a child is an outcome and not an error.
//
// A child is the same program started with another argument; it calls Main.
// File and answer travel over its standard input and output as frames (see
// frame.go). Before its first file a child may open what its engine needs,
// such as a compiled module in a cache; then it locks itself in.
package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Limits are what one child may use.
type Limits struct {
	// Timeout is the wall-clock time for one file, waiting for the caller's
	// Body not counted. The same is the bound of processor time on Linux, two
	// or three seconds added.
	Timeout time.Duration
	// MemoryBytes is what a child may map privately. It is enforced on Linux
	// (RLIMIT_DATA) and Windows (job object); the child's Go heap aims at
	// three quarters of it.
	MemoryBytes int64
}

// Config sets the pool's limits. Zero fields mean the defaults named beside
// them.
type Config struct {
	// Command starts a child: a program and its arguments. The program must
	// call Main. Required.
	Command []string
	// Setup is given to the child's engine as JSON, at most 32 KiB.
	Setup any
	// Workers is the number of children that work at the same time; default
	// GOMAXPROCS. One that is being replaced may still have its last files.
	Workers int
	// Limits of a child; default 60 s and 1,536 MiB.
	Limits Limits
	// StartTimeout is the time a fresh child has to open its engine; default
	// 2 minutes.
	StartTimeout time.Duration
	// AnswerBytes bounds one answer; default 64 MiB.
	AnswerBytes int64
	// FileBytes bounds one file; default 50 MB (52,428,800).
	FileBytes int64
	// WindowBytes, when set, is memory that each child shares with the parent
	// on Linux: files of at most this size are handed over in it, which is
	// faster than the pipe, and two at a time, so that a child does not wait
	// for the next. Only for engines that do not write to their data: a child
	// that does ends there.
	WindowBytes int64
	// Recycle is the number of files after which a child is replaced, since
	// memory fragments and that of a WebAssembly module never shrinks;
	// default 100.
	Recycle int
	// Log, when set, receives why children were killed or died, with what
	// they wrote to standard error.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Limits.Timeout = orDefault(c.Limits.Timeout, time.Minute)
	c.Limits.MemoryBytes = orDefault(c.Limits.MemoryBytes, 1536<<20)
	c.StartTimeout = orDefault(c.StartTimeout, 2*time.Minute)
	c.Workers = orDefault(c.Workers, runtime.GOMAXPROCS(0))
	c.AnswerBytes = orDefault(c.AnswerBytes, 64<<20)
	c.FileBytes = orDefault(c.FileBytes, 50<<20)
	c.Recycle = orDefault(c.Recycle, 100)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T int | int64 | time.Duration](value, def T) T {
	if value <= 0 {
		return def
	}
	return value
}

// Job is one file and what is asked about it.
type Job struct {
	Size int64     // bytes that Body will give, exactly
	Body io.Reader // read once, from the caller's goroutine
	// Request is given to the engine as JSON, and a []byte as it is; about
	// 1 MiB at most.
	Request any
	// Briefing, when set, is what the child must have been told before.
	Briefing *Briefing
	// Check, when set, says whether the answer can be used. A child whose
	// answer it refuses is ended like one that broke a limit.
	Check func(answer []byte) error
	// Drain makes Do read Body to its end also where an Outcome has a Problem,
	// for a Body that computes a digest of what goes by.
	Drain bool
}

// BriefingBytes bounds an encoded Briefing.
const BriefingBytes = 64 << 20

// Briefing is what an engine needs to know for many files. A child is told
// once, and again when a Job comes with another one. It does not change and
// may be shared.
type Briefing struct{ message []byte }

// NewBriefing encodes a message as JSON. It fails on one that is no JSON or
// has more than BriefingBytes.
func NewBriefing(message any) (*Briefing, error) {
	b, err := encode("a briefing", BriefingBytes, message)
	if err != nil {
		return nil, err
	}
	return &Briefing{b}, nil
}

// Outcome is what became of a job: exactly one of its fields is set.
type Outcome struct {
	// Answer is what the child said. The child may have been taken over by
	// the file: the caller must check it, best with Job.Check.
	Answer []byte
	// Problem is one plain sentence, without a full stop, about a file that
	// stopped its child or is over the limits.
	Problem string
}

// ErrClosed is returned by Do after Close.
var ErrClosed = errors.New("the worker pool is closed")

// errAnswer marks an answer that Job.Check refused.
var errAnswer = errors.New("the answer was refused")

// startAttempts is how many new children may fail to get ready before Do
// gives up.
const startAttempts = 3

// Pool keeps the children. All methods are safe for concurrent use.
type Pool struct {
	cfg      Config
	settings []byte              // encoded, for each fresh child
	depth    int64               // files a child may have at the same time
	slots    *semaphore.Weighted // depth for each worker
	parcels  sync.Pool           // buffers between files
	numbers  atomic.Uint64       // of files

	mu       sync.Mutex
	children []*child // guarded by mu; those that may be given files
	closed   bool     // guarded by mu
}

// New returns a pool. Children are started when they are needed, so New fails
// only on a Config without a Command or with a Setup that is no JSON or too
// long.
func New(cfg Config) (*Pool, error) {
	if len(cfg.Command) == 0 || cfg.Command[0] == "" {
		return nil, errors.New("worker pool: no command to start a child with")
	}
	cfg = cfg.withDefaults()
	setup, err := json.Marshal(cfg.Setup)
	if err != nil {
		return nil, fmt.Errorf("worker pool: encoding the setup: %w", err)
	}
	if cfg.WindowBytes > 0 && !canShare() {
		cfg.WindowBytes = 0
	}
	encoded, err := encode("settings", settingsBytes, settings{cfg.Limits, cfg.AnswerBytes, cfg.FileBytes, cfg.WindowBytes, setup})
	if err != nil {
		return nil, fmt.Errorf("worker pool: %w", err)
	}
	p := &Pool{cfg: cfg, settings: encoded, depth: 1}
	if cfg.WindowBytes > 0 {
		p.depth = places
	}
	p.slots = semaphore.NewWeighted(p.depth * int64(cfg.Workers))
	p.parcels.New = func() any { return newParcel() }
	return p, nil
}

// Do gives one file to a child. A child that dies, hangs, floods its answer,
// breaks a limit or is refused by Check yields an Outcome with a Problem and a
// nil error. Errors are: a Body that fails or does not have Size bytes, a
// request that cannot be sent, the context's error, ErrClosed, and a child that
// cannot be started. Do blocks while all workers are busy.
//
// A child with a window is given a second file while it looks at the first. A
// file whose child was ended by the other one is given to another child, so
// Check may be called more than once.
func (p *Pool) Do(ctx context.Context, job Job) (Outcome, error) {
	shared := p.cfg.WindowBytes > 0 && job.Size <= p.cfg.WindowBytes
	weight := p.depth // through the pipe a child has nothing else
	if shared {
		weight = 1
	}
	if err := p.slots.Acquire(ctx, weight); err != nil {
		return Outcome{}, err
	}
	defer p.slots.Release(weight)
	if p.isClosed() {
		return Outcome{}, ErrClosed
	}
	body := &source{ctx: ctx, r: job.Body, left: job.Size}
	switch {
	case job.Size < 0:
		return Outcome{}, fmt.Errorf("a file of %d bytes", job.Size)
	case job.Size > p.cfg.FileBytes:
		return job.stopped(body, fmt.Sprintf("the file has %d bytes, more than the limit of %d", job.Size, p.cfg.FileBytes))
	}
	talk := p.stream
	if shared {
		talk = p.look
	}
	s, answer, fault, err := talk(ctx, job, body)
	if err != nil {
		return Outcome{}, err
	}
	if fault == nil && job.Check != nil {
		if err := job.Check(answer); err != nil {
			fault = fmt.Errorf("%w: %w", errAnswer, err)
		}
	}
	if fault == nil {
		p.leave(s, !s.timer.Fired()) // a child whose time ran out while it answered is about to be killed
		return Outcome{Answer: answer}, nil
	}
	s.condemn()
	s.child.End()
	problem := s.problem(fault)
	p.leave(s, false)
	if err := cmp.Or(ctx.Err(), body.err); err != nil {
		return Outcome{}, err
	}
	p.cfg.Log.Warn("worker stopped", "problem", problem, "cause", fault, "stderr", s.child.Stderr())
	return job.stopped(body, problem)
}

// stopped is the outcome of a file that was not read.
func (j Job) stopped(body *source, problem string) (Outcome, error) {
	if j.Drain {
		if err := body.drain(); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{Problem: problem}, nil
}

func (p *Pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// open prepares what a child is sent.
func (p *Pool) open(job Job, kind byte, number uint64) (opening, error) {
	request, ok := job.Request.([]byte)
	if !ok {
		var err error
		if request, err = json.Marshal(job.Request); err != nil {
			return opening{}, fmt.Errorf("encoding a request: %w", err)
		}
	}
	frame, err := jobMessage{size: job.Size, number: number, request: request}.encode(kind)
	return opening{p.settings, job.Briefing, frame}, err
}

// stream sends a file through the pipe. A child says that it is ready before
// it looks at the file, so one that fails earlier says nothing about the file
// and is replaced.
func (p *Pool) stream(ctx context.Context, job Job, body *source) (s *seat, answer []byte, fault, err error) {
	number := p.numbers.Add(1)
	o, err := p.open(job, kindJob, number)
	if err != nil {
		return nil, nil, nil, err
	}
	first := p.parcels.Get().(*parcel)
	defer p.parcels.Put(first)
	if err := first.fill(body); err != nil {
		return nil, nil, nil, err
	}
	if s, err = p.take(p.depth, number); err != nil {
		return nil, nil, nil, err
	}
	return p.insist(ctx, s, func(s *seat) ([]byte, error) { return s.stream(ctx, o, body, first) })
}

// look hands a file over in the window.
func (p *Pool) look(ctx context.Context, job Job, body *source) (s *seat, answer []byte, fault, err error) {
	number := p.numbers.Add(1)
	o, err := p.open(job, kindLook, number)
	if err != nil {
		return nil, nil, nil, err
	}
	if s, err = p.take(1, number); err != nil {
		return nil, nil, nil, err
	}
	if err := body.readInto(s.room()); err != nil {
		p.leave(s, true) // the child knows nothing of this file
		return nil, nil, nil, err
	}
	return p.insist(ctx, s, func(s *seat) ([]byte, error) { return s.look(ctx, o) })
}

// insist has a file looked at. A child that fails before it begins with the
// file, or through another file, says nothing about this one: it is replaced,
// and the next one finds the file in its window.
func (p *Pool) insist(ctx context.Context, s *seat, talk func(*seat) ([]byte, error)) (*seat, []byte, error, error) {
	for attempt := 1; ; {
		answer, fault := talk(s)
		if fault == nil {
			return s, answer, nil, nil
		}
		if err := cmp.Or(ctx.Err(), s.broken); err != nil {
			p.leave(s, !s.spoken)
			return nil, nil, nil, err
		}
		if s.guilty() {
			return s, nil, fault, nil
		}
		p.drop(s.child)
		p.cfg.Log.Warn("worker not ready", "cause", fault, "stderr", s.child.Stderr())
		if s.fresh {
			if attempt++; attempt > startAttempts {
				p.leave(s, false)
				return nil, nil, nil, fmt.Errorf("no worker gets ready (%q): %w", p.cfg.Command[0], fault)
			}
		}
		next, err := p.take(s.weight, s.number)
		if err == nil && s.child.window != nil {
			copy(next.room(), s.room())
		}
		p.leave(s, false)
		if err != nil {
			return nil, nil, nil, err
		}
		s = next
	}
}

// Close ends all children and returns when none is left. Files in work are
// finished first.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	for _, c := range slices.Clone(p.children) {
		if c.load == 0 {
			p.unlist(c)
			defer c.close()
		}
	}
	p.mu.Unlock()
	all := p.depth * int64(p.cfg.Workers)
	if err := p.slots.Acquire(context.Background(), all); err != nil {
		return err
	}
	p.slots.Release(all)
	return nil
}
