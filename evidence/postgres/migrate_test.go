package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/postgres/postgrestest"
	"minhchung/ledger"
)

// databaseOfVersion returns an empty database as an earlier version of the
// program made it.
func databaseOfVersion(t *testing.T, version int64) postgrestest.Database {
	t.Helper()
	d := server.Open(t)
	d.Exec(t, `DROP SCHEMA public CASCADE`, `CREATE SCHEMA public AUTHORIZATION mctest_owner`, `GRANT USAGE ON SCHEMA public TO PUBLIC`)
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", d.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = p.UpTo(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wholeTiles gives the tiles as they were before they had parts.
const wholeTiles = `(SELECT book, level, n, string_agg(data, '' ORDER BY part) AS data FROM tile GROUP BY book, level, n)`

// rowsOf returns every row of every table, as text, in order. The column
// "book", which is the first, is what name makes of it. tile is where the tiles
// are read.
func rowsOf(t *testing.T, c *pgx.Conn, name func(column string) string, tile string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	tables, partition := tablesOf(t, c)
	for _, table := range tables {
		if partition[table] || slices.Contains(open, table) {
			continue
		}
		source := `"` + table + `"`
		if table == "tile" {
			source = tile
		}
		rows, err := c.Query(t.Context(), fmt.Sprintf(`SELECT book, (x.*)::text FROM %s x`, source))
		if err != nil {
			t.Fatal(err)
		}
		var book, row string
		_, err = pgx.ForEachRow(rows, []any{&book, &row}, func() error {
			if !strings.HasPrefix(row, "("+book+",") {
				t.Errorf("table %s: a row does not begin with its book: %q", table, row)
			}
			all[table] = append(all[table], "("+name(book)+strings.TrimPrefix(row, "("+book))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(all[table])
	}
	return all
}

func same(column string) string { return column }

// copyOld writes every row of from, which has the present schema, into the
// tables of version 2, where the column "book" was "unit/period".
func copyOld(t *testing.T, from, to *pgx.Conn) {
	t.Helper()
	tables, partition := tablesOf(t, from)
	for _, table := range tables {
		if partition[table] || slices.Contains(open, table) {
			continue
		}
		source := `"` + table + `"`
		if table == "tile" {
			source = wholeTiles
		}
		rows, err := from.Query(t.Context(), fmt.Sprintf(`SELECT * FROM %s x`, source))
		if err != nil {
			t.Fatal(err)
		}
		var columns []string
		for _, f := range rows.FieldDescriptions() {
			columns = append(columns, f.Name)
		}
		values, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) {
			v, err := row.Values()
			if err == nil {
				v[0] = bookOf(v[0].(string)).String()
			}
			return v, err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.CopyFrom(t.Context(), pgx.Identifier{table}, columns, pgx.CopyFromRows(values)); err != nil {
			t.Fatalf("table %s: %v", table, err)
		}
	}
}

// fillBooks makes books of all kinds of periods, with rows in every table.
func fillBooks(t *testing.T, s test) {
	t.Helper()
	fillMatrix(t, s)
	for _, c := range columns {
		_, err := s.Update(t.Context(), everything, c.book, func(tx evidence.Tx) error {
			if _, err := tx.Head(t.Context()); errors.Is(err, fs.ErrNotExist) {
				if _, err := tx.Append(t.Context(), evidence.Opened{Book: c.book}); err != nil {
					return err
				}
			}
			if c.book == evidence.RootBook {
				return nil
			}
			for n := range 300 { // tiles of several parts, and a full one
				if _, err := tx.Append(t.Context(), evidence.RowAdded{Row: evidence.Row{ID: fmt.Sprint(n)}}); err != nil {
					return err
				}
			}
			_, err := tx.Append(t.Context(), evidence.RowAdded{Row: evidence.Row{ID: "9/BC", Subject: `a,"b\ nul` + "\x00"}},
				evidence.StateChanged{State: evidence.RowState{Row: "9/BC", Rule: "nd30", State: evidence.Disproven, Code: "no-file"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDatabaseOfVersion2IsTakenOver compares every row and the whole schema
// with those of a database that was made and filled with the present version,
// and goes on with the books.
func TestDatabaseOfVersion2IsTakenOver(t *testing.T) {
	s := openTest(t)
	fillBooks(t, s)
	fresh := connect(t, s.database.Admin)
	d := databaseOfVersion(t, 2)
	old := connect(t, d.Admin)
	copyOld(t, fresh, old)
	before := rowsOf(t, old, same, "tile")
	if _, err := Open(t.Context(), d.App, s.options); !errors.Is(err, evidence.ErrOlder) {
		t.Errorf("before: got %v, want ErrOlder", err)
	}
	if err := Migrate(t.Context(), d.Owner); err != nil {
		t.Fatal(err)
	}
	after := rowsOf(t, old, func(column string) string { return bookOf(column).String() }, wholeTiles)
	compare(t, "modulo the book", before, after)
	compare(t, "the new form", rowsOf(t, fresh, same, "tile"), rowsOf(t, old, same, "tile"))
	if len(after) < len(evidence.Tables()) {
		t.Errorf("compared only %d tables", len(after))
	}
	compare(t, "the catalogue", catalogueOf(t, fresh), catalogueOf(t, old))
	migrated := test{reopen(t, d.App, s.options), d}
	sound(t, migrated.Store, s.Store)
	// What was taken over can be carried on, and a year can begin.
	mustAdd(t, migrated.Store, "again")
	next := evidence.BookID{Unit: "xa-thu", Period: "2026"}
	_, err := migrated.Update(t.Context(), everything, next, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.Opened{Book: next})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	sound(t, migrated.Store, nil)
	if err := Migrate(t.Context(), d.Owner); err != nil {
		t.Errorf("again: %v", err)
	}
}

func compare(t *testing.T, what string, want, got map[string][]string) {
	t.Helper()
	for name := range want {
		if got[name] == nil {
			t.Errorf("%s: nothing of %s", what, name)
		}
	}
	for name, list := range got {
		if len(list) == 0 {
			t.Errorf("%s: %s is empty, nothing was compared", what, name)
		}
		for _, x := range list {
			if !slices.Contains(want[name], x) {
				t.Errorf("%s: %s has %q", what, name, x)
			}
		}
		for _, x := range want[name] {
			if !slices.Contains(list, x) {
				t.Errorf("%s: %s lacks %q", what, name, x)
			}
		}
		if len(list) != len(want[name]) {
			t.Errorf("%s: %s has %d rows, want %d", what, name, len(list), len(want[name]))
		}
	}
}

// sound checks every book. What check finds, and the head, are those of the
// other store, when there is one.
func sound(t *testing.T, s, like *Store) {
	t.Helper()
	books, err := s.Books(t.Context(), everything)
	if err != nil || len(books) < len(columns)-1 {
		t.Fatalf("got %d books and %v", len(books), err)
	}
	clean := 0
	objects := diskOf(t)
	for _, b := range append(books, evidence.RootBook) {
		got, head := lookAt(t, s, objects, b)
		if len(got) == 0 {
			clean++
		}
		if like == nil {
			continue
		}
		want, wantHead := lookAt(t, like, objects, b)
		if !slices.Equal(got, want) {
			t.Errorf("check of %s: got %q, want %q", b, got, want)
		}
		if head.Size == 0 || head.Size != wantHead.Size || head.Root != wantHead.Root || string(head.Checkpoint) != string(wantHead.Checkpoint) {
			t.Errorf("head of %s: got %d %x, want %d %x", b, head.Size, head.Root, wantHead.Size, wantHead.Root)
		}
	}
	if clean < len(columns)-3 { // the books of the matrix name files that are not there
		t.Errorf("only %d books are without a finding", clean)
	}
}

// lookAt returns what check finds in a book, which is nothing in the ledger.
func lookAt(t *testing.T, s *Store, objects object.Store, b evidence.BookID) (problems []string, head ledger.Head) {
	t.Helper()
	report, err := evidence.Check(t.Context(), s, everything, b, s.options.Sequencer.Key.PublicKey(), objects, evidence.CheckOptions{})
	if err != nil || len(report.Ledger) > 0 {
		t.Errorf("check of %s: %v and %v", b, report.Ledger, err)
	}
	for _, p := range report.Evidence {
		problems = append(problems, p.String())
	}
	return problems, report.Head
}

// catalogueOf describes everything in the schema but rows.
func catalogueOf(t *testing.T, c *pgx.Conn) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for what, query := range map[string]string{
		"tables": `SELECT concat_ws(' ', c.relname, c.relkind, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relpersistence,
			c.relacl, c.reloptions, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), (SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid))
			FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace`,
		"columns": `SELECT concat_ws(' ', a.attrelid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull, a.attstorage,
			a.attcompression, a.attidentity, a.attislocal, a.attinhcount, a.attacl, pg_get_expr(d.adbin, d.adrelid))
			FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0`,
		"constraints": `SELECT concat_ws(' ', n.conrelid::regclass, n.conname, n.contype, n.convalidated, n.conislocal, n.coninhcount, n.connoinherit, n.conindid::regclass, pg_get_constraintdef(n.oid))
			FROM pg_constraint n WHERE n.connamespace = 'public'::regnamespace`,
		"indexes": `SELECT concat_ws(' ', i.indexrelid::regclass, i.indisvalid, i.indisunique, i.indisprimary, pg_get_indexdef(i.indexrelid), (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.indexrelid))
			FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace`,
		"policies":  `SELECT concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies WHERE schemaname = 'public'`,
		"functions": `SELECT concat_ws(' ', pg_get_userbyid(proowner), proacl, pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
		"others": `SELECT concat_ws(' ', 'trigger', tgname) FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT concat_ws(' ', 'type', typname, typtype) FROM pg_type WHERE typnamespace = 'public'::regnamespace
			UNION ALL SELECT concat_ws(' ', 'version', version_id, is_applied) FROM goose_db_version`,
	} {
		rows, err := c.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if all[what], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
