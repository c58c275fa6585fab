package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"unicode/utf8"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// The leaf types of version 1 that this program writes (DESIGN.md, "Ledger").
// A type is never given another meaning.
const (
	LeafOpen           = "open"
	LeafUnit           = "unit"
	LeafRoster         = "roster"
	LeafMaterial       = "material"
	LeafPolicy         = "policy"
	LeafRule           = "rule"
	LeafRegister       = "register"
	LeafRow            = "row"
	LeafRowCorrection  = "row-correction"
	LeafRowWithdrawal  = "row-withdrawal"
	LeafExclusion      = "exclusion"
	LeafDocument       = "document"
	LeafFacts          = "facts"
	LeafVerdict        = "verdict"
	LeafMatch          = "match"
	LeafUnmatch        = "unmatch"
	LeafRowState       = "rowstate"
	LeafAnchor         = "anchor"
	LeafScheme         = "scheme"
	LeafAttachment     = "attachment"
	LeafExplanation    = "explanation"
	LeafMoved          = "moved"
	LeafConfirm        = "confirm"
	maxRefBytes        = 200 // of one reference, as JSON
	maxCodeBytes       = 64  // of one code or name that becomes part of a leaf
	materialTrust      = "trust"
	materialSnapshot   = "snapshot"
	longRefPrefix      = "sha256:"
	codeKind, codeSize = "kind", "size"
)

// ErrLeafType says that a leaf has a type this version does not know, so that
// nothing may be counted from it.
var ErrLeafType = errors.New("unknown leaf type: a newer version of the program wrote it")

// draft builds a leaf whose opening is the JSON of opening.
func draft(leafType string, opening any, refs, codes map[string]string) (ledger.Draft, error) {
	b, err := json.Marshal(opening)
	if err == nil && bytes.Contains(b, replaced) { // else there is nothing to look for
		err = validText(reflect.ValueOf(opening), 0)
	}
	if err != nil {
		return ledger.Draft{}, fmt.Errorf("drafting a %s leaf: %w", leafType, err)
	}
	return rawDraft(leafType, b, refs, codes)
}

// rawDraft builds a leaf with the opening as it is.
func rawDraft(leafType string, opening []byte, refs, codes map[string]string) (ledger.Draft, error) {
	for name, v := range refs {
		refs[name] = boundedRef(v)
	}
	for name, v := range codes {
		if err := checkToken(v); err != nil {
			return ledger.Draft{}, fmt.Errorf("drafting a %s leaf: code %s: %w", leafType, name, err)
		}
	}
	if refs == nil {
		refs = map[string]string{}
	}
	if codes == nil {
		codes = map[string]string{}
	}
	return ledger.Draft{Type: leafType, Refs: refs, Codes: codes, Opening: opening}, nil
}

// replaced is what encoding/json writes for bytes that are not UTF-8. A text may
// say the same, and U+FFFD itself is written as it is.
var replaced = []byte(`\ufffd`)

// boundedRef returns s, or its digest when s would not leave room in a leaf.
// The opening always has the whole value.
func boundedRef(s string) string {
	if b, err := json.Marshal(s); err == nil && len(b) <= maxRefBytes {
		return s
	}
	return longRefPrefix + signature.HashOf([]byte(s)).String()
}

// checkToken accepts what may stand open in a leaf: enumerations, versions
// and counts, never free text.
func checkToken(s string) error {
	if len(s) > maxCodeBytes {
		return fmt.Errorf("%d bytes are more than the %d a code may have", len(s), maxCodeBytes)
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return fmt.Errorf("%q is not a code", s)
		}
	}
	return nil
}

// maxDepth bounds the nesting of an opening's Go value; ours have 6.
const maxDepth = 20

