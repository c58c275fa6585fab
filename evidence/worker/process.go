package worker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Exit codes by which a child says what it lacked.
const (
	// ExitTime is that of a child limited by LimitProcess whose processor
	// time is used up.
	ExitTime = 70
	// ExitMemory is for an engine that was refused memory.
	ExitMemory = 71
)

// Process is a child process with nothing but its pipes: no environment, a
// group of its own, and on Windows a job object with its memory limit. What
// else it may use it must give up itself, with LimitProcess. Kill, Alive and
// Stderr may be called concurrently.
type Process struct {
	In  *os.File // our end of its standard input
	Out *answers // our end of its standard output

	cmd      *exec.Cmd
	stderr   *tail
	killOnce sync.Once
	endOnce  sync.Once
	group    processGroup
	done     chan struct{} // closed when the process is reaped
}

// StartProcess runs a program. It fails only when that cannot be started. The
// program inherits the files, from descriptor 3 on (not on Windows).
func StartProcess(command []string, memoryBytes int64, files ...*os.File) (*Process, error) {
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	outRead, outWrite, err := answerPipe()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", errors.Join(err, inRead.Close(), inWrite.Close()))
	}
	p := &Process{In: inWrite, Out: outRead, stderr: &tail{}, done: make(chan struct{})}
	widen(inWrite)
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Env = environment()
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = inRead, outWrite, p.stderr
	p.cmd.ExtraFiles = files
	p.cmd.WaitDelay = time.Second // for a descendant that keeps standard error open
	p.cmd.SysProcAttr = processAttributes()
	err = startCalm(p.cmd)
	inRead.Close()
	outWrite.Close()
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", errors.Join(err, inWrite.Close(), outRead.Close()))
	}
	p.group, err = contain(p.cmd.Process, memoryBytes)
	go func() {
		_ = p.cmd.Wait() // the exit state is read from ProcessState
		close(p.done)
	}()
	if err != nil {
		p.End()
		return nil, fmt.Errorf("limiting a worker: %w", err)
	}
	return p, nil
}

// PID is the process's id, also after its end.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Alive reports whether the process has not been reaped yet.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Kill ends the process at once and unblocks whoever reads or writes its
// pipes; a reader within a second, should another process have the other end.
// It may be called more than once.
func (p *Process) Kill() {
	p.killOnce.Do(func() {
		p.group.kill(p.cmd.Process)
		p.In.Close()
		p.Out.Close()
	})
}

// End kills the process and waits until it is reaped. Afterwards no kill can
// be under way, so the group's handle may go.
func (p *Process) End() {
	p.Kill()
	<-p.done
	p.endOnce.Do(p.group.release)
}

// ExitCode is the code of a process that was ended, -1 when a signal did it.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Stderr returns the first 4 KiB of what the process wrote to standard error.
func (p *Process) Stderr() string { return p.stderr.String() }

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
