package conformance

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"minhchung/evidence/signature/pdf/pdftest"
	st "minhchung/evidence/signature/signaturetest"
)

// stream returns the body of a stream object.
func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// appearance returns a form XObject of 200 by 20 units.
func appearance(draw string) string {
	return stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F1 7 0 R>>>>", draw)
}

const (
	firstPage  = "BT /F1 12 Tf 72 770 Td (UBND xa Thu Nghiem) Tj 0 -30 Td (So:              /BC-UBND) Tj 0 -60 Td (BAO CAO) Tj 0 -30 Td (Tong so 1.861 van ban) Tj ET"
	secondPage = "BT /F1 12 Tf 72 770 Td (Trang hai) Tj ET"
	textField  = "<</Type/Annot/Subtype/Widget/FT/Tx/T(ten)/V(An)/Rect[72 300 272 320]/P 3 0 R/AP<</N 21 0 R>>>>"
	// numberPlace is the gap between "So:" and "/BC-UBND".
	numberPlace = "94 737 122 751"
	number      = "BT /F1 12 Tf 96 740 Td (32) Tj ET"
	freePlace   = "300 100 500 120"
	textPlace   = "60 640 260 690" // over the title and the sum
)

func showText(s string) string { return "BT /F1 12 Tf 2 5 Td (" + s + ") Tj ET" }

// file is a document that grows by revisions: two pages, a text field, room
// for a number, signatures.
type file struct {
	*pdftest.Builder
	style   string         // of cross-reference data: "", "stream", "packed", "hybrid"
	objects map[int]string // as they are now
	dirty   map[int]bool   // not written yet
	next    int            // free object number

	catalog, form, page string // further entries of these dictionaries
	contents, resources string
	kids                string
	fields, annots      []int
	trailer             string
	crypt               func(num int, body string) string
	key                 []byte // of crypt
}

// newFile returns the unsigned document, not written yet; the caller may
// still change it.
func newFile() *file {
	f := &file{Builder: pdftest.New(), objects: map[int]string{}, dirty: map[int]bool{}, next: 100,
		contents: "4 0 R", resources: "5 0 R", kids: "[3 0 R 6 0 R]/Count 2", fields: []int{20}, annots: []int{20},
		trailer: "/Root 1 0 R/Info 30 0 R"}
	for num, body := range map[int]string{
		1: "", 2: "", 3: "", 10: "",
		4:  stream("", firstPage),
		5:  "<</Font<</F1 7 0 R>>>>",
		6:  "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 8 0 R/Resources 5 0 R>>",
		7:  "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
		8:  stream("", secondPage),
		20: textField,
		21: appearance(showText("An")),
		30: "<</Producer(one)>>",
	} {
		f.put(num, body)
	}
	return f
}

// put sets an object; the next commit writes it.
func (f *file) put(num int, body string) {
	f.objects[num] = body
	f.dirty[num] = true
}

// add sets an object with a number of its own.
func (f *file) add(body string) int {
	f.next++
	f.put(f.next-1, body)
	return f.next - 1
}

func refs(nums []int) string {
	var out strings.Builder
	for _, n := range nums {
		fmt.Fprintf(&out, "%d 0 R ", n)
	}
	return "[" + out.String() + "]"
}

// body returns the text of an object; those that hold lists are put together
// anew.
func (f *file) body(num int) string {
	if own := f.objects[num]; own != "" {
		return own
	}
	switch num {
	case 1:
		return "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R" + f.catalog + ">>"
	case 2:
		return "<</Type/Pages/Kids" + f.kids + ">>"
	case 3:
		return "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents " + f.contents + "/Resources " + f.resources +
			"/Annots" + refs(f.annots) + f.page + ">>"
	case 10:
		return "<</SigFlags 3/DR<</Font<</F1 7 0 R>>>>/Fields" + refs(f.fields) + f.form + ">>"
	}
	return "null"
}

// touch lets the next commit write objects again.
func (f *file) touch(nums ...int) {
	for _, n := range nums {
		f.dirty[n] = true
	}
}

