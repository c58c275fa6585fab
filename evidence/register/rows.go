package register

import (
	"fmt"
	"io"
	"strings"

	"minhchung/evidence"
)

// filler turns records into rows.
type filler struct {
	t       *table
	reg     *evidence.Register
	period  evidence.Period
	ids     namer
	secrets []evidence.Row // numbers of dropped rows: their gaps are not told
}

// fill reads all rows. A row of a secret document is dropped before anything
// about it can be reported.
func fill(reg *evidence.Register, t *table, period evidence.Period, opt Options) error {
	f := &filler{t: t, reg: reg, period: period, ids: newNamer()}
	n := 0
	for first := true; ; first = false {
		r, err := t.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if r.blank() || first && ordinals(r) {
			continue
		}
		if n++; n > opt.MaxRows {
			return tooMany(CodeTooManyRows, r.line, opt.MaxRows)
		}
		if err := f.row(r); err != nil {
			return err
		}
	}
	if err := t.src.finish(t); err != nil {
		return err
	}
	if n == 0 {
		return &Error{Row: t.line, Code: CodeEmpty}
	}
	if t.hidden > 0 {
		f.find("hidden-sheet", 0, "", fmt.Sprint(t.hidden))
	}
	reg.Findings = append(reg.Findings, numbering(reg.Rows, f.secrets, t.columns[fSeries] >= 0, period)...)
	return nil
}

// ordinals recognises the row under a header that numbers the columns: "1",
// "2", "3" or "(1)", "(2)", "(3)".
func ordinals(r record) bool {
	n := 0
	for i := range r.cells {
		text := strings.Trim(r.cells[i].text, " ()[]")
		if text == "" {
			continue
		}
		n++
		if text != fmt.Sprint(i+1) && text != fmt.Sprint(n) {
			return false
		}
	}
	return n >= 3
}

func (f *filler) find(code string, line int, row, detail string) {
	f.reg.Findings = append(f.reg.Findings, evidence.Finding{Code: code, Line: line, Row: row, Detail: detail})
}

// get returns a cleaned cell.
func (f *filler) get(r record, what field) string { return clean(r.text(f.t.columns[what])) }

// row reads one record.
func (f *filler) row(r record) error {
	if f.secret(r) {
		f.drop(r)
		return nil
	}
	if err := f.width(r); err != nil {
		return err
	}
	if f.separator(r) {
		f.find("row-skipped", r.line, "", "")
		return nil
	}
	row := evidence.Row{Line: r.line, Series: f.get(r, fSeries)}
	mismatch, err := f.code(r, &row)
	if err != nil {
		return err
	}
	if row.Date, err = f.date(r); err != nil {
		return err
	}
	row.ID = f.ids.name(row)
	if mismatch {
		f.find("number-mismatch", r.line, row.ID, "")
	}
	f.words(r, &row)
	f.exclusion(r, &row)
	f.faults(&row)
	f.reg.Rows = append(f.reg.Rows, row)
	return nil
}

// width refuses a CSV row whose cells slipped, and formulas.
func (f *filler) width(r record) error {
	if !f.t.src.strict() {
		return nil
	}
	for i := range r.cells {
		if isFormula(r.cells[i].text) {
			return &Error{Row: r.line, Column: f.column(i), Code: CodeFormula, Args: []string{fmt.Sprintf("%s%d", letter(i), r.line)}}
		}
	}
	for i := len(f.t.header); i < len(r.cells); i++ {
		if strings.TrimSpace(r.cells[i].text) != "" {
			return &Error{Row: r.line, Code: CodeTooManyCells, Args: []string{fmt.Sprint(len(r.cells)), fmt.Sprint(len(f.t.header))}}
		}
	}
	return nil
}

func (f *filler) column(i int) string {
	if i < len(f.t.header) && clean(f.t.header[i]) != "" {
		return clean(f.t.header[i])
	}
	return letter(i)
}

