package register

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"minhchung/evidence"
)

// The limits of Decree 30/2020 appendix VI, in characters.
const (
	maxNumberChars   = 11  // CodeNumber
	maxNotationChars = 30  // CodeNotation
	maxSubjectChars  = 500 // Subject
)

// faults reports what is wrong with one row by itself.
func (f *filler) faults(row *evidence.Row) {
	f.long(row, "number", row.Number, maxNumberChars)
	f.long(row, "notation", row.Notation, maxNotationChars)
	f.long(row, "subject", row.Subject, maxSubjectChars)
	hasSubject := f.t.columns[fSubject] >= 0 || f.t.columns[fTypeSubject] >= 0
	switch {
	case row.Date == "":
		f.find("missing-date", row.Line, row.ID, "")
	case outside(row.Date, f.period):
		f.find("outside-year", row.Line, row.ID, string(row.Date))
	}
	if words(row.Notation) == "" {
		f.find("missing-notation", row.Line, row.ID, "")
	}
	if row.Subject == "" && hasSubject {
		f.find("missing-subject", row.Line, row.ID, "")
	}
	if row.Type != "" && !knownType(row.Type) {
		f.find("unknown-type", row.Line, row.ID, "")
	}
}

func (f *filler) long(row *evidence.Row, what, text string, limit int) {
	if len(text) <= limit {
		return
	}
	if n := utf8.RuneCountInString(text); n > limit {
		f.find("long-field", row.Line, row.ID, fmt.Sprintf("%s %d/%d", what, n, limit))
	}
}

// outside reports whether a date lies outside a period that is a year.
func outside(d evidence.Date, p evidence.Period) bool {
	return isYear(p) && d != "" && !strings.HasPrefix(string(d), string(p)+"-")
}

func isYear(p evidence.Period) bool {
	return len(p) == 4 && strings.Trim(string(p), "0123456789") == ""
}

// numbering reports gaps, duplicates and late entries, series by series.
// Numbers of dropped secret rows close gaps: a gap would tell them.
func numbering(rows, secrets []evidence.Row, hasSeries bool, period evidence.Period) []evidence.Finding {
	groups, inferred := series(rows, hasSeries)
	var out []evidence.Finding
	if inferred > 1 {
		out = append(out, evidence.Finding{Code: "series-inferred", Detail: fmt.Sprint(inferred)})
	}
	closed := make([]int64, len(secrets))
	for i, r := range secrets {
		closed[i], _ = value(r.Number)
	}
	slices.Sort(closed)
	keys := make([]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		list := groups[k]
		slices.SortStableFunc(list, func(a, b numbered) int {
			return cmp.Or(cmp.Compare(a.n, b.n), strings.Compare(a.suffix, b.suffix))
		})
		out = append(out, gaps(list, closed, isYear(period))...)
		out = append(out, duplicates(list)...)
		out = append(out, late(list, period)...)
	}
	return out
}

// numbered is a row with its number taken apart.
type numbered struct {
	*evidence.Row
	n      int64
	suffix string
}

// series groups the rows by their numbering. Where the register has no series
// column it is inferred (Decree 30/2020 art. 15; Law 80/2015/QH13 art. 10):
// normative texts, whose notation begins with the year, are numbered notation
// by notation; the People's Council (HĐND) numbers apart from the People's
// Committee; the rest is one series. Where numbers of the rest come again and
// again, each notation is numbered by itself, as many agencies do.
func series(rows []evidence.Row, hasSeries bool) (groups map[string][]numbered, inferred int) {
	groups = map[string][]numbered{}
	for i := range rows {
		n, suffix := value(rows[i].Number)
		key := seriesKey(rows[i].Series)
		if !hasSeries {
			key = inferSeries(rows[i].Notation)
		}
		groups[key] = append(groups[key], numbered{&rows[i], n, suffix})
	}
	if hasSeries {
		return groups, 0
	}
	for _, key := range []string{"", "hđnd"} {
		list := groups[key]
		if !repeated(list) {
			continue
		}
		delete(groups, key)
		for _, r := range list {
			k := "notation " + notationKey(r.Notation)
			groups[k] = append(groups[k], r)
		}
	}
	return groups, len(groups)
}

func inferSeries(notation string) string {
	key := notationKey(notation)
	if len(key) > 5 && key[4] == '/' && (key[:2] == "19" || key[:2] == "20") {
		return "normative " + key
	}
	if i := strings.LastIndexAny(key, "-/"); i >= 0 && strings.HasSuffix(fold(key[i+1:]), "hdnd") {
		return "hđnd"
	}
	return ""
}

