package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// secret marks everything that must stay in openings.
const secret = "Nguyễn Văn Thử"

func hashOf(s string) signature.Hash { return signature.HashOf([]byte(s)) }

// longRow has every field longer than the appendix allows, in characters that
// JSON escapes.
func longRow() Row {
	long := strings.Repeat("\x01\"😀", 200)
	return Row{ID: long, Series: long, Number: long, Notation: long, Date: "2022-01-31", Type: long, Subject: secret,
		Kind: Original, File: secret, Exclusion: &Exclusion{"out-of-scope", secret, secret}, SentAt: long, Channel: long,
		Receipt: long, Line: 1 << 30}
}

func longLink() Attachment {
	return Attachment{Criterion: strings.Repeat("7", 32), Document: hashOf("f"), Scheme: hashOf("s"),
		Pages: "1-3,5,100000", Note: secret + strings.Repeat("\x01\"", 900)}
}

func withdrawn(r Row) Row { r.Withdrawn = true; return r }

// samples has at least one event of each type, with long and with empty
// fields.
func samples() []Event {
	at := time.Date(2022, 3, 4, 5, 6, 7, 8, time.FixedZone("+7", 7*3600))
	book := BookID{UnitID(strings.Repeat("u", 64)), Period(strings.Repeat("p", 32))}
	der := []byte("a certificate")
	signer := signature.Signer{Role: signature.RolePerson, Name: secret, Certificate: signature.HashOf(der), Subject: secret, From: at}
	short := Row{ID: "32/BC-UBND", Number: "32", Notation: "BC-UBND", Kind: Copy, Line: 7}
	material := signature.Material{Anchors: []signature.Anchor{{Domain: signature.DomainTest, DER: der}},
		Intermediates: [][]byte{[]byte("i")}, CRLs: [][]byte{}, Roster: []signature.Signer{signer}}
	facts := signature.Facts{Reader: "pdf/1", SHA256: hashOf("f"), Size: 1 << 40, Format: "pdf", Condition: signature.OverLimit,
		Problem: secret, Pages: 1 << 30, Signatures: []signature.SignatureFacts{{Field: secret, Digests: map[string][]byte{"SHA-256": {1}}, ClaimedTime: &at}}}
	verdict := signature.Verdict{Result: signature.ResultUnreadable, At: at, Signatures: []signature.SignatureVerdict{
		{Signer: &signature.SignerInfo{Subject: secret}, Indication: signature.TotalPassed, Fingerprint: hashOf("s")},
		{Indication: signature.TotalFailed}, {Indication: signature.Indeterminate}}}
	match := Match{Row: longRow().ID, Document: hashOf("f"), By: "file-column"}
	return []Event{
		Opened{Book: book, Origin: strings.Repeat("h", 300)}, Opened{},
		UnitAdded{Unit{ID: book.Unit, Name: secret, OrganID: secret}},
		RosterAdded{RosterEntry{Unit: book.Unit, Signer: signer, DER: der}},
		RosterAdded{RosterEntry{Unit: book.Unit, Signer: signature.Signer{Role: signature.RoleOrganisation, Subject: secret}}},
		TrustChanged{TrustEntry{SHA256: signature.HashOf(der), Kind: "anchor", Domain: signature.DomainOfficialDuty, Name: secret, DER: der, Removed: true}},
		MaterialUsed{hashOf("m"), material}, MaterialUsed{hashOf("m"), signature.Material{}},
		PolicyUsed{hashOf("{}"), strings.Repeat("i", 64), []byte("{}")},
		RuleUsed{hashOf("not JSON at all"), "nd30", []byte("not JSON at all")},
		RegisterImported{Register{SHA256: hashOf("r"), Size: 9, Name: secret, Rows: []Row{short}, SecretRows: 3,
			Findings: []Finding{{Code: "gap", Line: 3, Row: short.ID, Detail: "41–43"}}}},
		RowAdded{longRow()}, RowAdded{short}, RowCorrected{longRow()}, RowWithdrawn{withdrawn(longRow())},
		RowExcluded{longRow()}, RowExcluded{short},
		DocumentReceived{SHA256: hashOf("f"), Size: 1 << 40, Name: secret}, DocumentReceived{SHA256: hashOf("g"), Size: 1 << 40, Name: secret, Absent: true}, FactsRead{facts}, FactsRead{signature.Facts{Reader: "x"}},
		VerdictReached{hashOf("f"), hashOf("m"), hashOf("p"), verdict}, VerdictReached{},
		Matched{match}, Unmatched{match},
		StateChanged{RowState{Row: longRow().ID, Rule: strings.Repeat("r", 64), State: Undetermined, Code: "missing-organisation", Reasons: []string{"missing-organisation", "time-unproven"}}},
		StateChanged{RowState{Row: short.ID, Rule: "nd30", State: Proven, Grade: "A"}},
		SchemeUsed{hashOf("{}"), strings.Repeat("i", 32), []byte("{}")},
		Attached{longLink()}, Attached{Attachment{Criterion: "1.6", Document: hashOf("f")}}, Detached{longLink()},
		Explained{Explanation{Criterion: strings.Repeat("7", 32), Scheme: hashOf("s"), Text: strings.Repeat(secret, 500), Document: hashOf("f")}},
		Moved{BookMove{Step: MoveDeparted, Place: strings.Repeat("p", 200)}}, Moved{BookMove{Step: MoveArrived, Place: "office", Key: "key", Checkpoint: secret}},
		Explained{Explanation{Criterion: "1.6", Text: "chưa có"}}, Explained{Explanation{Criterion: "1.6", Withdrawn: true}},
		Confirmed{Confirmation{Row: longRow().ID, Document: hashOf("f"), Number: longRow().Number, Notation: longRow().Notation, Date: "2022-01-31",
			By: ByText, Reader: "pdfium/1", NumberPlace: "own", NumberPage: 1, DatePlace: "overlay", DatePage: 1 << 30}},
		Confirmed{Confirmation{Row: short.ID, Document: hashOf("f"), By: ByPerson, Person: secret, Note: strings.Repeat("\x01\"", 900), Denied: true}},
		Anchored{book, strings.Repeat("h", 300), 1 << 60, hashOf("root").String(), strings.Repeat("c", 5000)},
	}
}

