package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxReceiptBytes bounds the JSON of a receipt, openings included.
const MaxReceiptBytes = 64 << 20

// Receipt (biên nhận) proves to somebody who has only our public key that a
// leaf is in a book, and what the leaf commits to. It is checked offline.
type Receipt struct {
	Origin string `json:"origin"`
	Index  int64  `json:"index"`
	// Leaf is the exact text that was hashed.
	Leaf string `json:"leaf"`
	// Salt, in base64, and Opening, the exact text, hashed one behind the
	// other are the leaf's "commit". Both are empty when the opening was
	// erased; the leaf can still be proven then, what it commits to cannot.
	Salt    []byte `json:"salt,omitempty"`
	Opening string `json:"opening,omitempty"`
	// Proof leads from the leaf to the root in Checkpoint.
	Proof      tlog.RecordProof `json:"proof"`
	Checkpoint string           `json:"checkpoint"`
	// Anchor is nil while the receipt is unanchored.
	Anchor *Anchor `json:"anchor"`
}

// Anchor proves that the root book names a checkpoint of the receipt's book
// which already covered the receipt's entry.
type Anchor struct {
	Origin string `json:"origin"` // of the root book
	Index  int64  `json:"index"`
	// Leaf is the exact text of a leaf of type "anchor" with the fields of
	// AnchorFields.
	Leaf       string           `json:"leaf"`
	Proof      tlog.RecordProof `json:"proof"`
	Checkpoint string           `json:"checkpoint"` // of the root book
	// Consistency leads from the anchored size of the receipt's book to the
	// size in the receipt's checkpoint.
	Consistency tlog.TreeProof `json:"consistency"`
}

// AnchorType is the type of a leaf that anchors another book's checkpoint.
const AnchorType = "anchor"

// AnchorFields returns what an "anchor" leaf says in its refs and codes about
// the anchored checkpoint: refs "origin" and "root" (64 hexadecimal digits),
// code "size" (decimal). A leaf may say more.
func AnchorFields(c Checkpoint) (refs, codes map[string]string) {
	return map[string]string{"origin": c.Origin, "root": hex.EncodeToString(c.Root[:])},
		map[string]string{"size": fmt.Sprint(c.Size)}
}

// anchored is the inverse of AnchorFields.
func anchored(leaf Leaf) (Checkpoint, error) {
	if leaf.Type != AnchorType {
		return Checkpoint{}, fmt.Errorf("the anchor is a leaf of type %q instead of %q", leaf.Type, AnchorType)
	}
	size, err := parseSize(leaf.Codes["size"])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the anchor's size: %w", err)
	}
	if !isHexDigest(leaf.Refs["root"]) {
		return Checkpoint{}, errors.New("the anchor's root is not 64 lower-case hexadecimal digits")
	}
	root, err := hex.DecodeString(leaf.Refs["root"])
	if err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{leaf.Refs["origin"], size, tlog.Hash(root)}, nil
}

// Prove makes an unanchored receipt for entry index at the book's head. It
// verifies what it read, and fails with ErrDamaged rather than giving out a
// receipt that does not hold.
func Prove(ctx context.Context, r Reader, index int64) (Receipt, error) {
	proof, head, err := InclusionProve(ctx, r, index)
	if err != nil {
		return Receipt{}, err
	}
	e, err := readEntry(ctx, r, index)
	if err != nil {
		return Receipt{}, err
	}
	if tlog.CheckRecord(proof, head.Size, head.Root, index, tlog.RecordHash(e.Leaf)) != nil {
		return Receipt{}, fmt.Errorf("%w: entry %d of %s is not the one in the tree", ErrDamaged, index, head.Origin)
	}
	if !utf8.Valid(e.Opening) {
		return Receipt{}, fmt.Errorf("%w: the opening of entry %d of %s is not valid UTF-8", ErrDamaged, index, head.Origin)
	}
	rc := Receipt{
		Origin: head.Origin, Index: index, Leaf: string(e.Leaf),
		Salt: e.Salt, Opening: string(e.Opening),
		Proof: proof, Checkpoint: string(head.Checkpoint),
	}
	if _, err := rc.checkLeaf(); err != nil {
		return Receipt{}, fmt.Errorf("%w: entry %d of %s: %v", ErrDamaged, index, head.Origin, err)
	}
	return rc, nil
}

