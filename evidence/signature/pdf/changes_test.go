package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf/content"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
)

// objects is what one revision writes.
type objects map[int]string

// stream returns the body of a stream object.
func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// The parts of the signed document. Page 1 says who writes, leaves room for
// the number, and has a body; a text field lies below, a second page follows.
const (
	contentOne = "BT /F1 12 Tf 72 770 Td (UBND xa Thu Nghiem) Tj 0 -30 Td (So:              /BC-UBND) Tj 0 -60 Td (BAO CAO) Tj 0 -30 Td (Tong so 1.861 van ban) Tj ET"
	contentTwo = "BT /F1 12 Tf 72 770 Td (Trang hai) Tj ET"
	pageOne    = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 5 0 R/Annots[11 0 R 20 0 R]>>"
	form       = "<</Fields[11 0 R 20 0 R]/SigFlags 3/DR<</Font<</F1 7 0 R>>>>>>"
	fieldName  = "<</Type/Annot/Subtype/Widget/FT/Tx/T(ten)/V(An)/Rect[72 300 272 320]/P 3 0 R/AP<</N 21 0 R>>>>"
)

func shows(text string) string {
	return stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F1 7 0 R>>>>", "BT /F1 12 Tf 2 5 Td ("+text+") Tj ET")
}

func sigDict(extra string) string {
	return "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 1 2 3]/Contents<00>" + extra + ">>"
}

// signedDoc is the first revision: a document with a signature.
func signedDoc() objects {
	return objects{
		1:  "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>",
		2:  "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>",
		3:  pageOne,
		4:  stream("", contentOne),
		5:  "<</Font<</F1 7 0 R>>>>",
		6:  "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 8 0 R/Resources 5 0 R>>",
		7:  "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
		8:  stream("", contentTwo),
		10: form,
		11: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig1)/V 12 0 R/Rect[0 0 0 0]/P 3 0 R>>",
		12: sigDict(""),
		20: fieldName,
		21: shows("An"),
		30: "<</Producer(one)>>",
	}
}

func with(base objects, more objects) objects {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

// build writes the revisions with a classic table each.
func build(revisions ...objects) []byte {
	b := pdftest.New()
	for _, r := range revisions {
		for _, num := range slices.Sorted(maps.Keys(r)) {
			b.Object(num, r[num])
		}
		b.Table("/Root 1 0 R/Info 30 0 R")
	}
	return b.Bytes()
}

// annots returns page 1 with more annotations.
func annots(refs string) string {
	return strings.Replace(pageOne, "20 0 R]", "20 0 R "+refs+"]", 1)
}

func contents(v string) string { return strings.Replace(pageOne, "/Contents 4 0 R", "/Contents "+v, 1) }

// further is a revision that signs field "Sig2"; page is the page's object.
func further(page string, rect string, more objects) objects {
	return with(objects{
		3:  page,
		10: strings.Replace(form, "20 0 R]", "20 0 R 40 0 R]", 1),
		40: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig2)/V 41 0 R/Rect[" + rect + "]/P 3 0 R/AP<</N 42 0 R>>>>",
		41: sigDict(""),
		42: stream("/Type/XObject/Subtype/Form/BBox[0 0 100 50]/Resources<</Font<</F1 7 0 R>>>>", "1 1 1 rg 0 0 100 50 re f BT 0 g /F1 10 Tf 5 20 Td (Da ky) Tj ET"),
	}, more)
}

var signOnly = further(annots("40 0 R"), "0 0 0 0", nil)

// freeText is an annotation with an appearance that fills its rectangle.
func freeText(num int, rect, text string) objects {
	return objects{
		num:     "<</Type/Annot/Subtype/FreeText/Rect[" + rect + "]/P 3 0 R/Contents(" + text + ")/DA(/F1 12 Tf)/AP<</N " + fmt.Sprint(num+1) + " 0 R>>>>",
		num + 1: stream("/Type/XObject/Subtype/Form/BBox[0 0 60 14]/Resources<</Font<</F1 7 0 R>>>>", "1 1 1 rg 0 0 60 14 re f BT 0 g /F1 12 Tf 2 3 Td ("+text+") Tj ET"),
	}
}

// numberPlace is the gap between "So:" and "/BC-UBND".
const numberPlace = "94 737 122 751"

func merge(list ...objects) objects {
	out := objects{}
	for _, o := range list {
		maps.Copy(out, o)
	}
	return out
}

// changeCase is one family of later revisions.
type changeCase struct {
	name      string
	base      objects   // over the signed document
	revisions []objects // after the signature
	sig       sigField
	want      signature.ChangeClass
	what      string // of the worst change
	detail    string // part of its detail
}

func (c changeCase) run(t *testing.T) {
	t.Helper()
	data := build(append([]objects{with(signedDoc(), c.base)}, c.revisions...)...)
	f, err := syntax.Open(data, syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	changes := changesAfter(f, &c.sig)
	if f.Repaired {
		t.Fatalf("the test file is broken: %v", f.Faults())
	}
	rank := []signature.ChangeClass{signature.ChangesNone, signature.ChangePermitted, signature.ChangeAnnotated, signature.ChangeUnknown, signature.ChangeForbidden}
	worst := signature.Change{Class: signature.ChangesNone}
	for _, ch := range changes {
		if slices.Index(rank, ch.Class) > slices.Index(rank, worst.Class) || ch.Class == worst.Class && ch.What == c.what {
			worst = ch
		}
		if ch.Rule == "" || ch.Detail == "" || ch.What == "" {
			t.Errorf("a change explains nothing: %+v", ch)
		}
	}
	if worst.Class != c.want || c.what != "" && worst.What != c.what || !strings.Contains(worst.Detail, c.detail) {
		t.Errorf("got %s %s %q, want %s %s %q\nall: %s", worst.Class, worst.What, worst.Detail, c.want, c.what, c.detail, listChanges(changes))
	}
}

func listChanges(changes []signature.Change) string {
	var out strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&out, "\n\trev %d %s page %d %s %s [%s] %s", c.Revision, c.Object, c.Page, c.Class, c.What, c.Rule, c.Detail)
	}
	return out.String()
}

