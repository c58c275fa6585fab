package tesseract

import (
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// contain puts the program into a process group of its own, which is killed
// as a whole.
func contain(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// limit bounds memory and processor time of a program that runs already; it
// has not read the picture yet when it matters. A program that ended before
// has no limits to set.
func limit(pid int, timeout time.Duration) {
	set := func(resource int, value uint64) {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: value, Max: value}, nil)
	}
	set(unix.RLIMIT_DATA, memoryBytes)
	set(unix.RLIMIT_CPU, uint64(timeout/time.Second)+2)
	set(unix.RLIMIT_CORE, 0)
}

func systemEnvironment() []string { return []string{"PATH=/usr/bin:/bin"} }
