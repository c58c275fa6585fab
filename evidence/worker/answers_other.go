//go:build !linux

package worker

import (
	"os"
	"syscall"
	"time"
)

// answers is our end of the pipe through which a child answers. Close may be
// called at any time, and interrupts a Read.
type answers struct{ *os.File }

func answerPipe() (*answers, *os.File, error) {
	r, w, err := os.Pipe()
	return &answers{r}, w, err
}

// await leaves the waiting to the Read that follows.
func (*answers) await(time.Duration) bool { return false }

func await(syscall.RawConn, time.Duration) bool { return false }
