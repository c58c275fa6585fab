package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/ledger"
)

// locked is what an Update learns in its first round trip, behind the locks.
type locked struct {
	state *relation.State // nil: never opened
	now   time.Time       // on the server
	read  time.Time       // when that was here
}

// clock is the server's, carried on by ours.
func (l *locked) clock() time.Time { return l.now.Add(time.Since(l.read)) }

// edge is what the ledger reads before it appends: the last entry and the
// newest tile of each level. The ledger verifies them against the head.
type edge struct {
	tiles map[tileID][]byte
	last  *ledger.Entry
}

type tileID struct{ level, n int64 }

// topLevel is that of a tree of 2^48 leaves.
const topLevel = 5

// What does not say more with its arguments than without is planned only a few
// times: no series whose length is an argument, and no LIMIT that costs less in
// a partition that is known. OFFSET 0 as in Lookup.
var edgeQuery = fmt.Sprintf(`SELECT t.level, t.n, t.data FROM generate_series(0::bigint, %d) l,
	LATERAL (SELECT level, n, data FROM tile WHERE book = $1 AND level = l ORDER BY n DESC LIMIT 1) t`, topLevel)

const lastQuery = `SELECT e.idx, e.leaf, e.salt, e.opening FROM head h, LATERAL (
	SELECT idx, leaf, salt, opening FROM entry WHERE book = $1 AND idx = h.size - 1 OFFSET 0) e WHERE h.book = $1`

// step waits for other writers of the book. The advisory lock is there for
// books without a head and for afterFailedCommit; the row lock fails at once,
// as a serialization failure, when the head moved while we waited.
func (l *locked) step(id evidence.BookID) step {
	key := columnOf(id)
	queue := func(batch *pgx.Batch) {
		batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, id.String())
		batch.Queue(prepare(relation.HeadQuery).query+` FOR UPDATE OF head`, key)
		batch.Queue(edgeQuery, key)
		batch.Queue(lastQuery, key)
		batch.Queue(`SELECT clock_timestamp()`)
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
	if _, err := results.Exec(); err != nil {
		return err
	}
	err := eachRow(results, func(scan relation.Scan) error {
		state, err := relation.ScanHead(id, scan)
		l.state = &state
		return err
	})
	if err != nil {
		return err
	}
	c.edge.tiles = map[tileID][]byte{}
	err = eachRow(results, func(scan relation.Scan) error {
		var at tileID
		var data []byte
		err := scan(&at.level, &at.n, &data)
		c.edge.tiles[at] = data
		return err
	})
	if err != nil {
		return err
	}
	err = eachRow(results, func(scan relation.Scan) error {
		c.edge.last = &ledger.Entry{}
		return scan(&c.edge.last.Index, &c.edge.last.Leaf, &c.edge.last.Salt, &c.edge.last.Opening)
	})
	if err != nil {
		return err
	}
	err = results.QueryRow().Scan(&l.now)
	l.read = time.Now()
	return err
}

// stored returns the tiles when all of them are on the edge.
func (e edge) stored(tiles []tlog.Tile) ([][]byte, bool) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, want := e.tiles[tileID{int64(t.L), t.N}], t.W*tlog.HashSize
		if t.H != ledger.TileHeight || t.W < 1 || len(b) < want {
			return nil, false
		}
		data[i] = b[:want:want]
	}
	return data, true
}
