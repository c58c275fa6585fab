package conformance

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/racetest"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/pdftest"
	"minhchung/evidence/signature/pdf/syntax"
	st "minhchung/evidence/signature/signaturetest"
)

// compact returns five small signed files that differ in everything a reader
// branches on.
func compact(s *setup) map[string]*file {
	tight := func(room int, edit func(*seal)) func(*seal) {
		return func(sig *seal) {
			sig.room = room
			if edit != nil {
				edit(sig)
			}
		}
	}
	ec := func(sig *seal) { sig.msg.Signer, sig.msg.Certificates = s.p256, [][]byte{s.p256.DER} }
	two := signed(s, nil, tight(1200, ec))
	second := by(s.world, s.p384)
	second.room, second.msg.Certificates = 1200, [][]byte{s.p384.DER}
	second.subFilter = "adbe.pkcs7.detached"
	two.sign(second)
	archived := signed(s, func(f *file) { f.style = "packed" }, tight(1200, ec))
	archived.dss([][]byte{s.ca.DER}, nil, nil)
	archived.documentStamp(s, epoch.Add(time.Hour))
	return map[string]*file{
		"RSA":                    signed(s, nil, tight(2700, nil)),
		"PSS, cross-ref. stream": signed(s, func(f *file) { f.style = "stream" }, tight(2700, func(sig *seal) { sig.msg.PSS = true })),
		"twice, ECDSA":           two,
		"archived, packed":       archived,
		"stamped, BER, encrypted": signed(s, func(f *file) { f.encrypt("") }, tight(4200, func(sig *seal) {
			sig.msg.Indefinite = true
			sig.msg.Stamp = stamped(s.tsa, epoch.Add(time.Minute), nil)
		})),
	}
}

// sameSigned reports whether every signature that facts find covers the very
// bytes that the original has at the same place. If so, calling the file
// intact says nothing false about what was signed.
func sameSigned(f signature.Facts, data, original []byte) bool {
	for _, s := range f.Signatures {
		if len(s.ByteRange) != 4 {
			return false
		}
		for i := 0; i < 4; i += 2 {
			from, to := s.ByteRange[i], s.ByteRange[i]+s.ByteRange[i+1]
			if from < 0 || to < from || to > int64(len(data)) || to > int64(len(original)) || !bytes.Equal(data[from:to], original[from:to]) {
				return false
			}
		}
	}
	return len(f.Signatures) > 0
}

// TestBitFlips turns bits of five files. A flipped bit inside a signed range
// is never intact; one inside Contents is intact only where the message holds
// what its signature does not cover: other certificates, version numbers,
// parameters and unsigned attributes, each judged by itself. Then the signer,
// the digest and the fingerprint must be what they were.
func TestBitFlips(t *testing.T) {
	step := 29
	switch {
	case full():
		step = 1
	case racetest.Enabled:
		step = 151
	case testing.Short():
		step = 499
	}
	s := newSetup(t)
	judger := signature.NewJudger(s.material, s.policy)
	flips, harmless := 0, 0
	for name, f := range compact(s) {
		data := f.Bytes()
		original := bytes.Clone(data)
		facts := pdf.Read(data, syntax.Limits{})
		good := judger.Judge(facts, nil, s.at)
		if good.Result != intact {
			t.Fatalf("%s: the file itself is %s (%s)", name, good.Result, good.Reason)
		}
		inside := func(at int64) bool {
			for _, sig := range facts.Signatures {
				r := sig.ByteRange
				if at < r[1] || at >= r[2] && at < r[2]+r[3] {
					return true
				}
			}
			return false
		}
		random := rand.New(rand.NewSource(1))
		for bit := random.Intn(step); bit < 8*len(data); bit += step {
			data[bit/8] ^= 1 << (bit % 8)
			v := judger.Judge(pdf.Read(data, syntax.Limits{}), nil, s.at)
			flips++
			if v.Result == intact {
				harmless++
				if inside(int64(bit / 8)) {
					t.Errorf("%s: bit %d of byte %d is signed, and the file still intact", name, bit%8, bit/8)
				}
				if !sameSigner(v, good) {
					t.Errorf("%s: bit %d of byte %d: intact with another signer or digest", name, bit%8, bit/8)
				}
			}
			data[bit/8] ^= 1 << (bit % 8)
		}
		if !bytes.Equal(data, original) {
			t.Fatal("the test changed its file")
		}
	}
	t.Logf("%d bits, %d of them outside what is signed and harmless", flips, harmless)
}

