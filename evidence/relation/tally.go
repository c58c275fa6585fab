package relation

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"minhchung/evidence"
)

// tally is what a transaction changed in the counters and has not written yet.
type tally struct {
	// states are those that this transaction read or wrote, by rule and row;
	// nil for a row without one.
	states map[[2]string]*evidence.RowState
	deltas map[evidence.Counter]int64 // by Counter with Rows 0
	fresh  bool                       // the book was not there: it has no other states
}

func newTally() tally {
	return tally{states: map[[2]string]*evidence.RowState{}, deltas: map[evidence.Counter]int64{}}
}

func (y *tally) forget() {
	y.fresh = false
	clear(y.states)
	clear(y.deltas)
}

// StateOf implements evidence.Reader. It remembers the answer.
func (t *Tx) StateOf(ctx context.Context, rule, row string) (evidence.RowState, error) {
	if s, ok := t.tally.states[[2]string{rule, row}]; ok && s != nil {
		return *s, nil
	} else if ok {
		return evidence.RowState{}, missing(fs.ErrNotExist, "state of row %s under rule %s", row, rule)
	}
	s, err := t.Reader.StateOf(ctx, rule, row)
	switch {
	case err == nil:
		t.tally.states[[2]string{rule, row}] = &s
	case errors.Is(err, fs.ErrNotExist):
		t.tally.states[[2]string{rule, row}] = nil
	}
	return s, err
}

// count moves the row from the counter of its old state to that of the new.
func (t *Tx) count(ctx context.Context, s evidence.RowState) error {
	id := [2]string{s.Rule, s.Row}
	if _, known := t.tally.states[id]; !known && !t.tally.fresh {
		if _, err := t.StateOf(ctx, s.Rule, s.Row); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if old := t.tally.states[id]; old != nil {
		t.tally.deltas[evidence.CounterOf(*old)]--
	}
	t.tally.deltas[evidence.CounterOf(s)]++
	t.tally.states[id] = &s
	return nil
}

// flush writes the counters that changed.
func (y *tally) flush(ctx context.Context, t *Tx) error {
	removed := false
	for _, c := range slices.SortedFunc(maps.Keys(y.deltas), evidence.CompareCounters) {
		n := y.deltas[c]
		if n == 0 {
			continue
		}
		removed = removed || n < 0
		err := t.writer.Exec(ctx, `INSERT INTO counter (book, period, rule, state, code, grade, total) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (book, rule, state, code, grade) DO UPDATE SET total = counter.total + excluded.total`,
			t.key, string(t.book.Period), c.Rule, string(c.State), c.Code, c.Grade, n)
		if err != nil {
			return err
		}
	}
	clear(y.deltas)
	if !removed {
		return nil
	}
	return t.writer.Exec(ctx, `DELETE FROM counter WHERE book = ? AND total = 0`, t.key)
}

// Counters implements evidence.Reader and sees what the transaction did.
func (t *Tx) Counters(ctx context.Context) ([]evidence.Counter, error) {
	if err := t.tally.flush(ctx, t); err != nil {
		return nil, err
	}
	return t.Reader.Counters(ctx)
}

// Counters implements evidence.Reader.
func (r *Reader) Counters(ctx context.Context) ([]evidence.Counter, error) {
	var list []evidence.Counter
	err := r.conn.Each(ctx, func(scan Scan) error {
		var c evidence.Counter
		err := scan(&c.Rule, (*string)(&c.State), &c.Code, &c.Grade, &c.Rows)
		list = append(list, c)
		return err
	}, `SELECT rule, state, code, grade, total FROM counter WHERE book = ? ORDER BY rule, state, code, grade`, r.key)
	return list, err
}

// Books answers evidence.Store.Books inside one transaction.
func Books(ctx context.Context, conn Conn, scope evidence.Scope) ([]evidence.BookID, error) {
	var books []evidence.BookID
	// From the heads, not from a projected table: a change there must not
	// hide a book from check.
	err := conn.Each(ctx, func(scan Scan) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		if b := conn.BookOf(name); scope.Allows(b) {
			books = append(books, b)
		}
		return nil
	}, `SELECT book FROM head WHERE book <> ?`, RootKey)
	slices.SortFunc(books, func(a, b evidence.BookID) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Period, b.Period))
	})
	return books, err
}
