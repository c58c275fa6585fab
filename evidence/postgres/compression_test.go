package postgres

import (
	"fmt"
	"strings"
	"testing"

	"minhchung/evidence"
)

// TestLargeValuesAreCompressed looks at what an Update wrote, before and after
// an administrator chose another way for a partition. Both are read.
func TestLargeValuesAreCompressed(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1") // makes the partition
	admin := connect(t, s.database.Admin)
	want, err := bestCompression(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	var table string
	if err := admin.QueryRow(t.Context(), `SELECT tableoid::regclass::text FROM entry WHERE book = $1 LIMIT 1`, columnOf(testBook)).Scan(&table); err != nil {
		t.Fatal(err)
	}
	for n, c := range []struct{ alter, want string }{
		{"", want},
		{`ALTER TABLE ` + table + ` ALTER opening SET COMPRESSION pglz`, "pglz"},
		{`ALTER TABLE ` + table + ` ALTER opening SET COMPRESSION default`, want},
	} {
		if c.alter != "" {
			s.database.Exec(t, c.alter)
		}
		row := evidence.Row{ID: fmt.Sprintf("%d/BC-UBND", n+2), Subject: strings.Repeat("Báo cáo ", 1000)}
		_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
			_, err := tx.Append(t.Context(), evidence.RowAdded{Row: row})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = admin.QueryRow(t.Context(), `SELECT pg_column_compression(opening) FROM entry WHERE book = $1 ORDER BY idx DESC LIMIT 1`, columnOf(testBook)).Scan(&got)
		if err != nil || got != c.want {
			t.Errorf("after %q: got %q and %v, want %q", c.alter, got, err, c.want)
		}
	}
	whole(t, s.Store, 5) // the first leaf opens the book
}
