package register

import (
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
)

// sheetSource reads the rows of one sheet as a stream (ECMA-376 part 1,
// 18.3.1). A formula anywhere refuses the file: what it shows is not what is
// stored.
type sheetSource struct {
	w       *workbook
	name    string
	r       io.ReadCloser
	dec     *xml.Decoder
	columns int // limit
	line    int // of the last row
	cells   []cell
	merged  []mergedRange
	done    bool
}

// mergedRange is a range of cells shown as one, 1-based rows and 0-based
// columns.
type mergedRange struct{ top, bottom, left, right int }

// maxMerged bounds the merged ranges of a sheet.
const maxMerged = 100_000

func (w *workbook) open(part string, opt Options) (*sheetSource, error) {
	r, err := w.part(part)
	if err != nil {
		return nil, err
	}
	return &sheetSource{w: w, name: part, r: r, dec: newDecoder(r), columns: opt.MaxColumns}, nil
}

func (s *sheetSource) strict() bool { return false }

// next returns the next row that has cells. A formula is an error of its row,
// also in the first rows: a register's title needs none.
func (s *sheetSource) next() (record, error) {
	if s.done {
		return record{}, io.EOF
	}
	for {
		tok, err := s.dec.RawToken()
		if err == io.EOF {
			s.done = true
			return record{}, io.EOF
		}
		if err != nil {
			return record{}, xmlError(s.name, err)
		}
		t, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch t.Name.Local {
		case "row":
			return s.row(t)
		case "mergeCell":
			if m, ok := parseRange(attr(t, "ref")); ok && len(s.merged) < maxMerged {
				s.merged = append(s.merged, m)
			}
		}
	}
}

// row reads up to the end of a row. Rows must come in order, as 18.3.1.73 has
// them; one that goes back would break every message's row number.
func (s *sheetSource) row(start xml.StartElement) (record, error) {
	line := s.line + 1
	if v := attr(start, "r"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n <= s.line || n > 1<<20 {
			return record{}, badWorkbook("rows are out of order")
		}
		line = n
	}
	s.line = line
	s.cells = s.cells[:0]
	for {
		tok, err := s.dec.RawToken()
		if err != nil {
			return record{}, xmlError(s.name, noEOF(err))
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if t.Name.Local == "c" {
				if err := s.cell(t); err != nil {
					return record{}, err
				}
			}
		case xml.EndElement:
			if t.Name.Local == "row" {
				return record{line, s.cells}, nil
			}
		}
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// cell reads one cell and puts it at its column.
func (s *sheetSource) cell(start xml.StartElement) error {
	at := len(s.cells)
	if ref := attr(start, "r"); ref != "" {
		column, row, ok := parseRef(ref)
		if !ok || row != s.line || column < at {
			return badWorkbook("cells are out of order")
		}
		at = column
	}
	if at >= s.columns {
		return tooMany(CodeTooManyColumns, s.line, s.columns)
	}
	value, text, err := s.content(at)
	if err != nil {
		return err
	}
	for len(s.cells) < at {
		s.cells = append(s.cells, cell{})
	}
	c, err := s.convert(attr(start, "t"), attr(start, "s"), value, text)
	if err != nil {
		return err
	}
	if len(c.text) > maxCellChars && chars(c.text) > maxCellChars {
		return tooLong(s.line, letter(at))
	}
	s.cells = append(s.cells, c)
	return nil
}

// content reads what is inside a cell: its value and its inline text.
func (s *sheetSource) content(column int) (value, text string, err error) {
	var v, inline strings.Builder
	var to *strings.Builder
	phonetic := false
	for {
		tok, err := s.dec.RawToken()
		if err != nil {
			return "", "", xmlError(s.name, noEOF(err))
		}
		switch t := tok.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "f":
				name := letter(column)
				return "", "", &Error{Row: s.line, Column: name, Code: CodeFormula, Args: []string{name + strconv.Itoa(s.line)}}
			case "v":
				to = &v
			case "rPh":
				phonetic = true
			case "t":
				if !phonetic {
					to = &inline
				}
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v", "t":
				to = nil
			case "rPh":
				phonetic = false
			case "c":
				return v.String(), inline.String(), nil
			}
		case xml.CharData:
			if to != nil {
				to.Write(t)
			}
		}
	}
}

// convert turns the stored value into text by the cell's type (18.18.11).
func (s *sheetSource) convert(kind, style, value, inline string) (cell, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || i < 0 || i >= len(s.w.strings) {
			return cell{}, badWorkbook("a shared string is missing")
		}
		return cell{text: s.w.strings[i]}, nil
	case "inlineStr":
		return cell{text: inline}, nil
	case "str", "e", "d":
		return cell{text: value}, nil
	case "b":
		return cell{text: map[string]string{"1": "true", "0": "false"}[value]}, nil
	}
	if value == "" {
		return cell{}, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return cell{}, badWorkbook("a number cannot be read")
	}
	if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(s.w.dates) && s.w.dates[i] {
		if text, ok := serial(n, s.w.from1904); ok {
			return cell{text: text, number: true, date: true}, nil
		}
	}
	text := value
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		text = strconv.FormatInt(int64(n), 10)
	}
	return cell{text: text, number: true}, nil
}

// finish refuses cells merged over several rows in a column that is read:
// only the first row would have the value that people see in all of them.
func (s *sheetSource) finish(t *table) error {
	defer s.r.Close()
	for _, m := range s.merged {
		if m.bottom <= t.line || m.bottom == m.top {
			continue
		}
		for f, column := range t.columns {
			if column >= m.left && column <= m.right {
				return &Error{Row: max(m.top, t.line+1), Column: t.label(field(f)), Code: CodeMerged,
					Args: []string{letter(m.left) + strconv.Itoa(m.top) + ":" + letter(m.right) + strconv.Itoa(m.bottom)}}
			}
		}
	}
	return nil
}

func parseRange(ref string) (mergedRange, bool) {
	a, b, ok := strings.Cut(ref, ":")
	left, top, okA := parseRef(a)
	right, bottom, okB := parseRef(b)
	return mergedRange{top, bottom, left, right}, ok && okA && okB && left <= right && top <= bottom
}

// parseRef reads a cell's name, "C12" is column 2, row 12.
func parseRef(ref string) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 3 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		column = 26*column + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	return column - 1, row, i > 0 && err == nil && row > 0 && row <= 1<<20 && ref[i] != '+'
}
