package sqlite

import (
	"context"
	"fmt"
	"strings"

	"minhchung/evidence"
)

// table has the statements of one projected table.
type table struct {
	columns              []evidence.Column
	upsert, remove, scan string
}

// tables is built once from evidence.Columns.
var tables = buildTables()

func buildTables() map[string]table {
	all := map[string]table{}
	for _, name := range evidence.Tables() {
		t := table{columns: evidence.Columns(name)}
		names, marks, sets := make([]string, len(t.columns)), strings.Repeat(", ?", len(t.columns)), make([]string, len(t.columns))
		for i, c := range t.columns {
			names[i] = `"` + c.Name + `"`
			sets[i] = names[i] + " = excluded." + names[i]
		}
		list := strings.Join(names, ", ")
		t.upsert = fmt.Sprintf(`INSERT INTO "%s" (book, key, %s) VALUES (?, ?%s) ON CONFLICT (book, key) DO UPDATE SET %s`,
			name, list, marks, strings.Join(sets, ", "))
		t.remove = fmt.Sprintf(`DELETE FROM "%s" WHERE book = ? AND key = ?`, name)
		t.scan = fmt.Sprintf(`SELECT key, %s FROM "%s" WHERE book = ? AND (key > ? OR ?) ORDER BY key LIMIT ?`, list, name)
		all[name] = t
	}
	return all
}

// put writes or removes one record.
func (r *reader) put(ctx context.Context, rec evidence.Record) error {
	t, ok := tables[rec.Table]
	if !ok {
		panic(fmt.Sprintf("a record of the unknown table %q", rec.Table))
	}
	if rec.Delete {
		_, err := r.conn.exec(ctx, t.remove, r.key, rec.Key)
		return err
	}
	args := make([]any, 0, 2+len(t.columns))
	args = append(args, r.key, rec.Key)
	for _, c := range t.columns {
		v, ok := rec.Values[c.Name]
		if !ok {
			panic(fmt.Sprintf("a record of table %q without column %q", rec.Table, c.Name))
		}
		args = append(args, v)
	}
	if _, err := r.conn.exec(ctx, t.upsert, args...); err != nil {
		return fmt.Errorf("record %s of table %s: %w", rec.Key, rec.Table, err)
	}
	return nil
}

const recordBatch = 256

// Records implements evidence.Reader. fn may use the reader.
func (r *reader) Records(ctx context.Context, name string, fn func(evidence.Record) error) error {
	t, ok := tables[name]
	if !ok {
		return fmt.Errorf("no table %q", name)
	}
	last, first := "", true
	for {
		batch := make([]evidence.Record, 0, recordBatch)
		err := r.conn.each(ctx, func(scan scanner) error {
			rec, err := scanRecord(name, t.columns, scan)
			batch = append(batch, rec)
			return err
		}, t.scan, r.key, last, first, recordBatch)
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
		last, first = batch[len(batch)-1].Key, false
	}
}

func scanRecord(name string, columns []evidence.Column, scan scanner) (evidence.Record, error) {
	rec := evidence.Record{Table: name, Values: make(map[string]any, len(columns))}
	texts, numbers := make([]string, len(columns)), make([]int64, len(columns))
	dest := make([]any, 0, 1+len(columns))
	dest = append(dest, &rec.Key)
	for i, c := range columns {
		if c.Integer {
			dest = append(dest, &numbers[i])
		} else {
			dest = append(dest, &texts[i])
		}
	}
	if err := scan(dest...); err != nil {
		return rec, err
	}
	for i, c := range columns {
		if c.Integer {
			rec.Values[c.Name] = numbers[i]
		} else {
			rec.Values[c.Name] = texts[i]
		}
	}
	return rec, nil
}
