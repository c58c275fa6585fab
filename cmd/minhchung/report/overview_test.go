package report_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/storetest"
)

// TestOverviewIsTheReports: what counters answer is what the rows say, for
// books of several periods, with exclusions, findings, files without a row and
// texts, and one that has no register.
func TestOverviewIsTheReports(t *testing.T) {
	s, ctx, rule := shelf(t, document()...), t.Context(), count.Rules()[0]
	for _, period := range []evidence.Period{"2021", "2022"} {
		if err := storetest.Province(ctx, s, period, 9, 100); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Keep(ctx, everything, thisBook, evidence.Kept{Texts: []evidence.DocumentText{{Document: paperSHA, Reader: "r/1", Content: []byte("{}")}}}); err != nil {
		t.Fatal(err)
	}
	books, err := s.Books(ctx, everything)
	if err != nil || len(books) != 19 {
		t.Fatalf("got %d books and %v, want 19", len(books), err)
	}
	lines, err := report.Overview(ctx, s, everything, books, "7.1.3", rule)
	if err == nil {
		err = report.AddBacklogs(ctx, s, everything, lines)
	}
	if err != nil || len(lines) != len(books) {
		t.Fatalf("got %d lines and %v, want %d", len(lines), err, len(books))
	}
	sum := report.SumOf(lines)
	var proven, unmatched int64
	for i, l := range lines {
		if l.Book() != books[i] {
			t.Errorf("line %d: got book %s, want %s", i, l.Book(), books[i])
		}
		if l.Book() == thisBook {
			if l.Registered || l.Counted() || l.Unmatched != 1 || l.Unread != 0 || l.UnitName != "xa-thu" {
				t.Errorf("a book without a register: got %+v", l)
			}
			continue
		}
		r, err := report.Build(ctx, s, everything, books[i], evidence.Unit{}, "7.1.3", rule)
		if err != nil {
			t.Fatal(err)
		}
		if !l.Counted() || !reflect.DeepEqual(l.Indicator, r.Indicator) || l.Open() != int64(len(r.Exceptions())) {
			t.Errorf("%s: got %+v, the report is %+v", books[i], l.Indicator, r.Indicator)
		}
		if l.Findings != int64(len(r.Register.Findings)) || l.Unmatched != int64(len(r.Unmatched)) || !slices.Equal(l.Kept, []string{"nd30"}) {
			t.Errorf("%s: got %+v, want %d findings and %d files", books[i], l, len(r.Register.Findings), len(r.Unmatched))
		}
		proven, unmatched = proven+r.Proven, unmatched+l.Unmatched
	}
	if sum.Units != 18 || sum.NoRegister != 1 || sum.Proven != proven || proven == 0 || unmatched == 0 || sum.Denominator != 18*99 ||
		sum.Rows != 18*100 || sum.Excluded != 18 || sum.Reasons["no-file"]+sum.Reasons["content-unconfirmed"] != sum.Open() {
		t.Errorf("got the sum %+v, want %d proven of %d", sum, proven, 18*99)
	}
	other, err := count.Load("any")
	if err != nil {
		t.Fatal(err)
	}
	lines, err = report.Overview(ctx, s, everything, books, "7.1.3", other)
	if sum := report.SumOf(lines); err != nil || sum.NotKept != 18 || sum.Units != 0 || !slices.Equal(sum.Kept, []string{"nd30"}) {
		t.Errorf("under a rule that is not kept: got %+v and %v", sum, err)
	}
	var unknown *count.UnknownError
	if _, err := report.Overview(ctx, s, everything, books, "9.9.9", rule); !errors.As(err, &unknown) {
		t.Errorf("an unknown criterion: got %v", err)
	}
	if lines, err := report.Overview(ctx, s, evidence.Scope{}, nil, "7.1.3", rule); len(lines) != 0 || err != nil {
		t.Errorf("no books: got %v and %v", lines, err)
	}
}
