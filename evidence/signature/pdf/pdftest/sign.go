package pdftest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// room is the number of hexadecimal digits reserved for Contents.
const room = 8192

// rangeMark has the width of the longest ByteRange that is written.
const rangeMark = "/ByteRange [0 ********** ********** **********]"

// SignatureDict returns a signature dictionary with empty places for Seal to
// fill in. extra is more dictionary entries.
func SignatureDict(extra string) string {
	return "<</Type/Sig/Filter/Adobe.PPKLite" + extra + rangeMark + "/Contents <" +
		strings.Repeat("0", room) + ">>>"
}

// Field returns a signature field merged with its widget on page object 3.
func Field(name string, value int) string {
	return fmt.Sprintf("<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/V %d 0 R/Rect[0 0 0 0]/P 3 0 R/F 132>>", name, value)
}

// Seal fills in the last empty signature dictionary: a ByteRange that covers
// everything up to the end of data, and the CMS that sign returns for the
// covered bytes.
func Seal(data []byte, sign func(covered []byte) []byte) []byte {
	at := bytes.LastIndex(data, []byte(rangeMark))
	if at < 0 {
		panic("pdftest: no empty signature dictionary")
	}
	gap := at + bytes.IndexByte(data[at:], '<')
	after := gap + room + 2
	numbers := fmt.Sprintf("/ByteRange [0 %d %d %d]", gap, after, len(data)-after)
	copy(data[at:], numbers+strings.Repeat(" ", len(rangeMark)-len(numbers)))
	covered := append(append([]byte{}, data[:gap]...), data[after:]...)
	der := sign(covered)
	copy(data[gap+1:], hex.EncodeToString(der))
	return data
}

// Signed returns a file of two revisions: a page of text, and a signature in
// the field "Sig1" (objects 5 and 6) over both.
func Signed(sign func(covered []byte) []byte) []byte {
	b := New()
	b.Page("", "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", Text)
	b.Table(Root)
	b.AddSignature("Sig1", 5, "/SubFilter/adbe.pkcs7.detached")
	return Seal(b.Bytes(), sign)
}

// AddSignature appends a revision with an empty signature in a field of its
// own: objects num (field) and num+1 (value). The form then has the fields
// 5, 7, 9 … up to num.
func (b *Builder) AddSignature(name string, num int, extra string) {
	var fields strings.Builder
	for n := 5; n <= num; n += 2 {
		fmt.Fprintf(&fields, "%d 0 R ", n)
	}
	b.Object(1, fmt.Sprintf("<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[%s]>>>>", fields.String()))
	b.Object(3, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"+
		"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>/Annots[%s]>>", fields.String()))
	b.Object(num, Field(name, num+1))
	b.Object(num+1, SignatureDict(extra))
	b.Table(Root)
}

// Fake returns a DER sequence that is no signature, for tests that never look
// inside.
func Fake([]byte) []byte { return []byte{0x30, 0x03, 0x02, 0x01, 0x01} }
