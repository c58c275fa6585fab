package storetest

import (
	"context"
	"fmt"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// AddDocument appends what an import says of the nth document of a benchmark:
// six events and a blob.
func AddDocument(ctx context.Context, tx evidence.Tx, n int) error {
	cms := fmt.Appendf(make([]byte, 4000), "%d", n)
	sha := signature.HashOf(cms)
	if err := tx.PutBlobs(ctx, []signature.Blob{{SHA256: sha, DER: cms}}); err != nil {
		return err
	}
	id := fmt.Sprintf("%d/BC-UBND", n)
	verdict := signature.Verdict{Result: signature.ResultIntact, Signatures: make([]signature.SignatureVerdict, 2)}
	for i := range verdict.Signatures {
		verdict.Signatures[i].Fingerprint = signature.HashOf(fmt.Append(nil, n, i))
	}
	_, err := tx.Append(ctx,
		evidence.RowAdded{Row: evidence.Row{ID: id, Number: fmt.Sprint(n), Subject: "Báo cáo"}},
		evidence.DocumentReceived{SHA256: sha, Name: id},
		evidence.FactsRead{Facts: signature.Facts{SHA256: sha, Signatures: make([]signature.SignatureFacts, 2)}},
		evidence.VerdictReached{Document: sha, Verdict: verdict},
		evidence.Matched{Match: evidence.Match{Row: id, Document: sha, By: "name"}},
		evidence.StateChanged{State: evidence.RowState{Row: id, Rule: "nd30", State: evidence.Proven, Grade: "B"}})
	return err
}
