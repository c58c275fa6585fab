package text

import (
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	const letter = "ỦY BAN NHÂN DÂN\nXÃ ĐÔNG THỬ\nSố: 32/BC-UBND\nĐông Thử, ngày 03 tháng 4 năm 2022\nBÁO CÁO\nCăn cứ Quyết định số 15/QĐ-UBND ngày 02/3/2022"
	row := Sought{"32", "BC-UBND", "2022-04-03"}
	tests := []struct {
		name         string
		row          Sought
		text         string
		number, date Place
	}{
		{"letter", row, letter, PlaceOwn, PlaceOwn},
		{"cited one", Sought{"15", "QĐ-UBND", "2022-03-02"}, letter, PlaceCited, PlaceCited},
		{"zeros", Sought{"032", "bc - ubnd", "2022-04-03"}, letter, PlaceOwn, PlaceOwn},
		{"zero in text", Sought{"5", "TB-UBND", "2022-04-03"}, "Số: 05/TB-UBND", PlaceOwn, PlaceNone},
		{"spaces", row, "Số : 32 / BC - UBND\nngày 3 tháng 04 năm 2022", PlaceOwn, PlaceOwn},
		{"broken line", row, "Số: 32/BC-\nUBND", PlaceOwn, PlaceNone},
		{"no marks", row, "So: 32/BC-UBND, ngay 3 thang 4 nam 2022", PlaceOwn, PlaceOwn},
		{"decomposed", row, "So\u0302\u0301: 32/BC-UBND", PlaceOwn, PlaceNone},
		{"other dashes", row, "Số: 32/BC–UBND", PlaceOwn, PlaceNone},
		{"line start", row, "XÃ ĐÔNG THỬ\nSố 32/BC-UBND", PlaceOwn, PlaceNone},
		{"one line", row, "Số: 32/BC-UBND Đông Thử, ngày 03 tháng 4 năm 2022", PlaceOwn, PlaceOwn},
		{"annex", row, "PHỤ LỤC\n(Kèm theo Báo cáo số 32/BC-UBND ngày 03 tháng 4 năm 2022 của UBND xã)", PlaceOwn, PlaceOwn},
		{"partial 132", row, "Số: 132/BC-UBND", PlaceNone, PlaceNone},
		{"partial 32a", row, "Số: 32a/BC-UBND", PlaceNone, PlaceNone},
		{"partial 32 a", row, "Số: 32 a/BC-UBND", PlaceNone, PlaceNone},
		{"partial 320", row, "Số: 320/BC-UBND", PlaceNone, PlaceNone},
		{"grouped", row, "Số: 1.32/BC-UBND", PlaceNone, PlaceNone},
		{"year before", row, "Số: 2022/32/BC-UBND", PlaceNone, PlaceNone},
		{"longer notation", row, "Số: 32/BC-UBND-VP", PlaceNone, PlaceNone},
		{"longer word", row, "Số: 32/BC-UBNDX", PlaceNone, PlaceNone},
		{"longer word with marks", row, "Số: 32/BC-UBNDĐ", PlaceNone, PlaceNone},
		{"other notation", row, "Số: 32/TB-UBND", PlaceNone, PlaceNone},
		{"suffix", Sought{"32a", "BC-UBND", ""}, "Số: 32a/BC-UBND", PlaceOwn, PlaceNone},
		{"suffix in capitals", Sought{"32a", "BC-UBND", ""}, "Số: 32A/BC-UBND", PlaceOwn, PlaceNone},
		{"suffix missing", Sought{"32a", "BC-UBND", ""}, "Số: 32/BC-UBND", PlaceNone, PlaceNone},
		{"normative", Sought{"05", "2022/QĐ-UBND", "2022-12-31"}, "Số: 05/2022/QĐ-UBND\nngày 31 tháng 12 năm 2022", PlaceOwn, PlaceOwn},
		{"party", Sought{"32", "BC/ĐU", "2022-04-03"}, "Số 32-BC/ĐU", PlaceOwn, PlaceNone},
		{"no notation", Sought{"7", "", ""}, "Số: 7\n", PlaceOwn, PlaceNone},
		{"no notation, another number", Sought{"7", "", ""}, "Số: 7/BC-UBND", PlaceNone, PlaceNone},
		{"number alone", row, "32\n", PlaceNone, PlaceNone},
		{"slashes", row, "Số: 32/BC-UBND\n3/4/2022", PlaceOwn, PlaceOwn},
		{"dots", row, "Số: 32/BC-UBND\n03.04.2022.", PlaceOwn, PlaceOwn},
		{"iso", row, "Số: 32/BC-UBND\n2022-04-03", PlaceOwn, PlaceOwn},
		{"day 13", row, "ngày 13/4/2022, 23.4.2022, ngày 13 tháng 4 năm 2022", PlaceNone, PlaceNone},
		{"month 14", row, "3/14/2022 3/4/20221 3/4/2022/5 1/3/4/2022", PlaceNone, PlaceNone},
		{"month first", row, "4/3/2022", PlaceNone, PlaceNone},
		{"mixed marks", row, "3/4-2022", PlaceNone, PlaceNone},
		{"no number", Sought{"", "BC-UBND", ""}, letter, PlaceNone, PlaceNone},
		{"absurd number", Sought{"1234567890123456", "BC", "x"}, "Số: 1234567890123456/BC", PlaceNone, PlaceNone},
		{"pattern in number", Sought{"1.*", ".*", ""}, "Số: 19/BC", PlaceNone, PlaceNone},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Find(test.row, []Page{{Number: 1, Text: test.text}})
			if got.Number != test.number || got.Date != test.date {
				t.Errorf("got number %q and date %q, want %q and %q", got.Number, got.Date, test.number, test.date)
			}
		})
	}
}

