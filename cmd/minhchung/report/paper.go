package report

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/paper"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/ledger"
)

// Paper prints the report as a PDF in the layout of an administrative document
// (Decree 30/2020 appendix I), ready to be signed. The bytes depend on the
// report, the rule's title, the key, the language and the moment, and on
// nothing else. Every percentage is computed here, from the integers.
func (r *Report) Paper(p *paper.Printer, lang message.Lang, rule *count.Rule, key ledger.PublicKey, at time.Time) ([]byte, error) {
	w := &writer{Report: r, sheet: newSheet(p), lang: lang, at: at.In(Vietnam)}
	w.head()
	w.result(rule)
	w.reasons()
	w.findings()
	w.exceptions()
	w.exclusions()
	w.proof(key)
	w.signatureBlock()
	w.footers(w.text("paper.footer", r.Criterion, r.UnitName, string(r.Period)), func(n, of int) string { return w.text("paper.page", n, of) })
	return w.Bytes()
}

// writer is one printing of a report.
type writer struct {
	*Report
	*sheet
	lang message.Lang
	at   time.Time
	part int // number of the last part
}

func (w *writer) text(key string, args ...any) string { return w.lang.Text(key, args...) }

func (w *writer) int(n int64) string { return w.lang.Int(n) }

// title begins a part under the next Roman number.
func (w *writer) title(key string, args ...any) {
	roman := []string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII"}
	w.heading(roman[w.part] + ". " + w.text(key, args...))
	w.part++
}

// The axes of the head's two columns.
const (
	leftAxis  = 185.0
	rightAxis = 425.0
)

func (w *writer) head() {
	y := topEdge
	for _, line := range w.lines(strings.ToUpper(w.UnitName), 12, 200, true) {
		w.Centre(leftAxis, y, 12, true, line)
		y += 16
	}
	w.Line(leftAxis-35, y-9, leftAxis+35, y-9, 0.6)
	w.Centre(rightAxis, topEdge, 11, true, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
	w.Centre(rightAxis, topEdge+16, 12, true, "Độc lập - Tự do - Hạnh phúc")
	w.Line(rightAxis-82, topEdge+23, rightAxis+82, topEdge+23, 0.6)
	y = max(y, topEdge+32) + 14
	w.Centre(leftAxis, y, 12, false, w.text("paper.number"))
	w.Centre(rightAxis, y, 12, false, w.text("paper.date", w.at.Day(), w.at.Month(), w.at.Year()))
	w.y = y + 30
	w.centred(w.text("paper.title"), 14, true)
	w.centred(w.text("paper.subject", w.Criterion, w.Title.In(string(w.lang))), bodySize, true)
	w.centred(w.text("paper.period", string(w.Period)), bodySize, false)
	w.y += 6
}

func (w *writer) result(rule *count.Rule) {
	lang := string(w.lang)
	w.title("paper.part-result")
	ratio, upper := w.Ratio(), w.Upper()
	w.y += 8
	w.centred(ratio.Format(lang)+" = "+ratio.Percent(lang, Decimals), 20, true)
	w.centred(w.text("paper.share"), bodySize, false)
	w.y += 10
	for _, f := range []struct {
		key   string
		value int64
		bold  bool
	}{
		{"paper.rows", w.Rows, false}, {"paper.excluded", w.Excluded, false}, {"paper.denominator", w.Denominator, true},
		{"paper.proven", w.Proven, true}, {"paper.proven-a", w.ProvenA, false}, {"paper.proven-b", w.ProvenB, false},
		{"paper.disproven", w.Disproven, false}, {"paper.undetermined", w.Undetermined, false},
		{"paper.secret", int64(w.Register.SecretRows), false}, {"paper.withdrawn", int64(w.Withdrawn), false},
		{"paper.unmatched", int64(len(w.Unmatched)), false},
	} {
		w.fact(w.text(f.key), w.int(f.value), f.bold)
	}
	w.y += 8
	w.paragraph(w.text("paper.interval", ratio.Format(lang), ratio.Percent(lang, Decimals), upper.Format(lang), upper.Percent(lang, Decimals)), bodySize-1)
	w.paragraph(w.text("paper.rule", rule.Definition().Title.In(lang), w.Rule), bodySize-1)
	for _, legal := range rule.Definition().Legal {
		w.paragraph("- "+legal.In(lang), bodySize-2)
	}
	if w.Content == count.ContentUnchecked {
		w.paragraph(w.text("report.content-unchecked"), bodySize-1)
	}
}

// full is the width between the edges.
const full = rightEdge - leftEdge

func (w *writer) reasons() {
	if len(w.Reasons) == 0 {
		return
	}
	w.title("paper.part-reasons")
	codes := slices.SortedFunc(maps.Keys(w.Reasons), func(a, b string) int {
		if w.Reasons[a] != w.Reasons[b] {
			return int(w.Reasons[b] - w.Reasons[a])
		}
		return strings.Compare(a, b)
	})
	var rows [][]string
	for _, code := range codes {
		rows = append(rows, []string{w.int(w.Reasons[code]), code, w.text("code." + code)})
	}
	w.table([]float64{60, 110, full - 170}, []string{w.text("paper.count"), w.text("paper.code"), w.text("paper.reason")}, rows)
}

// perCell is how many findings stand in one cell: none is ever cut.
const perCell = 15

// findings lists what is odd in the register, all of it: who reads the share
// must be able to know.
func (w *writer) findings() {
	w.title("paper.part-findings")
	if len(w.Register.Findings) == 0 {
		w.paragraph(w.text("report.no-findings"), bodySize-1)
		return
	}
	byCode := map[string][]string{}
	for _, f := range w.Register.Findings {
		byCode[f.Code] = append(byCode[f.Code], w.finding(f))
	}
	var rows [][]string
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		list := byCode[code]
		for i := 0; i < len(list); i += perCell {
			name := w.text("finding." + code)
			number := w.int(int64(len(list)))
			if i > 0 {
				name, number = "", ""
			}
			rows = append(rows, []string{number, name, strings.Join(list[i:min(i+perCell, len(list))], "; ")})
		}
	}
	w.table([]float64{60, 150, full - 210}, []string{w.text("paper.count"), w.text("paper.finding"), w.text("paper.where")}, rows)
}

