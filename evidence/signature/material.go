package signature

import "time"

// Domain is a trust domain: official-duty and public are never mixed, and
// test anchors prove nothing to anybody.
type Domain string

// The trust domains (Circular 15/2025/TT-BKHCN).
const (
	DomainOfficialDuty Domain = "official-duty"
	DomainPublic       Domain = "public"
	DomainTest         Domain = "test"
)

// Role is the part a signer plays for a unit.
type Role string

// The roles a roster knows. An arrival stamp of a receiver has no role.
const (
	RolePerson       Role = "person"
	RoleOrganisation Role = "organisation"
)

// Anchor is a root certificate that an administrator decided to trust.
type Anchor struct {
	Domain Domain `json:"domain"`
	DER    []byte `json:"der"`
}

// Signer is a roster entry: who may sign for the unit, and as what. A
// certificate matches when its SHA-256 equals Certificate, or, with
// Certificate zero, when its subject equals Subject (RFC 4514 as Go prints
// it). The time window is of the office held; zero ends are open.
type Signer struct {
	Role        Role      `json:"role"`
	Name        string    `json:"name"`
	Certificate Hash      `json:"certificate"`
	Subject     string    `json:"subject,omitempty"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
}

// Material is a frozen snapshot of what a verifier brings. Its canonical JSON
// is hashed (see trust.Hash) and every verdict names that hash.
type Material struct {
	Anchors       []Anchor `json:"anchors"`
	Intermediates [][]byte `json:"intermediates"` // DER
	CRLs          [][]byte `json:"crls"`          // DER
	OCSPs         [][]byte `json:"ocsps"`         // DER
	Roster        []Signer `json:"roster"`
}

// Proof is a proof of existence (EN 319 102-1, PoE) that the caller brings
// for the whole file, such as the time of its leaf in the ledger.
type Proof struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"` // "ledger", "exchange"
}
