package conformance

import (
	"crypto"
	"fmt"
	"strings"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	st "minhchung/evidence/signature/signaturetest"
)

// signed returns a file with the person's signature; change may alter the
// document, edit the signature.
func signed(s *setup, change func(*file), edit func(*seal)) *file {
	f := newFile()
	if change != nil {
		change(f)
	}
	f.commit()
	sig := by(s.world, s.person)
	if edit != nil {
		edit(&sig)
	}
	f.sign(sig)
	return f
}

// ok is a case that passes entirely.
func ok(name string, signatures int, changes signature.ChangeClass, what string, build func(s *setup) *file) testCase {
	return testCase{family: "honest", name: name, make: build, result: intact, changes: changes, what: what,
		status: passed, signatures: signatures}
}

// message is a case of one signature whose message is special.
func message(name string, edit func(s *setup, m *st.Message)) testCase {
	return ok(name, 1, none, "", func(s *setup) *file {
		return signed(s, nil, func(sig *seal) { edit(s, &sig.msg) })
	})
}

// after is a case of something that follows the person's signature.
func after(name string, signatures int, changes signature.ChangeClass, what string, edit func(*seal), then func(s *setup, f *file)) testCase {
	return ok(name, signatures, changes, what, func(s *setup) *file {
		f := signed(s, nil, edit)
		then(s, f)
		return f
	})
}

// certified makes a signature a certification of level p (ISO 32000-2
// 12.8.2.2).
func certified(p int) func(*seal) {
	return func(s *seal) {
		s.extra = fmt.Sprintf("/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P %d/V/1.2>>>>]", p)
	}
}

// permissions makes the catalogue name the certification, object 100.
func permissions(f *file) { f.catalog += "/Perms<</DocMDP 100 0 R>>" }

// signedAs is signed with a certification of level p.
func signedAs(s *setup, p int) *file { return signed(s, permissions, certified(p)) }

func (f *file) note(rect, text string) {
	ap := f.add(appearance("1 1 1 rg 0 0 200 20 re f BT 0 g /F1 12 Tf 2 3 Td (" + text + ") Tj ET"))
	n := f.add(fmt.Sprintf("<</Type/Annot/Subtype/FreeText/Rect[%s]/P 3 0 R/Contents(%s)/DA(/F1 12 Tf)/AP<</N %d 0 R>>>>", rect, text, ap))
	f.annots = append(f.annots, n)
	f.touch(3)
}

// dss adds a document security store.
func (f *file) dss(certs, crls, ocsps [][]byte) {
	refsOf := func(list [][]byte) string {
		var nums []int
		for _, der := range list {
			nums = append(nums, f.add(stream("", string(der))))
		}
		return refs(nums)
	}
	f.catalog = strings.Split(f.catalog, "/DSS")[0]
	n := f.add("<</Type/DSS/Certs" + refsOf(certs) + "/CRLs" + refsOf(crls) + "/OCSPs" + refsOf(ocsps) + ">>")
	f.catalog += fmt.Sprintf("/DSS %d 0 R", n)
	f.touch(1)
	f.commit()
}

// documentStamp adds a document time stamp of the TSA.
func (f *file) documentStamp(s *setup, gen time.Time) {
	f.sign(seal{token: func(covered []byte) []byte { return st.Token(s.tsa, covered, gen, nil) }})
}

func (f *file) fillIn(value string) {
	f.put(20, strings.Replace(textField, "(An)", "("+value+")", 1))
	f.put(21, appearance(showText(value)))
}

// ofStyle returns two signatures in a file with one kind of cross-reference
// data.
func ofStyle(style string) testCase {
	return ok("cross-reference "+style, 2, permitted, signature.WhatSignature, func(s *setup) *file {
		f := signed(s, func(f *file) { f.style = style }, nil)
		f.sign(by(s.world, s.organisation))
		return f
	})
}

