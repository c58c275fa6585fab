package conformance

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"minhchung/evidence/signature"
	st "minhchung/evidence/signature/signaturetest"
)

// forged is a case whose signature dictionary or range is forged.
func forged(family, name string, result signature.Result, forge func(s *setup, f *file)) testCase {
	return testCase{family: family, name: name, result: result, signatures: -1, make: func(s *setup) *file {
		f := signed(s, nil, nil)
		forge(s, f)
		return f
	}}
}

// written returns the ByteRange entry of the last signature, its padding
// included, and its numbers.
func (f *file) written() (entry string, gap, after, tail int) {
	data := f.Bytes()
	at := bytes.LastIndex(data, []byte("/ByteRange[0 "))
	entry = string(data[at : at+len(rangeMark)])
	if _, err := fmt.Sscanf(entry, "/ByteRange[0 %d %d %d]", &gap, &after, &tail); err != nil {
		panic(err)
	}
	return entry, gap, after, tail
}

// universal are the variants of universal signature forgery: Contents and
// ByteRange missing, empty or of another type. Whoever meets one must neither
// accept nor pass over the signature.
func universal() []testCase {
	var list []testCase
	add := func(name string, result signature.Result, forge func(f *file)) {
		list = append(list, forged("universal forgery", name, result, func(s *setup, f *file) { forge(f) }))
	}
	entry := func(value string) func(f *file) {
		return func(f *file) {
			old, _, _, _ := f.written()
			if len(value) > len(old) {
				panic("too long: " + value)
			}
			f.replace(old, value+strings.Repeat(" ", len(old)-len(value)))
		}
	}
	for _, v := range []string{"[]", "null", "[0 0 0 0]", "0", "(0 1 2 3)", "/None", "[0]", "[-1 -1 -1 -1]", "[null null null null]",
		"<<>>", "true", "100 0 R", "[0 1]", "[0 -1 1 -1]"} {
		add("ByteRange "+v, broken, entry("/ByteRange"+v))
	}
	add("ByteRange missing", broken, entry("/Nothing 0"))
	contents := func(value string) func(f *file) {
		return func(f *file) {
			_, gap, after, _ := f.written()
			data := f.Bytes()
			room := data[gap:after]
			copy(room, value+strings.Repeat(" ", len(room)-len(value)))
			f.reset(data)
		}
	}
	for _, v := range []string{"<>", "null", "<00>", "<" + strings.Repeat("00", 20) + ">", "()", "0", "[]", "/None", "<<>>", "true", "101 0 R", "<3000>", "<30>", "(\x30\x00)"} {
		add("Contents "+strings.ReplaceAll(v, "\x00", "0"), broken, contents(v))
	}
	add("Contents missing", broken, func(f *file) { f.replace("/Contents<", "/Xontents<") })
	add("Contents twice", broken, func(f *file) { f.replace("/Filter/Adobe.PPKLite", "/Contents<3000>/Fil/A") })
	add("SubFilter missing", signature.ResultUnknown, func(f *file) { f.replace("/SubFilter/ETSI.CAdES.detached", "/XubFilter/ETSI.CAdES.detached") })
	add("SubFilter unknown", signature.ResultUnknown, func(f *file) { f.replace("ETSI.CAdES.detached", "ETSI.XAdES.detached") })
	add("value is null", broken, func(f *file) { f.replace("/V 100 0 R", "/V null   ") })
	return list
}

