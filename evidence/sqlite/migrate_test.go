package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"minhchung/evidence"
)

// TestDataOfTheFirstVersionIsBroughtUpToDate makes a database as the first
// version of the program left it: without the tables of evidence.
func TestDataOfTheFirstVersionIsBroughtUpToDate(t *testing.T) {
	s, ctx := openTest(t), context.Background()
	book := evidence.BookID{Unit: "xa-thu", Period: "2022"}
	row := evidence.Row{ID: "1/BC", Number: "1", Notation: "BC", Kind: evidence.Original, Line: 2}
	append := func(s *Store, events ...evidence.Event) {
		t.Helper()
		_, err := s.Update(ctx, everything, book, func(tx evidence.Tx) error {
			_, err := tx.Append(ctx, events...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	append(s, evidence.Opened{Book: book}, evidence.RowAdded{Row: row})
	path, options := pathOf(t, s), s.options
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`DROP TABLE scheme`, `DROP TABLE attachment`, `DROP TABLE explanation`,
		`DROP TABLE confirm`, `DROP TABLE kept_text`, `DROP TABLE place`, `DROP TABLE counter`, `DROP TABLE "moved"`,
		`DELETE FROM goose_db_version WHERE version_id > 1`} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, path, Options{ReadOnly: true}); !errors.Is(err, evidence.ErrOlder) {
		t.Errorf("reading it before: got %v, want ErrOlder", err)
	}
	s = reopen(t, path, options)
	append(s, evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.6", Text: "chưa có"}})
	err = s.View(ctx, everything, book, func(r evidence.Reader) error {
		rows, err := r.Rows(ctx)
		if len(rows) != 1 || rows[0] != row {
			t.Errorf("rows: got %v, want what was there", rows)
		}
		said, err2 := r.Explanations(ctx)
		if len(said) != 1 || said[0].Entry != 2 {
			t.Errorf("explanations: got %v", said)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
}
