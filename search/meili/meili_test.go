package meili

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	client "github.com/meilisearch/meilisearch-go"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/search"
	"minhchung/search/meili/meilitest"
	"minhchung/search/searchtest"
)

func open(t *testing.T, c Config) *Index {
	t.Helper()
	x, err := Open(t.Context(), c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return x
}

// onDouble returns a double and how to reach it.
func onDouble(t *testing.T) (*meilitest.Double, Config) {
	d := meilitest.New(t)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return d, Config{URL: d.URL(), Key: meilitest.Key, Client: client, Poll: time.Millisecond}
}

func TestConformanceOnDouble(t *testing.T) {
	searchtest.Run(t, func(t *testing.T) search.Index {
		_, c := onDouble(t)
		return open(t, c)
	})
}

// TestConformance runs on a real server, in indexes of its own that it deletes.
func TestConformance(t *testing.T) {
	if os.Getenv("MEILI_URL") == "" {
		t.Skip("MEILI_URL does not name a Meilisearch server; the tests below run on the double alone")
	}
	searchtest.Run(t, func(t *testing.T) search.Index { return open(t, onServer(t)) })
}

// onServer tells how to reach the server that MEILI_URL names; what is made
// there is deleted at the end.
func onServer(t testing.TB) Config {
	c := Config{URL: os.Getenv("MEILI_URL"), Key: os.Getenv("MEILI_KEY"), Prefix: "minhchung_test_" + rand.Text(), Poll: 10 * time.Millisecond}
	if c.URL == "" {
		t.Skip("MEILI_URL does not name a Meilisearch server")
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		server := client.New(c.URL, client.WithAPIKey(c.Key))
		for _, uid := range []string{c.Prefix, c.Prefix + "_next"} {
			s := store{server, uid, c.Poll}
			if err := s.remove(ctx); err != nil {
				t.Errorf("removing %s: %v", uid, err)
			}
		}
	})
	return c
}

// onEach runs a test on the double, and on a real server when there is one.
func onEach(t *testing.T, run func(t *testing.T, x *Index)) {
	t.Run("double", func(t *testing.T) {
		_, c := onDouble(t)
		run(t, open(t, c))
	})
	if os.Getenv("MEILI_URL") != "" {
		t.Run("server", func(t *testing.T) { run(t, open(t, onServer(t))) })
	}
}

func testPage(name, text string) search.Page {
	return search.Page{Unit: "xa-a", Period: "2022", Document: signature.HashOf([]byte(name)), Number: 1, Name: name, Text: text}
}

