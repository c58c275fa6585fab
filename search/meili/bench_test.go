package meili

import (
	"flag"
	"slices"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/search"
	"minhchung/search/bleve"
	"minhchung/search/searchtest"
)

var benchPages = flag.Int("pages", 5000, "pages of BenchmarkPages")

// BenchmarkPages puts the same generated pages into the server that MEILI_URL
// names and into bleve, and asks both for the same phrases in turn:
//
//	MEILI_URL=… MEILI_KEY=… go test ./search/meili -run none -bench Pages -benchtime 1x [-pages 20000]
func BenchmarkPages(b *testing.B) {
	server, err := Open(b.Context(), onServer(b))
	if err != nil {
		b.Fatal(err)
	}
	file, err := bleve.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	names, indexes := []string{"meili", "bleve"}, []search.Index{server, file}
	for b.Loop() {
		took := map[string][]time.Duration{}
		g := searchtest.NewGenerator(2)
		for i := 0; i < *benchPages; {
			var batch search.Batch
			for ; i < *benchPages && len(batch.Put) < 500; i++ {
				batch.Put = append(batch.Put, g.Page(i))
			}
			for n, x := range indexes {
				start := time.Now()
				if err := x.Apply(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				took["put "+names[n]] = append(took["put "+names[n]], time.Since(start))
			}
		}
		for _, phrase := range searchtest.Phrases[:100] {
			q, err := search.Parse(phrase)
			if err != nil {
				b.Fatal(err)
			}
			var answers [2]search.Answer
			for n, x := range indexes {
				start := time.Now()
				if answers[n], err = x.Search(b.Context(), evidence.Scope{All: true}, search.Request{Query: q}); err != nil {
					b.Fatal(err)
				}
				took["ask "+names[n]] = append(took["ask "+names[n]], time.Since(start))
			}
			if d := difference(answers[0], answers[1]); d != "" {
				b.Errorf("%q: %s", phrase, d)
			}
		}
		for _, name := range names {
			var whole time.Duration
			for _, d := range took["put "+name] {
				whole += d
			}
			b.ReportMetric(float64(*benchPages)/whole.Seconds(), name+"-pages/s")
			asked := took["ask "+name]
			slices.Sort(asked)
			b.ReportMetric(float64(asked[len(asked)/2].Microseconds())/1000, name+"-p50-ms")
			b.ReportMetric(float64(asked[len(asked)*99/100].Microseconds())/1000, name+"-p99-ms")
		}
	}
}

// difference tells what two engines answer differently; "" when nothing.
func difference(a, b search.Answer) string {
	if a.Total != b.Total || a.Exact != b.Exact || len(a.Hits) != len(b.Hits) {
		return "other totals"
	}
	for i := range a.Hits {
		if a.Hits[i].Page.ID() != b.Hits[i].Page.ID() || a.Hits[i].Tier != b.Hits[i].Tier {
			return "other hit " + a.Hits[i].Page.ID()
		}
	}
	return ""
}
