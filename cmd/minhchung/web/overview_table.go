package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
)

// unitsPerPage is how many units a page of the table shows.
const unitsPerPage = 50

// overviewTable is one period of many units.
type overviewTable struct {
	Period   string
	Periods  []linkPart
	Sum      sumPart
	Columns  []columnPart
	Rows     []overviewRow
	From, To int
	Found    int
	Pages    pagePart
	sort     string // as asked for; "" for the units' order
}

// linkPart is one of several things to choose from by a link.
type linkPart struct {
	Label, Link string
	Chosen      bool
}

// sumPart is all units of the period together.
type sumPart struct {
	Period     string
	Share      sharePart
	Units      int // whose rows are added up
	Open       int64
	Findings   int64
	NoRegister int
	NotKept    int
	NoBookN    int      // units without a book of the period
	NoBook     []string // their names
	MoreNoBook int
}

// columnPart is a column's head, which sorts.
type columnPart struct {
	Label, Link string
	Number      bool
	Order       string // "ascending" or "descending" when sorted by it (WAI-ARIA 1.2 aria-sort)
}

// overviewRow is a unit's line. How many of its texts are unread stands on its
// own pages: that is over in minutes, and for all it would be one more look at
// every document.
type overviewRow struct {
	Book     bookPart
	Missing  string // key of the sentence that stands for the figures
	Share    sharePart
	Open     int64
	Findings int64
	Files    int64
}

// column is what the units can be sorted by. The query is its key, with "-" in
// front for the largest first.
type column struct {
	key, label string
	largest    bool // first when its head is followed: where the most is to do
	compare    func(a, b *report.Line) int
}

var columns = []column{
	{"unit", "web.unit", false, nil},
	{"share", "web.share", false, func(a, b *report.Line) int { return a.Ratio().Compare(b.Ratio()) }},
	{"counted", "web.counted-of", true, func(a, b *report.Line) int {
		return cmp.Or(cmp.Compare(a.Denominator, b.Denominator), cmp.Compare(a.Proven, b.Proven))
	}},
	{"open", "web.open", true, func(a, b *report.Line) int { return cmp.Compare(a.Open(), b.Open()) }},
	{"findings", "web.findings-short", true, func(a, b *report.Line) int { return cmp.Compare(a.Findings, b.Findings) }},
	{"files", "web.files-short", true, func(a, b *report.Line) int { return cmp.Compare(a.Unmatched, b.Unmatched) }},
}

// table shows the period that is asked for, else the newest one.
func (s *server) table(r *http.Request, who visitor, books []evidence.BookID) (*overviewTable, error) {
	query := r.URL.Query()
	byPeriod := map[evidence.Period][]evidence.BookID{}
	for _, k := range books {
		byPeriod[k.Period] = append(byPeriod[k.Period], k)
	}
	periods := slices.Sorted(maps.Keys(byPeriod))
	slices.Reverse(periods)
	t := &overviewTable{Period: cmp.Or(query.Get("period"), string(periods[0])), sort: query.Get("sort")}
	shown := byPeriod[evidence.Period(t.Period)]
	if shown == nil {
		return nil, problem{code: "not-found"}
	}
	lines, err := s.lines(r.Context(), who, shown)
	if err != nil {
		return nil, err
	}
	t.Sum = sumOf(who.Lang, lines)
	t.offer(who.Lang, periods)
	lines, err = s.arrange(r.Context(), who, t, lines, query)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		t.Rows = append(t.Rows, rowOfUnit(who.Lang, l))
	}
	units, err := report.Units(r.Context(), s.Store, who.Scope(), shown)
	t.Sum.addMissing(units, shown)
	return t, err
}

// arrange sorts the lines and cuts the page that is asked for. Only its files
// are counted, unless all are sorted by them: that alone takes as long as there
// are files.
func (s *server) arrange(ctx context.Context, who visitor, t *overviewTable, lines []*report.Line, query url.Values) ([]*report.Line, error) {
	byFiles := strings.TrimPrefix(t.sort, "-") == "files"
	if byFiles {
		if err := s.addBacklogs(ctx, who, lines); err != nil {
			return nil, err
		}
	}
	if err := t.order(lines); err != nil {
		return nil, err
	}
	lines = t.turn(lines, query)
	if byFiles {
		return lines, nil
	}
	return lines, s.addBacklogs(ctx, who, lines)
}

