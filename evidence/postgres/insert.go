package postgres

import (
	"fmt"
	"strings"
)

// insertion writes any number of rows of one table. Many come as one array for
// each column; the server unpacks each of these into a store of its own, so
// that one row, which is what a small commit has, is written as it is.
type insertion struct {
	one, many string
}

// newInsertion returns the INSERT into the table and columns, of which the
// first is the book and the others have these types, with what stands behind
// the rows.
func newInsertion(into string, types []string, behind string) insertion {
	values, arrays := make([]string, len(types)), make([]string, len(types))
	for i, kind := range types {
		values[i] = fmt.Sprintf("$%d::%s", i+2, kind)
		arrays[i] = values[i] + "[]"
	}
	return insertion{
		one:  fmt.Sprintf(`INSERT INTO %s VALUES ($1, %s) %s`, into, strings.Join(values, ", "), behind),
		many: fmt.Sprintf(`INSERT INTO %s SELECT $1, u.* FROM unnest(%s) u %s`, into, strings.Join(arrays, ", "), behind),
	}
}

// of is the statement for the rows of a book: one slice of the same length for
// each column, []string, []int64 or [][]byte.
func (i insertion) of(book string, columns ...any) statement {
	single := make([]any, 0, 1+len(columns))
	single = append(single, book)
	for _, column := range columns {
		switch c := column.(type) {
		case []string:
			single = appendOnly(single, c)
		case []int64:
			single = appendOnly(single, c)
		case [][]byte:
			single = appendOnly(single, c)
		}
	}
	if len(single) == 1+len(columns) {
		return statement{i.one, single}
	}
	return statement{i.many, append([]any{book}, columns...)}
}

// appendOnly appends the element of a list that has one.
func appendOnly[T any](values []any, list []T) []any {
	if len(list) != 1 {
		return values
	}
	return append(values, list[0])
}
