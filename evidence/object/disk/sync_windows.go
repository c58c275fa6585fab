package disk

import (
	"errors"
	"os"
	"syscall"
)

// syncDir does nothing: FlushFileBuffers needs a handle with write access,
// which Windows does not give for folders; NTFS writes names to its journal.
func syncDir(*os.Root, string) error { return nil }

// System error codes of Windows (winerror.h).
const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

func isFull(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}
