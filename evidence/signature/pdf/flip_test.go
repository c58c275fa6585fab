package pdf

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"minhchung/evidence/racetest"
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
			!maps.EqualFunc(s.Digests, want.Digests, bytes.Equal) {
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

// everyFlip makes the test on foreign files turn every single bit, which takes
// minutes: go test -run CorpusBitFlips -every-flip.
var everyFlip = flag.Bool("every-flip", false, "turn every single bit of the corpus files")

// flips turns every step-th bit of a signed file: each is noticed.
func flips(t *testing.T, data []byte, step int) {
	t.Helper()
	good := Read(data, syntax.Limits{})
	if len(good.Signatures) == 0 || !unharmed(good, good) {
		t.Fatalf("the file itself is not sound: %+v", good)
	}
	for bit := 0; bit < 8*len(data); bit += step {
		data[bit/8] ^= 1 << (bit % 8)
		if f := Read(data, syntax.Limits{}); unharmed(f, good) {
			t.Errorf("bit %d of byte %d, now %q, goes unnoticed", bit%8, bit/8, data[bit/8])
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}

func TestBitFlips(t *testing.T) {
	step := 1
	switch {
	case testing.Short():
		step = 61
	case racetest.Enabled:
		step = 11 // every bit of a byte has its turn
	}
	flips(t, pdftest.Signed(testSigner().sign), step)
}

// TestCorpusBitFlips does the same to files of five other producers, whose
// last signature covers the whole file.
func TestCorpusBitFlips(t *testing.T) {
	dir := os.Getenv("MINHCHUNG_CORPUS")
	if dir == "" {
		t.Skip("MINHCHUNG_CORPUS does not name the folder with the signed corpus")
	}
	step := 997
	if *everyFlip {
		step = 1
	}
	for _, name := range []string{
		"pyHanko/pdf/sig-no-signed-attrs.pdf",
		"pyHanko/pdf/certified-with-indirect-refs-in-dir.pdf",
		"itext-java/pkcs7/sample-nistp256-sha256.pdf",
		"itext-java/validator/validDoc.pdf",
		"itext-java/validator/signatureSigningCertExpired.pdf",
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			flips(t, data, step)
		})
	}
}
