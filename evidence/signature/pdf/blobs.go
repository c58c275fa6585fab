package pdf

import (
	"minhchung/evidence/signature"
)

// The limits of the DER objects that facts carry.
const (
	maxBlobs     = 2000
	maxBlobBytes = 24 << 20
)

// blobs keeps each DER object once.
type blobs struct {
	list  []signature.Blob
	have  map[signature.Hash]bool
	bytes int
	full  bool // something was left out
}

// add keeps der and returns its hash, zero for nothing or too much.
func (b *blobs) add(der []byte) signature.Hash {
	if len(der) == 0 {
		return signature.Hash{}
	}
	if len(b.list) >= maxBlobs || b.bytes+len(der) > maxBlobBytes {
		b.full = true
		return signature.Hash{}
	}
	h := signature.HashOf(der)
	if !b.have[h] {
		if b.have == nil {
			b.have = map[signature.Hash]bool{}
		}
		b.have[h] = true
		b.bytes += len(der)
		b.list = append(b.list, signature.Blob{SHA256: h, DER: der})
	}
	return h
}
