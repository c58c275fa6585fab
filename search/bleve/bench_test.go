package bleve

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the engine we compare with

	"minhchung/evidence"
	"minhchung/evidence/text/syllable"
	"minhchung/search"
	"minhchung/search/searchtest"
)

var (
	benchPages = flag.Int("pages", 20_000, "pages of BenchmarkPages")
	benchNoisy = flag.Int("noisy", 10, "of a hundred pages, those that a bad OCR read")
)

// BenchmarkPages builds an index of generated pages and asks 300 phrases,
// beside SQLite's FTS5 with the same pages:
//
//	go test ./search/bleve -run none -bench Pages -benchtime 1x [-pages 100000] [-noisy 100]
//
// Beside the time on the clock it tells processor time, which others on the
// machine disturb less.
func BenchmarkPages(b *testing.B) {
	phrases := benchPhrases(300)
	b.Run("bleve", func(b *testing.B) {
		for b.Loop() {
			benchBleve(b, phrases)
		}
	})
	b.Run("fts5", func(b *testing.B) {
		for b.Loop() {
			benchFTS(b, phrases)
		}
	})
}

// benchPhrases returns runs of two to five syllables that stand in the pages,
// half of them frequent ones.
func benchPhrases(n int) []string {
	g := searchtest.NewGenerator(2)
	var texts []string
	for i := range 1000 {
		texts = append(texts, g.Page(i).Text)
	}
	rng := rand.New(rand.NewPCG(3, 3))
	var out []string
	for i := range n {
		if i%2 == 0 {
			out = append(out, searchtest.Phrases[rng.IntN(len(searchtest.Phrases))])
			continue
		}
		text := texts[rng.IntN(len(texts))]
		tokens := syllable.Split(text)
		at, size := rng.IntN(len(tokens)-5), 2+rng.IntN(4)
		out = append(out, text[tokens[at].Start:tokens[at+size-1].End])
	}
	return out
}

// slips returns the phrases with a letter too many, so that little is found.
func slips(phrases []string) []string {
	var out []string
	for _, p := range phrases {
		if first, rest, ok := strings.Cut(p, " "); ok {
			out = append(out, first+"o "+rest)
		}
	}
	return out
}

// spoil makes a text as a foreign OCR would leave it, roughly.
var spoil = strings.NewReplacer("ú", "a", "ự", "y", "ố", "6", "ộ", "6", "ợ", "g", "ể", "é", "ệ", "é", "ế", "é", "ứ", "tr", "ủ", "i",
	"á", "a", "à", "a", "ạ", "a", "ả", "a", "đ", "d", "ô", "6", "ơ", "o", "ư", "u", "â", "a", "ấ", "a", "ầ", "a", "ậ", "a", "ă", "a",
	"ắ", "a", "ị", "i", "ì", "i", "í", "i", "ụ", "u", "ù", "u", "ờ", "o", "ổ", "é", "ồ", "d", "ê", "é", "ề", "é", "ừ", "t", "ữ", "ti")

func benchPage(g *searchtest.Generator, i int) search.Page {
	p := g.Page(i)
	if i%100 < *benchNoisy {
		p.Text = spoil.Replace(p.Text)
	}
	return p
}