// rangeCases have ByteRanges that are odd, overlap or leave the file.
func rangeCases() []testCase {
	ranged := func(name string, result signature.Result, numbers func(gap, after, tail int) string) testCase {
		return testCase{family: "ByteRange", name: name, result: result, signatures: -1, make: func(s *setup) *file {
			// The range is signed as it stands: an attacker with a certificate
			// can do that, and the digest is right.
			f := newFile().commit()
			sig := by(s.world, s.person)
			sig.raw = func([]byte) []byte { return []byte{0x30, 0} }
			f.sign(sig)
			old, gap, after, tail := f.written()
			list := numbers(gap, after, tail)
			f.replace(old, "/ByteRange["+list+"]"+strings.Repeat(" ", len(old)-len("/ByteRange[]")-len(list)))
			return f.fillRange(by(s.world, s.person), gap, list)
		}}
	}
	return []testCase{
		ranged("as it should be", intact, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap, after, tail) }),
		ranged("without the last line feed", intact, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap, after, tail-1) }),
		ranged("odd count", broken, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d", gap, after) }),
		ranged("six numbers", altered, func(gap, after, tail int) string {
			return fmt.Sprintf("0 %d %d %d %d 1", gap, after, tail-1, after+tail-1)
		}),
		ranged("two numbers", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d", gap) }),
		ranged("not from 0", altered, func(gap, after, tail int) string { return fmt.Sprintf("9 %d %d %d", gap-9, after, tail) }),
		ranged("huge", broken, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d 40000000000", gap, after) }),
		ranged("larger than 64 bits", broken, func(gap, after, tail int) string { return fmt.Sprintf("0 %d 1 99999999999999999999", gap) }),
		ranged("negative", broken, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d -1", gap, after) }),
		ranged("overlapping", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap, gap-20, 20) }),
		ranged("the beginning twice", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d 0 %d", gap, gap) }),
		ranged("ends inside the revision", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap, after, tail-40) }),
		ranged("ends behind Contents", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d 2", gap, after) }),
		ranged("gap too small", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap, after-1, tail+1) }),
		ranged("gap without the delimiters", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap+1, after-1, tail+1) }),
		ranged("gap larger than Contents", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d %d", gap-5, after+3, tail-3) }),
		{family: "ByteRange", name: "gap holds a payload beside Contents", result: altered, signatures: -1, make: func(s *setup) *file {
			const payload = "/Payload(4 0 obj evil endobj)"
			f := newFile().commit()
			sig := by(s.world, s.person)
			sig.behind, sig.raw = payload, func([]byte) []byte { return []byte{0x30, 0} }
			f.sign(sig)
			old, gap, after, tail := f.written()
			list := fmt.Sprintf("0 %d %d %d", gap, after+len(payload), tail-len(payload))
			f.replace(old, "/ByteRange["+list+"]"+strings.Repeat(" ", len(old)-len("/ByteRange[]")-len(list)))
			return f.fillRange(by(s.world, s.person), gap, list)
		}},
		ranged("zero length", altered, func(gap, after, tail int) string { return fmt.Sprintf("0 %d %d 0", gap, after) }),
		ranged("real numbers", broken, func(gap, after, tail int) string { return fmt.Sprintf("0 %d.0 %d %d", gap, after, tail) }),
	}
}

// fillRange signs what numbers name, as far as they lie in the file, into
// Contents at gap.
func (f *file) fillRange(sig seal, gap int, numbers string) *file {
	data := f.Bytes()
	var covered []byte
	fields := strings.Fields(numbers)
	for i := 0; i+1 < len(fields); i += 2 {
		start, err1 := strconv.Atoi(fields[i])
		length, err2 := strconv.Atoi(fields[i+1])
		if err1 == nil && err2 == nil && start >= 0 && length >= 0 && start+length <= len(data) {
			covered = append(covered, data[start:start+length]...)
		}
	}
	der := sig.signer()(covered)
	copy(data[gap+1:], fmt.Sprintf("%x", der))
	return f.reset(data)
}

