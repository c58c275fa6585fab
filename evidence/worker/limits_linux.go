package worker

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// LimitProcess sets the child's own hard limits and returns the function that
// grants processor time for one more file. RLIMIT_DATA counts private writable
// mappings, so the Go heap and mmap alike (getrlimit(2), since Linux 4.7).
func LimitProcess(s Limits) (renew func() error, err error) {
	hard := func(resource int, value uint64) {
		if e := unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}); e != nil {
			err = errors.Join(err, fmt.Errorf("resource %d to %d: %w", resource, value, e))
		}
	}
	hard(unix.RLIMIT_DATA, uint64(s.MemoryBytes)+Instrumentation())
	hard(unix.RLIMIT_CORE, 0)
	hard(unix.RLIMIT_FSIZE, 0)
	hard(unix.RLIMIT_NOFILE, 16)
	if err != nil {
		return nil, err
	}
	if err := noNewPrivileges(); err != nil {
		return nil, err
	}
	lockIn() // where the kernel has it
	exitOnCPULimit()
	return func() error { return grantCPU(s.Timeout) }, nil
}

// widen makes room in a pipe for most files as a whole, which saves switching
// between the processes. Where the system refuses, it only takes longer.
func widen(pipe *os.File) {
	if conn, err := pipe.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
}

// noNewPrivileges holds for the calling thread and the threads it starts. In
// a program built with cgo it cannot be set for the threads that run already.
func noNewPrivileges() error {
	_, _, errno := syscall.AllThreadsSyscall6(syscall.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errno == syscall.ENOTSUP { // see lockIn for the thread that counts
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// exitOnCPULimit ends the process when the kernel says that the processor
// time is used up; Go ignores that signal otherwise.
func exitOnCPULimit() {
	spent := make(chan os.Signal, 1)
	signal.Notify(spent, syscall.SIGXCPU)
	go func() {
		<-spent
		os.Exit(ExitTime)
	}()
}

// grantCPU moves the soft limit, which counts from the start of the process,
// to one timeout from now.
func grantCPU(timeout time.Duration) error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return err
	}
	soft := uint64(used.Utime.Sec+used.Stime.Sec) + uint64(timeout/time.Second) + 2
	return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: soft, Max: unix.RLIM_INFINITY})
}
