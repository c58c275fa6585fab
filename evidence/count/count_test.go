package count

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"minhchung/evidence"
)

func TestEmbeddedRulesAreThoseOfDeploy(t *testing.T) {
	const deploy = "../../deploy/rules"
	for _, dir := range []string{"rules", deploy} {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(found) != len(builtin) {
			t.Errorf("%s: got files %v, want one for each of %v", dir, found, builtin)
		}
	}
	for _, id := range builtin {
		a, err := os.ReadFile(filepath.Join(deploy, id+".json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Load(id)
		if err != nil {
			t.Fatal(err)
		}
		if r.ID() != id || !bytes.Equal(a, r.Canonical()) {
			t.Errorf("rule %s: the embedded bytes differ from those in deploy/rules", id)
		}
	}
	if got := len(Rules()); got != len(builtin) {
		t.Errorf("got %d rules, want %d", got, len(builtin))
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(rule(t, "nd30").Canonical())
	for _, c := range []struct{ name, old, new string }{
		{"unknown field", `"id":`, `"extra": 1, "id":`},
		{"bad id", `"nd30"`, `"ND 30"`},
		{"version", `"version": 2`, `"version": 0`},
		{"role", `"organisation"`, `"clerk"`},
		{"role twice", `"person"`, `"organisation"`},
		{"any is not alone", `"person"`, `"any"`},
		{"kind", `"annex"`, `"draft"`},
		{"time evidence", `"exchange"`, `"rumour"`},
		{"line 13", `"proven-b"`, `"proven"`},
		{"line 13 case", `"revoked-later"`, `"revoked"`},
		{"content", `"confirmed"`, `"checked"`},
		{"date", `"2020-03-05"`, `"2020-02-30"`},
		{"until before from", `"validUntil": ""`, `"validUntil": "2019-01-01"`},
		{"window", `"daysBefore": 30`, `"daysBefore": -1`},
		{"number with a fraction", `"daysBefore": 30`, `"daysBefore": 1.5`},
		{"tail", "\n}\n", "\n} {}"},
		{"title", `"Signatures as Decree 30/2020 demands"`, `""`},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Errorf("%s: %q is not in the rule", c.name, c.old)
		}
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: got a rule, want an error", c.name)
		}
	}
	if _, err := Parse(make([]byte, maxRuleBytes+1)); err == nil {
		t.Error("over the limit: got a rule, want an error")
	}
}

func TestUnknownNames(t *testing.T) {
	var e *UnknownError
	if _, err := CriterionOf("7.1.33"); !errors.As(err, &e) || e.Near != "7.1.3" || !strings.Contains(err.Error(), "did you mean 7.1.3") {
		t.Errorf("7.1.33: got %v, want did you mean 7.1.3", err)
	}
	if _, err := CriterionOf("chín"); !errors.As(err, &e) || e.Near != "" || !strings.Contains(err.Error(), "7.1.3") {
		t.Errorf("chín: got %v, want the known ones without a guess", err)
	}
	if _, err := Load("nd3"); !errors.As(err, &e) || e.Near != "nd30" || !strings.Contains(err.Error(), "organisation") {
		t.Errorf("nd3: got %v, want nd30 and the known ones", err)
	}
	if s := e.Sentence("vi"); !strings.Contains(s, "quy tắc") || !strings.Contains(s, "nd30") {
		t.Errorf("got %q, want a Vietnamese sentence", s)
	}
	if c, err := CriterionOf("7.1.3"); err != nil || c.ID != "7.1.3" {
		t.Errorf("7.1.3: got %v, %v", c, err)
	}
}

// The main figure of the seed report: 1,831 of 1,861 documents, 98.4 %.
func TestSeedFigure1831Of1861Is98Point4Percent(t *testing.T) {
	r := Ratio{1831, 1861}
	for _, c := range []struct{ got, want string }{
		{r.Percent("vi", 1), "98,4 %"}, {r.Percent("en", 1), "98.4 %"},
		{r.Format("vi"), "1.831/1.861"}, {r.Format("en"), "1,831/1,861"}, {r.String(), "1831/1861"},
		{r.Percent("vi", 3), "98,388 %"}, {r.Percent("vi", 0), "98 %"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

// Percentages of the seed report that were typed wrongly.
func TestSeedFiguresThatWereTypedWrongly(t *testing.T) {
	for _, c := range []struct {
		r             Ratio
		decimals      int
		typed, vi, en string
	}{
		{Ratio{8, 9}, 1, "89,9 %", "88,9 %", "88.9 %"},
		{Ratio{2, 17}, 3, "0,118 %", "11,765 %", "11.765 %"},
		{Ratio{1515, 2385}, 2, "63,53 %", "63,52 %", "63.52 %"},
	} {
		if got := c.r.Percent("vi", c.decimals); got != c.vi || got == c.typed {
			t.Errorf("%v: got %s, want %s and not %s", c.r, got, c.vi, c.typed)
		}
		if got := c.r.Percent("en", c.decimals); got != c.en {
			t.Errorf("%v: got %s, want %s", c.r, got, c.en)
		}
	}
}

// Every figure of the seed report with integer operands, recomputed.
func TestSeedFigures(t *testing.T) {
	dir := os.Getenv("MINHCHUNG_SEED")
	if dir == "" {
		t.Skip("MINHCHUNG_SEED is not set: it names the folder that holds figures.tsv of the seed report")
	}
	data, err := os.ReadFile(filepath.Join(dir, "figures.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	column := func(name string) int { return slices.Index(strings.Split(lines[0], "\t"), name) }
	num, den, want := column("numerator"), column("denominator"), column("recomputed")
	checked := 0
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		n, errN := strconv.ParseInt(cells[num], 10, 64)
		d, errD := strconv.ParseInt(cells[den], 10, 64)
		percent, _, _ := strings.Cut(cells[want], "%")
		if errN != nil || errD != nil || !strings.Contains(percent, ".") {
			continue
		}
		if got := (Ratio{n, d}).Percent("en", 4); got != percent+" %" {
			t.Errorf("%s: got %s, want %s %%", cells[0], got, percent)
		}
		checked++
	}
	if checked < 9 {
		t.Errorf("got %d figures, want at least 9", checked)
	}
}

func TestPercentEdges(t *testing.T) {
	for _, c := range []struct {
		r        Ratio
		decimals int
		want     string
	}{
		{Ratio{0, 0}, 1, "—"}, {Ratio{5, 0}, 1, "—"}, {Ratio{0, 7}, 1, "0,0 %"}, {Ratio{7, 7}, 1, "100,0 %"},
		{Ratio{1, 8}, 0, "13 %"}, {Ratio{1, 200}, 0, "1 %"}, {Ratio{1999, 2000}, 1, "100,0 %"}, {Ratio{1, 3}, 99, "33,333333333333333333 %"},
		{Ratio{-1, 3}, 1, "-33,3 %"}, {Ratio{1, -3}, 1, "-33,3 %"}, {Ratio{-1, 100000}, 1, "0,0 %"}, {Ratio{1234, 1}, 1, "123.400,0 %"},
	} {
		if got := c.r.Percent("vi", c.decimals); got != c.want {
			t.Errorf("%v with %d decimals: got %s, want %s", c.r, c.decimals, got, c.want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.000", -1234567: "-1.234.567"} {
		if got := Integer("vi", n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestRatioAgainstBigRat(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	pick := func() int64 {
		if rng.IntN(2) == 0 {
			return rng.Int64N(50)
		}
		return rng.Int64()
	}
	for range 5_000 {
		a, b := Ratio{pick(), 1 + pick()/2}, Ratio{pick(), 1 + pick()/2}
		x, y := big.NewRat(a.Num, a.Den), big.NewRat(b.Num, b.Den)
		if got, want := a.Compare(b), x.Cmp(y); got != want {
			t.Fatalf("seed %d: %v against %v: got %d, want %d", seed, a, b, got, want)
		}
		// FloatString rounds half away from zero, which is half up here.
		decimals := rng.IntN(6)
		want := new(big.Rat).Mul(x, big.NewRat(100, 1)).FloatString(decimals) + " %"
		if got := strings.ReplaceAll(a.Percent("en", decimals), ",", ""); got != want {
			t.Fatalf("seed %d: %v with %d decimals: got %s, want %s", seed, a, decimals, got, want)
		}
	}
	if (Ratio{1, 0}).Compare(Ratio{0, 1}) != -1 || (Ratio{0, 1}).Compare(Ratio{1, 0}) != 1 || (Ratio{1, 0}).Compare(Ratio{2, 0}) != 0 {
		t.Error("without a denominator: got another order, want before every other")
	}
}

func TestIndicator(t *testing.T) {
	var states []evidence.RowState
	add := func(n int, s evidence.State, grade, code string) {
		for range n {
			states = append(states, evidence.RowState{Row: fmt.Sprint(len(states)), Rule: "nd30", State: s, Grade: grade, Code: code})
		}
	}
	add(1_500, evidence.Proven, GradeA, "")
	add(331, evidence.Proven, GradeB, "")
	add(20, evidence.Disproven, "", CodeUnsigned)
	add(10, evidence.Undetermined, "", CodeUnreadable)
	add(6, evidence.Excluded, "", CodeVoid)
	add(4, evidence.Excluded, "", CodeRowWithdrawn)
	in, err := rule(t, "nd30").Indicator(evidence.BookID{Unit: "xa-thu-nghiem", Period: "2022"}, "7.1.3", states, "c")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"unit":"xa-thu-nghiem","period":"2022","criterion":"7.1.3","rule":"nd30","rows":1867,"excluded":6,"denominator":1861,` +
		`"proven":1831,"provenA":1500,"provenB":331,"disproven":20,"undetermined":10,"reasons":{"unreadable":10,"unsigned":20},"checkpoint":"c","content":"confirmed"}`
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if in.Ratio() != (Ratio{1831, 1861}) || in.Upper() != (Ratio{1841, 1861}) {
		t.Errorf("got %v to %v, want 1831/1861 to 1841/1861", in.Ratio(), in.Upper())
	}
	for name, bad := range map[string][]evidence.RowState{
		"other rule": {{Row: "1", Rule: "any"}}, "row twice": {{Row: "1", Rule: "nd30"}, {Row: "1", Rule: "nd30"}},
	} {
		if _, err := rule(t, "nd30").Indicator(evidence.BookID{}, "7.1.3", bad, ""); err == nil {
			t.Errorf("%s: got an indicator, want an error", name)
		}
	}
	if _, err := rule(t, "nd30").Indicator(evidence.BookID{}, "7.1.4", nil, ""); err == nil {
		t.Error("7.1.4: got an indicator, want an error")
	}
}

// Whatever states are counted, the sums hold and nothing odd is PROVEN.
func TestCountSumsHold(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 2))
	states := []evidence.State{evidence.Proven, evidence.Disproven, evidence.Undetermined, evidence.Excluded, "", "?"}
	for range 500 {
		var list []evidence.RowState
		for range rng.IntN(40) {
			list = append(list, evidence.RowState{State: states[rng.IntN(len(states))], Grade: []string{"A", "B", "", "C"}[rng.IntN(4)], Code: []string{"", "scan", CodeRowWithdrawn}[rng.IntN(3)]})
		}
		in := Count(list)
		sum := int64(0)
		for n := range maps.Values(in.Reasons) {
			sum += n
		}
		if in.Denominator != in.Rows-in.Excluded || in.Denominator != in.Proven+in.Disproven+in.Undetermined ||
			in.Proven != in.ProvenA+in.ProvenB || sum != in.Disproven+in.Undetermined {
			t.Fatalf("seed %d: sums do not hold in %+v", seed, in)
		}
	}
}

func TestFlips(t *testing.T) {
	s := func(row string, state evidence.State) evidence.RowState {
		return evidence.RowState{Row: row, State: state}
	}
	a := []evidence.RowState{s("1", evidence.Proven), s("2", evidence.Disproven), s("3", evidence.Disproven), s("4", evidence.Proven)}
	b := []evidence.RowState{s("5", evidence.Proven), s("3", evidence.Proven), s("2", evidence.Disproven), s("1", evidence.Proven)}
	var got []string
	for _, f := range Flips(a, b) {
		got = append(got, fmt.Sprintf("%s %s>%s", f.Row, f.A.State, f.B.State))
	}
	if want := []string{"3 DISPROVEN>PROVEN", "4 PROVEN>", "5 >PROVEN"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Flips(a, a); len(got) != 0 {
		t.Errorf("same states: got %v, want none", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range Rules() {
		f.Add(r.Canonical())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		if got := r.State(original()); got.State == "" || got.State != evidence.Proven && got.Code == "" {
			t.Errorf("got %+v, want a state with its code", got)
		}
	})
}

func BenchmarkState(b *testing.B) {
	r, e := rule(b, "nd30"), original()
	for b.Loop() {
		r.State(e)
	}
}
