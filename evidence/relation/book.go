package relation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence"
	"minhchung/ledger"
)

// Reader reads one book through one Conn. It implements evidence.Reader.
type Reader struct {
	conn  Conn
	scope evidence.Scope
	book  evidence.BookID
	key   string // the column "book"

	// pending and base are set inside an Update: drafts without a leaf yet.
	pending []ledger.Draft
	base    int64
	head    *ledger.Head // as it was when the Update began; nil in a View
}

var _ evidence.Reader = (*Reader)(nil)

// NewReader returns a reader of the book inside the transaction of conn.
func NewReader(conn Conn, scope evidence.Scope, book evidence.BookID) *Reader {
	return &Reader{conn: conn, scope: scope, book: book, key: conn.Column(book)}
}

// Book returns the book, and Key the column "book" of its rows.
func (r *Reader) Book() evidence.BookID { return r.book }

// Key returns the column "book" of the book's rows.
func (r *Reader) Key() string { return r.key }

// HeadQuery selects the columns that ScanHead reads, of the book that is its
// argument.
const HeadQuery = `SELECT origin, size, root, at, checkpoint,
	EXISTS (SELECT 1 FROM "moved" WHERE "moved".book = head.book AND step = '` + evidence.MoveDeparted + `') FROM head WHERE book = ?`

// State is the head of a book and what an Update must know with it.
type State struct {
	ledger.Head
	Departed bool // it went to another installation
}

// ScanHead reads a row of HeadQuery. What the program never writes there is
// evidence.ErrRecord.
func ScanHead(book evidence.BookID, scan Scan) (State, error) {
	var h State
	var root []byte
	var at string
	err := scan(&h.Origin, &h.Size, &root, &at, &h.Checkpoint, &h.Departed)
	if err != nil {
		return State{}, missing(err, "book %s", book)
	}
	if h.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return State{}, fmt.Errorf("head of book %s: %w (%w)", book, evidence.ErrRecord, err)
	}
	if copy(h.Root[:], root) != len(h.Root) {
		return State{}, fmt.Errorf("head of book %s: a root of %d bytes: %w", book, len(root), evidence.ErrRecord)
	}
	return h, nil
}

// HeadTime writes the column "at" of a head.
func HeadTime(h ledger.Head) string { return h.At.UTC().Format(time.RFC3339Nano) }

// Head implements ledger.Reader.
func (r *Reader) Head(ctx context.Context) (ledger.Head, error) {
	if r.head != nil {
		return *r.head, nil
	}
	state, err := ScanHead(r.book, func(dest ...any) error { return r.conn.Row(ctx, HeadQuery, []any{r.key}, dest...) })
	return state.Head, err
}

// ReadState returns the state of a book for NewTx: nil for one that was never
// opened.
func ReadState(ctx context.Context, conn Conn, book evidence.BookID) (*State, error) {
	state, err := ScanHead(book, func(dest ...any) error { return conn.Row(ctx, HeadQuery, []any{conn.Column(book)}, dest...) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &state, err
}

// tileBatch is how many tiles one statement reads: an inclusion proof in a
// tree of a million leaves needs six.
const tileBatch = 8

// Tiles implements ledger.Reader.
func (r *Reader) Tiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	type id struct{ level, n int64 }
	stored := make(map[id][]byte, len(tiles))
	one := r.conn.TileQuery()
	for rest := tiles; len(rest) > 0; {
		batch := rest[:min(tileBatch, len(rest))]
		rest = rest[len(batch):]
		args := make([]any, 0, 3*len(batch))
		for _, t := range batch {
			args = append(args, r.key, int64(t.L), t.N)
		}
		err := r.conn.Each(ctx, func(scan Scan) error {
			var at id
			var data []byte
			err := scan(&at.level, &at.n, &data)
			stored[at] = data
			return err
		}, one+strings.Repeat(" UNION ALL "+one, len(batch)-1), args...)
		if err != nil {
			return nil, fmt.Errorf("tiles of book %s: %w", r.book, err)
		}
	}
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, want := stored[id{int64(t.L), t.N}], t.W*tlog.HashSize
		if t.H != ledger.TileHeight || t.W < 1 || len(b) < want {
			return nil, fmt.Errorf("tile %s of book %s: %w", t.Path(), r.book, fs.ErrNotExist)
		}
		data[i] = b[:want:want]
	}
	return data, nil
}

// entryBatch is how many entries are held in memory at a time.
const entryBatch = 128

// Entries implements ledger.Reader. An index that is not stored is
// fs.ErrNotExist. fn may use the reader.
func (r *Reader) Entries(ctx context.Context, first, end int64, fn func(ledger.Entry) error) error {
	for next := first; next < end; {
		batch := make([]ledger.Entry, 0, min(entryBatch, end-next))
		err := r.conn.Each(ctx, func(scan Scan) error {
			var e ledger.Entry
			if err := scan(&e.Index, &e.Leaf, &e.Salt, &e.Opening); err != nil {
				return err
			}
			batch = append(batch, e)
			return nil
		}, `SELECT idx, leaf, salt, opening FROM entry WHERE book = ? AND idx >= ? AND idx < ? ORDER BY idx LIMIT ?`,
			r.key, next, end, int64(entryBatch))
		if err != nil {
			return fmt.Errorf("entries of book %s: %w", r.book, err)
		}
		for _, e := range batch {
			if e.Index != next {
				break
			}
			if err := fn(e); err != nil {
				return err
			}
			next++
		}
		if len(batch) == 0 || batch[len(batch)-1].Index != next-1 {
			return fmt.Errorf("entry %d of book %s: %w", next, r.book, fs.ErrNotExist)
		}
	}
	return nil
}

// Entry implements evidence.Reader.
func (r *Reader) Entry(ctx context.Context, index int64) (ledger.Entry, error) {
	return r.entryOf(ctx, r.key, index)
}

func (r *Reader) entryOf(ctx context.Context, book string, index int64) (ledger.Entry, error) {
	e := ledger.Entry{Index: index}
	err := r.conn.Row(ctx, `SELECT leaf, salt, opening FROM entry WHERE book = ? AND idx = ?`, []any{book, index},
		&e.Leaf, &e.Salt, &e.Opening)
	if err != nil {
		return ledger.Entry{}, missing(err, "entry %d of book %s", index, book)
	}
	return e, nil
}

// opening returns an entry's opening, of a pending entry too.
func (r *Reader) opening(ctx context.Context, book string, index int64) ([]byte, error) {
	if n := index - r.base; book == r.key && r.base >= 0 && n >= 0 && n < int64(len(r.pending)) {
		return r.pending[n].Opening, nil
	}
	e, err := r.entryOf(ctx, book, index)
	return e.Opening, err
}

var _ evidence.HoldingsReader = (*Reader)(nil)

// Holdings implements evidence.HoldingsReader.
func (r *Reader) Holdings(ctx context.Context) (h evidence.Holdings, err error) {
	for _, t := range []struct {
		name, rows string
		n          *int64
	}{
		{"entries", `entry WHERE book = ?`, &h.Entries},
		{"tiles", `(SELECT DISTINCT level, n FROM tile WHERE book = ?) t`, &h.Tiles}, // a driver may keep them in parts
		{"blobs", `blob WHERE book = ?`, &h.Blobs},
	} {
		if err := r.conn.Row(ctx, `SELECT count(*) FROM `+t.rows, []any{r.key}, t.n); err != nil {
			return h, fmt.Errorf("counting the %s of book %s: %w", t.name, r.book, err)
		}
	}
	return h, nil
}
