// Package sqlite keeps rows, verdicts and the ledger in one SQLite file: the
// Store of an office PC. It is modernc.org/sqlite in WAL mode with
// synchronous=FULL, so that a commit survives a power cut (sqlite.org/pragma,
// "synchronous"), one writer and a few readers.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// defaultHost is the first part of origins when Options.Host is empty.
const defaultHost = "localhost"

// readers is how many Views run at the same time; further ones wait.
const readers = 4

// Options of Open. The zero value opens for reading and cannot append.
type Options struct {
	// Sequencer appends to the books; Update fails without it.
	Sequencer *ledger.Sequencer
	// Host is the first part of the origin of books that are opened from now
	// on; an opened book keeps its origin. Empty means "localhost".
	Host string
	// ReadOnly opens a database without writing a byte to it, also beside a
	// process that writes. See Open.
	ReadOnly bool
}

// Store is an evidence.Store in one SQLite file. It is safe for concurrent
// use; Updates of one Store queue up.
type Store struct {
	options Options
	writer  *pool // nil when read-only
	reader  *pool

	// commitHook stands around COMMIT in tests of failures.
	commitHook func(commit func() error) error
}

var _ evidence.Store = (*Store)(nil)

// Open opens the database at path, creating and migrating it when needed.
// Errors: evidence.ErrNewer, ErrForeign, ErrDamaged, ErrFull.
//
// With Options.ReadOnly nothing is created: a missing file is fs.ErrNotExist
// and an older schema evidence.ErrOlder. Beside a running writer the file is
// opened with mode=ro and sees each commit. A WAL database needs its -shm file
// even for reading; where that cannot be created (a read-only folder or
// medium) and there is no -wal file with content, the file is opened as
// immutable: correct because nobody can be writing (sqlite.org/wal.html,
// "Read-Only Databases"). With a -wal file of content in a read-only folder
// opening fails, since its commits could not be seen.
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	if options.Host == "" {
		options.Host = defaultHost
	}
	s := &Store{options: options}
	var err error
	if options.ReadOnly {
		s.reader, err = openReadOnly(ctx, path)
	} else {
		s.writer, s.reader, err = openWritable(ctx, path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, classify(err))
	}
	return s, nil
}

// Close waits for running Updates and Views and refuses new ones with
// fs.ErrClosed. Closing again does nothing.
func (s *Store) Close() error {
	err := s.reader.close()
	if s.writer != nil {
		err = errors.Join(err, s.writer.close())
	}
	return err
}

// Origin returns the origin that the ledger of a new book gets.
func (s *Store) Origin(book evidence.BookID) string { return book.Origin(s.options.Host) }

// View implements evidence.Store. A book that was never opened is
// fs.ErrNotExist; the root book alone can be viewed while it is empty.
func (s *Store) View(ctx context.Context, scope evidence.Scope, book evidence.BookID, fn func(r evidence.Reader) error) error {
	if !scope.Allows(book) {
		return relation.NotThere(book)
	}
	return s.reader.read(ctx, func(c *conn) error {
		r := relation.NewReader(c, scope, book)
		// This first read fixes the state that all others see.
		if _, err := r.Head(ctx); err != nil && (!errors.Is(err, fs.ErrNotExist) || book != evidence.RootBook) {
			return err
		}
		return fn(r)
	})
}

// Books implements evidence.Store, sorted by unit and period.
func (s *Store) Books(ctx context.Context, scope evidence.Scope) (books []evidence.BookID, err error) {
	err = s.reader.read(ctx, func(c *conn) error {
		books, err = relation.Books(ctx, c, scope)
		return err
	})
	return books, err
}

// Summaries implements evidence.Store.
func (s *Store) Summaries(ctx context.Context, scope evidence.Scope, books []evidence.BookID) (list []evidence.BookSummary, err error) {
	err = s.reader.read(ctx, func(c *conn) error {
		list, err = relation.Summaries(ctx, c, scope, books)
		return err
	})
	return list, err
}

// Backlogs implements evidence.Store.
func (s *Store) Backlogs(ctx context.Context, scope evidence.Scope, books []evidence.BookID) (list []evidence.BookBacklog, err error) {
	err = s.reader.read(ctx, func(c *conn) error {
		list, err = relation.Backlogs(ctx, c, scope, books)
		return err
	})
	return list, err
}
