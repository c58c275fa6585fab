package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/evidence/storetest"
)

func mustMakePartitions(t testing.TB, s *Store, year string) {
	t.Helper()
	if err := s.makePartitions(t.Context(), year); err != nil {
		t.Fatal(err)
	}
}

// columns has the column and the partition of books with every kind of period.
var columns = []struct {
	book              evidence.BookID
	column, partition string
}{
	{evidence.RootBook, "root", "root"},
	{evidence.BookID{Unit: "xa-thu", Period: "2022"}, "2022/xa-thu", "2022"},
	{evidence.BookID{Unit: "xa-thu", Period: "2022-h1"}, "2022-h1/xa-thu", "2022"},
	{evidence.BookID{Unit: "xa-thu", Period: "2022q4"}, "2022q4/xa-thu", "2022"},
	{evidence.BookID{Unit: "xa-thu", Period: "202203"}, "202203/xa-thu", "2022"},
	{evidence.BookID{Unit: "xa-thu", Period: "20229zzz"}, "20229zzz/xa-thu", "2022"},
	{evidence.BookID{Unit: "xa-thu", Period: "2000"}, "2000/xa-thu", "2000"},
	{evidence.BookID{Unit: "xa-thu", Period: "2099-q4"}, "2099-q4/xa-thu", "2099"},
	{evidence.BookID{Unit: "xa-thu", Period: "1999"}, "~1999/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "2100"}, "~2100/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "h1-2022"}, "~h1-2022/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "202"}, "~202/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "20a2"}, "~20a2/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "root"}, "~root/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "-"}, "~-/xa-thu", "other"},
	{evidence.BookID{Unit: "xa-thu", Period: "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}, "~zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz/xa-thu", "other"},
	{evidence.BookID{Unit: "root", Period: "2022"}, "2022/root", "2022"},
	{evidence.BookID{Unit: "2025", Period: "2022"}, "2022/2025", "2022"},
	{evidence.BookID{Unit: "2022", Period: "2025"}, "2025/2022", "2025"},
}

func TestColumn(t *testing.T) {
	for _, c := range columns {
		if got := columnOf(c.book); got != c.column {
			t.Errorf("column of %s: got %q, want %q", c.book, got, c.column)
		}
		if got := bookOf(c.column); got != c.book {
			t.Errorf("book of %q: got %v, want %v", c.column, got, c.book)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	word := func() string {
		b := make([]byte, 1+rng.IntN(6))
		for i := range b {
			b[i] = "-0259art"[rng.IntN(8)]
		}
		return string(b)
	}
	seen := map[string]evidence.BookID{}
	for range 20_000 {
		b := evidence.BookID{Unit: evidence.UnitID(word()), Period: evidence.Period(word())}
		column := columnOf(b)
		if bookOf(column) != b {
			t.Errorf("%v became %q and %v", b, column, bookOf(column))
		}
		if other, ok := seen[column]; ok && other != b {
			t.Errorf("%v and %v both have the column %q", b, other, column)
		}
		seen[column] = b
	}
}

// partitionsOf lists the partitions, by table.
func partitionsOf(t testing.TB, c *pgx.Conn) map[string][]string {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT p.relname::text, c.relname::text FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
		WHERE c.relkind = 'r' AND p.relnamespace = 'public'::regnamespace ORDER BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	var parent, child string
	_, err = pgx.ForEachRow(rows, []any{&parent, &child}, func() error {
		all[parent] = append(all[parent], strings.TrimPrefix(child, parent+"_"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantPartitions fails the test when a large table has other partitions.
func wantPartitions(t testing.TB, c *pgx.Conn, want ...string) {
	t.Helper()
	got := partitionsOf(t, c)
	if len(got) != 12 {
		t.Errorf("got %d tables with partitions, want 12", len(got))
	}
	for table, parts := range got {
		if !slices.Equal(parts, want) {
			t.Errorf("table %s: got the partitions %v, want %v", table, parts, want)
		}
	}
}

// TestEveryPeriodHasAPlace opens a book of each kind of period as the program's
// login: no administrator, no owner.
func TestEveryPeriodHasAPlace(t *testing.T) {
	s := openTest(t)
	admin := connect(t, s.database.Admin)
	wantPartitions(t, admin, "other", "root")
	var want []evidence.BookID
	for _, c := range columns {
		events := []evidence.Event{evidence.RowAdded{Row: evidence.Row{ID: "1"}},
			evidence.StateChanged{State: evidence.RowState{Row: "1", Rule: "nd30", State: evidence.Proven}}}
		if c.book == evidence.RootBook {
			events = []evidence.Event{evidence.UnitAdded{Unit: evidence.Unit{ID: "xa-thu"}}}
		} else {
			want = append(want, c.book)
			events = append([]evidence.Event{evidence.Opened{Book: c.book}}, events...)
		}
		_, err := s.Update(t.Context(), everything, c.book, func(tx evidence.Tx) error {
			_, err := tx.Append(t.Context(), events...)
			return err
		})
		if err != nil {
			t.Fatalf("book %s: %v", c.book, err)
		}
		var tables string
		err = admin.QueryRow(t.Context(), `SELECT string_agg(DISTINCT tableoid::regclass::text, ' ') FROM entry WHERE book = $1`, c.column).Scan(&tables)
		if err != nil || tables != "entry_"+c.partition {
			t.Errorf("book %s: its entries are in %q (%v), want entry_%s", c.book, tables, err, c.partition)
		}
	}
	wantPartitions(t, admin, "2000", "2022", "2025", "2099", "other", "root")
	got, err := s.Books(t.Context(), everything)
	slices.SortFunc(want, func(a, b evidence.BookID) int {
		return strings.Compare(string(a.Unit)+"\x00"+string(a.Period), string(b.Unit)+"\x00"+string(b.Period))
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("books: got %v and %v, want %v", got, err, want)
	}
	for _, column := range []string{"xa-thu/2022", "1999/xa-thu", "2024/xa-thu", "h1-2022/xa-thu", ""} {
		_, err := admin.Exec(t.Context(), `INSERT INTO entry (book, idx, leaf) VALUES ($1, 0, '')`, column)
		if sqlState(err) != "23514" {
			t.Errorf("an entry of %q: got %v, want no partition for it", column, err)
		}
	}
	counted, err := s.Summaries(t.Context(), everything, want)
	var summed []evidence.BookID
	for _, c := range counted {
		summed = append(summed, c.Book)
	}
	if err != nil || !slices.Equal(summed, want) {
		t.Errorf("summaries: got %v and %v, want %v", summed, err, want)
	}
	// A period is no unit, for row-level security either.
	app := connect(t, s.database.App)
	for table, want := range map[string]string{"head": "2022/2025", "entry": "2022/2025"} {
		var got string
		_, err := app.Exec(t.Context(), `SELECT set_config('minhchung.units', '2025,xa-nao-do', false)`)
		if err == nil {
			err = app.QueryRow(t.Context(), `SELECT string_agg(DISTINCT book, ' ') FROM `+table).Scan(&got)
		}
		if err != nil || got != want {
			t.Errorf("unit 2025 sees in %s the books %q and %v, want %q", table, got, err, want)
		}
	}
}

// TestPartitionsAreMadeForBooksThatBegin leaves the tables alone when no book
// is opened. When one is, its transaction goes on, although it has read every
// table before the partition was there.
func TestPartitionsAreMadeForBooksThatBegin(t *testing.T) {
	s := openTest(t)
	o := s.options
	o.MaxConns = 1
	one := reopen(t, s.database.App, o)
	admin := connect(t, s.database.Admin)
	if _, err := one.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), evidence.RowAdded{Row: evidence.Row{ID: "1"}})
		return err
	}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a book that was never opened: got %v, want fs.ErrNotExist", err)
	}
	wantPartitions(t, admin, "other", "root")
	runs := 0
	_, err := one.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		runs++
		for _, table := range evidence.Tables() {
			if err := tx.Records(t.Context(), table, func(evidence.Record) error { return nil }); err != nil {
				return err
			}
		}
		err := tx.Savepoint(t.Context(), func() error {
			_, err := tx.Append(t.Context(), evidence.Opened{Book: testBook}, evidence.RowAdded{Row: evidence.Row{ID: "1"}})
			return errors.Join(err, tx.PutBlobs(t.Context(), nil))
		})
		if err != nil {
			return err
		}
		rows, err := tx.Rows(t.Context())
		if len(rows) != 1 {
			t.Errorf("got %d rows, want the one that was written", len(rows))
		}
		return errors.Join(err, storetest.AddDocument(t.Context(), tx, 7))
	})
	if err != nil || runs != 1 {
		t.Errorf("got %v after %d runs, want success in the first", err, runs)
	}
	whole(t, one, 8)
	wantPartitions(t, admin, "2022", "other", "root")
}

// TestManyBeginAYear lets several stores open the first books of several years
// at the same time.
func TestManyBeginAYear(t *testing.T) {
	s := openTest(t)
	var wait sync.WaitGroup
	for n := range 4 {
		other := reopen(t, s.database.App, s.options)
		for m := range 4 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				b := evidence.BookID{Unit: evidence.UnitID(fmt.Sprintf("xa-%d", 4*n+m)), Period: evidence.Period(fmt.Sprint(2030 + m%2))}
				_, err := other.Update(t.Context(), everything, b, func(tx evidence.Tx) error {
					_, err := tx.Append(t.Context(), evidence.Opened{Book: b}, evidence.RowAdded{Row: evidence.Row{ID: "1"}})
					return err
				})
				if err != nil {
					t.Errorf("book %s: %v", b, err)
				}
			}()
		}
	}
	wait.Wait()
	if books, err := s.Books(t.Context(), everything); err != nil || len(books) != 16 {
		t.Errorf("got %d books and %v, want 16", len(books), err)
	}
	wantPartitions(t, connect(t, s.database.Admin), "2030", "2031", "other", "root")
}

// TestAYearBeginsBesideWritersAndReaders makes partitions while another
// transaction has read and written every large table: neither waits.
func TestAYearBeginsBesideWritersAndReaders(t *testing.T) {
	s := openTest(t)
	fillMatrix(t, s)
	tables := partitionsOf(t, connect(t, s.database.Admin))
	_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		if err := addIn(t.Context(), tx, "2"); err != nil {
			return err
		}
		if _, err := tx.Row(t.Context(), "2"); err != nil { // sends what waits
			return err
		}
		c := tx.(*relation.Tx)
		for table := range tables {
			if err := c.Records(t.Context(), table, func(evidence.Record) error { return nil }); err != nil && slices.Contains(evidence.Tables(), table) {
				return err
			}
		}
		mustMakePartitions(t, s.Store, "2040") // with the lock timeout of every statement
		return addIn(t.Context(), tx, "3")
	})
	if err != nil {
		t.Error(err)
	}
	report, err := s.Books(t.Context(), everything)
	if err != nil || len(report) != 2 {
		t.Errorf("got %v and %v", report, err)
	}
}

