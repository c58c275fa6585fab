//go:build unix && !linux

package worker

import (
	"os"
	"os/exec"
)

// LimitProcess sets nothing: only Linux and Windows are supported, elsewhere
// the wall clock and the Go memory limit remain.
func LimitProcess(Limits) (renew func() error, err error) {
	return func() error { return nil }, nil
}

// startCalm starts a program.
func startCalm(cmd *exec.Cmd) error { return cmd.Start() }

// widen does nothing here.
func widen(*os.File) {}
