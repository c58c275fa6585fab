package worker

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// environment holds only what Windows needs to start a program at all.
func environment() []string {
	root, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return []string{}
	}
	return []string{"SYSTEMROOT=" + root}
}

// processAttributes keeps a Ctrl-C of the console for the parent and shows no
// window.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

// processGroup is a job object: it ends the child when the last handle is
// closed, so also when the parent dies.
type processGroup struct{ job windows.Handle }

// contain puts the child into a job with a memory limit. No byte of a file
// has been sent yet.
func contain(p *os.Process, memoryBytes int64) (processGroup, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return processGroup{}, fmt.Errorf("creating a job object: %w", err)
	}
	g := processGroup{job}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{ProcessMemoryLimit: uintptr(memoryBytes)}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
		windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
		windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
	info.BasicLimitInformation.ActiveProcessLimit = 1
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		return g, fmt.Errorf("limiting a job object: %w", err)
	}
	var assigned error
	err = p.WithHandle(func(h uintptr) { assigned = windows.AssignProcessToJobObject(job, windows.Handle(h)) })
	if err == nil {
		err = assigned
	}
	if err != nil {
		return g, fmt.Errorf("assigning a worker to its job object: %w", err)
	}
	return g, nil
}

func (g processGroup) kill(p *os.Process) {
	if g.job != 0 {
		_ = windows.TerminateJobObject(g.job, 1)
	}
	_ = p.Kill() // already dead is fine
}

func (g processGroup) release() {
	if g.job != 0 {
		_ = windows.CloseHandle(g.job)
	}
}

// LimitProcess has nothing to add: the job object was set by the parent.
func LimitProcess(Limits) (renew func() error, err error) {
	return func() error { return nil }, nil
}

// startCalm starts a program.
func startCalm(cmd *exec.Cmd) error { return cmd.Start() }

// widen does nothing here.
func widen(*os.File) {}