// order sorts the lines: those without figures are the last, whatever they are
// sorted by, and the names of units decide between equal ones.
func (t *overviewTable) order(lines []*report.Line) error {
	key, descending := strings.CutPrefix(cmp.Or(t.sort, columns[0].key), "-")
	i := slices.IndexFunc(columns, func(c column) bool { return c.key == key })
	if i < 0 {
		return problem{code: "bad-filter"}
	}
	names := collate.New(language.Vietnamese, collate.Numeric) // "xã 2" before "xã 10"
	slices.SortFunc(lines, func(a, b *report.Line) int {
		return cmp.Or(names.CompareString(a.UnitName, b.UnitName), cmp.Compare(a.Unit, b.Unit))
	})
	compare := columns[i].compare
	if compare == nil { // by the units themselves
		if descending {
			slices.Reverse(lines)
		}
		return nil
	}
	slices.SortStableFunc(lines, func(a, b *report.Line) int {
		switch {
		case a.Counted() != b.Counted() && a.Counted():
			return -1
		case a.Counted() != b.Counted():
			return 1
		case descending:
			return compare(b, a)
		}
		return compare(a, b)
	})
	return nil
}

// link is this page with another sort or page; what is "" is left out.
func (t *overviewTable) link(period, sort string, page int) string {
	query := url.Values{"period": {period}}
	if sort != "" {
		query.Set("sort", sort)
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	return "/?" + query.Encode()
}

// offer fills the choice of periods and the heads of the columns.
func (t *overviewTable) offer(lang message.Lang, periods []evidence.Period) {
	for _, p := range periods {
		t.Periods = append(t.Periods, linkPart{string(p), t.link(string(p), t.sort, 1), string(p) == t.Period})
	}
	for n, c := range columns {
		head := columnPart{Label: lang.Text(c.label), Number: n > 0}
		next := c.key
		if c.largest {
			next = "-" + c.key
		}
		switch cmp.Or(t.sort, columns[0].key) {
		case c.key:
			head.Order, next = "ascending", "-"+c.key
		case "-" + c.key:
			head.Order, next = "descending", c.key
		}
		head.Link = t.link(t.Period, next, 1)
		t.Columns = append(t.Columns, head)
	}
}

// turn cuts the page that the query asks for; a number behind the end shows the
// last one.
func (t *overviewTable) turn(lines []*report.Line, query url.Values) []*report.Line {
	t.Found = len(lines)
	last := max(1, (len(lines)+unitsPerPage-1)/unitsPerPage)
	number := pageNumber(query, "page", last)
	start := (number - 1) * unitsPerPage
	end := min(start+unitsPerPage, len(lines))
	t.From, t.To = start+1, end
	t.Pages = turnPages(number, last, func(n int) string { return t.link(t.Period, t.sort, n) })
	return lines[start:end]
}

func rowOfUnit(lang message.Lang, l *report.Line) overviewRow {
	row := overviewRow{Book: bookOf(l.Book(), l.UnitName), Share: shareOf(lang, l.Indicator), Open: l.Open(), Findings: l.Findings, Files: l.Unmatched}
	switch {
	case !l.Registered:
		row.Missing = "web.overview-no-register"
	case !l.Counted():
		row.Missing = "web.overview-not-kept"
	}
	return row
}

func sumOf(lang message.Lang, lines []*report.Line) sumPart {
	sum := report.SumOf(lines)
	return sumPart{Period: string(sum.Period), Share: shareOf(lang, sum.Indicator), Units: sum.Units, Open: sum.Open(), Findings: sum.Findings,
		NoRegister: sum.NoRegister, NotKept: sum.NotKept}
}

// addMissing names the units that have no book of the period: what a sum leaves
// out is said beside it.
func (p *sumPart) addMissing(units []evidence.Unit, books []evidence.BookID) {
	have := map[evidence.UnitID]bool{}
	for _, k := range books {
		have[k.Unit] = true
	}
	for _, u := range units {
		if have[u.ID] {
			continue
		}
		if p.NoBookN++; len(p.NoBook) == mostListed {
			p.MoreNoBook++
			continue
		}
		p.NoBook = append(p.NoBook, cmp.Or(u.Name, string(u.ID)))
	}
}