func (w *writer) finding(f evidence.Finding) string {
	text := f.Detail
	if text == "" {
		text = f.Row
	}
	if f.Line > 0 {
		text += " " + w.text("report.line", f.Line)
	}
	return strings.TrimSpace(isoDay.ReplaceAllString(text, "$3/$2/$1"))
}

// isoDay is a date inside a finding.
var isoDay = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})\b`)

func (w *writer) exceptions() {
	list := w.Exceptions()
	w.title("paper.part-exceptions", w.int(int64(len(list))))
	if len(list) == 0 {
		w.paragraph(w.text("paper.none"), bodySize-1)
		return
	}
	var rows [][]string
	for i, s := range list {
		row := w.ByID[s.Row]
		file := w.Documents[s.Row].Name
		if file == "" {
			file = "—"
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), row.Number + "/" + row.Notation, day(row.Date), row.Subject, w.text("state."+string(s.State)) + ": " + w.text("code."+s.Code), file})
	}
	w.table([]float64{26, 78, 54, 124, 104, full - 386},
		[]string{w.text("paper.order"), w.text("paper.document"), w.text("column.date"), w.text("column.subject"), w.text("paper.reason"), w.text("column.file")}, rows)
}

// exclusions lists the rows that were taken out of the denominator, each with
// who approved it.
func (w *writer) exclusions() {
	var rows [][]string
	for _, s := range w.States {
		if s.State != evidence.Excluded {
			continue
		}
		row := w.ByID[s.Row]
		reason, approver := w.text("code."+s.Code), ""
		if x := row.Exclusion; x != nil {
			reason, approver = reason+": "+x.Reason, x.Approver
		}
		rows = append(rows, []string{strconv.Itoa(len(rows) + 1), row.Number + "/" + row.Notation, day(row.Date), reason, approver})
	}
	if len(rows) == 0 {
		return
	}
	w.title("paper.part-exclusions", w.int(int64(len(rows))))
	w.table([]float64{26, 90, 60, full - 296, 120},
		[]string{w.text("paper.order"), w.text("paper.document"), w.text("column.date"), w.text("paper.reason"), w.text("paper.approver")}, rows)
}

// proof is what a reader who trusts nobody needs to check the numbers.
func (w *writer) proof(key ledger.PublicKey) {
	w.title("paper.part-proof")
	w.paragraph(w.text("paper.checkpoint"), bodySize-1)
	w.block(w.Checkpoint)
	w.paragraph(w.text("paper.key"), bodySize-1)
	w.block(key.String())
	w.paragraph(w.text("paper.how"), bodySize-1)
	w.paragraph(w.text("paper.generated", w.lang.Time(w.at)), bodySize-1)
}

// signatureBlock is where the head signs.
func (w *writer) signatureBlock() {
	w.need(120)
	w.y += 34
	w.Centre(rightAxis, w.y, bodySize, true, w.text("paper.head"))
	w.Centre(rightAxis, w.y+16, bodySize-1, false, w.text("paper.sign-here"))
	w.y += 90
}

// day writes 2022-04-03 as 03/04/2022.
func day(d evidence.Date) string {
	if t, err := time.Parse(time.DateOnly, string(d)); err == nil {
		return fmt.Sprintf("%02d/%02d/%d", t.Day(), t.Month(), t.Year())
	}
	return string(d)
}