// separator recognises rows that are no documents: one filled cell that is no
// number ("Tháng 01", "Tổng số: 32 văn bản"), or the header once more.
func (f *filler) separator(r record) bool {
	filled, same := 0, true
	for i := range r.cells {
		text := strings.TrimSpace(r.cells[i].text)
		if text == "" {
			continue
		}
		filled++
		same = same && i < len(f.t.header) && text == strings.TrimSpace(f.t.header[i])
	}
	if same {
		return true
	}
	if filled > 2 || f.get(r, fDate) != "" || f.get(r, fNotation) != "" {
		return false
	}
	for _, what := range []field{fNumber, fCombined} {
		text := f.get(r, what)
		_, _, isNumber := parseNumber(text)
		_, _, isCode := splitCode(text)
		if text != "" && (isNumber || isCode) {
			return false
		}
	}
	return true
}

// code reads number and notation from the columns there are. The second
// number of a notation column that repeats it ("32/BC-UBND" beside 32) is cut
// off; one that contradicts is reported.
func (f *filler) code(r record, row *evidence.Row) (mismatch bool, err error) {
	number, notation := f.get(r, fNumber), f.get(r, fNotation)
	combined := f.get(r, fCombined)
	what := fNumber
	if f.t.columns[fNumber] < 0 || number == "" {
		number, what = combined, fCombined
		if number == "" {
			what = fNumber
		}
		if f.t.columns[fNumber] >= 0 && number == "" {
			number = notation // everything in the notation column
		}
	}
	if notation == "" && what == fNumber {
		notation = combined
	}
	if n, year, ok := parseNumber(number); ok && !(what == fCombined && year != "") {
		row.Number = n
		row.Notation, mismatch = ownNotation(n, notation)
		if year != "" && !strings.HasPrefix(row.Notation, year) {
			row.Notation = strings.Trim(year+"/"+row.Notation, "/")
		}
		return mismatch, nil
	}
	n, rest, ok := splitCode(number)
	if !ok || rest == "" && notation == "" && what == fCombined {
		label := f.t.label(what)
		if label == "" {
			label = f.t.label(fCombined) + f.t.label(fNumber)
		}
		return false, &Error{Row: r.line, Column: label, Code: CodeBadNumber, Args: []string{number}}
	}
	row.Number, row.Notation = n, rest
	if own, _ := ownNotation(n, notation); row.Notation == "" || own != "" && strings.HasSuffix(notationKey(rest), notationKey(own)) && len(own) > len(rest) {
		row.Notation = own
	}
	return false, nil
}

// ownNotation cuts the number off a notation that carries it.
func ownNotation(number, notation string) (string, bool) {
	n, rest, ok := splitCode(notation)
	if !ok || rest == "" {
		return parseNotation(notation), false
	}
	if numberKey(n) == numberKey(number) {
		return rest, false
	}
	if v, suffix := value(n); suffix == "" && v >= 1945 && v <= 2100 {
		return parseNotation(notation), false // "2022/QĐ-UBND" begins with a year
	}
	return rest, true
}

func (f *filler) date(r record) (evidence.Date, error) {
	i := f.t.columns[fDate]
	text := f.get(r, fDate)
	if text == "" {
		return "", nil
	}
	if c := r.cells[i]; !c.number || c.date {
		if d, ok := parseDate(text); ok {
			return d, nil
		}
	}
	return "", &Error{Row: r.line, Column: f.t.label(fDate), Code: CodeBadDate, Args: []string{text}}
}

func baseID(row evidence.Row) string {
	id := row.Number + "/" + row.Notation
	if row.Series != "" {
		id = row.Series + ":" + id
	}
	return id
}

// namer gives rows their IDs as evidence.Row.ID documents: "~2" for the second
// of a kind. Rows that differ in leading zeros or in the notation's case are
// duplicates of each other.
type namer struct {
	taken map[string]bool
	count map[string]int // by identity
}

