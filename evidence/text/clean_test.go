package text

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

func TestClean(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"  một\t hai\u00a0ba  ", "một hai ba"},
		{"a\r\nb\rc\nd", "a\nb\nc\nd"},
		{"a\n\n\n\nb", "a\n\nb"},
		{"\n\na\n", "a"},
		{"a \n b", "a\nb"},
		{"Que\u0302\u0301", "Quế"},
		{"e\u200b\u0301", "é"},
		{"\u202eđảo\u202c \u00adx\ufeff", "đảo x"},
		{"a\x00b\x1bc\x7f", "abc"},
		{"a\xffb\ufffdc\ue000\uffff", "abc"},
	}
	for _, test := range tests {
		if got := Clean(test.in); got != test.want {
			t.Errorf("Clean(%q): got %q, want %q", test.in, got, test.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Số:\t32\r\n\u200bBC\u0301\xff", 5)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := Clean(s)
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || Clean(got) != got {
			t.Errorf("Clean(%q): got %q, cleaned again %q", s, got, Clean(got))
		}
		if limit > 0 && limit < 1<<20 {
			if cut, _ := cleanTo(s, limit); len(cut) > limit || Clean(cut) != cut {
				t.Errorf("cleanTo(%q, %d): got %q", s, limit, cut)
			}
		}
	})
}

