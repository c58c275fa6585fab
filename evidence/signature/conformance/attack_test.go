package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"minhchung/evidence/signature"
)

// attack is a case of an update that changes what the signed document shows.
func attack(family, name, what string, before func(*file), edit func(*seal), then func(s *setup, f *file)) testCase {
	return testCase{family: family, name: name, result: altered, changes: forbidden, what: what, signatures: -1,
		status: failed + "FORMAT_FAILURE", reasons: []string{"altered"},
		make: func(s *setup) *file {
			f := signed(s, before, edit)
			then(s, f)
			return f
		}}
}

// uncertain is a change that is neither permitted nor surely an attack.
func uncertain(c testCase) testCase {
	c.result, c.changes, c.status, c.reasons = altered, unclear, doubt+"SIG_CONSTRAINTS_FAILURE", []string{"change-unclear"}
	return c
}

// objects is an update of objects as they are.
func objects(bodies ...any) func(*setup, *file) {
	return func(s *setup, f *file) {
		for i := 0; i < len(bodies); i += 2 {
			f.put(bodies[i].(int), bodies[i+1].(string))
		}
		f.commit()
	}
}

const (
	evilText = "BT /F1 12 Tf 72 740 Td (So: 99 /BC-UBND) Tj 0 -30 Td (Tong so 9.999 van ban) Tj ET"
	// shadowPaint hides the page below a white sheet with another text.
	shadowPaint = "1 g 0 0 595 842 re f 0 g BT /F1 12 Tf 72 700 Td (Noi dung khac) Tj ET"
)