func total(t *testing.T, x *Index, text string) int {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	a, err := x.Search(t.Context(), evidence.Scope{All: true}, search.Request{Query: q, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	return a.Total
}

func TestOpenAgainFindsTheSame(t *testing.T) {
	_, c := onDouble(t)
	x := open(t, c)
	book := evidence.BookID{Unit: "xa-a", Period: "2022"}
	err := x.Apply(t.Context(), search.Batch{Put: []search.Page{testPage("a", "chuyển đổi số")}, Cursors: map[evidence.BookID]int64{book: 4}})
	if err != nil {
		t.Fatal(err)
	}
	x.Close()
	x = open(t, c)
	cursors, err := x.Cursors(t.Context())
	if n := total(t, x, "chuyển đổi số"); n != 1 || err != nil || cursors[book] != 4 {
		t.Errorf("got %d pages, cursors %v, %v, want one and 4", n, cursors, err)
	}
}

func TestOtherVersionIsBuiltAnew(t *testing.T) {
	d, c := onDouble(t)
	x := open(t, c)
	if err := x.Apply(t.Context(), search.Batch{Put: []search.Page{testPage("a", "ký số")}}); err != nil {
		t.Fatal(err)
	}
	d.SetField("minhchung", versionID, versionField, "of another day")
	if n := total(t, open(t, c), "ký số"); n != 0 {
		t.Errorf("got %d pages of an index made by other rules, want none", n)
	}
}

// TestFailedTaskIsAnError: the server accepts, and fails later. The cursor
// must not be there then.
func TestFailedTaskIsAnError(t *testing.T) {
	d, c := onDouble(t)
	x := open(t, c)
	book := evidence.BookID{Unit: "xa-a", Period: "2022"}
	b := search.Batch{Put: []search.Page{testPage("a", "ký số")}, Cursors: map[evidence.BookID]int64{book: 4}}
	d.Fail("documentAdditionOrUpdate")
	if err := x.Apply(t.Context(), b); err == nil || !strings.Contains(err.Error(), "made to fail") {
		t.Errorf("got %v, want the server's reason", err)
	}
	if cursors, err := x.Cursors(t.Context()); err != nil || len(cursors) != 0 {
		t.Errorf("got cursors %v, %v, want none", cursors, err)
	}
	if err := x.Apply(t.Context(), b); err != nil {
		t.Errorf("the same batch again: %v", err)
	}
	d.Fail("indexSwap")
	g, err := x.Rebuild(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Commit(t.Context()); err == nil {
		t.Error("got no error of a swap that failed")
	}
	if n := total(t, x, "ký số"); n != 1 {
		t.Errorf("got %d pages after a swap that failed, want the old one", n)
	}
	if err := g.Commit(t.Context()); err != nil {
		t.Errorf("committing again: %v", err)
	}
}

// TestLeftGenerationIsDeleted rebuilds after a crash in a rebuild.
func TestLeftGenerationIsDeleted(t *testing.T) {
	d, c := onDouble(t)
	left, err := open(t, c).Rebuild(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Apply(t.Context(), search.Batch{Put: []search.Page{testPage("left", "ký số")}}); err != nil {
		t.Fatal(err)
	}
	x := open(t, c)
	g, err := x.Rebuild(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := total(t, x, "ký số"); n != 0 {
		t.Errorf("got %d pages of a generation that was never committed, want none", n)
	}
	if n := d.Indexes(); n != 1 {
		t.Errorf("got %d indexes, want 1", n)
	}
}

// TestPayloadsAreBounded sends more than fits in one request.
func TestPayloadsAreBounded(t *testing.T) {
	defer func(most int) { maxPayload = most }(maxPayload)
	maxPayload = 1 << 20
	d, c := onDouble(t)
	x := open(t, c)
	d.Limit(int64(maxPayload) + 1)
	var b search.Batch
	for i := range 7 {
		p := testPage(fmt.Sprint(i), "ký số")
		p.Subject = strings.Repeat("\x01", maxPayload/6/len(`\\u0001`)) // no terms, but stored as so many bytes of JSON in JSON
		b.Put = append(b.Put, p)
	}
	if err := x.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n := total(t, x, "ký số"); n != 7 {
		t.Errorf("got %d pages, want 7", n)
	}
}

func TestServerThatIsAway(t *testing.T) {
	_, c := onDouble(t)
	bad := c
	bad.Key = "another"
	if _, err := Open(t.Context(), bad); err == nil || strings.Contains(err.Error(), bad.Key) {
		t.Errorf("wrong key: got %v, want an error that does not tell it", err)
	}
	x := open(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Apply(ctx, search.Batch{Put: []search.Page{testPage("a", "x")}}); err == nil {
		t.Error("got no error of a cancelled batch")
	}
}

func TestEncodeIsInjectiveAndKept(t *testing.T) {
	seen := map[string]string{}
	for _, v := range []string{"", " ", "báo cáo", "Báo cáo", "BÁO CÁO", "ba.o", "ba.6f", "ba~", "a\"b", `a\`, "kiểm", "kiem", "đ", "d", "\xff",
		"32/bc-ubnd", "cai_cach", strings.Repeat("x", 1000), strings.Repeat("x", 1001), strings.Repeat("ế", 1000)} {
		code := encode(v)
		if old, ok := seen[code]; ok {
			t.Errorf("got one code for %.20q and %.20q", old, v)
		}
		seen[code] = v
		if len(code) > 468 || code != meilitest.Normal(code) || strings.ContainsAny(code, `"\`) {
			t.Errorf("%.20q: got %.40q, which the server would change", v, code)
		}
		if len(v) < 100 && decode(code) != v {
			t.Errorf("got %q back, want %q", decode(code), v)
		}
	}
	if got := decode(encode(strings.Repeat("ế", 1000))); !strings.HasPrefix(got, "ế") || !strings.HasSuffix(got, "…") {
		t.Errorf("long value: got %.40q, want its beginning", got)
	}
}
