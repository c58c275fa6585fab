// Package goose brings a database's tables up to date: pressly/goose as a
// library, for all SQL drivers. A database may be migrated by several
// processes at a time where the engine has locks for it.
package goose

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// VersionTable is where the versions of a database are kept.
const VersionTable = goose.DefaultTablename

// SQLite migrates a SQLite file by the files "migrations/*.sql"; its holder
// is alone.
func SQLite(ctx context.Context, db *sql.DB, files fs.FS) error {
	return up(ctx, goose.DialectSQLite3, db, files)
}

// Postgres migrates a PostgreSQL database; a session lock lets others wait, so
// the connection must not go through a pooler that splits sessions.
func Postgres(ctx context.Context, db *sql.DB, files fs.FS) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	return up(ctx, goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
}

func up(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS, options ...goose.ProviderOption) error {
	files, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}