func honestCases() []testCase {
	second := func(s *setup, f *file) { f.sign(by(s.world, s.organisation)) }
	numbered := func(name string, write func(f *file)) testCase {
		return after("numbering, "+name, 2, permitted, signature.WhatNumbering, nil, func(s *setup, f *file) {
			write(f)
			second(s, f)
		})
	}
	list := []testCase{
		ok("one signature", 1, none, "", func(s *setup) *file { return signed(s, nil, nil) }),
		after("person and organisation", 2, permitted, signature.WhatSignature, nil, second),
		after("visible seal in a free place", 2, permitted, signature.WhatSignature, nil, func(s *setup, f *file) {
			sig := by(s.world, s.organisation)
			sig.rect, sig.draw = freePlace, "1 0 0 RG 1 1 198 18 re S "+showText("Da ky")
			f.sign(sig)
		}),
		after("three with an arrival stamp", 3, permitted, signature.WhatSignature, nil, func(s *setup, f *file) {
			f.note(numberPlace, "32")
			second(s, f)
			sig := by(s.world, s.receiver)
			sig.rect, sig.draw = "300 40 500 60", showText("DEN ngay 03/04")
			f.sign(sig)
		}),
		numbered("annotation", func(f *file) { f.note(numberPlace, "32") }),
		numbered("annotation in a revision of its own", func(f *file) { f.note(numberPlace, "32"); f.commit() }),
		numbered("text widget", func(f *file) {
			ap := f.add(appearance(showText("32")))
			n := f.add(fmt.Sprintf("<</Type/Annot/Subtype/Widget/FT/Tx/T(so)/V(32)/Rect[%s]/P 3 0 R/AP<</N %d 0 R>>>>", numberPlace, ap))
			f.fields, f.annots = append(f.fields, n), append(f.annots, n)
		}),
		numbered("appended content stream", func(f *file) { f.contents = fmt.Sprintf("[4 0 R %d 0 R]", f.add(stream("", number))) }),
		numbered("rewritten stream", func(f *file) { f.put(4, stream("", firstPage+"\n"+number)) }),
		after("form filled in", 1, permitted, signature.WhatFormFill, nil, func(s *setup, f *file) { f.fillIn("Binh"); f.commit() }),
		after("metadata", 1, permitted, signature.WhatMetadata, nil, func(s *setup, f *file) { f.put(30, "<</Producer(two)>>"); f.commit() }),
		after("white space behind the end", 1, none, "", nil, func(s *setup, f *file) { f.Raw("\r\n \n") }),
		after("comment of its own", 1, annotated, signature.WhatAnnotation, nil, func(s *setup, f *file) { f.note(freePlace, "xem"); f.commit() }),
		after("catalogue moves", 2, permitted, signature.WhatSignature, nil, func(s *setup, f *file) {
			f.put(90, f.body(1))
			f.trailer = strings.Replace(f.trailer, "1 0 R", "90 0 R", 1)
			second(s, f)
		}),
		uncertain(after("field without a further signature", 1, permitted, signature.WhatField, nil, func(s *setup, f *file) {
			n := f.add("<</Type/Annot/Subtype/Widget/FT/Sig/T(rong)/Rect[0 0 0 0]/P 3 0 R>>")
			f.fields, f.annots = append(f.fields, n), append(f.annots, n)
			f.touch(3, 10)
			f.commit()
		})),
		after("validation data", 1, permitted, signature.WhatValidation, nil, func(s *setup, f *file) {
			f.dss([][]byte{s.ca.DER}, s.material.CRLs, nil)
			s.material.CRLs, s.material.Intermediates = nil, nil
		}),
		after("OCSP answer in the store", 1, permitted, signature.WhatValidation, nil, func(s *setup, f *file) {
			answer := st.OCSP(s.ca, s.responder, s.person, epoch.Add(-time.Hour), epoch.Add(9*day), time.Time{})
			f.dss([][]byte{s.ca.DER, s.responder.DER}, nil, [][]byte{answer})
			s.material.CRLs = nil
		}),
		after("document time stamp", 2, permitted, signature.WhatTimestamp, nil, func(s *setup, f *file) { f.documentStamp(s, epoch.Add(time.Hour)) }),
		after("archive chain", 3, permitted, signature.WhatTimestamp, nil, func(s *setup, f *file) {
			f.dss([][]byte{s.ca.DER}, s.material.CRLs, nil)
			f.documentStamp(s, epoch.Add(time.Hour))
			f.dss([][]byte{s.ca.DER, s.tsaRoot.DER}, s.material.CRLs, nil)
			f.documentStamp(s, epoch.Add(2*time.Hour))
		}),
		ok("expired later, document time stamp before", 2, permitted, "", func(s *setup) *file {
			f := signed(s, nil, func(sig *seal) { *sig = by(s.world, s.short) })
			f.dss([][]byte{s.ca.DER}, [][]byte{s.ca.CRL(epoch, epoch.Add(30*day))}, nil)
			f.documentStamp(s, epoch.Add(day))
			s.later(200 * day)
			return f
		}),
	}
	list = append(list, certificationCases()...)
	list = append(list, shapeCases()...)
	return append(list, messageCases()...)
}

