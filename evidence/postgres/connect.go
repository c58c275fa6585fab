package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"minhchung/evidence"
)

// ErrUnsafe says that a connection, a login or a server's settings do not keep
// what the ledger promises. The message says what to change.
var ErrUnsafe = errors.New("this is not safe")

// ErrOldServer says that the server lacks what the tables are made of.
var ErrOldServer = errors.New("the server is too old")

// reach is how long a server that does not answer at all is waited for, so
// that callers can say "try again" within two seconds.
const reach = 1500 * time.Millisecond

func connConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnectTimeout = reach
	return config, checkTLS(config)
}

func poolConfig(url string, o Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.ConnectTimeout = reach
	config.ConnConfig.OnNotice = keepWarning
	config.MaxConns = o.MaxConns
	config.PingTimeout = reach
	config.AfterConnect = registerArrays
	return config, checkTLS(config.ConnConfig)
}

// checkTLS demands sslmode=verify-full for every server that the URL leads to,
// unless it is on this machine.
func checkTLS(config *pgx.ConnConfig) error {
	safe := func(host string, verified bool) error {
		if local(host) || verified {
			return nil
		}
		return fmt.Errorf("the database server %s is on another machine: write sslmode=verify-full into its URL: %w", host, ErrUnsafe)
	}
	err := safe(config.Host, config.TLSConfig != nil && !config.TLSConfig.InsecureSkipVerify)
	for _, f := range config.Fallbacks {
		err = errors.Join(err, safe(f.Host, f.TLSConfig != nil && !f.TLSConfig.InsecureSkipVerify))
	}
	return err
}

// local reports whether host is this machine: a Unix socket or loopback.
func local(host string) bool {
	if filepath.IsAbs(host) || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// inspect looks at the database, the login and the settings before they are
// trusted.
func (s *Store) inspect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Statement)
	defer cancel()
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	if err := inspectSchema(ctx, c.Conn()); err != nil {
		return err
	}
	if err := s.inspectLogin(ctx, c.Conn()); err != nil {
		return err
	}
	if s.compression, err = bestCompression(ctx, c.Conn()); err != nil {
		return err
	}
	return s.inspectSettings(ctx, c.Conn())
}

// bestCompression is how the server should compress large values: "Compression"
// in the package comment.
func bestCompression(ctx context.Context, c *pgx.Conn) (name string, err error) {
	err = c.QueryRow(ctx, `SELECT CASE WHEN 'lz4' = ANY (enumvals) THEN 'lz4' ELSE 'pglz' END
		FROM pg_settings WHERE name = 'default_toast_compression'`).Scan(&name)
	return name, err
}

// inspectSchema says whether the database is an up-to-date one of ours. One
// without tables is evidence.ErrOlder; a server that is too old ErrOldServer.
func inspectSchema(ctx context.Context, c *pgx.Conn) error {
	var ours, any bool
	var server int
	err := c.QueryRow(ctx, `SELECT current_setting('server_version_num')::integer, to_regclass('application') IS NOT NULL AND to_regclass('goose_db_version') IS NOT NULL,
		EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p'))`).Scan(&server, &ours, &any)
	if err == nil {
		err = supported(server)
	}
	switch {
	case err != nil:
		return err
	case !any:
		return evidence.ErrOlder
	case !ours:
		return evidence.ErrForeign
	}
	var id, version int64
	if err := c.QueryRow(ctx, `SELECT id, (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied) FROM application`).Scan(&id, &version); err != nil {
		return err
	}
	switch {
	case id != applicationID:
		return evidence.ErrForeign
	case version > schemaVersion:
		return fmt.Errorf("schema version %d, this program knows %d: %w", version, schemaVersion, evidence.ErrNewer)
	case version < schemaVersion:
		return evidence.ErrOlder
	}
	return nil
}

// supported refuses servers that do not know all that the tables are made of,
// by server_version_num: 140024 is 14.24.
func supported(server int) error {
	const leastMajor = 14
	if server < leastMajor*10_000 {
		return fmt.Errorf("the server is PostgreSQL %d.%d: %d or newer is needed: %w", server/10_000, server%10_000, leastMajor, ErrOldServer)
	}
	return nil
}

// inspectLogin refuses a login that row-level security does not hold, and one
// that is more than it says.
func (s *Store) inspectLogin(ctx context.Context, c *pgx.Conn) error {
	var name string
	var super, owner bool
	err := c.QueryRow(ctx, `SELECT current_user, rolsuper OR rolbypassrls,
		pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'head'::regclass), 'MEMBER')
		FROM pg_roles WHERE rolname = current_user`).Scan(&name, &super, &owner)
	switch {
	case err != nil:
		return err
	case super:
		return fmt.Errorf("the login %s is not held by row-level security: use a member of %s: %w", name, s.options.Role, ErrUnsafe)
	case owner:
		return fmt.Errorf("the login %s owns the tables: use a member of %s: %w", name, s.options.Role, ErrUnsafe)
	}
	for _, role := range roles {
		var member bool
		if err := c.QueryRow(ctx, `SELECT pg_has_role(current_user, $1, 'MEMBER')`, string(role)).Scan(&member); err != nil {
			return err
		}
		if member != (role == s.options.Role) {
			return fmt.Errorf("the login %s must be a member of %s and of no other role of this program (%s: %t): %w", name, s.options.Role, role, member, ErrUnsafe)
		}
	}
	return nil
}

// inspectSettings refuses a server whose COMMIT may be forgotten.
func (s *Store) inspectSettings(ctx context.Context, c *pgx.Conn) error {
	var commit, names, fsync, pages string
	err := c.QueryRow(ctx, `SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
		current_setting('fsync'), current_setting('full_page_writes')`).Scan(&commit, &names, &fsync, &pages)
	switch {
	case err != nil:
		return err
	case fsync != "on" || pages != "on" || commit == "off":
		return fmt.Errorf("a power cut may lose commits: fsync is %s, full_page_writes %s, synchronous_commit %s: %w", fsync, pages, commit, ErrUnsafe)
	}
	return coversStandbys(s.options.Standbys, commit, names)
}
