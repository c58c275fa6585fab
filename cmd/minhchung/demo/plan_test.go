package demo

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence"
)

func (v variant) counts() bool { return v.state == evidence.Proven }

func mustPlan(t *testing.T, rows int, seed uint64) *plan {
	t.Helper()
	p, err := newPlan(rows, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The seed report: 1,831 of 1,861 documents of the year, 98.4 %.
func TestDefaultPlanIsTheReport(t *testing.T) {
	for seed := range uint64(20) {
		p := mustPlan(t, DefaultRows, seed)
		s := p.summary("")
		if got, want := s.ProvenA+s.ProvenB, 1831; got != want {
			t.Errorf("seed %d: got %d proven rows, want %d", seed, got, want)
		}
		if got, want := s.Disproven+s.Undetermined, 30; got != want {
			t.Errorf("seed %d: got %d other rows, want %d", seed, got, want)
		}
		if s.ProvenA < 200 || s.ProvenB < 200 {
			t.Errorf("seed %d: got %d rows of grade A and %d of grade B, want both in quantity", seed, s.ProvenA, s.ProvenB)
		}
		if s.Excluded != 6 || s.Secret != 3 {
			t.Errorf("seed %d: got %d excluded and %d secret rows, want 6 and 3", seed, s.Excluded, s.Secret)
		}
		stamped, numbered := 0, 0
		for _, e := range p.entries {
			if e.v.counts() && e.v.stamped {
				stamped++
			}
			if e.v.counts() && e.v.numbering != printed {
				numbered++
			}
		}
		if stamped < 200 || numbered < 200 {
			t.Errorf("seed %d: got %d proven rows with a time stamp and %d numbered after signing, want 200 of each at least", seed, stamped, numbered)
		}
	}
}

// wantCodes are those that issue 2 lists.
var wantCodes = strings.Fields(`no-file unreadable encrypted unsigned scan digest coverage content-unconfirmed page-content page-added
	missing-person missing-organisation order untrusted wrong-signer expired revoked duplicate time-unproven`)

func TestEveryPlanHasEveryCase(t *testing.T) {
	for rows := MinRows(); rows < MinRows()+40; rows++ {
		for seed := range uint64(10) {
			s := mustPlan(t, rows, seed).summary("")
			for _, code := range wantCodes {
				if s.Codes[code] == 0 {
					t.Errorf("%d rows, seed %d: no row is %q", rows, seed, code)
				}
			}
			if s.Codes["untrusted"] < 2 {
				t.Errorf("%d rows, seed %d: got %d untrusted rows, want the self-made one and the victim's", rows, seed, s.Codes["untrusted"])
			}
			if got := s.ProvenA + s.ProvenB + s.Disproven + s.Undetermined; got != rows {
				t.Errorf("%d rows, seed %d: states add up to %d", rows, seed, got)
			}
			sum := 0
			for _, n := range s.Codes {
				sum += n
			}
			if sum != s.Disproven+s.Undetermined {
				t.Errorf("%d rows, seed %d: codes add up to %d, want %d", rows, seed, sum, s.Disproven+s.Undetermined)
			}
		}
	}
}

func TestVariantsKeepTheirDates(t *testing.T) {
	for _, e := range mustPlan(t, DefaultRows, 7).entries {
		if !e.v.fits(e.row.Date) {
			t.Errorf("row %s of %s: %q asks for %s to %s", e.rowID(), e.row.Date, e.v.name, e.v.from, e.v.until)
		}
		if e.v.fault == reused && e.row.Exclusion != nil {
			t.Errorf("row %s is excluded and reused", e.rowID())
		}
	}
}

func TestTooFewRowsNameTheLeast(t *testing.T) {
	_, err := newPlan(MinRows()-1, 0)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("at least %d rows", MinRows())) {
		t.Errorf("got %v, want an error that names %d", err, MinRows())
	}
}

func TestSameSeedSamePlan(t *testing.T) {
	a, b, c := mustPlan(t, 100, 3), mustPlan(t, 100, 3), mustPlan(t, 100, 4)
	if !reflect.DeepEqual(a, b) {
		t.Error("two plans of one seed differ")
	}
	if reflect.DeepEqual(a.entries, c.entries) {
		t.Error("plans of two seeds are the same")
	}
	for i := range a.entries {
		x, y := body(a.text(&a.entries[i]), 4), body(b.text(&b.entries[i]), 4)
		if !slices.Equal(x, y) {
			t.Errorf("entry %d has two texts for one seed", i)
		}
	}
}

// Real registers have a number with a letter, a gap and a late entry.
func TestRegisterIsHonest(t *testing.T) {
	p := mustPlan(t, DefaultRows, 0)
	var lettered, late []string
	seen := map[string]bool{}
	var before evidence.Date
	for _, e := range p.entries {
		if seen[e.rowID()] {
			t.Errorf("row %s stands twice", e.rowID())
		}
		seen[e.rowID()] = true
		if strings.HasSuffix(e.row.Number, "a") {
			lettered = append(lettered, e.row.Number)
		}
		if e.row.Date < before {
			late = append(late, e.row.Number)
		}
		before = e.row.Date
		if len([]rune(e.row.Subject)) > 500 || len([]rune(e.row.Notation)) > 30 {
			t.Errorf("row %s has a field longer than Decree 30/2020 appendix VI allows", e.rowID())
		}
	}
	if len(lettered) != 1 || len(late) != 1 {
		t.Errorf("got lettered numbers %v and late entries %v, want one of each", lettered, late)
	}
	last := p.entries[len(p.entries)-1].row.Number
	if want := fmt.Sprint(DefaultRows + len(exclusions)); last != want { // one letter less, one gap more
		t.Errorf("got last number %s, want %s", last, want)
	}
}

var neutral = regexp.MustCompile(`^(VB-\d{5}|\d+a?-[\p{L}]+-[\p{L}]+_\d\d-\d\d-2022)\.pdf$`)

func TestNamesTellNothing(t *testing.T) {
	p := mustPlan(t, DefaultRows, 5)
	byColumn, byName := 0, 0
	for _, e := range p.entries {
		if e.name == "" {
			continue
		}
		if !neutral.MatchString(e.name) {
			t.Errorf("file name %q is not neutral", e.name)
		}
		if e.row.File == "" {
			byName++
		} else {
			byColumn++
		}
	}
	if byColumn < 1000 || byName < 200 {
		t.Errorf("got %d files by column and %d by name, want both matchers to run", byColumn, byName)
	}
	for _, e := range p.entries {
		if e.v.fault == absent && e.row.File == "" {
			continue
		}
		if e.v.fault == absent && !neutral.MatchString(e.row.File) {
			t.Errorf("row %s without a file gives itself away: %q", e.rowID(), e.row.File)
		}
	}
}
