package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// child is one running child process, used by one goroutine at a time.
type child struct {
	*Process
	cfg      Config
	files    int       // files it was given
	briefing *Briefing // the last it was told
	timer    *Stopwatch
}

func start(ctx context.Context, cfg Config) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := StartProcess(cfg.Command, cfg.Limits.MemoryBytes)
	if err != nil {
		return nil, err
	}
	return &child{Process: p, cfg: cfg}, nil
}

// opening is what a child is sent until it says that it begins with the file.
type opening struct {
	settings []byte    // only for a fresh child
	briefing *Briefing // only when it has another
	job      []byte
	first    *parcel
}

// prepare brings the child to the point where it begins with the file. A
// fresh child has StartTimeout for it, since it opens its engine first. The
// first parcel is sent before the child is ready: that saves waiting for each
// other, and the parcel is still there for another child.
func (c *child) prepare(ctx context.Context, o opening) error {
	limit := c.cfg.Limits.Timeout
	if c.files == 0 {
		limit = c.cfg.StartTimeout
	}
	c.timer = StartStopwatch(limit, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	if c.files == 0 {
		if err := writeFrame(c.In, kindSettings, o.settings); err != nil {
			return err
		}
		if _, err := readFrame(c.Out, kindReady, 0); err != nil {
			return err
		}
	}
	c.files++
	if o.briefing != nil && o.briefing != c.briefing {
		if err := writeFrame(c.In, kindBriefing, o.briefing.message); err != nil {
			return err
		}
		c.briefing = o.briefing
	}
	if err := writeFrame(c.In, kindJob, o.job); err != nil {
		return err
	}
	if _, err := c.In.Write(o.first.frames()); err != nil {
		return err
	}
	_, err := readFrame(c.Out, kindReady, 0)
	return err
}

// run sends the rest of the file and takes the answer. An error means that
// the child broke a limit, or that Body failed; the caller tells them apart by
// the source.
func (c *child) run(ctx context.Context, body *source, sent *parcel) ([]byte, error) {
	c.timer = StartStopwatch(c.cfg.Limits.Timeout, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	if err := c.send(body, sent); err != nil {
		return nil, err
	}
	return readFrame(c.Out, kindAnswer, c.cfg.AnswerBytes)
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
	case c.timer.Fired() || code == ExitTime:
		return fmt.Sprintf("reading the file took longer than %v", c.cfg.Limits.Timeout)
	case code == ExitMemory, strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"),
		strings.Contains(stderr, "pthread_create failed"):
		return fmt.Sprintf("reading the file needed more than %d MiB of memory", c.cfg.Limits.MemoryBytes>>20)
	case strings.Contains(stderr, "stack overflow"), strings.Contains(stderr, "stack exceeds"):
		return "the file is nested too deeply to be read"
	}
	return "the reader stopped while reading the file"
}
