package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/evidence/signature"
)

// writes are statements that wait for the next round trip.
type writes struct {
	// records by table and key: the last word on a key is enough.
	records map[string]map[string]evidence.Record
	blobs   map[signature.Hash][]byte
	book    string
	other   []statement
}

type statement struct {
	query string
	args  []any
}

// queue moves what waits for the named tables (nil: for all) into the batch and
// returns how many statements that were. Tables and keys go in their order, so
// that two transactions meet in the same one.
func (w *writes) queue(batch *pgx.Batch, tables map[string]bool) int {
	list := w.other
	w.other = nil
	for _, name := range slices.Sorted(maps.Keys(w.records)) {
		if tables == nil || tables[name] {
			list = append(list, recordStatements(w.book, w.records[name])...)
			delete(w.records, name)
		}
	}
	if len(w.blobs) > 0 && (tables == nil || tables["blob"]) {
		list = append(list, blobStatement(w.book, w.blobs))
		w.blobs = nil
	}
	for _, s := range list {
		batch.Queue(s.query, s.args...)
	}
	return len(list)
}

// recordStatements writes the records of one table, which is not empty.
func recordStatements(book string, records map[string]evidence.Record) []statement {
	var table *relation.Table
	var removed, keys []string
	var columns []any
	for _, key := range slices.Sorted(maps.Keys(records)) {
		rec := records[key]
		if table == nil {
			table = relation.TableOf(rec)
			columns = emptyColumns(table)
		}
		if rec.Delete {
			removed = append(removed, escape(key))
			continue
		}
		keys = append(keys, escape(key))
		for i, v := range table.Values(rec) {
			switch column := columns[i].(type) {
			case []string:
				columns[i] = append(column, escape(v.(string)))
			case []int64:
				columns[i] = append(column, v.(int64))
			}
		}
	}
	var list []statement
	if len(removed) > 0 {
		list = append(list, statement{fmt.Sprintf(`DELETE FROM "%s" WHERE book = $1 AND key = ANY ($2)`, table.Name), []any{book, removed}})
	}
	if len(keys) > 0 {
		list = append(list, upserts[table.Name].of(book, append([]any{keys}, columns...)...))
	}
	return list
}

func emptyColumns(t *relation.Table) []any {
	columns := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		if c.Integer {
			columns[i] = []int64{}
		} else {
			columns[i] = []string{}
		}
	}
	return columns
}

// upserts write the records of each table.
var upserts = buildUpserts()

func buildUpserts() map[string]insertion {
	all := map[string]insertion{}
	for _, name := range evidence.Tables() {
		t := relation.TableOf(evidence.Record{Table: name})
		types := []string{"text"}
		for _, c := range t.Columns {
			if c.Integer {
				types = append(types, "bigint")
			} else {
				types = append(types, "text")
			}
		}
		all[name] = newInsertion(fmt.Sprintf(`"%s" (book, key, %s)`, name, t.List), types, `ON CONFLICT (book, key) DO UPDATE SET `+t.Sets)
	}
	return all
}

var insertBlobs = newInsertion(`blob (book, sha256, der)`, []string{"bytea", "bytea"}, `ON CONFLICT DO NOTHING`)

func blobStatement(book string, blobs map[signature.Hash][]byte) statement {
	hashes := slices.SortedFunc(maps.Keys(blobs), func(a, b signature.Hash) int { return slices.Compare(a[:], b[:]) })
	shas, ders := make([][]byte, len(hashes)), make([][]byte, len(hashes))
	for i, h := range hashes {
		shas[i], ders[i] = h[:], notNil(blobs[h])
	}
	return insertBlobs.of(book, shas, ders)
}

// notNil returns b, which stands for NULL when it is nil, as no bytes.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// ready says whether something may be written.
func (c *conn) ready(ctx context.Context) error {
	if c.broken != nil {
		return c.broken
	}
	return ctx.Err()
}

// Put implements relation.Writer.
func (c *conn) Put(ctx context.Context, book string, rec evidence.Record) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	c.pending.book = escape(book)
	if c.pending.records == nil {
		c.pending.records = map[string]map[string]evidence.Record{}
	}
	if c.pending.records[rec.Table] == nil {
		c.pending.records[rec.Table] = map[string]evidence.Record{}
	}
	c.pending.records[rec.Table][rec.Key] = rec
	return nil
}

// PutBlobs implements relation.Writer.
func (c *conn) PutBlobs(ctx context.Context, book string, blobs []signature.Blob) error {
	if err := c.ready(ctx); err != nil || len(blobs) == 0 {
		return err
	}
	c.pending.book = escape(book)
	if c.pending.blobs == nil {
		c.pending.blobs = map[signature.Hash][]byte{}
	}
	for _, b := range blobs {
		c.pending.blobs[b.SHA256] = b.DER
	}
	return nil
}

// Exec implements relation.Writer.
func (c *conn) Exec(ctx context.Context, query string, args ...any) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	c.pending.other = append(c.pending.other, statement{prepare(query).query, bind(args)})
	return nil
}

// command runs a statement behind the waiting ones.
func (c *conn) command(ctx context.Context, query string) error {
	return c.send(ctx, nil, func(batch *pgx.Batch) { batch.Queue(query) }, func(results pgx.BatchResults) error {
		_, err := results.Exec()
		return err
	})
}

// Savepoint implements relation.Writer.
func (c *conn) Savepoint(ctx context.Context, name string) error {
	return c.command(ctx, "SAVEPOINT "+name)
}

// Release implements relation.Writer.
func (c *conn) Release(ctx context.Context, name string) error {
	return c.command(ctx, "RELEASE SAVEPOINT "+name)
}

// RollbackTo implements relation.Writer. It is not bound to the caller's
// context: what is not undone would be committed.
func (c *conn) RollbackTo(name string) error {
	c.pending = writes{}
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	batch := &pgx.Batch{}
	batch.Queue("ROLLBACK TO SAVEPOINT " + name)
	batch.Queue("RELEASE SAVEPOINT " + name)
	if err := c.c.SendBatch(ctx, batch).Close(); err != nil {
		c.broken = err
		return err
	}
	c.broken = nil
	return nil
}

// Broken implements relation.Writer.
func (c *conn) Broken() error { return c.broken }
