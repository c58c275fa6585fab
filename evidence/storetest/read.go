package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

func testScope(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	other := evidence.BookID{Unit: "xa-khac", Period: "2022"}
	fingerprint := sha(100)
	for _, b := range []evidence.BookID{book, other} {
		update(t, s, evidence.RootBook, evidence.UnitAdded{Unit: evidence.Unit{ID: b.Unit, Name: string(b.Unit)}}, evidence.Opened{Book: b},
			evidence.RosterAdded{Entry: evidence.RosterEntry{Unit: b.Unit, Signer: signature.Signer{Role: signature.RolePerson, Subject: string(b.Unit)}}})
		n := 1
		if b == other {
			n = 2
		}
		events := append(received(n, fingerprint), evidence.RowAdded{Row: row(n)}, matched(n, n))
		update(t, s, b, events...)
	}
	mine := evidence.Scope{Units: []evidence.UnitID{book.Unit}, Actor: "u-8"}
	for name, c := range map[string]struct {
		scope evidence.Scope
		book  evidence.BookID
	}{
		"the zero scope":              {evidence.Scope{}, book},
		"another unit's book":         {mine, other},
		"the root book":               {mine, evidence.RootBook},
		"a book that is not there":    {mine, evidence.BookID{Unit: book.Unit, Period: "1999"}},
		"the root book without scope": {evidence.Scope{}, evidence.RootBook},
	} {
		ran := false
		wantMissing(t, "View of "+name, s.View(ctx, c.scope, c.book, func(evidence.Reader) error { ran = true; return nil }))
		if name != "a book that is not there" {
			_, err := s.Update(ctx, c.scope, c.book, func(evidence.Tx) error { ran = true; return nil })
			wantMissing(t, "Update of "+name, err)
		}
		if ran {
			t.Errorf("%s: fn ran", name)
		}
	}
	books, err := s.Books(ctx, mine)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "books in scope", books, []evidence.BookID{book})
	if books, _ := s.Books(ctx, evidence.Scope{}); len(books) != 0 {
		t.Errorf("books of the zero scope: got %v", books)
	}
	books, _ = s.Books(ctx, all)
	want(t, "all books", books, []evidence.BookID{other, book})
	err = s.View(ctx, mine, book, func(r evidence.Reader) error {
		units, err := r.Units(ctx)
		want(t, "units in scope", units, []evidence.Unit{{ID: book.Unit, Name: string(book.Unit)}})
		roster, err2 := r.Roster(ctx, book.Unit)
		if len(roster) != 1 || roster[0].Subject != string(book.Unit) {
			t.Errorf("roster: got %v", roster)
		}
		_, missing := r.Roster(ctx, other.Unit)
		wantMissing(t, "roster of another unit", missing)
		_, missing = r.Announced(ctx, other)
		wantMissing(t, "announcement of another unit's book", missing)
		rows, err3 := r.Rows(ctx)
		want(t, "rows", rows, []evidence.Row{row(1)})
		_, missing = r.Row(ctx, row(2).ID)
		wantMissing(t, "another unit's row", missing)
		_, missing = r.Document(ctx, sha(2))
		wantMissing(t, "another unit's document", missing)
		signed, err4 := r.RowsSigned(ctx, fingerprint)
		want(t, "rows with the signature", signed, []string{row(1).ID})
		has, err5 := r.HasLeaf(ctx, "document", sha(2))
		want(t, "another unit's leaf", has, false)
		return errors.Join(err, err2, err3, err4, err5)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testLists(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	from := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	der := []byte("certificate")
	person := evidence.RosterEntry{Unit: "xa-thu", Signer: signature.Signer{Role: signature.RolePerson, Name: "Nguyễn Văn Thử",
		Certificate: signature.HashOf(der), From: from}, DER: der}
	ended := person
	ended.Until = from.AddDate(2, 0, 0)
	organisation := evidence.RosterEntry{Unit: "xa-thu", Signer: signature.Signer{Role: signature.RoleOrganisation, Subject: "CN=UBND xã Thử"}}
	anchor := evidence.TrustEntry{SHA256: signature.HashOf(der), Kind: "anchor", Domain: signature.DomainTest, Name: "CN=Root", DER: der}
	removed := anchor
	removed.Removed = true
	update(t, s, evidence.RootBook,
		evidence.UnitAdded{Unit: evidence.Unit{ID: "xa-thu", Name: "cũ"}}, evidence.UnitAdded{Unit: evidence.Unit{ID: "xa-a"}},
		evidence.UnitAdded{Unit: evidence.Unit{ID: "xa-thu", Name: "Xã Thử", OrganID: "H01"}},
		evidence.RosterAdded{Entry: person}, evidence.RosterAdded{Entry: organisation}, evidence.TrustChanged{Entry: anchor})
	check := func(roster []evidence.RosterEntry, trust []evidence.TrustEntry) {
		t.Helper()
		view(t, s, evidence.RootBook, func(r evidence.Reader) error {
			units, err := r.Units(ctx)
			want(t, "units", units, []evidence.Unit{{ID: "xa-a"}, {ID: "xa-thu", Name: "Xã Thử", OrganID: "H01"}})
			gotRoster, err2 := r.Roster(ctx, "xa-thu")
			want(t, "roster", gotRoster, roster)
			gotTrust, err3 := r.Trust(ctx)
			want(t, "trust", gotTrust, trust)
			return errors.Join(err, err2, err3)
		})
	}
	check([]evidence.RosterEntry{person, organisation}, []evidence.TrustEntry{anchor})
	// What a transaction changed it sees itself.
	_, err := s.Update(ctx, all, evidence.RootBook, func(tx evidence.Tx) error {
		_, err := tx.Append(ctx, evidence.RosterAdded{Entry: ended}, evidence.TrustChanged{Entry: removed})
		roster, err2 := tx.Roster(ctx, "xa-thu")
		want(t, "roster inside", roster, []evidence.RosterEntry{organisation, ended})
		trust, err3 := tx.Trust(ctx)
		want(t, "trust inside", trust, []evidence.TrustEntry{removed})
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
	}
	check([]evidence.RosterEntry{organisation, ended}, []evidence.TrustEntry{removed})
	sound(t, h, s, evidence.RootBook)
}

func testRows(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	a, b, c := row(3), row(1), row(2)
	a.Line, b.Line, c.Line = 5, 9, 5
	c.Exclusion = &evidence.Exclusion{Code: "void", Reason: "trùng", Approver: "Trần Thị Thử"}
	c.Series, c.Type, c.File, c.SentAt, c.Channel, c.Receipt = "VB", "Báo cáo", "2.pdf", "2022-02-01T08:00:00+07:00", "edXML", "r-1"
	findings := []evidence.Finding{{Code: "gap", Line: 4, Row: a.ID, Detail: "41–43"}}
	older := evidence.Register{SHA256: sha(1), Name: "cũ.csv"}
	newer := evidence.Register{SHA256: sha(2), Size: 9, Name: "sổ.csv", SecretRows: 3, Findings: findings}
	imported := newer
	imported.Rows = []evidence.Row{a}
	update(t, s, book, evidence.RegisterImported{Register: older}, evidence.RowAdded{Row: a}, evidence.RowAdded{Row: b}, evidence.RowAdded{Row: c})
	gone := b
	gone.Withdrawn = true
	update(t, s, book, evidence.RegisterImported{Register: imported}, evidence.RowWithdrawn{Row: gone})
	view(t, s, book, func(r evidence.Reader) error {
		rows, err := r.Rows(ctx)
		want(t, "rows by line, then id", rows, []evidence.Row{c, a, gone})
		one, err2 := r.Row(ctx, c.ID)
		want(t, "row", one, c)
		_, missing := r.Row(ctx, "no such row")
		wantMissing(t, "row", missing)
		reg, err3 := r.Register(ctx)
		want(t, "newest register", reg, newer)
		return errors.Join(err, err2, err3)
	})
	other := evidence.BookID{Unit: book.Unit, Period: "2023"}
	update(t, s, other)
	view(t, s, other, func(r evidence.Reader) error {
		_, missing := r.Register(ctx)
		wantMissing(t, "register of an empty book", missing)
		return nil
	})
	sound(t, h, s, book)
}

func testUnusualText(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	texts := []string{
		"Qu\u1ebf", "Que\u0302\u0301", // NFC and NFD: two different rows
		`'; DROP TABLE "row"; --`, `"quoted" \ back`, "tab\tnew\nline\r", "nul\x00inside", "\u2028\u2029\ufeff", "😀👩‍👩‍👧", "ĐđƯư",
		" leading and trailing ", "%_*?", strings.Repeat("ế", 500), "\U0010ffff", "\x7f\x01",
	}
	var wanted []evidence.Row
	for i, text := range texts {
		r := evidence.Row{ID: text, Number: text, Notation: text, Subject: text, File: text, Kind: evidence.Original, Line: i + 1}
		wanted = append(wanted, r)
		update(t, s, book, evidence.RowAdded{Row: r}, evidence.Matched{Match: evidence.Match{Row: text, Document: sha(i), By: "name"}},
			evidence.StateChanged{State: evidence.RowState{Row: text, Rule: "nd30", State: evidence.Proven, Grade: "B"}},
			evidence.DocumentReceived{SHA256: sha(i), Name: text})
	}
	view(t, s, book, func(r evidence.Reader) error {
		rows, err := r.Rows(ctx)
		want(t, "rows", rows, wanted)
		for i, text := range texts {
			if m, err := r.MatchOf(ctx, text); err != nil || m.Document != sha(i) {
				t.Errorf("match of %q: got %v and %v", text, m, err)
			}
			if d, err := r.Document(ctx, sha(i)); err != nil || d.Name != text {
				t.Errorf("document name: got %q and %v, want %q", d.Name, err, text)
			}
			if state, err := r.StateOf(ctx, "nd30", text); err != nil || state.Row != text {
				t.Errorf("state of %q: got %v and %v", text, state, err)
			}
		}
		return err
	})
	_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
		_, err := tx.Append(ctx, evidence.RowAdded{Row: evidence.Row{ID: "bad\xff"}})
		return err
	})
	if err == nil {
		t.Error("a row that is not UTF-8: got no error")
	}
	sound(t, h, s, book)
}

func testDocuments(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	update(t, s, book, received(2)...)                                                    // 1, 2, 3
	update(t, s, book, evidence.DocumentReceived{SHA256: sha(1), Size: 7, Name: "a.pdf"}) // 4
	update(t, s, book, received(2)[1:]...)                                                // 5, 6
	one := evidence.Document{SHA256: sha(1), Size: 7, Name: "a.pdf", Entry: 4}
	two := evidence.Document{SHA256: sha(2), Size: 2, Name: "2.pdf", Entry: 1, FactsEntry: 5, VerdictEntry: 6,
		Result: signature.ResultIntact, Material: sha(-1), Policy: sha(-2)}
	view(t, s, book, func(r evidence.Reader) error {
		docs, err := r.Documents(ctx)
		want(t, "documents", docs, []evidence.Document{two, one})
		d, err2 := r.Document(ctx, sha(2))
		want(t, "document", d, two)
		_, missing := r.Document(ctx, sha(3))
		wantMissing(t, "document", missing)
		return errors.Join(err, err2)
	})
	sound(t, h, s, book)
}

func testMatches(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	update(t, s, book, matched(2, 1), matched(1, 1), matched(3, 2))
	update(t, s, book, matched(3, 1), evidence.Unmatched{Match: evidence.Match{Row: row(2).ID, Document: sha(1), By: "name"}})
	view(t, s, book, func(r evidence.Reader) error {
		matches, err := r.Matches(ctx)
		want(t, "matches", matches, []evidence.Match{{Row: row(1).ID, Document: sha(1), By: "name"}, {Row: row(3).ID, Document: sha(1), By: "name"}})
		rows, err2 := r.MatchedRows(ctx, sha(1))
		want(t, "rows of document 1", rows, []string{row(1).ID, row(3).ID})
		rows, err3 := r.MatchedRows(ctx, sha(2))
		want(t, "rows of document 2", len(rows), 0)
		_, missing := r.MatchOf(ctx, row(2).ID)
		wantMissing(t, "match of an untied row", missing)
		return errors.Join(err, err2, err3)
	})
	sound(t, h, s, book)
}

func testRowsSigned(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	f, g := sha(100), sha(101)
	events := slices.Concat(received(1, f, g, f), received(2, g), received(3, f), received(4, signature.Hash{}))
	update(t, s, book, append(events, matched(1, 1), matched(2, 2), matched(4, 4))...)
	check := func(name string, fingerprint signature.Hash, rows ...string) {
		t.Helper()
		view(t, s, book, func(r evidence.Reader) error {
			got, err := r.RowsSigned(ctx, fingerprint)
			if !slices.Equal(got, rows) {
				t.Errorf("%s: got %v, want %v", name, got, rows)
			}
			return err
		})
	}
	check("one row with it twice, an unmatched document", f, row(1).ID)
	check("two rows", g, row(1).ID, row(2).ID)
	check("the zero fingerprint", signature.Hash{})
	// A newer verdict with fewer signatures: only the newest counts.
	update(t, s, book, received(1, f)[2])
	check("after a newer verdict", g, row(2).ID)
	check("still in the newest", f, row(1).ID)
	update(t, s, book, matched(9, 3))
	check("another row now", f, row(1).ID, row(9).ID)
	sound(t, h, s, book)
}

func testStates(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	state := func(n int, rule string, st evidence.State, reasons ...string) evidence.RowState {
		rs := evidence.RowState{Row: row(n).ID, Rule: rule, State: st, Reasons: append([]string{}, reasons...)}
		if len(reasons) > 0 {
			rs.Code = reasons[0]
		} else {
			rs.Grade = "A"
		}
		return rs
	}
	a := state(1, "nd30", evidence.Disproven, "missing-person", "time-unproven")
	b := state(1, "any", evidence.Proven)
	c := state(2, "nd30", evidence.Undetermined, "duplicate")
	update(t, s, book, evidence.StateChanged{State: c}, evidence.StateChanged{State: state(1, "nd30", evidence.Proven)},
		evidence.StateChanged{State: a}, evidence.StateChanged{State: b})
	view(t, s, book, func(r evidence.Reader) error {
		rules, err := r.Rules(ctx)
		want(t, "rules", rules, []string{"any", "nd30"})
		states, err2 := r.States(ctx, "nd30")
		want(t, "states", states, []evidence.RowState{a, c})
		one, err3 := r.StateOf(ctx, "any", row(1).ID)
		want(t, "state", one, b)
		_, missing := r.StateOf(ctx, "any", row(2).ID)
		wantMissing(t, "state", missing)
		return errors.Join(err, err2, err3)
	})
	sound(t, h, s, book)
}

func testLeaves(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	rule := []byte(`{"id":"nd30"}`)
	used := evidence.RuleUsed{SHA256: signature.HashOf(rule), ID: "nd30", Canonical: rule}
	_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
		if err := appendTo(ctx, tx, book, used); err != nil {
			return err
		}
		has, err := tx.HasLeaf(ctx, "rule", used.SHA256)
		want(t, "a pending leaf", has, true)
		_, missing := tx.Entry(ctx, 1)
		wantMissing(t, "a pending entry", missing)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, book, used)
	for i := range 600 { // more than one tile
		if i%100 == 0 {
			update(t, s, book, slices.Repeat([]evidence.Event{evidence.RowAdded{Row: row(i)}}, 100)...)
		}
	}
	view(t, s, book, func(r evidence.Reader) error {
		has, err := r.HasLeaf(ctx, "policy", used.SHA256)
		want(t, "a leaf of another type", has, false)
		e, err2 := r.LeafOf(ctx, "rule", used.SHA256)
		want(t, "the first leaf", []any{e.Index, string(e.Opening), len(e.Salt)}, []any{int64(1), string(rule), 32})
		leaf, err3 := ledger.ParseLeaf(e.Leaf)
		want(t, "actor", leaf.Actor, all.Actor)
		_, missing := r.LeafOf(ctx, "rule", sha(1))
		wantMissing(t, "leaf", missing)
		_, missing = r.Entry(ctx, 1_000_000)
		wantMissing(t, "entry", missing)
		var got []int64
		err4 := r.Entries(ctx, 100, 500, func(e ledger.Entry) error {
			got = append(got, e.Index)
			_, err := r.Entry(ctx, e.Index) // fn may read
			return err
		})
		if len(got) != 400 || got[0] != 100 || got[399] != 499 {
			t.Errorf("entries: got %d", len(got))
		}
		wantMissing(t, "entries beyond the end", r.Entries(ctx, 600, 700, func(ledger.Entry) error { return nil }))
		if err := r.Entries(ctx, 0, 5, func(ledger.Entry) error { return errTest }); !errors.Is(err, errTest) {
			t.Errorf("entries with a failing fn: got %v", err)
		}
		if err := r.Records(ctx, "no such table", nil); err == nil {
			t.Error("an unknown table: got no error")
		}
		return errors.Join(err, err2, err3, err4)
	})
	sound(t, h, s, book)
}

