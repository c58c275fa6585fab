package relation

import (
	"context"
	"fmt"
	"strings"

	"minhchung/evidence"
)

// Table has the statements of one projected table. Each is for one record:
// Upsert takes book, key and the columns, Remove book and key.
type Table struct {
	Name           string
	Columns        []evidence.Column
	List           string // the quoted columns, with ", " between them
	Sets           string // `"a" = excluded."a", …`
	Upsert, Remove string
	scan           string
}

// tables is built once from evidence.Columns.
var tables = buildTables()

func buildTables() map[string]*Table {
	all := map[string]*Table{}
	for _, name := range evidence.Tables() {
		t := &Table{Name: name, Columns: evidence.Columns(name)}
		names, sets := make([]string, len(t.Columns)), make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = `"` + c.Name + `"`
			sets[i] = names[i] + " = excluded." + names[i]
		}
		t.List, t.Sets = strings.Join(names, ", "), strings.Join(sets, ", ")
		t.Upsert = fmt.Sprintf(`INSERT INTO "%s" (book, key, %s) VALUES (?, ?%s) ON CONFLICT (book, key) DO UPDATE SET %s`,
			name, t.List, strings.Repeat(", ?", len(t.Columns)), t.Sets)
		t.Remove = fmt.Sprintf(`DELETE FROM "%s" WHERE book = ? AND key = ?`, name)
		t.scan = fmt.Sprintf(`SELECT key, %s FROM "%s" WHERE book = ? AND key >= ? ORDER BY key LIMIT ?`, t.List, name)
		all[name] = t
	}
	return all
}

// TableOf returns the statements of the table that rec belongs to. A table
// that is not declared is a mistake in an Event.
func TableOf(rec evidence.Record) *Table {
	t, ok := tables[rec.Table]
	if !ok {
		panic(fmt.Sprintf("a record of the unknown table %q", rec.Table))
	}
	return t
}

// Values returns the record's values in the order of the columns.
func (t *Table) Values(rec evidence.Record) []any {
	values := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		v, ok := rec.Values[c.Name]
		if !ok {
			panic(fmt.Sprintf("a record of table %q without column %q", rec.Table, c.Name))
		}
		values[i] = v
	}
	return values
}

const recordBatch = 256

// Records implements evidence.Reader. fn may use the reader.
func (r *Reader) Records(ctx context.Context, name string, fn func(evidence.Record) error) error {
	t, ok := tables[name]
	if !ok {
		return fmt.Errorf("no table %q", name)
	}
	for next := ""; ; {
		batch := make([]evidence.Record, 0, recordBatch)
		err := r.conn.Each(ctx, func(scan Scan) error {
			rec, err := t.record(scan)
			batch = append(batch, rec)
			return err
		}, t.scan, r.key, next, int64(recordBatch))
		if err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
		for _, rec := range batch {
			if err := fn(rec); err != nil {
				return err
			}
		}
		if len(batch) < recordBatch {
			return nil
		}
		next = batch[len(batch)-1].Key + "\x00" // no string is between the two
	}
}

func (t *Table) record(scan Scan) (evidence.Record, error) {
	rec := evidence.Record{Table: t.Name, Values: make(map[string]any, len(t.Columns))}
	texts, numbers := make([]string, len(t.Columns)), make([]int64, len(t.Columns))
	dest := make([]any, 0, 1+len(t.Columns))
	dest = append(dest, &rec.Key)
	for i, c := range t.Columns {
		if c.Integer {
			dest = append(dest, &numbers[i])
		} else {
			dest = append(dest, &texts[i])
		}
	}
	if err := scan(dest...); err != nil {
		return rec, err
	}
	for i, c := range t.Columns {
		if c.Integer {
			rec.Values[c.Name] = numbers[i]
		} else {
			rec.Values[c.Name] = texts[i]
		}
	}
	return rec, nil
}
