package pdf

import (
	"bytes"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// unharmed reports whether facts could still lead to the verdict that the
// good facts lead to: nothing wrong with the file, the same digest and the
// same CMS.
func unharmed(f, good signature.Facts) bool {
	if f.Condition != signature.Readable || f.Repaired || len(f.Signatures) != len(good.Signatures) {
		return false
	}
	for i, s := range f.Signatures {
		want := good.Signatures[i]
		if s.CoverageProblem != "" || s.ContentsProblem != "" || s.CMS != want.CMS ||
			!bytes.Equal(s.Digests["SHA-256"], want.Digests["SHA-256"]) {
			return false
		}
		for _, c := range s.Changes {
			if c.Class == signature.ChangeForbidden || c.Class == signature.ChangeUnknown {
				return false
			}
		}
	}
	return true
}

// TestBitFlips turns every single bit of a signed file: each is noticed.
func TestBitFlips(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 61
	}
	data := pdftest.Signed(testSigner().sign)
	good := Read(data, syntax.Limits{})
	if !unharmed(good, good) {
		t.Fatalf("the file itself is not sound: %+v", good)
	}
	for bit := 0; bit < 8*len(data); bit += step {
		data[bit/8] ^= 1 << (bit % 8)
		if f := Read(data, syntax.Limits{}); unharmed(f, good) {
			t.Fatalf("bit %d of byte %d, now %q, goes unnoticed", bit%8, bit/8, data[bit/8])
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}
