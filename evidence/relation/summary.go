package relation

import (
	"context"
	"maps"
	"slices"
	"strings"

	"minhchung/evidence"
)

// booksAtOnce bounds the arguments of a statement over several books, of which
// SQLite takes 32,766.
const booksAtOnce = 1024

// amongBooks calls fn for every row of a query over books: query ends before
// " IN (…)", and after follows it.
func amongBooks(ctx context.Context, conn Conn, columns []string, query, after string, fn func(scan Scan) error) error {
	for part := range slices.Chunk(columns, booksAtOnce) {
		list, args := among(part)
		if err := conn.Each(ctx, fn, query+list+after, args...); err != nil {
			return err
		}
	}
	return nil
}

// among writes " IN (?, …)" for at least one key, and the arguments. Their
// number is filled up to a power of two, so that there are few different
// statements.
func among(keys []string) (list string, args []any) {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	for i := range n {
		args = append(args, keys[min(i, len(keys)-1)])
	}
	return " IN (?" + strings.Repeat(", ?", n-1) + ")", args
}

// columnsOf returns the column "book" of those that are in scope, each once.
func columnsOf(conn Conn, scope evidence.Scope, books []evidence.BookID) []string {
	var columns []string
	seen := map[evidence.BookID]bool{}
	for _, b := range books {
		if !seen[b] && scope.Allows(b) {
			columns = append(columns, conn.Column(b))
		}
		seen[b] = true
	}
	return columns
}

// inOrder returns the values of the columns that have one.
func inOrder[T any](columns []string, found map[string]*T) []T {
	var list []T
	for _, c := range columns {
		if v := found[c]; v != nil {
			list = append(list, *v)
		}
	}
	return list
}

// Summaries answers evidence.Store.Summaries inside one transaction.
func Summaries(ctx context.Context, conn Conn, scope evidence.Scope, books []evidence.BookID) ([]evidence.BookSummary, error) {
	columns := columnsOf(conn, scope, books)
	found := map[string]*evidence.BookSummary{}
	var name string
	err := amongBooks(ctx, conn, columns, `SELECT book, size, checkpoint FROM head WHERE book`, "", func(scan Scan) error {
		var s evidence.BookSummary
		var checkpoint []byte
		err := scan(&name, &s.Size, &checkpoint)
		s.Book, s.Checkpoint, found[name] = conn.BookOf(name), string(checkpoint), &s
		return err
	})
	if err != nil {
		return nil, err
	}
	err = amongBooks(ctx, conn, columns, `SELECT book, findings FROM "register" WHERE book`, " ORDER BY book, key", func(scan Scan) error {
		var findings int64
		err := scan(&name, &findings)
		if s := found[name]; s != nil {
			s.Registered, s.Findings = true, findings // the newest is the last
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = amongBooks(ctx, conn, columns, `SELECT book, rule, state, code, grade, total FROM counter WHERE book`,
		" ORDER BY book, rule, state, code, grade", func(scan Scan) error {
			var c evidence.Counter
			err := scan(&name, &c.Rule, (*string)(&c.State), &c.Code, &c.Grade, &c.Rows)
			if s := found[name]; s != nil {
				s.Counters = append(s.Counters, c)
			}
			return err
		})
	return inOrder(columns, found), err
}

// Backlogs answers evidence.Store.Backlogs inside one transaction.
func Backlogs(ctx context.Context, conn Conn, scope evidence.Scope, books []evidence.BookID) ([]evidence.BookBacklog, error) {
	columns := columnsOf(conn, scope, books)
	found := map[string]*evidence.BookBacklog{}
	periods := map[evidence.Period][]string{}
	err := amongBooks(ctx, conn, columns, `SELECT book FROM head WHERE book`, "", func(scan Scan) error {
		var name string
		err := scan(&name)
		b := conn.BookOf(name)
		found[name], periods[b.Period] = &evidence.BookBacklog{Book: b}, append(periods[b.Period], name)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, period := range slices.Sorted(maps.Keys(periods)) { // a driver may keep each in tables of its own
		for part := range slices.Chunk(periods[period], booksAtOnce) {
			if err := countLeft(ctx, conn, part, found); err != nil {
				return nil, err
			}
		}
	}
	return inOrder(columns, found), nil
}

// countLeft fills the backlogs of books of one period.
func countLeft(ctx context.Context, conn Conn, columns []string, found map[string]*evidence.BookBacklog) error {
	list, args := among(columns)
	for _, q := range []struct {
		query string
		args  []any
		add   func(b *evidence.BookBacklog, n int64)
	}{
		// What the pages list as files without a row. The first condition leaves
		// few documents to the others, which have no index. It names the books
		// again, because no planner takes a list over from the outer query.
		{`SELECT d.book, count(*) FROM "document" d WHERE d.book` + list + `
			AND NOT EXISTS (SELECT 1 FROM "match" m WHERE m.book = d.book AND m.document = d.key AND m.book` + list + `)
			AND NOT EXISTS (SELECT 1 FROM "attachment" a WHERE a.book = d.book AND a.document = d.key)
			AND NOT EXISTS (SELECT 1 FROM "explanation" x WHERE x.book = d.book AND x.document = d.key)
			GROUP BY d.book`, slices.Concat(args, args), func(b *evidence.BookBacklog, n int64) { b.Unmatched = n }},
		{`SELECT book, count(*) FROM "document" WHERE book` + list + ` GROUP BY book`, args, func(b *evidence.BookBacklog, n int64) { b.Unread = n }},
		// Each text is of a document of the book.
		{`SELECT book, count(*) FROM kept_text WHERE book` + list + ` GROUP BY book`, args, func(b *evidence.BookBacklog, n int64) { b.Unread = max(0, b.Unread-n) }},
	} {
		err := conn.Each(ctx, func(scan Scan) error {
			var name string
			var n int64
			err := scan(&name, &n)
			if b := found[name]; b != nil {
				q.add(b, n)
			}
			return err
		}, q.query, q.args...)
		if err != nil {
			return err
		}
	}
	return nil
}
