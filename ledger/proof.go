package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// proofHeader is the first line of a C2SP tlog-proof.
	proofHeader = "c2sp.org/tlog-proof@v1"
	// maxProofHashes bounds a proof: a tree of maxSize leaves has 48 levels,
	// a consistency proof one hash more (RFC 6962 sections 2.1.1 and 2.1.2).
	maxProofHashes = 64
	// maxProofBytes bounds the text of a proof.
	maxProofBytes = 1 << 18
)

// Proof is an inclusion proof that can be checked offline, in the text format
// of C2SP tlog-proof (file extension .tlog-proof):
//
//	c2sp.org/tlog-proof@v1
//	extra eyJhY3RvciI6…
//	index 7
//	gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//	B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
//
//	example.org/xa-thu-nghiem/2022
//	1894
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— example.org/xa-thu-nghiem/2022 Az3grlgt…
type Proof struct {
	// Extra is not authenticated by the format; ours hold the leaf, which the
	// proof then authenticates. Nil: none.
	Extra      []byte
	Index      int64
	Hashes     tlog.RecordProof // from the leaf's sibling up
	Checkpoint []byte
}

// Encode returns the proof as text.
func (p Proof) Encode() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n")
	if p.Extra != nil {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads the text of a proof strictly, without verifying anything.
func ParseProof(text []byte) (Proof, error) {
	if len(text) > maxProofBytes {
		return Proof{}, fmt.Errorf("a proof of %d bytes is longer than %d", len(text), maxProofBytes)
	}
	head, checkpoint, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok {
		return Proof{}, errors.New("the proof has no empty line before its checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != proofHeader {
		return Proof{}, fmt.Errorf("the proof's first line is not %q", proofHeader)
	}
	p, err := parseProofLines(lines[1:])
	if err != nil {
		return Proof{}, err
	}
	if _, err := ParseCheckpoint(checkpoint); err != nil {
		return Proof{}, err
	}
	p.Checkpoint = bytes.Clone(checkpoint)
	return p, nil
}

// parseProofLines reads what stands between the header and the empty line.
func parseProofLines(lines []string) (p Proof, err error) {
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if p.Extra, err = decodeBase64(lines[0][len("extra "):]); err != nil {
			return Proof{}, errors.New("the proof's extra data is not in base64")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return Proof{}, errors.New("the proof has no line for the index")
	}
	if p.Index, err = parseSize(lines[0][len("index "):]); err != nil {
		return Proof{}, fmt.Errorf("the proof's index: %w", err)
	}
	if lines = lines[1:]; len(lines) > maxProofHashes {
		return Proof{}, fmt.Errorf("the proof has %d hashes, more than %d", len(lines), maxProofHashes)
	}
	for _, line := range lines {
		h, err := parseHash(line)
		if err != nil {
			return Proof{}, fmt.Errorf("the proof: %w", err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Verify checks that leaf stands at p.Index in the book whose checkpoint pub
// signed, and returns that checkpoint. The caller compares its origin with the
// book it asked about.
func (p Proof) Verify(pub PublicKey, leaf []byte) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, pub)
	if err != nil {
		return Checkpoint{}, err
	}
	if len(p.Hashes) > maxProofHashes {
		return Checkpoint{}, fmt.Errorf("the proof has %d hashes, more than %d", len(p.Hashes), maxProofHashes)
	}
	if p.Index < 0 || p.Index >= c.Size {
		return Checkpoint{}, fmt.Errorf("entry %d is outside the checkpoint's %d entries", p.Index, c.Size)
	}
	if tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, tlog.RecordHash(leaf)) != nil {
		return Checkpoint{}, fmt.Errorf("the proof does not show that the leaf is entry %d of %s at size %d", p.Index, c.Origin, c.Size)
	}
	return c, nil
}

// InclusionProve proves that the book at its head has its entry index (RFC
// 6962 section 2.1.1). The hashes are verified against the head's root.
func InclusionProve(ctx context.Context, r Reader, index int64) (tlog.RecordProof, Head, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return nil, Head{}, fmt.Errorf("reading the head: %w", err)
	}
	if index < 0 || index >= head.Size || head.Size > maxSize {
		return nil, Head{}, fmt.Errorf("entry %d is outside the %d entries of %s", index, head.Size, head.Origin)
	}
	proof, err := tlog.ProveRecord(head.Size, index, verifiedHashes(ctx, r, head))
	if err != nil {
		return nil, Head{}, fmt.Errorf("proving entry %d of %s: %w", index, head.Origin, err)
	}
	return proof, head, nil
}

// ConsistencyProve proves that the book at its head begins with the same
// oldSize entries as it had at oldSize, from 1 to the head's size (RFC 6962
// section 2.1.2).
func ConsistencyProve(ctx context.Context, r Reader, oldSize int64) (tlog.TreeProof, Head, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return nil, Head{}, fmt.Errorf("reading the head: %w", err)
	}
	if oldSize < 1 || oldSize > head.Size || head.Size > maxSize {
		return nil, Head{}, fmt.Errorf("the size %d is not among 1 to %d of %s", oldSize, head.Size, head.Origin)
	}
	proof, err := tlog.ProveTree(head.Size, oldSize, verifiedHashes(ctx, r, head))
	if err != nil {
		return nil, Head{}, fmt.Errorf("proving that %s at size %d grew from %d: %w", head.Origin, head.Size, oldSize, err)
	}
	return proof, head, nil
}

// ConsistencyVerify checks that pub signed both checkpoints, that they are of
// one book, and that the newer one's entries begin with the older one's.
func ConsistencyVerify(pub PublicKey, older, newer []byte, proof tlog.TreeProof) error {
	o, err := OpenCheckpoint(older, pub)
	if err != nil {
		return fmt.Errorf("the older checkpoint: %w", err)
	}
	n, err := OpenCheckpoint(newer, pub)
	if err != nil {
		return fmt.Errorf("the newer checkpoint: %w", err)
	}
	return checkConsistent(o, n, proof)
}

func checkConsistent(older, newer Checkpoint, proof tlog.TreeProof) error {
	switch {
	case older.Origin != newer.Origin:
		return fmt.Errorf("the checkpoints are of two books, %s and %s", older.Origin, newer.Origin)
	case older.Size < 1 || older.Size > newer.Size:
		return fmt.Errorf("a checkpoint of size %d cannot follow one of size %d", newer.Size, older.Size)
	case len(proof) > maxProofHashes:
		return fmt.Errorf("the proof has %d hashes, more than %d", len(proof), maxProofHashes)
	}
	if tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root) != nil {
		return fmt.Errorf("the checkpoint of %s at size %d does not continue the one at size %d", newer.Origin, newer.Size, older.Size)
	}
	return nil
}

// RootAt returns the root that a book had when it had size entries. A size it
// never had is fs.ErrNotExist; tiles that do not lead to its head are
// ErrDamaged.
func RootAt(ctx context.Context, r Reader, size int64) (tlog.Hash, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return tlog.Hash{}, err
	}
	if size < 0 || size > head.Size {
		return tlog.Hash{}, fmt.Errorf("the book %s at size %d: %w", head.Origin, size, fs.ErrNotExist)
	}
	return tlog.TreeHash(size, verifiedHashes(ctx, r, head))
}
