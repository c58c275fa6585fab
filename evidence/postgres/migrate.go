package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"

	"minhchung/evidence"
	"minhchung/evidence/goose"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// applicationID marks our databases: "MChg", as in the SQLite driver.
	applicationID = 0x4d436867
	// schemaVersion is the number of the newest migration.
	schemaVersion = 4
)

// Migrate creates the tables or brings them up to date. url logs in as their
// owner, who needs CREATEROLE the first time on a server; members of the roles
// are made by whoever administrates it. Processes that migrate at the same
// time wait for each other. Those of an earlier version must have ended: what
// they write afterwards is refused, and they see no books any more. Version 3
// copies the large tables once, version 4 the tiles: room is needed for as much
// again. Errors: evidence.ErrNewer, ErrForeign, ErrUnavailable; ErrOldServer
// for a server in which nothing is made because it is too old.
func Migrate(ctx context.Context, url string) error {
	config, err := connConfig(url)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	raw, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting to PostgreSQL: %w", classify(err))
	}
	err = raw.Raw(func(c any) error { return inspectSchema(ctx, c.(*stdlib.Conn).Conn()) })
	_ = raw.Close()
	if err == nil || !errors.Is(err, evidence.ErrOlder) {
		return classify(err)
	}
	return classify(goose.Postgres(ctx, db, migrations))
}