func sameSigner(a, b signature.Verdict) bool {
	if len(a.Signatures) != len(b.Signatures) {
		return false
	}
	for i, s := range a.Signatures {
		if o := b.Signatures[i]; s.Fingerprint != o.Fingerprint || s.Signer.Certificate != o.Signer.Certificate || s.MessageDigest != o.MessageDigest {
			return false
		}
	}
	return true
}

// seed is the mutations' seed; MINHCHUNG_SEED_NUMBER repeats a failed run.
func seed(t *testing.T) int64 {
	n := time.Now().UnixNano()
	if s := os.Getenv("MINHCHUNG_SEED_NUMBER"); s != "" {
		n, _ = strconv.ParseInt(s, 10, 64)
	}
	t.Logf("seed %d (repeat with MINHCHUNG_SEED_NUMBER)", n)
	return n
}

// mutate changes data at some places; tokens of the file find more than
// random bytes do.
func mutate(random *rand.Rand, data, other []byte) []byte {
	data = bytes.Clone(data)
	tokens := []string{"obj", "endobj", "stream", "<<", ">>", "[", "]", "/Prev 0", "/ByteRange[0 1 2 3]", "/Contents<30>", "xref\n", "trailer", "%%EOF\n",
		"0 R", "99999999999", "-1", "/Type/ObjStm", "/Extends 4 0 R", "/XRefStm 9", "/Length 5", "startxref\n0\n", "(", ")", "/Kids[2 0 R]", "/V 4 0 R"}
	for range 1 + random.Intn(4) {
		at := random.Intn(len(data))
		switch random.Intn(7) {
		case 0:
			data[at] = byte(random.Intn(256))
		case 1: // a piece moves
			from := random.Intn(len(data))
			copy(data[at:], bytes.Clone(data[from:min(len(data), from+random.Intn(60))]))
		case 2:
			data = data[:max(at, 1)]
		case 3: // a token, over what stands there
			copy(data[at:], tokens[random.Intn(len(tokens))])
		case 4: // a token, between what stands there
			data = append(data[:at:at], append([]byte(tokens[random.Intn(len(tokens))]), data[at:]...)...)
		case 5: // a piece of another file
			from := random.Intn(len(other))
			data = append(data[:at:at], append(bytes.Clone(other[from:min(len(other), from+random.Intn(3000))]), data[at:]...)...)
		case 6: // another update behind
			data = append(data, other[random.Intn(len(other)):]...)
		}
	}
	return data
}

// TestMutations judges 10,000 changed files: none ends the reader, none takes
// long, none is intact unless all signed bytes are what they were.
func TestMutations(t *testing.T) {
	n := 10000
	if testing.Short() {
		n = 500
	}
	files := generated()
	random := rand.New(rand.NewSource(seed(t)))
	results := map[signature.Result]int{}
	var slowest time.Duration
	for i := range n {
		m := files[random.Intn(len(files))]
		original := m.data
		m.data = mutate(random, original, files[random.Intn(len(files))].data)
		start := time.Now()
		facts, v := m.judge()
		if took := time.Since(start); took > slowest {
			slowest = took
		}
		if strings.Contains(facts.Problem, "the reader stopped") {
			t.Fatalf("mutation %d of %s/%s: %s", i, m.family, m.name, facts.Problem)
		}
		results[v.Result]++
		if v.Result == intact && !sameSigned(facts, m.data, original) && m.result != intact {
			t.Errorf("mutation %d of %s/%s (%s) is intact", i, m.family, m.name, m.result)
		}
		if v.Result == intact && m.result == intact && !sameSigned(facts, m.data, original) && !isOneOf(facts, m.data, files) {
			t.Errorf("mutation %d of %s/%s is intact with other signed bytes", i, m.family, m.name)
		}
	}
	t.Logf("%d mutations, %v, slowest %v", n, results, slowest)
}

