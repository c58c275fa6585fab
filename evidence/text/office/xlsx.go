package office

import (
	"encoding/xml"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"minhchung/evidence/text"
)

// maxStrings bounds the shared strings of a workbook.
const maxStrings = 4_000_000

// workbook is what the sheets of an XLSX file refer to (ECMA-376 part 1, 18).
type workbook struct {
	strings  []string
	dates    []bool // by cell style: a number is shown as a date
	from1904 bool
	sheets   []sheet
}

type sheet struct{ name, part string }

// readXLSX reads each sheet as a page, hidden ones too: cells with tabs
// between them, the stored result of formulas, dates as 03/04/2022.
func (a *archive) readXLSX() error {
	w := &workbook{}
	if err := a.readWorkbook(w); err != nil {
		return err
	}
	for _, s := range w.sheets {
		p := &page{a: a}
		p.write(s.name + "\n")
		if err := a.add(p, a.walk(s.part, w.sheetHandler(p))); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) readWorkbook(w *workbook) error {
	targets := map[string]string{}
	err := a.walk("xl/_rels/workbook.xml.rels", handler{start: func(t xml.StartElement) {
		if t.Name.Local == "Relationship" {
			target := strings.ReplaceAll(attr(t, "Target"), `\`, "/")
			if !strings.HasPrefix(target, "/") {
				target = path.Join("xl", target)
			}
			targets[attr(t, "Id")] = target
		}
	}})
	if err != nil {
		return err
	}
	err = a.walk("xl/workbook.xml", handler{start: func(t xml.StartElement) {
		switch t.Name.Local {
		case "workbookPr":
			w.from1904 = attr(t, "date1904") == "1" || attr(t, "date1904") == "true"
		case "sheet":
			if len(w.sheets) < text.MaxPages {
				w.sheets = append(w.sheets, sheet{attr(t, "name"), targets[relation(t)]})
			}
		}
	}})
	if err != nil {
		return err
	}
	if a.has("xl/styles.xml") {
		if err := a.walk("xl/styles.xml", w.styleHandler()); err != nil {
			return err
		}
	}
	if a.has("xl/sharedStrings.xml") {
		return a.walk("xl/sharedStrings.xml", w.stringHandler())
	}
	return nil
}

// relation is the value of r:id.
func relation(t xml.StartElement) string {
	for _, a := range t.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

// stringHandler collects the shared strings, runs joined, phonetic hints left
// out (18.4.8, 18.4.6).
func (w *workbook) stringHandler() handler {
	var b strings.Builder
	inText := false
	return handler{
		skip: map[string]bool{"rPh": true},
		start: func(t xml.StartElement) {
			switch t.Name.Local {
			case "si":
				b.Reset()
			case "t":
				inText = true
			}
		},
		end: func(name string) {
			switch name {
			case "si":
				if len(w.strings) < maxStrings {
					w.strings = append(w.strings, b.String())
				}
			case "t":
				inText = false
			}
		},
		text: func(s string) {
			if inText {
				b.WriteString(s)
			}
		},
	}
}

// styleHandler learns which cell styles show a number as a date (18.8.30).
func (w *workbook) styleHandler() handler {
	custom := map[string]bool{}
	inCells := false
	return handler{
		start: func(t xml.StartElement) {
			switch t.Name.Local {
			case "numFmt":
				custom[attr(t, "numFmtId")] = strings.ContainsAny(unquoted(attr(t, "formatCode")), "dDyY")
			case "cellXfs":
				inCells = true
			case "xf":
				if inCells && len(w.dates) < 1<<16 {
					id := attr(t, "numFmtId")
					n, _ := strconv.Atoi(id)
					w.dates = append(w.dates, custom[id] || n >= 14 && n <= 17 || n == 22)
				}
			}
		},
		end: func(name string) { inCells = inCells && name != "cellXfs" },
	}
}

// unquoted drops what a format code shows literally.
func unquoted(code string) string {
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		switch end := byte(0); code[i] {
		case '\\', '_', '*':
			i++
		case '"', '[':
			if end = '"'; code[i] == '[' {
				end = ']'
			}
			n := strings.IndexByte(code[i+1:], end)
			if n < 0 {
				return b.String()
			}
			i += n + 1
		default:
			b.WriteByte(code[i])
		}
	}
	return b.String()
}

// sheetHandler writes a sheet's cells (18.3.1).
func (w *workbook) sheetHandler(p *page) handler {
	var kind, style string
	var value strings.Builder
	take, first := false, true
	return handler{
		skip: map[string]bool{"rPh": true, "f": true},
		start: func(t xml.StartElement) {
			switch t.Name.Local {
			case "row":
				first = true
			case "c":
				kind, style = attr(t, "t"), attr(t, "s")
				value.Reset()
			case "v", "t":
				take = true
			}
		},
		end: func(name string) {
			switch name {
			case "v", "t":
				take = false
			case "c":
				if s := w.show(kind, style, value.String()); s != "" {
					if !first {
						p.write("\t")
					}
					first = false
					p.write(s)
				}
				value.Reset()
			case "row":
				p.write("\n")
			}
		},
		text: func(s string) {
			if take && value.Len() < text.MaxPageText {
				value.WriteString(s)
			}
		},
	}
}

// show is what people see of a stored value, nearly.
func (w *workbook) show(kind, style, value string) string {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && i >= 0 && i < len(w.strings) {
			return w.strings[i]
		}
		return ""
	case "", "n":
		i, err := strconv.Atoi(style)
		if n, ok := strconv.ParseFloat(value, 64); err == nil && ok == nil && i >= 0 && i < len(w.dates) && w.dates[i] {
			return w.date(n, value)
		}
	}
	return value
}

// date turns a day number into day/month/year (18.17.4.1).
func (w *workbook) date(n float64, value string) string {
	if math.IsNaN(n) || n < 1 || n >= 2_958_466 {
		return value
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if w.from1904 {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return base.AddDate(0, 0, int(n)).Format("02/01/2006")
}
