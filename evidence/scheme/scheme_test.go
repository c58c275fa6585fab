package scheme

import (
	"bytes"
	"encoding/csv"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/count"
)

func load(t *testing.T, id string) *Scheme {
	t.Helper()
	s, err := Load(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDeployHasTheEmbeddedSchemes(t *testing.T) {
	for _, id := range IDs() {
		inside, err := files.ReadFile("schemes/" + id + ".json")
		if err != nil {
			t.Fatal(err)
		}
		outside, err := os.ReadFile(filepath.Join("../../deploy/schemes", id+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(inside, outside) {
			t.Errorf("scheme %s: deploy/schemes differs from the embedded copy", id)
		}
		if s := load(t, id); s.ID() != id || !bytes.Equal(s.Canonical(), inside) {
			t.Errorf("scheme %s: got %s and %d bytes", id, s.ID(), len(s.Canonical()))
		}
	}
	for _, dir := range []string{"schemes", "../../deploy/schemes"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != len(builtin) {
			t.Errorf("%s has %d files, want %d", dir, len(entries), len(builtin))
		}
	}
}

var (
	number = regexp.MustCompile(`^\d+(\.\d+)?$`)
	check  = regexp.MustCompile(`^(SUM|X\d+)$`)
)

// idIn returns the scheme's id of a line of the seed's figures: domains are
// "D1" there, and a line of plain counts ends in "-n" and names its criterion.
func idIn(line, criterion string) string {
	if d, ok := strings.CutPrefix(line, "D"); ok {
		return d
	}
	if strings.HasSuffix(line, "-n") {
		return criterion
	}
	return line
}

// TestTheSeedReportsCriteria compares ids, names and maxima with the figures
// of the seed report. A maximum that is not a plain number there is not known.
func TestTheSeedReportsCriteria(t *testing.T) {
	seed := os.Getenv("MINHCHUNG_SEED")
	if seed == "" {
		t.Skip("MINHCHUNG_SEED is not set: it names the folder with the seed report's figures.tsv")
	}
	f, err := os.Open(filepath.Join(seed, "figures.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	s, seen, total := load(t, "commune-2022"), map[string]bool{}, new(big.Rat)
	for _, line := range lines[1:] {
		at := func(name string) string { return line[column[name]] }
		if check.MatchString(at("id")) {
			continue
		}
		n, err := s.Criterion(idIn(at("id"), at("criterion")))
		if err != nil {
			t.Errorf("line %s: %v", at("id"), err)
			continue
		}
		seen[n.ID] = true
		known := ""
		if number.MatchString(at("max_score")) {
			known = at("max_score")
		}
		if at("max_score") != "" && string(n.Max) != known {
			t.Errorf("criterion %s: max is %q, the seed says %q", n.ID, n.Max, at("max_score"))
		}
		if strings.HasPrefix(at("id"), "D") {
			if r := n.Max.Rat(); n.Depth == 0 && r != nil {
				total.Add(total, r)
			}
			if n.Title.VI != at("name_vi") && n.ID != "9" {
				t.Errorf("domain %s: name is %q, the seed says %q", n.ID, n.Title.VI, at("name_vi"))
			}
		}
	}
	for _, n := range s.Nodes() {
		if !seen[n.ID] {
			t.Errorf("the seed has no criterion %s", n.ID)
		}
	}
	if total.Cmp(big.NewRat(100, 1)) != 0 {
		t.Errorf("the domains have %s points together, want 100", total.FloatString(2))
	}
}

func TestDomainsSumToTheTotal(t *testing.T) {
	for _, id := range IDs() {
		d, sum := load(t, id).Definition(), new(big.Rat)
		for _, c := range d.Domains {
			if r := c.Max.Rat(); r != nil {
				sum.Add(sum, r)
			}
		}
		if len(d.Domains) != 10 || sum.Cmp(d.Total.Rat()) != 0 {
			t.Errorf("%s: %d domains with %s points, want 10 with %s", id, len(d.Domains), sum.FloatString(2), d.Total)
		}
	}
}

func TestCriterion(t *testing.T) {
	s := load(t, "commune-2022")
	n, err := s.Criterion("1.6")
	if err != nil || n.Max != "1" || n.Parent != "1" || !n.Leaf() || n.Depth != 1 {
		t.Errorf("1.6: got %+v, %v", n, err)
	}
	for id, want := range map[string]string{"1,6": "1.6", "7.13": "7.1.3", "713": "7.1.3", "1.66": "1.6", "3.5": "3.5a", "7.3": "7.2", "nothing": "", "": "", strings.Repeat("7", 100): ""} {
		_, err := s.Criterion(id)
		var unknown *count.UnknownError
		if !errors.As(err, &unknown) || unknown.Near != want {
			t.Errorf("%q: got %v, want near %q", id, err, want)
		}
	}
	if _, err := Load("comune-2022"); err == nil || !strings.Contains(err.Error(), "did you mean commune-2022") {
		t.Errorf("a slip in a scheme's id: got %v", err)
	}
}

func TestForAPeriod(t *testing.T) {
	for period, want := range map[evidence.Period]string{"2022": "commune-2022", "2022-h1": "commune-2022", "2023": "", "2021": "", "x": "", "abcd": ""} {
		s, err := For(period)
		if err != nil {
			t.Fatal(err)
		}
		if got := s != nil; got != (want != "") || got && s.ID() != want {
			t.Errorf("%s: got %v, want %q", period, s, want)
		}
	}
}

func TestPoints(t *testing.T) {
	for p, want := range map[Points]string{"18.5": "18,5", "": "?", "3": "3"} {
		if got := p.Format("vi"); got != want {
			t.Errorf("%q: got %q, want %q", p, got, want)
		}
	}
	for _, bad := range []Points{"1e9", "-1", "1.", ".5", "1.2.3", "1,5", "1/3", "9999999999999"} {
		if bad.Rat() != nil {
			t.Errorf("%q: got %v, want no number", bad, bad.Rat())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(load(t, "commune-2022").Canonical())
	for name, change := range map[string][2]string{
		"an unknown field":            {`"version": 1`, `"version": 1, "colour": "red"`},
		"no version":                  {`"version": 1`, `"version": 0`},
		"an id that is none":          {`"id": "commune-2022"`, `"id": "Commune 2022"`},
		"a criterion twice":           {`"id": "1.2"`, `"id": "1.1"`},
		"a criterion's id":            {`"id": "1.2"`, `"id": "1 2"`},
		"points that are none":        {`"max": "18.5"`, `"max": "18,5"`},
		"points that are guessed":     {`"max": "18.5"`, `"max": "18.5?"`},
		"parts larger than the whole": {`"max": "15"`, `"max": "5"`},
		"domains above the total":     {`"total": "100"`, `"total": "99"`},
		"a validity that ends early":  {`"validUntil": "2022-12-31"`, `"validUntil": "2021-12-31"`},
		"a date that is none":         {`"validFrom": "2022-01-01"`, `"validFrom": "2022"`},
		"a by that is none":           {`"by": "survey"`, `"by": "guess"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: the scheme has no %s", name, change[0])
		}
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	deep := strings.Repeat(`{"id":"a","title":{"vi":"a","en":"a"},"max":"","evidence":[],"criteria":[`, 200) + strings.Repeat("]}", 200)
	for _, bad := range []string{"", "{}", good + "x", `{"domains":[` + deep + `]}`, strings.Repeat(" ", maxSchemeBytes+1)} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%.40q: got no error", bad)
		}
	}
}
