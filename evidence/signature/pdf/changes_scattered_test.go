package pdf

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// TestScatteredStructure has a tagged document whose elements lie in another
// order in the object streams than in the tree, as iText writes them. Each
// stream may be decoded a few times and not once for each element.
func TestScatteredStructure(t *testing.T) {
	const paragraphs, streams = 3000, 60
	b := pdftest.New()
	write := func(o objects) {
		for _, num := range slices.Sorted(maps.Keys(o)) {
			b.Object(num, o[num])
		}
	}
	write(with(signedDoc(), objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/StructTreeRoot 90 0 R>>",
		90: "<</Type/StructTreeRoot/K 91 0 R>>"}))
	long := strings.Repeat("mo ta ", 180)
	var kids strings.Builder
	packed := make([][]any, streams)
	for i := range paragraphs {
		p, span := 100+2*i, 101+2*i
		fmt.Fprintf(&kids, "%d 0 R ", p)
		packed[i%streams] = append(packed[i%streams], p, fmt.Sprintf("<</S/P/P 91 0 R/Alt(%s)/K %d 0 R>>", long, span))
		other := i * 7 / 3 % streams
		packed[other] = append(packed[other], span, fmt.Sprintf("<</S/Span/P %d 0 R/Alt(%s)/Pg 3 0 R/K %d>>", p, long, i))
	}
	b.Object(91, "<</S/Document/P 90 0 R/K["+kids.String()+"]>>")
	for i, list := range packed {
		b.ObjectStream(10_000+i, list...)
	}
	b.XRefStream(11_000, "/Root 1 0 R/Info 30 0 R")
	write(signOnly)
	b.XRefStream(11_001, "/Root 1 0 R/Info 30 0 R")

	// 6.5 MB of elements, which do not fit into what is kept decoded.
	f, err := syntax.Open(b.Bytes(), syntax.Limits{Bytes: 60 << 20})
	if err != nil {
		t.Fatal(err)
	}
	changes := changesAfter(f, &sigField{})
	if f.Exhausted() || len(changes) != 1 || changes[0].What != signature.WhatSignature {
		t.Errorf("exhausted %v, got %s", f.Exhausted(), listChanges(changes))
	}
}