func forgeryCases() []testCase {
	wrap := func(name string, result signature.Result, closing string) testCase {
		return forged("signature wrapping", name, result, func(s *setup, f *file) { f.wrap(closing) })
	}
	spoof := func(name string, result signature.Result, forge func(s *setup, f *file)) testCase {
		return forged("spoofed dictionary", name, result, forge)
	}
	list := []testCase{
		wrap("second range moved behind new objects", altered, ">"),
		wrap("new objects inside Contents", broken, ""),
		spoof("Contents hold text behind the CMS", broken, func(s *setup, f *file) {
			_, _, after, _ := f.written()
			data := f.Bytes()
			copy(data[after-41:], fmt.Sprintf("%x", "4 0 obj evil endobj "))
			f.reset(data)
		}),
		{family: "spoofed dictionary", name: "Contents hold encrypted text behind the CMS", result: broken, signatures: -1, make: func(s *setup) *file {
			return signed(s, func(f *file) { f.encrypt("").encryptRoom("4 0 obj evil endobj ") }, nil)
		}},
		{family: "spoofed dictionary", name: "Contents of an encrypted file hold text behind the CMS", result: broken, signatures: -1, make: func(s *setup) *file {
			f := signed(s, func(f *file) { f.encrypt("").encryptRoom("") }, nil)
			_, _, after, _ := f.written()
			data := f.Bytes()
			copy(data[after-41:], fmt.Sprintf("%x", "4 0 obj evil endobj "))
			return f.reset(data)
		}},
		spoof("white space inside Contents", broken, func(s *setup, f *file) { f.padding(" \n ") }),
		spoof("comment inside Contents", broken, func(s *setup, f *file) { f.padding("%evil\n") }),
		spoof("upper-case digits among lower-case ones", broken, func(s *setup, f *file) {
			_, gap, _, _ := f.written()
			data := f.Bytes()
			at := gap + bytes.IndexAny(data[gap+900:], "abcdef") + 900
			data[at] -= 'a' - 'A'
			f.reset(data)
		}),
		spoof("signature outside the form", altered, func(s *setup, f *file) {
			f.fields = []int{20}
			f.touch(10)
			f.commit()
		}),
		spoof("two fields of one value", altered, func(s *setup, f *file) {
			n := f.add("<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig2)/V 100 0 R/Rect[0 0 0 0]/P 3 0 R>>")
			f.fields, f.annots = append(f.fields, n), append(f.annots, n)
			f.touch(3, 10)
			f.commit()
		}),
		spoof("value replaced by a signature of nothing", broken, func(s *setup, f *file) {
			f.put(100, "<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 0 0 0]/Contents<3000>>>")
			f.commit()
		}),
		spoof("dictionary copied into another object", altered, func(s *setup, f *file) {
			data := f.Bytes()
			at := bytes.LastIndex(data, []byte("<</Type/Sig"))
			n := f.add(string(data[at : at+bytes.Index(data[at:], []byte("\nendobj"))]))
			f.put(101, strings.Replace(f.objects[101], "/V 100 0 R", fmt.Sprintf("/V %d 0 R", n), 1))
			f.commit()
		}),
		{family: "spoofed dictionary", name: "transplanted from another file", result: broken, signatures: -1, make: transplant},
		{family: "spoofed dictionary", name: "the whole file of another behind a new one", result: broken, signatures: -1, make: func(s *setup) *file {
			inner := signed(s, nil, nil)
			f := newFile()
			f.put(4, stream("", evilText))
			f.put(70, stream("/Type/EmbeddedFile", string(inner.Bytes())))
			f.commit()
			data := f.Bytes()
			return f.reset(append(data, inner.Bytes()...))
		}},
		{family: "spoofed dictionary", name: "message signed with other attributes", result: broken, status: failed + "SIG_CRYPTO_FAILURE", reasons: []string{"digest"}, make: func(s *setup) *file {
			return signed(s, nil, func(sig *seal) { sig.msg.BadSignature = true })
		}},
		{family: "spoofed dictionary", name: "digest of other bytes", result: broken, status: failed + "HASH_FAILURE", reasons: []string{"digest"}, make: func(s *setup) *file {
			return signed(s, nil, func(sig *seal) { sig.msg.WrongDigest = true })
		}},
		{family: "spoofed dictionary", name: "page changed in the signed bytes", result: broken, status: failed + "HASH_FAILURE", reasons: []string{"digest"}, make: func(s *setup) *file {
			return signed(s, nil, nil).replace("1.861 van ban", "9.861 van ban")
		}},
	}
	return slices.Concat(list, universal(), rangeCases(), embeddedCases())
}

// padding writes text into the zeros behind the CMS.
func (f *file) padding(text string) {
	_, _, after, _ := f.written()
	data := f.Bytes()
	copy(data[after-21:], text)
	f.reset(data)
}

