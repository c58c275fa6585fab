// Package cms reads and verifies the Cryptographic Message Syntax (RFC 5652)
// as it occurs in signed documents: one SignedData with one SignerInfo, its
// ESS attributes (RFC 5035, 5816), and time-stamp tokens (RFC 3161). All of
// it is hostile input: nothing here recurses without a bound, believes a
// declared length, or guesses at an algorithm it does not know.
package cms

import (
	"errors"
	"fmt"
)

// The limits of one CMS object. A CRL of a large CA inside a signature has a
// few megabytes; a constructed OCTET STRING has one element for each chunk.
const (
	maxBytes        = 32 << 20
	maxElements     = 1 << 18
	maxDepth        = 24
	maxCertificates = 32
	maxAttributes   = 64
	maxAnswers      = 64 // CRLs and OCSP answers in one place
	maxTokens       = 16 // signature time stamps
)

// ErrMalformed is wrapped by every error that says the input is not what its
// format demands, or exceeds a limit.
var ErrMalformed = errors.New("malformed CMS")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}

// Identifier octets (X.690 8.1.2) used here; all tags are low-tag-number.
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagOID             = 0x06
	tagEnumerated      = 0x0a
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagSequence        = 0x30
	tagSet             = 0x31
	tagContext0        = 0xa0
	tagContext1        = 0xa1
	constructed        = 0x20
)

// element is one BER data value (X.690 8.1). raw has the header, the content
// and, for an indefinite length, the end-of-contents octets; body only the
// content. Both alias the input.
type element struct {
	tag  byte // identifier octet
	raw  []byte
	body []byte
}

// reader walks over sibling elements. Readers made from one another share
// one budget of elements, which bounds the whole parse.
type reader struct {
	b      []byte
	budget *int
}

func newReader(b []byte) reader {
	budget := maxElements
	return reader{b, &budget}
}

func (r *reader) empty() bool { return len(r.b) == 0 }

// into returns a reader over the content of e.
func (r *reader) into(e element) reader { return reader{e.body, r.budget} }

// peek returns the identifier octet of the next element, 0 at the end.
func (r *reader) peek() byte {
	if len(r.b) == 0 {
		return 0
	}
	return r.b[0]
}

// next reads one element of any tag.
func (r *reader) next() (element, error) {
	tag, header, length, err := readHeader(r.b, r.budget)
	if err != nil {
		return element{}, err
	}
	if length >= 0 {
		end := header + length
		e := element{tag, r.b[:end], r.b[header:end]}
		r.b = r.b[end:]
		return e, nil
	}
	end, err := endOfContents(r.b[header:], r.budget)
	if err != nil {
		return element{}, err
	}
	e := element{tag, r.b[:header+end+2], r.b[header : header+end]}
	r.b = r.b[header+end+2:]
	return e, nil
}

// expect reads one element that must have the given identifier octet.
func (r *reader) expect(tag byte, what string) (element, error) {
	if r.empty() {
		return element{}, malformed("%s is missing", what)
	}
	e, err := r.next()
	if err != nil {
		return element{}, fmt.Errorf("%s: %w", what, err)
	}
	if e.tag != tag {
		return element{}, malformed("%s has tag %#02x, want %#02x", what, e.tag, tag)
	}
	return e, nil
}

// readHeader reads identifier and length octets (X.690 8.1.2, 8.1.3). length
// is -1 for the indefinite form, else it fits in b.
func readHeader(b []byte, budget *int) (tag byte, header, length int, err error) {
	if *budget--; *budget < 0 {
		return 0, 0, 0, malformed("more than %d elements", maxElements)
	}
	if len(b) < 2 {
		return 0, 0, 0, malformed("input ends inside an element")
	}
	tag = b[0]
	if tag&0x1f == 0x1f {
		return 0, 0, 0, malformed("tag number above 30")
	}
	switch n := int(b[1]); {
	case n < 0x80:
		header, length = 2, n
	case n == 0x80:
		if tag&constructed == 0 {
			return 0, 0, 0, malformed("indefinite length of a primitive element")
		}
		return tag, 2, -1, nil
	case n > 0x84 || len(b) < 2+n-0x80:
		return 0, 0, 0, malformed("length of length %d", n-0x80)
	default:
		header = 2 + n - 0x80
		for _, c := range b[2:header] {
			length = length<<8 | int(c)
		}
	}
	if length < 0 || length > len(b)-header {
		return 0, 0, 0, malformed("declared length %d, %d bytes left", length, len(b)-header)
	}
	return tag, header, length, nil
}

// endOfContents returns the offset of the end-of-contents octets (X.690
// 8.1.5) that close the indefinite-length element whose content b starts
// with. Definite elements are stepped over, open ones are only counted.
func endOfContents(b []byte, budget *int) (int, error) {
	open, at := 1, 0
	for {
		if len(b)-at >= 2 && b[at] == 0 && b[at+1] == 0 {
			if open--; open == 0 {
				return at, nil
			}
			at += 2
			continue
		}
		_, header, length, err := readHeader(b[at:], budget)
		if err != nil {
			return 0, err
		}
		at += header
		if length >= 0 {
			at += length
			continue
		}
		if open++; open > maxDepth {
			return 0, malformed("nested deeper than %d", maxDepth)
		}
	}
}

// octets returns the content of an OCTET STRING, joining the segments of the
// constructed form (X.690 8.7.3). tag is the identifier octet of the
// primitive form, so that implicitly tagged strings can be read too.
func (r *reader) octets(tag byte, what string) ([]byte, error) {
	if r.peek() == tag {
		e, err := r.next()
		return e.body, err
	}
	e, err := r.expect(tag|constructed, what)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(e.body))
	stack := []reader{r.into(e)}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.empty() {
			stack = stack[:len(stack)-1]
			continue
		}
		seg, err := top.next()
		switch {
		case err != nil:
			return nil, err
		case seg.tag == tagOctetString:
			out = append(out, seg.body...)
		case seg.tag == tagOctetString|constructed && len(stack) < maxDepth:
			stack = append(stack, r.into(seg))
		default:
			return nil, malformed("%s has a segment with tag %#02x", what, seg.tag)
		}
	}
	return out, nil
}

// Trim splits contents behind its first BER element, the indefinite length
// included: der is that element, rest what follows (in a PDF the zero
// padding). err wraps ErrMalformed when contents does not start with a whole
// element within the limits.
func Trim(contents []byte) (der, rest []byte, err error) {
	r := newReader(contents[:min(len(contents), maxBytes)])
	e, err := r.next()
	if err != nil {
		return nil, nil, err
	}
	return e.raw, contents[len(e.raw):], nil
}
