package ledger

import (
	"bytes"
	"sync"
)

// maxVouched bounds the books whose heads a Key remembers, some 600 bytes each.
const maxVouched = 4096

// vouched are the heads that a Key has signed, the newest of each book. A head
// that is byte for byte one of them needs no look at its signature, which costs
// as much as the rest of reading it. It is safe for concurrent use; the zero
// value knows nothing.
type vouched struct {
	mu    sync.Mutex
	heads map[string]Head // by origin
}

// has reports whether the key signed this head, and made it with this time,
// which is not signed.
func (v *vouched) has(h Head) bool {
	v.mu.Lock()
	known, ok := v.heads[h.Origin]
	v.mu.Unlock()
	return ok && known.Size == h.Size && known.Root == h.Root && known.At.Equal(h.At) && bytes.Equal(known.Checkpoint, h.Checkpoint)
}

func (v *vouched) add(h Head) {
	h.Checkpoint = bytes.Clone(h.Checkpoint)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.heads == nil || len(v.heads) >= maxVouched {
		v.heads = map[string]Head{}
	}
	v.heads[h.Origin] = h
}
