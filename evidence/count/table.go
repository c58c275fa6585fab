package count

import (
	"cmp"
	"slices"
	"strings"

	"minhchung/evidence"
)

// The codes of row states, in the order of the table of DESIGN.md "Row
// states (counting)".
const (
	CodeVoid                = "void"
	CodeWithdrawn           = "withdrawn"
	CodeOutOfScope          = "out-of-scope"
	CodeRowWithdrawn        = "row-withdrawn" // the newest register no longer has the row: it leaves the count altogether
	CodeNoFile              = "no-file"
	CodeUnreadable          = "unreadable"
	CodeEncrypted           = "encrypted"
	CodeUnsigned            = "unsigned"
	CodeScan                = "scan"
	CodeDigest              = "digest"
	CodeMalformed           = "malformed"
	CodeCoverage            = "coverage"
	CodePageContent         = "page-content"
	CodePageAdded           = "page-added"
	CodeAltered             = "altered"
	CodeChangeUnclear       = "change-unclear"
	CodeUnsupported         = "unsupported" // an algorithm, format or finding this program does not know
	CodeMissingPerson       = "missing-person"
	CodeMissingOrganisation = "missing-organisation"
	CodeOrder               = "order"
	CodeUntrusted           = "untrusted"
	CodeIssuerUnknown       = "issuer-unknown"
	CodeWrongSigner         = "wrong-signer"
	CodeSignerUnknown       = "signer-unknown"
	CodeExpired             = "expired"
	CodeRevoked             = "revoked"
	CodeTimeUnproven        = "time-unproven"
	CodeRevocationUnknown   = "revocation-unknown"
	CodeAlgorithm           = "algorithm"
	CodeDuplicate           = "duplicate"
	CodeContentUnconfirmed  = "content-unconfirmed"
)

// Line is one code of the table of row states.
type Line struct {
	Number int // 1 to 16, as in DESIGN.md
	Code   string
	State  evidence.State
}

// table is searched from the top: the first code that a row has decides its
// state. "unsupported" stands at line 8, because what cannot be read may be
// the very signature that lines 9 to 13 would miss.
var table = []Line{
	{1, CodeVoid, evidence.Excluded},
	{1, CodeWithdrawn, evidence.Excluded},
	{1, CodeOutOfScope, evidence.Excluded},
	{1, CodeRowWithdrawn, evidence.Excluded},
	{2, CodeNoFile, evidence.Disproven},
	{3, CodeUnreadable, evidence.Undetermined},
	{3, CodeEncrypted, evidence.Undetermined},
	{4, CodeUnsigned, evidence.Disproven},
	{4, CodeScan, evidence.Disproven},
	{5, CodeDigest, evidence.Disproven},
	{5, CodeMalformed, evidence.Disproven},
	{6, CodeCoverage, evidence.Disproven},
	{7, CodePageContent, evidence.Disproven},
	{7, CodePageAdded, evidence.Disproven},
	{7, CodeAltered, evidence.Disproven},
	{8, CodeChangeUnclear, evidence.Undetermined},
	{8, CodeUnsupported, evidence.Undetermined},
	{9, CodeMissingPerson, evidence.Disproven},
	{9, CodeMissingOrganisation, evidence.Disproven},
	{9, CodeOrder, evidence.Disproven},
	{10, CodeUntrusted, evidence.Disproven},
	{10, CodeIssuerUnknown, evidence.Undetermined},
	{11, CodeWrongSigner, evidence.Disproven},
	{11, CodeSignerUnknown, evidence.Undetermined},
	{12, CodeExpired, evidence.Disproven},
	{12, CodeRevoked, evidence.Disproven},
	{13, CodeTimeUnproven, evidence.Undetermined},
	{13, CodeRevocationUnknown, evidence.Undetermined},
	{14, CodeAlgorithm, evidence.Undetermined},
	{15, CodeDuplicate, evidence.Undetermined},
	{16, CodeContentUnconfirmed, evidence.Undetermined},
}

// Table returns the table of row states from its first line to line 16; line
// 17 is PROVEN.
func Table() []Line { return slices.Clone(table) }

// place returns the position of a code in the table, or len(table) for a
// note that decides nothing.
func place(code string) int {
	for i := range table {
		if table[i].Code == code {
			return i
		}
	}
	return len(table)
}

// codes is a set of codes in table order, the deciding one first.
type codes []string

func (c *codes) add(code string) {
	i, found := slices.BinarySearchFunc(*c, code, func(a, b string) int {
		return cmp.Or(place(a)-place(b), strings.Compare(a, b))
	})
	if !found {
		*c = slices.Insert(*c, i, code)
	}
}

// decided returns the line that decides, and false when no line applies.
func (c codes) decided() (Line, bool) {
	if len(c) == 0 {
		return Line{}, false
	}
	if i := place(c[0]); i < len(table) {
		return table[i], true
	}
	return Line{}, false
}
