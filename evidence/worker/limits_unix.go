//go:build unix

package worker

import (
	"os"
	"syscall"
)

// environment is empty: a child needs nothing from it, and must not learn
// what it holds.
func environment() []string { return []string{} }

// processAttributes puts the child in a process group of its own: a Ctrl-C on
// the terminal is for the parent, and one signal reaches every descendant.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// processGroup is the child's process group, which has the child's id.
type processGroup struct{}

func contain(*os.Process, int64) (processGroup, error) { return processGroup{}, nil }

// kill ends the group first, then the process in case it left the group. The
// process is reaped by one goroutine only, which os.Process tells apart from
// a later process with the same id.
func (processGroup) kill(p *os.Process) {
	if p.Signal(syscall.Signal(0)) == nil {
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
	_ = p.Kill() // already dead is fine
}

func (processGroup) release() {}