// readEntry returns one entry that must be there.
func readEntry(ctx context.Context, r Reader, index int64) (Entry, error) {
	var found *Entry
	err := r.Entries(ctx, index, index+1, func(e Entry) error {
		found = &e
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Entry{}, fmt.Errorf("reading entry %d: %w", index, err)
	}
	if found == nil || found.Index != index {
		return Entry{}, fmt.Errorf("%w: entry %d is missing", ErrDamaged, index)
	}
	return *found, nil
}

// AddAnchor anchors a receipt by entry index of the root book. The book's
// reader must still have the head that the receipt was made at: Prove and
// AddAnchor belong in one View.
func (rc *Receipt) AddAnchor(ctx context.Context, book, root Reader, index int64) error {
	proof, rootHead, err := InclusionProve(ctx, root, index)
	if err != nil {
		return err
	}
	e, err := readEntry(ctx, root, index)
	if err != nil {
		return err
	}
	leaf, err := ParseLeaf(e.Leaf)
	if err != nil {
		return fmt.Errorf("%w: entry %d of %s: %v", ErrDamaged, index, rootHead.Origin, err)
	}
	older, err := anchored(leaf)
	if err != nil {
		return err
	}
	consistency, head, err := ConsistencyProve(ctx, book, older.Size)
	if err != nil {
		return err
	}
	if string(head.Checkpoint) != rc.Checkpoint {
		return fmt.Errorf("the receipt of %s is of another head than the one to anchor", rc.Origin)
	}
	a := &Anchor{
		Origin: rootHead.Origin, Index: index, Leaf: string(e.Leaf),
		Proof: proof, Checkpoint: string(rootHead.Checkpoint), Consistency: consistency,
	}
	newer := Checkpoint{head.Origin, head.Size, head.Root}
	if err := a.covers(rc.Index, newer); err != nil {
		return err
	}
	rc.Anchor = a
	return nil
}

// Erased reports whether the receipt lacks its opening. Verify can then show
// that the leaf was recorded, not what it commits to.
func (rc Receipt) Erased() bool { return len(rc.Salt) == 0 && rc.Opening == "" }

// Verify checks everything the receipt says, offline: the checkpoint's
// signature, the leaf's canonical form and place in the tree, the opening, and
// the anchor if there is one. It does not know which book the caller meant:
// compare Origin. An erased receipt verifies; see Erased.
func (rc Receipt) Verify(pub PublicKey) error {
	if _, err := rc.checkLeaf(); err != nil {
		return fmt.Errorf("the receipt does not hold: %w", err)
	}
	c, err := Proof{Index: rc.Index, Hashes: rc.Proof, Checkpoint: []byte(rc.Checkpoint)}.Verify(pub, []byte(rc.Leaf))
	if err != nil {
		return fmt.Errorf("the receipt does not hold: %w", err)
	}
	if c.Origin != rc.Origin {
		return fmt.Errorf("the receipt does not hold: it names the book %s, its checkpoint %s", rc.Origin, c.Origin)
	}
	if rc.Anchor == nil {
		return nil
	}
	if err := rc.Anchor.verify(pub, rc.Index, c); err != nil {
		return fmt.Errorf("the receipt's anchor does not hold: %w", err)
	}
	return nil
}

// checkLeaf parses the leaf and checks its opening against it.
func (rc Receipt) checkLeaf() (Leaf, error) {
	leaf, err := ParseLeaf([]byte(rc.Leaf))
	if err != nil {
		return Leaf{}, err
	}
	if rc.Erased() {
		return leaf, nil
	}
	if len(rc.Salt) != SaltBytes || Commitment(rc.Salt, []byte(rc.Opening)) != leaf.Commit {
		return Leaf{}, errors.New("the salt and opening are not those that the leaf commits to")
	}
	return leaf, nil
}

// verify checks the root book's part, then what it says of the receipt's book.
func (a *Anchor) verify(pub PublicKey, index int64, newer Checkpoint) error {
	c, err := Proof{Index: a.Index, Hashes: a.Proof, Checkpoint: []byte(a.Checkpoint)}.Verify(pub, []byte(a.Leaf))
	if err != nil {
		return err
	}
	if c.Origin != a.Origin {
		return fmt.Errorf("it names the book %s, its checkpoint %s", a.Origin, c.Origin)
	}
	return a.covers(index, newer)
}

// covers checks that the anchored tree had entry index and grew into newer.
func (a *Anchor) covers(index int64, newer Checkpoint) error {
	if a.Origin == newer.Origin {
		return fmt.Errorf("the book %s cannot anchor itself", a.Origin)
	}
	leaf, err := ParseLeaf([]byte(a.Leaf))
	if err != nil {
		return err
	}
	older, err := anchored(leaf)
	if err != nil {
		return err
	}
	if index >= older.Size {
		return fmt.Errorf("the anchored size %d does not cover entry %d", older.Size, index)
	}
	return checkConsistent(older, newer, a.Consistency)
}

// TlogProof returns the receipt's inclusion proof in the format of C2SP
// tlog-proof, for tools of others. Its extra data is the leaf.
func (rc Receipt) TlogProof() Proof {
	return Proof{Extra: []byte(rc.Leaf), Index: rc.Index, Hashes: rc.Proof, Checkpoint: []byte(rc.Checkpoint)}
}

// Encode returns the receipt as indented JSON with a newline at the end.
func (rc Receipt) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rc); err != nil {
		return nil, fmt.Errorf("encoding a receipt: %w", err)
	}
	return b.Bytes(), nil
}

