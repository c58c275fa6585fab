package worker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	"unsafe"

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
	deny() // likewise
	g := grant{timeout: s.Timeout}
	return g.renew, nil
}

// calmNanoseconds is how much later than asked a child may be woken by a
// timer.
const calmNanoseconds = 10_000_000

// startCalm starts a program whose timers are coarse and which, when it wakes,
// interrupts nobody. Go's runtime looks after its threads every 20 µs when a
// program works in short bursts as children do; that takes a tenth of their
// processor time and is of no use to them. And a child with a file ready is in
// no hurry beside a database or a store of objects on the same processors,
// whose caches each interruption empties. Both are inherited from the thread
// that starts a program (prctl(2), PR_SET_TIMERSLACK; sched(7), SCHED_BATCH).
// Where they cannot be set, the program just starts.
func startCalm(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if before, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err == nil {
		if unix.Prctl(unix.PR_SET_TIMERSLACK, calmNanoseconds, 0, 0, 0) == nil {
			defer unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(before), 0, 0, 0)
		}
	}
	if own, _, errno := unix.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0); errno == 0 && own == unix.SCHED_NORMAL && schedule(unix.SCHED_BATCH) {
		defer schedule(own)
	}
	return cmd.Start()
}

// schedule sets the policy of the calling thread, with the older call: a unit
// with RestrictRealtime (systemd.exec(5)) refuses sched_setattr(2) whatever it
// asks for.
func schedule(policy uintptr) bool {
	priority := int32(0) // the one there is for policies without
	_, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, policy, uintptr(unsafe.Pointer(&priority)))
	return errno == 0
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

// grant is what a child may use of the processor.
type grant struct {
	timeout time.Duration
	soft    uint64 // the limit in seconds since the start of the process
}

// renew moves the soft limit so that it is more than a timeout away. It lets
// it stand while it is, since many small files come within a second.
func (g *grant) renew() error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return err
	}
	need := uint64(used.Utime.Sec+used.Stime.Sec) + uint64(g.timeout/time.Second) + 2
	if g.soft >= need {
		return nil
	}
	g.soft = need + 1
	return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: g.soft, Max: unix.RLIM_INFINITY})
}
