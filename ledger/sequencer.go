package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrClockBehind says that the clock is behind the last leaf by more than
// Sequencer.MaxBehind. Somebody must set the clock; trying again is useless
// before.
var ErrClockBehind = errors.New("the clock is behind the last entry of the book")

// defaultMaxBehind is how far clocks of one installation may differ.
const defaultMaxBehind = 5 * time.Second

// openType is the type of the leaf that opens a book.
const openType = "open"

// Sequencer gives drafts their time, salt and place in a book. It keeps no
// state between calls, so that nothing has to be repaired after a commit that
// may or may not have happened: the next Append reads the book again. (A Key
// remembers what it signed, not what was stored.) It is safe for concurrent
// use.
type Sequencer struct {
	// Key signs the checkpoints. Required.
	Key *Key
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// MaxBehind is how far the clock may be behind the last leaf; zero means
	// 5 seconds.
	MaxBehind time.Duration

	rand io.Reader // of salts, in tests; nil means NewSalt
}

// Append adds drafts to the book origin inside tx and returns the index of the
// first leaf and the new head. The head must not be shown to anybody before
// the transaction has been committed: a signed checkpoint cannot be taken
// back. After any error the transaction must be rolled back.
//
// Drafts that open a book have the type "open" in front; a book that is not
// open accepts nothing else. All leaves of a batch have the same time: that of
// the clock in whole milliseconds, or that of the last leaf if it is later. A
// draft without an opening gets the empty object {}.
//
// Errors: ErrHeadMoved (roll back and try again), ErrClockBehind, ErrDamaged
// when the stored tiles, last entry, head and checkpoint do not agree, and
// whatever tx returns.
func (s *Sequencer) Append(ctx context.Context, tx Tx, origin string, drafts []Draft) (first int64, head Head, err error) {
	if len(drafts) == 0 {
		return 0, Head{}, errors.New("appending to a book: there are no drafts")
	}
	signer, err := s.Key.Signer(origin)
	if err != nil {
		return 0, Head{}, fmt.Errorf("appending to a book: %w", err)
	}
	old, tree, err := s.read(ctx, tx, origin)
	if err != nil {
		return 0, Head{}, fmt.Errorf("appending to the book %s: %w", origin, err)
	}
	oldSize := old.Size
	if oldSize == 0 {
		oldSize = -1 // there is no head to swap
		if drafts[0].Type != openType {
			return 0, Head{}, fmt.Errorf("appending to the book %s: it is not open, and the first draft is %q instead of %q", origin, drafts[0].Type, openType)
		}
	}
	at, err := s.leafTime(old.At)
	if err != nil {
		return 0, Head{}, fmt.Errorf("appending to the book %s: %w", origin, err)
	}
	entries, err := s.entries(drafts, old.Size, at, tree)
	if err != nil {
		return 0, Head{}, fmt.Errorf("appending to the book %s: %w", origin, err)
	}
	c := Checkpoint{Origin: origin, Size: tree.size}
	if c.Root, err = tree.root(); err != nil {
		return 0, Head{}, fmt.Errorf("appending to the book %s: %w", origin, err)
	}
	signed, err := c.Sign(signer)
	if err != nil {
		return 0, Head{}, err
	}
	head = Head{Origin: origin, Size: c.Size, Root: c.Root, At: at, Checkpoint: signed}
	s.Key.own.add(head)
	if err := store(ctx, tx, tree, entries, oldSize, head); err != nil {
		return 0, Head{}, fmt.Errorf("appending to the book %s: %w", origin, err)
	}
	return old.Size, head, nil
}

// read returns the head and right edge of a book, verified against each other;
// the zero head for a book that was never opened.
func (s *Sequencer) read(ctx context.Context, tx Tx, origin string) (Head, *edge, error) {
	head, err := tx.Head(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, newEdge(), nil
	}
	if err != nil {
		return Head{}, nil, fmt.Errorf("reading the head: %w", err)
	}
	if head.Origin != origin {
		return Head{}, nil, fmt.Errorf("the stored book is %q", head.Origin)
	}
	if head.Size < 1 || head.Size > maxSize {
		return Head{}, nil, fmt.Errorf("%w: its head has the size %d", ErrDamaged, head.Size)
	}
	// Our own signature stands between us and signing, and so blessing, a
	// history that somebody rewrote in the database.
	own := s.Key.own.has(head)
	if !own {
		if err := checkHead(head, s.Key.PublicKey()); err != nil {
			return Head{}, nil, fmt.Errorf("%w: %v", ErrDamaged, err)
		}
	}
	tree, err := readEdge(ctx, tx, head)
	if err != nil {
		return Head{}, nil, err
	}
	last, err := readLast(ctx, tx, head, tree)
	if err == nil && !own { // else its time is the one it was made with
		err = checkTime(last, head)
	}
	if err != nil {
		return Head{}, nil, err
	}
	return head, tree, nil
}

