package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// child is one running child process, used by one goroutine at a time.
type child struct {
	*Process
	cfg   Config
	files int // files it was given
	timer *Stopwatch
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

// prepare brings the child to the point where it begins with the file. A
// fresh child has StartTimeout for it, since it opens its engine first.
func (c *child) prepare(ctx context.Context, setup json.RawMessage, job jobMessage) error {
	limit := c.cfg.Limits.Timeout
	if c.files == 0 {
		limit = c.cfg.StartTimeout
	}
	c.timer = StartStopwatch(limit, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	if c.files == 0 {
		s := settings{c.cfg.Limits, c.cfg.AnswerBytes, c.cfg.FileBytes, setup}
		if err := writeJSON(c.In, kindSettings, settingsBytes, s); err != nil {
			return err
		}
		if _, err := readFrame(c.Out, kindReady, 0); err != nil {
			return err
		}
	}
	c.files++
	if err := writeJSON(c.In, kindJob, jobBytes, job); err != nil {
		return err
	}
	_, err := readFrame(c.Out, kindReady, 0)
	return err
}

// run sends the file and takes the answer. An error means that the child
// broke a limit, or that Body failed; the caller tells them apart by the
// source.
func (c *child) run(ctx context.Context, body *source) ([]byte, error) {
	c.timer = StartStopwatch(c.cfg.Limits.Timeout, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	if err := c.send(body); err != nil {
		return nil, err
	}
	return readFrame(c.Out, kindAnswer, c.cfg.AnswerBytes)
}

// send streams the file; the child's clock stands still while Body is read.
func (c *child) send(body *source) error {
	buf := make([]byte, chunkBytes)
	for {
		c.timer.Pause()
		n, err := body.next(buf)
		c.timer.Resume()
		if errors.Is(err, io.EOF) && body.err == nil {
			return writeFrame(c.In, kindEnd, nil)
		}
		if err != nil {
			return err
		}
		if err := writeFrame(c.In, kindData, buf[:n]); err != nil {
			return err
		}
	}
}

// problem says in one sentence what stopped a child that was ended. The words
// come from us: what the child wrote goes to the log alone.
func (c *child) problem(fault error) string {
	stderr := c.Stderr()
	switch code := c.ExitCode(); {
	case errors.Is(fault, errFrame):
		return "the reader's answer could not be used"
	case c.timer.Fired() || code == ExitTime:
		return fmt.Sprintf("reading the file took longer than %v", c.cfg.Limits.Timeout)
	case strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"),
		strings.Contains(stderr, "pthread_create failed"):
		return fmt.Sprintf("reading the file needed more than %d MiB of memory", c.cfg.Limits.MemoryBytes>>20)
	case strings.Contains(stderr, "stack overflow"), strings.Contains(stderr, "stack exceeds"):
		return "the file is nested too deeply to be read"
	}
	return "the reader stopped while reading the file"
}