// isOneOf reports whether data has the signed bytes of another generated
// file, which a mutation may have put together again.
func isOneOf(f signature.Facts, data []byte, files []made) bool {
	for _, m := range files {
		if sameSigned(f, data, m.data) {
			return true
		}
	}
	return false
}

// killers are files made to exhaust a reader.
func killers(s *setup) map[string][]byte {
	signedWith := func(contents string) []byte {
		f := newFile()
		f.put(50, "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 10 20 30]/Contents<"+contents+">>>")
		f.put(51, "<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/V 50 0 R/Rect[0 0 0 0]>>")
		f.fields = append(f.fields, 51)
		return f.commit().Bytes()
	}
	catalog := func(extra string, more ...any) []byte {
		f := newFile()
		f.catalog = extra
		for i := 0; i < len(more); i += 2 {
			f.put(more[i].(int), more[i+1].(string))
		}
		return f.commit().Bytes()
	}
	raw := func(text string) []byte { return []byte("%PDF-1.7\n" + text) }
	many := func(text string, n int) string { return strings.Repeat(text, n) }
	loop := pdftest.New()
	loop.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	loop.ObjectStream(7, 2, "<</Type/Pages/Kids[]/Count 0>>")
	loop.XRefStream(9, "/Root 1 0 R")
	var fan, fields strings.Builder
	for range 20000 {
		fmt.Fprintf(&fields, "%d 0 R ", 20)
		fmt.Fprintf(&fan, "%d 0 R ", 2)
	}
	updates := signed(s, nil, nil)
	for range 1500 {
		updates.put(30, "<</Producer(x)>>")
		updates.commit()
	}
	return map[string][]byte{
		"nested arrays":              catalog("/X " + many("[", 1<<20)),
		"nested dictionaries":        catalog("/X " + many("<</A", 1<<19)),
		"nested strings":             catalog("/X " + many("(", 1<<20)),
		"BER nested":                 signedWith(many("3080", 1<<20)),
		"BER that lies":              signedWith(many("30843fffffff", 1<<18)),
		"BER constructed string":     signedWith(many("2480", 1<<20)),
		"BER wide":                   signedWith("30830fffff" + many("0500", 1<<19)),
		"OID without end":            signedWith("3083010004" + "0683010000" + many("ff", 1<<16)),
		"ten thousand certificates":  signedWith(hex.EncodeToString(crowd(s, 10000))),
		"xref of a billion":          raw("xref\n0 1000000000\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 1000000000>>\nstartxref\n9\n%%EOF"),
		"xref stream of a billion":   raw("1 0 obj<</Type/XRef/W[1 1 1]/Index[0 1000000000]/Length 9>>stream\n123456789\nendstream endobj\nstartxref\n9\n%%EOF"),
		"xref stream without widths": raw("1 0 obj<</Type/XRef/W[0 0 0]/Index[0 1000000000]/Length 9>>stream\n123456789\nendstream endobj\nstartxref\n9\n%%EOF"),
		"Prev to itself":             raw("xref\n0 0\ntrailer<</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF"),
		"Prev in a circle":           raw("xref\n0 0\ntrailer<</Prev 49/Root 1 0 R>>              xref\n0 0\ntrailer<</Prev 9/Root 1 0 R>>\nstartxref\n49\n%%EOF"),
		"object stream of itself":    bytes.Replace(loop.Bytes(), []byte("/Type/ObjStm"), []byte("/Extends 7 0 R/Type/ObjStm"), 1),
		"Flate bomb":                 catalog("", 4, stream("/Filter/FlateDecode", pdftest.Flate(many("q ", 32<<20)))),
		"Flate bomb in Flate":        catalog("", 4, stream("/Filter[/FlateDecode/FlateDecode/FlateDecode]", pdftest.Flate(pdftest.Flate(pdftest.Flate(many("\x00", 64<<20)))))),
		"LZW bomb":                   catalog("", 4, stream("/Filter/LZWDecode", many("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", 1<<17))),
		"page tree of itself":        catalog("", 2, "<</Type/Pages/Kids["+fan.String()+"]/Count 1>>"),
		"twenty thousand fields":     catalog("/AcroForm<</Fields[" + fields.String() + "]>>"),
		"field of itself":            catalog("/AcroForm 60 0 R", 60, "<</Fields[60 0 R]/T(x)/FT/Sig/Kids[60 0 R 60 0 R]/V 60 0 R>>"),
		"form XObject of itself":     catalog("", 4, stream("", many("/Im Do ", 5000)), 5, "<</XObject<</Im 50 0 R>>>>", 50, stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources 5 0 R", many("/Im Do ", 5000))),
		"indirect length of itself":  catalog("", 4, "<</Length 4 0 R>>\nstream\nx\nendstream"),
		"reference in a circle":      catalog("/X 60 0 R", 60, "61 0 R", 61, "60 0 R"),
		"fifteen hundred updates":    updates.Bytes(),
		"cross-signed crowd":         crossSigned(s).Bytes(),
	}
}

// crowd is a CMS with n times the signer's certificate.
func crowd(s *setup, n int) []byte {
	m := st.Message{Signer: s.p256, Content: []byte("x")}
	for range n {
		m.Certificates = append(m.Certificates, s.p256.DER)
	}
	der, _ := m.Sign()
	return der
}

// crossSigned has certificates that have each other's names: every path
// leads to every other, and none to an anchor.
func crossSigned(s *setup) *file {
	ca := make([]*st.Authority, 8)
	key := st.ECKey()
	for i := range ca {
		ca[i] = st.RootWithKey(fmt.Sprintf("CA %d", i%4), key)
	}
	var ders [][]byte
	for i := range ca {
		for j := range ca {
			ders = append(ders, ca[i].IssueKey(fmt.Sprintf("CA %d", j%4), st.ECKey(), st.AsCA).DER, ca[i].IssueKey(fmt.Sprintf("CA %d", j%4), key, st.AsCA).DER)
		}
	}
	leaf := ca[0].Issue("Nguyễn Văn Thử")
	return signed(s, nil, func(sig *seal) {
		sig.room = 120000
		sig.msg = st.Message{Signer: leaf, Certificates: append([][]byte{leaf.DER}, ders...)}
	})
}

// TestKillers: each ends as a verdict, and as the same one in a child, which
// the pool kills at its limits: then the results would differ. Times are
// logged, not judged: how fast this machine is today proves nothing.
func TestKillers(t *testing.T) {
	s := newSetup(t)
	p := newPool(t, s)
	for name, data := range killers(s) {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			facts := pdf.Read(data, syntax.Limits{})
			v := signature.Judge(facts, s.material, s.policy, nil, s.at)
			took := time.Since(start)
			if strings.Contains(facts.Problem, "the reader stopped") {
				t.Error(facts.Problem)
			}
			if v.Result == intact && name != "fifteen hundred updates" && name != "cross-signed crowd" {
				t.Errorf("got %s", v.Result)
			}
			start = time.Now()
			_, there := inspect(t, p, data, s.at)
			t.Logf("%s in %v, in a child %s in %v, %d kB", v.Result, took.Round(time.Millisecond), there.Result, time.Since(start).Round(time.Millisecond), len(data)>>10)
			if there.Result != v.Result {
				t.Errorf("got %s (%s) in a child, want %s", there.Result, there.Reason, v.Result)
			}
		})
	}
}