// TestAYearWaitsForItsLocks opens a book while somebody alters a large table.
func TestAYearWaitsForItsLocks(t *testing.T) {
	s := openTest(t)
	other, err := connect(t, s.database.Admin).Begin(t.Context())
	if err == nil {
		_, err = other.Exec(t.Context(), `LOCK TABLE verdict IN SHARE UPDATE EXCLUSIVE MODE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	_, err = s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		if runs++; runs == 2 {
			if err := other.Rollback(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return addIn(t.Context(), tx, "1")
	})
	if err != nil || runs != 2 {
		t.Errorf("got %v after %d runs, want success when the lock is free", err, runs)
	}
	whole(t, s.Store, 2)
}

// TestAYearWhileTheServerIsAway loses the server between the Update and what
// it makes room with: nothing is stored, and later the book begins.
func TestAYearWhileTheServerIsAway(t *testing.T) {
	s := openTest(t)
	p := newProxy(t, s.database.App)
	through := reopen(t, p.url, s.options)
	_, err := through.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
		p.refuse()
		return addIn(t.Context(), tx, "1")
	})
	if !errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if books, err := s.Books(t.Context(), everything); err != nil || len(books) != 0 {
		t.Errorf("got %v and %v, want no book", books, err)
	}
	p.at(cutNever, false)
	mustAdd(t, through, "1")
	whole(t, through, 2)
}

// TestMakePartitionsIsNoWayIn calls the one function that runs as the owner
// with what it is not for.
func TestMakePartitionsIsNoWayIn(t *testing.T) {
	s := openTest(t)
	admin := connect(t, s.database.Admin)
	app := connect(t, s.database.App)
	call := func(c *pgx.Conn, part any) error {
		_, err := c.Exec(t.Context(), `SELECT minhchung_make_partitions($1)`, part)
		return err
	}
	for _, part := range []any{nil, "", "2022-h1", "1999", "2100", "20222", "2022\n", " 2022", "20a2", "other'", `2022"; DROP TABLE entry; --`, "２０２２", "~", "ROOT"} {
		if err := call(app, part); sqlState(err) != "22023" {
			t.Errorf("%q: got %v, want invalid_parameter_value", part, err)
		}
	}
	for _, url := range []string{s.database.Follower, s.database.Auditor} {
		if err := call(connect(t, url), "2050"); sqlState(err) != "42501" {
			t.Errorf("another role: got %v, want insufficient_privilege", err)
		}
	}
	wantPartitions(t, admin, "other", "root")
	// Names of the caller's own do not lead it astray, nor do other settings.
	for _, query := range []string{`CREATE TEMP TABLE entry (book text)`, `CREATE TEMP TABLE entry_2050 (book text)`,
		`CREATE TEMP TABLE pg_inherits (inhparent oid, inhrelid oid)`, `SET search_path = pg_temp, public`} {
		if _, err := app.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // again does nothing
		if _, err := app.Exec(t.Context(), `SELECT public.minhchung_make_partitions('2050')`); err != nil {
			t.Error(err)
		}
	}
	wantPartitions(t, admin, "2050", "other", "root")
}

// TestFunctionsByRole asks for every function of the schema as every role.
func TestFunctionsByRole(t *testing.T) {
	s := openTest(t)
	rows, err := connect(t, s.database.Admin).Query(t.Context(), `SELECT p.proname::text, r.rolname::text, has_function_privilege(r.oid, p.oid, 'EXECUTE'), p.prosecdef,
		p.prosecdef <= (coalesce(p.proconfig::text, '') ~ 'search_path=public, pg_temp')
		FROM pg_proc p, pg_roles r WHERE p.pronamespace = 'public'::regnamespace AND r.rolname IN ('mctest_owner', 'mctest_app', 'mctest_follower', 'mctest_auditor')`)
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	var function, role string
	var may, definer, pinned bool
	_, err = pgx.ForEachRow(rows, []any{&function, &role, &may, &definer, &pinned}, func() error {
		cells++
		if !pinned {
			t.Errorf("function %s runs as its owner with the caller's names", function)
		}
		if want := !definer || role == "mctest_app" || role == "mctest_owner"; may != want {
			t.Errorf("function %s as %s: may be called %t, want %t", function, role, may, want)
		}
		return nil
	})
	if err != nil || cells != 2*4 {
		t.Errorf("got %d cells and %v, want two functions and four roles", cells, err)
	}
}
