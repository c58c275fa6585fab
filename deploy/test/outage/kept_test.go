//go:build linux

package outage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// wantKept looks for what was acknowledged, and for nothing else: each document
// has its leaves once and its bytes, the ledger's root is that of its leaves,
// and the program's own check agrees.
func wantKept(t *testing.T, p *province, c *clients) {
	t.Helper()
	leaves := leavesOf(t, p)
	for kind, of := range leaves {
		for sha := range c.stored {
			if n := of[sha]; n != 1 {
				t.Errorf("document %s has %d leaves %q, want 1", sha, n, kind)
			}
		}
	}
	for sha := range leaves["document"] {
		if _, ok := c.stored[sha]; !ok {
			t.Errorf("the ledger has document %s, which was never acknowledged", sha)
		}
	}
	objects := objectsOf(t, p)
	if len(leaves["document"]) != len(c.stored) || len(objects) != len(c.stored) {
		t.Errorf("got %d documents in the ledger and %d on the S3 server, want %d", len(leaves["document"]), len(objects), len(c.stored))
	}
	for sha, s := range c.stored {
		want, err := os.ReadFile(s.path)
		must(t, err)
		if !bytes.Equal(objects[sha], want) {
			t.Errorf("the S3 server has other bytes of %s", sha)
		}
		h := c.get(fmt.Sprintf("documents/%s/file?unit=%s&period=%s", sha, unit, period))
		if h.status != http.StatusOK || h.body != string(want) {
			t.Errorf("download of %s: got %d and %d bytes, want %d", sha, h.status, len(h.body), len(want))
		}
	}
	said := p.run("check")
	if !strings.Contains(said, book+": sound") && !strings.Contains(said, period+": sound") {
		t.Errorf("check said %s", said)
	}
	t.Logf("%d documents acknowledged: each once in the ledger with its facts and verdict, the root is that of its leaves, the bytes are there; check: sound", len(c.stored))
}

// connect logs in to the database as the program does, with all units.
func connect(t *testing.T, p *province, port string) *pgx.Conn {
	t.Helper()
	db, err := pgx.Connect(t.Context(), fmt.Sprintf("postgres://minhchung:%s@127.0.0.1:%s/minhchung", url.QueryEscape(p.file("pg-app")), port))
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	_, err = db.Exec(t.Context(), `SELECT set_config('minhchung.units', '*', false)`)
	must(t, err)
	return db
}

// leavesAt reads the leaves of the one book from a server.
func leavesAt(t *testing.T, p *province, port string) [][]byte {
	t.Helper()
	rows, err := connect(t, p, port).Query(t.Context(), `SELECT leaf FROM entry WHERE book <> 'root' ORDER BY idx`)
	must(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	return list
}

// leavesOf compares the Merkle root of the book's leaves with the head's, and
// counts them by type and document.
func leavesOf(t *testing.T, p *province) map[string]map[string]int {
	t.Helper()
	list := leavesAt(t, p, p.file("pg.port"))
	found := map[string]map[string]int{"document": {}, "facts": {}, "verdict": {}}
	var hashes treeHashes
	for n, leaf := range list {
		var l struct {
			Type string
			Refs map[string]string
		}
		must(t, json.Unmarshal(leaf, &l))
		if of := found[l.Type]; of != nil {
			of[cmp.Or(l.Refs["sha256"], l.Refs["document"])]++
		}
		more, err := tlog.StoredHashes(int64(n), leaf, hashes)
		must(t, err)
		hashes = append(hashes, more...)
	}
	var size int64
	var root []byte
	must(t, connect(t, p, p.file("pg.port")).QueryRow(t.Context(), `SELECT size, root FROM head WHERE book <> 'root'`).Scan(&size, &root))
	own, err := tlog.TreeHash(int64(len(list)), hashes)
	must(t, err)
	if size != int64(len(list)) || !bytes.Equal(root, own[:]) {
		t.Errorf("the head says %d leaves with root %x; the leaves are %d with root %x", size, root, len(list), own)
	}
	return found
}

// treeHashes are the hashes of a tree in tlog's order.
type treeHashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (s treeHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

// objectsOf reads the S3 server's disk, by digest.
func objectsOf(t *testing.T, p *province) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(p.dir, "s3/data/minhchung", unit, "*"))
	must(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		must(t, err)
		sum := sha256.Sum256(b)
		if sha := hex.EncodeToString(sum[:]); sha != filepath.Base(path) {
			t.Errorf("%s has the digest %s", path, sha)
		}
		found[filepath.Base(path)] = b
	}
	return found
}

// caughtUp waits until the index covers all of the ledger by itself.
func (c *clients) caughtUp() {
	c.p.t.Helper()
	c.p.until("the index has caught up", func() bool {
		h := c.get("search?q=" + url.QueryEscape(queries[0]))
		return strings.Contains(h.body, wholeNotice) && !strings.Contains(h.body, degradedNotice)
	})
}

// wantFreshHits compares the hits of an index that has caught up with those of
// one made anew.
func wantFreshHits(t *testing.T, p *province, c *clients) {
	t.Helper()
	c.caughtUp()
	ask := func() (all []string) {
		for _, q := range queries {
			all = append(all, p.run("search", "--json", "--limit", "300", q))
		}
		return all
	}
	before := ask()
	p.run("search", "--rebuild")
	hits := 0
	for i, after := range ask() {
		if before[i] != after {
			t.Errorf("query %s: the index made anew has other hits:\n%.2000s\nwant\n%.2000s", queries[i], before[i], after)
		}
		hits += strings.Count(after, "\n")
	}
	if hits == 0 {
		t.Error("got no hits at all")
	}
	t.Logf("the index caught up by itself: %d hits of %d queries, the same as in an index made anew", hits, len(queries))
}
