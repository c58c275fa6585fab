package report

import (
	"cmp"
	"context"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/count"
)

// Line is what an overview says of one book: the integers of a Report, without
// a look at its rows.
type Line struct {
	// Indicator has its integers only when the line is Counted.
	count.Indicator
	UnitName string
	// Registered is false while no register was imported.
	Registered bool
	// Kept are the rules that the import keeps states for, sorted.
	Kept     []string
	Size     int64 // of the ledger, in entries
	Findings int64 // of the newest register
	// Unmatched and Unread are as AddBacklogs found them.
	Unmatched, Unread int64
}

// Book returns the book of the line.
func (l *Line) Book() evidence.BookID { return evidence.BookID{Unit: l.Unit, Period: l.Period} }

// Counted reports whether counters of the rule answer: there are none before a
// register is imported, and none for a rule that the import was not told of.
func (l *Line) Counted() bool {
	return l.Registered && (len(l.Kept) == 0 || slices.Contains(l.Kept, l.Rule)) // a register without rows keeps no state
}

// Open is how many rows count and are not PROVEN.
func (l *Line) Open() int64 { return l.Disproven + l.Undetermined }

// Overview answers for several books by their counters, in the order of the
// books: all of one state, but for the names of the units. Errors are those of
// Build, but a book that is not there or outside the scope is left out.
func Overview(ctx context.Context, store evidence.Store, scope evidence.Scope, books []evidence.BookID, criterion string, rule *count.Rule) ([]*Line, error) {
	if _, err := count.CriterionOf(criterion); err != nil {
		return nil, err
	}
	units, err := Units(ctx, store, scope, books)
	if err != nil {
		return nil, err
	}
	names := map[evidence.UnitID]string{}
	for _, u := range units {
		names[u.ID] = u.Name
	}
	summaries, err := store.Summaries(ctx, scope, books)
	if err != nil {
		return nil, err
	}
	lines := make([]*Line, len(summaries))
	for i, s := range summaries {
		l := &Line{Indicator: count.CountCounters(rule.ID(), s.Counters), UnitName: cmp.Or(names[s.Book.Unit], string(s.Book.Unit)),
			Registered: s.Registered, Size: s.Size, Findings: s.Findings}
		l.Unit, l.Period, l.Criterion, l.Rule = s.Book.Unit, s.Book.Period, criterion, rule.ID()
		l.Checkpoint, l.Content = s.Checkpoint, rule.Definition().Content
		for _, c := range s.Counters { // by rule
			if n := len(l.Kept); n == 0 || l.Kept[n-1] != c.Rule {
				l.Kept = append(l.Kept, c.Rule)
			}
		}
		lines[i] = l
	}
	return lines, nil
}

// Units lists the units of the installation that are in scope. It reads them
// through one of the books, as not everybody may read the root book.
func Units(ctx context.Context, store evidence.Store, scope evidence.Scope, books []evidence.BookID) (units []evidence.Unit, err error) {
	if len(books) == 0 {
		return nil, nil
	}
	err = store.View(ctx, scope, books[0], func(r evidence.Reader) error {
		units, err = r.Units(ctx)
		return err
	})
	return units, err
}

// AddBacklogs fills Unmatched and Unread of the lines.
func AddBacklogs(ctx context.Context, store evidence.Store, scope evidence.Scope, lines []*Line) error {
	books := make([]evidence.BookID, len(lines))
	byBook := map[evidence.BookID]*Line{}
	for i, l := range lines {
		books[i] = l.Book()
		byBook[books[i]] = l
	}
	backlogs, err := store.Backlogs(ctx, scope, books)
	for _, b := range backlogs {
		l := byBook[b.Book]
		l.Unmatched, l.Unread = b.Unmatched, b.Unread
	}
	return err
}

// Sum adds up lines of one period, criterion and rule: the sum of what is
// proven of the sum of the denominators, which is no mean of the shares.
type Sum struct {
	// Indicator is of the lines that are Counted; it has no unit and no
	// checkpoint.
	count.Indicator
	Units      int   // lines that are Counted
	NoRegister int   // lines without a register
	NotKept    int   // lines whose import does not keep states for the rule
	Findings   int64 // of all lines
	// Kept are the rules that one line or another keeps states for, sorted.
	Kept []string
}

// Open is how many rows count and are not PROVEN.
func (s *Sum) Open() int64 { return s.Disproven + s.Undetermined }

// SumOf adds up lines.
func SumOf(lines []*Line) Sum {
	s := Sum{Indicator: count.Indicator{Reasons: map[string]int64{}}}
	for _, l := range lines {
		s.Period, s.Criterion, s.Rule, s.Content = l.Period, l.Criterion, l.Rule, l.Content
		s.Findings += l.Findings
		s.Kept = append(s.Kept, l.Kept...)
		switch {
		case !l.Registered:
			s.NoRegister++
		case !l.Counted():
			s.NotKept++
		default:
			s.Units++
			s.add(l.Indicator)
		}
	}
	slices.Sort(s.Kept)
	s.Kept = slices.Compact(s.Kept)
	return s
}

func (s *Sum) add(i count.Indicator) {
	for _, n := range []struct {
		sum  *int64
		more int64
	}{
		{&s.Rows, i.Rows}, {&s.Excluded, i.Excluded}, {&s.Denominator, i.Denominator}, {&s.Proven, i.Proven}, {&s.ProvenA, i.ProvenA},
		{&s.ProvenB, i.ProvenB}, {&s.Disproven, i.Disproven}, {&s.Undetermined, i.Undetermined},
	} {
		*n.sum += n.more
	}
	for code, n := range i.Reasons {
		s.Reasons[code] += n
	}
}