// commit writes a revision with the objects that were put or touched.
func (f *file) commit() *file {
	var packed []any
	for _, num := range slices.Sorted(maps.Keys(f.dirty)) {
		body := f.body(num)
		if f.crypt != nil {
			body = f.crypt(num, body)
		}
		if (f.style == "packed" || f.style == "hybrid") && !strings.Contains(body, "stream\n") && !strings.Contains(body, "/ByteRange") {
			packed = append(packed, num, body)
		} else {
			f.Object(num, body)
		}
	}
	if packed != nil {
		f.next++
		f.ObjectStream(f.next-1, packed...)
	}
	f.dirty = map[int]bool{}
	f.section()
	return f
}

func (f *file) section() {
	switch f.style {
	case "stream", "packed":
		f.next++
		f.XRefStream(f.next-1, f.trailer)
	case "hybrid":
		f.next++
		f.Hybrid(f.next-1, f.trailer)
	default:
		f.Table(f.trailer)
	}
}

// reset continues from data, which a test changed behind the builder's back.
func (f *file) reset(data []byte) *file {
	f.Builder = pdftest.From(data, f.Prev(), f.Size())
	return f
}

// replace exchanges the last old for new, which must be as long.
func (f *file) replace(old, new string) *file {
	data := f.Bytes()
	at := bytes.LastIndex(data, []byte(old))
	if at < 0 || len(old) != len(new) {
		panic("cannot replace " + old + " by " + new)
	}
	copy(data[at:], new)
	return f.reset(data)
}

// rangeMark stands where the ByteRange will be.
const rangeMark = "/ByteRange[0 ********** ********** **********]"

// seal describes one signature to be added.
type seal struct {
	msg       st.Message                  // Signer is required unless raw is set
	raw       func(covered []byte) []byte // makes Contents instead of msg
	token     func(covered []byte) []byte // a document time stamp
	subFilter string                      // default ETSI.CAdES.detached
	extra     string                      // entries of the signature dictionary
	rect      string                      // default 0 0 0 0
	draw      string                      // appearance, when rect is set
	fieldMore string                      // entries of the field
	behind    string                      // stands behind Contents in the dictionary
	late      bool                        // Contents before ByteRange
	room      int                         // bytes for Contents; default 6000
}

func (s seal) dict() string {
	contents := "/Contents<" + strings.Repeat("00", s.room) + ">"
	kind := "/Type/Sig"
	if s.subFilter == "ETSI.RFC3161" {
		kind = "/Type/DocTimeStamp"
	}
	head := "<<" + kind + "/Filter/Adobe.PPKLite/SubFilter/" + s.subFilter + s.extra
	if s.late {
		return head + contents + rangeMark + ">>"
	}
	return head + rangeMark + contents + s.behind + ">>"
}

// sign adds a signature in a field and widget of its own, as a revision with
// whatever else was put before, and returns the numbers of field and value.
func (f *file) sign(s seal) (field, value int) {
	if s.token != nil {
		s.subFilter, s.raw = "ETSI.RFC3161", s.token
	}
	if s.subFilter == "" {
		s.subFilter = "ETSI.CAdES.detached"
	}
	if s.room == 0 {
		s.room = 6000
	}
	value = f.add(s.dict())
	rect, ap := "0 0 0 0", ""
	if s.rect != "" {
		rect, ap = s.rect, fmt.Sprintf("/AP<</N %d 0 R>>", f.add(appearance(s.draw)))
	}
	field = f.next
	f.add(fmt.Sprintf("<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig%d)/V %d 0 R/Rect[%s]/P 3 0 R/F 132%s%s>>", field, value, rect, ap, s.fieldMore))
	f.fields, f.annots = append(f.fields, field), append(f.annots, field)
	f.touch(3, 10)
	f.commit()
	f.reset(fill(f.Bytes(), s.signer()))
	return field, value
}

// signer makes the bytes of Contents.
func (s seal) signer() func(covered []byte) []byte {
	if s.raw != nil {
		return s.raw
	}
	return func(covered []byte) []byte {
		m := s.msg
		m.Content = covered
		if s.subFilter == "adbe.pkcs7.sha1" {
			h := crypto.SHA1.New()
			h.Write(covered)
			m.Content, m.Embed = h.Sum(nil), true
		}
		der, _ := m.Sign()
		return der
	}
}