// shadowed is a document whose first page ends with the overlay 50.
func shadowed(f *file) {
	f.put(4, stream("", firstPage+"\nq /Im Do Q"))
	f.put(5, "<</Font<</F1 7 0 R>>/XObject<</Im 50 0 R>>>>")
	f.put(50, stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 7 0 R>>>>", shadowPaint))
}

// hidden is a document with a second content that nothing shows.
func hidden(f *file) {
	f.put(80, "<</Type/Catalog/Pages 81 0 R/AcroForm 10 0 R>>")
	f.put(81, "<</Type/Pages/Kids[82 0 R]/Count 1>>")
	f.put(82, "<</Type/Page/Parent 81 0 R/MediaBox[0 0 595 842]/Contents 83 0 R/Resources 5 0 R>>")
	f.put(83, stream("", evilText))
}

func (f *file) offset(num int) int {
	return bytes.LastIndex(f.Bytes(), fmt.Appendf(nil, "\n%d 0 obj\n", num)) + 1
}

// entry writes a revision of nothing but cross-reference entries: number and
// the place of another object.
func (f *file) entry(num, offset int) {
	f.Entry(num, offset)
	f.section()
}

func attackCases() []testCase {
	shadow := func(name, what string, before func(*file), then func(*setup, *file)) testCase {
		return attack("shadow", name, what, before, nil, then)
	}
	override := func(name, what string, then func(*setup, *file)) testCase {
		return attack("object override", name, what, nil, nil, then)
	}
	font := "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"
	list := []testCase{
		shadow("hide: overlay emptied", signature.WhatResource, shadowed, objects(50, stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", ""))),
		shadow("hide: overlay becomes another type", signature.WhatResource, shadowed, objects(50, "<</Type/Catalog>>")),
		shadow("hide: overlay freed", signature.WhatResource, shadowed, func(s *setup, f *file) { f.Free(50); f.section() }),
		shadow("hide: overlay as a shared field", signature.WhatResource, shadowed, func(s *setup, f *file) {
			f.fields = append(f.fields, 50)
			f.put(50, "<</FT/Tx/T(x)/V(y)>>")
			f.touch(10)
			f.commit()
		}),
		shadow("replace: font", signature.WhatResource, nil, objects(7, font)),
		shadow("replace: appearance of a field", signature.WhatAppearance, nil, objects(21, appearance(showText("9.999")))),
		shadow("hide and replace: another catalogue", "", hidden, func(s *setup, f *file) {
			f.trailer = strings.Replace(f.trailer, "1 0 R", "80 0 R", 1)
			f.section()
		}),
		shadow("hide and replace: pages by an entry", "", hidden, func(s *setup, f *file) { f.entry(2, f.offset(81)) }),
		shadow("hide and replace: page by an entry", signature.WhatPageContent, func(f *file) {
			f.put(83, stream("", evilText))
		}, func(s *setup, f *file) {
			// The entry of the content names an object of another number.
			f.put(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 83 0 R/Resources 5 0 R/Annots"+refs(f.annots)+">>")
			f.commit()
		}),
		override("page content", signature.WhatPageContent, objects(4, stream("", evilText))),
		override("page", signature.WhatPageContent, func(s *setup, f *file) { f.contents = "8 0 R"; f.touch(3); f.commit() }),
		override("page added", signature.WhatPageAdded, func(s *setup, f *file) {
			f.kids = "[3 0 R 6 0 R 6 0 R]/Count 3"
			f.touch(2)
			f.commit()
		}),
		override("page removed", signature.WhatPageAdded, func(s *setup, f *file) { f.kids = "[3 0 R]/Count 1"; f.touch(2); f.commit() }),
		override("page box", signature.WhatPageContent, func(s *setup, f *file) { f.page = "/CropBox[0 0 595 100]"; f.touch(3); f.commit() }),
		override("resources", signature.WhatResource, objects(5, "<</Font<</F1 8 0 R>>>>")),
		override("open action", signature.WhatCatalog, func(s *setup, f *file) {
			f.catalog += "/OpenAction<</S/JavaScript/JS(app.alert)>>"
			f.touch(1)
			f.commit()
		}),
		override("content in an object stream with a stream section", signature.WhatPageContent, func(s *setup, f *file) {
			f.style = "packed"
			f.contents = "8 0 R"
			f.touch(3)
			f.commit()
		}),
		override("page in a hybrid section", signature.WhatPageContent, func(s *setup, f *file) {
			f.style = "hybrid"
			f.contents = "8 0 R"
			f.touch(3)
			f.commit()
		}),
		override("content freed", signature.WhatPageContent, func(s *setup, f *file) { f.Free(4); f.section() }),
		override("form removed", signature.WhatField, objects(1, "<</Type/Catalog/Pages 2 0 R>>")),
		override("signature's widget shows another name", signature.WhatAppearance, func(s *setup, f *file) {}),
	}
	// The last one needs a visible signature.
	list[len(list)-1].make = func(s *setup) *file {
		f := signed(s, nil, func(sig *seal) { sig.rect, sig.draw = freePlace, showText("Nguyen Van Thu") })
		f.put(101, appearance(showText("Chu tich UBND")))
		return f.commit()
	}
	return slices.Concat(list, trickCases(), certificationAttacks(), incrementalCases())
}

// trickCases has cross-reference data that readers understand differently.
func trickCases() []testCase {
	trick := func(name string, result signature.Result, before func(*file), then func(*setup, *file)) testCase {
		return testCase{family: "object override", name: name, result: result, signatures: -1, make: func(s *setup) *file {
			f := signed(s, before, nil)
			then(s, f)
			return f
		}}
	}
	section := func(f *file, rows string) {
		at := f.Len()
		f.Raw(fmt.Sprintf("xref\n%strailer\n<</Size %d/Prev %d%s>>\nstartxref\n%d\n%%%%EOF\n", rows, f.Size(), f.Prev(), f.trailer, at))
	}
	evil := func(f *file, header string) int {
		at := f.Len()
		f.Raw(header + "\n" + stream("", evilText) + "\nendobj\n")
		return at
	}
	return []testCase{
		trick("content of generation 1", altered, nil, func(s *setup, f *file) {
			at := evil(f, "4 1 obj")
			section(f, fmt.Sprintf("4 1\n%010d 00001 n \n", at))
		}),
		trick("content of generation 65535", altered, nil, func(s *setup, f *file) {
			at := evil(f, "4 65535 obj")
			section(f, fmt.Sprintf("4 1\n%010d 65535 n \n", at))
		}),
		trick("entry of one number, object of another", altered, nil, func(s *setup, f *file) {
			at := evil(f, "77 0 obj")
			section(f, fmt.Sprintf("4 1\n%010d 00000 n \n", at))
		}),
		trick("the same number twice in a section", altered, nil, func(s *setup, f *file) {
			old := f.offset(4)
			at := evil(f, "4 0 obj")
			section(f, fmt.Sprintf("4 1\n%010d 00000 n \n4 1\n%010d 00000 n \n", old, at))
		}),
		trick("the same object twice in a revision", altered, nil, func(s *setup, f *file) {
			at := evil(f, "4 0 obj")
			evil(f, "4 0 obj")
			section(f, fmt.Sprintf("4 1\n%010d 00000 n \n", at))
		}),
		trick("freed and in use at once", altered, nil, func(s *setup, f *file) {
			at := evil(f, "4 0 obj")
			section(f, fmt.Sprintf("4 1\n0000000000 00001 f \n4 1\n%010d 00000 n \n", at))
		}),
		trick("evil object behind a free entry", altered, nil, func(s *setup, f *file) {
			evil(f, "4 0 obj")
			section(f, "4 1\n0000000000 00001 f \n")
		}),
		trick("hybrid: table and stream disagree", altered, nil, func(s *setup, f *file) {
			// The stream is for readers of PDF 1.5: it names the page once more.
			f.ObjectStream(f.next+1, 3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 8 0 R/Resources 5 0 R>>")
			f.Hybrid(f.next+2, f.trailer)
		}),
		trick("startxref to a comment", altered, nil, func(s *setup, f *file) {
			f.Raw(fmt.Sprintf("%%evil\nstartxref\n%d\n%%%%EOF\n", f.Len()))
		}),
		// No reader shows a signature then, and neither do we.
		trick("Prev leaves out the signature's revision", signature.ResultUnsigned, nil, func(s *setup, f *file) {
			data := f.Bytes()
			first := bytes.Index(data, []byte("\nxref\n")) + 1
			at := f.Len()
			f.Raw(fmt.Sprintf("xref\n1 1\n%010d 00000 n \ntrailer\n<</Size %d/Prev %d%s>>\nstartxref\n%d\n%%%%EOF\n",
				bytes.LastIndex(data, []byte("\n1 0 obj"))+1, f.Size(), first, f.trailer, at))
		}),
		trick("comment that ends a line early", altered, nil, func(s *setup, f *file) {
			at := f.Len()
			f.Raw("4 0 obj % x\r<</Length 10>> % stream\nstream\nBT (e) Tj ET\nendstream\nendobj\n")
			section(f, fmt.Sprintf("4 1\n%010d 00000 n \n", at))
		}),
		trick("object streams that name one object twice", altered, nil, func(s *setup, f *file) {
			f.style = "packed"
			f.ObjectStream(f.next+1, 3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", 3, "<</Type/Page/Parent 2 0 R/Contents 8 0 R>>")
			f.XRefStream(f.next+2, f.trailer)
		}),
	}
}

// certificationAttacks are those of 2021 (evil annotation, sneaky signature)
// and their relatives.
func certificationAttacks() []testCase {
	certify := func(name string, p int, what string, then func(*setup, *file)) testCase {
		return attack("certification", fmt.Sprintf("P%d, %s", p, name), what, permissions, certified(p), then)
	}
	over := func(subtype string) func(*setup, *file) {
		return func(s *setup, f *file) {
			ap := f.add(appearance("1 1 1 rg 0 0 200 20 re f BT 0 g /F1 9 Tf 2 5 Td (Tong so 9.999) Tj ET"))
			n := f.add(fmt.Sprintf("<</Type/Annot/Subtype/%s/Rect[%s]/P 3 0 R/AP<</N %d 0 R>>>>", subtype, textPlace, ap))
			f.annots = append(f.annots, n)
			f.touch(3)
			f.commit()
		}
	}
	sneaky := func(s *setup, f *file) {
		sig := by(s.world, s.organisation)
		sig.rect, sig.draw = textPlace, "1 1 1 rg 0 0 200 20 re f "+showText("9.999")
		f.sign(sig)
	}
	fillIn := func(s *setup, f *file) { f.fillIn("Binh"); f.commit() }
	locked := func(name, extra, more string) testCase {
		return attack("certification", name, signature.WhatFormFill, nil, func(s *seal) { s.extra, s.fieldMore = extra, more }, fillIn)
	}
	return []testCase{
		certify("evil annotation FreeText", 3, signature.WhatAnnotation, over("FreeText")),
		certify("evil annotation Stamp", 3, signature.WhatAnnotation, over("Stamp")),
		certify("evil annotation Square", 3, signature.WhatAnnotation, over("Square")),
		certify("sneaky signature", 2, signature.WhatAppearance, sneaky),
		certify("sneaky signature", 3, signature.WhatAppearance, sneaky),
		certify("annotation", 2, signature.WhatAnnotation, func(s *setup, f *file) { f.note(freePlace, "x"); f.commit() }),
		certify("annotation", 1, signature.WhatAnnotation, func(s *setup, f *file) { f.note(freePlace, "x"); f.commit() }),
		certify("form filled in", 1, signature.WhatFormFill, fillIn),
		certify("further signature", 1, signature.WhatSignature, func(s *setup, f *file) { f.sign(by(s.world, s.organisation)) }),
		certify("number between signatures", 2, "", func(s *setup, f *file) {
			f.note(numberPlace, "32")
			f.sign(by(s.world, s.organisation))
		}),
		certify("page content", 3, signature.WhatPageContent, objects(4, stream("", evilText))),
		certify("certification taken back", 1, "", func(s *setup, f *file) {
			f.catalog = ""
			f.touch(1)
			f.fillIn("Binh")
			f.commit()
		}),
		locked("FieldMDP locks all", "/Reference[<</Type/SigRef/TransformMethod/FieldMDP/TransformParams<</Type/TransformParams/V/1.2/Action/All>>>>]", ""),
		locked("FieldMDP locks the field", "/Reference[<</Type/SigRef/TransformMethod/FieldMDP/TransformParams<</Type/TransformParams/V/1.2/Action/Include/Fields[(ten)]>>>>]", ""),
		locked("lock of the signature field", "", "/Lock<</Type/SigFieldLock/Action/All>>"),
		locked("lock with level 1", "", "/Lock<</Type/SigFieldLock/Action/Include/Fields[(khac)]/P 1>>"),
		attack("annotation", "over text without certification", signature.WhatAnnotation, nil, nil, over("FreeText")),
		uncertain(attack("annotation", "large one in a free place before a signature", "", nil, nil, func(s *setup, f *file) {
			f.note("60 350 540 560", "x")
			f.sign(by(s.world, s.organisation))
		})),
		attack("annotation", "seal over text", signature.WhatAppearance, nil, nil, sneaky),
		attack("annotation", "number over text", signature.WhatPageContent, nil, nil, func(s *setup, f *file) {
			f.contents = fmt.Sprintf("[4 0 R %d 0 R]", f.add(stream("", "BT /F1 12 Tf 120 650 Td (9.999) Tj ET")))
			f.sign(by(s.world, s.organisation))
		}),
		attack("appearance", "belies the value", signature.WhatAppearance, nil, nil, func(s *setup, f *file) {
			f.put(20, strings.Replace(textField, "(An)", "(Binh)", 1))
			f.put(21, appearance(showText("Cuong")))
			f.commit()
		}),
	}
}

// incrementalCases are incremental saving attacks (ISA) in all variants, with
// and without the parts that a reader expects.
func incrementalCases() []testCase {
	isaAs := func(result signature.Result, name string, write func(s *setup, f *file)) testCase {
		return testCase{family: "incremental saving", name: name, result: result, signatures: -1, make: func(s *setup) *file {
			f := signed(s, nil, nil)
			write(s, f)
			return f
		}}
	}
	isa := func(name string, write func(s *setup, f *file)) testCase { return isaAs(altered, name, write) }
	body := "4 0 obj\n" + stream("", evilText) + "\nendobj\n"
	return []testCase{
		isa("body only", func(s *setup, f *file) { f.Raw(body) }),
		isa("body and end", func(s *setup, f *file) { f.Raw(body + "%%EOF\n") }),
		isa("body, startxref to the old section", func(s *setup, f *file) {
			f.Raw(fmt.Sprintf("%sstartxref\n%d\n%%%%EOF\n", body, f.Prev()))
		}),
		isa("body and trailer, no section", func(s *setup, f *file) {
			f.Raw(fmt.Sprintf("%strailer\n<</Size %d/Root 1 0 R/Prev %d>>\n%%%%EOF\n", body, f.Size(), f.Prev()))
		}),
		isa("body and section, no trailer", func(s *setup, f *file) {
			at := f.Len()
			f.Raw(fmt.Sprintf("%sxref\n4 1\n%010d 00000 n \nstartxref\n%d\n%%%%EOF\n", body, at, at+len(body)))
		}),
		isa("trailer only", func(s *setup, f *file) {
			f.Raw(fmt.Sprintf("trailer\n<</Size %d/Root 80 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", f.Size(), f.Prev(), f.Prev()))
		}),
		isa("body with a copy of the signature", func(s *setup, f *file) {
			f.put(4, stream("", evilText))
			data := f.Bytes()
			at := bytes.LastIndex(data, []byte("<</Type/Sig"))
			f.put(100, string(data[at:at+bytes.Index(data[at:], []byte("\nendobj"))]))
			f.commit()
		}),
		isa("rubbish", func(s *setup, f *file) { f.Raw("rubbish") }),
		isa("zero bytes", func(s *setup, f *file) { f.Raw(strings.Repeat("\x00", 64) + "x") }),
		isa("comment", func(s *setup, f *file) { f.Raw("% a comment\n") }),
		// Its startxref counts from its own beginning.
		isaAs(signature.ResultUnreadable, "a second file behind", func(s *setup, f *file) { f.Raw(string(newFile().commit().Bytes())) }),
	}
}