// leafOf encodes a draft as the sequencer does, with the longest actor.
func leafOf(t *testing.T, d ledger.Draft) ledger.Leaf {
	t.Helper()
	leaf := ledger.Leaf{V: 1, Type: d.Type, At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Actor: strings.Repeat("a", 64),
		Refs: d.Refs, Codes: d.Codes, Commit: strings.Repeat("0", 64)}
	line, err := leaf.Encode()
	if err != nil {
		t.Fatalf("%s: %v", d.Type, err)
	}
	back, err := ledger.ParseLeaf(line)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestEveryEventComesBack(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range samples() {
		d, err := e.Draft()
		if err != nil {
			t.Errorf("%T: %v", e, err)
			continue
		}
		seen[d.Type] = true
		back, err := DecodeEvent(leafOf(t, d), d.Opening)
		if err != nil {
			t.Errorf("%T: %v", e, err)
			continue
		}
		again, err := back.Draft()
		if err != nil || !bytes.Equal(again.Opening, d.Opening) || !maps.Equal(again.Refs, d.Refs) {
			t.Errorf("%T: drafted again %v %s, want %s", e, err, again.Opening, d.Opening)
		}
		if got, want := back.Records(7), e.Records(7); !reflect.DeepEqual(got, want) {
			t.Errorf("%T: records got %v, want %v", e, got, want)
		}
	}
	for leafType := range decoders {
		if !seen[leafType] {
			t.Errorf("no sample of the leaf type %q", leafType)
		}
	}
}

func TestNothingPersonalOutsideTheOpening(t *testing.T) {
	for _, e := range samples() {
		d, err := e.Draft()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []map[string]string{d.Refs, d.Codes} {
			for k, v := range m {
				if strings.Contains(v, secret) {
					t.Errorf("%T: %s is %q", e, k, v)
				}
			}
		}
	}
}

func TestRecordsHaveTheDeclaredColumns(t *testing.T) {
	used := map[string]bool{}
	for _, e := range samples() {
		for _, rec := range e.Records(7) {
			used[rec.Table] = true
			if rec.Key == "" {
				t.Errorf("%T: a record of table %s without a key", e, rec.Table)
			}
			if rec.Delete {
				continue
			}
			if got, want := len(rec.Values), len(Columns(rec.Table)); got != want {
				t.Errorf("%T: table %s has %d values, want %d", e, rec.Table, got, want)
			}
			for _, c := range Columns(rec.Table) {
				v, isInt := rec.Values[c.Name].(int64)
				_, isString := rec.Values[c.Name].(string)
				if isInt != c.Integer || isString == c.Integer {
					t.Errorf("%T: table %s column %s has the type %T", e, rec.Table, c.Name, rec.Values[c.Name])
				}
				if c.Name == "entry" && v != 7 {
					t.Errorf("%T: table %s entry: got %d, want 7", e, rec.Table, v)
				}
			}
		}
	}
	for _, table := range Tables() {
		if !used[table] {
			t.Errorf("no event writes table %s", table)
		}
	}
}

func TestDraftRefuses(t *testing.T) {
	for name, e := range map[string]Event{
		"broken UTF-8 in a name":    DocumentReceived{SHA256: hashOf("f"), Size: 1, Name: "a\xff.pdf"},
		"broken UTF-8 deep inside":  RegisterImported{Register{Findings: []Finding{{Row: "\xc3"}}}},
		"broken UTF-8 in a map":     FactsRead{signature.Facts{Signatures: []signature.SignatureFacts{{Digests: map[string][]byte{"\xff": nil}}}}},
		"a row without an id":       RowAdded{},
		"a match without document":  Matched{Match{Row: "1"}},
		"a state without a row":     StateChanged{RowState{Rule: "nd30"}},
		"free text as a code":       StateChanged{RowState{Row: "1", Rule: "nd30", Code: "not signed"}},
		"a code that is too long":   StateChanged{RowState{Row: "1", Rule: strings.Repeat("r", 65)}},
		"a withdrawal that is none": RowWithdrawn{Row{ID: "1"}},
		"a policy of other bytes":   PolicyUsed{hashOf("a"), "p", []byte("b")},
		"a trust entry of others":   TrustChanged{TrustEntry{SHA256: hashOf("a"), DER: []byte("b")}},
		"a roster entry of others":  RosterAdded{RosterEntry{Unit: "xa", Signer: signature.Signer{Certificate: hashOf("a")}, DER: []byte("b")}},
		"a roster entry of nobody":  RosterAdded{RosterEntry{Unit: "xa"}},
		"a unit with a bad id":      UnitAdded{Unit{ID: "Xã"}},
		"a scheme of other bytes":   SchemeUsed{hashOf("a"), "s", []byte("b")},
		"a link to no document":     Attached{Attachment{Criterion: "1.6"}},
		"a link to no criterion":    Attached{Attachment{Document: hashOf("f")}},
		"a criterion in words":      Detached{Attachment{Criterion: secret, Document: hashOf("f")}},
		"pages not in order":        Attached{Attachment{Criterion: "1.6", Document: hashOf("f"), Pages: "5,1-3"}},
		"pages that are none":       Attached{Attachment{Criterion: "1.6", Document: hashOf("f"), Pages: "0"}},
		"a note that is too long":   Attached{Attachment{Criterion: "1.6", Document: hashOf("f"), Note: strings.Repeat("n", MaxNoteBytes+1)}},
		"an explanation of nothing": Explained{Explanation{Criterion: "1.6"}},
		"one that is too long":      Explained{Explanation{Criterion: "1.6", Text: strings.Repeat("n", MaxExplanationBytes+1)}},
		"a withdrawal with a text":  Explained{Explanation{Criterion: "1.6", Text: "x", Withdrawn: true}},
		"a book with a bad period":  Opened{Book: BookID{"xa", "../2022"}},
	} {
		if d, err := e.Draft(); err == nil {
			t.Errorf("%s: got a draft %v, want an error", name, d.Refs)
		}
	}
}

// TestDraftKeepsWhatLooksBroken: a replacement character and its escape are
// text as any other.
func TestDraftKeepsWhatLooksBroken(t *testing.T) {
	for _, name := range []string{"a\ufffd.pdf", `a\ufffd.pdf`, `a\\ufffd.pdf`} {
		d, err := DocumentReceived{SHA256: hashOf("f"), Size: 1, Name: name}.Draft()
		var opening documentOpening
		if err == nil {
			err = json.Unmarshal(d.Opening, &opening)
		}
		if err != nil || opening.Name != name {
			t.Errorf("got %q and %v, want %q", opening.Name, err, name)
		}
	}
}

func TestDecodeRefusesALeafThatContradictsItsOpening(t *testing.T) {
	for _, e := range samples() {
		d, err := e.Draft()
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range []func(l *ledger.Leaf){
			func(l *ledger.Leaf) { l.Codes["state"] = "PROVEN!" },
			func(l *ledger.Leaf) { l.Refs["row"] = "another" },
		} {
			leaf := leafOf(t, d)
			change(&leaf)
			if got, err := DecodeEvent(leaf, d.Opening); err == nil {
				t.Errorf("%T: got %T from a contradicting leaf, want an error", e, got)
			}
		}
	}
	if _, err := DecodeEvent(ledger.Leaf{Type: "score"}, []byte("{}")); !errors.Is(err, ErrLeafType) {
		t.Errorf("a type of the future: got %v, want ErrLeafType", err)
	}
	if _, err := DecodeEvent(ledger.Leaf{Type: "row"}, nil); err == nil || errors.Is(err, ErrLeafType) {
		t.Errorf("an erased opening: got %v, want another error", err)
	}
}

func TestMaterialIsRebuiltFromItsLeafAndBlobs(t *testing.T) {
	for _, e := range samples() {
		used, ok := e.(MaterialUsed)
		if !ok {
			continue
		}
		d, _ := e.Draft()
		if bytes.Contains(d.Opening, []byte("a certificate")) {
			t.Error("the opening holds DER")
		}
		back, err := DecodeEvent(leafOf(t, d), d.Opening)
		if err != nil {
			t.Fatal(err)
		}
		named := back.(MaterialNamed)
		got, err := named.Rebuild(used.Blobs())
		if err != nil {
			t.Fatal(err)
		}
		// Times come back in another zone; the canonical JSON is what counts.
		if string(mustJSON(got)) != string(mustJSON(used.Material)) {
			t.Errorf("got %s, want %s", mustJSON(got), mustJSON(used.Material))
		}
		if blobs := used.Blobs(); len(blobs) > 0 {
			if _, err := named.Rebuild(blobs[1:]); err == nil {
				t.Error("a missing blob: got no error")
			}
			blobs[0].DER = []byte("changed")
			if _, err := named.Rebuild(blobs); err == nil {
				t.Error("a changed blob: got no error")
			}
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range samples() {
		d, err := e.Draft()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(d.Type, d.Opening, "sha256", d.Refs["sha256"])
	}
	f.Add("row", []byte(strings.Repeat("[", 20000)), "", "")
	f.Add("material", []byte(`{"anchors":[{"sha256":"00"}]}`), "use", "trust")
	f.Fuzz(func(t *testing.T, leafType string, opening []byte, key, value string) {
		m := map[string]string{key: value}
		e, err := DecodeEvent(ledger.Leaf{Type: leafType, Refs: m, Codes: m}, opening)
		if err == nil {
			e.Records(1)
		}
	})
}

func TestScope(t *testing.T) {
	mine := BookID{"xa-mot", "2022"}
	for name, c := range map[string]struct {
		scope Scope
		book  BookID
		want  bool
	}{
		"nothing":             {Scope{}, mine, false},
		"nothing, root":       {Scope{}, RootBook, false},
		"everything":          {Scope{All: true}, mine, true},
		"everything, root":    {Scope{All: true}, RootBook, true},
		"my unit":             {Scope{Units: []UnitID{"xa-hai", "xa-mot"}}, mine, true},
		"another unit":        {Scope{Units: []UnitID{"xa-hai"}}, mine, false},
		"a prefix":            {Scope{Units: []UnitID{"xa"}}, mine, false},
		"units see no root":   {Scope{Units: []UnitID{"xa-mot"}}, RootBook, false},
		"the empty unit name": {Scope{Units: []UnitID{""}}, RootBook, false},
	} {
		if got := c.scope.Allows(c.book); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}

func TestNamesThatBecomePaths(t *testing.T) {
	for _, good := range []BookID{{"xa", "2022"}, {"0", "2025-h1"}, {UnitID(strings.Repeat("a", 64)), Period(strings.Repeat("1", 32))}} {
		if err := good.Validate(); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range []BookID{{}, {"xa", ""}, {"", "2022"}, {"Xa", "1"}, {"xa/b", "1"}, {"..", "1"}, {"xa", ".."}, {"xã", "1"},
		{"xa\x00", "1"}, {UnitID(strings.Repeat("a", 65)), "1"}, {"xa", Period(strings.Repeat("1", 33))}} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
	if got, want := (BookID{"xa", "2022"}).Origin("h.example"), "h.example/xa/2022"; got != want {
		t.Errorf("origin: got %q, want %q", got, want)
	}
	if got, want := RootBook.Origin("h.example"), "h.example/root"; got != want {
		t.Errorf("origin: got %q, want %q", got, want)
	}
}

func TestTablesAreSorted(t *testing.T) {
	if tables := Tables(); !slices.IsSorted(tables) || len(tables) != len(columns) {
		t.Errorf("got %v", tables)
	}
}
