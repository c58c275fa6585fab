package pdf

import (
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// BenchmarkChanges compares the two revisions of an office file that was
// signed twice, without the crypto; BenchmarkFloorSHA256 is its floor.
func BenchmarkChanges(b *testing.B) {
	data := officeFile()
	builder := pdftest.From(data, prevOf(data), 110)
	builder.AddSignature("Sig2", 7, "/SubFilter/adbe.pkcs7.detached")
	data = pdftest.Seal(builder.Bytes(), pdftest.Fake)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := syntax.Open(data, syntax.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		got := changesAfter(f, &sigField{Revision: 1})
		if len(got) != 1 || got[0].Class != signature.ChangePermitted {
			b.Fatalf("got %s, want one permitted signature", listChanges(got))
		}
	}
}

// BenchmarkNumbering adds what a number between two signatures costs: the
// measure of the page.
func BenchmarkNumbering(b *testing.B) {
	data := build(signedDoc(), further(contents("[4 0 R 43 0 R]"), "0 0 0 0", objects{43: stream("", "BT /F1 12 Tf 96 740 Td (32) Tj ET")}))
	b.ReportAllocs()
	for b.Loop() {
		f, err := syntax.Open(data, syntax.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if got := changesAfter(f, &sigField{}); len(got) != 2 {
			b.Fatalf("got %s, want a signature and a number", listChanges(got))
		}
	}
}
