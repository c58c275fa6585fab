package worker

import (
	"os"
	"sync/atomic"
)

// window is memory that a parent shares with one child: the file lies in it
// instead of going through the pipe, which saves a copy, most of the switching
// between the processes, and asking whether the child is ready. The child can
// only read the file's part, also if it was taken over, so what the parent
// computes of it stays the parent's. Where the system has no such memory
// (other than Linux) files go through the pipe.
//
// The child can write one word, the ticket: it repeats the number of the file
// before it looks at it. A child that ends with another number there says
// nothing about the file.
type window struct {
	file   []byte
	ticket *atomic.Uint64
	files  []*os.File // what a child inherits to map it
	close  func()
}

// canShare reports whether the system has what a window needs.
func canShare() bool {
	w, err := openWindow(ticketBytes)
	if err != nil {
		return false
	}
	w.close()
	return true
}

// ticketBytes is a page, the least that can be mapped.
const ticketBytes = 4096

// started reports whether the child began with file number n.
func (w *window) started(n uint64) bool { return w.ticket.Load() == n }
