package register

import (
	"fmt"
	"strings"
)

// The codes of structural errors. Each refuses the whole file.
const (
	CodeEmpty           = "empty"            //
	CodeTooLarge        = "too-large"        // Args: limit in MB
	CodeTooManyRows     = "too-many-rows"    // Args: limit
	CodeTooManyColumns  = "too-many-columns" // Args: limit
	CodeUTF16           = "utf-16"           //
	CodeNotUTF8         = "not-utf-8"        //
	CodeLegacyExcel     = "legacy-excel"     // .xls
	CodeNotRegister     = "not-a-register"   // Args: what it looks like, such as "PDF"
	CodeNUL             = "nul-byte"         //
	CodeUnclosedQuote   = "unclosed-quote"   // Row is where it opened
	CodeStrayQuote      = "stray-quote"      // text behind a closing quote
	CodeTooManyCells    = "too-many-cells"   // Args: cells, columns
	CodeCellTooLong     = "cell-too-long"    // Args: limit in characters
	CodeNoHeader        = "no-header"        // Args: rows looked at
	CodeMissingColumn   = "missing-column"   // Args: the column's Vietnamese and English name
	CodeDuplicateColumn = "duplicate-column" // Args: name, the two headers as letters
	CodeBadDate         = "bad-date"         // Args: the cell
	CodeBadNumber       = "bad-number"       // Args: the cell
	CodeFormula         = "formula"          // Args: the cell's name in XLSX, such as "C12"
	CodeMerged          = "merged-cells"     // Args: the range, such as "C12:C14"
	CodeBadWorkbook     = "bad-workbook"     // Args: what is wrong, English
	CodeBomb            = "zip-bomb"         // Args: limit
	CodeNoSheet         = "no-sheet"         //
	CodeManySheets      = "many-sheets"      // Args: names of the visible sheets that hold a register
)

// Error is a fault in a register's structure. It says what, where and what to
// do; Code and Args let a caller say it in another language.
type Error struct {
	File   string
	Row    int    // as the file counts: physical line of a CSV, row of a sheet; 1-based, 0 when the file as a whole is meant
	Column string // header as written, or the column's letter; "" when none is meant
	Code   string
	Args   []string
}

// Error returns the English sentence.
func (e *Error) Error() string { return e.Sentence("en") }

// Sentence returns one sentence in Vietnamese, or for "en" in English.
func (e *Error) Sentence(lang string) string {
	s, ok := sentences[e.Code]
	if !ok {
		s = sentence{e.Code, e.Code}
	}
	text, row, column := s.vi, "dòng", "cột"
	if lang == "en" {
		text, row, column = s.en, "row", "column"
	}
	for i, a := range e.Args {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), printable(a))
	}
	where := printable(e.File)
	if e.Row > 0 {
		where += fmt.Sprintf(", %s %d", row, e.Row)
	}
	if e.Column != "" {
		where += fmt.Sprintf(", %s %s", column, printable(e.Column))
	}
	return strings.TrimPrefix(where, ", ") + ": " + text
}

// printable makes a piece of a hostile file fit to print: one line, no
// control characters, not long.
func printable(s string) string {
	const limit = 80
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			return b.String() + "…"
		}
		if !isPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

type sentence struct{ vi, en string }