func newNamer() namer { return namer{map[string]bool{}, map[string]int{}} }

func (n namer) name(row evidence.Row) string {
	key, id := identity(row), baseID(row)
	for {
		n.count[key]++
		if n.count[key] > 1 {
			id = fmt.Sprintf("%s~%d", baseID(row), n.count[key])
		}
		if !n.taken[id] {
			n.taken[id] = true
			return id
		}
	}
}

// identity is equal for rows that carry the same series, number and notation.
func identity(row evidence.Row) string {
	return seriesKey(row.Series) + "\x00" + numberKey(row.Number) + "\x00" + notationKey(row.Notation)
}

func seriesKey(series string) string { return strings.ToLower(series) }

func (f *filler) words(r record, row *evidence.Row) {
	row.Type, row.Subject = f.get(r, fType), f.get(r, fSubject)
	if both := f.get(r, fTypeSubject); both != "" {
		typeName, subject := splitType(both)
		if row.Type == "" {
			row.Type = typeName
		}
		if row.Subject == "" {
			row.Subject = subject
		}
		if row.Subject == "" {
			row.Subject = both
		}
	}
	row.File = f.get(r, fFile)
	row.Channel, row.Receipt = f.get(r, fChannel), f.get(r, fReceipt)
	row.SentAt = f.get(r, fSentAt)
	if d, ok := parseDate(row.SentAt); ok && !strings.ContainsAny(row.SentAt, ":h") {
		row.SentAt = string(d)
	}
	kind, ok := kinds[words(f.get(r, fKind))]
	if row.Kind = kind; !ok {
		row.Kind = evidence.Original
		f.find("unknown-kind", row.Line, row.ID, "")
	}
}

// exclusion takes a row out only with a code, a reason and an approver.
func (f *filler) exclusion(r record, row *evidence.Row) {
	code, known := exclusions[words(f.get(r, fExclusion))]
	reason, approver := f.get(r, fReason), f.get(r, fApprover)
	switch {
	case !known:
		f.find("unknown-exclusion", row.Line, row.ID, "")
	case code == "":
	case words(reason) == "" || words(approver) == "":
		f.find("exclusion-incomplete", row.Line, row.ID, "")
	default:
		row.Exclusion = &evidence.Exclusion{Code: code, Reason: reason, Approver: approver}
	}
	if _, known := isGrade(f.get(r, fSecrecy)); !known {
		f.find("unknown-secrecy", row.Line, row.ID, "")
	}
}

// secret reports whether a record is of a secret document.
func (f *filler) secret(r record) bool {
	if exclusions[words(f.get(r, fExclusion))] == secret {
		return true
	}
	if grade, _ := isGrade(f.get(r, fSecrecy)); grade {
		return true
	}
	for _, what := range []field{fNumber, fNotation, fCombined, fType, fSubject, fTypeSubject, fKind} {
		text := f.get(r, what)
		if strings.ContainsAny(text, "([") && secrecyMark.MatchString(text) {
			return true
		}
		if (what == fNumber || what == fNotation || what == fCombined) && notationMark.MatchString(text) {
			return true
		}
	}
	return false
}

// drop counts a secret row. Its number, date and file name live only as long
// as the import, in Register.Secret, which is never stored; its subject does
// not live at all. A row that cannot be read is counted all the same.
func (f *filler) drop(r record) {
	f.reg.SecretRows++
	for i := range r.cells {
		r.cells[i].text = stamp.ReplaceAllString(secrecyMark.ReplaceAllString(r.cells[i].text, ""), "")
	}
	row := evidence.Row{ID: fmt.Sprintf("secret#%d", f.reg.SecretRows), Series: f.get(r, fSeries), File: f.get(r, fFile)}
	_, _ = f.code(r, &row)
	row.Date, _ = f.date(r)
	f.reg.Secret = append(f.reg.Secret, row)
	if row.Number != "" {
		f.secrets = append(f.secrets, row)
	}
}
