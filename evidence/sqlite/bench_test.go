package sqlite

import (
	"fmt"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
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
						if err := addDocument(b, tx, n); err != nil {
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

func addDocument(b *testing.B, tx evidence.Tx, n int) error {
	cms := fmt.Appendf(make([]byte, 4000), "%d", n)
	sha := signature.HashOf(cms)
	if err := tx.PutBlobs(b.Context(), []signature.Blob{{SHA256: sha, DER: cms}}); err != nil {
		return err
	}
	id := fmt.Sprintf("%d/BC-UBND", n)
	verdict := signature.Verdict{Result: signature.ResultIntact, Signatures: make([]signature.SignatureVerdict, 2)}
	for i := range verdict.Signatures {
		verdict.Signatures[i].Fingerprint = signature.HashOf(fmt.Append(nil, n, i))
	}
	_, err := tx.Append(b.Context(),
		evidence.RowAdded{Row: evidence.Row{ID: id, Number: fmt.Sprint(n), Subject: "Báo cáo"}},
		evidence.DocumentReceived{SHA256: sha, Name: id},
		evidence.FactsRead{Facts: signature.Facts{SHA256: sha, Signatures: make([]signature.SignatureFacts, 2)}},
		evidence.VerdictReached{Document: sha, Verdict: verdict},
		evidence.Matched{Match: evidence.Match{Row: id, Document: sha, By: "name"}},
		evidence.StateChanged{State: evidence.RowState{Row: id, Rule: "nd30", State: evidence.Proven, Grade: "B"}})
	return err
}
