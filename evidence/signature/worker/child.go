package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"minhchung/evidence/signature"
)

// child is one running child process, used by one goroutine at a time except
// for kill and alive.
type child struct {
	cfg    Config
	cmd    *exec.Cmd
	in     *os.File // our end of its standard input
	out    *os.File // our end of its standard output
	stderr *tail

	brief int // version of the briefing it has
	files int // files it was given
	timer *stopwatch

	killOnce sync.Once
	endOnce  sync.Once
	group    processGroup
	done     chan struct{} // closed when the process is reaped
}

// start runs a child and gives it its limits. It fails only when the program
// cannot be started; whether it works shows in prepare.
func start(ctx context.Context, cfg Config) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", errors.Join(err, inRead.Close(), inWrite.Close()))
	}
	c := &child{
		cfg: cfg, in: inWrite, out: outRead, stderr: &tail{}, done: make(chan struct{}),
	}
	widen(inWrite)
	c.cmd = exec.Command(cfg.Command[0], cfg.Command[1:]...)
	c.cmd.Env = environment()
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = inRead, outWrite, c.stderr
	c.cmd.WaitDelay = time.Second // for a descendant that keeps standard error open
	c.cmd.SysProcAttr = processAttributes()
	err = c.cmd.Start()
	inRead.Close()
	outWrite.Close()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", errors.Join(err, inWrite.Close(), outRead.Close()))
	}
	c.group, err = contain(c.cmd.Process, cfg.MemoryBytes)
	go func() {
		_ = c.cmd.Wait() // the exit state is read from ProcessState
		close(c.done)
	}()
	if err != nil {
		c.end()
		return nil, fmt.Errorf("limiting a worker: %w", err)
	}
	return c, nil
}

// alive reports whether the process has not been reaped yet.
func (c *child) alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// kill ends the process at once and unblocks whoever reads or writes its
// pipes. It may be called from any goroutine and more than once.
func (c *child) kill() {
	c.killOnce.Do(func() {
		c.group.kill(c.cmd.Process)
		c.in.Close()
		c.out.Close()
	})
}

// end kills the process and waits until it is reaped. Afterwards no kill can
// be under way, so the group's handle may go.
func (c *child) end() {
	c.kill()
	<-c.done
	c.endOnce.Do(c.group.release)
}

// prepare brings the child to the point where it begins with the file. Its
// time is bounded like that of a file. The first parcel is sent before the
// child is ready: that saves waiting for each other, and the parcel is still
// there for another child.
func (c *child) prepare(ctx context.Context, job Job, brief briefing, first *parcel) error {
	c.timer = startStopwatch(c.cfg.Timeout, c.kill)
	defer c.timer.stop()
	defer context.AfterFunc(ctx, c.kill)()
	if c.files == 0 {
		s := settings{c.cfg.Timeout, c.cfg.MemoryBytes, c.cfg.AnswerBytes, c.cfg.FileBytes}
		if err := writeJSON(c.in, kindSettings, s); err != nil {
			return err
		}
		if _, err := readFrame(c.out, kindReady, 0); err != nil {
			return err
		}
	}
	c.files++
	if c.brief != brief.version {
		if err := writeFrame(c.in, kindBriefing, brief.frame); err != nil {
			return err
		}
		c.brief = brief.version
	}
	if err := writeJSON(c.in, kindJob, jobMessage{job.Size, job.Proofs, job.At}); err != nil {
		return err
	}
	if _, err := c.in.Write(first.frames()); err != nil {
		return err
	}
	_, err := readFrame(c.out, kindReady, 0)
	return err
}

// run sends the rest of the file and takes the answer. An error means that the child
// broke a limit, or that Body failed; the caller tells them apart by the
// source.
func (c *child) run(ctx context.Context, body *source, job Job, sent *parcel) (signature.Facts, signature.Verdict, error) {
	c.timer = startStopwatch(c.cfg.Timeout, c.kill)
	defer c.timer.stop()
	defer context.AfterFunc(ctx, c.kill)()
	if err := c.send(body, sent); err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	raw, err := readFrame(c.out, kindAnswer, c.cfg.AnswerBytes)
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	return decodeAnswer(raw, body.sum(), job)
}

// send streams what follows the sent parcel; the child's clock stands still
// while Body is read.
func (c *child) send(body *source, p *parcel) error {
	for !p.last {
		c.timer.pause()
		err := p.fill(body)
		c.timer.resume()
		if err != nil {
			return err
		}
		if _, err := c.in.Write(p.frames()); err != nil {
			return err
		}
	}
	return nil
}

// problem says in one sentence what stopped a child that was ended. The words
// come from us: what the child wrote goes to the log alone.
func (c *child) problem(fault error) string {
	stderr := c.stderr.String()
	switch code := c.cmd.ProcessState.ExitCode(); {
	case errors.Is(fault, errAnswer) || errors.Is(fault, errFrame):
		return "the reader's answer could not be used"
	case c.timer.fired() || code == exitTime:
		return fmt.Sprintf("reading the file took longer than %v", c.cfg.Timeout)
	case code == exitMemory, strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"):
		return fmt.Sprintf("reading the file needed more than %d MiB of memory", c.cfg.MemoryBytes>>20)
	case strings.Contains(stderr, "stack overflow"), strings.Contains(stderr, "stack exceeds"):
		return "the file is nested too deeply to be read"
	}
	return "the reader stopped while reading the file"
}

// tail keeps the first bytes a child writes to standard error and drops the
// rest, so that a flood costs nothing.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

const tailBytes = 4 << 10

// Write never fails and never blocks.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[:min(len(b), tailBytes-len(t.buf))]...)
	return len(b), nil
}

// String returns what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// stopwatch calls kill when the time that is not paused exceeds its limit.
type stopwatch struct {
	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration // guarded by mu; at the last resume
	since  time.Time     // guarded by mu; zero while paused
	struck bool          // guarded by mu
}

func startStopwatch(limit time.Duration, kill func()) *stopwatch {
	s := &stopwatch{left: limit, since: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(limit, func() {
		s.mu.Lock()
		s.struck = true
		s.mu.Unlock()
		kill()
	})
	return s
}

func (s *stopwatch) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.left -= time.Since(s.since)
	s.since = time.Time{}
}

func (s *stopwatch) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Now()
	s.timer.Reset(max(s.left, 0))
}

func (s *stopwatch) stop() { s.timer.Stop() }

// fired reports whether the limit was reached.
func (s *stopwatch) fired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}
