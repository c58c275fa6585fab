package register

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A record is one row of a file. Cells are as wide as the row, not as the
// table.
type record struct {
	line  int
	cells []cell
}

// A cell is its text, and for a sheet what its number means.
type cell struct {
	text   string
	number bool // a number and not text, in XLSX only
	date   bool // a number that its format shows as a date: text is ISO 8601
}

func (r record) text(i int) string {
	if i < 0 || i >= len(r.cells) {
		return ""
	}
	return r.cells[i].text
}

func (r record) blank() bool {
	for i := range r.cells {
		if strings.TrimSpace(r.cells[i].text) != "" {
			return false
		}
	}
	return true
}

// A source gives the rows of a table one by one; io.EOF ends it. The cells of
// a record are valid until the next call.
type source interface {
	next() (record, error)
	// finish is called after io.EOF with the header's row and the columns
	// that are read: what is known only at the end may still refuse the file.
	finish(t *table) error
	// strict reports whether cells beyond the header are a fault.
	strict() bool
}

// open finds out what the data is and returns its rows with the header read.
func open(data []byte, opt Options) (*table, error) {
	if int64(len(data)) > opt.MaxBytes {
		return nil, &Error{Code: CodeTooLarge, Args: []string{strconv.FormatInt(max(1, opt.MaxBytes>>20), 10)}}
	}
	if err := foreign(data); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return openXLSX(data, opt)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &Error{Code: CodeEmpty}
	}
	if err := checkText(data); err != nil {
		return nil, err
	}
	return openCSV(string(data), opt)
}

// foreign recognises formats that people hand in for a register by mistake.
func foreign(data []byte) error {
	head := data[:min(len(data), 512)]
	is := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case is("\xff\xfe"), is("\xfe\xff"), looksUTF16(head):
		return &Error{Code: CodeUTF16}
	case is("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"): // [MS-CFB] 2.2
		return &Error{Code: CodeLegacyExcel}
	case is("%PDF-"):
		return &Error{Code: CodeNotRegister, Args: []string{"PDF"}}
	case is("\xff\xd8\xff"), is("\x89PNG"):
		return &Error{Code: CodeNotRegister, Args: []string{"JPEG/PNG"}}
	case is("PK\x05\x06"):
		return &Error{Code: CodeEmpty}
	}
	text := strings.ToLower(string(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))))
	for _, tag := range []string{"<!doctype", "<html", "<table", "<?xml"} {
		if strings.HasPrefix(text, tag) {
			return &Error{Code: CodeNotRegister, Args: []string{"HTML/XML"}}
		}
	}
	return nil
}

// looksUTF16 recognises UTF-16 without a byte-order mark by its zero bytes,
// which stand for the high half of every ASCII character.
func looksUTF16(head []byte) bool {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	n := len(head) / 2
	return n >= 8 && (zeros[0] > n/3 && zeros[1] == 0 || zeros[1] > n/3 && zeros[0] == 0)
}

// checkText refuses what no CSV holds, naming the physical line.
func checkText(data []byte) error {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &Error{Row: lineAt(data, i), Code: CodeNUL}
	}
	if utf8.Valid(data) {
		return nil
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return &Error{Row: lineAt(data, i), Code: CodeNotUTF8}
		}
		i += n
	}
	return nil
}

// lineAt returns the 1-based physical line of an offset; CR, LF and CRLF each
// end one line.
func lineAt(data []byte, offset int) int {
	line := 1
	for i := range offset {
		if data[i] == '\n' || data[i] == '\r' && (i+1 == len(data) || data[i+1] != '\n') {
			line++
		}
	}
	return line
}

// letter returns the name of a column, 0 is "A".
func letter(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// headerRows is how many rows from the top a header is looked for.
const headerRows = 20

// peek reads the rows among which the header must be.
func peek(src source) ([]record, error) {
	var rows []record
	for len(rows) < headerRows {
		r, err := src.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return rows, err
		}
		r.cells = append([]cell(nil), r.cells...)
		rows = append(rows, r)
	}
	return rows, nil
}

func tooMany(code string, row, limit int) error {
	return &Error{Row: row, Code: code, Args: []string{fmt.Sprint(limit)}}
}
