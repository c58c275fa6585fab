package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"minhchung/evidence/signature"
	"minhchung/evidence/worker"
)

// child is one running child process, used by one goroutine at a time except
// for Kill and Alive.
type child struct {
	*worker.Process
	cfg   Config
	brief int // version of the briefing it has
	files int // files it was given
	timer *worker.Stopwatch
}

// start runs a child. It fails only when the program cannot be started;
// whether it works shows in prepare.
func start(ctx context.Context, cfg Config) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := worker.StartProcess(cfg.Command, cfg.MemoryBytes)
	if err != nil {
		return nil, err
	}
	return &child{Process: p, cfg: cfg}, nil
}

// prepare brings the child to the point where it begins with the file. Its
// time is bounded like that of a file. The first parcel is sent before the
// child is ready: that saves waiting for each other, and the parcel is still
// there for another child.
func (c *child) prepare(ctx context.Context, job Job, brief briefing, first *parcel) error {
	c.timer = worker.StartStopwatch(c.cfg.Timeout, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	if c.files == 0 {
		s := settings{c.cfg.Timeout, c.cfg.MemoryBytes, c.cfg.AnswerBytes, c.cfg.FileBytes}
		if err := writeJSON(c.In, kindSettings, s); err != nil {
			return err
		}
		if _, err := readFrame(c.Out, kindReady, 0); err != nil {
			return err
		}
	}
	c.files++
	if c.brief != brief.version {
		if err := writeFrame(c.In, kindBriefing, brief.frame); err != nil {
			return err
		}
		c.brief = brief.version
	}
	if err := writeJSON(c.In, kindJob, jobMessage{job.Size, job.Proofs, job.At}); err != nil {
		return err
	}
	if _, err := c.In.Write(first.frames()); err != nil {
		return err
	}
	_, err := readFrame(c.Out, kindReady, 0)
	return err
}

// run sends the rest of the file and takes the answer. An error means that the child
// broke a limit, or that Body failed; the caller tells them apart by the
// source.
func (c *child) run(ctx context.Context, body *source, job Job, sent *parcel) (signature.Facts, signature.Verdict, error) {
	c.timer = worker.StartStopwatch(c.cfg.Timeout, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	if err := c.send(body, sent); err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	raw, err := readFrame(c.Out, kindAnswer, c.cfg.AnswerBytes)
	if err != nil {
		return signature.Facts{}, signature.Verdict{}, err
	}
	return decodeAnswer(raw, body.sum(), job)
}

// send streams what follows the sent parcel; the child's clock stands still
// while Body is read.
func (c *child) send(body *source, p *parcel) error {
	for !p.last {
		c.timer.Pause()
		err := p.fill(body)
		c.timer.Resume()
		if err != nil {
			return err
		}
		if _, err := c.In.Write(p.frames()); err != nil {
			return err
		}
	}
	return nil
}

// problem says in one sentence what stopped a child that was ended. The words
// come from us: what the child wrote goes to the log alone.
func (c *child) problem(fault error) string {
	stderr := c.Stderr()
	switch code := c.ExitCode(); {
	case errors.Is(fault, errAnswer) || errors.Is(fault, errFrame):
		return "the reader's answer could not be used"
	case c.timer.Fired() || code == worker.ExitTime:
		return fmt.Sprintf("reading the file took longer than %v", c.cfg.Timeout)
	case code == exitMemory, strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"):
		return fmt.Sprintf("reading the file needed more than %d MiB of memory", c.cfg.MemoryBytes>>20)
	case strings.Contains(stderr, "stack overflow"), strings.Contains(stderr, "stack exceeds"):
		return "the file is nested too deeply to be read"
	}
	return "the reader stopped while reading the file"
}
