package report

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/paper"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/pdf"
	"minhchung/evidence/signature/pdf/syntax"
	"minhchung/ledger"
)

var printedAt = time.Date(2023, 2, 3, 4, 5, 6, 0, time.UTC)

// seedReport has the numbers of the report that the project started from, with
// words from the register that no font has and that are wider than any cell.
func seedReport() *Report {
	states := []evidence.RowState{}
	r := &Report{UnitName: "UBND xã Thử Nghiệm", Title: count.Text{VI: "Tỷ lệ văn bản có ký số", EN: "Share of signed documents"},
		ByID: map[string]evidence.Row{}, Documents: map[string]evidence.Document{}}
	add := func(s evidence.RowState, subject string) {
		n := len(states) + 1
		s.Row = fmt.Sprintf("%d/BC-UBND", n)
		r.ByID[s.Row] = evidence.Row{ID: s.Row, Line: n, Number: fmt.Sprint(n), Notation: "BC-UBND", Date: "2022-04-03", Subject: subject,
			Exclusion: &evidence.Exclusion{Code: "void", Reason: "Hủy số", Approver: "Trần Thị Mẫu"}}
		states = append(states, s)
	}
	for range 1600 {
		add(evidence.RowState{State: evidence.Proven, Grade: count.GradeA}, "")
	}
	for range 231 {
		add(evidence.RowState{State: evidence.Proven, Grade: count.GradeB}, "")
	}
	for range 25 {
		add(evidence.RowState{State: evidence.Disproven, Code: "no-file"}, "漢字 \u202e😀"+strings.Repeat("đ", 400))
	}
	for range 5 {
		add(evidence.RowState{State: evidence.Undetermined, Code: "time-unproven"}, strings.Repeat("về việc ", 500))
	}
	for range 6 {
		add(evidence.RowState{State: evidence.Excluded, Code: "void"}, "")
	}
	r.States, r.Indicator = states, count.Count(states)
	r.Content = count.ContentUnchecked // which must be said
	r.Unit, r.Period, r.Criterion, r.Rule = "xa-thu-nghiem", "2022", "7.1.3", "nd30"
	r.Checkpoint = "office/xa/2022\n9\nAAAA=\n\n— office/xa/2022 " + strings.Repeat("b", 120) + "\n"
	r.Register.SecretRows = 3
	for i := range 200 {
		r.Register.Findings = append(r.Register.Findings, evidence.Finding{Code: "gap", Line: i, Detail: "2022-06-24 < 2022-07-01"})
	}
	return r
}

func printSeed(t *testing.T, lang message.Lang) []byte {
	t.Helper()
	p, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	rule, err := count.Load("nd30")
	if err != nil {
		t.Fatal(err)
	}
	b, err := seedReport().Paper(p, lang, rule, ledger.PublicKey{1}, printedAt)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPaperSaysEverything reads the printed report with a foreign tool.
func TestPaperSaysEverything(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed: deploy/test.sh installs it")
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	for lang, wants := range map[message.Lang][]string{
		message.Vietnamese: {"1.831/1.861 = 98,4 %", "1.836/1.861 (98,7 %)", "UBND XÃ THỬ NGHIỆM", "Danh sách văn bản chưa được chứng minh (30)", "content: unchecked",
			"03/04/2022", "03/02/2023 11:05:06", "24/06/2022", "1832/BC-", "1861/BC-", "1867/BC-", "Trần Thị Mẫu", "— office/xa/2022", ledger.PublicKey{1}.String(), "??"},
		message.English: {"1,831/1,861 = 98.4 %", "HEAD OF THE UNIT", "Share of signed documents"},
	} {
		if err := os.WriteFile(path, printSeed(t, lang), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		text := string(out)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in the report", lang, want)
			}
		}
		// A key that the catalogue lacks would be printed as it is.
		for _, bad := range []string{"paper.", "code.", "finding.", "%!", "state."} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q is in the report", lang, bad)
			}
		}
		if n := strings.Count(text, "\f"); !strings.Contains(text, fmt.Sprintf("%d/%d", n, n)) {
			t.Errorf("%s: the last of %d pages has no number", lang, n)
		}
	}
}

// TestPaperIsDeterministic: the same state and moment give the same bytes, in
// a form that our own reader takes without repair.
func TestPaperIsDeterministic(t *testing.T) {
	first := printSeed(t, message.Vietnamese)
	for range 3 {
		if !bytes.Equal(first, printSeed(t, message.Vietnamese)) {
			t.Fatal("two prints of the same report differ")
		}
	}
	if f := pdf.Read(first, syntax.Limits{}); f.Condition != signature.Readable || f.Repaired || f.Problem != "" {
		t.Errorf("got %s, repaired %v: %s", f.Condition, f.Repaired, f.Problem)
	}
}

// TestPaperOfNothing: an empty register divides by nothing.
func TestPaperOfNothing(t *testing.T) {
	p, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	rule, err := count.Load("nd30")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&Report{}).Paper(p, message.Vietnamese, rule, ledger.PublicKey{}, printedAt); err != nil {
		t.Error(err)
	}
}
