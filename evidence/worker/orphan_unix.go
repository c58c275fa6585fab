//go:build unix

package worker

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// watch calls gone when the other end of in, a pipe, is closed, whether or not
// somebody reads in at that moment. It asks for no event, and the end of a
// pipe is the only one that is then told (poll(2), POLLHUP): between the
// beginning and the end of a child it costs nothing.
func watch(in *os.File, gone func()) error {
	conn, err := in.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(func(fd uintptr) {
		go func() {
			ask := []unix.PollFd{{Fd: int32(fd)}}
			for {
				n, err := unix.Poll(ask, -1)
				if n > 0 || (err != nil && !errors.Is(err, unix.EINTR)) {
					gone()
					return
				}
			}
		}()
	})
}
