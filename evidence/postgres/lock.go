package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"minhchung/evidence"
	"minhchung/evidence/relation"
)

// locked is what an Update learns in its first round trip, behind the locks.
type locked struct {
	state *relation.State // nil: never opened
	now   time.Time       // on the server
	read  time.Time       // when that was here
	known *edge           // of the head that was the newest here; nil: ask for it
}

// clock is the server's, carried on by ours.
func (l *locked) clock() time.Time { return l.now.Add(time.Since(l.read)) }

// topLevel is that of a tree of 2^48 leaves.
const topLevel = 5

// What does not say more with its arguments than without is planned only a few
// times: no series whose length is an argument, and no LIMIT that costs less in
// a partition that is known. OFFSET 0 as in Lookup.
var edgeQuery = fmt.Sprintf(`SELECT t.level, t.n, t.data FROM generate_series(0::bigint, %d) l,
	LATERAL (SELECT level, n, string_agg(data, '' ORDER BY part) AS data FROM tile WHERE book = $1 AND level = l AND n = (
		SELECT n FROM tile WHERE book = $1 AND level = l ORDER BY n DESC LIMIT 1) GROUP BY level, n) t`, topLevel)

const lastQuery = `SELECT e.idx, e.leaf, e.salt, e.opening FROM head h, LATERAL (
	SELECT idx, leaf, salt, opening FROM entry WHERE book = $1 AND idx = h.size - 1 OFFSET 0) e WHERE h.book = $1`

// step waits for other writers of the book. The advisory lock is there for
// books without a head and for afterFailedCommit; the row lock fails at once,
// as a serialization failure, when the head moved while we waited.
func (l *locked) step(id evidence.BookID) step {
	key := columnOf(id)
	queue := func(batch *pgx.Batch) {
		batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0)), clock_timestamp()`, id.String())
		batch.Queue(prepare(relation.HeadQuery).query+` FOR UPDATE OF head`, key)
		if l.known == nil {
			batch.Queue(edgeQuery, key)
			batch.Queue(lastQuery, key)
		}
	}
	return step{queue, func(c *conn, results pgx.BatchResults) error {
		if err := l.take(id, c, results); err != nil {
			return fmt.Errorf("reading the head: %w", err)
		}
		return nil
	}}
}

// take reads the answers to step.
func (l *locked) take(id evidence.BookID, c *conn, results pgx.BatchResults) error {
	if err := results.QueryRow().Scan(nil, &l.now); err != nil {
		return err
	}
	l.read = time.Now()
	err := eachRow(results, func(scan relation.Scan) error {
		state, err := relation.ScanHead(id, scan)
		l.state = &state
		return err
	})
	switch {
	case err != nil || l.state == nil && l.known != nil:
		return err
	case l.known == nil:
		return c.edge.read(results)
	case l.known.of(l.state.Head):
		c.edge = *l.known
	}
	return nil
}
