package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// seat is a file's place at a child, used by one goroutine. The child is told
// of two files one behind the other and answers in that order; who is first in
// line hears.
type seat struct {
	child  *child
	place  int // in the window
	weight int64
	number uint64 // of the file

	spoken bool        // the child may know of the file
	fresh  bool        // it was this file that started the child
	broken error       // why the child's program cannot be started
	begun  atomic.Bool // the child began with a file from the pipe
	timer  *Stopwatch  // of the file, from its turn on
}

// errEnded is for a child that another file has ended.
var errEnded = errors.New("the child has ended")

// room is where the file lies in the window.
func (s *seat) room() []byte {
	size := int(s.child.cfg.WindowBytes)
	return s.child.window.file[s.place*size:][:size:size]
}

// started reports whether the child began with the file.
func (s *seat) started() bool {
	return s.begun.Load() || s.child.began(s.number)
}

// condemn ends the child by this file's fault.
func (s *seat) condemn() { s.child.condemn(s.number) }

// fail ends a child that failed while it was this file's turn, or whose time
// was over.
func (s *seat) fail() {
	if s.started() {
		s.condemn()
	} else {
		s.child.condemn(nobody)
	}
}

// guilty reports whether the child ended through this file.
func (s *seat) guilty() bool {
	s.child.mu.Lock()
	defer s.child.mu.Unlock()
	return s.child.culprit == s.number
}

// look has the child answer about the file that lies in the window. An error
// means that it did not.
func (s *seat) look(ctx context.Context, o opening) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, s.condemn)()
	o.job[placeAt] = byte(s.place)
	err := s.open(o)
	s.exit() // the next file may be told of
	if err != nil {
		return nil, err
	}
	return s.listen(s.answer)
}

// stream sends the file through the pipe and has the child answer. The first
// parcel is sent before the child is ready: that saves waiting for each other,
// and the parcel is still there for another child. An error means that the
// child broke a limit, or that Body failed; the caller tells them apart by the
// source.
func (s *seat) stream(ctx context.Context, o opening, body *source, first *parcel) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.exit()
	defer context.AfterFunc(ctx, s.condemn)()
	if err := s.open(o); err != nil {
		return nil, err
	}
	return s.listen(func() ([]byte, error) {
		if _, err := s.child.process.In.Write(first.frames()); err != nil {
			return nil, err
		}
		if _, err := readFrame(s.child.out, kindReady, 0); err != nil {
			return nil, err
		}
		s.begun.Store(true)
		if err := s.send(body, first); err != nil {
			return nil, err
		}
		return s.answer()
	})
}

// enter waits until nobody else speaks to the child.
func (s *seat) enter(ctx context.Context) error {
	select {
	case s.child.speech <- struct{}{}:
		s.spoken = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *seat) exit() { <-s.child.speech }

// open tells the child of the file, after starting it where it was not.
func (s *seat) open(o opening) error {
	c := s.child
	switch {
	case c.greeted:
	case !c.Alive():
		return errEnded
	default:
		s.fresh = true
		if s.broken = c.start(); s.broken != nil {
			return s.broken
		}
		if err := c.greet(o.settings); err != nil {
			c.condemn(nobody) // for who waits to speak
			return err
		}
	}
	if err := c.tell(o); err != nil {
		return err
	}
	c.turns.join(c.turn[s.place])
	return nil
}

// listen waits for the file's turn and runs what is left of the conversation
// within the file's time. A child that failed is ended before the next file's
// turn, which must not take what is left in the pipe for its own answer.
func (s *seat) listen(rest func() ([]byte, error)) (answer []byte, err error) {
	c := s.child
	<-c.turn[s.place]
	defer c.turns.pass()
	s.timer = StartStopwatch(c.cfg.Limits.Timeout, s.fail)
	defer s.timer.Stop()
	if !c.sound() {
		return nil, errEnded
	}
	if answer, err = rest(); err != nil {
		s.fail()
	}
	return answer, err
}

func (s *seat) answer() ([]byte, error) {
	return readFrame(s.child.out, kindAnswer, s.child.cfg.AnswerBytes)
}

// send streams what follows the sent parcel; the clock stands still while Body
// is read.
func (s *seat) send(body *source, p *parcel) error {
	for !p.last {
		s.timer.Pause()
		err := p.fill(body)
		s.timer.Resume()
		if err != nil {
			return err
		}
		if _, err := s.child.process.In.Write(p.frames()); err != nil {
			return err
		}
	}
	return nil
}

// problem says in one sentence what stopped the child, which was ended. The
// words come from us: what the child wrote goes to the log alone.
func (s *seat) problem(fault error) string {
	cfg, stderr := s.child.cfg, s.child.Stderr()
	switch code := s.child.running().ExitCode(); {
	case errors.Is(fault, errAnswer) || errors.Is(fault, errFrame):
		return "the reader's answer could not be used"
	case s.timer.Fired() || code == ExitTime:
		return fmt.Sprintf("reading the file took longer than %v", cfg.Limits.Timeout)
	case code == ExitMemory, strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"),
		strings.Contains(stderr, "pthread_create failed"):
		return fmt.Sprintf("reading the file needed more than %d MiB of memory", cfg.Limits.MemoryBytes>>20)
	case strings.Contains(stderr, "stack overflow"), strings.Contains(stderr, "stack exceeds"):
		return "the file is nested too deeply to be read"
	}
	return "the reader stopped while reading the file"
}
