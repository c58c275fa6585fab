package worker

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"sync"
)

// places is how many files lie in a child's window at the same time: the child
// looks at one while the next is laid down and told of.
const places = 2

// nobody is the culprit when a child ended through none of its files.
const nobody = math.MaxUint64

// child is one child process. It starts with its first file.
type child struct {
	cfg    Config
	window *window // nil when files go through the pipe
	turns  queue   // of those who are to hear an answer
	turn   [places]chan struct{}

	// Whoever writes to the child holds speech, which guards what follows.
	speech   chan struct{}
	greeted  bool
	briefing *Briefing     // the last it was told
	out      *bufio.Reader // of process.Out; read by whose turn it is

	mu      sync.Mutex
	process *Process // guarded by mu; nil before the first file
	culprit uint64   // guarded by mu; whose fault the end is, 0 while there is none
	closed  bool     // guarded by mu; the window is given back

	// Guarded by the pool.
	load  int64 // weights of the files it has
	files int   // files it was given
	taken [places]bool
}

func newChild(cfg Config) (c *child, err error) {
	c = &child{cfg: cfg, speech: make(chan struct{}, 1)}
	for i := range c.turn {
		c.turn[i] = make(chan struct{}, 1)
	}
	if cfg.WindowBytes > 0 {
		if c.window, err = openWindow(places * cfg.WindowBytes); err != nil {
			return nil, fmt.Errorf("starting a worker: %w", err)
		}
	}
	return c, nil
}

// start runs the process.
func (c *child) start() error {
	var files []*os.File
	if c.window != nil {
		files = c.window.files
	}
	process, err := StartProcess(c.cfg.Command, c.cfg.Limits.MemoryBytes, files...)
	if err != nil {
		return err
	}
	c.out = bufio.NewReaderSize(process.Out, readBufferBytes)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = process
	return nil
}

func (c *child) running() *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process
}

// Alive reports whether the child can be given files, as far as is known.
func (c *child) Alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.culprit == 0 && (c.process == nil || c.process.Alive())
}

// sound reports whether nobody has ended the child.
func (c *child) sound() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.culprit == 0
}

// Stderr is what the process wrote there.
func (c *child) Stderr() string {
	if p := c.running(); p != nil {
		return p.Stderr()
	}
	return ""
}

// End ends the process, if there is one.
func (c *child) End() {
	if p := c.running(); p != nil {
		p.End()
	}
}

// close ends the child and gives back the window. Nobody has a place there.
func (c *child) close() {
	c.End()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.window != nil {
		c.window.close()
	}
	c.closed = true
}

// began reports whether the child took the ticket of a file in the window. A
// stopwatch may still ask when the child is closed.
func (c *child) began(number uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.window != nil && !c.closed && c.window.started(number)
}

// condemn kills the child; the first who does so is the culprit.
func (c *child) condemn(culprit uint64) {
	c.mu.Lock()
	if c.culprit == 0 {
		c.culprit = culprit
	}
	p := c.process
	c.mu.Unlock()
	if p != nil {
		p.Kill()
	}
}

// opening is what a child is sent until it begins with the file.
type opening struct {
	settings []byte    // only for a fresh child
	briefing *Briefing // only when it has another
	job      []byte    // a whole frame
}

// greet has a fresh process open its engine and waits for that.
func (c *child) greet(settings []byte) error {
	defer StartStopwatch(c.cfg.StartTimeout, func() { c.condemn(nobody) }).Stop()
	if err := writeFrame(c.process.In, kindSettings, settings); err != nil {
		return err
	}
	if _, err := readFrame(c.out, kindReady, 0); err != nil {
		return err
	}
	c.greeted = true
	return nil
}

// tell writes a job, and before it what the child does not know yet. Files
// before this one may take their time first.
func (c *child) tell(o opening) error {
	defer StartStopwatch(places*c.cfg.Limits.Timeout, func() { c.condemn(nobody) }).Stop()
	if o.briefing != nil && o.briefing != c.briefing {
		if err := writeFrame(c.process.In, kindBriefing, o.briefing.message); err != nil {
			return err
		}
		c.briefing = o.briefing
	}
	_, err := c.process.In.Write(o.job)
	return err
}

// full reports whether there is no place left.
func (c *child) full() bool { return c.taken == [places]bool{true, true} }

// seat takes a place for a file.
func (c *child) seat(weight int64, number uint64) *seat {
	s := &seat{child: c, weight: weight, number: number}
	for c.taken[s.place] {
		s.place++
	}
	c.taken[s.place] = true
	c.load += weight
	c.files++
	return s
}

// give takes a place back.
func (c *child) give(s *seat) {
	c.taken[s.place] = false
	c.load -= s.weight
}

// queue is the order in which answers come.
type queue struct {
	mu      sync.Mutex
	waiting []chan struct{} // guarded by mu; the first has its turn
}

// join stands in line; turn is sent to when it is there.
func (q *queue) join(turn chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, turn)
	if len(q.waiting) == 1 {
		turn <- struct{}{}
	}
}

// pass ends the turn of the first.
func (q *queue) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	copy(q.waiting, q.waiting[1:])
	q.waiting = q.waiting[:len(q.waiting)-1]
	if len(q.waiting) > 0 {
		q.waiting[0] <- struct{}{}
	}
}
