package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

const head = "Số,Ký hiệu,Ngày văn bản,Trích yếu\n"

func parse(t *testing.T, text string) evidence.Register {
	t.Helper()
	reg, err := Parse("so.csv", []byte(text), "2022", Options{})
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return reg
}

func codesOf(reg evidence.Register) []string {
	out := []string{}
	for _, f := range reg.Findings {
		s := f.Code
		if f.Detail != "" {
			s += " " + f.Detail
		}
		out = append(out, s)
	}
	return out
}

func TestHeaderForms(t *testing.T) {
	want := "32/BC-UBND 2022-04-03"
	for _, text := range []string{
		head + "32,BC-UBND,03/04/2022,Thử\n",
		"\ufeff" + head + "32,BC-UBND,03/04/2022,Thử\n",
		strings.ReplaceAll(head+"32,BC-UBND,03/04/2022,Thử\n", ",", ";"),
		strings.ReplaceAll(head+"32,BC-UBND,03/04/2022,Thử\r\n", ",", "\t"),
		"sep=;\nSố;Ký hiệu;Ngày\n32;BC-UBND;3-4-2022\n",
		"NGAY BAN HANH;so;ky hieu\n3.4.2022;32;BC-UBND\n",
		"SỐ, KÝ HIỆU;Ngày, tháng văn bản\n32/BC-UBND;2022-04-03\n",
		"\"Số, ký hiệu\",\"Ngày, tháng, năm (dd/mm/yyyy)\"\nSố: 32 / BC - UBND,\"ngày 03 tháng 4 năm 2022\"\n",
		"Số văn bản;Ngày\n32/BC-UBND;3/4/2022\n",
		"Số đi;Số/ký hiệu;Ngày\n32;32/BC-UBND;3/4/2022\n",
		"Số;Ký hiệu;Ngày\n32;32/BC-UBND;3/4/2022\n",
		"number,notation,date\n32,BC-UBND,2022-04-03\n",
		"SỔ ĐĂNG KÝ VĂN BẢN ĐI NĂM 2022,,\nXã Thử Nghiệm,,\n,,\nSố,Ký hiệu,Ngày\n(1),(2),(3)\n32,BC-UBND,3/4/2022\n",
		"STT,Văn bản,,,Nơi nhận\n,Số,Ký hiệu,Ngày,\n1,32,BC-UBND,3/4/2022,Lưu\n",
		"Trích yếu,Số,Ký hiệu,Ngày\n\"Về việc \"\"thử\"\", một;hai;ba\nhai dòng\",32,BC-UBND,3/4/2022\n",
		"Số,Ký hiệu,Ngày,Trích yếu\n32,BC-UBND,3/4/2022 08:30,Về \"thử\" nghiệm\n",
	} {
		reg := parse(t, text)
		if len(reg.Rows) != 1 {
			t.Errorf("%q: got %d rows, want 1", text, len(reg.Rows))
			continue
		}
		if got := reg.Rows[0].ID + " " + string(reg.Rows[0].Date); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	reg := parse(t, "Sổ;Số;Ký hiệu;Ngày;Tên loại;Trích yếu;Loại bản;Tệp;Loại trừ;Lý do;Người duyệt;Ngày gửi;Kênh gửi;Mã biên nhận;Ghi chú\n"+
		"Chung;32 a;BC-UBND;3/4/2022;Báo cáo;Kết quả;Sao y;a/b.pdf;Hủy;Ghi nhầm;Nguyễn Văn Thử;04/04/2022;Trục;M-1;x\n")
	want := evidence.Row{ID: "Chung:32a/BC-UBND", Series: "Chung", Number: "32a", Notation: "BC-UBND", Date: "2022-04-03",
		Type: "Báo cáo", Subject: "Kết quả", Kind: evidence.Copy, File: "a/b.pdf", SentAt: "2022-04-04", Channel: "Trục", Receipt: "M-1", Line: 2,
		Exclusion: &evidence.Exclusion{Code: "void", Reason: "Ghi nhầm", Approver: "Nguyễn Văn Thử"}}
	if !reflect.DeepEqual(reg.Rows[0], want) {
		t.Errorf("got %+v, want %+v", reg.Rows[0], want)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ number, notation, want string }{
		{"32", "BC-UBND", "32/BC-UBND"},
		{"032", "BC-UBND", "032/BC-UBND"},
		{"05", "2022/QĐ-UBND", "05/2022/QĐ-UBND"},
		{"05/2022", "QĐ-UBND", "05/2022/QĐ-UBND"},
		{"05/2022", "2022/QĐ-UBND", "05/2022/QĐ-UBND"},
		{"Số: 32", "/BC - UBND", "32/BC-UBND"},
		{"32A", "BC-UBND", "32a/BC-UBND"},
		{"32-đ", "BC-UBND", "32đ/BC-UBND"},
		{"05/2022/QĐ-UBND", "", "05/2022/QĐ-UBND"},
		{"", "32/BC-UBND", "32/BC-UBND"},
	} {
		reg := parse(t, fmt.Sprintf("%s%s,%s,3/4/2022,x\n", head, c.number, c.notation))
		if got := reg.Rows[0].ID; got != c.want {
			t.Errorf("%s and %s: got %s, want %s", c.number, c.notation, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	row := "1,BC-UBND,1/1/2022,x\n"
	for _, c := range []struct {
		name, text, code string
		row              int
		column           string
	}{
		{"empty", "", CodeEmpty, 0, ""},
		{"blank", "\ufeff \n\n", CodeEmpty, 0, ""},
		{"only a header", head, CodeEmpty, 1, ""},
		{"no header", "a,b\nc,d\n", CodeNoHeader, 0, ""},
		{"header too late", strings.Repeat("x\n", 20) + head + row, CodeNoHeader, 0, ""},
		{"no date", "Số,Ký hiệu,Trích yếu\n1,BC-UBND,x\n", CodeMissingColumn, 1, ""},
		{"no notation", "Số,Ngày,Trích yếu\n1,1/1/2022,x\n", CodeMissingColumn, 1, ""},
		{"two dates", "Số,Ký hiệu,Ngày,Ngày ban hành\n1,BC-UBND,1/1/2022,2/1/2022\n", CodeDuplicateColumn, 1, "D"},
		{"no such day", head + row + "2,BC-UBND,31/02/2022,x\n", CodeBadDate, 3, "Ngày văn bản"},
		{"short year", head + "2,BC-UBND,3/4/22,x\n", CodeBadDate, 2, "Ngày văn bản"},
		{"mixed marks", head + "2,BC-UBND,3/4-2022,x\n", CodeBadDate, 2, "Ngày văn bản"},
		{"serial in a CSV", head + "2,BC-UBND,44654,x\n", CodeBadDate, 2, "Ngày văn bản"},
		{"no number", head + ",BC-UBND,3/4/2022,x\n", CodeBadNumber, 2, "Số"},
		{"word for a number", head + "hai,BC-UBND,3/4/2022,x\n", CodeBadNumber, 2, "Số"},
		{"formula", head + "1,BC-UBND,3/4/2022,\"=HYPERLINK(\"\"x\"\")\"\n", CodeFormula, 2, "Trích yếu"},
		{"excel text formula", head + "=\"1\",BC-UBND,3/4/2022,x\n", CodeFormula, 2, "Số"},
		{"dde", head + "1,BC-UBND,3/4/2022,+cmd|' /C calc'!A0\n", CodeFormula, 2, "Trích yếu"},
		{"function after a sign", head + "1,BC-UBND,3/4/2022,@SUM(A1:A9)\n", CodeFormula, 2, "Trích yếu"},
		{"unclosed quote", head + row + "2,BC-UBND,3/4/2022,\"mở\n3,BC-UBND,3/4/2022,y\n", CodeUnclosedQuote, 3, "D"},
		{"stray quote", head + "1,BC-UBND,3/4/2022,\"a\" b\n", CodeStrayQuote, 2, "D"},
		{"quoted newlines count", head + "1,BC-UBND,3/4/2022,\"a\nb\nc\"\n2,BC-UBND,x,y\n", CodeBadDate, 5, "Ngày văn bản"},
		{"too many cells", head + "1,BC-UBND,3/4/2022,a, b\n", CodeTooManyCells, 2, ""},
		{"nul", head + "1,BC\x00,3/4/2022,a\n", CodeNUL, 2, ""},
		{"not utf-8", head + row + "2,BC,3/4/2022,\xe1\xe2 \n", CodeNotUTF8, 3, ""},
		{"utf-16 with a mark", "\xff\xfeS\x00\xd1\x1e", CodeUTF16, 0, ""},
		{"utf-16 without", "n\x00u\x00m\x00b\x00e\x00r\x00,\x00d\x00a\x00t\x00e\x00", CodeUTF16, 0, ""},
		{"xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxxxxxx", CodeLegacyExcel, 0, ""},
		{"html", "<html><table>", CodeNotRegister, 0, ""},
		{"pdf", "%PDF-1.7", CodeNotRegister, 0, ""},
		{"long cell", head + "1,BC-UBND,3/4/2022," + strings.Repeat("x", 40_000) + "\n", CodeCellTooLong, 2, "D"},
		{"broken zip", "PK\x03\x04xxxx", CodeBadWorkbook, 0, ""},
	} {
		_, err := Parse("so.csv", []byte(c.text), "2022", Options{})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", c.name, err)
			continue
		}
		if e.Code != c.code || e.Row != c.row || e.Column != c.column {
			t.Errorf("%s: got %s row %d column %q, want %s row %d column %q", c.name, e.Code, e.Row, e.Column, c.code, c.row, c.column)
		}
		for _, lang := range []string{"vi", "en"} {
			if s := e.Sentence(lang); strings.Contains(s, "{") || strings.Contains(s, "\n") || !strings.HasPrefix(s, "so.csv") {
				t.Errorf("%s: got sentence %q, want one line that begins with the file", c.name, s)
			}
		}
	}
}

func TestEveryCodeHasSentences(t *testing.T) {
	for code, s := range sentences {
		if s.vi == "" || s.en == "" || s.vi == s.en {
			t.Errorf("%s: got %q and %q, want two sentences", code, s.vi, s.en)
		}
	}
}

func TestHonestTextIsNoFormula(t *testing.T) {
	for _, s := range []string{"", "- Báo cáo (lần 2)", "-TTHC (lần 2)", "+84 912 345 678", "+ Triển khai", "=> chuyển", "@ trang tin", "-", "−5", "- 5 %", "a=b", "+Tổng(x)"} {
		if isFormula(s) {
			t.Errorf("%q: got formula, want text", s)
		}
	}
	for _, s := range []string{"=1+1", "=A1", " =SUM(A1)", "=\"05\"", "=-1", "+A1+B2", "-B2", "@SUM(1)", "-SUM(A1:A3)", "=cmd|'x'!A1"} {
		if !isFormula(s) {
			t.Errorf("%q: got text, want formula", s)
		}
	}
}

func TestLimits(t *testing.T) {
	text := head + strings.Repeat("1,BC-UBND,1/1/2022,x\n", 5)
	for _, c := range []struct {
		opt  Options
		code string
	}{
		{Options{MaxRows: 4}, CodeTooManyRows},
		{Options{MaxColumns: 3}, CodeTooManyColumns},
		{Options{MaxBytes: 20}, CodeTooLarge},
	} {
		_, err := Read("so.csv", strings.NewReader(text), "2022", c.opt)
		var e *Error
		if !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%+v: got %v, want %s", c.opt, err, c.code)
		}
	}
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"in order", "1,BC-UBND,1/1/2022,x\n2,BC-UBND,1/1/2022,x\n", nil},
		{"gap", "1,BC-UBND,1/1/2022,x\n5,BC-UBND,2/1/2022,x\n7,BC-UBND,2/1/2022,x\n", []string{"gap 2–4", "gap 6"}},
		{"gap from one", "3,BC-UBND,1/1/2022,x\n", []string{"gap 1–2"}},
		{"a suffix closes nothing", "1,BC-UBND,1/1/2022,x\n2a,BC-UBND,1/1/2022,x\n3,BC-UBND,1/1/2022,x\n", []string{"gap 2"}},
		{"suffix beside its number", "1,BC-UBND,1/1/2022,x\n1a,BC-UBND,1/1/2022,x\n2,BC-UBND,1/1/2022,x\n", nil},
		{"duplicate", "1,BC-UBND,1/1/2022,x\n01,bc-ubnd,1/1/2022,y\n", []string{"duplicate 01"}},
		{"late", "1,BC-UBND,5/1/2022,x\n2,BC-UBND,4/1/2022,x\n3,BC-UBND,6/1/2022,x\n", []string{"late-entry 2022-01-04 < 2022-01-05"}},
		{"outside year", "1,BC-UBND,1/1/2023,x\n2,BC-UBND,1/1/2022,x\n", []string{"outside-year 2023-01-01"}},
		{"long", "1," + strings.Repeat("A", 31) + ",1/1/2022," + strings.Repeat("ệ", 501) + "\n", []string{"long-field notation 31/30", "long-field subject 501/500"}},
		{"no subject", "1,BC-UBND,1/1/2022,\n", []string{"missing-subject"}},
		{"no date", "1,BC-UBND,,x\n", []string{"missing-date"}},
		{"normative texts apart", "1,BC-UBND,1/1/2022,x\n01,2022/QĐ-UBND,3/1/2022,x\n01,NQ-HĐND,4/1/2022,x\n2,BC-UBND,1/1/2022,x\n", []string{"series-inferred 3"}},
		{"numbered by type", "1,BC-UBND,1/1/2022,x\n1,QĐ-UBND,1/1/2022,x\n2,BC-UBND,2/1/2022,x\n2,QĐ-UBND,2/1/2022,x\n", []string{"series-inferred 2"}},
		{"month rows", "Tháng 1,,,\n1,BC-UBND,1/1/2022,x\nTổng số: 1 văn bản,,,\n", []string{"row-skipped", "row-skipped"}},
	} {
		want := c.want
		if want == nil {
			want = []string{}
		}
		if got := codesOf(parse(t, head+c.text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
	}
}

func TestOneWrongDateIsOneLateEntry(t *testing.T) {
	var b strings.Builder
	b.WriteString(head)
	for i := 1; i <= 300; i++ {
		day := fmt.Sprintf("%d/%d/2022", 1+i%28, 1+i/28)
		if i == 10 {
			day = "31/12/2022"
		}
		fmt.Fprintf(&b, "%d,BC-UBND,%s,x\n", i, day)
	}
	late := 0
	for _, f := range parse(t, b.String()).Findings {
		if f.Code == "late-entry" {
			late++
		}
	}
	// Every 28th row goes back to day 1 before its month does, by construction.
	if late > 12 {
		t.Errorf("got %d late entries, want at most 12", late)
	}
}

func TestKindsTypesAndExclusions(t *testing.T) {
	reg := parse(t, "Số,Ký hiệu,Ngày,Loại văn bản,Loại bản,Loại trừ,Lý do,Người duyệt\n"+
		"1,BC-UBND,1/1/2022,Báo cáo,,,,\n"+
		"2,BC-UBND,1/1/2022,bao cao,Phụ lục,thu hồi,Sai,Nguyễn Văn Thử\n"+
		"3,BC-UBND,1/1/2022,QĐ,copy,out-of-scope,Ngoài,Nguyễn Văn Thử\n"+
		"4,BC-UBND,1/1/2022,Thơ,bản lạ,void,,Nguyễn Văn Thử\n"+
		"5,BC-UBND,1/1/2022,Thư công,Bản gốc,lạ,x,y\n")
	want := []string{"unknown-kind", "exclusion-incomplete", "unknown-type", "unknown-exclusion"}
	if got := codesOf(reg); !reflect.DeepEqual(got, want) {
		t.Errorf("got findings %v, want %v", got, want)
	}
	var kinds, excluded []string
	for _, r := range reg.Rows {
		kinds = append(kinds, string(r.Kind))
		code := ""
		if r.Exclusion != nil {
			code = r.Exclusion.Code
		}
		excluded = append(excluded, code)
	}
	if got, want := fmt.Sprint(kinds), "[original annex copy original original]"; got != want {
		t.Errorf("kinds: got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(excluded), "[ withdrawn out-of-scope  ]"; got != want {
		t.Errorf("exclusions: got %s, want %s", got, want)
	}
}

func TestTypeAndSubjectInOneColumn(t *testing.T) {
	reg := parse(t, "Số,Ký hiệu,Ngày,Tên loại và trích yếu nội dung\n1,BC-UBND,1/1/2022,Báo cáo: Kết quả quý I\n2,QĐ-UBND,1/1/2022,Quyết định về việc thử\n3,UBND-VP,1/1/2022,V/v thử nghiệm\n")
	var got []string
	for _, r := range reg.Rows {
		got = append(got, r.Type+"|"+r.Subject)
	}
	want := []string{"Báo cáo|Kết quả quý I", "Quyết định|về việc thử", "|V/v thử nghiệm"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Nothing of a secret row but the count may reach what is stored.
func TestSecretRowsLeaveNoTrace(t *testing.T) {
	head := "Số;Ký hiệu;Ngày;Trích yếu;Độ mật;Loại trừ;Lý do;Người duyệt;Tệp\n"
	open := "1;BC-UBND;1/1/2022;Bảo vệ bí mật nhà nước;Thường;;;;\n3;BC-UBND;1/1/2022;x;;;;;\n"
	for _, row := range []string{
		"777;ZQ-UBND;1/1/2022;Chuyện kín;Mật;;;;kin.pdf\n",
		"777;ZQ-UBND;1/1/2022;Chuyện kín;TỐI MẬT;;;;kin.pdf\n",
		"777;ZQ-UBND;1/1/2022;Chuyện kín;tuyet mat;;;;kin.pdf\n",
		"777;ZQ-UBND;1/1/2022;Chuyện kín;C;;;;kin.pdf\n",
		"777;ZQ-UBND;1/1/2022;Chuyện kín;;secret;x;y;kin.pdf\n",
		"777;ZQ-UBND;1/1/2022;Chuyện kín;;Mật;;;kin.pdf\n",
		"777;ZQ-UBND (Mật);1/1/2022;Chuyện kín;;;;;kin.pdf\n",
		"777;ZQ-UBND-MẬT;1/1/2022;Chuyện kín;;;;;kin.pdf\n",
		"777 (mật);ZQ-UBND;không rõ;Chuyện kín;;;;;kin.pdf\n",
		"777;ZQ-UBND;1/1/2022;Chuyện kín [TỐI MẬT];;;;;kin.pdf\n",
		"2;ZQ-UBND;1/1/2022;Chuyện kín;Mật;;;;kin.pdf\n",
	} {
		reg := parse(t, head+open+row)
		reg.SHA256 = signature.Hash{} // digits by chance
		data, err := json.Marshal(reg)
		if err != nil {
			t.Fatal(err)
		}
		if reg.SecretRows != 1 || len(reg.Rows) != 2 {
			t.Errorf("%q: got %d secret of %d rows, want 1 and 2 others", row, reg.SecretRows, len(reg.Rows))
		}
		for _, trace := range []string{"777", "776", "ZQ", "kín", "kin.pdf"} {
			if strings.Contains(string(data), trace) {
				t.Errorf("%q: %q is in %s", row, trace, data)
			}
		}
		for _, r := range reg.Secret {
			if r.Subject != "" {
				t.Errorf("%q: the subject is kept: %+v", row, r)
			}
		}
		if number := strings.Fields(strings.Split(row, ";")[0])[0]; reg.Secret[0].Number != number || reg.Secret[0].File != "kin.pdf" {
			t.Errorf("%q: got %+v, want number %s and file kin.pdf for the refusal of its file", row, reg.Secret[0], number)
		}
		if number := strings.Split(row, ";")[0]; number == "2" && len(reg.Findings) != 0 {
			t.Errorf("%q: got %v, want no gap that tells the number", row, reg.Findings)
		}
	}
}

func TestDuplicateIDs(t *testing.T) {
	reg := parse(t, head+"1,BC-UBND,1/1/2022,a\n1,BC-UBND,1/1/2022,b\n01,BC-UBND,1/1/2022,c\n")
	var ids []string
	for _, r := range reg.Rows {
		ids = append(ids, r.ID)
	}
	if got, want := fmt.Sprint(ids), "[1/BC-UBND 1/BC-UBND~2 01/BC-UBND~3]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMayBeSecret(t *testing.T) {
	secrets := []evidence.Row{{Number: "7002", Notation: "KHQS-UBND", Date: "2022-01-07"}}
	for name, want := range map[string]bool{
		"7002-KHQS-UBND_07-01-2022.pdf": true,
		"gửi 7002-KHQS-UBND lần 2.pdf":  true,
		"7002-KHQS-UBND 2021-01-01.pdf": true,
		"7003-KHQS-UBND.pdf":            false,
		"7002-BC-UBND.pdf":              false,
		"Báo cáo (Mật).pdf":             true,
		"Báo cáo [ TỐI MẬT ].pdf":       true,
		"9-BC-UBND(M).pdf":              true,
		"Phụ lục (A).pdf":               false,
		"Kế hoạch bảo mật.pdf":          false,
		"văn bản tuyệt mật.pdf":         true,
		"tuyet_mat 9.pdf":               true,
		"Báo cáo TỐI MẬT.pdf":           true,
		"bảo vệ bí mật nhà nước.pdf":    false,
		"toi mat giay to.pdf":           false,
		"Văn bản mật/9.pdf":             true,
		`2022\\Mật\\9.pdf`:              true,
		"Mặt trận Tổ quốc/9.pdf":        false,
	} {
		if got := MayBeSecret(name, secrets); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
