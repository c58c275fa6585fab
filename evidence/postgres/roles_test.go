package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// two are the units of the matrix; each has a book of 2022 with a row in every
// table that a book of a unit fills.
var two = []evidence.UnitID{"xa-thu", "xa-khac"}

func fillMatrix(t *testing.T, s test) {
	t.Helper()
	ctx := t.Context()
	der := []byte("certificate")
	for _, unit := range two {
		b := evidence.BookID{Unit: unit, Period: "2022"}
		sha := signature.HashOf([]byte(unit))
		root := []evidence.Event{evidence.UnitAdded{Unit: evidence.Unit{ID: unit}}, evidence.Opened{Book: b},
			evidence.RosterAdded{Entry: evidence.RosterEntry{Unit: unit, Signer: signature.Signer{Role: signature.RolePerson, Subject: "CN=Nguyễn Văn Thử"}}},
			evidence.TrustChanged{Entry: evidence.TrustEntry{SHA256: signature.HashOf(der), Kind: "anchor", DER: der}},
			evidence.Anchored{Book: b, Size: 1}}
		verdict := signature.Verdict{Signatures: []signature.SignatureVerdict{{Fingerprint: sha}}}
		rule := []byte(`{"id":"nd30"}`)
		own := []evidence.Event{evidence.Opened{Book: b}, evidence.RegisterImported{Register: evidence.Register{SHA256: sha}},
			evidence.RowAdded{Row: evidence.Row{ID: "1"}}, evidence.DocumentReceived{SHA256: sha}, evidence.FactsRead{Facts: signature.Facts{SHA256: sha}},
			evidence.VerdictReached{Document: sha, Verdict: verdict}, evidence.Matched{Match: evidence.Match{Row: "1", Document: sha}},
			evidence.StateChanged{State: evidence.RowState{Row: "1", Rule: "nd30", State: evidence.Proven}},
			evidence.RuleUsed{SHA256: signature.HashOf(rule), ID: "nd30", Canonical: rule},
			evidence.SchemeUsed{SHA256: signature.HashOf(rule), ID: "commune", Canonical: rule},
			evidence.Attached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha}},
			evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.6", Text: "chưa có"}},
			evidence.Confirmed{Confirmation: evidence.Confirmation{Row: "1", Document: sha, Number: "1", Notation: "BC", By: evidence.ByText}}}
		for book, events := range map[evidence.BookID][]evidence.Event{evidence.RootBook: root, b: own} {
			_, err := s.Update(ctx, everything, book, func(tx evidence.Tx) error {
				_, err := tx.Append(ctx, events...)
				return errors.Join(err, tx.PutBlobs(ctx, []signature.Blob{{SHA256: signature.HashOf(der), DER: der}}))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		kept := evidence.Kept{Texts: []evidence.DocumentText{{Document: sha, Content: []byte("{}")}}, Places: map[string]int64{"index": 1}}
		if err := s.Keep(ctx, everything, b, kept); err != nil {
			t.Fatal(err)
		}
	}
}

// tablesOf lists every table of the database, partitions too.
func tablesOf(t *testing.T, c *pgx.Conn) (tables []string, partition map[string]bool) {
	t.Helper()
	partition = map[string]bool{}
	rows, err := c.Query(t.Context(), `SELECT relname, relispartition FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY relname`)
	if err != nil {
		t.Fatal(err)
	}
	var name string
	var part bool
	_, err = pgx.ForEachRow(rows, []any{&name, &part}, func() error {
		tables, partition[name] = append(tables, name), part
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables, partition
}

// open are tables without rows of anybody: all roles may read them.
var open = []string{"application", "goose_db_version"}

// keptTable says whether followers keep what they make of any book there.
func keptTable(table string) bool { return table == "kept_text" || table == "place" }

// mayWrite says which statements a role may use on a table at all.
func mayWrite(role, table, verb string) bool {
	ledgerTable := table == "entry" || table == "blob"
	switch {
	case role == "app" && verb == "INSERT":
		return true
	case role == "app" && verb == "UPDATE":
		return !ledgerTable
	case role == "app" && verb == "DELETE":
		return slices.Contains([]string{"match", "attachment", "counter"}, table)
	case role == "follower" && keptTable(table):
		return verb != "DELETE"
	case role == "follower" && verb == "INSERT":
		return slices.Contains([]string{"head", "entry", "tile", "book", "anchor"}, table)
	case role == "follower" && verb == "UPDATE":
		return slices.Contains([]string{"head", "tile", "book", "anchor"}, table)
	}
	return false
}

// TestMatrix asks for every table as every role, with each kind of units, and
// tries to write there.
func TestMatrix(t *testing.T) {
	s := openTest(t)
	fillMatrix(t, s)
	ctx := t.Context()
	logins := map[string]string{"owner": s.database.Owner, "app": s.database.App, "follower": s.database.Follower, "auditor": s.database.Auditor}
	admin := connect(t, s.database.Admin)
	tables, partition := tablesOf(t, admin)
	cells := 0
	for role, url := range logins {
		c := connect(t, url)
		for _, table := range tables {
			for _, units := range []string{"", string(two[0]), "xa-nao-do", "*"} {
				cells++
				m := matrix{t, ctx, c, admin, role, table, units, partition[table]}
				m.read()
				if !slices.Contains(open, table) && (!m.partition || units == "*") {
					m.write()
				}
			}
		}
	}
	t.Logf("%d cells: %d tables, %d roles, 4 kinds of units", cells, len(tables), len(logins))
	if len(tables) < 2*len(evidence.Tables()) {
		t.Errorf("found only %d tables", len(tables))
	}
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// matrix is one cell.
type matrix struct {
	t                  *testing.T
	ctx                context.Context
	c, admin           *pgx.Conn
	role, table, units string
	partition          bool
}

func (m matrix) name() string { return fmt.Sprintf("%s as %s with units %q", m.table, m.role, m.units) }

// in runs a statement in a transaction with the units and undoes it.
func (m matrix) in(query string) (rows int64, denied bool) {
	m.t.Helper()
	tx, err := m.c.Begin(m.ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(m.ctx) }()
	if m.units != "" {
		if _, err := tx.Exec(m.ctx, `SELECT set_config('minhchung.units', $1, true)`, m.units); err != nil {
			m.t.Fatal(err)
		}
	}
	tag, err := tx.Exec(m.ctx, query)
	if sqlState(err) == "42501" { // insufficient_privilege, also of a policy
		return 0, true
	}
	if err != nil {
		m.t.Fatalf("%s: %s: %v", m.name(), query, err)
	}
	return tag.RowsAffected(), false
}

// wanted counts the rows of the cell as the superuser sees them.
func (m matrix) wanted() (n int64) {
	m.t.Helper()
	where := "true"
	switch {
	case m.role == "owner", m.role != "follower" && (m.units == "" || m.units == "xa-nao-do") && m.table != "trust":
		where = "false"
	case m.role == "follower", m.units == "*":
	case m.table == "trust":
		where = fmt.Sprint(m.units != "")
	case m.table == "unit":
		where = fmt.Sprintf("key = '%s'", m.units)
	case m.table == "roster", m.table == "book":
		where = fmt.Sprintf("unit = '%s'", m.units)
	case m.table == "entry":
		where = fmt.Sprintf("book LIKE '%%/%s' OR book = 'root' AND (idx IN (SELECT entry FROM roster WHERE unit = '%s') OR idx IN (SELECT entry FROM trust))", m.units, m.units)
	default:
		where = fmt.Sprintf("book LIKE '%%/%s'", m.units)
	}
	if m.table == "entry" && m.role != "owner" && m.role != "follower" && m.units == "xa-nao-do" {
		where = "book = 'root' AND idx IN (SELECT entry FROM trust)"
	}
	if err := m.admin.QueryRow(m.ctx, fmt.Sprintf(`SELECT count(*) FROM "%s" WHERE %s`, m.table, where)).Scan(&n); err != nil {
		m.t.Fatal(err)
	}
	return n
}

func (m matrix) read() {
	m.t.Helper()
	got, denied := m.in(fmt.Sprintf(`SELECT FROM "%s"`, m.table))
	switch {
	case slices.Contains(open, m.table):
		if denied || got == 0 {
			m.t.Errorf("%s: denied %t, %d rows, want some", m.name(), denied, got)
		}
	case m.partition && m.role != "owner":
		if !denied {
			m.t.Errorf("%s: a partition can be read", m.name())
		}
	case denied:
		m.t.Errorf("%s: denied", m.name())
	default:
		if want := m.wanted(); got != want {
			m.t.Errorf("%s: got %d rows, want %d", m.name(), got, want)
		}
		if m.units == "" && m.role != "follower" && got != 0 {
			m.t.Errorf("%s: got %d rows without units", m.name(), got)
		}
	}
}

// write tries to change, remove and copy all rows of a foreign book, and the
// rows in scope.
func (m matrix) write() {
	m.t.Helper()
	for _, book := range []string{"2022/xa-thu", "2022/xa-khac", "root"} {
		allowed := map[string]bool{
			"app":      m.units == "*" || book != "root" && strings.HasSuffix(book, "/"+m.units),
			"follower": book == "root" || keptTable(m.table)}[m.role]
		var there int64
		if err := m.admin.QueryRow(m.ctx, fmt.Sprintf(`SELECT count(*) FROM "%s" WHERE book = '%s'`, m.table, book)).Scan(&there); err != nil {
			m.t.Fatal(err)
		}
		for verb, query := range map[string]string{
			"UPDATE": fmt.Sprintf(`UPDATE "%s" SET book = book WHERE book = '%s'`, m.table, book),
			"DELETE": fmt.Sprintf(`DELETE FROM "%s" WHERE book = '%s'`, m.table, book),
		} {
			got, denied := m.in(query)
			may := mayWrite(m.role, m.table, verb) && !m.partition
			switch {
			case m.role == "owner": // may do everything to no row
				if got != 0 {
					m.t.Errorf("%s: %s of %s reached %d rows", m.name(), verb, book, got)
				}
			case denied == may:
				m.t.Errorf("%s: %s of %s: denied %t", m.name(), verb, book, denied)
			case may && allowed && got != there, !allowed && got != 0:
				m.t.Errorf("%s: %s of %s reached %d rows of %d", m.name(), verb, book, got, there)
			}
		}
		m.insert(book, allowed)
		if _, denied := m.in(fmt.Sprintf(`TRUNCATE "%s"`, m.table)); !denied && m.role != "owner" {
			m.t.Errorf("%s: TRUNCATE was not denied", m.name())
		}
	}
}

// insert tries a copy of a row under another key, with the book's name.
func (m matrix) insert(book string, allowed bool) {
	m.t.Helper()
	var columns []string
	rows, err := m.admin.Query(m.ctx, `SELECT column_name::text, data_type::text FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`, m.table)
	if err != nil {
		m.t.Fatal(err)
	}
	var name, kind string
	_, err = pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		value := map[string]string{"text": "'neu'", "bigint": "4711", "bytea": "decode(repeat('ab', 32), 'hex')"}[kind]
		switch name {
		case "book":
			value = "'" + book + "'"
		case "part":
			value = "7"
		}
		if m.table == "head" && name == "book" { // one for each book: take a free name
			value = map[bool]string{true: "'root'", false: "'2022-neu" + strings.TrimPrefix(book, "2022") + "'"}[book == "root"]
		}
		columns = append(columns, value)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	got, denied := m.in(fmt.Sprintf(`INSERT INTO "%s" VALUES (%s) ON CONFLICT DO NOTHING`, m.table, strings.Join(columns, ", ")))
	want := mayWrite(m.role, m.table, "INSERT") && allowed && !m.partition
	if denied == want || want && got != 1 && !(m.table == "head" && book == "root") {
		m.t.Errorf("%s: INSERT of %s: denied %t, %d rows", m.name(), book, denied, got)
	}
}
