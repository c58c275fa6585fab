//go:build amd64 || arm64

package worker

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls are the system calls a child needs once it has opened its engine:
// those of Go's runtime (and of the C library in programs built with cgo) for
// memory, threads, signals and time, and what reads and writes open files.
// Everything else is refused with EPERM, above all opening files, sockets,
// programs, tracing, and whatever a later kernel brings. calls of one
// architecture alone stand in archCalls.
var calls = append([]uint32{
	unix.SYS_READ, unix.SYS_READV, unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_PPOLL,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_PWAIT2, unix.SYS_EVENTFD2,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK, unix.SYS_MEMBARRIER,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_RESTART_SYSCALL,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETPPID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY,
	unix.SYS_GETRUSAGE, unix.SYS_GETRANDOM, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}, archCalls...)

// Offsets in struct seccomp_data (seccomp(2)); the lower half of an argument
// comes first on both architectures.
const (
	dataNumber = 0
	dataArch   = 4
	dataArgs   = 16
)

const (
	prSetVMA   = 0x53564d41 // PR_SET_VMA: the runtime names its memory
	x32        = 0x40000000 // set in the numbers of amd64's other interface
	allow      = unix.SECCOMP_RET_ALLOW
	refuse     = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	notThere   = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	killed     = unix.SECCOMP_RET_KILL_PROCESS
	loadWord   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	jumpEqual  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpBits   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	jumpAtMost = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	answerWith = unix.BPF_RET | unix.BPF_K
)

// filter is the program in the kernel's language: it answers each system call
// with allow, refuse, notThere or killed.
func filter(pid uint32) []unix.SockFilter {
	var p []unix.SockFilter
	step := func(code uint16, k uint32, yes, no uint8) {
		p = append(p, unix.SockFilter{Code: code, Jt: yes, Jf: no, K: k})
	}
	end := func(answer uint32) { step(answerWith, answer, 0, 0) }
	argument := func(n int) { step(loadWord, uint32(dataArgs+8*n), 0, 0) }
	// when begins the steps for one call, of which there are so many.
	when := func(call uint32, steps uint8) { step(jumpEqual, call, 0, steps) }

	step(loadWord, dataArch, 0, 0)
	step(jumpEqual, auditArch, 1, 0)
	end(killed)
	step(loadWord, dataNumber, 0, 0)
	step(jumpAtMost, x32, 0, 1)
	end(refuse)
	for _, call := range calls {
		when(call, 1)
		end(allow)
	}
	when(unix.SYS_CLONE, 4) // threads, no processes
	argument(0)
	step(jumpBits, unix.CLONE_THREAD, 0, 1)
	end(allow)
	end(refuse)
	when(unix.SYS_CLONE3, 1) // its flags cannot be seen here; the C library then uses clone
	end(notThere)
	for _, call := range []uint32{unix.SYS_KILL, unix.SYS_TGKILL} { // itself only
		when(call, 4)
		argument(0)
		step(jumpEqual, pid, 0, 1)
		end(allow)
		end(refuse)
	}
	when(unix.SYS_PRCTL, 4)
	argument(0)
	step(jumpEqual, prSetVMA, 0, 1)
	end(allow)
	end(refuse)
	when(unix.SYS_FCNTL, 4) // to look: others make the kernel send signals
	argument(1)
	step(jumpEqual, unix.F_GETFL, 0, 1)
	end(allow)
	end(refuse)
	when(unix.SYS_PRLIMIT64, 6) // its own processor time, which is renewed
	argument(0)
	step(jumpEqual, 0, 0, 3)
	argument(1)
	step(jumpEqual, unix.RLIMIT_CPU, 0, 1)
	end(allow)
	end(refuse)
	end(refuse)
	return p
}

// deny takes all other system calls away from every thread of the process,
// for good: the third wall behind the limits and Landlock, and the only one
// for sockets that are not TCP. false means that the kernel has no seccomp or
// does not let us. The process must have no_new_privs.
func deny() bool {
	steps := filter(uint32(os.Getpid()))
	prog := unix.SockFprog{Len: uint16(len(steps)), Filter: &steps[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	return errno == 0 && thread == 0
}