// fill writes the ByteRange over the last mark, which covers everything but
// Contents up to the end, and the bytes that sign makes for it.
func fill(data []byte, sign func(covered []byte) []byte) []byte {
	mark := bytes.LastIndex(data, []byte(rangeMark))
	object := bytes.LastIndex(data[:mark], []byte(" obj\n"))
	gap := object + bytes.Index(data[object:], []byte("/Contents<")) + len("/Contents")
	after := gap + bytes.IndexByte(data[gap:], '>') + 1
	written := fmt.Sprintf("/ByteRange[0 %d %d %d]", gap, after, len(data)-after)
	copy(data[mark:], written+strings.Repeat(" ", len(rangeMark)-len(written)))
	der := sign(slices.Concat(data[:gap], data[after:]))
	if 2*len(der) > after-gap-2 {
		panic(fmt.Sprintf("a signature of %d bytes does not fit", len(der)))
	}
	copy(data[gap+1:], hex.EncodeToString(der))
	return data
}

// signature of who, at the epoch, with the certificate and its CA.
func by(w *world, who *st.Authority) seal {
	return seal{msg: st.Message{Signer: who, SigningTime: epoch, Certificates: [][]byte{who.DER, w.ca.DER}}}
}

// encrypt protects the document with RC4-128 and a user password (ISO
// 32000-1 7.6.3.3, algorithms 1 to 5).
func (f *file) encrypt(password string) *file {
	pad, _ := hex.DecodeString("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
	id := []byte("0123456789abcdef")
	owner := []byte(strings.Repeat("o", 32))
	h := md5.Sum(slices.Concat(append([]byte(password), pad...)[:32], owner, []byte{0xfc, 0xff, 0xff, 0xff}, id))
	key := h[:]
	for range 50 {
		sum := md5.Sum(key)
		key = sum[:]
	}
	sum := md5.Sum(slices.Concat(pad, id))
	user := sum[:]
	for i := range 20 {
		k := bytes.Clone(key)
		for j := range k {
			k[j] ^= byte(i)
		}
		user = cipher(k, user)
	}
	f.trailer += fmt.Sprintf("/ID[<%x><%x>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%x>/U<%x>>>", id, id, owner, append(user, make([]byte, 16)...))
	f.key = key
	f.crypt = func(num int, body string) string { return protect(key, num, body) }
	return f
}

// encryptRoom makes the file encrypt the room for a signature, too, with text
// at its end, as programs do that write the signature over encrypted zeros
// (against ISO 32000-2 7.6.2).
func (f *file) encryptRoom(text string) *file {
	key := f.key
	f.crypt = func(num int, body string) string {
		return protect(key, num, room.ReplaceAllStringFunc(body, func(s string) string {
			zeros, _ := hex.DecodeString(s[1 : len(s)-1])
			copy(zeros[len(zeros)-len(text):], text)
			return fmt.Sprintf("<%x>", cipher(objectKey(key, num), zeros))
		}))
	}
	return f
}

var room = regexp.MustCompile(`<0{200,}>`)

func cipher(key, data []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

var literal = regexp.MustCompile(`\([^()]*\)`)

// protect encrypts the strings and the stream of an object; hexadecimal
// strings are only Contents here, which stays as it is.
func protect(key []byte, num int, body string) string {
	own := objectKey(key, num)
	head, data, has := strings.Cut(body, "\nstream\n")
	head = literal.ReplaceAllStringFunc(head, func(s string) string {
		return fmt.Sprintf("<%x>", cipher(own, []byte(s[1:len(s)-1])))
	})
	if !has {
		return head
	}
	data = strings.TrimSuffix(data, "\nendstream")
	return head + "\nstream\n" + string(cipher(own, []byte(data))) + "\nendstream"
}

// objectKey is algorithm 1 of ISO 32000-1 7.6.2, for generation 0.
func objectKey(key []byte, num int) []byte {
	var suffix [4]byte
	binary.LittleEndian.PutUint32(suffix[:], uint32(num))
	sum := md5.Sum(slices.Concat(key, suffix[:3], []byte{0, 0}))
	return sum[:]
}
