package sqlite

import (
	"fmt"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/storetest"
)

// BenchmarkUpdate commits documents as an import does: six events and two
// blobs each, 1 or 64 documents in a transaction. The figure is docs/s.
func BenchmarkUpdate(b *testing.B) {
	for _, group := range []int{1, 64} {
		b.Run(fmt.Sprintf("documents=%d", group), func(b *testing.B) {
			s := openTest(b)
			mustAdd(b, s, "first")
			n := 0
			for b.Loop() {
				_, err := s.Update(b.Context(), everything, testBook, func(tx evidence.Tx) error {
					for range group {
						n++
						if err := storetest.AddDocument(b.Context(), tx, n); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}
