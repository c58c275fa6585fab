package evidence

import "minhchung/evidence/signature"

// The events, one for each leaf type in use. Each embeds or holds the whole
// opening; references and codes are derived from it. Projected tables are
// named beside each.

// Opened is leaf 0 of a book, and repeated in the root book. Table "book".
type Opened struct {
	Book   BookID `json:"book"`
	Origin string `json:"origin"`
}

// UnitAdded adds or renames a unit (root book). Table "unit".
type UnitAdded struct{ Unit Unit }

// RosterAdded adds a roster entry (root book). Table "roster".
type RosterAdded struct{ Entry RosterEntry }

// TrustChanged adds or removes a trust entry (root book). Table "trust".
type TrustChanged struct{ Entry TrustEntry }

// MaterialUsed freezes the material that verdicts of this book name. Its
// opening names certificates and answers by hash; they are blobs.
type MaterialUsed struct {
	SHA256   signature.Hash
	Material signature.Material
}

// PolicyUsed and RuleUsed keep the exact bytes of a policy or rule.
type PolicyUsed struct {
	SHA256    signature.Hash
	ID        string
	Canonical []byte
}

// RuleUsed keeps a counting rule. Table "rule".
type RuleUsed struct {
	SHA256    signature.Hash
	ID        string
	Canonical []byte
}

// RegisterImported records a register import without its rows. Table
// "register".
type RegisterImported struct{ Register Register }

// RowAdded, RowCorrected, RowWithdrawn and RowExcluded carry the whole row as
// it is from now on. Table "row".
type (
	RowAdded     struct{ Row Row }
	RowCorrected struct{ Row Row }
	RowWithdrawn struct{ Row Row }
	RowExcluded  struct{ Row Row }
)

// DocumentReceived says that these bytes are stored. Table "document".
type DocumentReceived struct {
	SHA256 signature.Hash
	Size   int64
	Name   string
	// Absent says that the file was seen and hashed, but is over the limits
	// and not kept.
	Absent bool
}

// FactsRead carries the detached Facts. Table "facts".
type FactsRead struct{ Facts signature.Facts }

// VerdictReached carries a verdict. Tables "verdict" and "signature".
type VerdictReached struct {
	Document signature.Hash
	Material signature.Hash
	Policy   signature.Hash
	Verdict  signature.Verdict
}

// Matched and Unmatched tie a row to a document, or untie it. Table "match".
type (
	Matched   struct{ Match Match }
	Unmatched struct{ Match Match }
)

// StateChanged is a row's new state under a rule. Table "rowstate".
type StateChanged struct{ State RowState }

// Anchored records another book's checkpoint in the root book. Table "anchor".
type Anchored struct {
	Book       BookID
	Origin     string
	Size       int64
	Root       string // hex
	Checkpoint string
}
