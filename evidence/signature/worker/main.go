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
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/worker"
)

// exitMemory is the exit code by which a child says that its memory is used
// up.
const exitMemory = 71

// readBufferBytes holds a whole small frame; data goes past it.
const readBufferBytes = 64 << 10

// Main is the child: it limits its own process, then reads and judges one
// file after another until in ends. It returns an error when the parent does
// not keep to the conversation. The caller should exit when Main returns.
//
// When in ends while a file is in work the process exits at once, so a child
// does not outlive its parent even if that was killed.
func Main(in io.Reader, out io.Writer) error {
	s := server{in: bufio.NewReaderSize(in, readBufferBytes), out: out, engine: defaultEngine, orphaned: func() { os.Exit(0) }}
	limits, err := s.settings()
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	limitRuntime(limits)
	s.renew, err = worker.LimitProcess(worker.Limits{Timeout: limits.Timeout, MemoryBytes: limits.MemoryBytes})
	if err != nil {
		return fmt.Errorf("worker: limiting the process: %w", err)
	}
	if err := s.serve(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	return nil
}

// limitRuntime sets what Go itself can limit. A collector that runs less often
// than by default suits many small files; the memory limit brings it back
// before the hard limit is met.
func limitRuntime(s settings) {
	runtime.GOMAXPROCS(1) // the pool has one child a processor
	debug.SetMemoryLimit(s.MemoryBytes / 4 * 3)
	debug.SetGCPercent(400)
	debug.SetMaxStack(64 << 20)
	time.Local = time.UTC // no time zone file is read
}

// server is the child's side of the conversation.
type server struct {
	in       *bufio.Reader
	out      io.Writer
	engine   engine
	limits   settings
	judge    judgment // by the last briefing; nil before anything is judged
	buf      []byte
	renew    func() error // grants processor time for one more file
	orphaned func()       // called when in ends in the middle of a file
}

// task is a file that arrived completely.
type task struct {
	job  jobMessage
	data []byte
}

func (s *server) settings() (settings, error) {
	raw, err := readFrame(s.in, kindSettings, settingsBytes)
	if err != nil {
		return settings{}, err
	}
	if err := json.Unmarshal(raw, &s.limits); err != nil {
		return settings{}, err
	}
	if s.limits.Timeout <= 0 || s.limits.MemoryBytes <= 0 || s.limits.AnswerBytes <= 0 || s.limits.FileBytes <= 0 {
		return settings{}, fmt.Errorf("%w: settings without limits", errFrame)
	}
	return s.limits, nil
}

// serve answers jobs until in ends. One goroutine keeps reading in, so that
// the end of the parent is seen while a file is in work.
func (s *server) serve() error {
	if err := writeFrame(s.out, kindReady, nil); err != nil {
		return err
	}
	tasks, idle, failed := make(chan task), make(chan struct{}, 1), make(chan error, 1)
	go func() {
		failed <- s.receive(tasks, idle)
		close(tasks)
	}()
	for t := range tasks {
		if err := s.answer(t); err != nil {
			return err
		}
		idle <- struct{}{}
	}
	if err := <-failed; !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// receive reads frames and hands over each complete file. It blocks in a read
// while the file is in work: what it then sees is either the next frame after
// our answer, or the end of the parent.
func (s *server) receive(tasks chan<- task, idle <-chan struct{}) error {
	for {
		kind, length, err := readHead(s.in)
		if err != nil {
			return err
		}
		switch {
		case kind == kindBriefing && length <= briefingBytes:
			err = s.takeBriefing(length)
		case kind == kindJob && length <= jobBytes:
			var t task
			if t, err = s.takeJob(length); err == nil {
				tasks <- t
				err = s.waitIdle(idle)
			}
		default:
			err = fmt.Errorf("%w: kind %q with %d bytes", errFrame, kind, length)
		}
		if err != nil {
			return err
		}
	}
}

// waitIdle waits for the answer to be written, or for the parent to be gone.
// A frame that arrives before the answer is not part of the conversation, but
// it proves that the parent lives; it is read afterwards.
func (s *server) waitIdle(idle <-chan struct{}) error {
	_, err := s.in.Peek(1)
	select {
	case <-idle:
		return nil // an error is met again by the next read
	default:
	}
	if err != nil {
		s.orphaned()
	}
	<-idle
	return nil
}

func (s *server) takeBriefing(length int64) error {
	raw, err := readPayload(s.in, length)
	if err != nil {
		return err
	}
	var b briefingMessage
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	s.judge = s.engine.prepare(b.Material, b.Policy)
	return nil
}

// takeJob announces readiness and collects the file.
func (s *server) takeJob(length int64) (task, error) {
	raw, err := readPayload(s.in, length)
	if err != nil {
		return task{}, err
	}
	var t task
	if err := json.Unmarshal(raw, &t.job); err != nil {
		return task{}, err
	}
	if t.job.Size < 0 || t.job.Size > s.limits.FileBytes {
		return task{}, fmt.Errorf("%w: a file of %d bytes", errFrame, t.job.Size)
	}
	if s.renew != nil {
		if err := s.renew(); err != nil {
			return task{}, err
		}
	}
	if err := writeFrame(s.out, kindReady, nil); err != nil {
		return task{}, err
	}
	t.data, err = s.takeFile(t.job.Size)
	return t, err
}

// reuseBytes is the largest buffer that is kept for the next file.
const reuseBytes = 4 << 20

// takeFile collects the file. The hard limit counts memory that the collector
// has not found yet, so a large buffer is given back before the next one.
func (s *server) takeFile(size int64) ([]byte, error) {
	if cap(s.buf) > reuseBytes {
		s.buf = nil
		runtime.GC()
	}
	if int64(cap(s.buf)) < size {
		s.buf = make([]byte, 0, size)
	}
	s.buf = s.buf[:0]
	for {
		kind, length, err := readHead(s.in)
		if err != nil {
			return nil, err
		}
		have := int64(len(s.buf))
		switch {
		case kind == kindEnd && length == 0 && have == size:
			return s.buf, nil
		case kind == kindData && length > 0 && length <= chunkBytes && have+length <= size:
			s.buf = s.buf[:have+length]
			if _, err := io.ReadFull(s.in, s.buf[have:]); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%w: kind %q with %d bytes after %d of %d", errFrame, kind, length, have, size)
		}
	}
}

// answer reads, judges and replies. An answer that is too long is replaced by
// facts that say so: that is a property of the file.
func (s *server) answer(t task) error {
	facts := s.engine.read(t.data)
	raw, err := s.encode(facts, t.job)
	if err != nil {
		return err
	}
	if int64(len(raw)) > s.limits.AnswerBytes {
		facts = signature.Facts{
			Reader: facts.Reader, SHA256: facts.SHA256, Size: facts.Size, Format: facts.Format,
			Condition: signature.OverLimit,
			Problem:   fmt.Sprintf("what was found in the file takes more than %d bytes", s.limits.AnswerBytes),
		}
		if raw, err = s.encode(facts, t.job); err != nil {
			return err
		}
	}
	return writeFrame(s.out, kindAnswer, raw)
}

func (s *server) encode(facts signature.Facts, job jobMessage) ([]byte, error) {
	if s.judge == nil {
		s.judge = s.engine.prepare(signature.Material{}, signature.Policy{})
	}
	return json.Marshal(answerMessage{facts, s.judge(facts, job.Proofs, job.At)})
}
