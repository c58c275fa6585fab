package pdf

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// FuzzChanges appends whatever comes to a signed document as objects 3, 10
// and 50 of a later revision. Nothing may panic, and every change must
// explain itself.
func FuzzChanges(f *testing.F) {
	f.Add(pageOne, form, "<</Type/Annot/Subtype/FreeText/Rect[94 737 122 751]>>")
	f.Add(annots("50 0 R"), form, freeText(50, numberPlace, "32")[50])
	f.Add(contents("[4 0 R 50 0 R]"), form, stream("", "BT /F1 12 Tf 96 740 Td (32) Tj ET"))
	f.Add(signOnly[3], signOnly[10], signOnly[40])
	f.Add("<</Type/Page/Parent 2 0 R/Annots 3 0 R/Contents 3 0 R/Resources 3 0 R>>", "<</Fields[10 0 R 50 0 R]/DR 10 0 R>>", "<</T(a)/Kids[50 0 R 10 0 R]/Parent 50 0 R/FT/Sig/V 50 0 R/Contents<00>>>")
	f.Add("<</Kids[3 0 R 2 0 R 1 0 R]/Parent 3 0 R>>", "[10 0 R]", "<</K[50 0 R]/S/P/Nums[0 50 0 R]/Kids[50 0 R]>>")
	base := build(signedDoc())
	f.Fuzz(func(t *testing.T, page, fields, other string) {
		b := pdftest.From(base, prevOf(base), 31)
		b.Object(3, page)
		b.Object(10, fields)
		b.Object(50, other)
		b.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/StructTreeRoot 50 0 R/DSS 50 0 R>>")
		b.Table("/Root 1 0 R/Info 30 0 R")
		file, err := syntax.Open(b.Bytes(), syntax.Limits{})
		if err != nil {
			return
		}
		for _, c := range changesAfter(file, &sigField{}) {
			if c.Class == "" || c.What == "" || c.Rule == "" || c.Detail == "" {
				t.Fatalf("a change explains nothing: %+v", c)
			}
		}
	})
}

func prevOf(data []byte) int {
	var at int
	i := strings.LastIndex(string(data), "startxref\n")
	fmt.Sscanf(string(data[i+10:]), "%d", &at)
	return at
}

// TestLargeDocuments ends within the budgets, and unknown where they are
// exceeded.
func TestLargeDocuments(t *testing.T) {
	var kids, chain strings.Builder
	doc := signedDoc()
	for i := range 3000 {
		fmt.Fprintf(&kids, "%d 0 R ", 1000+i)
		doc[1000+i] = fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 8 0 R/Resources 5 0 R/Next %d 0 R>>", 1000+(i+1)%3000)
		fmt.Fprintf(&chain, "<</A %d 0 R>>", 1000+i)
	}
	doc[2] = "<</Type/Pages/Kids[3 0 R 6 0 R " + kids.String() + "]/Count 3002>>"
	doc[1] = "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Outlines 900 0 R>>"
	doc[900] = "[" + chain.String() + "]"
	revisions := []objects{doc}
	for i := range 30 {
		revisions = append(revisions, objects{30: fmt.Sprintf("<</Producer(%d)>>", i)})
	}
	f, err := syntax.Open(build(revisions...), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	changes := changesAfter(f, &sigField{})
	t.Logf("3,002 pages, 30 later revisions: %v", time.Since(start))
	if len(changes) != 30 || changes[0].Class != signature.ChangePermitted {
		t.Errorf("got %d changes %s, want 30 of metadata", len(changes), listChanges(changes[:min(len(changes), 3)]))
	}
	small, err := syntax.Open(build(revisions...), syntax.Limits{Steps: 200_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changesAfter(small, &sigField{}) {
		if c.Class == signature.ChangeUnknown {
			return
		}
	}
	t.Error("got no unknown change although the budget ran out")
}

// TestManyChanges sums up what is beyond the lists, in its worst class.
func TestManyChanges(t *testing.T) {
	revisions := []objects{signedDoc()}
	for i := range 700 {
		revisions = append(revisions, objects{30: fmt.Sprintf("<</Producer(%d)>>", i)})
	}
	revisions = append(revisions, objects{4: stream("", "BT ET")})
	f, err := syntax.Open(build(revisions...), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHistory(f)
	got := h.after(&sigField{})
	if last := got[len(got)-1]; len(got) != maxChanges+1 || last.Class != signature.ChangeForbidden || !strings.HasPrefix(last.Detail, moreChanges) {
		t.Errorf("got %d changes, the last %+v, want %d and a forbidden one", len(got), last, maxChanges+1)
	}
	if len(h.states) > maxStates {
		t.Errorf("got %d states in memory, want at most %d", len(h.states), maxStates)
	}
	for range 60 {
		got = h.after(&sigField{})
	}
	if last := got[len(got)-1]; len(got) != 1 || last.Class != signature.ChangeForbidden {
		t.Errorf("got %d changes, the last %+v, want one forbidden", len(got), last)
	}
}
