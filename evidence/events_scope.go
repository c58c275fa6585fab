package evidence

import "fmt"

// Validate reports whether the id is 1 to 64 of a-z, 0-9 and '-'. It becomes
// part of an origin, an object key and a path.
func (u UnitID) Validate() error {
	if len(u) < 1 || len(u) > 64 {
		return fmt.Errorf("unit %q: an id has 1 to 64 characters", string(u))
	}
	for _, c := range []byte(u) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("unit %q: an id has only a-z, 0-9 and '-'", string(u))
		}
	}
	return nil
}

// Validate reports whether the period is 1 to 32 of a-z, 0-9 and '-', such as
// "2022" or "2025-h1".
func (p Period) Validate() error {
	if len(p) > 32 || UnitID(p).Validate() != nil {
		return fmt.Errorf("period %q: a period has 1 to 32 of a-z, 0-9 and '-', such as 2022", string(p))
	}
	return nil
}

// Validate reports whether b names the book of a unit and period. The root
// book is not one.
func (b BookID) Validate() error {
	if err := b.Unit.Validate(); err != nil {
		return err
	}
	return b.Period.Validate()
}

// Origin is the deterministic name of a book's ledger: "host/unit/period", or
// "host/root" for the root book (DESIGN.md, "Ledger").
func (b BookID) Origin(host string) string { return host + "/" + b.String() }
