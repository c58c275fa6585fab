//go:build unix && !linux

package worker

import "os"

// LimitProcess sets nothing: only Linux and Windows are supported, elsewhere
// the wall clock and the Go memory limit remain.
func LimitProcess(Limits) (renew func() error, err error) {
	return func() error { return nil }, nil
}

// widen does nothing here.
func widen(*os.File) {}
