package register

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// checkParse says what holds for every input: a register whose IDs are unique,
// or an *Error of one line, within the limits.
func checkParse(t *testing.T, data []byte) {
	reg, err := Parse("so", data, "2022", Options{MaxBytes: 1 << 20, MaxRows: 1000})
	var e *Error
	if err != nil {
		if !errors.As(err, &e) || strings.ContainsAny(e.Sentence("vi")+e.Sentence("en"), "\n\r\x00") {
			t.Fatalf("got %#v, want an *Error of one line", err)
		}
		return
	}
	seen := map[string]bool{}
	for _, r := range reg.Rows {
		if seen[r.ID] || r.ID == "" || r.Number == "" || r.Line < 1 {
			t.Fatalf("got row %+v, want a new ID, a number and a line", r)
		}
		seen[r.ID] = true
	}
	if d := Diff(Diff(nil, reg.Rows).Added, reg.Rows); len(d.Unchanged) != len(reg.Rows) {
		t.Fatalf("got %d of %d rows unchanged by the same register", len(d.Unchanged), len(reg.Rows))
	}
	MatchFiles(reg.Rows, []File{{reg.Name}, {"1_BC-UBND_01-01-2022.pdf"}})
}

func FuzzParseCSV(f *testing.F) {
	for _, s := range []string{"", head + "1,BC-UBND,1/1/2022,x\n", "sep=;\nSố;Ký hiệu;Ngày\r\n1;BC;2022-01-01\r\n",
		head + "1,BC,\"3/4\n/2022\",\"a\"\"b\"\n", "Số/ký hiệu\tNgày\n05/2022/QĐ-UBND\tngày 1 tháng 1 năm 2022\n",
		"Số,Ký hiệu,Ngày,Độ mật\n1,BC,1/1/2022,Mật\n", "\xff\xfe", "\"", "a\rb\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkParse(t, data) })
}

func FuzzParseXLSX(f *testing.F) {
	f.Add(`<row r="1"><c t="inlineStr"><is><t>Số</t></is></c></row>`, `<sst><si><t>x</t></si></sst>`, `<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`)
	f.Add(`<row><c r="A1" t="s"><v>0</v></c><c><f>A1</f></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/>`, ``, `<numFmt numFmtId="164" formatCode="dd"/>`)
	f.Fuzz(func(t *testing.T, rows, shared, styles string) {
		parts := sheet(rows)
		parts["xl/sharedStrings.xml"], parts["xl/styles.xml"] = shared, styles
		checkParse(t, pack(t, parts))
	})
}

func FuzzParseXLSXBytes(f *testing.F) {
	f.Add(book(f, func(b *excelize.File) { set(b, 3, 1, "BC-UBND", time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC), "x") }))
	f.Add(pack(f, sheet("<row/>")))
	f.Fuzz(func(t *testing.T, data []byte) { checkParse(t, data) })
}

func FuzzFileName(f *testing.F) {
	f.Add("32_BC-UBND_03-04-2022.pdf")
	f.Add("ngày 3 tháng 4 năm 2022 số 32a.BC.UBND")
	rows := parseRows()
	f.Fuzz(func(t *testing.T, name string) {
		if m := MatchFiles(rows, []File{{name}}); len(m.Pairs) > 1 {
			t.Fatalf("%q: got %d pairs, want at most one", name, len(m.Pairs))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(generated(100_000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("so.csv", data, "2022", Options{}); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys>>20), "MB-sys")
}

func BenchmarkParseXLSX(b *testing.B) {
	var rows strings.Builder
	cell := func(s string) { rows.WriteString(`<c t="inlineStr"><is><t>` + s + `</t></is></c>`) }
	for _, line := range strings.Split(strings.TrimSpace(generated(100_000)), "\n") {
		rows.WriteString("<row>")
		for _, c := range strings.Split(line, ",") {
			cell(c)
		}
		rows.WriteString("</row>")
	}
	data := pack(b, sheet(rows.String()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("so.xlsx", data, "2022", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatchFiles(b *testing.B) {
	reg, err := Parse("so.csv", []byte(generated(100_000)), "2022", Options{})
	if err != nil {
		b.Fatal(err)
	}
	files := make([]File, len(reg.Rows))
	for i, r := range reg.Rows {
		files[i] = File{fmt.Sprintf("%s_%s_%s.pdf", r.Number, r.Notation, r.Date)}
	}
	for b.Loop() {
		if m := MatchFiles(reg.Rows, files); len(m.Pairs) != len(files) {
			b.Fatalf("got %d pairs, want %d", len(m.Pairs), len(files))
		}
	}
}

func generated(n int) string {
	var b strings.Builder
	b.WriteString("Số,Ký hiệu,Ngày văn bản,Tên loại,Trích yếu\n")
	for i := range n {
		d := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i*365/n)
		fmt.Fprintf(&b, "%d,BC-UBND,%s,Báo cáo,Kết quả thực hiện nhiệm vụ số %d của Ủy ban nhân dân xã Thử Nghiệm %x\n", i+1, d.Format("02/01/2006"), i, i*7919)
	}
	return b.String()
}