// repeated reports whether so many numbers of a group come more than once
// under different notations that it cannot be one numbering: three in ten.
func repeated(list []numbered) bool {
	numbers := map[string]string{}
	again := 0
	for _, r := range list {
		key, notation := numberKey(r.Number), notationKey(r.Notation)
		if first, ok := numbers[key]; !ok {
			numbers[key] = notation
		} else if first != notation {
			again++
		}
	}
	return len(list) >= 3 && 10*again >= 3*len(list)
}

// gaps reports runs of numbers that no row without a suffix carries. A year's
// numbering begins at 1; any other period's begins where it begins.
func gaps(list []numbered, closed []int64, fromOne bool) []evidence.Finding {
	var out []evidence.Finding
	expected := int64(1)
	if !fromOne {
		expected = -1
	}
	for _, r := range list {
		if r.suffix != "" {
			continue
		}
		if expected < 0 {
			expected = r.n
		}
		out = append(out, runs(expected, r.n-1, closed, r)...)
		expected = max(expected, r.n+1)
	}
	return out
}

// runs reports from–to without the numbers that secret rows have, which are
// sorted. It walks over those alone, since a slip of the pen makes a gap of a
// million.
func runs(from, to int64, closed []int64, next numbered) []evidence.Finding {
	at, _ := slices.BinarySearch(closed, from)
	var out []evidence.Finding
	add := func(from, to int64) {
		if from > to {
			return
		}
		detail := fmt.Sprint(from)
		if to > from {
			detail = fmt.Sprintf("%d–%d", from, to)
		}
		out = append(out, evidence.Finding{Code: "gap", Line: next.Line, Row: next.ID, Detail: detail})
	}
	for ; at < len(closed) && closed[at] <= to; at++ {
		add(from, closed[at]-1)
		from = closed[at] + 1
	}
	add(from, to)
	return out
}

// duplicates reports every further row with a number of its series.
func duplicates(list []numbered) []evidence.Finding {
	var out []evidence.Finding
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; a.n == b.n && a.suffix == b.suffix {
			out = append(out, evidence.Finding{Code: "duplicate", Line: b.Line, Row: b.ID, Detail: b.Number})
		}
	}
	return out
}

// fewLate is how many late entries are reported one by one before it is asked
// whether a single wrong date makes all of them.
const fewLate = 20

// late reports rows that are dated before a row with a lower number. A date
// outside the year is reported as such and no measure for others. One slip
// such as December for February would make hundreds of rows late; then the
// fewest rows whose dates explain the disorder are reported instead.
func late(list []numbered, period evidence.Period) []evidence.Finding {
	var dated []numbered
	for _, r := range list {
		if r.Date != "" && !outside(r.Date, period) {
			dated = append(dated, r)
		}
	}
	var out []evidence.Finding
	var newest numbered
	for i, r := range dated {
		if i > 0 && r.Date < newest.Date && r.n > newest.n {
			out = append(out, lateFinding(r, newest.Date))
		}
		if i == 0 || r.Date > newest.Date {
			newest = r
		}
	}
	if len(out) <= fewLate {
		return out
	}
	if fewer := disorder(dated); len(fewer) < len(out) {
		return fewer
	}
	return out
}

func lateFinding(r numbered, after evidence.Date) evidence.Finding {
	return evidence.Finding{Code: "late-entry", Line: r.Line, Row: r.ID, Detail: string(r.Date) + " < " + string(after)}
}

// disorder returns the rows outside a longest run of dates that never goes
// back, by patience sorting.
func disorder(dated []numbered) []evidence.Finding {
	tails := []int{}
	before := make([]int, len(dated))
	for i := range dated {
		at := sort.Search(len(tails), func(j int) bool { return dated[tails[j]].Date > dated[i].Date })
		before[i] = -1
		if at > 0 {
			before[i] = tails[at-1]
		}
		if at == len(tails) {
			tails = append(tails, i)
		} else {
			tails[at] = i
		}
	}
	keep := make([]bool, len(dated))
	for i := tails[len(tails)-1]; i >= 0; i = before[i] {
		keep[i] = true
	}
	var out []evidence.Finding
	var newest evidence.Date
	for i, r := range dated {
		if keep[i] {
			newest = r.Date
			continue
		}
		out = append(out, lateFinding(r, newest))
	}
	return out
}
