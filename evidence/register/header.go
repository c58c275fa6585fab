package register

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A field is what a column means.
type field int

const (
	fSeries field = iota
	fNumber
	fNotation
	fCombined // number and notation in one cell, "32/BC-UBND"
	fDate
	fType
	fSubject
	fTypeSubject // "Báo cáo kết quả …"
	fKind
	fFile
	fExclusion
	fReason
	fApprover
	fSentAt
	fChannel
	fReceipt
	fSecrecy
	fields
)

// names are what messages call the columns.
var names = [fields][2]string{
	fSeries: {"Sổ", "series"}, fNumber: {"Số", "number"}, fNotation: {"Ký hiệu", "notation"},
	fCombined: {"Số, ký hiệu", "number and notation"}, fDate: {"Ngày văn bản", "date"},
	fType: {"Tên loại", "type"}, fSubject: {"Trích yếu", "subject"}, fTypeSubject: {"Tên loại và trích yếu", "type and subject"},
	fKind: {"Loại bản", "kind"}, fFile: {"Tệp", "file"}, fExclusion: {"Loại trừ", "exclusion"},
	fReason: {"Lý do loại trừ", "exclusion reason"}, fApprover: {"Người duyệt", "approver"}, fSentAt: {"Ngày gửi", "sent_at"},
	fChannel: {"Kênh gửi", "channel"}, fReceipt: {"Mã biên nhận", "receipt"}, fSecrecy: {"Độ mật", "secrecy"},
}

// marked are headers whose meaning hangs on their marks: "Sổ" (book) and "Số"
// (number) fold to the same letters. Written without marks they are numbers.
var marked = map[string]field{
	"sổ": fSeries, "sổ văn bản": fSeries, "sổ văn bản đi": fSeries, "sổ đi": fSeries, "tên sổ": fSeries, "sổ công văn": fSeries,
}

// headers are the folded headers of each column, from the forms of Decree
// 30/2020 appendix IV and exports of document systems, and in English.
var headers = map[field][]string{
	fSeries:   {"so dang ky", "ten so", "loai so", "ma so dang ky", "day so", "series", "register", "book"},
	fNumber:   {"so", "so van ban", "so di", "so vb", "so van ban di", "so cong van", "so thu tu van ban", "so cv", "code number", "codenumber", "number", "no", "document number"},
	fNotation: {"ky hieu", "ky hieu van ban", "ki hieu", "ki hieu van ban", "notation", "code notation", "codenotation", "symbol"},
	fCombined: {"so ky hieu", "so ki hieu", "so va ky hieu", "so va ki hieu", "so ky hieu van ban", "so ki hieu van ban", "so hieu", "so hieu van ban", "so kh",
		"so ky hieu vb", "so van ban ky hieu", "so di ky hieu", "number and notation", "number notation", "reference", "reference number"},
	fDate: {"ngay", "ngay thang", "ngay thang nam", "ngay van ban", "ngay thang van ban", "ngay thang nam van ban", "ngay ban hanh", "ngay thang ban hanh",
		"ngay thang nam ban hanh", "ngay vb", "ngay ky", "ngay cong van", "date", "issued date", "issueddate", "date issued", "document date", "issue date"},
	fType:        {"ten loai", "loai van ban", "ten loai van ban", "loai", "the loai", "hinh thuc", "hinh thuc van ban", "type", "type name", "typename", "document type"},
	fSubject:     {"trich yeu", "trich yeu noi dung", "noi dung", "noi dung trich yeu", "ve viec", "trich yeu van ban", "subject", "summary", "abstract"},
	fTypeSubject: {"ten loai va trich yeu noi dung", "ten loai va trich yeu", "ten loai trich yeu", "ten loai trich yeu noi dung", "ten loai va trich yeu noi dung van ban", "ten loai va noi dung", "type and subject"},
	fKind:        {"loai ban", "hinh thuc ban", "ban goc ban sao", "ban", "kind", "copy or original"},
	fFile:        {"tep", "ten tep", "file", "ten file", "tap tin", "ten tap tin", "tep dinh kem", "file dinh kem", "duong dan", "duong dan tep", "filename", "file name", "path"},
	fExclusion:   {"loai tru", "ma loai tru", "khong tinh", "exclusion", "excluded", "exclude", "exclusion code"},
	fReason:      {"ly do loai tru", "li do loai tru", "ly do", "li do", "ly do khong tinh", "exclusion reason", "reason", "reason for exclusion"},
	fApprover:    {"nguoi duyet", "nguoi phe duyet", "nguoi duyet loai tru", "nguoi phe duyet loai tru", "approver", "approved by", "exclusion approver"},
	fSentAt:      {"ngay gui", "thoi gian gui", "thoi diem gui", "ngay gio gui", "ngay chuyen", "sent at", "sentat", "sent", "date sent"},
	fChannel:     {"kenh gui", "kenh", "hinh thuc gui", "phuong thuc gui", "channel"},
	fReceipt:     {"ma bien nhan", "bien nhan", "so bien nhan", "ma giao dich", "receipt", "receipt id", "receipt number"},
	fSecrecy:     {"do mat", "muc do mat", "muc mat", "mat", "do mat do khan", "secrecy", "secret", "classification", "confidentiality"},
}