func testBlobs(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	var blobs []signature.Blob
	var hashes []signature.Hash
	for i := range 20 {
		der := []byte(strings.Repeat(fmt.Sprint(i), 1+i*1000))
		blobs = append(blobs, signature.Blob{SHA256: signature.HashOf(der), DER: der})
		hashes = append(hashes, signature.HashOf(der))
	}
	put := func(b evidence.BookID, blobs ...signature.Blob) error {
		_, err := s.Update(ctx, all, b, func(tx evidence.Tx) error {
			return errors.Join(appendTo(ctx, tx, b, evidence.RowAdded{Row: row(1)}), tx.PutBlobs(ctx, blobs), tx.PutBlobs(ctx, blobs))
		})
		return err
	}
	if err := errors.Join(put(book, blobs...), put(book, blobs[3])); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(hashes)
	slices.Reverse(blobs)
	view(t, s, book, func(r evidence.Reader) error {
		got, err := r.Blobs(ctx, hashes)
		want(t, "blobs in the order asked for", got, blobs)
		_, missing := r.Blobs(ctx, []signature.Hash{hashes[0], sha(1)})
		wantMissing(t, "blob", missing)
		return err
	})
	if err := put(book, signature.Blob{SHA256: sha(1), DER: []byte("other")}); err == nil {
		t.Error("a blob with another digest: got no error")
	}
	other := evidence.BookID{Unit: "xa-khac", Period: "2022"}
	update(t, s, other)
	view(t, s, other, func(r evidence.Reader) error {
		_, missing := r.Blobs(ctx, hashes[:1])
		wantMissing(t, "another book's blob", missing)
		return nil
	})
}