// checkHead verifies that the checkpoint says what the other fields say.
func checkHead(head Head, pub PublicKey) error {
	c, err := OpenCheckpoint(head.Checkpoint, pub)
	if err != nil {
		return err
	}
	switch {
	case c.Origin != head.Origin:
		return fmt.Errorf("the checkpoint is of %s, the head of %s", c.Origin, head.Origin)
	case c.Size != head.Size:
		return fmt.Errorf("the checkpoint has the size %d, the head %d", c.Size, head.Size)
	case c.Root != head.Root:
		return fmt.Errorf("the checkpoint has the root %v, the head %v", c.Root, head.Root)
	}
	return nil
}

// readLast reads the last entry and verifies it against the tree.
func readLast(ctx context.Context, r Reader, head Head, tree *edge) (Entry, error) {
	last, err := readEntry(ctx, r, head.Size-1)
	if err != nil {
		return Entry{}, err
	}
	hashes := tlog.HashReader(tree)
	if head.Size%tileWidth == 0 { // its tile is full and no longer on the edge
		hashes = verifiedHashes(ctx, r, head)
	}
	want, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, last.Index)})
	if err != nil {
		return Entry{}, err
	}
	if tlog.RecordHash(last.Leaf) != want[0] {
		return Entry{}, fmt.Errorf("%w: its entry %d is not the one in the tree", ErrDamaged, last.Index)
	}
	return last, nil
}

// checkTime verifies the head's time, which is not signed, against the last
// leaf's, which is.
func checkTime(last Entry, head Head) error {
	leaf, err := ParseLeaf(last.Leaf)
	if err != nil {
		return fmt.Errorf("%w: entry %d: %v", ErrDamaged, last.Index, err)
	}
	if !leaf.At.Equal(head.At) {
		return fmt.Errorf("%w: its head is of %v, its last entry of %v", ErrDamaged, head.At, leaf.At)
	}
	return nil
}

// leafTime returns the time of the next leaves: never before the last one.
func (s *Sequencer) leafTime(last time.Time) (time.Time, error) {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	maxBehind := s.MaxBehind
	if maxBehind == 0 {
		maxBehind = defaultMaxBehind
	}
	at := now().UTC().Truncate(time.Millisecond)
	if behind := last.Sub(at); behind > maxBehind {
		return time.Time{}, fmt.Errorf("%w: it says %s, the last entry is of %s", ErrClockBehind, at.Format(leafTime), last.UTC().Format(leafTime))
	}
	if at.Before(last) {
		at = last.UTC()
	}
	return at, nil
}

// entries turns drafts into entries from index first and adds them to tree.
func (s *Sequencer) entries(drafts []Draft, first int64, at time.Time, tree *edge) ([]Entry, error) {
	entries := make([]Entry, len(drafts))
	for i, d := range drafts {
		salt, err := s.salt()
		if err != nil {
			return nil, err
		}
		opening := d.Opening
		if len(opening) == 0 {
			opening = []byte("{}")
		}
		// JSON is UTF-8 (RFC 8259 section 8.1), and a receipt carries the
		// opening as a string.
		if !utf8.Valid(opening) {
			return nil, fmt.Errorf("the opening of draft %d, %q, is not valid UTF-8", i, d.Type)
		}
		leaf, err := Leaf{
			V: leafVersion, Type: d.Type, At: at, Actor: d.Actor,
			Refs: d.Refs, Codes: d.Codes, Commit: Commitment(salt, opening),
		}.Encode()
		if err != nil {
			return nil, fmt.Errorf("draft %d: %w", i, err)
		}
		if err := tree.add(tlog.RecordHash(leaf)); err != nil {
			return nil, err
		}
		entries[i] = Entry{Index: first + int64(i), Leaf: leaf, Salt: salt, Opening: opening}
	}
	return entries, nil
}

func (s *Sequencer) salt() ([]byte, error) {
	if s.rand == nil {
		return NewSalt(), nil
	}
	salt := make([]byte, SaltBytes)
	_, err := io.ReadFull(s.rand, salt)
	return salt, err
}

// store writes everything through tx, the head last: who loses the race for
// the head has nothing to show.
func store(ctx context.Context, tx Tx, tree *edge, entries []Entry, oldSize int64, head Head) error {
	tiles, data, err := tree.newTiles(max(oldSize, 0))
	if err != nil {
		return err
	}
	if err := tx.PutTiles(ctx, tiles, data); err != nil {
		return fmt.Errorf("storing %d tiles: %w", len(tiles), err)
	}
	if err := tx.PutEntries(ctx, entries); err != nil {
		return fmt.Errorf("storing %d entries: %w", len(entries), err)
	}
	if err := tx.SwapHead(ctx, oldSize, head); err != nil {
		return fmt.Errorf("moving the head to size %d: %w", head.Size, err)
	}
	return nil
}