// validText refuses strings that are not UTF-8: encoding/json would replace
// their bytes without a word, and the ledger would keep something nobody said.
func validText(v reflect.Value, depth int) error {
	if depth > maxDepth {
		return errors.New("the value is nested too deeply")
	}
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return fmt.Errorf("%+q is not valid UTF-8", v.String())
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return validText(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if err := validText(v.Field(i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			if err := validText(v.Index(i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if err := validText(it.Key(), depth+1); err != nil {
				return err
			}
			if err := validText(it.Value(), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// DecodeEvent returns the event that a leaf and its opening state: the
// inverse of Event.Draft. References and codes that say something else than
// the opening are an error, for a verifier counts by them. A type of a newer
// version is ErrLeafType. MaterialUsed comes back as MaterialNamed, because
// its certificates are blobs. It never panics on hostile input.
func DecodeEvent(leaf ledger.Leaf, opening []byte) (Event, error) {
	decode, known := decoders[leaf.Type]
	if !known {
		return nil, fmt.Errorf("leaf type %q: %w", leaf.Type, ErrLeafType)
	}
	if len(opening) == 0 {
		return nil, fmt.Errorf("the opening of the %s leaf is missing", leaf.Type)
	}
	event, err := decode(leaf, opening)
	if err != nil {
		return nil, fmt.Errorf("opening of a %s leaf: %w", leaf.Type, err)
	}
	again, err := event.Draft()
	if err != nil {
		return nil, err
	}
	if again.Type != leaf.Type || !maps.Equal(again.Refs, leaf.Refs) || !maps.Equal(again.Codes, leaf.Codes) {
		return nil, fmt.Errorf("the %s leaf says %v %v, its opening %v %v",
			leaf.Type, leaf.Refs, leaf.Codes, again.Refs, again.Codes)
	}
	return event, nil
}

type decoder func(leaf ledger.Leaf, opening []byte) (Event, error)

// opened makes a decoder of a type whose opening is the JSON of T.
func opened[T any](event func(T) Event) decoder {
	return func(_ ledger.Leaf, opening []byte) (Event, error) {
		var v T
		if err := json.Unmarshal(opening, &v); err != nil {
			return nil, err
		}
		return event(v), nil
	}
}

var decoders = map[string]decoder{
	LeafOpen:          opened(func(v Opened) Event { return v }),
	LeafUnit:          opened(func(v Unit) Event { return UnitAdded{v} }),
	LeafRoster:        opened(func(v RosterEntry) Event { return RosterAdded{v} }),
	LeafMaterial:      decodeMaterial,
	LeafPolicy:        decodePolicy,
	LeafRule:          decodeRule,
	LeafRegister:      opened(func(v Register) Event { return RegisterImported{v} }),
	LeafRow:           opened(func(v Row) Event { return RowAdded{v} }),
	LeafRowCorrection: opened(func(v Row) Event { return RowCorrected{v} }),
	LeafRowWithdrawal: opened(func(v Row) Event { return RowWithdrawn{v} }),
	LeafExclusion:     opened(func(v Row) Event { return RowExcluded{v} }),
	LeafDocument:      opened(func(v documentOpening) Event { return DocumentReceived(v) }),
	LeafFacts:         opened(func(v factsOpening) Event { return FactsRead(v) }),
	LeafVerdict:       opened(func(v verdictOpening) Event { return VerdictReached(v) }),
	LeafMatch:         opened(func(v Match) Event { return Matched{v} }),
	LeafUnmatch:       opened(func(v Match) Event { return Unmatched{v} }),
	LeafRowState:      opened(func(v RowState) Event { return StateChanged{v} }),
	LeafAnchor:        opened(func(v anchorOpening) Event { return Anchored(v) }),
	LeafScheme:        decodeScheme,
	LeafAttachment:    opened(attachmentEvent),
	LeafMoved:         opened(func(v BookMove) Event { return Moved{v} }),
	LeafExplanation:   opened(func(v explanationOpening) Event { return Explained{v.explanation()} }),
	LeafConfirm:       opened(func(v Confirmation) Event { return Confirmed{v} }),
}

func decimal[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// hexOrNone writes the zero hash, which stands for "none", as nothing.
func hexOrNone(h signature.Hash) string {
	if h.IsZero() {
		return ""
	}
	return h.String()
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
