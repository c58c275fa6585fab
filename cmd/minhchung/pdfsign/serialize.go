package pdfsign

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"minhchung/evidence/signature/pdf/syntax"
)

// serialize appends a direct object as ISO 32000-2 7.3 writes it. The depth is
// that of a parsed object, which the parser bounds.
func serialize(b []byte, o syntax.Object) ([]byte, error) {
	switch o := o.(type) {
	case syntax.Null:
		return append(b, "null"...), nil
	case syntax.Bool:
		return strconv.AppendBool(b, bool(o)), nil
	case syntax.Integer:
		return strconv.AppendInt(b, int64(o), 10), nil
	case syntax.Real:
		return strconv.AppendFloat(b, float64(o), 'f', -1, 64), nil
	case syntax.Name:
		return appendName(b, o), nil
	case syntax.String:
		return append(hex.AppendEncode(append(b, '<'), o.Bytes()), '>'), nil
	case syntax.Ref:
		return fmt.Appendf(b, "%d %d R", o.Num, o.Gen), nil
	case syntax.Array:
		return appendArray(b, o)
	case *syntax.Dict:
		return appendDict(b, o)
	}
	return nil, fmt.Errorf("an object of type %T cannot be part of another", o)
}

func appendArray(b []byte, list syntax.Array) ([]byte, error) {
	b = append(b, '[')
	for i, o := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		var err error
		if b, err = serialize(b, o); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendDict(b []byte, d *syntax.Dict) ([]byte, error) {
	b = append(b, "<<"...)
	for _, e := range d.Entries {
		b = append(appendName(b, e.Key), ' ')
		var err error
		if b, err = serialize(b, e.Value); err != nil {
			return nil, err
		}
	}
	return append(b, ">>"...), nil
}

// appendName escapes whatever is not a plain letter, digit or one of a few
// marks (ISO 32000-2 7.3.5).
func appendName(b []byte, n syntax.Name) []byte {
	b = append(b, '/')
	for i := range len(n) {
		c := n[i]
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-_.+:*", c) >= 0 {
			b = append(b, c)
			continue
		}
		b = fmt.Appendf(b, "#%02X", c)
	}
	return b
}

// textString is a PDF text string in UTF-16 (ISO 32000-2 7.9.2.2).
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}