func benchBleve(b *testing.B, phrases []string) {
	dir := b.TempDir()
	x, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { x.Close() }()
	stop := watchMemory()
	g, start, cpu := searchtest.NewGenerator(2), time.Now(), cpuTime()
	var made, madeCPU time.Duration
	for i := 0; i < *benchPages; {
		var batch search.Batch
		t, c := time.Now(), cpuTime()
		for ; i < *benchPages && len(batch.Put) < 500; i++ {
			batch.Put = append(batch.Put, benchPage(g, i))
		}
		made += time.Since(t)
		madeCPU += cpuTime() - c
		if err := x.Apply(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	built := time.Since(start) - made
	b.ReportMetric(float64(*benchPages)/built.Seconds(), "pages/s")
	b.ReportMetric(float64((cpuTime()-cpu-madeCPU).Microseconds())/1000/float64(*benchPages), "cpu-ms/page")
	b.ReportMetric(float64(folderSize(b, dir))/float64(*benchPages), "bytes/page")
	b.ReportMetric(stop(), "peak-anon-MB")
	if err := x.Close(); err != nil { // ends the merging that a build leaves behind
		b.Fatal(err)
	}
	if x, err = Open(dir); err != nil {
		b.Fatal(err)
	}
	ask := func(change func(*search.Request)) func(string) int {
		return func(phrase string) int {
			q, err := search.Parse(phrase)
			if err != nil {
				b.Fatal(err)
			}
			r := search.Request{Query: q}
			change(&r)
			a, err := x.Search(b.Context(), evidence.Scope{All: true}, r)
			if err != nil {
				b.Fatal(err)
			}
			return a.Total
		}
	}
	timed(b, "", phrases, ask(func(*search.Request) {}))
	timed(b, "slip-", slips(phrases), ask(func(*search.Request) {}))
	timed(b, "facets-", phrases, ask(func(r *search.Request) { r.Facets = fourFacets }))
	timed(b, "unit-", phrases, ask(func(r *search.Request) {
		r.Filter = map[search.Facet][]string{search.FacetUnit: {"xa-007"}}
	}))
}

var fourFacets = []search.Facet{search.FacetUnit, search.FacetPeriod, search.FacetCriterion, search.FacetState}

// timed asks every phrase and reports p50 and p99 in milliseconds.
func timed(b *testing.B, name string, phrases []string, ask func(string) int) {
	b.Helper()
	var took, cpu []time.Duration
	total := 0
	for _, p := range phrases {
		start, c := time.Now(), cpuTime()
		total += ask(p)
		took, cpu = append(took, time.Since(start)), append(cpu, cpuTime()-c)
	}
	slices.Sort(took)
	slices.Sort(cpu)
	ms := func(list []time.Duration, share float64) float64 {
		return float64(list[int(share*float64(len(list)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(ms(took, 0.5), name+"p50-ms")
	b.ReportMetric(ms(took, 0.99), name+"p99-ms")
	b.ReportMetric(ms(cpu, 0.99), name+"cpu-p99-ms")
	b.Logf("%s%d phrases found %d pages; slowest %v", name, len(phrases), total, took[len(took)-1].Round(time.Millisecond))
}

func folderSize(b *testing.B, dir string) (size int64) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// watchMemory samples the memory that is not backed by files, and returns a
// function that stops and tells the peak in megabytes. Linux only; 0 elsewhere.
func watchMemory() func() float64 {
	runtime.GC()
	var peak atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			peak.Store(max(peak.Load(), anonymousKB()))
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() float64 {
		cancel()
		<-done
		return float64(peak.Load()) / 1024
	}
}

func anonymousKB() (kb int64) {
	raw, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb
}

// benchFTS does the same with SQLite FTS5: folded text, phrases by position.
func benchFTS(b *testing.B, phrases []string) {
	dir := b.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "fts.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	run := func(statement string, args ...any) {
		if _, err := db.Exec(statement, args...); err != nil {
			b.Fatal(err)
		}
	}
	run(`PRAGMA journal_mode=WAL`)
	run(`CREATE TABLE page(id INTEGER PRIMARY KEY, unit TEXT, period TEXT, criterion TEXT, state TEXT, date TEXT, text TEXT)`)
	run(`CREATE VIRTUAL TABLE fts USING fts5(folded, content='')`)
	stop := watchMemory()
	g, start := searchtest.NewGenerator(2), time.Now()
	var made time.Duration
	for i := 0; i < *benchPages; {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; i < *benchPages && n < 500; n++ {
			t := time.Now()
			p := benchPage(g, i)
			made += time.Since(t)
			_, err1 := tx.Exec(`INSERT INTO page VALUES(?,?,?,?,?,?,?)`, i, string(p.Unit), string(p.Period), p.Criteria[0], string(p.State), string(p.Date), p.Text)
			_, err2 := tx.Exec(`INSERT INTO fts(rowid, folded) VALUES(?,?)`, i, folded(p.Subject+"\n"+p.Text))
			if err1 != nil || err2 != nil {
				b.Fatal(err1, err2)
			}
			i++
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*benchPages)/(time.Since(start)-made).Seconds(), "pages/s")
	run(`PRAGMA wal_checkpoint(TRUNCATE)`)
	b.ReportMetric(float64(folderSize(b, dir))/float64(*benchPages), "bytes/page")
	b.ReportMetric(stop(), "peak-anon-MB")
	ask := func(where string, facets ...string) func(string) int {
		return func(phrase string) int {
			match := `"` + folded(phrase) + `"`
			const from = ` FROM fts JOIN page ON page.id = fts.rowid WHERE fts MATCH ? `
			rows(b, db, `SELECT page.text`+from+where+` ORDER BY page.date DESC, page.id LIMIT 20`, match)
			for _, f := range facets {
				rows(b, db, `SELECT page.`+f+`, count(*)`+from+where+` GROUP BY 1`, match)
			}
			total := 0
			if err := db.QueryRow(`SELECT count(*)`+from+where, match).Scan(&total); err != nil {
				b.Fatal(err)
			}
			return total
		}
	}
	timed(b, "", phrases, ask(""))
	timed(b, "facets-", phrases, ask("", "unit", "period", "criterion", "state"))
	timed(b, "unit-", phrases, ask("AND page.unit = 'xa-007'"))
}

func rows(b *testing.B, db *sql.DB, statement string, args ...any) {
	r, err := db.Query(statement, args...)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
	}
	if err := r.Err(); err != nil {
		b.Fatal(err)
	}
}

func folded(text string) string {
	var out strings.Builder
	for _, t := range syllable.Split(text) {
		out.WriteString(t.Folded)
		out.WriteByte(' ')
	}
	return strings.TrimSpace(out.String())
}
