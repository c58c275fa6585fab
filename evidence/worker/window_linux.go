package worker

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a child inherits beside its standard files, in this order.
const (
	windowFD = 3 + iota
	ticketFD
)

// Nobody can make the parent's mapping shorter than it is, which would kill it
// at its next access; and whoever maps the file from now on cannot write it
// (memfd_create(2), fcntl(2); since Linux 5.1).
const (
	sealSize  = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW
	sealFile  = sealSize | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL
	sealWords = sealSize | unix.F_SEAL_SEAL
)

// openWindow makes a window.
func openWindow(sizeBytes int64) (*window, error) {
	file, mem, err := shared("window", sizeBytes, sealFile)
	if err != nil {
		return nil, err
	}
	words, page, err := shared("ticket", ticketBytes, sealWords)
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(mem), file.Close())
	}
	return &window{file: mem, ticket: ticketIn(page), files: []*os.File{file, words}, close: func() {
		_ = unix.Munmap(mem) // whole mappings: it cannot fail
		_ = unix.Munmap(page)
		file.Close()
		words.Close()
	}}, nil
}

// shared makes a sealed file in memory and maps it for writing.
func shared(name string, sizeBytes int64, seals int) (*os.File, []byte, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, fmt.Errorf("memory to share: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	mem, err := mapAndSeal(fd, sizeBytes, seals)
	if err != nil {
		return nil, nil, fmt.Errorf("memory to share, %d bytes: %w", sizeBytes, errors.Join(err, f.Close()))
	}
	return f, mem, nil
}

func mapAndSeal(fd int, sizeBytes int64, seals int) ([]byte, error) {
	if err := unix.Ftruncate(fd, sizeBytes); err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(fd, 0, int(sizeBytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return nil, errors.Join(err, unix.Munmap(mem))
	}
	return mem, nil
}

// joinWindow maps, in the child, what the parent shares.
func joinWindow(sizeBytes int64) (*window, error) {
	mem, err := unix.Mmap(windowFD, 0, int(sizeBytes), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the parent's window: %w", err)
	}
	page, err := unix.Mmap(ticketFD, 0, ticketBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the parent's ticket: %w", err)
	}
	return &window{file: mem, ticket: ticketIn(page)}, errors.Join(unix.Close(windowFD), unix.Close(ticketFD))
}

func ticketIn(page []byte) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(unsafe.SliceData(page)))
}
