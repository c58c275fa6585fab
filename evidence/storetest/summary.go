package storetest

import (
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// testSummaries: what an overview says is what the readers of each book say.
func testSummaries(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	register := func(findings int) evidence.Event {
		return evidence.RegisterImported{Register: evidence.Register{SHA256: sha(-findings), Findings: make([]evidence.Finding, findings)}}
	}
	link := func(n int) evidence.Event {
		return evidence.Attached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha(n)}}
	}
	// 1 is matched, 2 has a row no more, 3 hangs on a criterion, 4 did, 5
	// explains one, 6 explained one, 7 is matched twice, 8 has nothing.
	events := []evidence.Event{register(11), register(2), matched(1, 1), matched(2, 2), matched(7, 7), matched(70, 7),
		evidence.Unmatched{Match: evidence.Match{Row: row(2).ID, Document: sha(2), By: "name"}},
		link(3), link(4), evidence.Detached{Attachment: evidence.Attachment{Criterion: "1.6", Document: sha(4)}},
		evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.7", Text: "có", Document: sha(5)}},
		evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.8", Text: "có", Document: sha(6)}},
		evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.8", Withdrawn: true}},
		evidence.Explained{Explanation: evidence.Explanation{Criterion: "1.9", Text: "không có tệp"}},
		stated(1, "nd30", evidence.Proven, "", "A"), stated(2, "nd30", evidence.Disproven, "no-file", ""), stated(1, "any", evidence.Proven, "", "B")}
	for n := 1; n <= 8; n++ {
		events = append(received(n), events...)
	}
	update(t, s, book, events...)
	keep(t, s, evidence.Kept{Texts: []evidence.DocumentText{
		{Document: sha(1), Reader: "r/1", Content: []byte("{}")}, {Document: sha(2), Reader: "r/1", Content: []byte("{}")}}})
	keep(t, s, evidence.Kept{Texts: []evidence.DocumentText{{Document: sha(1), Reader: "r/2", Content: []byte("{}")}}})
	// The same documents in books beside it have a life of their own.
	neighbour := evidence.BookID{Unit: "xa-khac", Period: book.Period}
	update(t, s, neighbour, append(received(1), append(received(2), matched(1, 2))...)...)
	later := evidence.BookID{Unit: book.Unit, Period: "2023"}
	update(t, s, later, register(0))

	never := evidence.BookID{Unit: "xa-vang", Period: book.Period}
	asked := []evidence.BookID{later, never, neighbour, book, neighbour}
	left := func(b evidence.BookID, unmatched, unread int64) evidence.BookBacklog {
		return evidence.BookBacklog{Book: b, Unmatched: unmatched, Unread: unread}
	}
	one := evidence.Scope{Units: []evidence.UnitID{book.Unit}}
	for name, c := range map[string]struct {
		scope evidence.Scope
		asked []evidence.BookID
		want  []evidence.BookBacklog
	}{
		"all":     {all, asked, []evidence.BookBacklog{left(later, 0, 0), left(neighbour, 1, 2), left(book, 3, 6)}},
		"one":     {one, asked, []evidence.BookBacklog{left(later, 0, 0), left(book, 3, 6)}},
		"nobody":  {evidence.Scope{}, asked, nil},
		"nothing": {all, nil, nil},
	} {
		backlogs, err := s.Backlogs(ctx, c.scope, c.asked)
		if err != nil {
			t.Fatalf("scope %s: %v", name, err)
		}
		want(t, "backlogs in scope "+name, backlogs, c.want)
		summaries, err := s.Summaries(ctx, c.scope, c.asked)
		if err != nil {
			t.Fatalf("scope %s: %v", name, err)
		}
		if len(summaries) != len(c.want) {
			t.Fatalf("summaries in scope %s: got %+v, want those of %+v", name, summaries, c.want)
		}
		for i, got := range summaries {
			want(t, "summary in scope "+name, got, read(t, s, c.want[i].Book))
		}
	}
	if got := read(t, s, book); !got.Registered || got.Findings != 2 || len(got.Counters) != 3 {
		t.Errorf("got %+v, want the newest register with 2 findings and 3 counters", got)
	}
	sound(t, h, s, book)
}

// read is the summary of a book from its readers.
func read(t *testing.T, s evidence.Store, b evidence.BookID) evidence.BookSummary {
	t.Helper()
	sum := evidence.BookSummary{Book: b}
	view(t, s, b, func(r evidence.Reader) error {
		head, err := r.Head(t.Context())
		if err != nil {
			return err
		}
		sum.Size, sum.Checkpoint = head.Size, string(head.Checkpoint)
		if register, err := r.Register(t.Context()); err == nil {
			sum.Registered, sum.Findings = register.SHA256 != signature.Hash{}, int64(len(register.Findings))
		}
		sum.Counters, err = r.Counters(t.Context())
		return err
	})
	return sum
}
