package worker

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// answers is our end of the pipe through which a child answers. Go's poller
// does not know it: each answer would wake a thread that waits there, on
// another core, beside the one that waits here. Close therefore does not
// interrupt a Read, which looks every now and then whether it was called.
// Close may be called at any time; the rest has one user.
type answers struct {
	file  *os.File
	conn  syscall.RawConn
	ready bool // await saw that something is there
}

// closedEvery is how often a Read looks whether it was closed.
const closedEvery = time.Second

// answerPipe makes such a pipe, and the end for the child.
func answerPipe() (*answers, *os.File, error) {
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	r, w := os.NewFile(uintptr(p[0]), "answers"), os.NewFile(uintptr(p[1]), "answers")
	conn, err := r.SyscallConn()
	if err != nil {
		return nil, nil, errors.Join(err, r.Close(), w.Close())
	}
	return &answers{file: r, conn: conn}, w, nil
}

// Read implements io.Reader.
func (a *answers) Read(b []byte) (int, error) {
	for !a.ready {
		err := a.conn.Control(func(fd uintptr) {
			ask := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(ask, int(closedEvery/time.Millisecond))
			a.ready = n > 0 || err != nil && !errors.Is(err, unix.EINTR)
		})
		if err != nil {
			return 0, err
		}
	}
	a.ready = false
	return a.file.Read(b)
}

// Close closes the pipe.
func (a *answers) Close() error { return a.file.Close() }

// await reports whether an answer comes within patience.
func (a *answers) await(patience time.Duration) bool {
	a.ready = await(a.conn, patience)
	return a.ready
}

// await reports whether something can be read within patience. Its thread
// sleeps meanwhile and keeps its place in Go's scheduler, as if it did the
// other side's work itself: to give the place away and to take it again a
// tenth of a millisecond later wakes two more threads, and costs more than
// many a file does. The scheduler can have the place at any time by a signal,
// which ends the waiting.
func await(conn syscall.RawConn, patience time.Duration) (ready bool) {
	limit := unix.NsecToTimespec(patience.Nanoseconds())
	err := conn.Control(func(fd uintptr) {
		ask := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&ask)), 1, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
		ready = errno == 0 && n > 0
	})
	return err == nil && ready
}
