package postgres

import (
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// columnOf writes the column "book".
func columnOf(b evidence.BookID) string { return b.String() }

// bookOf reads the column "book".
func bookOf(column string) evidence.BookID {
	if column == relation.RootKey {
		return evidence.RootBook
	}
	unit, period, _ := strings.Cut(column, "/")
	return evidence.BookID{Unit: evidence.UnitID(unit), Period: evidence.Period(period)}
}

// Column implements relation.Conn.
func (*conn) Column(b evidence.BookID) string { return columnOf(b) }

// BookOf implements relation.Conn.
func (*conn) BookOf(column string) evidence.BookID { return bookOf(column) }