func TestDecodePlain(t *testing.T) {
	const want = "Xã ủy và ủy ban nhân dân xã báo cáo kết quả công tác cải cách hành chính năm 2022, đề nghị các thôn phối hợp thực hiện đầy đủ và đúng thời hạn."
	utf16 := func(order unicode.Endianness) []byte {
		out, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().Bytes([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	tests := []struct {
		name string
		data []byte
	}{
		{"utf-8", []byte(want)},
		{"utf-8 with mark", append([]byte{0xef, 0xbb, 0xbf}, want...)},
		{"utf-8 decomposed", []byte(norm.NFD.String(want))},
		{"utf-16 le", utf16(unicode.LittleEndian)},
		{"utf-16 be", utf16(unicode.BigEndian)},
		{"windows-1258", windows1258(t, want)},
		{"tcvn3", toTCVN3(t, want)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if format := FormatOf(test.data); format != FormatPlain {
				t.Errorf("got format %s, want %s", format, FormatPlain)
			}
			if got := Clean(decodePlain(test.data)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	if got := Clean(decodePlain(append([]byte(want), 0xff))); got != want {
		t.Errorf("a damaged byte: got %q, want the rest as it was", got)
	}
}

// windows1258 writes tones as marks behind their letters, as Windows does;
// what it has composed goes in one byte.
func windows1258(t *testing.T, s string) []byte {
	var out []byte
	for _, r := range norm.NFC.String(s) {
		if b, ok := charmap.Windows1258.EncodeRune(r); ok {
			out = append(out, b)
			continue
		}
		parts := []rune(norm.NFD.String(string(r)))
		base, rest := parts[:1], parts[1:]
		var tone rune
		for _, m := range rest {
			if strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", m) {
				tone = m
			} else {
				base = append(base, m)
			}
		}
		for _, c := range norm.NFC.String(string(base)) + string(tone) {
			b, ok := charmap.Windows1258.EncodeRune(c)
			if !ok {
				t.Fatalf("no Windows-1258 code for %q of %q", c, r)
			}
			out = append(out, b)
		}
	}
	return out
}

func toTCVN3(t *testing.T, s string) []byte {
	var out []byte
	for _, r := range s {
		at := slices.Index(tcvn3, r)
		switch {
		case r < 0x80:
			out = append(out, byte(r))
		case at >= 0:
			out = append(out, byte(0xa1+at))
		default:
			t.Fatalf("no TCVN3 code for %q", r)
		}
	}
	return out
}

func TestFormatOf(t *testing.T) {
	tests := []struct {
		data string
		want Format
	}{
		{"", FormatUnknown},
		{"%PDF-1.4", FormatPDF},
		{strings.Repeat("\n", 1000) + "%PDF-1.4", FormatPDF},
		{strings.Repeat("a", 1100) + "%PDF-1.4", FormatPlain},
		{"PK\x03\x04", FormatZIP},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FormatOLE},
		{"\xff\xd8\xff\xe0", FormatPicture},
		{"\x89PNG\r\n\x1a\n", FormatPicture},
		{"II*\x00", FormatTIFF},
		{" <!DOCTYPE html>", FormatMarkup},
		{"\xef\xbb\xbf<?xml?>", FormatMarkup},
		{`{\rtf1 x}`, FormatMarkup},
		{"Số: 32", FormatPlain},
		{"a\x00b", FormatUnknown},
		{"\x01\x02\x03\x04", FormatUnknown},
	}
	for _, test := range tests {
		if got := FormatOf([]byte(test.data)); got != test.want {
			t.Errorf("FormatOf(%.20q): got %s, want %s", test.data, got, test.want)
		}
	}
}

// chars puts letters 6 points apart, as those of a 12 point font.
func chars(x, y float64, s string) []Char {
	var out []Char
	for _, r := range s {
		out = append(out, Char{Rune: r, X: x, Baseline: y, Right: x + 6, Height: 14})
		x += 6
	}
	return out
}

func TestSortChars(t *testing.T) {
	nan := Char{Rune: 'x', X: math.NaN(), Baseline: 1}
	tests := []struct {
		name string
		in   []Char
		want string
	}{
		{"none", nil, ""},
		{"lines", append(chars(10, 80, "hai"), chars(10, 100, "một")...), "một\nhai"},
		{"holes", append(append(chars(10, 100, "b"), chars(22, 100, "o c")...), append(chars(16, 100, "á"), chars(40, 100, "áo")...)...), "báo cáo"},
		{"raised", append(chars(10, 100, "m"), chars(16, 102, "2")...), "m2"},
		{"gap without a space", append(chars(10, 100, "Số:"), chars(60, 100, "32")...), "Số: 32"},
		{"no place", append(chars(10, 100, "a"), nan), "a"},
		{"all in one place", append(chars(0, 0, "a"), chars(0, 0, "b")...), "ab"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Clean(sortChars(test.in)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSortLines(t *testing.T) {
	stored := append(append(chars(10, 100, "S"), chars(40, 100, "UBND")...), append(chars(16, 100, "ố:5/"), chars(10, 80, "sau")...)...)
	if !disordered(stored) {
		t.Error("got an order that is right, want it seen that it is not")
	}
	if got, want := Clean(sortLines(stored)), "Số:5/UBND\nsau"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	columns := append(append(chars(10, 100, "trái"), chars(10, 80, "dưới")...), append(chars(200, 100, "phải"), chars(200, 80, "sau")...)...)
	if disordered(columns) {
		t.Error("columns stored one after the other: got disorder")
	}
	if got, want := Clean(sortLines(columns)), "trái\ndưới\nphải\nsau"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSortable(t *testing.T) {
	var turned []Char
	for i, r := range "một dòng chữ đứng" {
		turned = append(turned, Char{Rune: r, X: 100, Baseline: float64(6 * i), Right: 106, Height: 14})
	}
	tests := []struct {
		name string
		in   []Char
		want bool
	}{
		{"none", nil, true},
		{"one", chars(1, 1, "a"), true},
		{"lines", append(chars(10, 100, "một"), chars(10, 80, "hai")...), true},
		{"turned", turned, false},
		{"right to left", chars(10, 100, "السلام"), false},
	}
	for _, test := range tests {
		if got := sortable(test.in); got != test.want {
			t.Errorf("%s: got %t, want %t", test.name, got, test.want)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("32", "BC-UBND", "2022-04-03", "Số: 32/BC-UBND\nngày 03 tháng 4 năm 2022", "32")
	f.Add("32a", "", "x", "Số 32a", "")
	f.Fuzz(func(t *testing.T, number, notation, date, body, overlay string) {
		pages := []Page{{Number: 1, Text: body, Head: body, Overlay: overlay}, {Number: 2, Text: body}}
		found := Find(Sought{number, notation, date}, pages)
		if (found.Number == PlaceNone) != (found.NumberPage == 0) || (found.Date == PlaceNone) != (found.DatePage == 0) {
			t.Errorf("got %+v, want a page for what is found and none for what is not", found)
		}
		if longer := Find(Sought{number, notation, date}, []Page{{Number: 1, Text: "7" + strings.TrimSpace(number) + "/" + notation}}); longer.Number != PlaceNone && !strings.HasPrefix(strings.TrimLeft(strings.TrimSpace(number), "0"), "7") && strings.Trim(number, "0123456789") == "" {
			t.Errorf("number %q with a digit before it: got %+v", number, longer)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	body := strings.Repeat("Căn cứ Quyết định số 15/QĐ-UBND ngày 02/3/2022 của Ủy ban nhân dân xã. ", 40)
	pages := []Page{{Number: 1, Text: "Số: 32/BC-UBND\nĐông Thử, ngày 03 tháng 4 năm 2022\n" + body}, {Number: 2, Text: body}}
	row := Sought{"32", "BC-UBND", "2022-04-03"}
	for b.Loop() {
		if !Find(row, pages).Confirmed() {
			b.Fatal("not confirmed")
		}
	}
}