func runAll(t *testing.T, cases []changeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}

func TestNothingAfter(t *testing.T) {
	changeCase{want: signature.ChangesNone}.run(t)
}

// TestSigningChanges has what a signing program does.
func TestSigningChanges(t *testing.T) {
	dts := further(annots("40 0 R"), "0 0 0 0", objects{41: strings.Replace(sigDict(""), "adbe.pkcs7.detached", "ETSI.RFC3161", 1)})
	newCatalog := objects{50: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Version/2.0/Extensions<</ADBE<</BaseVersion/1.7/ExtensionLevel 5>>>>>>"}
	dss := objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/DSS 60 0 R>>", 60: "<</Certs[61 0 R]>>", 61: stream("", "DER")}
	runAll(t, []changeCase{
		{name: "further signature", revisions: []objects{signOnly}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "further signature at P2", revisions: []objects{signOnly}, sig: sigField{Permission: 2}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "further signature at P1", revisions: []objects{signOnly}, sig: sigField{Permission: 1}, want: signature.ChangeForbidden, what: signature.WhatSignature, detail: "level 1"},
		{name: "time stamp at P1", revisions: []objects{dts}, sig: sigField{Permission: 1}, want: signature.ChangePermitted, what: signature.WhatTimestamp},
		{name: "validation data at P1", revisions: []objects{dss}, sig: sigField{Permission: 1}, want: signature.ChangePermitted, what: signature.WhatValidation},
		{name: "visible signature in a free place", revisions: []objects{further(annots("40 0 R"), "300 100 400 150", nil)}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "visible signature over text", revisions: []objects{further(annots("40 0 R"), "60 660 260 700", nil)}, want: signature.ChangeForbidden, what: signature.WhatAppearance, detail: "lies over the text"},
		{name: "empty field signed", base: objects{3: annots("40 0 R"), 10: signOnly[10], 40: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig2)/Rect[300 100 400 150]/P 3 0 R>>"},
			revisions: []objects{{40: further("", "300 100 400 150", nil)[40], 41: signOnly[41], 42: signOnly[42]}}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "metadata", revisions: []objects{{30: "<</Producer(two)>>", 1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Metadata 31 0 R>>", 31: stream("/Type/Metadata/Subtype/XML", "<x/>")}}, want: signature.ChangePermitted, what: signature.WhatMetadata},
		{name: "object nobody reaches", revisions: []objects{{99: "(hidden)"}}, want: signature.ChangePermitted, what: signature.WhatOther, detail: "nothing that the document consists of"},
		{name: "direct instead of indirect", revisions: []objects{{3: strings.Replace(pageOne, "/Resources 5 0 R", "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>", 1)}}, want: signature.ChangePermitted, what: signature.WhatOther, detail: "nothing"},
		{name: "page that points at the catalogue", base: objects{3: strings.Replace(pageOne, "/Parent", "/Home 1 0 R/Parent", 1)}, revisions: []objects{dss}, want: signature.ChangePermitted, what: signature.WhatValidation},
		{name: "unused catalogue", revisions: []objects{newCatalog}, want: signature.ChangePermitted, what: signature.WhatOther},
		{name: "extension taken back", base: objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Extensions<</ADBE<</BaseVersion/1.7>>>>>>"}, revisions: []objects{{1: signedDoc()[1]}}, want: signature.ChangeUnknown, what: signature.WhatCatalog},
		{name: "default font added", revisions: []objects{{10: strings.Replace(form, "/F1 7 0 R", "/F1 7 0 R/F2 8 0 R", 1)}}, want: signature.ChangePermitted, what: signature.WhatOther},
	})
}

// TestCatalogObjectMoves writes the catalogue as a new object, as pdfsign
// does at each signature.
func TestCatalogObjectMoves(t *testing.T) {
	b := pdftest.New()
	doc := signedDoc()
	for _, num := range slices.Sorted(maps.Keys(doc)) {
		b.Object(num, doc[num])
	}
	b.Table("/Root 1 0 R/Info 30 0 R")
	for num, body := range signOnly {
		b.Object(num, body)
	}
	b.Object(70, doc[1])
	b.Table("/Root 70 0 R/Info 30 0 R")
	f, err := syntax.Open(b.Bytes(), syntax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := changesAfter(f, &sigField{})
	if len(got) != 1 || got[0].What != signature.WhatSignature || got[0].Class != signature.ChangePermitted {
		t.Errorf("got %s, want one permitted signature", listChanges(got))
	}
}

// TestNumbering has the number and date that a clerk writes between two
// signatures, in every form.
func TestNumbering(t *testing.T) {
	sign := func(page string, more objects) []objects { return []objects{further(page, "0 0 0 0", more)} }
	note := freeText(50, numberPlace, "32")
	apart := []objects{with(note, objects{3: annots("50 0 R")}), further(annots("50 0 R 40 0 R"), "0 0 0 0", nil)}
	number := "BT /F1 12 Tf 96 740 Td (32) Tj ET"
	two := "<</Font<</F1 7 0 R/F2 43 0 R>>>>"
	helv := "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
	box := freeText(50, "60 650 400 760", "gia")
	runAll(t, []changeCase{
		{name: "annotation in the revision of the signature", revisions: sign(annots("50 0 R 40 0 R"), note), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "annotation in a revision of its own", revisions: apart, want: signature.ChangePermitted, what: signature.WhatNumbering, detail: "revision 3"},
		{name: "annotation and no signature after", revisions: apart[:1], want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "annotation at P2", revisions: apart, sig: sigField{Permission: 2}, want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "annotation at P3", revisions: apart, sig: sigField{Permission: 3}, want: signature.ChangePermitted, what: signature.WhatAnnotation},
		{name: "annotation over text", revisions: sign(annots("50 0 R 40 0 R"), box), want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "lies over the text"},
		{name: "evil annotation at P3", revisions: []objects{with(box, objects{3: annots("50 0 R")})}, sig: sigField{Permission: 3}, want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "large annotation", revisions: sign(annots("50 0 R 40 0 R"), freeText(50, "60 350 540 560", "x")), want: signature.ChangeUnknown, what: signature.WhatAnnotation},
		{name: "annotation larger than a number", revisions: sign(annots("50 0 R 40 0 R"), freeText(50, "300 100 500 250", "x")), want: signature.ChangeUnknown, what: signature.WhatAnnotation, detail: "6 % of the page"},
		{name: "text field without a signature", revisions: sign(annots("50 0 R 40 0 R"), objects{
			10: strings.Replace(form, "20 0 R]", "20 0 R 40 0 R 50 0 R]", 1),
			50: "<</Type/Annot/Subtype/Widget/FT/Tx/T(so)/V(32)/Rect[" + numberPlace + "]/P 3 0 R/AP<</N 21 0 R>>>>"}), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "appended stream", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", number)}), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "appended stream, old content saved and restored, new font", revisions: sign(strings.Replace(contents("[44 0 R 4 0 R 45 0 R]"), "/Resources 5 0 R", "/Resources "+two, 1),
			objects{43: helv, 44: stream("", "q"), 45: stream("", "Q q "+strings.Replace(number, "F1", "F2", 1)+" Q")}), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "rewritten stream with text behind", revisions: sign(pageOne, objects{4: stream("", contentOne+"\n"+number)}), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "appended stream, no signature", revisions: []objects{{3: contents("[4 0 R 43 0 R]"), 43: stream("", number)}}, want: signature.ChangeUnknown, what: signature.WhatPageContent},
		{name: "appended stream over text", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", "BT /F1 12 Tf 120 650 Td (9.999) Tj ET")}), want: signature.ChangeForbidden, what: signature.WhatPageContent, detail: "1.861"},
		{name: "white box over the page", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", "1 g 0 0 595 842 re f")}), want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "drawing in a free place", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", "300 100 20 20 re f")}), want: signature.ChangeUnknown, what: signature.WhatPageContent},
		{name: "prefix that moves the page", revisions: sign(contents("[43 0 R 4 0 R]"), objects{43: stream("", "1 0 0 1 0 300 cm")}), want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "prefix that paints white", revisions: sign(contents("[43 0 R 4 0 R]"), objects{43: stream("", "1 g")}), want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "appended at P3", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", number)}), sig: sigField{Permission: 3}, want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "embedded font that stays", revisions: embedded([4]int16{50, 0, 550, 700}), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "embedded font that draws elsewhere", revisions: embedded([4]int16{50, -9000, 550, 700}), want: signature.ChangeUnknown, what: signature.WhatPageContent, detail: "its font does not tell"},
		{name: "CFF font that stays", revisions: embeddedSimple("FontFile3", cffBox(50, 0, 550, 700)), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "CFF font that draws over text", revisions: embeddedSimple("FontFile3", cffBox(50, 0, 3500, 700)), want: signature.ChangeUnknown, what: signature.WhatPageContent, detail: "if its font draws as far as it can"},
		{name: "CFF font that draws anywhere", revisions: embeddedSimple("FontFile3", cffBox(50, -9000, 550, 700)), want: signature.ChangeUnknown, what: signature.WhatPageContent, detail: "its font does not tell"},
		{name: "Type 1 font that stays", revisions: embeddedSimple("FontFile", type1Box(50, 0, 550, 700)), want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "Type 1 font that draws over text", revisions: embeddedSimple("FontFile", type1Box(50, 0, 3500, 700)), want: signature.ChangeUnknown, what: signature.WhatPageContent},
		{name: "simple TrueType font whose widths lie", revisions: embeddedSimple("FontFile2", string(pdftest.TrueType([2]int16{}, [4]int16{0, 0, 3500, 700}))), want: signature.ChangeUnknown, what: signature.WhatPageContent},
		{name: "text beside the page whose font draws on it", revisions: beside("FontFile3", cffBox(0, 0, 3000, 700)), want: signature.ChangeUnknown, what: signature.WhatPageContent, detail: "its font does not tell"},
		{name: "text clipped away whose font draws elsewhere", revisions: clippedAway("FontFile3", cffBox(0, 0, 3000, 700)), want: signature.ChangeUnknown, what: signature.WhatPageContent},
		{name: "text beside the page in a standard font", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", "BT /F1 12 Tf -96 740 Td (32) Tj ET")}), want: signature.ChangePermitted, what: signature.WhatOther},
		{name: "whole paragraph", revisions: sign(contents("[4 0 R 43 0 R]"), objects{43: stream("", "BT /F1 12 Tf 14 TL 72 500 Td"+strings.Repeat(" (Mot doan van ban dai them vao sau khi nguoi co tham quyen da ky so van ban) Tj T*", 12)+" ET")}), want: signature.ChangeUnknown, what: signature.WhatPageContent},
	})
}

// embedded is a number in a font that comes with it, whose only glyph has the
// given box.
func embedded(box [4]int16) []objects {
	page := strings.Replace(contents("[4 0 R 43 0 R]"), "/Resources 5 0 R", "/Resources<</Font<</F1 7 0 R/F2 46 0 R>>>>", 1)
	return []objects{further(page, "0 0 0 0", objects{
		43: stream("", "BT /F2 12 Tf 96 740 Td <00010001> Tj ET"),
		46: "<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</Subtype/CIDFontType2/DW 600/FontDescriptor<</FontFile2 47 0 R>>>>]>>",
		47: stream("", string(pdftest.TrueType([2]int16{}, box))),
	})}
}

func cffBox(x0, y0, x1, y1 int) string {
	return string(pdftest.CFF([]byte{11}, pdftest.BoxType2(x0, y0, x1, y1)))
}

func type1Box(x0, y0, x1, y1 int) string {
	return string(pdftest.Type1("0.001 0 0 0.001 0 0", pdftest.BoxType1(x0, y0, x1, y1)))
}

// embeddedSimple is a number in a simple font that comes with it.
func embeddedSimple(key, program string) []objects {
	return simpleText(key, program, "BT /F2 12 Tf 96 740 Td (11) Tj ET")
}

// beside is a text that begins left of the page.
func beside(key, program string) []objects {
	return simpleText(key, program, "BT /F2 120 Tf -100 650 Td (1) Tj ET")
}

// clippedAway is a text in a place that shows nothing of it.
func clippedAway(key, program string) []objects {
	return simpleText(key, program, "q 100 600 200 100 re W n BT /F2 60 Tf 20 650 Td (1) Tj ET Q")
}

func simpleText(key, program, text string) []objects {
	page := strings.Replace(contents("[4 0 R 43 0 R]"), "/Resources 5 0 R", "/Resources<</Font<</F1 7 0 R/F2 46 0 R>>>>", 1)
	return []objects{further(page, "0 0 0 0", objects{
		43: stream("", text),
		46: "<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+Test/Encoding/WinAnsiEncoding/FirstChar 49/Widths[600]/FontDescriptor<</" + key + " 47 0 R>>>>",
		47: stream("", program),
	})}
}

// TestForbidden has what no permission allows.
func TestForbidden(t *testing.T) {
	sign := func(o objects) []objects { return []objects{with(signOnly, o)} }
	catalog := func(extra string) objects {
		return objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R" + extra + ">>"}
	}
	ocg := "/OCProperties<</OCGs[80 0 R]/D<</ON[80 0 R]/OFF[]>>>>"
	shadow := objects{5: "<</Font<</F1 7 0 R>>/XObject<</Im 81 0 R>>>>", 4: stream("", contentOne+" /Im Do"),
		81: stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", "1 g 60 650 300 20 re f")}
	runAll(t, []changeCase{
		{name: "page content replaced", revisions: sign(objects{4: stream("", strings.Replace(contentOne, "1.861", "9.861", 1))}), want: signature.ChangeForbidden, what: signature.WhatPageContent, detail: "9.861"},
		{name: "page object exchanged", revisions: sign(objects{3: contents("8 0 R")}), want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "page added", revisions: sign(objects{2: "<</Type/Pages/Kids[3 0 R 6 0 R 82 0 R]/Count 3>>", 82: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"}), want: signature.ChangeForbidden, what: signature.WhatPageAdded, detail: "page 3 was added"},
		{name: "page removed", revisions: sign(objects{2: "<</Type/Pages/Kids[3 0 R]/Count 1>>"}), want: signature.ChangeForbidden, what: signature.WhatPageAdded, detail: "page 2"},
		{name: "pages exchanged", revisions: sign(objects{2: "<</Type/Pages/Kids[6 0 R 3 0 R]/Count 2>>"}), want: signature.ChangeForbidden, what: signature.WhatPageAdded},
		{name: "page count lies", revisions: sign(objects{2: "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 1>>"}), want: signature.ChangeForbidden, what: signature.WhatPageAdded},
		{name: "page box", revisions: sign(objects{3: strings.Replace(annots("40 0 R"), "842]", "700]", 1)}), want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "inherited page box", base: objects{6: "<</Type/Page/Parent 2 0 R/Contents 8 0 R/Resources 5 0 R>>", 2: "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2/MediaBox[0 0 595 842]>>"},
			revisions: sign(objects{2: "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2/MediaBox[0 0 595 100]>>"}), want: signature.ChangeForbidden, what: signature.WhatPageContent},
		{name: "font replaced", revisions: sign(objects{7: "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>"}), want: signature.ChangeForbidden, what: signature.WhatResource, detail: "/Font/F1"},
		{name: "form XObject hidden", base: shadow, revisions: sign(objects{81: stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", "")}), want: signature.ChangeForbidden, what: signature.WhatResource, detail: "/XObject/Im"},
		{name: "length of a stream moved", base: objects{4: "<</Length 83 0 R>>\nstream\n" + contentOne + "\nendstream", 83: fmt.Sprint(len(contentOne))},
			revisions: sign(objects{83: "20"}), want: signature.ChangeForbidden},
		{name: "missing resource supplied", base: objects{4: stream("", contentOne+" /Late Do")},
			revisions: sign(objects{5: "<</Font<</F1 7 0 R>>/XObject<</Late 81 0 R>>>>", 81: shadow[81]}), want: signature.ChangeForbidden, what: signature.WhatResource, detail: "Late"},
		{name: "prepared pages swapped in", base: objects{84: "<</Type/Pages/Kids[85 0 R]/Count 1>>", 85: "<</Type/Page/Parent 84 0 R/MediaBox[0 0 595 842]/Contents 8 0 R/Resources 5 0 R>>"},
			revisions: []objects{{1: "<</Type/Catalog/Pages 84 0 R/AcroForm 10 0 R>>"}}, want: signature.ChangeForbidden, what: signature.WhatPageAdded},
		{name: "field as a resource", base: merge(shadow, objects{81: stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject 20 0 R>>", "/V Do"),
			20: strings.Replace(fieldName, "(An)", " 83 0 R", 1), 83: shadow[81], 84: stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "")}),
			revisions: []objects{{20: strings.Replace(fieldName, "(An)", " 84 0 R", 1)}}, want: signature.ChangeForbidden, what: signature.WhatResource},
		{name: "text that nobody can read covered", base: objects{7: "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"}, revisions: []objects{with(freeText(50, "60 650 400 700", "x"), objects{3: annots("50 0 R")})}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "lies over a text"},
		{name: "open action", revisions: sign(catalog("/OpenAction<</S/JavaScript/JS(app.alert)>>")), want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: "/OpenAction"},
		{name: "names", revisions: sign(catalog("/Names<</JavaScript<</Names[(a) 86 0 R]>>>>")), want: signature.ChangeForbidden, what: signature.WhatCatalog},
		{name: "optional content", base: with(catalog(ocg), objects{80: "<</Type/OCG/Name(L)>>"}), revisions: sign(catalog("/OCProperties<</OCGs[80 0 R]/D<</ON[]/OFF[80 0 R]>>>>")), want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: "/OCProperties"},
		{name: "hidden override", base: catalog("/Extensions 87 0 R/Other 87 0 R"), revisions: sign(objects{87: "<</ADBE<</BaseVersion/1.7>>>>"}), want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: "/Other"},
		{name: "form removed", revisions: []objects{{1: "<</Type/Catalog/Pages 2 0 R>>"}}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "signature replaced", revisions: []objects{{12: sigDict("/Reason(other)")}}, want: signature.ChangeForbidden, what: signature.WhatField, detail: "Sig1"},
		{name: "signature taken by another field", revisions: sign(objects{40: strings.Replace(signOnly[40], "/V 41 0 R", "/V 12 0 R", 1)}), want: signature.ChangeForbidden, what: signature.WhatField, detail: "as its own"},
		{name: "font as validation data", revisions: []objects{{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/DSS 7 0 R>>", 7: "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"}}, want: signature.ChangeForbidden, what: signature.WhatResource},
		{name: "appearance shared with the page", base: objects{5: "<</Font<</F1 7 0 R>>/XObject<</Ap 42 0 R>>>>", 4: stream("", contentOne+" /Ap Do"), 42: shadow[81]},
			revisions: []objects{signOnly}, want: signature.ChangeForbidden, what: signature.WhatResource, detail: "/XObject/Ap"},
		{name: "stamp the signer saw removed", base: with(freeText(50, "300 400 360 414", "BAN NHAP"), objects{3: annots("50 0 R")}), revisions: []objects{{3: pageOne}}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "the signer saw it"},
		{name: "number the signer saw exchanged", base: with(freeText(50, numberPlace, "32"), objects{3: annots("50 0 R")}), revisions: []objects{freeText(50, numberPlace, "99")}, want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "overlay removed at P3", base: with(freeText(50, "60 650 400 700", "x"), objects{3: annots("50 0 R")}), revisions: []objects{{3: pageOne}}, sig: sigField{Permission: 3}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "lay over"},
		{name: "annotation with an action of its own", revisions: []objects{{3: annots("50 0 R"), 50: "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/AA<</PO<</S/JavaScript/JS(x)>>>>>>"}}, want: signature.ChangeForbidden, what: signature.WhatOther},
	})
}

func button(value, shown string) string {
	return "<</Type/Annot/Subtype/Widget/FT/Btn/T(ten)/V/" + value + "/AS/" + shown + "/Rect[72 300 92 320]/P 3 0 R/AP<</N<</Yes 21 0 R/No 21 0 R>>>>>>"
}

// TestFormFilling has fields that are filled in under each permission.
func TestFormFilling(t *testing.T) {
	fill := objects{20: strings.Replace(fieldName, "(An)", "(Binh)", 1), 21: shows("Binh")}
	lock := func(action string, names ...string) *fieldLock { return &fieldLock{Action: action, Fields: names} }
	runAll(t, []changeCase{
		{name: "without certification", revisions: []objects{fill}, want: signature.ChangePermitted, what: signature.WhatFormFill, detail: `"Binh" instead of "An"`},
		{name: "P1", revisions: []objects{fill}, sig: sigField{Permission: 1}, want: signature.ChangeForbidden, what: signature.WhatFormFill},
		{name: "P2", revisions: []objects{fill}, sig: sigField{Permission: 2}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "P3", revisions: []objects{fill}, sig: sigField{Permission: 3}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "all locked", revisions: []objects{fill}, sig: sigField{FieldMDP: lock("All")}, want: signature.ChangeForbidden, what: signature.WhatFormFill, detail: "locked"},
		{name: "included", revisions: []objects{fill}, sig: sigField{Lock: lock("Include", "ten")}, want: signature.ChangeForbidden, what: signature.WhatFormFill},
		{name: "parent included", base: objects{10: strings.Replace(form, "20 0 R", "22 0 R", 1), 20: strings.Replace(fieldName, "/P 3", "/Parent 22 0 R/P 3", 1), 22: "<</T(nhom)/Kids[20 0 R]>>"},
			revisions: []objects{{20: strings.Replace(fill[20], "/P 3", "/Parent 22 0 R/P 3", 1), 21: fill[21]}}, sig: sigField{Lock: lock("Include", "nhom")}, want: signature.ChangeForbidden, what: signature.WhatFormFill, detail: "nhom.ten"},
		{name: "another included", revisions: []objects{fill}, sig: sigField{FieldMDP: lock("Include", "khac")}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "excluded", revisions: []objects{fill}, sig: sigField{FieldMDP: lock("Exclude", "ten")}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "another excluded", revisions: []objects{fill}, sig: sigField{FieldMDP: lock("Exclude", "khac")}, want: signature.ChangeForbidden, what: signature.WhatFormFill},
		{name: "level of a lock", revisions: []objects{fill}, sig: sigField{Lock: &fieldLock{Action: "Include", P: 1}}, want: signature.ChangeForbidden, what: signature.WhatFormFill},
		{name: "level in the file", base: objects{12: sigDict("/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]")}, revisions: []objects{fill}, want: signature.ChangeForbidden, what: signature.WhatFormFill},
		{name: "appearance without value", revisions: []objects{{21: shows("Cuong")}}, want: signature.ChangeForbidden, what: signature.WhatAppearance},
		{name: "appearance emptied", revisions: []objects{{21: stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]", "0 0 200 20 re f")}}, want: signature.ChangeForbidden, what: signature.WhatAppearance, detail: "its value is the same"},
		{name: "appearance decorated", revisions: []objects{{21: stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F1 7 0 R>>>>", "0 1 0 rg 0 0 200 20 re f BT 0 g /F1 12 Tf 2 5 Td (An) Tj ET")}}, want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "appearance belies value", revisions: []objects{{20: fill[20], 21: shows("Cuong")}}, want: signature.ChangeForbidden, what: signature.WhatAppearance, detail: `shows "Cuong"`},
		{name: "button checked", base: objects{20: button("Off", "Off")}, revisions: []objects{{20: button("Yes", "Yes")}}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "button shows another state", base: objects{20: button("Off", "Off")}, revisions: []objects{{20: button("No", "Yes")}}, want: signature.ChangeForbidden, what: signature.WhatAppearance},
		{name: "button shows a state without a value", base: objects{20: button("Off", "Off")}, revisions: []objects{{20: button("Off", "Yes")}}, want: signature.ChangeForbidden, what: signature.WhatAppearance},
		{name: "field moved", revisions: []objects{{20: strings.Replace(fieldName, "72 300", "72 200", 1)}}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "field renamed", revisions: []objects{{20: strings.Replace(fieldName, "(ten)", "(khac)", 1)}}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "made read-only", revisions: []objects{{20: strings.Replace(fieldName, "/V(An)", "/V(An)/Ff 1", 1)}}, want: signature.ChangePermitted, what: signature.WhatFormFill},
	})
}

// TestAnnotations has comments over text, which hide it or do not.
func TestAnnotations(t *testing.T) {
	const overText = "72 645 200 665"
	annot := func(subtype, extra, ap string) []objects {
		o := objects{3: annots("50 0 R"), 50: "<</Type/Annot/Subtype/" + subtype + "/Rect[" + overText + "]/P 3 0 R" + extra + ">>"}
		if ap != "" {
			o[50] = strings.Replace(o[50], "/P 3 0 R", "/P 3 0 R/AP<</N 51 0 R>>", 1)
			o[51] = stream("/Type/XObject/Subtype/Form/BBox[0 0 128 20]/Resources<</ExtGState<</G<</BM/Multiply>>>>>>", ap)
		}
		return []objects{o}
	}
	runAll(t, []changeCase{
		{name: "further signature beside annotations without numbers", base: objects{3: annots("<</Type/Annot/Subtype/Link/Rect[9 9 20 20]>> <</Type/Annot/Subtype/Link/Rect[30 9 50 20]>> 50 0 R"), 50: "<</Type/Annot/Subtype/Link/Rect[60 9 70 20]>>"},
			revisions: []objects{further(annots("<</Type/Annot/Subtype/Link/Rect[9 9 20 20]>> <</Type/Annot/Subtype/Link/Rect[30 9 50 20]>> 50 0 R 40 0 R"), "0 0 0 0", nil)}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "annotations in another order", base: objects{3: annots("<</Type/Annot/Subtype/Link/Rect[9 9 20 20]>> 50 0 R"), 50: "<</Type/Annot/Subtype/Square/Rect[9 9 70 20]>>"},
			revisions: []objects{{3: annots("50 0 R <</Type/Annot/Subtype/Link/Rect[9 9 20 20]>>")}}, want: signature.ChangeUnknown, what: signature.WhatAnnotation, detail: "another order"},
		{name: "highlight", revisions: annot("Highlight", "/QuadPoints[0 0 0 0 0 0 0 0]", ""), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "highlight that blends", revisions: annot("Highlight", "", "/G gs 1 1 0 rg 0 0 128 20 re f"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "highlight that hides", revisions: []objects{{3: annots("50 0 R"), 50: annot("Highlight", "", "x")[0][50], 51: stream("/Type/XObject/Subtype/Form/BBox[0 0 128 20]", "1 1 1 rg 0 0 128 20 re f")}},
			want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "underline", revisions: annot("Underline", "", "1 w 0 1 m 128 1 l S"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "circle around a word", revisions: annot("Circle", "", "0 0 m 0 20 128 20 128 0 c S"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "filled square", revisions: annot("Square", "/IC[1 1 1]", ""), want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "stamp", revisions: annot("Stamp", "", "0 0 128 20 re f"), want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "note", revisions: annot("Text", "/Contents(xem lai)", ""), want: signature.ChangeAnnotated, what: signature.WhatAnnotation, detail: "xem lai"},
		{name: "link", revisions: annot("Link", "/A<</S/URI/URI(http://example.org)>>", ""), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "link with a frame that fills it", revisions: annot("Link", "/Border[0 0 40]/C[1 1 1]", ""), want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "watermark", revisions: annot("Watermark", "", "0 0 1 1 re f"), want: signature.ChangeUnknown, what: signature.WhatAnnotation},
		{name: "hidden", revisions: annot("Stamp", "/F 2", "0 0 128 20 re f"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "order", base: objects{3: annots("60 0 R 62 0 R"), 60: "<</Type/Annot/Subtype/Square/Rect[9 9 20 20]>>", 62: "<</Type/Annot/Subtype/Circle/Rect[9 9 20 20]>>"},
			revisions: []objects{{3: annots("62 0 R 60 0 R")}}, want: signature.ChangeUnknown, what: signature.WhatAnnotation, detail: "order"},
		{name: "renumbered", base: objects{3: annots("60 0 R"), 60: "<</Type/Annot/Subtype/Square/Rect[9 9 20 20]/P 3 0 R>>"},
			revisions: []objects{{3: annots("61 0 R"), 61: "<</Type/Annot/Subtype/Square/Rect[9 9 20 20]/P 3 0 R>>"}}, want: signature.ChangePermitted, what: signature.WhatOther},
		{name: "tab order", revisions: []objects{{3: strings.Replace(pageOne, "/Annots", "/Tabs/R/Annots", 1)}}, want: signature.ChangePermitted},
		{name: "tab order at P2", revisions: []objects{{3: strings.Replace(pageOne, "/Annots", "/Tabs/R/Annots", 1)}}, sig: sigField{Permission: 2}, want: signature.ChangeForbidden},
	})
}

// TestSneakySignatures has further signatures that do more than sign.
func TestSneakySignatures(t *testing.T) {
	overField := further(annots("40 0 R"), "72 295 272 325", nil)
	acts := with(signOnly, objects{40: strings.Replace(signOnly[40], "/P 3 0 R", "/P 3 0 R/AA<</PO<</S/JavaScript/JS(x)>>>>", 1)})
	anew := strings.Replace(form, "/SigFlags 3", "/SigFlags 3/NeedAppearances true", 1)
	runAll(t, []changeCase{
		{name: "over a filled field", revisions: []objects{overField}, want: signature.ChangeForbidden, what: signature.WhatAppearance},
		{name: "acts by itself", revisions: []objects{acts}, want: signature.ChangeForbidden, what: signature.WhatOther},
		{name: "number that cannot be seen", revisions: []objects{further(contents("[4 0 R 43 0 R]"), "0 0 0 0", objects{43: stream("", "BT 3 Tr /F1 12 Tf 96 740 Td (32) Tj ET")})}, want: signature.ChangeUnknown, what: signature.WhatPageContent, detail: "cannot be seen"},
		{name: "default font under fields drawn anew", base: objects{10: anew, 88: "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"}, revisions: []objects{{10: strings.Replace(anew, "/F1 7 0 R", "/F1 88 0 R", 1)}}, want: signature.ChangeForbidden, what: signature.WhatAppearance},
		{name: "too many small things", revisions: []objects{further(annots("50 0 R 52 0 R 54 0 R 56 0 R 58 0 R 60 0 R 62 0 R 64 0 R 66 0 R 68 0 R 70 0 R 40 0 R"), "0 0 0 0", many())}, want: signature.ChangeUnknown, detail: "too much"},
	})
}

func many() objects {
	out := objects{}
	for i := range 11 {
		maps.Copy(out, freeText(50+2*i, fmt.Sprintf("300 %d 360 %d", 20*i+50, 20*i+64), "x"))
	}
	return out
}

// TestAlphaSeal has a seal whose soft mask lets the text below be read, and
// one that does not.
func TestAlphaSeal(t *testing.T) {
	seal := func(alpha byte) objects {
		return further(annots("40 0 R"), "60 660 260 700", objects{
			42: stream("/Type/XObject/Subtype/Form/BBox[0 0 100 50]/Resources<</XObject<</Im 43 0 R>>>>", "q 100 0 0 50 0 0 cm /Im Do Q"),
			43: stream("/Type/XObject/Subtype/Image/Width 4/Height 4/BitsPerComponent 8/ColorSpace/DeviceGray/SMask 44 0 R", strings.Repeat("x", 16)),
			44: stream("/Type/XObject/Subtype/Image/Width 4/Height 4/BitsPerComponent 8/ColorSpace/DeviceGray", strings.Repeat(string([]byte{alpha}), 16)),
		})
	}
	runAll(t, []changeCase{
		{name: "transparent", revisions: []objects{seal(20)}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "opaque", revisions: []objects{seal(0x7f + 0x80)}, want: signature.ChangeForbidden, what: signature.WhatAppearance},
	})
}

// TestScannedPage has a page that is one picture, dark below its middle.
func TestScannedPage(t *testing.T) {
	scan := objects{
		4:  stream("", "q 595 0 0 842 0 0 cm /Im Do Q"),
		5:  "<</Font<</F1 7 0 R>>/XObject<</Im 45 0 R>>>>",
		45: stream("/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray", "\xff\xff\x00\x00"),
	}
	runAll(t, []changeCase{
		{name: "seal on white", base: scan, revisions: []objects{further(annots("40 0 R"), "300 700 400 750", nil)}, want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "seal on black", base: scan, revisions: []objects{further(annots("40 0 R"), "300 100 400 150", nil)}, want: signature.ChangeUnknown, what: signature.WhatAppearance, detail: "a picture of the whole page"},
		{name: "number on white", base: scan, revisions: []objects{further(annots("50 0 R 40 0 R"), "0 0 0 0", freeText(50, numberPlace, "32"))}, want: signature.ChangePermitted, what: signature.WhatNumbering},
	})
}

// fax is a Group 4 picture, 1728 pixels wide: a white upper and a black lower
// half. One bit a row says "as the row above", two when that is black.
func fax(rows int) string {
	bits := strings.Repeat("1", rows/2) + "001" + "00110101" + "0000001100101" + "0000110111" + // no white, 1728 and 0 black
		strings.Repeat("11", rows-rows/2-1) + "000000000001000000000001"
	var out []byte
	for i := 0; i < len(bits); i += 8 {
		b, _ := strconv.ParseUint((bits[i:min(i+8, len(bits))] + "00000000")[:8], 2, 8)
		out = append(out, byte(b))
	}
	return string(out)
}

// TestScanBilevel has pages as scanners write them in black and white.
func TestScanBilevel(t *testing.T) {
	const rows, bilevel = 2400, "/Type/XObject/Subtype/Image/BitsPerComponent 1/ColorSpace/DeviceGray"
	page := func(image string) objects {
		return objects{
			4:  stream("", "q 595 0 0 842 0 0 cm /Im Do Q"),
			5:  "<</Font<</F1 7 0 R>>/XObject<</Im 45 0 R>>>>",
			45: image,
		}
	}
	faxed := func(more, data string) objects {
		return page(stream(fmt.Sprintf("%s/Width 1728/Height %d/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 1728/Rows %d%s>>", bilevel, rows, rows, more), data))
	}
	above, below := []objects{further(annots("40 0 R"), "300 700 400 750", nil)}, []objects{further(annots("40 0 R"), "300 100 400 150", nil)}
	unclear := func(c changeCase) changeCase {
		c.want, c.what, c.detail = signature.ChangeUnknown, signature.WhatAppearance, "a picture of the whole page"
		return c
	}
	clear := func(c changeCase) changeCase {
		c.want, c.what = signature.ChangePermitted, signature.WhatSignature
		return c
	}
	runAll(t, []changeCase{
		clear(changeCase{name: "fax, seal on white", base: faxed("", fax(rows)), revisions: above}),
		unclear(changeCase{name: "fax, seal on black", base: faxed("", fax(rows)), revisions: below}),
		unclear(changeCase{name: "fax shown inverted, seal on what is black then", base: faxed("/BlackIs1 true", fax(rows)), revisions: above}),
		clear(changeCase{name: "fax shown inverted, seal on what is white then", base: faxed("/BlackIs1 true", fax(rows)), revisions: below}),
		unclear(changeCase{name: "fax that breaks off", base: faxed("", fax(rows)[:100]), revisions: above}),
		unclear(changeCase{name: "fax of another width", base: faxed("", fax(rows)), revisions: above}.with(45, func(s string) string { return strings.Replace(s, "/Columns 1728", "/Columns 1720", 1) })),
		unclear(changeCase{name: "two-dimensional Group 3", base: faxed("", fax(rows)), revisions: above}.with(45, func(s string) string { return strings.Replace(s, "/K -1", "/K 4", 1) })),
		unclear(changeCase{name: "JBIG2", base: page(stream(bilevel+"/Width 8/Height 8/Filter/JBIG2Decode", "x")), revisions: above}),
		unclear(changeCase{name: "JPEG 2000", base: page(stream(bilevel+"/Width 8/Height 8/Filter/JPXDecode", "x")), revisions: above}),
		clear(changeCase{name: "samples, seal on white", base: page(stream(bilevel+"/Width 8/Height 2", "\xff\x00")), revisions: above}),
		unclear(changeCase{name: "samples, seal on black", base: page(stream(bilevel+"/Width 8/Height 2", "\xff\x00")), revisions: below}),
		unclear(changeCase{name: "too few samples", base: page(stream(bilevel+"/Width 8/Height 2", "\xff")), revisions: above}),
	})
}

// with changes one object of the base.
func (c changeCase) with(num int, change func(string) string) changeCase {
	c.base = maps.Clone(c.base)
	c.base[num] = change(c.base[num])
	return c
}

func TestScanJPEG(t *testing.T) {
	im := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range im.Pix {
		im.Pix[i] = 255
	}
	for x := range 32 {
		for y := range 32 {
			im.Pix[im.PixOffset(x, y)] = 0
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	p := jpegScan(b.Bytes())
	if p == nil {
		t.Fatal("got nothing, want a picture")
	}
	m := content.Matrix{64, 0, 0, 64, 0, 0}
	for _, c := range []struct {
		rect content.Rect
		want bool
	}{{content.Rect{X0: 2, Y0: 34, X1: 30, Y1: 62}, false}, {content.Rect{X0: 42, Y0: 2, X1: 62, Y1: 30}, true}, {content.Rect{X0: 100, Y0: 100, X1: 110, Y1: 110}, false}} {
		if got := p.light(c.rect, m); got != c.want {
			t.Errorf("%v: got blank %v, want %v", c.rect, got, c.want)
		}
	}
	if jpegScan([]byte("no picture")) != nil {
		t.Error("got a picture out of nothing")
	}
}

// TestStructure has a tagged document whose structure tree grows with a
// widget, and structure trees that lose or rename content.
func TestStructure(t *testing.T) {
	tagged := objects{
		1:  "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/MarkInfo<</Marked true>>/StructTreeRoot 90 0 R>>",
		3:  strings.Replace(pageOne, "/Annots", "/StructParents 0/Annots", 1),
		90: "<</Type/StructTreeRoot/K 91 0 R/ParentTree<</Nums[0[92 0 R] 1 93 0 R]>>/ParentTreeNextKey 2>>",
		91: "<</S/Document/P 90 0 R/K[92 0 R 93 0 R]>>",
		92: "<</S/P/P 91 0 R/Pg 3 0 R/K 0>>",
		93: "<</S/Form/P 91 0 R/Pg 3 0 R/K<</Type/OBJR/Obj 20 0 R>>>>",
	}
	sign := further(strings.Replace(tagged[3], "20 0 R]", "20 0 R 40 0 R]", 1), "0 0 0 0", nil)
	grown := objects{
		90: "<</Type/StructTreeRoot/K[91 0 R]/ParentTree 95 0 R/ParentTreeNextKey 3/RoleMap<<>>>>",
		91: "<</S/Document/P 90 0 R/K[92 0 R 93 0 R 94 0 R]>>",
		94: "<</S/Form/P 91 0 R/Pg 3 0 R/K<</Type/OBJR/Obj 40 0 R>>>>",
		95: "<</Nums[0 96 0 R 1 93 0 R 2 94 0 R]>>",
		96: "[92 0 R]",
	}
	change := func(o objects) []objects { return []objects{with(sign, with(grown, o))} }
	runAll(t, []changeCase{
		{name: "element of the new widget", base: tagged, revisions: change(nil), want: signature.ChangePermitted, what: signature.WhatOther, detail: "structure elements"},
		{name: "element of page content added", base: tagged, revisions: change(objects{94: "<</S/P/P 91 0 R/Pg 3 0 R/K 7>>"}), want: signature.ChangeForbidden, what: signature.WhatOther},
		{name: "element of marked content added", base: tagged, revisions: change(objects{94: "<</S/P/P 91 0 R/K<</Type/MCR/Pg 3 0 R/MCID 7>>>>"}), want: signature.ChangeForbidden, what: signature.WhatOther},
		{name: "element of an old widget removed", base: tagged, revisions: change(objects{91: "<</S/Document/P 90 0 R/K[92 0 R 94 0 R]>>"}), want: signature.ChangeForbidden, what: signature.WhatOther},
		{name: "content renamed", base: tagged, revisions: change(objects{92: "<</S/H1/P 91 0 R/Pg 3 0 R/K 0>>"}), want: signature.ChangeForbidden, what: signature.WhatOther},
		{name: "content said differently", base: tagged, revisions: change(objects{92: "<</S/P/P 91 0 R/Pg 3 0 R/K 0/ActualText(9.999)>>"}), want: signature.ChangeForbidden, what: signature.WhatOther, detail: "ActualText"},
		{name: "parent tree of the page", base: tagged, revisions: change(objects{96: "[93 0 R]"}), want: signature.ChangeForbidden, what: signature.WhatOther, detail: "parent tree"},
		{name: "tree removed", base: tagged, revisions: []objects{with(sign, objects{1: signedDoc()[1]})}, want: signature.ChangeForbidden, what: signature.WhatOther},
	})
}

// TestSealWithText has the description beside a seal, over the document's
// words, and a frame around the seal that touches them.
func TestSealWithText(t *testing.T) {
	seal := func(draw string) []objects {
		return []objects{further(annots("40 0 R"), "60 640 260 690", objects{
			42: stream("/Type/XObject/Subtype/Form/BBox[0 0 200 50]/Resources<</Font<</F1 7 0 R>>>>", draw)})}
	}
	runAll(t, []changeCase{
		{name: "frame", revisions: seal("0.5 0.5 199 49 re S"), want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "text beside the words", revisions: seal("BT /F1 8 Tf 120 40 Td (UBND xa) Tj ET"), want: signature.ChangePermitted, what: signature.WhatSignature},
		{name: "text over the words", revisions: seal("BT /F1 12 Tf 12 10 Td (UBND xa) Tj ET"), want: signature.ChangeUnknown, what: signature.WhatAppearance},
		{name: "box over the words", revisions: seal("1 g 0 0 200 50 re f"), want: signature.ChangeForbidden, what: signature.WhatAppearance},
	})
}
