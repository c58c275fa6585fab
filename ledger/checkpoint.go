package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// maxOriginBytes bounds the name of a book.
	maxOriginBytes = 255
	// maxSize bounds every number of leaves read from outside, far above
	// what a book can hold and far below where index arithmetic overflows.
	maxSize = 1 << 48
	// maxCheckpointBytes leaves room for a hundred cosignatures.
	maxCheckpointBytes = 1 << 16
)

// Checkpoint is the text of a signed tree head (C2SP tlog-checkpoint), without
// extension lines:
//
//	example.org/xa-thu-nghiem/2022
//	1894
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// String returns the note text: three lines, each ending in a newline.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// Sign returns the checkpoint as a signed note (C2SP signed-note).
func (c Checkpoint) Sign(s note.Signer) ([]byte, error) {
	if _, err := parseCheckpointText(c.String()); err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	if s.Name() != c.Origin {
		return nil, fmt.Errorf("signing a checkpoint: the key name %q is not the origin %q", s.Name(), c.Origin)
	}
	signed, err := note.Sign(&note.Note{Text: c.String()}, s)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint of %s: %w", c.Origin, err)
	}
	return signed, nil
}

// ParseCheckpoint reads a signed checkpoint WITHOUT verifying its signatures:
// for learning the origin and size of a checkpoint that is not trusted yet.
func ParseCheckpoint(signed []byte) (Checkpoint, error) {
	n, err := openNote(signed, note.VerifierList())
	if err != nil {
		return Checkpoint{}, err
	}
	return parseCheckpointText(n.Text)
}

// OpenCheckpoint verifies that pub signed the checkpoint under the checkpoint's
// own origin as the key name, and reads it. Signatures of other keys, such as
// witnesses, are allowed and ignored (C2SP signed-note); the caller compares
// the origin with the one it asked for. The reading is strict, so that no two
// texts are the same checkpoint.
func OpenCheckpoint(signed []byte, pub PublicKey) (Checkpoint, error) {
	c, err := ParseCheckpoint(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	v, err := pub.Verifier(c.Origin)
	if err != nil {
		return Checkpoint{}, err
	}
	n, err := openNote(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, err
	}
	if len(n.Sigs) == 0 {
		return Checkpoint{}, fmt.Errorf("the checkpoint of %s is not signed by the given key", c.Origin)
	}
	return c, nil
}

// openNote is note.Open with a size limit, without an error for a note that
// has no known signature, and with one for base64 that is not canonical: the
// spare bits of a signature's last character must be zero.
func openNote(signed []byte, known note.Verifiers) (*note.Note, error) {
	if len(signed) > maxCheckpointBytes {
		return nil, fmt.Errorf("a checkpoint of %d bytes is longer than %d", len(signed), maxCheckpointBytes)
	}
	n, err := note.Open(signed, known)
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		n = unverified.Note
	case errors.As(err, &invalid):
		return nil, fmt.Errorf("the checkpoint's signature by %s is not valid", invalid.Name)
	case err != nil:
		return nil, fmt.Errorf("the checkpoint is not a signed note: %w", err)
	}
	for _, sigs := range [][]note.Signature{n.Sigs, n.UnverifiedSigs} {
		for _, sig := range sigs {
			if _, err := decodeBase64(sig.Base64); err != nil {
				return nil, fmt.Errorf("the checkpoint's signature by %s is not in canonical base64", sig.Name)
			}
		}
	}
	return n, nil
}

// parseCheckpointText reads the three lines and nothing more.
func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, errors.New("a checkpoint has exactly three lines: origin, size and root")
	}
	if err := validOrigin(lines[0]); err != nil {
		return Checkpoint{}, err
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint's size: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint's root: %w", err)
	}
	return Checkpoint{lines[0], size, root}, nil
}

// validOrigin allows ASCII without spaces, control characters and '+', which
// makes every origin a key name too.
func validOrigin(origin string) error {
	if origin == "" || len(origin) > maxOriginBytes {
		return fmt.Errorf("an origin has 1 to %d characters, not %d", maxOriginBytes, len(origin))
	}
	for i := range len(origin) {
		if c := origin[i]; c <= ' ' || c > '~' || c == '+' {
			return fmt.Errorf("the origin %q has a character that is not allowed: only ASCII without spaces and '+'", origin)
		}
	}
	return nil
}

// parseSize reads a count or index in decimal without sign or leading zeros.
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxSize || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%q is not a decimal number from 0 to %d without leading zeros", s, int64(maxSize))
	}
	return n, nil
}

// parseHash reads 32 bytes of canonical base64.
func parseHash(s string) (tlog.Hash, error) {
	raw, err := decodeBase64(s)
	if err != nil || len(raw) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%q is not a hash of %d bytes in base64", s, tlog.HashSize)
	}
	return tlog.Hash(raw), nil
}

// decodeBase64 accepts only the one encoding of each byte string: padding
// bits must be zero, and there are no line breaks, which package base64 skips.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("base64 with a line break")
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}
