package text

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"minhchung/evidence/text/syllable"
)

var (
	utf8BOM = []byte{0xef, 0xbb, 0xbf}
	utf16LE = []byte{0xff, 0xfe}
	utf16BE = []byte{0xfe, 0xff}
)

// decodePlain reads a text file: UTF-8; UTF-16 with a byte order mark;
// otherwise Windows-1258 or TCVN3 (TCVN 5712:1993 as the ABC fonts have it),
// whichever gives more Vietnamese syllables. VNI and VISCII are not read.
func decodePlain(data []byte) string {
	switch {
	case bytes.HasPrefix(data, utf16LE), bytes.HasPrefix(data, utf16BE):
		out, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		return string(out) // what cannot be decoded is U+FFFD
	case utf8.Valid(data):
		return string(bytes.TrimPrefix(data, utf8BOM))
	case bytes.HasPrefix(data, utf8BOM), mostlyUTF8(data):
		return string(bytes.ToValidUTF8(data, []byte("\ufffd")))
	}
	windows, _ := charmap.Windows1258.NewDecoder().Bytes(data)
	tcvn := decodeTCVN3(data)
	sample := func(s string) float64 { return syllable.Measure(Clean(clip(s, 64<<10))).Marked }
	if sample(tcvn) > sample(string(windows)) {
		return tcvn
	}
	return string(windows)
}

// mostlyUTF8 forgives a file that was cut or damaged in few places: bytes
// above 127 are nearly all parts of valid sequences.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good > 20*bad
}

// tcvn3 holds the letters of TCVN3 from 0xA1 to 0xFE, · where it has none.
// Capitals with a tone have no code: fonts of capitals draw them with the
// small letters' codes.
var tcvn3 = []rune("ĂÂÊÔƠƯĐăâêôơưđ······àảãáạ·ằẳẵắ·······ặầẩẫấậè·ẻẽ" +
	"éẹềểễếệìỉ···ĩíịò·ỏõóọồổỗốộờởỡớợù·ủũúụừửữứựỳỷỹýỵ")

func decodeTCVN3(data []byte) string {
	out := make([]rune, 0, len(data))
	for _, c := range data {
		switch {
		case c < utf8.RuneSelf:
			out = append(out, rune(c))
		case c < 0xa1 || c == 0xff || tcvn3[c-0xa1] == '·':
			out = append(out, utf8.RuneError)
		default:
			out = append(out, tcvn3[c-0xa1])
		}
	}
	return string(out)
}