// ParseReceipt reads the JSON of a receipt. White space and the order of keys
// are free, since people pass receipts through other tools; unknown and
// repeated keys are errors, so that no two readers understand it differently.
// Nothing is verified.
func ParseReceipt(data []byte) (Receipt, error) {
	if len(data) > MaxReceiptBytes {
		return Receipt{}, fmt.Errorf("a receipt of %d bytes is longer than %d", len(data), MaxReceiptBytes)
	}
	if !utf8.Valid(data) {
		return Receipt{}, errors.New("the receipt is not valid UTF-8")
	}
	if err := CheckKeys(data, receiptDepth); err != nil {
		return Receipt{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var rc Receipt
	if err := dec.Decode(&rc); err != nil {
		return Receipt{}, fmt.Errorf("the receipt is not the JSON of a receipt: %w", err)
	}
	if len(rc.Proof) > maxProofHashes || rc.Anchor != nil && (len(rc.Anchor.Proof) > maxProofHashes || len(rc.Anchor.Consistency) > maxProofHashes) {
		return Receipt{}, fmt.Errorf("a proof in the receipt has more than %d hashes", maxProofHashes)
	}
	return rc, nil
}

// receiptDepth is how deep the JSON of a receipt is: receipt, anchor, proof.
const receiptDepth = 3

// CheckKeys refuses JSON with a repeated key in one object (encoding/json
// silently takes the last one, and matches keys without regard to case), JSON
// deeper than maxDepth, and anything behind the first value. It is for files
// that hold receipts beside other things.
func CheckKeys(data []byte, maxDepth int) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var open []map[string]bool // keys of each open object; nil for an array
	key := false               // the next string is a key
	for {
		tok, err := dec.Token()
		if err == io.EOF && len(open) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the receipt is not JSON: %w", err)
		}
		if name, ok := tok.(string); ok && key {
			seen := open[len(open)-1]
			if name = strings.ToLower(name); seen[name] {
				return fmt.Errorf("the receipt has the key %q twice", name)
			}
			seen[name] = true
			key = false
			continue
		}
		switch tok {
		case json.Delim('{'):
			open = append(open, make(map[string]bool))
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > maxDepth {
			return errors.New("the receipt is nested too deeply")
		}
		if len(open) == 0 {
			if _, err := dec.Token(); err != io.EOF {
				return errors.New("the receipt has something behind its end")
			}
			return nil
		}
		key = open[len(open)-1] != nil
	}
}
