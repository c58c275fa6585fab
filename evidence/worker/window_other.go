//go:build !linux

package worker

import "errors"

// openWindow has nothing to open: files go through the pipe.
func openWindow(int64) (*window, error) { return nil, errors.ErrUnsupported }

// joinWindow is not called where openWindow opens nothing.
func joinWindow(int64) (*window, error) { return nil, errors.ErrUnsupported }