var sentences = map[string]sentence{
	CodeEmpty:           {"tệp không có dữ liệu; hãy xuất lại sổ đăng ký văn bản đi", "the file holds no data; export the register again"},
	CodeTooLarge:        {"tệp lớn hơn {0} MB; hãy xuất sổ của từng năm một tệp", "the file is larger than {0} MB; export one year to a file"},
	CodeTooManyRows:     {"sổ có hơn {0} dòng; hãy xuất sổ của từng năm một tệp", "the register has more than {0} rows; export one year to a file"},
	CodeTooManyColumns:  {"sổ có hơn {0} cột; hãy xóa các cột thừa", "the register has more than {0} columns; delete those that are not needed"},
	CodeUTF16:           {"tệp lưu dạng Unicode UTF-16; hãy lưu lại dạng “CSV UTF-8”", "the file is saved as Unicode (UTF-16); save it again as \"CSV UTF-8\""},
	CodeNotUTF8:         {"chữ không phải UTF-8 (có thể là bảng mã TCVN3, VNI hoặc Windows-1258); hãy lưu lại dạng “CSV UTF-8”", "the text is not UTF-8 (perhaps TCVN3, VNI or Windows-1258); save it again as \"CSV UTF-8\""},
	CodeLegacyExcel:     {"đây là tệp Excel đời cũ (.xls); hãy lưu lại dạng .xlsx hoặc “CSV UTF-8”", "this is an old Excel file (.xls) or a locked workbook; save it again as .xlsx without a password, or as \"CSV UTF-8\""},
	CodeNotRegister:     {"đây là tệp {0}, không phải sổ đăng ký; hãy chọn tệp CSV hoặc XLSX", "this is a {0} file and not a register; choose a CSV or XLSX file"},
	CodeNUL:             {"có byte NUL trong dữ liệu, tệp đã hỏng hoặc không phải CSV; hãy xuất lại", "there is a NUL byte in the data: the file is damaged or no CSV; export it again"},
	CodeUnclosedQuote:   {"dấu ngoặc kép mở ở dòng này không được đóng; hãy đóng hoặc xóa nó", "the quote opened in this row is never closed; close or delete it"},
	CodeStrayQuote:      {"có chữ đứng sau dấu ngoặc kép đóng; dấu ngoặc kép trong ô phải viết hai lần (\"\")", "text follows a closing quote; a quote inside a cell must be written twice (\"\")"},
	CodeTooManyCells:    {"dòng có {0} ô nhưng tiêu đề chỉ có {1} cột; hãy đặt ô chứa dấu phân cách trong ngoặc kép", "the row has {0} cells but the header has {1} columns; put quotes around a cell that holds the separator"},
	CodeCellTooLong:     {"ô dài hơn {0} ký tự; hãy rút gọn, hoặc đóng dấu ngoặc kép bị bỏ quên", "the cell is longer than {0} characters; shorten it, or close a forgotten quote"},
	CodeNoHeader:        {"không thấy dòng tiêu đề trong {0} dòng đầu; cần các cột Số, Ký hiệu, Ngày văn bản", "no header row within the first {0} rows; the columns number, notation and date are needed"},
	CodeMissingColumn:   {"thiếu cột “{0}”; hãy thêm cột này vào sổ", "the column \"{1}\" is missing; add it to the register"},
	CodeDuplicateColumn: {"hai cột {1} và {2} cùng là “{0}”; hãy đổi tên hoặc xóa một cột", "the columns {1} and {2} both mean \"{3}\"; rename or delete one of them"},
	CodeBadDate:         {"“{0}” không phải là ngày có thật; hãy viết dạng 31/12/2022", "\"{0}\" is not a date; write it as 31/12/2022 (day, month, year of four digits)"},
	CodeBadNumber:       {"“{0}” không phải số văn bản; hãy viết dạng 32 hoặc 32a", "\"{0}\" is not a document number; write it as 32 or 32a"},
	CodeFormula:         {"ô chứa công thức ({0}); hãy chép và dán lại chỉ giá trị", "the cell holds a formula ({0}); copy it and paste values only"},
	CodeMerged:          {"các ô {0} được gộp qua nhiều dòng; hãy bỏ gộp ô và điền từng dòng", "the cells {0} are merged over several rows; unmerge them and fill in each row"},
	CodeBadWorkbook:     {"không đọc được tệp XLSX ({0}); hãy mở bằng Excel và lưu lại", "the XLSX file cannot be read ({0}); open it in Excel and save it again"},
	CodeBomb:            {"tệp XLSX giải nén ra quá lớn (giới hạn {0}); hãy xuất lại sổ", "the XLSX file unpacks to too much (limit {0}); export the register again"},
	CodeNoSheet:         {"tệp XLSX không có trang tính nào đang hiện", "the XLSX file has no visible sheet; unhide the register's sheet"},
	CodeManySheets:      {"có nhiều trang tính chứa sổ ({0}); hãy chỉ để lại một trang, hoặc ẩn các trang kia", "several sheets hold a register ({0}); leave one, or hide the others"},
}