// certificationCases has what DocMDP and FieldMDP allow (12.8.2.2, 12.8.2.4).
func certificationCases() []testCase {
	certify := func(name string, p, signatures int, what string, then func(s *setup, f *file)) testCase {
		return ok(fmt.Sprintf("P%d, %s", p, name), signatures, permitted, what, func(s *setup) *file {
			f := signedAs(s, p)
			then(s, f)
			return f
		})
	}
	fieldMDP := func(action string) func(*seal) {
		return func(s *seal) {
			s.extra = "/Reference[<</Type/SigRef/TransformMethod/FieldMDP/TransformParams<</Type/TransformParams/V/1.2/Action/" + action + ">>>>]"
		}
	}
	fillIn := func(s *setup, f *file) { f.fillIn("Binh"); f.commit() }
	return []testCase{
		ok("P1, nothing after", 1, none, "", func(s *setup) *file { return signedAs(s, 1) }),
		certify("validation data", 1, 1, signature.WhatValidation, func(s *setup, f *file) { f.dss([][]byte{s.ca.DER}, nil, nil) }),
		certify("document time stamp", 1, 2, signature.WhatTimestamp, func(s *setup, f *file) { f.documentStamp(s, epoch.Add(time.Hour)) }),
		certify("form filled in and signed", 2, 2, signature.WhatFormFill, func(s *setup, f *file) {
			f.fillIn("Binh")
			f.sign(by(s.world, s.organisation))
		}),
		certify("comment", 3, 1, signature.WhatAnnotation, func(s *setup, f *file) { f.note(freePlace, "xem"); f.commit() }),
		after("FieldMDP of another field", 1, permitted, signature.WhatFormFill, fieldMDP("Include/Fields[(khac)]"), fillIn),
		after("FieldMDP excludes the field", 1, permitted, signature.WhatFormFill, fieldMDP("Exclude/Fields[(ten)]"), fillIn),
		after("lock of another field", 1, permitted, signature.WhatFormFill,
			func(s *seal) { s.fieldMore = "/Lock<</Type/SigFieldLock/Action/Include/Fields[(khac)]>>" }, fillIn),
	}
}

