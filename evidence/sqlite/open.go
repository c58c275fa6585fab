package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/goose"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// applicationID marks our files: "MChg" (sqlite.org/fileformat2,
	// "application_id").
	applicationID = 0x4d436867
	// schemaVersion is the number of the newest migration.
	schemaVersion = 6
)

// Pragmas of each connection. busy_timeout is how long, in milliseconds, a
// statement waits for another process; an Update tries five times. cache_size
// of the writer is in KiB, so that a large import is not spilled early.
const (
	writerPragmas = "_pragma=busy_timeout(2000)&_pragma=cache_size(-32000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	readerPragmas = "_pragma=busy_timeout(2000)&_pragma=query_only(1)&_pragma=foreign_keys(1)"
)

// dsn is the file URI of path (sqlite.org/uri.html), with "?", "#" and "%" in
// names escaped.
func dsn(path, query string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/… on Windows
	}
	return (&url.URL{Scheme: "file", Path: p, RawQuery: query}).String()
}

func openWritable(ctx context.Context, path string) (writer, reader *pool, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	if err := create(path); err != nil {
		return nil, nil, err
	}
	// Looked at before the first pragma could change a file that is not ours.
	if err := inspect(ctx, path, "mode=ro&"+readerPragmas); err != nil && !errors.Is(err, evidence.ErrOlder) {
		return nil, nil, err
	}
	if err := migrate(ctx, dsn(path, writerPragmas)); err != nil {
		return nil, nil, err
	}
	writer, err = newPool(ctx, dsn(path, writerPragmas), 1)
	if err != nil {
		return nil, nil, err
	}
	reader, err = newPool(ctx, dsn(path, readerPragmas), readers)
	if err != nil {
		writer.close()
		return nil, nil, err
	}
	return writer, reader, nil
}

// create makes an empty file that only its owner can read: it will hold
// names. SQLite gives the -wal and -shm files the same mode.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the name of a new file durable. Windows has no such call on
// folders; NTFS journals names itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func migrate(ctx context.Context, source string) error {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return err
	}
	defer db.Close()
	return goose.SQLite(ctx, db, migrations)
}

func openReadOnly(ctx context.Context, path string) (*pool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	query := "mode=ro&" + readerPragmas
	err = inspect(ctx, path, query)
	if err != nil && isCannotOpen(err) && !hasWAL(path) {
		query = "immutable=1&" + query
		err = inspect(ctx, path, query)
	}
	if err != nil {
		return nil, err
	}
	return newPool(ctx, dsn(path, query), readers)
}

func hasWAL(path string) bool {
	info, err := os.Stat(path + "-wal")
	return !errors.Is(err, fs.ErrNotExist) && (err != nil || info.Size() > 0)
}

// inspect says whether the file is an up-to-date database of ours. An empty
// one is ErrOlder.
func inspect(ctx context.Context, path, query string) error {
	db, err := sql.Open("sqlite", dsn(path, query))
	if err != nil {
		return err
	}
	defer db.Close()
	var id, tables, version int64
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table'`).Scan(&tables); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return err
	}
	switch {
	case tables == 0:
		return evidence.ErrOlder
	case id != applicationID:
		return evidence.ErrForeign
	}
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied = 1`).Scan(&version); err != nil {
		return err
	}
	switch {
	case version > schemaVersion:
		return fmt.Errorf("schema version %d, this program knows %d: %w", version, schemaVersion, evidence.ErrNewer)
	case version < schemaVersion:
		return evidence.ErrOlder
	}
	return nil
}
