package register

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"minhchung/evidence"
)

func row(line int, number, notation, subject string) evidence.Row {
	return evidence.Row{ID: number + "/" + notation, Number: number, Notation: notation, Date: "2022-01-01", Subject: subject, Kind: evidence.Original, Line: line}
}

// show writes a Delta in one line: +added ~changed(fields) -missing =unchanged.
func show(d Delta) string {
	var out []string
	for _, r := range d.Added {
		out = append(out, "+"+r.ID)
	}
	for _, c := range d.Changed {
		out = append(out, fmt.Sprintf("~%s(%s)", c.New.ID, strings.Join(c.Fields, " ")))
	}
	for _, r := range d.Missing {
		out = append(out, "-"+r.ID)
	}
	for _, r := range d.Unchanged {
		out = append(out, "="+r.ID)
	}
	return strings.Join(out, ", ")
}

func TestDiff(t *testing.T) {
	gone := row(1, "1", "BC-UBND", "a")
	gone.Withdrawn = true
	second := row(2, "1", "BC-UBND", "b")
	second.ID = "1/BC-UBND~2"
	excluded := row(1, "1", "BC-UBND", "a")
	excluded.Exclusion = &evidence.Exclusion{Code: "void", Reason: "x", Approver: "y"}
	other := excluded
	other.Exclusion = &evidence.Exclusion{Code: "withdrawn", Reason: "x", Approver: "y"}
	a, b := row(1, "1", "BC-UBND", "a"), row(2, "2", "BC-UBND", "b")
	for _, c := range []struct {
		name     string
		old, new []evidence.Row
		want     string
	}{
		{"first", nil, []evidence.Row{a}, "+1/BC-UBND"},
		{"same", []evidence.Row{a}, []evidence.Row{a}, "=1/BC-UBND"},
		{"line alone", []evidence.Row{a}, []evidence.Row{row(9, "1", "BC-UBND", "a")}, "=1/BC-UBND"},
		{"zeros and case", []evidence.Row{a}, []evidence.Row{row(1, "01", "bc-ubnd", "a")}, "=1/BC-UBND"},
		{"subject", []evidence.Row{a}, []evidence.Row{row(1, "1", "BC-UBND", "c")}, "~1/BC-UBND(subject)"},
		{"notation corrected", []evidence.Row{a}, []evidence.Row{row(1, "1", "KH-UBND", "a")}, "~1/BC-UBND(notation)"},
		{"missing", []evidence.Row{a, b}, []evidence.Row{b}, "-1/BC-UBND, =2/BC-UBND"},
		{"missing already", []evidence.Row{gone, b}, []evidence.Row{b}, "=2/BC-UBND"},
		{"returns", []evidence.Row{gone}, []evidence.Row{a}, "~1/BC-UBND(withdrawn)"},
		{"duplicates swapped", []evidence.Row{a, second}, []evidence.Row{row(1, "1", "BC-UBND", "b"), row(2, "1", "BC-UBND", "a")}, "=1/BC-UBND~2, =1/BC-UBND"},
		{"first duplicate goes", []evidence.Row{a, second}, []evidence.Row{row(1, "1", "BC-UBND", "b")}, "-1/BC-UBND, =1/BC-UBND~2"},
		{"new duplicate", []evidence.Row{a}, []evidence.Row{a, row(2, "1", "BC-UBND", "b")}, "+1/BC-UBND~2, =1/BC-UBND"},
		{"id of a withdrawn row is not given again", []evidence.Row{gone, {ID: "2/X", Number: "1", Notation: "KH-UBND", Withdrawn: true}}, []evidence.Row{a, row(2, "1", "BC-UBND", "n")}, "+1/BC-UBND~2, ~1/BC-UBND(withdrawn)"},
		{"exclusion decided here stays", []evidence.Row{excluded}, []evidence.Row{a}, "=1/BC-UBND"},
		{"exclusion stated otherwise", []evidence.Row{excluded}, []evidence.Row{other}, "~1/BC-UBND(exclusion)"},
	} {
		if got := show(Diff(c.old, c.new)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDiffKeepsOldExclusionAndTakesNewLine(t *testing.T) {
	old := row(1, "1", "BC-UBND", "a")
	old.Exclusion = &evidence.Exclusion{Code: "void", Reason: "x", Approver: "y"}
	d := Diff([]evidence.Row{old}, []evidence.Row{row(7, "1", "BC-UBND", "a")})
	if got := d.Unchanged[0]; got.Line != 7 || got.Exclusion == nil {
		t.Errorf("got line %d and exclusion %v, want 7 and the old one", got.Line, got.Exclusion)
	}
}

// Whatever two registers hold, applying the delta gives the new one, and no ID
// is used twice.
func TestDiffTwiceChangesNothing(t *testing.T) {
	first := parse(t, head+"1,BC-UBND,1/1/2022,a\n1,BC-UBND,1/1/2022,b\n2,BC-UBND,2/1/2022,c\n3,KH-UBND,2/1/2022,d\n").Rows
	second := parse(t, head+"1,BC-UBND,1/1/2022,b\n1,BC-UBND,1/1/2022,z\n3,BC-UBND,2/1/2022,d\n4,BC-UBND,2/1/2022,e\n").Rows
	state := apply(nil, Diff(nil, first))
	state = apply(state, Diff(state, second))
	again := Diff(state, second)
	if len(again.Added)+len(again.Changed)+len(again.Missing) != 0 || len(again.Unchanged) != len(second) {
		t.Errorf("got %s, want %d unchanged rows", show(again), len(second))
	}
	seen := map[string]bool{}
	for _, r := range state {
		if seen[r.ID] {
			t.Errorf("got ID %s twice, want it once", r.ID)
		}
		seen[r.ID] = true
	}
}

func apply(old []evidence.Row, d Delta) []evidence.Row {
	rows := append([]evidence.Row{}, d.Added...)
	for _, c := range d.Changed {
		rows = append(rows, c.New)
	}
	for _, r := range d.Missing {
		r.Withdrawn = true
		rows = append(rows, r)
	}
	rows = append(rows, d.Unchanged...)
	for _, r := range old {
		if r.Withdrawn && !contains(rows, r.ID) {
			rows = append(rows, r)
		}
	}
	return rows
}

func contains(rows []evidence.Row, id string) bool {
	for _, r := range rows {
		if r.ID == id {
			return true
		}
	}
	return false
}

func TestManyEqualRowsStayFast(t *testing.T) {
	rows := make([]evidence.Row, 50_000)
	for i := range rows {
		rows[i] = row(i+1, "1", "BC-UBND", "a")
	}
	d := Diff(nil, rows)
	if d = Diff(d.Added, rows); len(d.Unchanged) != len(rows) {
		t.Errorf("got %d unchanged, want %d", len(d.Unchanged), len(rows))
	}
}

func TestMatchByName(t *testing.T) {
	rows := []evidence.Row{
		{ID: "32", Number: "32", Notation: "BC-UBND", Date: "2022-04-03"},
		{ID: "32a", Number: "32a", Notation: "BC-UBND", Date: "2022-04-03"},
		{ID: "132", Number: "132", Notation: "QĐ-UBND", Date: "2022-04-03"},
		{ID: "05", Number: "05", Notation: "2022/QĐ-UBND", Date: "2022-01-10"},
		{ID: "33", Number: "33", Notation: "BC-UBND", Date: "2022-04-03"},
		{ID: "33vp", Number: "33", Notation: "BC-UBND-VP", Date: "2022-04-03"},
	}
	for _, c := range []struct{ name, want string }{
		{"32_BC-UBND_03-04-2022.pdf", "32"},
		{"32.BC.UBND 2022-04-03.pdf", "32"},
		{"032-bc-ubnd-20220403.PDF", "32"},
		{"BC-UBND so 32 ngay 3 thang 4 nam 2022.pdf", "32"},
		{"2022.04.03_BC-UBND_32.pdf", "32"},
		{"32BC-UBND_03042022.pdf", "32"},
		{"thư mục/con\\32_BC-UBND_03-04-2022_bao cao quy.pdf", "32"},
		{"32-BC-UBND-bao-cao-quy-1-03-04-2022.pdf", "32"},
		{"Phu luc 2 kem 32_BC-UBND_03-04-2022.pdf", "32"},
		{"32a_BC-UBND_03-04-2022.pdf", "32a"},
		{"32 a_BC-UBND_03-04-2022.pdf", "32a"},
		{"132_QD-UBND_3.4.2022.pdf", "132"},
		{"132_QĐ-UBND_3.4.2022.pdf", "132"},
		{"05_2022_QD-UBND_10-01-2022.pdf", "05"},
		{"5-2022-QĐ-UBND-2022-01-10.pdf", "05"},
		{"33_BC-UBND_03-04-2022.pdf", "33"},
		{"33_BC-UBND-VP_03-04-2022.pdf", "33vp"},
		{"32_BC-UBND.pdf", ""},
		{"32_03-04-2022.pdf", ""},
		{"BC-UBND_03-04-2022.pdf", ""},
		{"32_BC-UBND_04-04-2022.pdf", ""},
		{"132_BC-UBND_03-04-2022.pdf", ""},
		{"32b_BC-UBND_03-04-2022.pdf", ""},
		{"2_BC-UBND_03-04-2022.pdf", ""},
		{"32_BC-UBND-TP_03-04-2022.pdf", ""},
		{"32_ABC-UBND_03-04-2022.pdf", ""},
	} {
		m := MatchFiles(rows, []File{{c.name}})
		got := ""
		if len(m.Pairs) > 0 {
			got = m.Pairs[0].Row
		}
		if got != c.want {
			t.Errorf("%s: got row %q, want %q", c.name, got, c.want)
		}
		if (got == "") != (len(m.FilesWithout) == 1) {
			t.Errorf("%s: got files without a row %v for row %q", c.name, m.FilesWithout, got)
		}
	}
}

func TestMatchByColumn(t *testing.T) {
	files := []File{{"a/x.pdf"}, {"b/x.pdf"}, {"b/Y.PDF"}, {`c\Báo cáo.pdf`}}
	for _, c := range []struct{ column, want string }{
		{"a/x.pdf", "a/x.pdf"},
		{`a\x.pdf`, "a/x.pdf"},
		{"./A/X.pdf", "a/x.pdf"},
		{"y.pdf", "b/Y.PDF"},
		{"y", "b/Y.PDF"},
		{"c/Báo cáo.pdf", `c\Báo cáo.pdf`},
		{"Ba\u0301o ca\u0301o", `c\Báo cáo.pdf`},
		{"x.pdf", ""},
		{"z.pdf", ""},
	} {
		m := MatchFiles([]evidence.Row{{ID: "1", File: c.column}}, files)
		got := ""
		if len(m.Pairs) > 0 {
			got = m.Pairs[0].Path
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.column, got, c.want)
		}
	}
	m := MatchFiles([]evidence.Row{{ID: "1", File: "x.pdf"}}, files)
	if len(m.Ambiguous) != 1 || len(m.Ambiguous[0].Paths) != 2 || len(m.RowsWithout) != 1 {
		t.Errorf("got %+v, want one ambiguity of two files", m)
	}
}

func TestMatchCompetition(t *testing.T) {
	r := evidence.Row{ID: "1", Number: "1", Notation: "BC-UBND", Date: "2022-04-03"}
	twin := r
	twin.ID = "1~2"
	const name = "1_BC-UBND_03-04-2022"
	for _, c := range []struct {
		what  string
		rows  []evidence.Row
		files []File
	}{
		{"two files", []evidence.Row{r}, []File{{name + ".pdf"}, {name + " (1).pdf"}}},
		{"two rows", []evidence.Row{r, twin}, []File{{name + ".pdf"}}},
	} {
		m := MatchFiles(c.rows, c.files)
		if len(m.Pairs) != 0 || len(m.Ambiguous) != 1 || len(m.RowsWithout) != len(c.rows) || len(m.FilesWithout) != len(c.files) {
			t.Errorf("%s: got %+v, want no pair and one ambiguity", c.what, m)
		}
	}
	r.File, twin.File = "f.pdf", "f.pdf"
	if m := MatchFiles([]evidence.Row{r, twin}, []File{{"f.pdf"}}); len(m.Pairs) != 2 {
		t.Errorf("one file named by two rows: got %+v, want two pairs", m)
	}
	r.Withdrawn = true
	twin.File, twin.Exclusion = "", &evidence.Exclusion{}
	want := Matching{FilesWithout: []string{"f.pdf"}}
	if m := MatchFiles([]evidence.Row{r, twin}, []File{{"f.pdf"}}); !reflect.DeepEqual(m, want) {
		t.Errorf("withdrawn and excluded rows: got %+v, want %+v", m, want)
	}
}

func parseRows() []evidence.Row {
	return []evidence.Row{
		{ID: "32", Number: "32", Notation: "BC-UBND", Date: "2022-04-03"},
		{ID: "32a", Number: "32a", Notation: "BC-UBND", Date: "2022-04-03"},
	}
}
