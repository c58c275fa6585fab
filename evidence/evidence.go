// Package evidence is the domain: units and their registers, the documents
// that prove them, and the way a document takes from a clerk's folder into
// the ledger. The register is the denominator: rows come first, files second.
package evidence

import (
	"slices"
	"time"

	"minhchung/evidence/signature"
)

// UnitID names a unit (đơn vị): 1 to 64 of a-z, 0-9 and '-'.
type UnitID string

// Period is a scoring period (kỳ đánh giá), such as "2022".
type Period string

// BookID names a ledger book: one for each unit and period. The zero BookID
// is the root book, which holds units, rosters, trust and the books' anchors.
type BookID struct {
	Unit   UnitID `json:"unit"`
	Period Period `json:"period"`
}

// RootBook is the book of the installation itself.
var RootBook = BookID{}

// String returns "unit/period", or "root".
func (b BookID) String() string {
	if b == RootBook {
		return "root"
	}
	return string(b.Unit) + "/" + string(b.Period)
}

// Scope limits what a caller may see and do. Every Store call takes one; what
// lies outside is fs.ErrNotExist, as if it were not there. The zero Scope
// sees nothing.
type Scope struct {
	All   bool     // every unit and the root book, for the administrator of an office PC
	Units []UnitID // otherwise these
	Actor string   // pseudonymous id that leaves name
}

// Allows reports whether the scope includes the book. Reading the root book
// needs All.
func (s Scope) Allows(b BookID) bool {
	return s.All || (b != RootBook && slices.Contains(s.Units, b.Unit))
}

// Unit is an organisation that is scored (đơn vị).
type Unit struct {
	ID      UnitID `json:"id"`
	Name    string `json:"name"`
	OrganID string `json:"organId,omitempty"` // edXML OrganId (QCVN 102:2016), at most 13 characters
}

// RosterEntry says who may sign for a unit.
type RosterEntry struct {
	Unit UnitID `json:"unit"`
	signature.Signer
	// DER is the certificate the entry was made from; nil for entries by
	// subject.
	DER []byte `json:"der,omitempty"`
}

// TrustEntry is one thing the administrator decided to trust or to use.
type TrustEntry struct {
	SHA256 signature.Hash   `json:"sha256"`
	Kind   string           `json:"kind"`             // "anchor", "intermediate", "crl", "ocsp"
	Domain signature.Domain `json:"domain,omitempty"` // of anchors
	Name   string           `json:"name"`             // subject, or issuer and date
	DER    []byte           `json:"der"`
	// Removed marks an entry that newer verdicts no longer use.
	Removed bool `json:"removed,omitempty"`
}

// Kind is what a register row stands for (Decree 30/2020 art. 5, 25).
type Kind string

// The kinds of documents; an empty column means Original.
const (
	Original Kind = "original" // bản gốc
	Copy     Kind = "copy"     // bản sao (sao y)
	Annex    Kind = "annex"    // phụ lục in a file of its own
)

// Date is a calendar day, "2022-01-31"; the zero Date is "".
type Date string

// Exclusion takes a row out of the denominator. Reason is one of "void",
// "withdrawn", "out-of-scope"; secret rows are dropped before they become
// rows, and only counted.
type Exclusion struct {
	Code     string `json:"code"`
	Reason   string `json:"reason"` // free text
	Approver string `json:"approver"`
}

// Reinstated is the code of an exclusion that was taken back: it keeps who
// decided so and why, and the row counts again.
const Reinstated = "reinstated"

// Applies reports whether the row is out of the denominator. A nil Exclusion
// does not apply.
func (x *Exclusion) Applies() bool { return x != nil && x.Code != Reinstated }