// wrap makes a signature wrapping attack: the second signed range moves to
// the end, a new ByteRange behind Contents points there, and a new page
// content stands between with a section that names everything where it now is.
func (f *file) wrap(closing string) {
	_, gap, after, tail := f.written()
	data := f.Bytes()
	first := bytes.Index(data, []byte("\nxref\n")) + 1
	hex := bytes.TrimRight(data[gap:after-1], "0")
	if len(hex)%2 == 0 {
		hex = append(bytes.Clone(hex), '0')
	}
	const room = 2000 // for what stands between
	moved := gap + len(hex) + room
	head := fmt.Sprintf("%s%s/ByteRange[0 %d %d %d]>>\nendobj\n", hex, closing, gap, moved, tail)
	out := append(bytes.Clone(data[:gap]), head...)
	evil := len(out)
	out = append(out, "4 0 obj\n"+stream("", evilText)+"\nendobj\n"...)
	at := len(out)
	out = append(out, "xref\n"...)
	for _, num := range []int{3, 4, 10, 100, 101} {
		offset := f.offset(num)
		if offset > gap {
			offset += moved - after
		}
		if num == 4 {
			offset = evil
		}
		out = fmt.Appendf(out, "%d 1\n%010d 00000 n \n", num, offset)
	}
	out = fmt.Appendf(out, "trailer\n<</Size %d/Prev %d%s>>\nstartxref\n%d\n%%%%EOF\n", f.Size(), first, f.trailer, at)
	if closing == "" {
		out = append(out, '>')
	}
	out = append(out, strings.Repeat(" ", moved-len(out))...)
	// The moved part ends with a startxref of its own, which is signed; the
	// new one comes after it.
	out = append(out, data[after:]...)
	f.reset(fmt.Appendf(out, "startxref\n%d\n%%%%EOF\n", at))
}

// transplant puts a signature value of another file, of the same length and
// ranges, into a forged one.
func transplant(s *setup) *file {
	victim := signed(s, nil, nil)
	_, gap, after, _ := victim.written()
	return signed(s, func(f *file) { f.put(4, stream("", strings.Replace(firstPage, "1.861", "9.999", 1))) },
		func(sig *seal) {
			sig.raw = func([]byte) []byte {
				der, err := hex.DecodeString(string(victim.Bytes()[gap+1 : after-1]))
				if err != nil {
					panic(err)
				}
				return der
			}
		})
}

// embeddedCases have a content inside a detached message (RFC 5652 5.4) and
// other messages that are not what they say.
func embeddedCases() []testCase {
	msg := func(name string, status string, reasons []string, edit func(s *setup, m *st.Message)) testCase {
		return testCase{family: "message", name: name, result: broken, status: status, reasons: reasons, make: func(s *setup) *file {
			return signed(s, nil, func(sig *seal) { sig.room = 30000; edit(s, &sig.msg) })
		}}
	}
	malformed := []string{"malformed"}
	return []testCase{
		msg("content inside", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.Embed = true }),
		msg("empty content inside", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.EmbedOther = []byte{} }),
		msg("other content inside", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.EmbedOther = []byte("evil") }),
		msg("two signers", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.TwoSigners = true }),
		msg("no message digest", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.NoDigest = true }),
		msg("message digest twice", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.TwiceDigest = true }),
		msg("another content type", failed+"FORMAT_FAILURE", malformed, func(s *setup, m *st.Message) { m.WrongType = true }),
		msg("no certificate", doubt+"NO_SIGNING_CERTIFICATE_FOUND", malformed, func(s *setup, m *st.Message) { m.Certificates = [][]byte{} }),
		msg("attributes name another certificate", doubt+"NO_SIGNING_CERTIFICATE_FOUND", malformed, func(s *setup, m *st.Message) { m.ESS = s.organisation }),
		msg("victim named, attacker signed", failed+"SIG_CRYPTO_FAILURE", []string{"digest"}, func(s *setup, m *st.Message) {
			m.Signer, m.SID, m.NoESS = s.attacker, s.person, true
			m.Certificates = [][]byte{s.person.DER, s.attacker.DER}
		}),
	}
}
