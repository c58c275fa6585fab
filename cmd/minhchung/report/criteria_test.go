package report_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/scheme"
	"minhchung/evidence/signature"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

var (
	everything = evidence.Scope{All: true, Actor: "u-1"}
	thisBook   = evidence.BookID{Unit: "xa-thu", Period: "2022"}
	paperSHA   = signature.HashOf([]byte("a paper"))
)

// shelf is a store with one book that has events in it.
func shelf(t *testing.T, events ...evidence.Event) evidence.Store {
	t.Helper()
	dir := t.TempDir()
	key, err := ledger.GenerateKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{Sequencer: &ledger.Sequencer{Key: key}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Update(t.Context(), everything, thisBook, func(tx evidence.Tx) error {
		_, err := tx.Append(t.Context(), append([]evidence.Event{evidence.Opened{Book: thisBook}}, events...)...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document() []evidence.Event {
	return []evidence.Event{
		evidence.DocumentReceived{SHA256: paperSHA, Size: 7, Name: "giấy.png"},
		evidence.FactsRead{Facts: signature.Facts{Reader: "test/1", SHA256: paperSHA, Format: "unknown", Condition: signature.Damaged}},
		evidence.VerdictReached{Document: paperSHA, Verdict: signature.Verdict{Result: signature.ResultUnreadable}},
	}
}

func link(criterion string) evidence.Event {
	return evidence.Attached{Attachment: evidence.Attachment{Criterion: criterion, Document: paperSHA}}
}

func tree(t *testing.T, s evidence.Store, scope evidence.Scope, sch *scheme.Scheme) *report.Criteria {
	t.Helper()
	c, err := report.BuildCriteria(t.Context(), s, scope, thisBook, evidence.Unit{ID: thisBook.Unit}, sch, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func of(c *report.Criteria, id string) report.Criterion {
	return c.Criteria[slices.IndexFunc(c.Criteria, func(n report.Criterion) bool { return n.ID == id })]
}

func TestCriteria(t *testing.T) {
	say := func(criterion, text string) evidence.Event {
		return evidence.Explained{Explanation: evidence.Explanation{Criterion: criterion, Text: text}}
	}
	s := shelf(t, append(document(), link("1.6"), link("9"), link("1"), link("99.9"), say("1.5", "một"), say("1.5", "hai"), say("99.9", "lạ"))...)
	sch, err := report.SchemeOf(t.Context(), s, everything, thisBook, "")
	if err != nil {
		t.Fatal(err)
	}
	c := tree(t, s, everything, sch)
	if n := of(c, "1.6"); n.Missing || len(n.Evidence) != 1 || n.Evidence[0].Name != "giấy.png" || !n.Evidence[0].Plain() {
		t.Errorf("1.6: got %+v", n)
	}
	if n := of(c, "1.5"); n.Missing || n.Explanation == nil || n.Explanation.Text != "hai" || len(n.History) != 2 ||
		n.History[1].Text != "một" || n.Explanation.Actor != "u-1" || n.Explanation.At.IsZero() {
		t.Errorf("1.5: got %+v", n)
	}
	// What hangs on a whole domain answers none of its parts; a survey's
	// criteria and those with parts are not work.
	for id, want := range map[string]bool{"1.1": true, "1": false, "9": false, "10": false, "2": true, "7.1.3": true, "3": false} {
		if got := slices.Contains(c.Missing, id); got != want || of(c, id).Missing != want {
			t.Errorf("%s missing: got %v, want %v", id, got, want)
		}
	}
	if len(c.Other) != 1 || c.Other[0].Criterion != "99.9" {
		t.Errorf("evidence of another scheme: got %+v", c.Other)
	}
}

func TestCriteriaOutsideTheScope(t *testing.T) {
	s := shelf(t, append(document(), link("1.6"))...)
	sch, err := scheme.Load("commune-2022")
	if err != nil {
		t.Fatal(err)
	}
	c := tree(t, s, evidence.Scope{Units: []evidence.UnitID{"xa-khac"}}, sch)
	if n := of(c, "1.6"); len(n.Evidence) != 0 || !n.Missing {
		t.Errorf("a neighbour sees %+v", n.Evidence)
	}
}

func TestSchemeOf(t *testing.T) {
	own := []byte(`{"id":"own","version":1,"title":{"vi":"a","en":"a"},"legal":[{"vi":"a","en":"a"}],"notes":[],"validFrom":"2020-01-01",
		"validUntil":"","total":"","domains":[{"id":"1","title":{"vi":"a","en":"a"},"max":"","evidence":[]}]}`)
	s := shelf(t, evidence.SchemeUsed{SHA256: signature.HashOf(own), ID: "own", Canonical: own})
	for _, c := range []struct {
		book    evidence.BookID
		asked   string
		want    string
		wantErr error
	}{
		{thisBook, "", "own", nil}, // kept by the book, whatever the program carries
		{thisBook, "commune-2022", "commune-2022", nil},
		{evidence.BookID{Unit: "xa-moi", Period: "2022"}, "", "commune-2022", nil},
		{evidence.BookID{Unit: "xa-moi", Period: "2023"}, "", "", report.ErrNoScheme},
		{evidence.BookID{Unit: "xa-moi", Period: "2023"}, "commune-2022", "commune-2022", nil},
	} {
		got, err := report.SchemeOf(t.Context(), s, everything, c.book, c.asked)
		if !errors.Is(err, c.wantErr) || err == nil && got.ID() != c.want {
			t.Errorf("%s asked %q: got %v, %v, want %s", c.book, c.asked, got, err, c.want)
		}
	}
	if _, err := report.SchemeOf(t.Context(), s, everything, thisBook, "x"); err == nil {
		t.Error("an unknown scheme: got no error")
	}
}

// TestEvidenceIsNotAFileWithoutARow: what hangs on a criterion leaves the work
// list of the register.
func TestEvidenceIsNotAFileWithoutARow(t *testing.T) {
	s := shelf(t, append(document(), evidence.RegisterImported{})...)
	rule := mustRule(t)
	names := func() []string {
		t.Helper()
		r, err := report.Build(t.Context(), s, everything, thisBook, evidence.Unit{ID: thisBook.Unit}, report.DefaultCriterion, rule)
		if err != nil {
			t.Fatal(err)
		}
		return r.UnmatchedNames()
	}
	if got := names(); !slices.Equal(got, []string{"giấy.png"}) {
		t.Errorf("before: got %q, want the file", got)
	}
	for _, events := range [][]evidence.Event{
		{link("1.6")}, {evidence.Detached{Attachment: evidence.Attachment{Criterion: "1.6", Document: paperSHA}}},
		{evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.5", Document: paperSHA}}},
	} {
		_, err := s.Update(t.Context(), everything, thisBook, func(tx evidence.Tx) error {
			_, err := tx.Append(t.Context(), events...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, detached := events[0].(evidence.Detached)
		if got := names(); (len(got) == 1) != detached {
			t.Errorf("after %T: got %q", events[0], got)
		}
	}
}

func mustRule(t *testing.T) *count.Rule {
	t.Helper()
	rule, err := count.Load("nd30")
	if err != nil {
		t.Fatal(err)
	}
	return rule
}
