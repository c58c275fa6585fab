package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is one running child process, used by one goroutine at a time except
// for kill and alive.
type child struct {
	cfg    Config
	cmd    *exec.Cmd
	in     *os.File // our end of its standard input
	out    *os.File // our end of its standard output
	stderr *tail

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
	c.group, err = contain(c.cmd.Process, cfg.Limits.MemoryBytes)
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

// prepare brings the child to the point where it begins with the file. A
// fresh child has StartTimeout for it, since it opens its engine first.
func (c *child) prepare(ctx context.Context, setup json.RawMessage, job jobMessage) error {
	limit := c.cfg.Limits.Timeout
	if c.files == 0 {
		limit = c.cfg.StartTimeout
	}
	c.timer = startStopwatch(limit, c.kill)
	defer c.timer.stop()
	defer context.AfterFunc(ctx, c.kill)()
	if c.files == 0 {
		s := settings{c.cfg.Limits, c.cfg.AnswerBytes, c.cfg.FileBytes, setup}
		if err := writeJSON(c.in, kindSettings, settingsBytes, s); err != nil {
			return err
		}
		if _, err := readFrame(c.out, kindReady, 0); err != nil {
			return err
		}
	}
	c.files++
	if err := writeJSON(c.in, kindJob, jobBytes, job); err != nil {
		return err
	}
	_, err := readFrame(c.out, kindReady, 0)
	return err
}

// run sends the file and takes the answer. An error means that the child
// broke a limit, or that Body failed; the caller tells them apart by the
// source.
func (c *child) run(ctx context.Context, body *source) ([]byte, error) {
	c.timer = startStopwatch(c.cfg.Limits.Timeout, c.kill)
	defer c.timer.stop()
	defer context.AfterFunc(ctx, c.kill)()
	if err := c.send(body); err != nil {
		return nil, err
	}
	return readFrame(c.out, kindAnswer, c.cfg.AnswerBytes)
}

// send streams the file; the child's clock stands still while Body is read.
func (c *child) send(body *source) error {
	buf := make([]byte, chunkBytes)
	for {
		c.timer.pause()
		n, err := body.next(buf)
		c.timer.resume()
		if errors.Is(err, io.EOF) && body.err == nil {
			return writeFrame(c.in, kindEnd, nil)
		}
		if err != nil {
			return err
		}
		if err := writeFrame(c.in, kindData, buf[:n]); err != nil {
			return err
		}
	}
}

// problem says in one sentence what stopped a child that was ended. The words
// come from us: what the child wrote goes to the log alone.
func (c *child) problem(fault error) string {
	stderr := c.stderr.String()
	switch code := c.cmd.ProcessState.ExitCode(); {
	case errors.Is(fault, errFrame):
		return "the reader's answer could not be used"
	case c.timer.fired() || code == exitTime:
		return fmt.Sprintf("reading the file took longer than %v", c.cfg.Limits.Timeout)
	case strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"),
		strings.Contains(stderr, "pthread_create failed"):
		return fmt.Sprintf("reading the file needed more than %d MiB of memory", c.cfg.Limits.MemoryBytes>>20)
	case strings.Contains(stderr, "stack overflow"), strings.Contains(stderr, "stack exceeds"):
		return "the file is nested too deeply to be read"
	}
	return "the reader stopped while reading the file"
}
