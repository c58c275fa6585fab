package postgres

import (
	"bytes"

	"golang.org/x/mod/sumdb/tlog"
)

// partBytes is what one row holds of a tile: 32 hashes. The right edge of a
// book is written with every commit; a row of this size stays in its page,
// where a whole tile is moved out of line.
const partBytes = 32 * tlog.HashSize

// TileQuery implements relation.Conn.
func (*conn) TileQuery() string {
	return `SELECT level, n, string_agg(data, '' ORDER BY part) FROM tile WHERE book = ? AND level = ? AND n = ? GROUP BY level, n`
}

// parts are rows of the table tile, by column.
type parts struct {
	levels, ns, numbers []int64
	data                [][]byte
}

// add adds the parts of a tile but those that old, which is stored, has whole.
func (p *parts) add(t tlog.Tile, data, old []byte) {
	first := 0
	if bytes.HasPrefix(data, old) {
		first = len(old) / partBytes
	}
	for n := first; n*partBytes < len(data); n++ {
		p.levels, p.ns, p.numbers = append(p.levels, int64(t.L)), append(p.ns, t.N), append(p.numbers, int64(n))
		p.data = append(p.data, data[n*partBytes:min((n+1)*partBytes, len(data))])
	}
}
