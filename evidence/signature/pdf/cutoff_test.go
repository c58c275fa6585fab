package pdf

import (
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/syntax"
)

// TestCutOffFilesAreNotUnsigned cuts a signed file anywhere: what is left of a
// signature may be reported, but its absence proves nothing.
func TestCutOffFilesAreNotUnsigned(t *testing.T) {
	data := signedTwice()
	whole := Read(data, syntax.Limits{})
	if whole.Condition != signature.Readable || len(whole.Signatures) == 0 {
		t.Fatalf("the whole file: got %s with %d signatures, want it readable and signed", whole.Condition, len(whole.Signatures))
	}
	for n := len(data) - 8; n > 0; n -= max(1, len(data)/900) {
		if behind := int64(n) - whole.Revisions[0].End; behind >= -1 && behind < 10 {
			continue // the first revision, not signed yet, is a file of its own
		}
		f := Read(data[:n], syntax.Limits{})
		if f.Condition == signature.Readable && len(f.Signatures) == 0 {
			t.Errorf("%d of %d bytes: got a readable file without signatures, want it damaged", n, len(data))
		}
	}
}
