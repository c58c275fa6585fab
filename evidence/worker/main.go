package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// Engine turns a file and a request into an answer. It may change data. It
// should answer before the deadline, at which the parent kills the child. An
// error ends the child: what the file is guilty of belongs into the answer.
type Engine func(request json.RawMessage, data []byte, deadline time.Time) ([]byte, error)

// Child is a child's program. Only Open is required.
type Child struct {
	// Open makes the engine. It is called once, with the file system still
	// at hand.
	Open func(setup json.RawMessage) (Engine, error)
	// Brief takes a Job's Briefing, between two files, whenever the parent
	// has another one for this child; an error ends the child. A child
	// without Brief must not be sent one.
	Brief func(message []byte) error
	// ReuseBytes is for engines that keep nothing of data: a buffer of at
	// most so many bytes serves the next file as well. Without it every file
	// that comes through the pipe has memory of its own, and that of the one
	// before is given back to the system first.
	ReuseBytes int64
	// GCPercent, when set, is the collector's GOGC (runtime/debug). One above
	// its default of 100 suits many small files; the memory limit brings the
	// collector back before the hard limit is met.
	GCPercent int
}

// Main is a child with nothing but an engine: see Child.Serve.
func Main(in io.Reader, out io.Writer, open func(setup json.RawMessage) (Engine, error)) error {
	return Child{Open: open}.Serve(in, out)
}

