package register

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits on a workbook beside those of Options. Sizes are measured while
// unpacking; what the archive declares is not believed.
const (
	maxParts     = 10_000
	maxRatio     = 100      // unpacked to packed, as for archives everywhere
	ratioFree    = 16 << 20 // bytes that may be unpacked at any ratio
	partFactor   = 4        // times Options.MaxBytes, for one part
	maxSheets    = 64
	maxStringsIn = 4_000_000 // shared strings
)

// workbook reads the parts of an XLSX file (ECMA-376 part 1, 18). A reader of
// our own, because a register must be read as a stream, with the formula of a
// cell and the format that makes a number a date at hand, and with every limit
// enforced on bytes that were really unpacked. Excelize writes the workbooks
// of the tests, so that it is checked against a foreign implementation.
type workbook struct {
	parts    map[string]*zip.File
	limit    int64
	packed   int64
	unpacked int64
	strings  []string
	dates    []bool // by cell style: shows a number as a date
	from1904 bool
	sheets   []sheetRef
}

type sheetRef struct {
	name   string
	part   string
	hidden bool
}

func badWorkbook(what string) error {
	return &Error{Code: CodeBadWorkbook, Args: []string{what}}
}

// openXLSX returns the visible sheet that holds a register.
func openXLSX(data []byte, opt Options) (*table, error) {
	w, err := openWorkbook(data, opt)
	if err != nil {
		return nil, err
	}
	var found *table
	var holding []string
	var failed error
	visible, hidden := 0, 0
	for _, ref := range w.sheets {
		if ref.hidden {
			hidden++
			continue
		}
		visible++
		t, err := w.table(ref, opt)
		if err != nil {
			failed = moreTelling(failed, err)
			continue
		}
		found, holding = t, append(holding, ref.name)
	}
	switch {
	case visible == 0:
		return nil, &Error{Code: CodeNoSheet}
	case len(holding) > 1:
		return nil, &Error{Code: CodeManySheets, Args: []string{strings.Join(holding, ", ")}}
	case found == nil:
		return nil, failed
	}
	found.hidden = hidden
	return found, nil
}

// moreTelling prefers a fault of a sheet that is nearly a register to "empty"
// and "no header" of the sheets beside it.
func moreTelling(a, b error) error {
	rank := func(err error) int {
		var e *Error
		if err == nil {
			return 0
		}
		if !errors.As(err, &e) {
			return 4
		}
		switch e.Code {
		case CodeEmpty:
			return 1
		case CodeNoHeader:
			return 2
		}
		return 3
	}
	if a == nil || rank(b) > rank(a) {
		return b
	}
	return a
}

func (w *workbook) table(ref sheetRef, opt Options) (*table, error) {
	src, err := w.open(ref.part, opt)
	if err != nil {
		return nil, err
	}
	rows, err := peek(src)
	if err != nil && !hasHeader(rows) {
		return nil, err
	}
	t, _, headErr := newTable(src, rows)
	if headErr != nil {
		return nil, headErr
	}
	t.pending = err
	return t, nil
}

