// Package signature judges digital signatures: Facts read from a file and
// Material brought by the verifier go in, a Verdict comes out, and nothing in
// between touches a disk, a network or a clock. The words are those of ETSI
// EN 319 102-1.
package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Hash is a SHA-256 digest. In JSON it is 64 lower-case hex digits.
type Hash [sha256.Size]byte

// HashOf returns the SHA-256 digest of b.
func HashOf(b []byte) Hash { return sha256.Sum256(b) }

// String returns 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether h is the zero value, which stands for "none".
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText accepts exactly 64 hex digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("a SHA-256 digest has 64 hex digits, got %d", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// Blob is a piece of DER found in a file: a CMS, a certificate, a CRL, an
// OCSP answer or a time-stamp token. Facts name blobs by hash so that a store
// keeps each only once.
type Blob struct {
	SHA256 Hash   `json:"sha256"`
	DER    []byte `json:"der"`
}

// Condition says how far a file could be read.
type Condition string

// The conditions. Only Readable files can be intact.
const (
	Readable    Condition = "readable"
	Damaged     Condition = "damaged"     // not a file of its format, or broken beyond reading
	OverLimit   Condition = "over-limit"  // a budget of the reader or of the worker ran out
	Encrypted   Condition = "encrypted"   // cannot be opened with the empty password
	Unsupported Condition = "unsupported" // a format or version we do not read
)

// Facts is all that a file itself says: a pure function of its bytes and the
// reader's version. Facts contain no judgement about trust or time.
type Facts struct {
	Reader    string    `json:"reader"` // name and version, such as "pdf/1"
	SHA256    Hash      `json:"sha256"` // of the whole file
	Size      int64     `json:"size"`   // bytes
	Format    string    `json:"format"` // "pdf", "cms", "xml", "office", "asic", "unknown"
	Condition Condition `json:"condition"`
	// Problem names what stopped the reader when Condition is not Readable,
	// or what it had to work around: a short English sentence.
	Problem string `json:"problem,omitempty"`
	// Repaired is true when the cross-reference data was unusable and objects
	// were found by scanning. A repaired file is never intact.
	Repaired bool `json:"repaired,omitempty"`
	Pages    int  `json:"pages"`
	// ImageOnly is true when the file has pages and none of them draws text:
	// a scan.
	ImageOnly bool `json:"imageOnly,omitempty"`
	// Revisions are the states of the file in the order they were written;
	// the last one is what a reader shows. At least one when Readable.
	Revisions []Revision `json:"revisions,omitempty"`
	// Signatures are in the order of the revisions they cover; signatures
	// without a usable ByteRange come last. None is ever left out.
	Signatures []SignatureFacts `json:"signatures,omitempty"`
	// Blobs holds every DER object that the signatures and Validation name,
	// each once. A store may keep them apart: see Detach and Attach.
	Blobs []Blob `json:"blobs,omitempty"`
	// Validation is what the document security store (DSS, ISO 32000-2
	// 12.8.4.3) carries for long-term validation.
	Validation ValidationData `json:"validation"`
}

// ValidationData names certificates and revocation answers by hash.
type ValidationData struct {
	Certificates []Hash `json:"certificates,omitempty"`
	CRLs         []Hash `json:"crls,omitempty"`
	OCSPs        []Hash `json:"ocsps,omitempty"`
}

// Revision is one state of an incrementally updated file (ISO 32000-2 7.5.6).
type Revision struct {
	End int64 `json:"end"` // offset just behind this revision's last byte
}

// Kind tells a signature over the document from a document time stamp.
type Kind string

// The kinds of signature dictionaries.
const (
	KindSignature Kind = "signature"
	KindTimestamp Kind = "timestamp" // ETSI.RFC3161, ISO 32000-2 12.8.5
)

// SignatureFacts is what a file says about one of its signatures.
type SignatureFacts struct {
	Kind      Kind   `json:"kind"`
	Field     string `json:"field"`     // fully qualified field name, UTF-8
	SubFilter string `json:"subFilter"` // as written, such as "adbe.pkcs7.detached"
	// Revision is the index in Facts.Revisions of the state this signature
	// covers, or -1 when the ByteRange names none.
	Revision  int     `json:"revision"`
	ByteRange []int64 `json:"byteRange,omitempty"` // as written
	// CoverageProblem is empty when the ByteRange covers its revision
	// exactly: four numbers from 0, the gap is exactly this signature's
	// Contents, the end is the revision's end. Otherwise one English sentence.
	CoverageProblem string `json:"coverageProblem,omitempty"`
	// Digests of the covered bytes by hash name ("SHA-1", "SHA-256",
	// "SHA-384", "SHA-512", "SHA3-256" …), for the algorithms the CMS names.
	Digests map[string][]byte `json:"digests,omitempty"`
	// CMS is the blob with the SignedData, exactly as encoded, without the
	// zero padding; zero when Contents holds none.
	CMS Hash `json:"cms"`
	// Certificate is the blob with the signer's certificate when the
	// SubFilter keeps it outside the CMS (adbe.x509.rsa_sha1); else zero.
	Certificate Hash `json:"certificate"`
	// ContentsProblem is set when Contents is missing, not a string, not BER
	// within our limits, or followed by something other than zero padding.
	ContentsProblem string `json:"contentsProblem,omitempty"`
	// ClaimedTime is the M entry of the dictionary; nil when absent or
	// unparsable. CMS signing-time is read by Judge.
	ClaimedTime *time.Time `json:"claimedTime,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Name        string     `json:"name,omitempty"`
	// Permission is the DocMDP P value (1..3) this signature sets, 0 for none.
	Permission int `json:"permission,omitempty"`
	// Changes lists every difference between the covered revision and the
	// last one, each with its class. Empty when nothing came after.
	Changes []Change `json:"changes,omitempty"`
}

// ChangeClass says what a change after a signature means for it. The order is
// from harmless to harmful.
type ChangeClass string

// The classes of "Changes after a signature".
const (
	ChangePermitted ChangeClass = "permitted"
	ChangeAnnotated ChangeClass = "annotated"
	ChangeUnknown   ChangeClass = "unknown"
	ChangeForbidden ChangeClass = "forbidden"
)

// What a change is. New codes may be added; a code is never reused.
const (
	WhatSignature   = "signature-added" // a further signature in a field and widget of its own
	WhatTimestamp   = "timestamp-added" // a document time stamp
	WhatValidation  = "validation-data" // DSS, VRI
	WhatNumbering   = "numbering"       // number and date drawn in free space before a further signature
	WhatFormFill    = "form-fill"       // a field's value and its appearance
	WhatAnnotation  = "annotation"      // a comment over no existing content
	WhatCatalog     = "catalog"         // an entry of the document catalogue
	WhatMetadata    = "metadata"        // Info or XMP
	WhatPageContent = "page-content"    // what a signed page draws
	WhatPageAdded   = "page-added"      // the page tree gained, lost or reordered pages
	WhatResource    = "resource"        // fonts, XObjects or other resources of a signed page
	WhatAppearance  = "appearance"      // an appearance without its value
	WhatField       = "field"           // the form's fields removed or redefined
	WhatTrailing    = "trailing-bytes"  // bytes after the last %%EOF
	WhatOther       = "other"           // anything else
)

// Change is one difference a later revision made.
type Change struct {
	Revision int         `json:"revision"`         // index of the revision that made it
	Object   string      `json:"object,omitempty"` // "12 0", empty for the file as a whole
	Page     int         `json:"page,omitempty"`   // 1-based; 0 when no single page is concerned
	What     string      `json:"what"`
	Class    ChangeClass `json:"class"`
	Rule     string      `json:"rule"`             // the clause that decides, such as "ISO 32000-2 12.8.2.2.2"
	Detail   string      `json:"detail,omitempty"` // English, one line, safe to print
}

// Detach returns f without its blobs, and the blobs.
func (f Facts) Detach() (Facts, []Blob) {
	blobs := f.Blobs
	f.Blobs = nil
	return f, blobs
}

// Attach returns f with the given blobs.
func (f Facts) Attach(blobs []Blob) Facts {
	f.Blobs = blobs
	return f
}

// BlobHashes returns the digests of all blobs that f names, each once, in the
// order in which they are named.
func (f Facts) BlobHashes() []Hash {
	seen := map[Hash]bool{{}: true}
	var hashes []Hash
	add := func(list ...Hash) {
		for _, h := range list {
			if !seen[h] {
				seen[h] = true
				hashes = append(hashes, h)
			}
		}
	}
	for _, s := range f.Signatures {
		add(s.CMS, s.Certificate)
	}
	add(f.Validation.Certificates...)
	add(f.Validation.CRLs...)
	add(f.Validation.OCSPs...)
	return hashes
}

// Blob returns the DER with the given hash, or nil.
func (f Facts) Blob(h Hash) []byte {
	for i := range f.Blobs {
		if f.Blobs[i].SHA256 == h {
			return f.Blobs[i].DER
		}
	}
	return nil
}