// shapeCases has the ways in which files and fields may be written.
func shapeCases() []testCase {
	single := func(name string, change func(*file), edit func(*seal)) testCase {
		return ok(name, 1, none, "", func(s *setup) *file { return signed(s, change, edit) })
	}
	return []testCase{
		ofStyle("stream"), ofStyle("packed"), ofStyle("hybrid"),
		single("Contents before ByteRange", nil, func(s *seal) { s.late = true }),
		single("adbe.pkcs7.detached", nil, func(s *seal) { s.subFilter = "adbe.pkcs7.detached" }),
		single("no padding to speak of", nil, func(s *seal) { s.room = 2700 }),
		single("encrypted with the empty password", func(f *file) { f.encrypt("") }, nil),
		ok("encrypted with the room for Contents", 1, none, "", func(s *setup) *file {
			return signed(s, func(f *file) { f.encrypt("").encryptRoom("") }, nil)
		}),
		ok("encrypted and signed twice", 2, permitted, signature.WhatSignature, func(s *setup) *file {
			f := signed(s, func(f *file) { f.encrypt("") }, nil)
			f.sign(by(s.world, s.organisation))
			return f
		}),
		ok("field apart from two widgets, type inherited", 1, none, "", func(s *setup) *file {
			f := newFile()
			f.put(60, "<</T(nhom)/FT/Sig/Kids[61 0 R]>>")
			f.put(61, "<</T(ky)/Parent 60 0 R/V 64 0 R/Kids[62 0 R 63 0 R]>>")
			f.put(62, "<</Type/Annot/Subtype/Widget/Parent 61 0 R/Rect[0 0 0 0]/P 3 0 R>>")
			f.put(63, "<</Type/Annot/Subtype/Widget/Parent 61 0 R/Rect[0 0 0 0]/P 6 0 R>>")
			f.fields = append(f.fields, 60)
			f.annots = append(f.annots, 62)
			sig := by(s.world, s.person)
			sig.subFilter, sig.room = "ETSI.CAdES.detached", 6000
			f.put(64, sig.dict())
			f.commit()
			return f.reset(fill(f.Bytes(), sig.signer()))
		}),
		{family: "honest", name: "unsigned", result: signature.ResultUnsigned, signatures: -1,
			make: func(s *setup) *file { return newFile().commit() }},
		{family: "honest", name: "an empty signature field", result: signature.ResultUnsigned, signatures: -1, make: func(s *setup) *file {
			f := newFile()
			n := f.add("<</Type/Annot/Subtype/Widget/FT/Sig/T(rong)/Rect[0 0 0 0]/P 3 0 R>>")
			f.fields, f.annots = append(f.fields, n), append(f.annots, n)
			return f.commit()
		}},
		{family: "honest", name: "needs a password", result: signature.ResultEncrypted, signatures: -1, make: func(s *setup) *file {
			return signed(s, func(f *file) { f.encrypt("mat khau") }, nil)
		}},
	}
}

