package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/storetest"
)

// recorder keeps the statements that a store sends, each with the arguments of
// one time.
type recorder struct {
	mu   sync.Mutex
	sent map[string][]any
}

func (r *recorder) keep(query string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[query] = slices.Clone(args)
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.keep(d.SQL, d.Args)
	return ctx
}
func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (r *recorder) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	r.keep(d.SQL, d.Args)
}
func (r *recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// plan is the part of EXPLAIN (FORMAT JSON) that names tables.
type plan struct {
	Relation string `json:"Relation Name"`
	Plans    []plan
}

func (p plan) tables() []string {
	list := []string{p.Relation}
	for _, below := range p.Plans {
		list = append(list, below.tables()...)
	}
	return list
}

// TestStatementsTouchOnePartition lets the server explain every statement that
// the conformance suite makes the store send: of each large table it reads or
// changes one partition at most.
func TestStatementsTouchOnePartition(t *testing.T) {
	sent := &recorder{sent: map[string][]any{}}
	t.Run("suite", func(t *testing.T) {
		traced = sent
		defer func() { traced = nil }()
		storetest.Run(t, harness(appURL))
	})
	s := openTest(t)
	for year := 2020; year < 2030; year++ {
		mustMakePartitions(t, s.Store, fmt.Sprint(year))
	}
	admin := connect(t, s.database.Admin)
	parents := map[string]string{}
	for table, parts := range partitionsOf(t, admin) {
		for _, part := range parts {
			parents[table+"_"+part] = table
		}
	}
	read := map[string]bool{}
	for query, args := range sent.sent {
		verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
		if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) || strings.Contains(query, "FROM pg_") {
			continue
		}
		var answer []byte
		if err := admin.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+query, args...).Scan(&answer); err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		var plans []struct{ Plan plan }
		if err := json.Unmarshal(answer, &plans); err != nil || len(plans) != 1 {
			t.Fatalf("%s: %v in %s", query, err, answer)
		}
		touched := map[string]string{}
		for _, table := range plans[0].Plan.tables() {
			parent := parents[table]
			if parent == "" {
				continue
			}
			read[parent] = true
			if other := touched[parent]; other != "" && other != table {
				t.Errorf("%s\ntouches %s and %s", query, other, table)
			}
			touched[parent] = table
		}
	}
	if len(read) != 12 || len(sent.sent) < 100 {
		t.Errorf("%d different statements, %d of the large tables: too few to tell", len(sent.sent), len(read))
	}
	t.Logf("%d different statements", len(sent.sent))
}

// TestInsertsGoIntoOnePartition looks at the locks of an Update before it
// commits: an INSERT finds its partition while it runs, and EXPLAIN does not
// show it. (A DELETE may lock more than it touches, see the package comment.)
func TestInsertsGoIntoOnePartition(t *testing.T) {
	s := openTest(t)
	fillMatrix(t, s)
	for _, year := range []string{"2021", "2023"} {
		mustMakePartitions(t, s.Store, year)
	}
	admin := connect(t, s.database.Admin)
	written := map[string]bool{}
	s.commitHook = func(c *conn, commit func() error) error {
		if err := c.flush(context.Background()); err != nil {
			return err
		}
		rows, err := admin.Query(context.Background(), `SELECT DISTINCT c.relname::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
			JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database() AND a.usename = 'mctest_app'
			WHERE l.database = a.datid AND l.mode = 'RowExclusiveLock' AND c.relispartition AND c.relkind = 'r'`)
		if err != nil {
			return err
		}
		var table string
		if _, err := pgx.ForEachRow(rows, []any{&table}, func() error { written[table] = true; return nil }); err != nil {
			return err
		}
		return commit()
	}
	for n := range 8 { // the server may keep a plan that is not made for one book
		_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
			for m := range 3 {
				if err := storetest.AddDocument(t.Context(), tx, 10*n+m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for table := range written {
		if !strings.HasSuffix(table, "_2022") {
			t.Errorf("an Update of a book of 2022 wrote into %s", table)
		}
	}
	if len(written) < 6 {
		t.Errorf("wrote into %d partitions: too few to tell", len(written))
	}
}
