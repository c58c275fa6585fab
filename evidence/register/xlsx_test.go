package register

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// book writes a workbook with Excelize, a foreign implementation.
func book(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, h := range []string{"Số", "Ký hiệu", "Ngày văn bản", "Trích yếu"} {
		f.SetCellValue("Sheet1", letter(i)+"2", h)
	}
	f.SetCellValue("Sheet1", "A1", "SỔ ĐĂNG KÝ VĂN BẢN ĐI")
	if fill != nil {
		fill(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func set(f *excelize.File, line int, values ...any) {
	for i, v := range values {
		if v != nil {
			f.SetCellValue("Sheet1", fmt.Sprintf("%s%d", letter(i), line), v)
		}
	}
}

func TestXLSX(t *testing.T) {
	day := time.Date(2022, 4, 3, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		fill func(f *excelize.File)
		want string
	}{
		{"date cell", func(f *excelize.File) { set(f, 3, 32, "BC-UBND", day, "Thử") }, "32/BC-UBND 2022-04-03 Thử"},
		{"text date", func(f *excelize.File) { set(f, 3, "32", "BC-UBND", "03/04/2022", "Thử") }, "32/BC-UBND 2022-04-03 Thử"},
		{"own format", func(f *excelize.File) {
			format := `"ngày "dd" tháng "mm" năm "yyyy`
			style, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			set(f, 3, 32, "BC-UBND", 44654, "Thử")
			f.SetCellStyle("Sheet1", "C3", "C3", style)
		}, "32/BC-UBND 2022-04-03 Thử"},
		{"rich text", func(f *excelize.File) {
			set(f, 3, 32, "BC-UBND", day)
			f.SetCellRichText("Sheet1", "D3", []excelize.RichTextRun{{Text: "Th"}, {Text: "ử", Font: &excelize.Font{Bold: true}}})
		}, "32/BC-UBND 2022-04-03 Thử"},
		{"1904", func(f *excelize.File) {
			yes := true
			f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes})
			style, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
			set(f, 3, 32, "BC-UBND", 44654-1462, "Thử")
			f.SetCellStyle("Sheet1", "C3", "C3", style)
		}, "32/BC-UBND 2022-04-03 Thử"},
		{"text that begins with =", func(f *excelize.File) { set(f, 3, 32, "BC-UBND", day, "=> Thử") }, "32/BC-UBND 2022-04-03 => Thử"},
		{"hidden sheet beside", func(f *excelize.File) {
			set(f, 3, 32, "BC-UBND", day, "Thử")
			f.NewSheet("cũ")
			f.SetSheetRow("cũ", "A1", &[]any{"Số", "Ký hiệu", "Ngày"})
			f.SetSheetVisible("cũ", false)
		}, "32/BC-UBND 2022-04-03 Thử hidden-sheet"},
		{"notes on another sheet", func(f *excelize.File) {
			set(f, 3, 32, "BC-UBND", day, "Thử")
			f.NewSheet("ghi chú")
			f.SetCellValue("ghi chú", "A1", "không phải sổ")
		}, "32/BC-UBND 2022-04-03 Thử"},
		{"title merged", func(f *excelize.File) {
			set(f, 3, 32, "BC-UBND", day, "Thử")
			f.MergeCell("Sheet1", "A1", "D1")
		}, "32/BC-UBND 2022-04-03 Thử"},
	} {
		reg, err := Parse("so.csv", book(t, c.fill), "2022", Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		r := reg.Rows[0]
		got := r.ID + " " + string(r.Date) + " " + r.Subject
		for _, f := range reg.Findings {
			if f.Code != "gap" {
				got += " " + f.Code
			}
		}
		if got != c.want || r.Line != 3 {
			t.Errorf("%s: got %s in line %d, want %s in line 3", c.name, got, r.Line, c.want)
		}
	}
}

func TestXLSXErrors(t *testing.T) {
	day := time.Date(2022, 4, 3, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		fill func(f *excelize.File)
		code string
		row  int
		args string
	}{
		{"formula", func(f *excelize.File) {
			set(f, 3, 1, "BC-UBND", day, "x")
			set(f, 4, nil, "BC-UBND", day, "x")
			f.SetCellFormula("Sheet1", "A4", "A3+1")
		}, CodeFormula, 4, "A4"},
		{"plain number as a date", func(f *excelize.File) { set(f, 3, 1, "BC-UBND", 44654, "x") }, CodeBadDate, 3, "44654"},
		{"no such day", func(f *excelize.File) { set(f, 3, 1, "BC-UBND", "31/02/2022", "x") }, CodeBadDate, 3, "31/02/2022"},
		{"fraction as a number", func(f *excelize.File) { set(f, 3, 1.5, "BC-UBND", day, "x") }, CodeBadNumber, 3, "1.5"},
		{"merged over rows", func(f *excelize.File) {
			set(f, 3, 1, "BC-UBND", day, "x")
			set(f, 4, 2, "BC-UBND", nil, "x")
			f.MergeCell("Sheet1", "C3", "C4")
		}, CodeMerged, 3, "C3:C4"},
		{"two registers", func(f *excelize.File) {
			f.NewSheet("b")
			f.SetSheetRow("b", "A1", &[]any{"Số", "Ký hiệu", "Ngày"})
		}, CodeManySheets, 0, "Sheet1, b"},
		{"only a header", nil, CodeEmpty, 2, ""},
	} {
		_, err := Parse("so.xlsx", book(t, c.fill), "2022", Options{})
		var e *Error
		if !errors.As(err, &e) || e.Code != c.code || e.Row != c.row || strings.Join(e.Args, "|") != c.args && len(e.Args) > 0 {
			t.Errorf("%s: got %v (%+v), want %s row %d args %s", c.name, err, e, c.code, c.row, c.args)
		}
	}
}

// pack makes an archive of the given parts.
func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	workbookXML = `<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>`
	relsXML     = `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`
)

func sheet(rows string) map[string]string {
	return map[string]string{"xl/workbook.xml": workbookXML, "xl/_rels/workbook.xml.rels": relsXML,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`}
}

func TestHostileXLSX(t *testing.T) {
	cell := func(s string) string { return `<c t="inlineStr"><is><t>` + s + `</t></is></c>` }
	header := `<row r="1">` + cell("Số") + cell("Ký hiệu") + cell("Ngày") + `</row>`
	line := `<row>` + cell("1") + cell("BC-UBND") + cell("1/1/2022") + `</row>`
	bombed := sheet(header + line)
	bombed["xl/sharedStrings.xml"] = "<sst>" + strings.Repeat("<si><t>x</t></si>", 1_200_000)
	for _, c := range []struct {
		name  string
		parts map[string]string
		code  string // "" when it is read
	}{
		{"small", sheet(header + line), ""},
		{"bomb", bombed, CodeBomb},
		{"rows go back", sheet(header + `<row r="9"/><row r="3"/>`), CodeBadWorkbook},
		{"cells go back", sheet(header + `<row r="2"><c r="C2"/><c r="A2"/></row>`), CodeBadWorkbook},
		{"cell far right", sheet(header + `<row r="2"><c r="XFD2"><v>1</v></c></row>`), CodeTooManyColumns},
		{"row of another", sheet(header + `<row r="2"><c r="A7"><v>1</v></c></row>`), CodeBadWorkbook},
		{"no such string", sheet(header + `<row r="2"><c t="s"><v>5</v></c></row>`), CodeBadWorkbook},
		{"cut", sheet(header + `<row r="2"><c`), CodeBadWorkbook},
		{"entity", sheet(header + `<row r="2"><c t="inlineStr"><is><t>&lol;</t></is></c></row>`), CodeBadWorkbook},
		{"deep", sheet(header + strings.Repeat("<x>", 100_000)), CodeEmpty},
		{"no sheet part", map[string]string{"xl/workbook.xml": workbookXML}, CodeBadWorkbook},
		{"word file", map[string]string{"word/document.xml": "<x/>"}, CodeNotRegister},
		{"infinite number", sheet(header + `<row r="2"><c><v>1e999</v></c></row>`), CodeBadWorkbook},
	} {
		_, err := Parse("so.xlsx", pack(t, c.parts), "2022", Options{})
		var e *Error
		if got := ""; err != nil {
			if errors.As(err, &e) {
				got = e.Code
			}
			if got != c.code {
				t.Errorf("%s: got %v, want %q", c.name, err, c.code)
			}
		} else if c.code != "" {
			t.Errorf("%s: got a register, want %s", c.name, c.code)
		}
	}
}

func TestDateFormats(t *testing.T) {
	for code, want := range map[string]bool{"dd/mm/yyyy": true, "[$-42A]d mmmm yyyy": true, "0.00": false, `"day" 0`: false,
		"hh:mm": false, "[Red]0": false, `\d0`: false, "General": false, "0;dd": false, `"open`: false, "[open": false} {
		if got := dateFormat(code); got != want {
			t.Errorf("%s: got %v, want %v", code, got, want)
		}
	}
}

func TestSerial(t *testing.T) {
	for _, c := range []struct {
		v        float64
		from1904 bool
		want     string
	}{{44654, false, "2022-04-03"}, {44654.5, false, "2022-04-03T12:00:00"}, {43192, true, "2022-04-03"}, {60, false, ""}, {0, false, ""}, {-1, true, ""}, {3e6, false, ""}} {
		if got, _ := serial(c.v, c.from1904); got != c.want {
			t.Errorf("%v: got %s, want %s", c.v, got, c.want)
		}
	}
}
