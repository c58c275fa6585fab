package pdf

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"math/rand"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// officeFile is a signed file of about 188 kB as word processors write them:
// fonts and content in Flate streams, a hundred objects, one signature in an
// incremental update.
func officeFile() []byte {
	b := pdftest.New()
	b.Page("", "/Resources<</Font<</F1 10 0 R>>>>", pdftest.Text)
	noise := make([]byte, 1700)
	source := rand.New(rand.NewSource(1))
	for i := 10; i < 110; i++ {
		source.Read(noise)
		b.Stream(i, "/Filter/FlateDecode", pdftest.Flate(string(noise)))
	}
	b.Table(pdftest.Root)
	b.AddSignature("Sig1", 5, "/SubFilter/adbe.pkcs7.detached/M(D:20220131080000+07'00')")
	return pdftest.Seal(b.Bytes(), testSigner().sign)
}

// BenchmarkRead is the whole reader; the floor is what cannot be avoided:
// SHA-256 of the file, and for the judgement one or three verifications.
func BenchmarkRead(b *testing.B) {
	data := officeFile()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if f := Read(data, syntax.Limits{}); len(f.Signatures) != 1 || f.Signatures[0].CoverageProblem != "" {
			b.Fatalf("got %+v, want one exact signature", f.Signatures)
		}
	}
}

func BenchmarkFloorSHA256(b *testing.B) {
	data := officeFile()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}

func BenchmarkFloorVerify(b *testing.B) {
	s := testSigner()
	sum := sha256.Sum256(nil)
	sig, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	data := officeFile()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := syntax.Open(data, syntax.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
