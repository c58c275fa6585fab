package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// child is one running child process, used by one goroutine at a time.
type child struct {
	*Process
	cfg      Config
	out      *bufio.Reader // of Process.Out
	window   *window       // nil when files go through the pipe
	place    place
	greeted  bool
	files    int       // files it was given
	briefing *Briefing // the last it was told
	timer    *Stopwatch
}

// start runs a fresh child; it takes over the window of the one it replaces,
// with the file in it.
func start(ctx context.Context, cfg Config, inherited *window) (c *child, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c = &child{cfg: cfg, window: inherited}
	if cfg.WindowBytes > 0 && inherited == nil {
		if c.window, err = openWindow(cfg.WindowBytes); err != nil {
			return nil, fmt.Errorf("starting a worker: %w", err)
		}
	}
	var files []*os.File
	if c.window != nil {
		files = c.window.files
	}
	if c.Process, err = StartProcess(cfg.Command, cfg.Limits.MemoryBytes, files...); err != nil {
		c.closeWindow()
		return nil, err
	}
	c.out = bufio.NewReaderSize(c.Process.Out, readBufferBytes)
	c.place = newPlace(c.PID())
	return c, nil
}

// End also gives back the window.
func (c *child) End() {
	c.Process.End()
	c.closeWindow()
}

func (c *child) closeWindow() {
	if c.window != nil {
		c.window.close()
		c.window = nil
	}
}

// opening is what a child is sent until it says that it begins with the file.
type opening struct {
	settings []byte    // only for a fresh child
	briefing *Briefing // only when it has another
	job      []byte    // a whole frame
}

// under runs a part of the conversation within limit and the context; what
// breaks either kills the child.
func (c *child) under(ctx context.Context, limit time.Duration, part func() error) error {
	c.timer = StartStopwatch(limit, c.Kill)
	defer c.timer.Stop()
	defer context.AfterFunc(ctx, c.Kill)()
	return part()
}

// greet waits until a fresh child has opened its engine.
func (c *child) greet(ctx context.Context, settings []byte) error {
	if c.greeted {
		return nil
	}
	return c.under(ctx, c.cfg.StartTimeout, func() error {
		if err := writeFrame(c.In, kindSettings, settings); err != nil {
			return err
		}
		if _, err := readFrame(c.out, kindReady, 0); err != nil {
			return err
		}
		c.greeted = true
		return nil
	})
}

// brief tells the child what it does not know yet.
func (c *child) brief(b *Briefing) error {
	if b == nil || b == c.briefing {
		return nil
	}
	if err := writeFrame(c.In, kindBriefing, b.message); err != nil {
		return err
	}
	c.briefing = b
	return nil
}

// prepare brings the child to the point where it begins with the file. The
// first parcel is sent before the child is ready: that saves waiting for each
// other, and the parcel is still there for another child.
func (c *child) prepare(ctx context.Context, o opening, first *parcel) error {
	if err := c.greet(ctx, o.settings); err != nil {
		return err
	}
	c.files++
	return c.under(ctx, c.cfg.Limits.Timeout, func() error {
		if err := c.brief(o.briefing); err != nil {
			return err
		}
		if _, err := c.In.Write(o.job); err != nil {
			return err
		}
		if _, err := c.In.Write(first.frames()); err != nil {
			return err
		}
		_, err := readFrame(c.out, kindReady, 0)
		return err
	})
}

// run sends the rest of the file and takes the answer. An error means that
// the child broke a limit, or that Body failed; the caller tells them apart by
// the source.
func (c *child) run(ctx context.Context, body *source, sent *parcel) (answer []byte, err error) {
	err = c.under(ctx, c.cfg.Limits.Timeout, func() error {
		if err := c.send(body, sent); err != nil {
			return err
		}
		answer, err = readFrame(c.out, kindAnswer, c.cfg.AnswerBytes)
		return err
	})
	return answer, err
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

// look has the child answer about the file that lies in the window.
func (c *child) look(ctx context.Context, o opening) (answer []byte, err error) {
	if err := c.greet(ctx, o.settings); err != nil {
		return nil, err
	}
	c.files++
	err = c.under(ctx, c.cfg.Limits.Timeout, func() error {
		if err := c.brief(o.briefing); err != nil {
			return err
		}
		if err := c.hand(o.job); err != nil {
			return err
		}
		answer, err = readFrame(c.out, kindAnswer, c.cfg.AnswerBytes)
		return err
	})
	return answer, err
}

// hand gives the child its job and waits a moment for the answer beside it. A
// child that takes longer goes where the kernel wants it.
func (c *child) hand(job []byte) error {
	c.place.enter()
	_, err := c.In.Write(job)
	answered := err == nil && c.Out.await(patience)
	c.place.leave()
	if !answered {
		c.place.free()
	}
	return err
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