func TestFindPlaces(t *testing.T) {
	row := Sought{"32", "BC-UBND", "2022-04-03"}
	number, date := "Số: 32/BC-UBND", "ngày 03 tháng 4 năm 2022"
	filler := strings.Repeat("nội dung của văn bản ", 200)
	tests := []struct {
		name  string
		pages []Page
		want  Found
		own   bool
	}{
		{"none", nil, Found{}, false},
		{"first page", []Page{{Number: 1, Text: number + "\n" + date}}, Found{PlaceOwn, 1, PlaceOwn, 1}, true},
		{"second page", []Page{{Number: 1, Text: "x"}, {Number: 2, Text: number + "\n" + date}}, Found{PlaceCited, 2, PlaceCited, 2}, false},
		{"far down", []Page{{Number: 1, Text: filler + "\n" + number + "\n" + date}}, Found{PlaceCited, 1, PlaceCited, 1}, false},
		{"stamped", []Page{{Number: 1, Text: "Số: /BC-UBND\nngày tháng 4 năm 2022", Overlay: "32/BC-UBND\n03/04/2022"}}, Found{PlaceOverlay, 1, PlaceOverlay, 1}, true},
		{"stamped into the gap", []Page{{Number: 1, Text: "Số: /BC-UBND\n" + date, Head: "Số: 32/BC-UBND " + date, Overlay: "32"}}, Found{PlaceOwn, 1, PlaceOwn, 1}, true},
		{"number only", []Page{{Number: 1, Text: number}}, Found{Number: PlaceOwn, NumberPage: 1}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Find(row, test.pages)
			if got != test.want || got.Confirmed() != test.own {
				t.Errorf("got %+v, confirmed %t, want %+v, %t", got, got.Confirmed(), test.want, test.own)
			}
		})
	}
}

func TestKey(t *testing.T) {
	tests := []struct{ number, notation, want string }{
		{"32", "BC-UBND", "32-bc-ubnd"},
		{" 032 ", "bc - ubnd", "32-bc-ubnd"},
		{"32 A", "BC/UBND", "32a-bc-ubnd"},
		{"5", "2022/QĐ-UBND", "5-2022-qd-ubnd"},
		{"7", "", "7"},
		{"", "", ""},
		{"99999999999999999999999", "x", "99999999999999999999999-x"},
	}
	for _, test := range tests {
		if got := Key(test.number, test.notation); got != test.want {
			t.Errorf("Key(%q, %q): got %q, want %q", test.number, test.notation, got, test.want)
		}
	}
}

func TestOwnKeys(t *testing.T) {
	pages := []Page{
		{Number: 1, Text: "Số: 032a/QĐ-UBND – Đông Thử\nCăn cứ Kế hoạch số 15/KH-UBND ngày 3/4/2022", Overlay: "7/TB-UBND"},
		{Number: 2, Text: "Số: 99/BC-UBND"},
	}
	got := Prepare(pages).OwnKeys()
	want := []string{"32a-qd", "32a-qd-ubnd", "32a-qd-ubnd-dong", "7-tb", "7-tb-ubnd"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A text made of nothing but the number costs no more than another: work that
// grew with the square of its length would not end within the test's timeout.
func TestFindIsLinear(t *testing.T) {
	pages := []Page{{Number: 1, Text: strings.Repeat("32/BC-UBND ngày 3/4/2022 132/BC-UBND 13/4/2022 ", 20_000)}}
	if got := Find(Sought{"32", "BC-UBND", "2022-04-03"}, pages); got.Number != PlaceCited {
		t.Errorf("got %+v, want cited", got)
	}
	none := []Page{{Number: 1, Text: strings.Repeat("132/BC-UBND 13/4/2022 ", 40_000)}}
	if got := Find(Sought{"32", "BC-UBND", "2022-04-03"}, none); got != (Found{}) {
		t.Errorf("got %+v, want nothing", got)
	}
}
