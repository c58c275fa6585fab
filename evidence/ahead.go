package evidence

import (
	"context"
	"sync"
	"sync/atomic"
)

// What LookAhead holds is bounded; so are the files that it looks at together.
const (
	aheadFiles  = 256
	aheadBytes  = 32 << 20
	aheadAtOnce = 8
)

// ahead are files that are looked at before they may be stored.
type ahead struct {
	files []File
	looks []chan *looked // of one; nil in it when the file could not be read
	next  atomic.Int64   // the file to look at next
	work  sync.WaitGroup
	end   context.CancelFunc
	begun int64 // how many were or are looked at; valid after stop
}

// LookAhead begins to look at the first of the files that Receive is going to
// get, in the background: their digests and verdicts, while Begin commits the
// register. Nothing is stored before Receive; until then their bytes are held.
// It is meant for a new book, where all of them are new. Whoever calls it
// calls Receive or GiveUp after it; calling it again gives up what was begun.
func (in *Intake) LookAhead(ctx context.Context, files []File) {
	in.GiveUp()
	ctx, end := context.WithCancel(ctx)
	a := &ahead{end: end}
	held := int64(0)
	for _, f := range files[:min(len(files), aheadFiles)] {
		if held += f.Size; f.Size > heldBytes || held > aheadBytes {
			break
		}
		a.files = append(a.files, f)
		a.looks = append(a.looks, make(chan *looked, 1))
	}
	in.ahead = a
	for range min(in.Workers, aheadAtOnce, len(a.files)) {
		a.work.Go(func() { a.run(ctx, in) })
	}
}

// GiveUp ends what LookAhead began and Receive did not take.
func (in *Intake) GiveUp() {
	in.ahead.drop()
	in.ahead = nil
}

func (a *ahead) run(ctx context.Context, in *Intake) {
	for n := a.next.Add(1) - 1; n < int64(len(a.files)); n = a.next.Add(1) - 1 {
		l, err := in.look(a.files[n])
		if err == nil {
			_ = in.inspect(ctx, l, l.at) // Receive inspects it again, and then the error counts
		}
		a.looks[n] <- l
	}
}

// stop lets no further file be looked at. It is called once.
func (a *ahead) stop() {
	if a != nil {
		a.begun = min(a.next.Swap(int64(len(a.files))), int64(len(a.files)))
	}
}

// take returns what was seen of the n-th file, once and after stop; nil when
// nobody looked.
func (a *ahead) take(ctx context.Context, n int64, f File) *looked {
	if a == nil || n >= a.begun || a.files[n].Name != f.Name || a.files[n].Size != f.Size {
		return nil
	}
	select {
	case l := <-a.looks[n]:
		return l
	case <-ctx.Done():
		return nil
	}
}

// drop gives up what nobody took. Files held in memory have nothing to close.
func (a *ahead) drop() {
	if a != nil {
		a.next.Store(int64(len(a.files)))
		a.end()
		a.work.Wait()
	}
}
