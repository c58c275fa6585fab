package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"

	"minhchung/evidence"
)

// PostgreSQL sends no error when the wait of a COMMIT for a replica is ended,
// by a cancelled statement, an administrator or a restart: the transaction is
// committed here, everybody sees it, and a replica may not have it. The client
// gets a warning or nothing at all (postgresql.org, "Synchronous Replication").
// So with Options.Standbys
//   - a COMMIT that came with a warning, or with no answer, is not believed;
//   - what this server has counts as committed only when a later commit of ours
//     waited for the replicas to its end: they get the log in its order;
//   - an Update that appends nothing waits too, because its caller will tell
//     somebody that what it has read is stored.

// errDoubtful says that the server warned about a COMMIT.
var errDoubtful = errors.New("the server committed, but its replicas may not have it")

// warned is where a connection keeps the last warning of its server.
const warned = "minhchung: warned"

// keepWarning is called by pgx while it reads an answer. Which warning it is
// stands only in its words, and these are in the server's language.
func keepWarning(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warned] = n.Message
	}
}

// prepareWait prepares a COMMIT that waits for the replicas as long as the
// client does: the statement timeout would end the wait. It looks at the
// settings again, for they can be changed to get on while a replica is away.
func (s *Store) prepareWait(ctx context.Context, c *conn) error {
	if len(s.options.Standbys) == 0 {
		return nil
	}
	// The writes go before, while they are held to the statement timeout.
	if err := c.flush(ctx); err != nil {
		return fmt.Errorf("%w: %w", errUndone, err)
	}
	var nothing, commit, names string
	err := c.c.QueryRow(ctx, `SELECT set_config('statement_timeout', '0', true), current_setting('synchronous_commit'),
		current_setting('synchronous_standby_names')`).Scan(&nothing, &commit, &names)
	if err != nil {
		return err
	}
	if err := coversStandbys(s.options.Standbys, commit, names); err != nil {
		return fmt.Errorf("%w (%w)", evidence.ErrUnavailable, err)
	}
	delete(c.c.Conn().PgConn().CustomData(), warned) // it was about something else
	return nil
}

// waited says whether a COMMIT that was answered has waited.
func (s *Store) waited(c *conn) error {
	warning, doubtful := c.c.Conn().PgConn().CustomData()[warned]
	if len(s.options.Standbys) == 0 || !doubtful {
		return nil
	}
	return fmt.Errorf("%w (%w: %v)", evidence.ErrUnavailable, errDoubtful, warning)
}

// confirm returns nil when the replicas have what this transaction has read of
// the book whose rows have the key: locking the head's row is something to
// commit. It ends the transaction.
func (s *Store) confirm(ctx context.Context, c *conn, key string) error {
	if len(s.options.Standbys) == 0 {
		return nil
	}
	var size int64
	switch err := c.Row(ctx, `SELECT size FROM head WHERE book = ? FOR UPDATE`, []any{key}, &size); {
	case errors.Is(err, fs.ErrNotExist): // which would mean that the entry is not there
		return fmt.Errorf("the book %s has entries and no head: %w", key, evidence.ErrDamaged)
	case err != nil:
		return err
	}
	if until, ok := ctx.Deadline(); ok {
		c.patience = min(c.patience, time.Until(until))
	}
	return s.end(c)
}

// coversStandbys says whether a COMMIT returns only when all the named
// replicas have it on disk, by synchronous_commit and
// synchronous_standby_names (postgresql.org, "Replication").
func coversStandbys(standbys []string, commit, names string) error {
	if len(standbys) == 0 {
		return nil
	}
	if commit != "on" && commit != "remote_apply" {
		return fmt.Errorf("synchronous_commit is %s: the replicas %s may lose commits: set it to on, where the server, the database or the login (ALTER ROLE, ALTER DATABASE) has it otherwise: %w", commit, strings.Join(standbys, ", "), ErrUnsafe)
	}
	sure := sureStandbys(names)
	for _, name := range standbys {
		if !slices.Contains(sure, strings.ToLower(name)) {
			return fmt.Errorf("synchronous_standby_names is '%s': a commit does not wait for the replica %s: name it there: %w", names, name, ErrUnsafe)
		}
	}
	return nil
}

// sureStandbys returns the names that every commit waits for, in lower case:
// of "FIRST n (…)" and of a plain list the first n (one), of "ANY n (…)" all of
// them if n is their number. "*" names nobody.
func sureStandbys(setting string) []string {
	method, n, list := "FIRST", 1, setting
	if head, rest, ok := strings.Cut(setting, "("); ok {
		list = strings.TrimSuffix(strings.TrimSpace(rest), ")")
		words := strings.Fields(strings.ToUpper(head))
		if len(words) == 2 {
			method = words[0]
		}
		var err error
		if len(words) == 0 || len(words) > 2 {
			return nil
		}
		if n, err = strconv.Atoi(words[len(words)-1]); err != nil {
			return nil
		}
	}
	var names []string
	for _, name := range strings.Split(list, ",") {
		name = strings.ToLower(strings.TrimFunc(name, func(r rune) bool { return r == '"' || unicode.IsSpace(r) }))
		if name == "" || name == "*" {
			return nil
		}
		names = append(names, name)
	}
	switch {
	case method == "ANY" && n < len(names):
		return nil
	case method != "ANY" && method != "FIRST":
		return nil
	}
	return names[:min(n, len(names))]
}
