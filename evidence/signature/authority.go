package signature

import (
	"bytes"
	"sync"
	"sync/atomic"

	"minhchung/evidence/signature/pki"
)

// authority is a certificate with what judging it again and again needs.
type authority struct {
	*pki.Certificate
	anchor bool
	domain Domain
	ours   bool // from Material
	// kept is set for certificates of ours and those on the shelf: links
	// between them are remembered.
	kept                  bool
	subjectKey, issuerKey string // see pki.NameKey
	shown                 atomic.Pointer[SignerInfo]
}

func (a *authority) name() {
	a.subjectKey = pki.NameKey(a.Subject)
	a.issuerKey = a.subjectKey
	if !bytes.Equal(a.Subject, a.Issuer) {
		a.issuerKey = pki.NameKey(a.Issuer)
	}
}

// SelfIssued reports whether subject and issuer are the same name (RFC 5280
// 3.2).
func (a *authority) SelfIssued() bool { return a.subjectKey == a.issuerKey }

// maxShelf bounds the certificates of files that are kept. A unit has a few
// dozen signers; a folder of forgeries must not fill the memory.
const maxShelf = 256

// maxShelfBytes bounds one of them.
const maxShelfBytes = 16 << 10

// shelf keeps certificates that files brought, since one person signs
// thousands of files. What is kept is a pure function of the certificates,
// so no verdict depends on what was judged before.
type shelf struct {
	mu     sync.Mutex
	byHash map[Hash]*authority // guarded by mu
}

// certificate parses a certificate of a file, or takes it from the shelf.
func (j *Judger) certificate(der []byte) (*authority, error) {
	h := HashOf(der)
	j.shelf.mu.Lock()
	a := j.shelf.byHash[h]
	j.shelf.mu.Unlock()
	if a != nil {
		return a, nil
	}
	keep := len(der) <= maxShelfBytes
	if keep {
		der = bytes.Clone(der) // or else the whole file would be kept
	}
	c, err := pki.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	a = &authority{Certificate: c, kept: keep}
	a.name()
	if keep {
		j.put(h, a)
	}
	return a, nil
}

// put keeps a certificate. A full shelf is emptied, with what is known about
// links to what was on it.
func (j *Judger) put(h Hash, a *authority) {
	j.shelf.mu.Lock()
	defer j.shelf.mu.Unlock()
	if len(j.shelf.byHash) >= maxShelf {
		j.shelf.byHash = nil
		j.links.Clear()
	}
	if j.shelf.byHash == nil {
		j.shelf.byHash = make(map[Hash]*authority)
	}
	j.shelf.byHash[h] = a
}
