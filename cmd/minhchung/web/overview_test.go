package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minhchung/cmd/minhchung/auth"
	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/storetest"
)

// province is a world with many units in two periods, where one has no book of
// the newer one, one no register and one keeps states for another rule.
func province(t *testing.T, units int) *world {
	t.Helper()
	w := newEmptyWorld(t)
	if err := storetest.Province(t.Context(), w.session.Store, "2021", units+1, 12); err != nil {
		t.Fatal(err)
	}
	if err := storetest.Province(t.Context(), w.session.Store, "2022", units, 100); err != nil {
		t.Fatal(err)
	}
	bare := evidence.BookID{Unit: "xa-bare", Period: "2022"}
	other := evidence.BookID{Unit: "xa-other", Period: "2022"}
	row := evidence.Row{ID: "1/BC-UBND", Number: "1", Notation: "BC-UBND", Line: 2}
	for k, events := range map[evidence.BookID][]evidence.Event{
		bare: {evidence.Opened{Book: bare}},
		other: {evidence.Opened{Book: other}, evidence.RegisterImported{}, evidence.RowAdded{Row: row},
			evidence.StateChanged{State: evidence.RowState{Row: row.ID, Rule: "any", State: evidence.Disproven, Code: "no-file"}}},
	} {
		_, err := w.session.Store.Update(t.Context(), evidence.Scope{All: true}, k, func(tx evidence.Tx) error {
			_, err := tx.Append(t.Context(), events...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

var (
	tableRow = regexp.MustCompile(`(?s)<tr>\s*<th scope="row".*?</tr>`)
	markup   = regexp.MustCompile(`<[^>]*>`)
)

// rowsOf are the rows of the table as text, one space between words.
func rowsOf(body string) []string {
	var rows []string
	for _, r := range tableRow.FindAllString(body, -1) {
		rows = append(rows, strings.Join(strings.Fields(markup.ReplaceAllString(r, " ")), " "))
	}
	return rows
}

// TestOverviewTable: the table says of each unit what its own report says, and
// the sum adds them up.
func TestOverviewTable(t *testing.T) {
	w := province(t, 60)
	scope := w.who.Scope()
	books, err := w.session.Store.Books(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"xa-bare": "xa-bare kỳ 2022 Chưa nhập sổ đăng ký 0 0",
		"xa-other": "xa-other kỳ 2022 Khi nhập không giữ trạng thái theo quy tắc này: mở chỉ số để đếm 0 0"}
	var sum count.Indicator
	for _, k := range books {
		if k.Period != "2022" || want[string(k.Unit)] != "" {
			continue
		}
		var unit evidence.Unit
		err := w.session.Store.View(t.Context(), scope, k, func(r evidence.Reader) (err error) {
			unit, err = unitOf(t.Context(), r, k.Unit)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Build(t.Context(), w.session.Store, scope, k, unit, "7.1.3", count.Rules()[0])
		if err != nil {
			t.Fatal(err)
		}
		sum.Proven, sum.Denominator, sum.Undetermined = sum.Proven+r.Proven, sum.Denominator+r.Denominator, sum.Undetermined+r.Undetermined
		want[string(k.Unit)] = fmt.Sprintf("%s kỳ 2022 %s %s %d %d %d", unit.Name, r.Ratio().Percent("vi", 1), r.Ratio().Format("vi"),
			len(r.Exceptions()), len(r.Register.Findings), len(r.Unmatched))
	}
	first := w.get("/")
	checkPage(t, "/", first, "vi")
	got := append(rowsOf(first.Body.String()), rowsOf(w.get("/?page=2").Body.String())...)
	var expected []string
	for _, r := range want {
		expected = append(expected, r)
	}
	for i, list := range [][]string{got, expected} {
		if slices.Sort(list); len(list) != 62 {
			t.Errorf("list %d has %d rows, want 62", i, len(list))
		}
	}
	for i := range min(len(got), len(expected)) {
		if got[i] != expected[i] {
			t.Errorf("got  %q\nwant %q", got[i], expected[i])
		}
	}
	for _, text := range []string{"Tổng của 60 đơn vị", sum.Ratio().Format("vi"), sum.Ratio().Percent("vi", 1), sum.Upper().Format("vi"),
		"1 đơn vị chưa nhập sổ", "1 đơn vị không giữ trạng thái", "1 đơn vị chưa mở sổ của kỳ này", "UBND xã Thử 61", "1 đến 50 trong 62"} {
		if !strings.Contains(first.Body.String(), text) {
			t.Errorf("got no %q in:\n%s", text, first.Body)
		}
	}
}

func TestOverviewOrder(t *testing.T) {
	w := province(t, 12)
	for _, test := range []struct {
		query, first, last string
		order              string // of the column that it is sorted by
	}{
		{"", "UBND xã Thử 1 kỳ 2022", "xa-other kỳ 2022", "ascending"}, // by number, not by letter
		{"sort=unit", "UBND xã Thử 1 kỳ 2022", "xa-other kỳ 2022", "ascending"},
		{"sort=-unit", "xa-other kỳ 2022", "UBND xã Thử 1 kỳ 2022", "descending"},
		{"sort=share", "UBND xã Thử 1 kỳ 2022 82,8 %", "xa-other", "ascending"},
		{"sort=-share", "UBND xã Thử 12 kỳ 2022 93,9 %", "xa-other", "descending"},
		{"sort=-open", "UBND xã Thử 1 kỳ 2022", "xa-other", "descending"},
		{"sort=-findings", "UBND xã Thử 3 kỳ 2022", "xa-other", "descending"},
		{"sort=-files", "UBND xã Thử 4 kỳ 2022", "xa-other", "descending"},
		{"sort=files", "UBND xã Thử 5 kỳ 2022", "xa-other", "ascending"},
		{"sort=counted&period=2021", "UBND xã Thử 1 kỳ 2021", "UBND xã Thử 13 kỳ 2021", "ascending"},
	} {
		out := w.get("/?" + test.query)
		checkPage(t, "/?"+test.query, out, "vi")
		rows := rowsOf(out.Body.String())
		if len(rows) < 13 || !strings.HasPrefix(rows[0], test.first) || !strings.HasPrefix(rows[len(rows)-1], test.last) {
			t.Errorf("%s: got %q, want %q first and %q last", test.query, rows, test.first, test.last)
		}
		if n := strings.Count(out.Body.String(), "aria-sort="); n != 1 || !strings.Contains(out.Body.String(), `aria-sort="`+test.order+`"`) {
			t.Errorf("%s: got %d columns sorted, want one that is %s", test.query, n, test.order)
		}
	}
	for path, status := range map[string]int{"/?sort=x": 400, "/?sort=-": 400, "/?sort=--open": 400, "/?period=1999": 404, "/?period=2022&page=99": 200} {
		if out := w.get(path); out.Code != status {
			t.Errorf("%s: got %d, want %d", path, out.Code, status)
		}
	}
	body := w.get("/?sort=-open&period=2021").Body.String()
	for _, link := range []string{`href="/?period=2022&amp;sort=-open"`, `href="/?period=2021&amp;sort=open"`, `href="/?period=2021&amp;sort=share"`,
		`aria-current="page"`, `href="/units/xa-001/2021/register"`, `href="/units/xa-001/2021/indicators/7.1.3"`} {
		if !strings.Contains(body, link) {
			t.Errorf("got no %s in:\n%s", link, body)
		}
	}
}

// TestOverviewScope: who sees a few books gets them one by one, and nothing of
// the others.
func TestOverviewScope(t *testing.T) {
	w := province(t, 12)
	w.who = auth.Principal{ID: "u-3", Units: []evidence.UnitID{"xa-003"}}
	body := w.get("/").Body.String()
	if strings.Contains(body, "<table") || strings.Count(body, `<section class="book">`) != 2 || strings.Contains(body, "Thử 4") {
		t.Errorf("got no two cards of one unit: %s", body)
	}
	w.who.Units = nil
	for i := range 8 {
		w.who.Units = append(w.who.Units, evidence.UnitID(fmt.Sprintf("xa-%03d", i+1)))
	}
	body = w.get("/").Body.String()
	if rows := rowsOf(body); len(rows) != 8 || !strings.Contains(body, "Tổng của 8 đơn vị") || strings.Contains(body, "Thử 9") || strings.Contains(body, "Thử 13") {
		t.Errorf("got %q, want the eight units in scope", rows)
	}
}

// TestOverviewCards: a card says what the report of its book says: exclusions,
// rows that a newer register does not have, findings, files without a row.
func TestOverviewCards(t *testing.T) {
	w := filled(t)
	_, err := w.session.Store.Update(t.Context(), evidence.Scope{All: true}, testBook, func(tx evidence.Tx) error {
		row, err := tx.Row(t.Context(), "6/KH-UBND")
		if err != nil {
			return err
		}
		row.Withdrawn = true
		_, err = tx.Append(t.Context(), evidence.RowWithdrawn{Row: row}, evidence.StateChanged{State: count.Rules()[0].State(evidence.RowEvidence{Row: row})})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Build(t.Context(), w.session.Store, w.who.Scope(), testBook, evidence.Unit{Name: "UBND xã Thử"}, "7.1.3", count.Rules()[0])
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != 3 || r.Withdrawn != 1 || r.Excluded != 1 || len(r.Unmatched) != 1 || len(r.Register.Findings) == 0 {
		t.Fatalf("the book has not what is to be compared: %+v", r)
	}
	out := w.get("/")
	checkPage(t, "/", out, "vi")
	for _, want := range []string{
		r.Ratio().Format("vi") + " văn bản", fmt.Sprintf("Sổ đăng ký có %d dòng", r.Rows), fmt.Sprintf("%d điểm cần xem", len(r.Register.Findings)),
		fmt.Sprintf("%d văn bản chưa được chứng minh", len(r.Exceptions())), fmt.Sprintf("%d tệp chưa có dòng", len(r.Unmatched)),
		"Đang đọc chữ trong 2 tệp", strings.TrimSpace(strings.SplitN(r.Checkpoint, "\n", 2)[0]),
	} {
		if !strings.Contains(out.Body.String(), want) {
			t.Errorf("got no %q in:\n%s", want, out.Body)
		}
	}
}

// TestOverviewOtherRule: a few books are counted by the default rule even when
// the import kept states for another one.
func TestOverviewOtherRule(t *testing.T) {
	w := province(t, 1)
	w.who = auth.Principal{ID: "u-1", Units: []evidence.UnitID{"xa-other"}}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: langCookie, Value: string(message.English)})
	if body := w.do(r).Body.String(); !strings.Contains(body, "0/1 documents") || !strings.Contains(body, "1 documents are not proven") {
		t.Errorf("got no share in: %s", body)
	}
}