func openWorkbook(data []byte, opt Options) (*workbook, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, badWorkbook("not a complete ZIP archive")
	}
	if len(z.File) > maxParts {
		return nil, &Error{Code: CodeBomb, Args: []string{fmt.Sprint(maxParts)}}
	}
	w := &workbook{parts: map[string]*zip.File{}, limit: partFactor * opt.MaxBytes, packed: int64(len(data))}
	for _, f := range z.File {
		w.parts[strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(f.Name, `\`, "/")), "/"))] = f
	}
	if w.parts["xl/workbook.xml"] == nil {
		if w.parts["mimetype"] != nil || w.parts["word/document.xml"] != nil {
			return nil, &Error{Code: CodeNotRegister, Args: []string{"ODS/DOCX"}}
		}
		return nil, badWorkbook("no xl/workbook.xml")
	}
	if err := w.readWorkbook(); err != nil {
		return nil, err
	}
	if err := w.readStrings(); err != nil {
		return nil, err
	}
	return w, w.readStyles()
}

// part opens a part for reading under the limits; nil when it is not there.
func (w *workbook) part(name string) (io.ReadCloser, error) {
	f := w.parts[strings.ToLower(name)]
	if f == nil {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, badWorkbook("the archive is encrypted")
	}
	r, err := f.Open()
	if err != nil {
		return nil, badWorkbook("part " + name + " cannot be unpacked")
	}
	return &bounded{w: w, r: r}, nil
}

// bounded counts what a workbook unpacks.
type bounded struct {
	w *workbook
	r io.ReadCloser
	n int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	b.w.unpacked += int64(n)
	if b.n > b.w.limit {
		return 0, &Error{Code: CodeBomb, Args: []string{fmt.Sprintf("%d MB", max(1, b.w.limit>>20))}}
	}
	if b.w.unpacked > ratioFree && b.w.unpacked/maxRatio > b.w.packed {
		return 0, &Error{Code: CodeBomb, Args: []string{fmt.Sprintf("1:%d", maxRatio)}}
	}
	return n, err
}

func (b *bounded) Close() error { return b.r.Close() }

// walk calls fn for each start and end tag and each text of a part.
func (w *workbook) walk(name string, fn func(xml.Token) error) error {
	r, err := w.part(name)
	if err != nil || r == nil {
		return err
	}
	defer r.Close()
	dec := newDecoder(r)
	for {
		tok, err := dec.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return xmlError(name, err)
		}
		if err := fn(tok); err != nil {
			return err
		}
	}
}

func newDecoder(r io.Reader) *xml.Decoder {
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("encoding %q", charset)
	}
	return dec
}

// xmlError keeps our own errors, which a reader under the decoder returned.
func xmlError(name string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return badWorkbook("part " + name + " is damaged")
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space != "xmlns" {
			return a.Value
		}
	}
	return ""
}

// readWorkbook reads the list of sheets and where their parts are.
func (w *workbook) readWorkbook() error {
	targets := map[string]string{}
	err := w.walk("xl/_rels/workbook.xml.rels", func(tok xml.Token) error {
		if t, ok := tok.(xml.StartElement); ok && t.Name.Local == "Relationship" {
			target := strings.ReplaceAll(attr(t, "Target"), `\`, "/")
			if !strings.HasPrefix(target, "/") {
				target = "/xl/" + target
			}
			targets[attr(t, "Id")] = strings.TrimPrefix(path.Clean(target), "/")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.walk("xl/workbook.xml", func(tok xml.Token) error {
		t, ok := tok.(xml.StartElement)
		switch {
		case !ok:
		case t.Name.Local == "workbookPr":
			v := attr(t, "date1904")
			w.from1904 = v == "1" || v == "true"
		case t.Name.Local == "sheet":
			if len(w.sheets) == maxSheets {
				return badWorkbook("too many sheets")
			}
			id := ""
			for _, a := range t.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					id = a.Value
				}
			}
			state := attr(t, "state")
			ref := sheetRef{name: attr(t, "name"), part: targets[id], hidden: state == "hidden" || state == "veryHidden"}
			if w.parts[strings.ToLower(ref.part)] == nil {
				return badWorkbook("a sheet has no part")
			}
			w.sheets = append(w.sheets, ref)
		}
		return nil
	})
}

// readStrings reads the shared strings, with runs joined and phonetic hints
// left out (18.4.8, 18.4.6).
func (w *workbook) readStrings() error {
	var text strings.Builder
	inText, phonetic := false, false
	return w.walk("xl/sharedstrings.xml", func(tok xml.Token) error {
		switch t := tok.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				text.Reset()
			case "t":
				inText = !phonetic
			case "rPh":
				phonetic = true
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t":
				inText = false
			case "rPh":
				phonetic = false
			case "si":
				if len(w.strings) == maxStringsIn {
					return badWorkbook("too many strings")
				}
				w.strings = append(w.strings, text.String())
			}
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		}
		return nil
	})
}

// readStyles learns which cell styles show a number as a date (18.8.30).
func (w *workbook) readStyles() error {
	custom := map[string]bool{}
	inXfs := false
	return w.walk("xl/styles.xml", func(tok xml.Token) error {
		switch t := tok.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "numFmt":
				custom[attr(t, "numFmtId")] = dateFormat(attr(t, "formatCode"))
			case "cellXfs":
				inXfs = true
			case "xf":
				if inXfs && len(w.dates) < 1<<16 {
					id := attr(t, "numFmtId")
					shown, own := custom[id]
					w.dates = append(w.dates, own && shown || !own && builtinDate(id))
				}
			}
		case xml.EndElement:
			inXfs = inXfs && t.Name.Local != "cellXfs"
		}
		return nil
	})
}

// builtinDate knows the formats that need no definition, those of East Asian
// versions of Excel included.
func builtinDate(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58)
}

// dateFormat reports whether a format code shows a day or a year: d or y
// outside quotes, brackets and escapes.
func dateFormat(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 1
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return false
			}
			i += end
		case '\\', '_', '*':
			i++
		case 'd', 'D', 'y', 'Y':
			return true
		}
	}
	return false
}

func tooLong(row int, column string) error {
	return &Error{Row: row, Column: column, Code: CodeCellTooLong, Args: []string{strconv.Itoa(maxCellChars)}}
}

func chars(s string) int { return utf8.RuneCountInString(s) }