// messageCases has the algorithms and encodings of CMS.
func messageCases() []testCase {
	with := func(hash crypto.Hash, who func(w *world) *st.Authority) func(*setup, *st.Message) {
		return func(s *setup, m *st.Message) {
			m.Hash = hash
			if who != nil {
				m.Signer = who(s.world)
				m.Certificates[0] = m.Signer.DER
			}
		}
	}
	list := []testCase{
		message("leaf only, the CA is ours", func(s *setup, m *st.Message) { m.Certificates = nil }),
		message("signer by key identifier", func(s *setup, m *st.Message) { m.ByKeyID = true }),
		message("BER with indefinite lengths", func(s *setup, m *st.Message) { m.Indefinite = true }),
		message("PSS SHA-256", func(s *setup, m *st.Message) { m.PSS = true }),
		message("PSS SHA-512", func(s *setup, m *st.Message) { m.PSS, m.Hash = true, crypto.SHA512 }),
		message("SHA-384", with(crypto.SHA384, nil)),
		message("SHA-512", with(crypto.SHA512, nil)),
		message("SHA3-256", with(crypto.SHA3_256, nil)),
		message("P-256", with(crypto.SHA256, func(w *world) *st.Authority { return w.p256 })),
		message("P-256 with SHA3-256", with(crypto.SHA3_256, func(w *world) *st.Authority { return w.p256 })),
		message("P-384", with(crypto.SHA384, func(w *world) *st.Authority { return w.p384 })),
		message("P-521", with(crypto.SHA512, func(w *world) *st.Authority { return w.p521 })),
		message("Ed25519", with(crypto.SHA512, func(w *world) *st.Authority { return w.ed25519 })),
		message("ESS version 1", func(s *setup, m *st.Message) { m.ESSv1 = true }),
		message("no ESS", func(s *setup, m *st.Message) { m.NoESS = true }),
		message("no signed attributes", func(s *setup, m *st.Message) { m.NoAttrs = true }),
		message("no claimed time", func(s *setup, m *st.Message) { m.SigningTime = time.Time{} }),
		message("local time marked as UTC", func(s *setup, m *st.Message) { m.SigningTime = s.at.Add(7*time.Hour - time.Minute) }),
		message("time stamp", func(s *setup, m *st.Message) { m.Stamp = stamped(s.tsa, epoch.Add(time.Minute), nil) }),
		message("CRL in the message", func(s *setup, m *st.Message) { m.CRLs, s.material.CRLs = s.material.CRLs, nil }),
		message("CRL in the Adobe attribute", func(s *setup, m *st.Message) { m.Adobe, s.material.CRLs = s.material.CRLs, nil }),
		after("leaf only, the CA in the store", 1, permitted, signature.WhatValidation,
			func(s *seal) { s.msg.Certificates = nil },
			func(s *setup, f *file) {
				f.dss([][]byte{s.ca.DER}, nil, nil)
				s.material.Intermediates = nil
			}),
		ok("adbe.pkcs7.sha1", 1, none, "", func(s *setup) *file {
			return signed(s, nil, func(sig *seal) { sig.subFilter = "adbe.pkcs7.sha1" })
		}),
		ok("adbe.x509.rsa_sha1", 1, none, "", func(s *setup) *file {
			return signed(s, nil, func(sig *seal) {
				sig.subFilter = "adbe.x509.rsa_sha1"
				sig.extra = fmt.Sprintf("/Cert[<%x><%x>]/M(D:20240601160000+07'00')", s.person.DER, s.ca.DER)
				sig.raw = func(covered []byte) []byte { return bareSignature(s.person, crypto.SHA1, "SHA-1", covered) }
			})
		}),
	}
	weak := func(name string, edit func(s *seal)) testCase {
		return testCase{family: "honest", name: name, result: intact, changes: none, status: doubt + "CRYPTO_CONSTRAINTS_FAILURE",
			reasons: []string{"algorithm"}, make: func(s *setup) *file { return signed(s, nil, edit) }}
	}
	for i := range list {
		switch list[i].name {
		case "adbe.pkcs7.sha1", "adbe.x509.rsa_sha1": // SHA-1 in 2024
			list[i].status, list[i].reasons = doubt+"CRYPTO_CONSTRAINTS_FAILURE", []string{"algorithm"}
		}
	}
	unsorted := message("attributes out of order", func(s *setup, m *st.Message) { m.Unsorted = true })
	sorted := message("attributes out of order, signed in order", func(s *setup, m *st.Message) { m.Unsorted, m.SignSorted = true, true })
	unsorted.reasons, sorted.reasons = []string{"unsorted-attributes"}, []string{"unsorted-attributes"}
	return append(list, weak("SHA-1", func(s *seal) { s.msg.Hash = crypto.SHA1 }), unsorted, sorted)
}

// bareSignature is a PKCS #1 signature in an OCTET STRING (ISO 32000-2
// 12.8.3.2).
func bareSignature(who *st.Authority, hash crypto.Hash, name string, covered []byte) []byte {
	sig, err := who.Key.Sign(nil, cms.Sum(name, covered), hash)
	if err != nil {
		panic(err)
	}
	return append([]byte{4, 0x82, byte(len(sig) >> 8), byte(len(sig))}, sig...)
}