// Row is one line of a register of outgoing documents (sổ đăng ký văn bản
// đi). Field lengths follow Decree 30/2020 appendix VI.
type Row struct {
	// ID is stable over re-imports: "number/notation", with "series:" in
	// front when the register has series and "~2" behind for a duplicate.
	ID        string     `json:"id"`
	Series    string     `json:"series,omitempty"`
	Number    string     `json:"number"`   // "32", "32a"
	Notation  string     `json:"notation"` // "BC-UBND"
	Date      Date       `json:"date"`
	Type      string     `json:"type,omitempty"`    // TypeName, as written
	Subject   string     `json:"subject,omitempty"` // trích yếu
	Kind      Kind       `json:"kind"`
	File      string     `json:"file,omitempty"` // as written in the register
	Exclusion *Exclusion `json:"exclusion,omitempty"`
	SentAt    string     `json:"sentAt,omitempty"`
	Channel   string     `json:"channel,omitempty"`
	Receipt   string     `json:"receipt,omitempty"` // of the exchange system
	Line      int        `json:"line"`              // in the newest register that has it, 1-based
	// Withdrawn marks a row that a newer register no longer has. It stays in
	// the ledger and leaves the denominator.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Finding is a fault in a register's content that does not stop its import:
// shown before any percentage.
type Finding struct {
	Code   string `json:"code"` // "gap", "duplicate", "late-entry", "outside-year", "long-field", "series-inferred" …
	Line   int    `json:"line,omitempty"`
	Row    string `json:"row,omitempty"`    // Row.ID
	Detail string `json:"detail,omitempty"` // numbers and dates only, such as "41–43"; no sentence
}

// Register is a parsed register file. Rows of secret documents are gone;
// SecretRows counts them.
type Register struct {
	SHA256     signature.Hash `json:"sha256"`
	Size       int64          `json:"size"`
	Name       string         `json:"name"`
	Rows       []Row          `json:"rows"`
	SecretRows int            `json:"secretRows"`
	Findings   []Finding      `json:"findings"`
	// Secret holds the dropped rows while the import runs, so that their
	// files are refused too. It is never stored.
	Secret []Row `json:"-"`
}

// Document is a file that was received for a unit and period.
type Document struct {
	SHA256 signature.Hash `json:"sha256"`
	Size   int64          `json:"size"`
	Name   string         `json:"name"` // file name as received
	Entry  int64          `json:"entry"`
	// FactsEntry and VerdictEntry are the newest leaves that carry them.
	FactsEntry   int64 `json:"factsEntry"`
	VerdictEntry int64 `json:"verdictEntry"`
	// The rest repeats what the verdict leaf says.
	Result   signature.Result `json:"result"`
	Material signature.Hash   `json:"material"`
	Policy   signature.Hash   `json:"policy"`
}

// Match ties a document to a row. By is "file-column", "name" or
// "text".
type Match struct {
	Row      string         `json:"row"`
	Document signature.Hash `json:"document"`
	By       string         `json:"by"`
}

// State of a row under a counting rule.
type State string

// The states, see "Row states" in the package count.
const (
	Proven       State = "PROVEN"
	Disproven    State = "DISPROVEN"
	Undetermined State = "UNDETERMINED"
	Excluded     State = "EXCLUDED"
)

// RowState is the answer of one rule about one row.
type RowState struct {
	Row     string   `json:"row"`
	Rule    string   `json:"rule"`
	State   State    `json:"state"`
	Code    string   `json:"code,omitempty"`  // the primary reason; empty only when PROVEN
	Grade   string   `json:"grade,omitempty"` // "A" or "B" when PROVEN
	Reasons []string `json:"reasons"`         // all of them, the primary one first
}

// RowEvidence is what a rule sees of a row.
type RowEvidence struct {
	Row Row
	// Facts and Verdict are nil when no file is matched. Facts may be
	// detached from their blobs.
	Facts   *signature.Facts
	Verdict *signature.Verdict
	// Duplicate is true when a signature of the file also stands under
	// another row that is neither excluded nor withdrawn.
	Duplicate bool
	// Confirmed is true when the file was found to be the document that the
	// row names, and nobody denied it.
	Confirmed bool
	// Received is the time of the document's leaf.
	Received time.Time
}

// Rule judges rows: a counting rule of package count. It is pure.
type Rule interface {
	ID() string
	// Canonical returns the rule's own bytes, which the ledger keeps.
	Canonical() []byte
	State(RowEvidence) RowState
}
