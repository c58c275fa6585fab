package worker

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// place keeps a child on the core of the thread that hands it a file, while
// that thread waits for the answer. The two never work at the same time, and
// a file that was just copied lies in the caches of that core: left alone,
// the kernel would wake each of them on another, idle one. One pair has a core
// at a time; others are left to the kernel. Where it refuses, files only take
// longer. It has one user at a time.
type place struct {
	pid   int         // the child's, and that of the thread that serves in it
	core  int         // that the child is held to; none: -1
	claim int         // the core that this pair has; none: -1
	alone bool        // our own thread is held too
	mask  unix.CPUSet // where it may run otherwise, and the child as well
}

// cores are those that a pair has, by number.
var cores [len(unix.CPUSet{}) * 64]atomic.Bool

// pairs is the number of threads that wait for a child.
var pairs atomic.Int32

func newPlace(pid int) place { return place{pid: pid, core: -1, claim: -1} }

// near reports whether the child last worked where the caller runs.
func (p *place) near(core int) bool { return p.core == core }

// enter brings the child here. The calling goroutine keeps its thread until
// leave. With no other pair around, the thread stays too: the kernel would
// wake it on an idle core. With others, it is the kernel that spreads them.
func (p *place) enter() {
	runtime.LockOSThread()
	first := pairs.Add(1) == 1
	core := currentCore()
	if core < 0 || core >= len(cores) || !cores[core].CompareAndSwap(false, true) {
		p.free()
		return
	}
	p.claim = core
	var here unix.CPUSet
	here.Set(core)
	p.alone = p.bring(core, &here) && first && unix.SchedSetaffinity(0, &here) == nil
}

// bring holds the child to a core, and reports whether it is.
func (p *place) bring(core int, here *unix.CPUSet) bool {
	if p.core == core {
		return true
	}
	if p.core < 0 && unix.SchedGetaffinity(0, &p.mask) != nil {
		return false
	}
	if unix.SchedSetaffinity(p.pid, here) != nil {
		return false
	}
	p.core = core
	return true
}

// leave ends the waiting.
func (p *place) leave() {
	if p.alone {
		_ = unix.SchedSetaffinity(0, &p.mask) // it was allowed before
		p.alone = false
	}
	if p.claim >= 0 {
		cores[p.claim].Store(false)
		p.claim = -1
	}
	pairs.Add(-1)
	runtime.UnlockOSThread()
}

// free lets the child run anywhere.
func (p *place) free() {
	if p.core >= 0 {
		_ = unix.SchedSetaffinity(p.pid, &p.mask) // or it has ended
		p.core = -1
	}
}

// currentCore is the number of the core that the caller runs on; -1 when the
// kernel does not say.
func currentCore() int {
	var core uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&core)), 0, 0); errno != 0 {
		return -1
	}
	return int(core)
}

// stay keeps the serving goroutine of a child on the thread that the parent
// knows by the process's number, when it is on it.
func stay() {
	if unix.Gettid() == unix.Getpid() {
		runtime.LockOSThread()
	}
}