var byHeader = func() map[string]field {
	m := map[string]field{}
	for f, list := range headers {
		for _, h := range list {
			m[h] = f
		}
	}
	return m
}()

var aside = regexp.MustCompile(`\([^)]*\)|\[[^\]]*\]`)

// meaning returns what a header says; false for a column that is not read.
func meaning(header string) (field, bool) {
	text := strings.TrimSpace(aside.ReplaceAllString(header, " "))
	if len(text) > 200 {
		return 0, false
	}
	if f, ok := marked[spaced(strings.ToLower(norm.NFC.String(text)))]; ok {
		return f, true
	}
	f, ok := byHeader[words(text)]
	return f, ok
}

// table is a source whose header is found.
type table struct {
	src     source
	columns [fields]int // index of each field's column, -1 for none
	header  []string    // as written
	line    int         // of the header
	pending error       // met while the rows behind the header were looked at
	queue   []record    // those rows
	hidden  int         // hidden sheets that were not read
}

// known counts the columns that are recognised.
func (t *table) known() int {
	n := 0
	for _, c := range t.columns {
		if c >= 0 {
			n++
		}
	}
	return n
}

// label names a column in messages: its header, or its letter.
func (t *table) label(f field) string {
	i := t.columns[f]
	if i < 0 {
		return ""
	}
	if h := clean(t.header[i]); h != "" {
		return h
	}
	return letter(i)
}

func (t *table) next() (record, error) {
	if len(t.queue) > 0 {
		r := t.queue[0]
		t.queue = t.queue[1:]
		return r, nil
	}
	if t.pending != nil {
		return record{}, t.pending
	}
	return t.src.next()
}

// newTable finds the header among the first rows: the row, or pair of rows
// one above the other, in which most columns are recognised. Without one it
// returns how many columns came nearest and the error.
func newTable(src source, rows []record) (*table, int, error) {
	var best *table
	for i := range rows {
		if t := recognise(rows, i, record{}); best == nil || t.known() > best.known() {
			best = t
		}
		if i > 0 && best.missing() >= 0 {
			if t := recognise(rows, i, rows[i-1]); t.known() > best.known() && t.missing() < 0 {
				best = t
			}
		}
	}
	if best == nil {
		return nil, 0, &Error{Code: CodeEmpty}
	}
	if best.known() < 2 {
		return nil, best.known(), &Error{Code: CodeNoHeader, Args: []string{"20"}}
	}
	best.src = src
	if err := best.check(); err != nil {
		return nil, best.known(), err
	}
	return best, best.known(), nil
}

// hasHeader reports whether a header is among the rows that could be read.
func hasHeader(rows []record) bool {
	t, _, _ := newTable(nil, rows)
	return t != nil
}

// recognise reads row i as a header; where it is blank, the row above counts.
func recognise(rows []record, i int, above record) *table {
	row := rows[i]
	t := &table{line: row.line, queue: rows[i+1:]}
	for f := range t.columns {
		t.columns[f] = -1
	}
	for i := range max(len(row.cells), len(above.cells)) {
		text := row.text(i)
		if strings.TrimSpace(text) == "" {
			text = above.text(i)
		}
		t.header = append(t.header, text)
		if f, ok := meaning(text); ok && t.columns[f] < 0 {
			t.columns[f] = i
		}
	}
	return t
}

// missing returns a required field without a column, or -1. A column named
// "Số văn bản" may hold number and notation together; its first row decides.
func (t *table) missing() field {
	has := func(f field) bool { return t.columns[f] >= 0 }
	switch {
	case !has(fNumber) && !has(fCombined):
		return fNumber
	case !has(fDate):
		return fDate
	case !has(fNotation) && !has(fCombined) && !t.numberHoldsNotation():
		return fNotation
	}
	return -1
}

// numberHoldsNotation looks at the first filled cells of the number column.
func (t *table) numberHoldsNotation() bool {
	for _, r := range t.queue {
		if text := clean(r.text(t.columns[fNumber])); text != "" && !ordinals(r) {
			_, notation, ok := splitCode(text)
			return ok && notation != ""
		}
	}
	return false
}

func (t *table) check() error {
	if f := t.missing(); f >= 0 {
		return &Error{Row: t.line, Code: CodeMissingColumn, Args: names[f][:]}
	}
	seen := map[field]int{}
	for i, h := range t.header {
		f, ok := meaning(h)
		if !ok {
			continue
		}
		if first, twice := seen[f]; twice {
			return &Error{Row: t.line, Column: letter(i), Code: CodeDuplicateColumn,
				Args: []string{names[f][0], letter(first), letter(i), names[f][1]}}
		}
		seen[f] = i
	}
	return nil
}
