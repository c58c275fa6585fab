// Package relation is what the SQL drivers of evidence.Store share: the
// statements over the tables that evidence.Columns declares, the decoding of
// their rows, and the transaction over one book. What differs between the
// engines (connections, locks, commits, how rows and the names of books are
// written) stays with the driver, behind Conn and Writer.
package relation

import (
	"context"
	"fmt"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Scan stores the columns of one row in dest: *string, *int64, *int, *[]byte
// or, for EXISTS, *bool.
type Scan = func(dest ...any) error

// Conn reads inside one transaction of a driver. Statements have "?" for each
// argument, and no other question mark.
type Conn interface {
	// Each calls fn for every row. fn must not use the Conn.
	Each(ctx context.Context, fn func(scan Scan) error, query string, args ...any) error
	// Row scans the only row; none is fs.ErrNotExist.
	Row(ctx context.Context, query string, args []any, dest ...any) error
	// Column writes a book as the column "book" of this driver's tables has
	// it, which is RootKey for the root book; BookOf reads the column.
	Column(book evidence.BookID) string
	BookOf(column string) evidence.BookID
	// TileQuery selects level, n and data of the tile whose column "book",
	// level and n are its arguments.
	TileQuery() string
}

// Writer is the Conn of an Update. A driver may keep writes back until
// something is read or committed; what then fails is told there.
type Writer interface {
	Conn
	// Put writes or removes one record of a projected table.
	Put(ctx context.Context, book string, rec evidence.Record) error
	// PutBlobs keeps DER; one that is there already is skipped.
	PutBlobs(ctx context.Context, book string, blobs []signature.Blob) error
	// Exec runs any other statement that writes.
	Exec(ctx context.Context, query string, args ...any) error
	// Savepoint, RollbackTo and Release are the statements of that name.
	Savepoint(ctx context.Context, name string) error
	RollbackTo(name string) error
	Release(ctx context.Context, name string) error
	// Broken returns the first failed write that no RollbackTo has undone:
	// the transaction must not be committed.
	Broken() error
}

// Opener is a Writer that must know of a book before its first leaf. When it
// fails, the transaction does.
type Opener interface {
	Opening(ctx context.Context, book evidence.BookID) error
}

// RootKey is the column "book" of the root book, for every driver.
var RootKey = evidence.RootBook.String()

// NotThere says that a book does not exist, or not for this caller.
func NotThere(book evidence.BookID) error {
	return fmt.Errorf("book %s: %w", book, fs.ErrNotExist)
}

// missing names the thing that err is about.
func missing(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
