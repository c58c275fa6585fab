package pdf

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"minhchung/evidence/signature"
)

// TestLinks has links whose target changed, and what else is put on a page
// between two signatures without being a number.
func TestLinks(t *testing.T) {
	link := func(act string) string {
		return "<</Type/Annot/Subtype/Link/Rect[300 100 360 114]/Border[0 0 0]" + act + ">>"
	}
	uri := func(to string) string { return link("/A<</S/URI/URI(" + to + ")>>") }
	base := objects{3: annots("60 0 R"), 60: uri("https://xa.example/")}
	moved := objects{60: uri("https://khac.example/")}
	signed := func(o objects, more string) []objects {
		return []objects{with(further(annots(more+" 40 0 R"), "0 0 0 0", nil), o)}
	}
	runAll(t, []changeCase{
		{name: "leads elsewhere", base: base, revisions: []objects{moved}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "leads to https://khac.example/ and before leads to https://xa.example/"},
		{name: "leads elsewhere before a further signature", base: base, revisions: signed(moved, "60 0 R"), want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "the signer saw it lead elsewhere"},
		{name: "runs a script", base: base, revisions: []objects{{60: link("/A<</S/JavaScript/JS(x)>>")}}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "more than lead somewhere"},
		{name: "new one with a script", revisions: []objects{{3: annots("60 0 R"), 60: link("/A<</S/URI/URI(x)/Next[<</S/JavaScript/JS(x)>>]>>")}}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "more than lead somewhere when it is used: /JavaScript"},
		{name: "new one with a script at P3", revisions: []objects{{3: annots("60 0 R"), 60: link("/A<</S/Hide/T(ten)>>")}}, sig: sigField{Permission: 3}, want: signature.ChangeUnknown, what: signature.WhatAnnotation, detail: "/Hide"},
		{name: "script that was there", base: objects{3: annots("60 0 R"), 60: link("/A<</S/JavaScript/JS(x)>>/AA<</E<</S/JavaScript/JS(y)>>>>")}, revisions: []objects{{60: link("/A<</S/JavaScript/JS(x)>>/AA<</E<</S/JavaScript/JS(y)>>>>/Contents(x)")}}, sig: sigField{Permission: 3}, want: signature.ChangePermitted, what: signature.WhatAnnotation},
		{name: "leads elsewhere at P3", base: base, revisions: []objects{moved}, sig: sigField{Permission: 3}, want: signature.ChangePermitted, what: signature.WhatAnnotation, detail: "https://khac.example/"},
		{name: "added before a further signature", revisions: signed(base, "60 0 R"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "file attached before a further signature", revisions: signed(objects{60: "<</Type/Annot/Subtype/FileAttachment/Rect[300 100 318 118]/FS<</F(x)>>>>"}, "60 0 R"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "note before a further signature", revisions: signed(objects{60: "<</Type/Annot/Subtype/Text/Rect[300 100 318 118]/Contents(dong\ny)>>"}, "60 0 R"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation, detail: "dong y"},
		{name: "frame moved before a further signature", base: objects{3: annots("60 0 R"), 60: "<</Type/Annot/Subtype/Square/Rect[300 100 360 114]>>"},
			revisions: signed(objects{60: "<</Type/Annot/Subtype/Square/Rect[300 200 360 214]>>"}, "60 0 R"), want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
	})
}

// TestEmptySignatureFields has a field that is added in one revision and
// signed in another, as when the places are prepared for several signers.
func TestEmptySignatureFields(t *testing.T) {
	empty := "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig2)/Rect[300 100 400 150]/P 3 0 R/F 4>>"
	prepared := objects{3: annots("40 0 R"), 10: signOnly[10], 40: empty}
	signs := objects{40: further("", "300 100 400 150", nil)[40], 41: signOnly[41], 42: signOnly[42]}
	both := []objects{prepared, signs}
	third := with(prepared, objects{40: strings.Replace(empty, "Sig2", "Sig3", 1)})
	other := with(further(annots("40 0 R 50 0 R"), "0 0 0 0", nil), objects{
		10: strings.Replace(form, "20 0 R]", "20 0 R 40 0 R 50 0 R]", 1), 50: signOnly[40], 40: strings.Replace(empty, "Sig2", "Sig3", 1)})
	runAll(t, []changeCase{
		{name: "and signed", revisions: both, want: signature.ChangePermitted, what: signature.WhatField, detail: "it is signed in revision 3"},
		{name: "and signed at P2", revisions: both, sig: sigField{Permission: 2}, want: signature.ChangePermitted, what: signature.WhatField, detail: "it is signed in revision 3"},
		{name: "and signed at P1", revisions: both, sig: sigField{Permission: 1}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "at P2", revisions: []objects{prepared}, sig: sigField{Permission: 2}, want: signature.ChangeForbidden, what: signature.WhatField, detail: "adding a field"},
		{name: "while another is signed", revisions: []objects{third, other}, want: signature.ChangePermitted, what: signature.WhatField, detail: "shows nothing"},
		{name: "alone", revisions: []objects{prepared}, want: signature.ChangeUnknown, what: signature.WhatField, detail: "no further signature follows"},
		{name: "that shows a text", revisions: []objects{with(prepared, objects{40: strings.Replace(empty, "/F 4", "/F 4/AP<</N 43 0 R>>", 1), 43: shows("32")}), signs}, want: signature.ChangePermitted, what: signature.WhatNumbering},
	})
}

// TestImpliedEntries has revisions that write out what is meant anyway.
func TestImpliedEntries(t *testing.T) {
	bare := strings.Replace(fieldName, "/Type/Annot", "", 1)
	form := func(more string) string { return stream("/Subtype/Form/BBox[0 0 9 9]"+more, "0 0 9 9 re f") }
	drawn := objects{4: stream("", contentOne+" /X Do"), 5: "<</Font<</F1 7 0 R>>/XObject<</X 81 0 R>>>>", 81: form("")}
	page := func(more string) objects { return objects{3: strings.Replace(pageOne, "/Annots", more+"/Annots", 1)} }
	catalog := func(more string) objects {
		return objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R" + more + ">>"}
	}
	same := func(name string, base, now objects) changeCase {
		return changeCase{name: name, base: base, revisions: []objects{now}, sig: sigField{Permission: 1}, want: signature.ChangePermitted, what: signature.WhatOther, detail: "nothing that the document consists of"}
	}
	runAll(t, []changeCase{
		same("Type of an annotation", objects{20: bare}, objects{20: fieldName}),
		same("flags of an annotation", nil, objects{20: strings.Replace(fieldName, "/P 3 0 R", "/F 0/Ff 0/Q 0/P 3 0 R", 1)}),
		same("Type of a form XObject", drawn, objects{81: form("/Type/XObject")}),
		same("page not turned", nil, page("/Rotate 0")),
		same("box of the whole page", nil, page("/CropBox[0 0 595 842]")),
		same("page mode", nil, catalog("/PageMode/UseNone")),
		same("Type of the form", nil, objects{10: "<</Type/AcroForm" + strings.TrimPrefix(signedDoc()[10], "<<")}),
		{name: "page turned", revisions: []objects{page("/Rotate 90")}, want: signature.ChangeForbidden, what: signature.WhatPageContent, detail: "the page was turned: /Rotate: 90 instead of 0"},
		{name: "page cut", revisions: []objects{page("/CropBox[0 0 595 400]")}, want: signature.ChangeForbidden, what: signature.WhatPageContent, detail: "what is shown of the page changed"},
		{name: "language", base: catalog("/Lang(vi-VN)"), revisions: []objects{catalog("/Lang(en)")}, want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: `"en" instead of "vi-VN"`},
		{name: "top of a list that did not change", revisions: []objects{{20: strings.Replace(fieldName, "/P 3 0 R", "/TI 3/P 3 0 R", 1)}}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "border with its value at P2", revisions: []objects{{20: strings.Replace(strings.Replace(fieldName, "/P 3 0 R", "/BS<</W 1>>/P 3 0 R", 1), "(An)", "(Binh)", 1), 21: shows("Binh")}}, sig: sigField{Permission: 2}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "border alone at P2", revisions: []objects{{20: strings.Replace(fieldName, "/P 3 0 R", "/BS<</W 1>>/P 3 0 R", 1)}}, sig: sigField{Permission: 2}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "looks different: /BS"},
		{name: "picture as a value", revisions: []objects{{20: strings.Replace(fieldName, "(An)", "(Binh)", 1), 21: stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]", "q 200 0 0 20 0 0 cm BI/W 1/H 1/BPC 8/CS/G ID x EI Q")}}, want: signature.ChangeUnknown, what: signature.WhatAppearance, detail: "shows a picture"},
		{name: "content written anew", revisions: []objects{{4: stream("", strings.Replace(contentOne, "Tf 72 770 Td", "Tf 72 771 Td", 1))}}, want: signature.ChangeForbidden, what: signature.WhatPageContent, detail: "the words are the same"},
		{name: "top of a list with its value", revisions: []objects{{20: strings.Replace(strings.Replace(fieldName, "/P 3 0 R", "/TI 3/P 3 0 R", 1), "(An)", "(Binh)", 1), 21: shows("Binh")}}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "field renamed", revisions: []objects{{20: strings.Replace(fieldName, "(ten)", "(hoten)", 1)}}, want: signature.ChangeForbidden, what: signature.WhatField, detail: `field "ten" was renamed "hoten"`},
	})
}

// TestFieldTree has fields of a tree with widgets on two pages, and what may
// be done to them.
func TestFieldTree(t *testing.T) {
	tree := objects{
		3:  annots("62 0 R"),
		6:  strings.Replace(signedDoc()[6], "/Resources", "/Annots[63 0 R]/Resources", 1),
		10: strings.Replace(form, "20 0 R]", "20 0 R 60 0 R]", 1),
		60: "<</T(goc)/Kids[61 0 R]>>",
		61: "<</T(con)/FT/Tx/V(An)/Parent 60 0 R/Kids[62 0 R 63 0 R]>>",
		62: "<</Type/Annot/Subtype/Widget/Parent 61 0 R/Rect[300 100 400 120]/P 3 0 R/AP<</N 21 0 R>>>>",
		63: "<</Type/Annot/Subtype/Widget/Parent 61 0 R/Rect[300 100 400 120]/P 6 0 R/AP<</N 21 0 R>>>>",
	}
	gone := objects{6: signedDoc()[6]}
	filled := objects{61: strings.Replace(tree[61], "(An)", "(Binh)", 1), 21: shows("Binh"), 20: strings.Replace(fieldName, "(An)", "(Binh)", 1)}
	flags := func(f string) objects { return objects{62: strings.Replace(tree[62], "/P 3 0 R", "/P 3 0 R/F "+f, 1)} }
	below := objects{3: annots("62 0 R 64 0 R"), 60: "<</T(goc)/Kids[61 0 R 64 0 R]>>",
		64: "<</Type/Annot/Subtype/Widget/FT/Tx/T(them)/Parent 60 0 R/Rect[300 200 400 220]/P 3 0 R>>"}
	locked := sigField{Lock: &fieldLock{Action: "Include", Fields: []string{"goc"}}}
	signed := func(o objects) []objects {
		return []objects{with(further(annots("62 0 R 64 0 R 40 0 R"), "0 0 0 0", objects{10: strings.Replace(tree[10], "60 0 R]", "60 0 R 40 0 R]", 1)}), o)}
	}
	own := with(below, objects{3: annots("62 0 R 64 0 R 40 0 R")})
	runAll(t, []changeCase{
		{name: "one of two widgets deleted at P3", base: tree, revisions: []objects{gone}, sig: sigField{Permission: 3}, want: signature.ChangePermitted, what: signature.WhatAnnotation, detail: "another one shows it"},
		{name: "one of two widgets deleted at P2", base: tree, revisions: []objects{gone}, sig: sigField{Permission: 2}, want: signature.ChangeForbidden, what: signature.WhatAnnotation},
		{name: "one of two widgets deleted", base: tree, revisions: []objects{gone}, want: signature.ChangeForbidden, what: signature.WhatAnnotation, detail: "the signer saw it"},
		{name: "both widgets deleted at P3", base: tree, revisions: []objects{with(gone, objects{3: pageOne})}, sig: sigField{Permission: 3}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "a widget taken out of the field at P3", base: tree, revisions: []objects{with(gone, objects{61: strings.Replace(tree[61], " 63 0 R", "", 1)})}, sig: sigField{Permission: 3}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "widget of another page", base: tree, revisions: []objects{{62: strings.Replace(tree[62], "/P 3 0 R", "/P 6 0 R", 1)}}, want: signature.ChangeForbidden, what: signature.WhatField, detail: "names another page"},
		{name: "child of another field", base: tree, revisions: []objects{{61: strings.Replace(tree[61], "/Parent 60 0 R", "/Parent 20 0 R", 1)}}, want: signature.ChangeForbidden, what: signature.WhatField, detail: "names another parent"},
		{name: "filled and printed at P2", base: tree, revisions: []objects{with(filled, flags("4"))}, sig: sigField{Permission: 2}, want: signature.ChangePermitted, what: signature.WhatFormFill},
		{name: "filled and hidden", base: tree, revisions: []objects{with(filled, flags("2"))}, want: signature.ChangeForbidden, what: signature.WhatField, detail: "/F"},
		{name: "printed at P2", base: tree, revisions: []objects{flags("4")}, sig: sigField{Permission: 2}, want: signature.ChangeForbidden, what: signature.WhatField},
		{name: "field added below a locked one", base: tree, revisions: signed(own), sig: locked, want: signature.ChangeForbidden, what: signature.WhatField, detail: "above it is locked"},
		{name: "check box added before a further signature", base: tree, revisions: signed(with(own, objects{64: strings.Replace(below[64], "/FT/Tx", "/FT/Btn", 1)})), want: signature.ChangeUnknown, what: signature.WhatField, detail: "a button or a list"},
		{name: "field added below one that is not locked", base: tree, revisions: signed(own), want: signature.ChangePermitted, what: signature.WhatNumbering},
	})
}

// TestBitmapNumbers has a number in a font of bitmaps, as TeX has them, which
// is followed glyph by glyph.
func TestBitmapNumbers(t *testing.T) {
	number := func(glyph string) objects {
		return further(strings.Replace(contents("[4 0 R 43 0 R]"), "20 0 R]", "20 0 R 40 0 R]", 1), "0 0 0 0", objects{
			5:  "<</Font<</F1 7 0 R/Bm 44 0 R>>>>",
			43: stream("", "BT /Bm 10 Tf 96 740 Td (32) Tj ET"),
			44: "<</Type/Font/Subtype/Type3/FontMatrix[.1 0 0 .1 0 0]/FontBBox[0 0 6 7]/FirstChar 50/LastChar 51/Widths[6 6]/Encoding<</Differences[50/two/three]>>/CharProcs<</two 45 0 R/three 45 0 R>>>>",
			45: stream("", glyph),
		})
	}
	const bitmap = "6 0 0 0 5 7 d1 q 5 0 0 7 0 0 cm BI/IM true/W 5/H 7/BPC 1 ID 1234567 EI Q"
	runAll(t, []changeCase{
		{name: "in a free place", revisions: []objects{number(bitmap)}, want: signature.ChangePermitted, what: signature.WhatNumbering},
		{name: "that draws over the text beside", revisions: []objects{number("6 0 d0 -20 0 20 7 re f")}, want: signature.ChangeForbidden, what: signature.WhatPageContent, detail: "it lies over the text"},
		{name: "that draws a text", revisions: []objects{number("6 0 d0 BT /F1 1 Tf (9) Tj ET")}, want: signature.ChangeUnknown, what: signature.WhatPageContent},
	})
}

// TestPermissionsReplaced has what happens to certifications and declared
// extensions.
func TestPermissionsReplaced(t *testing.T) {
	catalog := func(more string) objects {
		return objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R" + more + ">>"}
	}
	mdp := "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</P 2>>>>]"
	certifies := with(signOnly, objects{41: sigDict(mdp)})
	level := func(base string, n int) objects {
		return catalog(fmt.Sprintf("/Extensions<</ADBE<</BaseVersion/%s/ExtensionLevel %d>>>>", base, n))
	}
	runAll(t, []changeCase{
		{name: "certification after a signature", revisions: []objects{certifies}, want: signature.ChangePermitted, what: signature.WhatSignature, detail: "level 2), which by ISO 32000-2 12.8.2.2.1 only the first"},
		{name: "certification replaced", base: catalog("/Perms<</DocMDP 12 0 R>>"), revisions: []objects{with(certifies, catalog("/Perms<</DocMDP 41 0 R>>"))}, want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: "took the place of the certification"},
		{name: "certification withdrawn", base: catalog("/Perms<</DocMDP 12 0 R>>"), revisions: []objects{catalog("/Perms<<>>")}, want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: "withdrawn"},
		{name: "extension raised", base: level("1.7", 3), revisions: []objects{level("1.7", 8)}, want: signature.ChangePermitted, what: signature.WhatCatalog},
		{name: "extension lowered", base: level("1.7", 8), revisions: []objects{level("1.7", 3)}, want: signature.ChangeUnknown, what: signature.WhatCatalog, detail: "taken back from 1.7 level 8 to 1.7 level 3"},
		{name: "base version lowered", base: level("2.0", 1), revisions: []objects{level("1.7", 8)}, want: signature.ChangeUnknown, what: signature.WhatCatalog, detail: "taken back"},
	})
}

// TestDrawnAnew has readers told to draw fields by their values: harmless
// where that shows what was shown.
func TestDrawnAnew(t *testing.T) {
	anew := func(da string) objects {
		return objects{10: strings.Replace(form, "/SigFlags 3", "/SigFlags 3/NeedAppearances true/DA("+da+")", 1)}
	}
	base := func(da string, field string) objects {
		return objects{10: strings.Replace(form, "/SigFlags 3", "/SigFlags 3/DA("+da+")", 1), 20: field}
	}
	const black = "/F1 12 Tf 0 g"
	unknown := func(name string, base, now objects) changeCase {
		return changeCase{name: name, base: base, revisions: []objects{now}, want: signature.ChangeUnknown, what: signature.WhatField, detail: `field "ten"`}
	}
	runAll(t, []changeCase{
		{name: "the same value", base: base(black, fieldName), revisions: []objects{anew(black)}, want: signature.ChangePermitted, what: signature.WhatField},
		{name: "the same value at P1", base: base(black, fieldName), revisions: []objects{anew(black)}, sig: sigField{Permission: 1}, want: signature.ChangeForbidden, what: signature.WhatField},
		unknown("another value", base(black, strings.Replace(fieldName, "(An)", "(Binh)", 1)), anew(black)),
		unknown("a value that was not shown", base(black, strings.Replace(fieldName, "/AP<</N 21 0 R>>", "", 1)), anew(black)),
		unknown("in white", base("/F1 12 Tf 1 g", fieldName), anew("/F1 12 Tf 1 g")),
		unknown("in tiny letters", base("/F1 0.1 Tf 0 g", fieldName), anew("/F1 0.1 Tf 0 g")),
		{name: "in white by a widget of its own", base: with(base(black, "<</FT/Tx/T(ten)/V(An)/Kids[22 0 R]>>"), objects{3: strings.Replace(pageOne, "20 0 R", "22 0 R", 1),
			22: "<</Type/Annot/Subtype/Widget/Parent 20 0 R/DA(/F1 12 Tf 1 g)/Rect[72 300 272 320]/P 3 0 R/AP<</N 21 0 R>>>>"}),
			revisions: []objects{anew(black)}, want: signature.ChangeUnknown, what: signature.WhatField, detail: `field "ten"`},
		unknown("with a background", base(black, strings.Replace(fieldName, "/P 3 0 R", "/MK<</BG[1]>>/P 3 0 R", 1)), anew(black)),
	})
}

// srgb returns an ICC display profile of a matrix and three curves.
func srgb(tag, replacement string) string {
	number := func(v float64) string { return string(binary.BigEndian.AppendUint32(nil, uint32(int32(v*65536)))) }
	gamma := "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33"
	tags := map[string]string{"rTRC": gamma, "gTRC": gamma, "bTRC": gamma}
	for name, v := range sRGBPrimaries {
		tags[name] = "XYZ \x00\x00\x00\x00" + number(v[0]) + number(v[1]) + number(v[2])
	}
	if tag != "" {
		tags[tag] = replacement
	}
	head := make([]byte, 128)
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[36:], "acsp")
	table, data := "", ""
	for _, name := range []string{"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC", "A2B0"} {
		if tags[name] == "" {
			continue
		}
		entry := binary.BigEndian.AppendUint32([]byte(name), uint32(128+4+12*7+len(data)))
		table += string(binary.BigEndian.AppendUint32(entry, uint32(len(tags[name]))))
		data += tags[name]
	}
	count := string(binary.BigEndian.AppendUint32(nil, uint32(len(table)/12)))
	return string(head) + count + table + strings.Repeat("\x00", 12*7-len(table)) + data
}

// TestOutputIntents has the colours that a signing program declares for what
// it draws, and others that could make what is written invisible.
func TestOutputIntents(t *testing.T) {
	catalog := "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R%s>>"
	intent := func(profile string) objects {
		return objects{1: fmt.Sprintf(catalog, "/OutputIntents[<</S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile 95 0 R>>]"), 95: stream("/N 3", profile)}
	}
	white := "XYZ \x00\x00\x00\x00" + strings.Repeat("\x00\x00\xff\xff", 3)
	flat := "curv\x00\x00\x00\x00\x00\x00\x00\x02\xff\xff\xff\xff"
	falls := "curv\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\xff\xff\x00\x00"
	bad := func(name string, o objects) changeCase {
		return changeCase{name: name, revisions: []objects{o}, want: signature.ChangeForbidden, what: signature.WhatCatalog, detail: "/OutputIntents"}
	}
	runAll(t, []changeCase{
		{name: "sRGB", revisions: []objects{intent(srgb("", ""))}, want: signature.ChangePermitted, what: signature.WhatCatalog, detail: "sRGB"},
		bad("everything white", intent(srgb("gXYZ", white))),
		bad("flat curve", intent(srgb("gTRC", flat))),
		bad("curve that falls", intent(srgb("gTRC", falls))),
		bad("table of colours", intent(srgb("A2B0", "mft2"))),
		bad("no profile", objects{1: fmt.Sprintf(catalog, "/OutputIntents[<</S/GTS_PDFA1>>]")}),
		bad("rubbish", intent("ICC")),
		{name: "another profile", base: intent(srgb("", "")), revisions: []objects{{95: stream("/N 3", srgb("rTRC", flat))}}, want: signature.ChangeForbidden, what: signature.WhatCatalog},
	})
}

// TestStructurePage has elements whose page is told when an annotation comes
// below them (ISO 32000-2 table 355).
func TestStructurePage(t *testing.T) {
	root := func(document string) objects {
		return objects{
			1:  "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/StructTreeRoot 90 0 R>>",
			90: "<</Type/StructTreeRoot/K 91 0 R/ParentTree<</Nums[0[92 0 R]]>>/ParentTreeNextKey 1>>",
			91: document,
			92: "<</S/P/P 91 0 R/Pg 3 0 R/K 0>>",
		}
	}
	link := objects{3: annots("60 0 R"), 60: "<</Type/Annot/Subtype/Link/Rect[300 100 360 114]/Border[0 0 0]/StructParent 1>>"}
	below := "<</Type/OBJR/Obj 60 0 R>>"
	runAll(t, []changeCase{
		{name: "kids are elements", base: root("<</S/Document/P 90 0 R/K[92 0 R]>>"),
			revisions: []objects{with(link, objects{91: "<</S/Document/P 90 0 R/Pg 3 0 R/K[92 0 R " + below + "]>>"})}, want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "kids tell their page", base: root("<</S/Document/P 90 0 R/K[92 0 R<</Type/MCR/Pg 3 0 R/MCID 1>>]>>"),
			revisions: []objects{with(link, objects{91: "<</S/Document/P 90 0 R/Pg 6 0 R/K[92 0 R<</Type/MCR/Pg 3 0 R/MCID 1>>" + below + "]>>"})}, want: signature.ChangeAnnotated, what: signature.WhatAnnotation},
		{name: "annotation removed, element left", base: with(root("<</S/Document/P 90 0 R/K[92 0 R 93 0 R]>>"), with(link, objects{93: "<</S/Link/P 91 0 R/Pg 3 0 R/K " + below + ">>"})),
			revisions: []objects{{3: pageOne}}, sig: sigField{Permission: 3}, want: signature.ChangePermitted, what: signature.WhatAnnotation, detail: "was removed"},
		{name: "element names another annotation", base: with(root("<</S/Document/P 90 0 R/K[92 0 R 93 0 R]>>"), with(link, objects{93: "<</S/Link/P 91 0 R/Pg 3 0 R/K " + below + ">>"})),
			revisions: []objects{{93: "<</S/Link/P 91 0 R/Pg 3 0 R/K<</Type/OBJR/Obj 20 0 R>>>>"}}, sig: sigField{Permission: 3}, want: signature.ChangeForbidden, what: signature.WhatOther},
		{name: "content goes to another page", base: root("<</S/Document/P 90 0 R/Pg 3 0 R/K[92 0 R 1]>>"),
			revisions: []objects{with(link, objects{91: "<</S/Document/P 90 0 R/Pg 6 0 R/K[92 0 R 1 " + below + "]>>"})}, want: signature.ChangeForbidden, what: signature.WhatOther, detail: "/Pg"},
	})
}

// TestChain cuts the certificates of adbe.x509.rsa_sha1 that were written one
// behind the other.
func TestChain(t *testing.T) {
	one, two := "\x30\x03\x02\x01\x01", "\x30\x03\x02\x01\x02"
	for _, c := range []struct {
		in   string
		want []string
	}{
		{one, []string{one}},
		{one + two, []string{one, two}},
		{one + "rest", []string{one + "rest"}},
		{"", nil},
	} {
		var got []string
		for _, der := range chain([]byte(c.in)) {
			got = append(got, string(der))
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("chain(%q) is %q, want %q", c.in, got, c.want)
		}
	}
}

// TestLegible reads default appearances.
func TestLegible(t *testing.T) {
	for da, want := range map[string]bool{
		"/Helv 0 Tf 0 g": true, "0 0 0 rg /F1 12 Tf": true, "/F1 12 Tf": true, "": true,
		"/F1 12 Tf 1 g": false, "/F1 12 Tf 0.9 0.9 0.9 rg": false, "/F1 1 Tf 0 g": false, "/F1 12 Tf /Cs cs": false, "0 Tr": false,
	} {
		if got := legible(da); got != want {
			t.Errorf("legible(%q) is %v", da, got)
		}
	}
}
