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
	// GOMAXPROCS.
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
	// faster than the pipe. Only for engines that do not write to their data:
	// a child that does ends there.
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

// patience is how long parent and child keep their places in Go's scheduler
// while they wait for each other: some small files long, and short beside the
// ten milliseconds for which a goroutine may work without a break.
const patience = time.Millisecond

// errAnswer marks an answer that Job.Check refused.
var errAnswer = errors.New("the answer was refused")

// startAttempts is how many new children may fail to get ready before Do
// gives up.
const startAttempts = 3

// Pool keeps the children. All methods are safe for concurrent use.
type Pool struct {
	cfg      Config
	settings []byte        // encoded, for each fresh child
	slots    chan struct{} // one token for each file in work
	parcels  sync.Pool     // buffers between files
	numbers  atomic.Uint64 // of files in windows

	mu     sync.Mutex
	idle   []*child // guarded by mu; the most recently used last
	closed bool     // guarded by mu
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
	p := &Pool{cfg: cfg, settings: encoded, slots: make(chan struct{}, cfg.Workers)}
	p.parcels.New = func() any { return newParcel() }
	return p, nil
}

// Do gives one file to a child. A child that dies, hangs, floods its answer,
// breaks a limit or is refused by Check yields an Outcome with a Problem and a
// nil error. Errors are: a Body that fails or does not have Size bytes, a
// request that cannot be sent, the context's error, ErrClosed, and a child that
// cannot be started. Do blocks while all workers are busy.
func (p *Pool) Do(ctx context.Context, job Job) (Outcome, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
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
	var c *child
	var answer []byte
	var fault, err error // what a file did to its child; and what kept us from looking
	if p.cfg.WindowBytes > 0 && job.Size <= p.cfg.WindowBytes {
		c, answer, fault, err = p.look(ctx, job, body)
	} else {
		c, answer, fault, err = p.stream(ctx, job, body)
	}
	if err != nil {
		return Outcome{}, err
	}
	if fault == nil && job.Check != nil {
		if err := job.Check(answer); err != nil {
			fault = fmt.Errorf("%w: %w", errAnswer, err)
		}
	}
	if fault == nil {
		p.release(c)
		return Outcome{Answer: answer}, nil
	}
	c.End()
	if err := cmp.Or(ctx.Err(), body.err); err != nil {
		return Outcome{}, err
	}
	problem := c.problem(fault)
	p.cfg.Log.Warn("worker stopped", "problem", problem, "cause", fault, "stderr", c.Stderr())
	return job.stopped(body, problem)
}

// Warm starts the children that the pool does not have yet and tells them the
// briefing, in the background, so that the first files find them ready. It
// does nothing about children that fail: Do says why.
func (p *Pool) Warm(b *Briefing) {
	p.mu.Lock()
	lacking := p.cfg.Workers - len(p.idle) - len(p.slots)
	if p.closed {
		lacking = 0
	}
	p.mu.Unlock()
	for range lacking {
		select {
		case p.slots <- struct{}{}:
		default:
			return // so many files came meanwhile
		}
		go func() {
			defer func() { <-p.slots }()
			p.warm(b)
		}()
	}
}

// warm adds one child. The caller has a slot.
func (p *Pool) warm(b *Briefing) {
	c, err := start(context.Background(), p.cfg, nil)
	if err != nil {
		return
	}
	if err = c.greet(context.Background(), p.settings); err == nil {
		err = c.under(context.Background(), p.cfg.Limits.Timeout, func() error { return c.brief(b) })
	}
	if err != nil {
		c.End()
		return
	}
	p.release(c)
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
	frame, err := jobMessage{job.Size, number, request}.encode(kind)
	return opening{p.settings, job.Briefing, frame}, err
}

// stream sends a file through the pipe. A child says that it is ready before
// it looks at the file, so one that fails earlier says nothing about the file
// and is replaced.
func (p *Pool) stream(ctx context.Context, job Job, body *source) (c *child, answer []byte, fault, err error) {
	o, err := p.open(job, kindJob, 0)
	if err != nil {
		return nil, nil, nil, err
	}
	first := p.parcels.Get().(*parcel)
	defer p.parcels.Put(first)
	if err := first.fill(body); err != nil {
		return nil, nil, nil, err
	}
	if c, err = p.ready(ctx, o, first); err != nil {
		return nil, nil, nil, err
	}
	answer, fault = c.run(ctx, body, first)
	return c, answer, fault, nil
}

// ready returns a child that has read the job and been sent the first parcel
// of the file.
func (p *Pool) ready(ctx context.Context, o opening, first *parcel) (*child, error) {
	var failed error
	for attempt := 0; attempt < startAttempts; {
		c, fresh, err := p.take(ctx)
		if err != nil {
			return nil, err
		}
		if fresh {
			attempt++
		}
		if failed = c.prepare(ctx, o, first); failed == nil {
			return c, nil
		}
		c.End()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.notReady(c, failed)
	}
	return nil, fmt.Errorf("no worker gets ready (%q): %w", p.cfg.Command[0], failed)
}

func (p *Pool) notReady(c *child, cause error) {
	p.cfg.Log.Warn("worker not ready", "cause", cause, "stderr", c.Stderr())
}

// look hands a file over in the window. A child that fails before it took the
// ticket is replaced by one that finds the file in the same window.
func (p *Pool) look(ctx context.Context, job Job, body *source) (c *child, answer []byte, fault, err error) {
	number := p.numbers.Add(1)
	o, err := p.open(job, kindLook, number)
	if err != nil {
		return nil, nil, nil, err
	}
	c, fresh, err := p.take(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := body.readInto(c.window.file); err != nil {
		p.release(c) // it knows nothing of this file
		return nil, nil, nil, err
	}
	for attempt := 1; ; attempt++ {
		answer, fault = c.look(ctx, o)
		if fault == nil || c.window.started(number) || ctx.Err() != nil {
			return c, answer, fault, nil
		}
		c.Process.End()
		p.notReady(c, fault)
		if fresh && attempt == startAttempts {
			c.closeWindow()
			return nil, nil, nil, fmt.Errorf("no worker gets ready (%q): %w", p.cfg.Command[0], fault)
		}
		if !fresh { // an idle child may have died of anything
			attempt, fresh = 0, true
		}
		if c, err = start(ctx, p.cfg, c.window); err != nil {
			return nil, nil, nil, err
		}
	}
}

// take returns an idle child, or starts a fresh one.
func (p *Pool) take(ctx context.Context) (c *child, fresh bool, err error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, false, ErrClosed
	}
	for core := currentCore(); len(p.idle) > 0; {
		c := p.nearest(core)
		if c.Alive() {
			p.mu.Unlock()
			return c, false, nil
		}
		c.End()
	}
	p.mu.Unlock()
	c, err = start(ctx, p.cfg, nil)
	return c, true, err
}

// nearest takes an idle child, of which there are some: one that last worked
// on this core, whose caches its window may still lie in, or else the one used
// last. The caller holds mu.
func (p *Pool) nearest(core int) *child {
	at := len(p.idle) - 1
	for i := at; i >= 0; i-- {
		if p.idle[i].place.near(core) {
			at = i
			break
		}
	}
	c := p.idle[at]
	p.idle = slices.Delete(p.idle, at, at+1)
	return c
}

// release keeps a healthy child for the next file, or ends it. One whose time
// ran out while it answered is about to be killed, which must not befall the
// next file.
func (p *Pool) release(c *child) {
	late := c.timer != nil && c.timer.Fired()
	p.mu.Lock()
	keep := !p.closed && !late && c.files < p.cfg.Recycle
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
