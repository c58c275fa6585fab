package evidence

import (
	"errors"
	"fmt"
	"time"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

var (
	_ Event = Opened{}
	_ Event = UnitAdded{}
	_ Event = RosterAdded{}
	_ Event = TrustChanged{}
	_ Event = Anchored{}
)

// Draft implements Event: an "open" leaf. The origin stands in the opening.
func (e Opened) Draft() (ledger.Draft, error) {
	if e.Book != RootBook {
		if err := e.Book.Validate(); err != nil {
			return ledger.Draft{}, err
		}
	}
	return draft(LeafOpen, e, bookRefs(e.Book), nil)
}

// Records implements Event, in table "book".
func (e Opened) Records(index int64) []Record {
	return []Record{{Table: "book", Key: e.Book.String(), Values: map[string]any{
		"unit": string(e.Book.Unit), "period": string(e.Book.Period), "origin": e.Origin, "entry": index}}}
}

func bookRefs(b BookID) map[string]string {
	return map[string]string{"unit": string(b.Unit), "period": string(b.Period)}
}

// Draft implements Event: a "unit" leaf.
func (e UnitAdded) Draft() (ledger.Draft, error) {
	if err := e.Unit.ID.Validate(); err != nil {
		return ledger.Draft{}, err
	}
	return draft(LeafUnit, e.Unit, map[string]string{"unit": string(e.Unit.ID)}, nil)
}

// Records implements Event, in table "unit".
func (e UnitAdded) Records(index int64) []Record {
	return []Record{{Table: "unit", Key: string(e.Unit.ID), Values: map[string]any{
		"name": e.Unit.Name, "organ_id": e.Unit.OrganID, "entry": index}}}
}

// Draft implements Event: a "roster" leaf. Names and subjects are of persons
// and stand in the opening; so does the certificate.
func (e RosterAdded) Draft() (ledger.Draft, error) {
	if err := e.Entry.Unit.Validate(); err != nil {
		return ledger.Draft{}, err
	}
	if e.Entry.Certificate.IsZero() && e.Entry.Subject == "" {
		return ledger.Draft{}, errors.New("a roster entry needs a certificate or a subject")
	}
	if len(e.Entry.DER) > 0 && signature.HashOf(e.Entry.DER) != e.Entry.Certificate {
		return ledger.Draft{}, errors.New("the roster entry's certificate does not have the digest it names")
	}
	return draft(LeafRoster, e.Entry, map[string]string{"unit": string(e.Entry.Unit)},
		map[string]string{"role": string(e.Entry.Role)})
}

// Records implements Event, in table "roster". An entry for the same unit,
// role, signer and beginning replaces the older one, so that a term can end.
func (e RosterAdded) Records(index int64) []Record {
	s := e.Entry.Signer
	who := signature.HashOf([]byte(s.Certificate.String() + "\n" + s.Subject + "\n" + stamp(s.From)))
	key := fmt.Sprintf("%s/%s/%s", e.Entry.Unit, s.Role, who)
	return []Record{{Table: "roster", Key: key, Values: map[string]any{
		"unit": string(e.Entry.Unit), "role": string(s.Role), "name": s.Name,
		"certificate": hexOrNone(s.Certificate), "subject": s.Subject,
		"valid_from": stamp(s.From), "valid_until": stamp(s.Until), "entry": index}}}
}

// stamp writes a time as RFC 3339 in UTC, and no time as nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Draft implements Event: a "material" leaf whose code "use" is "trust".
func (e TrustChanged) Draft() (ledger.Draft, error) {
	if got := signature.HashOf(e.Entry.DER); got != e.Entry.SHA256 {
		return ledger.Draft{}, fmt.Errorf("trust entry %s has the digest %s", e.Entry.SHA256, got)
	}
	codes := map[string]string{"use": materialTrust, codeKind: e.Entry.Kind, "domain": string(e.Entry.Domain),
		"removed": decimal(boolean(e.Entry.Removed))}
	return draft(LeafMaterial, e.Entry, map[string]string{"trust": e.Entry.SHA256.String()}, codes)
}

// Records implements Event, in table "trust".
func (e TrustChanged) Records(index int64) []Record {
	return []Record{{Table: "trust", Key: e.Entry.SHA256.String(), Values: map[string]any{
		"kind": e.Entry.Kind, "domain": string(e.Entry.Domain), "name": e.Entry.Name,
		"removed": boolean(e.Entry.Removed), "entry": index}}}
}

// anchorOpening gives Anchored its JSON names.
type anchorOpening struct {
	Book       BookID `json:"book"`
	Origin     string `json:"origin"`
	Size       int64  `json:"size"`
	Root       string `json:"root"`
	Checkpoint string `json:"checkpoint"`
}

// Draft implements Event: an "anchor" leaf. The checkpoint's own bytes stand
// in the opening, their digest in the leaf.
func (e Anchored) Draft() (ledger.Draft, error) {
	if err := e.Book.Validate(); err != nil {
		return ledger.Draft{}, err
	}
	refs := bookRefs(e.Book)
	refs["origin"], refs["root"] = e.Origin, e.Root // ledger.AnchorFields: a receipt is anchored by them
	refs["checkpoint"] = signature.HashOf([]byte(e.Checkpoint)).String()
	return draft(LeafAnchor, anchorOpening(e), refs, map[string]string{codeSize: decimal(e.Size)})
}

// Records implements Event, in table "anchor": the newest of each book.
func (e Anchored) Records(index int64) []Record {
	return []Record{{Table: "anchor", Key: e.Book.String(), Values: map[string]any{
		"origin": e.Origin, "size": e.Size, "root": e.Root, "entry": index}}}
}
