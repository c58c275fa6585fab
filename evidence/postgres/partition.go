package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// The column "book" is "period/unit", or "root". What stands before the unit
// decides the partition: those of a year hold every period that begins with
// it ("2025", "2025-h1", "202503"), and a mark puts the periods that begin with
// no year of 2000 to 2099 ("h1-2025") together behind all others.
const yearless = "~"

// yearOf returns the year that a period begins with; "" for one that does not.
func yearOf(p evidence.Period) string {
	if len(p) < 4 || p[:2] != "20" || strings.Trim(string(p[2:4]), "0123456789") != "" {
		return ""
	}
	return string(p[:4])
}

// columnOf writes the column "book". Advisory locks, notices and messages have
// BookID.String.
func columnOf(b evidence.BookID) string {
	switch {
	case b == evidence.RootBook:
		return relation.RootKey
	case yearOf(b.Period) == "":
		return yearless + string(b.Period) + "/" + string(b.Unit)
	}
	return string(b.Period) + "/" + string(b.Unit)
}

// bookOf reads the column "book".
func bookOf(column string) evidence.BookID {
	if column == relation.RootKey {
		return evidence.RootBook
	}
	period, unit, _ := strings.Cut(strings.TrimPrefix(column, yearless), "/")
	return evidence.BookID{Unit: evidence.UnitID(unit), Period: evidence.Period(period)}
}

// Column implements relation.Conn.
func (*conn) Column(b evidence.BookID) string { return columnOf(b) }

// BookOf implements relation.Conn.
func (*conn) BookOf(column string) evidence.BookID { return bookOf(column) }

// Opening implements relation.Opener: the year of a book that begins gets its
// partitions, if it has none.
func (c *conn) Opening(ctx context.Context, b evidence.BookID) error {
	year := yearOf(b.Period)
	if year == "" { // those are always there
		return nil
	}
	var there bool
	// One stands for all: they are made in one transaction.
	if err := c.Row(ctx, `SELECT to_regclass(?) IS NOT NULL`, []any{"entry_" + year}, &there); err != nil || there {
		return err
	}
	return c.store.makePartitions(ctx, year)
}

// makePartitions makes the partitions of a year that are not there. It can be
// repeated. The connection is its own, since the book's transaction goes on
// meanwhile: in that one the locks would be held until it commits, and another
// of the pool would be waited for by those who have them all.
func (s *Store) makePartitions(ctx context.Context, year string) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Statement+reach)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err == nil {
		defer c.Close(ctx)
		err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true)`,
				milliseconds(s.options.Statement), milliseconds(lockTry))
			if err == nil {
				_, err = tx.Exec(ctx, `SELECT minhchung_make_partitions($1)`, year)
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("making the partitions of %s: %w", year, err)
	}
	return nil
}
