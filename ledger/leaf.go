package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// leafTime is the one form of time in a leaf: RFC 3339, UTC, milliseconds.
const leafTime = "2006-01-02T15:04:05.000Z"

// leafVersion is the only value of "v" so far.
const leafVersion = 1

// maxKeyBytes bounds the keys of Refs and Codes and the type of a leaf.
const maxKeyBytes = 64

// Encode returns the leaf as one line of canonical JSON (RFC 8785), without a
// newline, in at most MaxLeafBytes:
//
//	{"actor":"u-7","at":"2026-11-23T08:00:00.000Z","codes":{},"commit":"9f86…","refs":{"row":"32/BC-UBND"},"type":"row","v":1}
//
// Keys of Refs and Codes are 1 to 64 ASCII letters, digits, '-', '_' and '.',
// so that the order by bytes is the order by UTF-16 units which RFC 8785
// section 3.2.3 asks for. Nil maps are encoded as empty ones. A leaf that a
// strict reader would refuse is an error.
func (l Leaf) Encode() ([]byte, error) {
	if err := l.valid(); err != nil {
		return nil, fmt.Errorf("encoding a leaf of type %q: %w", l.Type, err)
	}
	b := make([]byte, 0, 512)
	b = appendString(append(b, `{"actor":`...), l.Actor)
	b = append(b, `,"at":"`...)
	b = l.At.UTC().AppendFormat(b, leafTime)
	b = appendMap(append(b, `","codes":`...), l.Codes)
	b = appendString(append(b, `,"commit":`...), l.Commit)
	b = appendMap(append(b, `,"refs":`...), l.Refs)
	b = appendString(append(b, `,"type":`...), l.Type)
	b = strconv.AppendInt(append(b, `,"v":`...), int64(l.V), 10)
	b = append(b, '}')
	if len(b) > MaxLeafBytes {
		return nil, fmt.Errorf("encoding a leaf of type %q: its %d bytes are more than %d", l.Type, len(b), MaxLeafBytes)
	}
	return b, nil
}

// ParseLeaf reads what Encode wrote, and nothing else: one different byte,
// a further, missing or repeated key, or another order is an error.
func ParseLeaf(line []byte) (Leaf, error) {
	if len(line) > MaxLeafBytes {
		return Leaf{}, fmt.Errorf("a leaf of %d bytes is longer than %d", len(line), MaxLeafBytes)
	}
	var l Leaf
	if err := json.Unmarshal(line, &l); err != nil {
		return Leaf{}, fmt.Errorf("the leaf is not the JSON of a leaf: %w", err)
	}
	l.At = l.At.UTC()
	// Encoding again refuses in one step whatever a lenient JSON reader
	// forgives: duplicate keys, case, white space, escapes, broken UTF-8.
	again, err := l.Encode()
	if err != nil {
		return Leaf{}, err
	}
	if string(again) != string(line) {
		return Leaf{}, errors.New("the leaf is not in canonical form")
	}
	return l, nil
}

// valid checks what the encoded form must promise.
func (l Leaf) valid() error {
	switch {
	case l.V != leafVersion:
		return fmt.Errorf("version %d is not known", l.V)
	case !isLeafType(l.Type):
		return errors.New("the type is not lower-case words joined by hyphens")
	case !isHexDigest(l.Commit):
		return errors.New("the commitment is not 64 lower-case hexadecimal digits")
	case l.At.UTC().Year() < 1970 || l.At.UTC().Year() > 9999:
		return fmt.Errorf("the time %v is outside the years 1970 to 9999", l.At)
	case !l.At.Equal(l.At.Truncate(time.Millisecond)):
		return fmt.Errorf("the time %v is not in whole milliseconds", l.At)
	case !utf8.ValidString(l.Actor):
		return errors.New("the actor is not valid UTF-8")
	}
	if err := validMap(l.Refs); err != nil {
		return fmt.Errorf("refs: %w", err)
	}
	if err := validMap(l.Codes); err != nil {
		return fmt.Errorf("codes: %w", err)
	}
	return nil
}

func validMap(m map[string]string) error {
	for k, v := range m {
		if !isKey(k) {
			return fmt.Errorf("the key %q is not 1 to %d letters, digits, '-', '_' and '.'", k, maxKeyBytes)
		}
		if !utf8.ValidString(v) {
			return fmt.Errorf("the value of %q is not valid UTF-8", k)
		}
	}
	return nil
}

func isKey(s string) bool {
	if s == "" || len(s) > maxKeyBytes {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// isLeafType reports whether s is lower-case words joined by single hyphens.
func isLeafType(s string) bool {
	if s == "" || len(s) > maxKeyBytes {
		return false
	}
	word := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			word = true
		case c == '-' && word:
			word = false
		default:
			return false
		}
	}
	return word
}

// isHexDigest reports whether s is a SHA-256 digest in lower-case hex.
func isHexDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

func appendMap(b []byte, m map[string]string) []byte {
	b = append(b, '{')
	keys := slices.AppendSeq(make([]string, 0, 8), maps.Keys(m))
	slices.Sort(keys)
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k)
		b = appendString(append(b, ':'), m[k])
	}
	return append(b, '}')
}

// appendString writes a JSON string as RFC 8785 section 3.2.2.2 wants it:
// short escapes where JSON has one, \u00xx in lower case for the other
// control characters, everything else as it is.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			if c < 0x20 {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}