// Serve opens the engine; then the process limits itself and reads one file
// after another until in ends. It returns an error when Open fails or when the
// parent does not keep to the conversation. The caller should exit when Serve
// returns.
//
// When in ends while a file is in work the process exits at once, so a child
// does not outlive its parent even if that was killed.
func (c Child) Serve(in io.Reader, out io.Writer) error {
	s := server{Child: c, in: bufio.NewReaderSize(in, readBufferBytes), out: out}
	if pipe, ok := in.(*os.File); ok {
		s.jobs, _ = pipe.SyscallConn() // without it nobody waits for jobs with patience
	}
	if err := s.begin(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	if pipe, ok := in.(*os.File); ok {
		if err := watch(pipe, s.orphaned); err != nil {
			return fmt.Errorf("worker: watching the parent: %w", err)
		}
	}
	if err := s.serve(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	return nil
}

// readBufferBytes holds a whole small frame; data goes past it.
const readBufferBytes = 64 << 10

func (s *server) begin() error {
	raw, err := readFrame(s.in, kindSettings, settingsBytes)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &s.settings); err != nil {
		return err
	}
	l := s.settings.Limits
	if l.Timeout <= 0 || l.MemoryBytes <= 0 || s.settings.AnswerBytes <= 0 || s.settings.FileBytes <= 0 {
		return fmt.Errorf("%w: settings without limits", errFrame)
	}
	if s.engine, err = s.Open(s.settings.Setup); err != nil {
		return fmt.Errorf("opening the engine: %w", err)
	}
	if s.settings.WindowBytes > 0 {
		if s.window, err = joinWindow(s.settings.WindowBytes); err != nil {
			return err
		}
		stay()
	}
	runtime.GC() // what opening needed is not held against the first file
	limitRuntime(l)
	if s.GCPercent > 0 {
		debug.SetGCPercent(s.GCPercent)
	}
	s.renew, err = LimitProcess(l)
	if err != nil {
		return fmt.Errorf("limiting the process: %w", err)
	}
	return nil
}

// limitRuntime sets what Go itself can limit.
func limitRuntime(l Limits) {
	runtime.GOMAXPROCS(1) // the pool has one child a processor
	runtime.MemProfileRate = 0
	debug.SetMemoryLimit(l.MemoryBytes / 4 * 3)
	// Stacks double, so the largest has 32 MiB; one of 64 beside the smaller ones
	// it came from would now and then not fit into 256 MiB.
	debug.SetMaxStack(48 << 20)
	time.Local = time.UTC // no time zone file is read
}

// server is the child's side of the conversation.
type server struct {
	Child
	in       *bufio.Reader
	jobs     syscall.RawConn // of the pipe that in reads; nil when it is none
	out      io.Writer
	engine   Engine
	settings settings
	window   *window // nil without one
	buf      []byte
	frame    []byte       // of the last small answer
	renew    func() error // grants processor time for one more file
	busy     atomic.Bool  // a file is in work
	alone    atomic.Bool  // the parent is gone
}

// orphaned ends a child in the middle of a file. One that waits meets the end
// of in by itself.
func (s *server) orphaned() {
	s.alone.Store(true)
	if s.busy.Load() {
		os.Exit(0)
	}
}

// serve answers jobs until in ends.
func (s *server) serve() error {
	if err := writeFrame(s.out, kindReady, nil); err != nil {
		return err
	}
	for {
		if s.jobs != nil && s.in.Buffered() == 0 {
			await(s.jobs, patience)
		}
		kind, length, err := readHead(s.in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.take(kind, length); err != nil {
			return err
		}
	}
}

// take does what one frame, and what belongs to it, asks for.
func (s *server) take(kind byte, length int64) error {
	switch {
	case kind == kindBriefing && length <= BriefingBytes && s.Brief != nil:
		raw, err := readPayload(s.in, length)
		if err != nil {
			return err
		}
		return s.Brief(raw)
	case (kind == kindJob || kind == kindLook && s.window != nil) && length <= jobBytes:
		s.busy.Store(true)
		if s.alone.Load() {
			return io.ErrUnexpectedEOF
		}
		defer s.busy.Store(false)
		return s.takeJob(kind, length)
	}
	return fmt.Errorf("%w: kind %q with %d bytes", errFrame, kind, length)
}

// takeJob answers one file.
func (s *server) takeJob(kind byte, length int64) error {
	raw, err := readPayload(s.in, length)
	if err != nil {
		return err
	}
	limit := s.settings.FileBytes
	if kind == kindLook {
		limit = min(limit, s.settings.WindowBytes)
	}
	job, err := decodeJob(kind, raw, limit)
	if err != nil {
		return err
	}
	if s.renew != nil {
		if err := s.renew(); err != nil {
			return err
		}
	}
	if kind == kindLook {
		s.window.ticket.Store(job.number)
		return s.answer(job.request, s.window.file[:job.size:job.size])
	}
	if err := writeFrame(s.out, kindReady, nil); err != nil {
		return err
	}
	data, err := s.takeFile(job.size)
	if err != nil {
		return err
	}
	return s.answer(job.request, data)
}

// room returns an empty buffer for a file. The hard limit counts memory that
// the collector has not found yet, so what is not reused is given back first.
func (s *server) room(size int64) []byte {
	if int64(cap(s.buf)) > s.ReuseBytes || s.ReuseBytes <= 0 {
		// The place of a large buffer may be too small for the next one as
		// soon as something else lies in it.
		s.buf = nil
		debug.FreeOSMemory()
	}
	if int64(cap(s.buf)) < size {
		s.buf = make([]byte, 0, size)
	}
	return s.buf[:0]
}

// takeFile collects the file.
func (s *server) takeFile(size int64) ([]byte, error) {
	buf := s.room(size)
	for {
		kind, length, err := readHead(s.in)
		if err != nil {
			return nil, noEOF(err)
		}
		have := int64(len(buf))
		switch {
		case kind == kindEnd && length == 0 && have == size:
			return buf, nil
		case kind == kindData && length > 0 && length <= chunkBytes && have+length <= size:
			buf = buf[:have+length]
			if _, err := io.ReadFull(s.in, buf[have:]); err != nil {
				return nil, noEOF(err)
			}
		default:
			return nil, fmt.Errorf("%w: kind %q with %d bytes after %d of %d", errFrame, kind, length, have, size)
		}
	}
}

func (s *server) answer(request, data []byte) error {
	answer, err := s.engine(request, data, time.Now().Add(s.settings.Limits.Timeout))
	if err != nil {
		return err
	}
	if int64(len(answer)) > s.settings.AnswerBytes {
		return fmt.Errorf("an answer of %d bytes, more than %d", len(answer), s.settings.AnswerBytes)
	}
	if len(answer) > readBufferBytes {
		return writeFrame(s.out, kindAnswer, answer)
	}
	s.frame = append(append(s.frame[:0], frameHead(kindAnswer, len(answer))...), answer...)
	_, err = s.out.Write(s.frame)
	return err
}
