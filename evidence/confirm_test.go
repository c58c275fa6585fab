package evidence_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

// contentRule is markRule with line 16 of the table: a proven row must be
// confirmed.
type contentRule struct{ markRule }

func (contentRule) State(e evidence.RowEvidence) evidence.RowState {
	s := markRule{}.State(e)
	if s.State == evidence.Proven && !e.Confirmed {
		s.State, s.Code, s.Grade = evidence.Undetermined, "content-unconfirmed", ""
	}
	return s
}

// plainReader reads files as text: what it cannot read says so by a name.
type plainReader struct {
	version, ocr string
	fail         string // a file that holds this cannot be looked at

	mu   sync.Mutex
	read []string // first lines of what was read, guarded by mu
}

var errReader = errors.New("the reader is broken")

func (p *plainReader) Version() (string, string) { return p.version, p.ocr }

func (p *plainReader) Extract(ctx context.Context, f text.File) (text.Extraction, error) {
	body, err := f.Open(ctx)
	if err != nil {
		return text.Extraction{}, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		return text.Extraction{}, err
	}
	content := string(data)
	p.mu.Lock()
	defer p.mu.Unlock()
	first, _, _ := strings.Cut(content, "\n")
	p.read = append(p.read, first)
	if p.fail != "" && strings.Contains(content, p.fail) {
		return text.Extraction{}, errReader
	}
	page := text.Page{Number: 1, Text: content}
	if strings.Contains(content, "scan") {
		page.Text, page.NeedsOCR = "", p.ocr == ""
		if p.ocr != "" {
			page.Text, page.OCR = content, true
		}
	}
	return text.Extraction{Extractor: p.version, Source: text.SourcePlain, Pages: []text.Page{page}}, nil
}

// paper is the content of row n's document, signed.
func paper(n string) string {
	return "signed " + n + "\nSố: " + n + "/BC\nThử Nghiệm, ngày 31 tháng 01 năm 2022\nNội dung"
}

func receive(t *testing.T, in *evidence.Intake, files ...evidence.File) {
	t.Helper()
	summary, err := in.Receive(t.Context(), files)
	if err != nil || len(summary.Failures) > 0 {
		t.Fatalf("receiving: got %v, %v", summary.Failures, err)
	}
}

// followed reads texts and confirms.
func followed(t *testing.T, in *evidence.Intake, reader evidence.TextReader) evidence.Looked {
	t.Helper()
	if _, err := in.ReadTexts(t.Context(), reader, nil); err != nil {
		t.Fatal(err)
	}
	looked, err := in.ConfirmByText(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return looked
}

func wantStates(t *testing.T, in *evidence.Intake, want map[string]string) int64 {
	t.Helper()
	got, size := states(t, in)
	for row, state := range want {
		if strings.TrimSpace(got[row]) != state {
			t.Errorf("row %s: got %q, want %q", row, got[row], state)
		}
	}
	return size
}

func contentOffice(t *testing.T, n int) *evidence.Intake {
	t.Helper()
	_, in, _ := office(t)
	in.Basis.Rules = []evidence.Rule{contentRule{}}
	begin(t, in, n)
	return in
}

const unconfirmed = "UNDETERMINED content-unconfirmed"

func TestTextsConfirmAndMatch(t *testing.T) {
	in := contentOffice(t, 6)
	receive(t, in,
		file("a.pdf", paper("1"), "1/BC"),            // where it belongs
		file("b.pdf", paper("2")),                    // no row yet
		file("c.pdf", paper("4"), "3/BC"),            // under another's name
		file("d.pdf", "signed x\nSố: 77/BC", "5/BC"), // of no row
	)
	wantStates(t, in, map[string]string{"1/BC": unconfirmed, "2/BC": "DISPROVEN no-file", "3/BC": unconfirmed, "5/BC": unconfirmed})
	reader := &plainReader{version: "plain/1"}
	if got, want := followed(t, in, reader), (evidence.Looked{Matched: 2, Confirmed: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	after := map[string]string{"1/BC": "PROVEN", "2/BC": "PROVEN", "3/BC": "DISPROVEN no-file", "4/BC": "PROVEN", "5/BC": unconfirmed, "6/BC": "DISPROVEN no-file"}
	size := wantStates(t, in, after)
	// The same files under the same wrong names change nothing.
	receive(t, in, file("a.pdf", paper("1"), "1/BC"), file("c.pdf", paper("4"), "3/BC"))
	followed(t, in, reader)
	if again := wantStates(t, in, after); again != size {
		t.Errorf("again: the book has %d leaves, want %d: nothing changed", again, size)
	}
	if len(reader.read) != 4 {
		t.Errorf("got %d texts read, want each of 4 once: %q", len(reader.read), reader.read)
	}
}

// Two rows that a document could own, and two documents that a row could be,
// are left to people.
func TestDoubtfulTextsMatchNothing(t *testing.T) {
	in := contentOffice(t, 3)
	receive(t, in, file("a.pdf", paper("1")), file("b.pdf", paper("1")+" lần 2"), file("c.pdf", paper("2")+"\nSố: 3/BC"))
	if got := followed(t, in, &plainReader{version: "plain/1"}); got != (evidence.Looked{}) {
		t.Errorf("got %+v, want nothing matched", got)
	}
}

func TestPersonConfirmsAndDenies(t *testing.T) {
	in, ctx := contentOffice(t, 3), t.Context()
	reader := &plainReader{version: "plain/1"}
	receive(t, in, file("a.pdf", "signed x\nscan", "1/BC"), file("b.pdf", paper("2")))
	followed(t, in, reader)
	if err := in.ConfirmByPerson(ctx, "1/BC", "Nguyễn Văn Thử", "đã xem bản giấy", false); err != nil {
		t.Fatal(err)
	}
	wantStates(t, in, map[string]string{"1/BC": "PROVEN", "2/BC": "PROVEN"})
	for _, row := range []string{"1/BC", "2/BC", "2/BC"} { // the second time there is nothing left to deny
		err := in.ConfirmByPerson(ctx, row, "Trần Thị Mẫu", "không đúng văn bản", true)
		if err != nil && !errors.Is(err, evidence.ErrUnmatched) {
			t.Fatal(err)
		}
	}
	followed(t, in, reader) // a text does not overrule her
	wantStates(t, in, map[string]string{"1/BC": unconfirmed, "2/BC": "DISPROVEN no-file"})
	if err := in.ConfirmByPerson(ctx, "3/BC", "Trần Thị Mẫu", "", false); !errors.Is(err, evidence.ErrUnmatched) {
		t.Errorf("a row without a file: got %v, want ErrUnmatched", err)
	}
}

// A correction of the register makes the file somebody else's document.
func TestCorrectedRowIsConfirmedAgain(t *testing.T) {
	in := contentOffice(t, 1)
	reader := &plainReader{version: "plain/1"}
	receive(t, in, file("a.pdf", paper("1"), "1/BC"))
	followed(t, in, reader)
	wantStates(t, in, map[string]string{"1/BC": "PROVEN"})
	for _, step := range []struct {
		date  evidence.Date
		state string
	}{{"2022-02-01", unconfirmed}, {"2022-01-31", "PROVEN"}} {
		r := row(1)
		r.Date = step.date
		reg := evidence.Register{SHA256: signature.HashOf([]byte(step.date)), Rows: []evidence.Row{r}}
		if err := in.Begin(t.Context(), reg, always(evidence.RowChanges{Corrected: []evidence.Row{r}})); err != nil {
			t.Fatal(err)
		}
		followed(t, in, reader)
		wantStates(t, in, map[string]string{"1/BC": step.state})
	}
}

func TestTextsAreReadAgainWhenReadersChange(t *testing.T) {
	in := contentOffice(t, 2)
	receive(t, in, file("a.pdf", paper("1"), "1/BC"), file("b.pdf", "signed y\nscan\nSố: 2/BC\nngày 31/01/2022", "2/BC"))
	for _, step := range []struct {
		reader *plainReader
		read   []string
		second string
	}{
		{&plainReader{version: "plain/1"}, []string{"signed 1", "signed y"}, unconfirmed},
		{&plainReader{version: "plain/1"}, nil, unconfirmed},
		{&plainReader{version: "plain/1", ocr: "ocr/1"}, []string{"signed y"}, "PROVEN"}, // only what waited
		{&plainReader{version: "plain/1"}, nil, "PROVEN"},                                // not unread when OCR is gone
		{&plainReader{version: "plain/2"}, []string{"signed 1", "signed y"}, "PROVEN"},
	} {
		followed(t, in, step.reader)
		slices.Sort(step.reader.read)
		if !slices.Equal(step.reader.read, step.read) {
			t.Errorf("%s %s: got %q read, want %q", step.reader.version, step.reader.ocr, step.reader.read, step.read)
		}
		wantStates(t, in, map[string]string{"1/BC": "PROVEN", "2/BC": step.second})
	}
}

// What was read before a failure is kept; the next run reads the rest.
func TestReadingResumes(t *testing.T) {
	in := contentOffice(t, 40)
	var files []evidence.File
	for _, r := range rows(40) {
		files = append(files, file(r.ID, paper(r.Number), r.ID))
	}
	receive(t, in, files...)
	broken := &plainReader{version: "plain/1", fail: "signed 40"}
	if _, err := in.ReadTexts(t.Context(), broken, nil); !errors.Is(err, errReader) {
		t.Fatalf("got %v, want the reader's error", err)
	}
	whole := &plainReader{version: "plain/1"}
	followed(t, in, whole)
	if len(whole.read) == 0 || len(whole.read) == 40 {
		t.Errorf("got %d texts read again of 40, want only those that were not", len(whole.read))
	}
	wantStates(t, in, map[string]string{"1/BC": "PROVEN", "40/BC": "PROVEN"})
}

// damagedStore gives no bytes while it is damaged.
type damagedStore struct {
	object.Store
	damaged bool
}

func (d *damagedStore) Get(ctx context.Context, key object.Key) (io.ReadCloser, error) {
	if d.damaged {
		return nil, object.ErrCorrupt
	}
	return d.Store.Get(ctx, key)
}

// A damaged file has no text until it is whole again, and is kept once.
func TestDamagedFileHasNoText(t *testing.T) {
	in := contentOffice(t, 1)
	receive(t, in, file("a.pdf", paper("1"), "1/BC"))
	store := &damagedStore{in.Objects, true}
	in.Objects = store
	reader := &plainReader{version: "plain/1"}
	followed(t, in, reader)
	first := seqOf(t, in)
	followed(t, in, reader)
	if again := seqOf(t, in); again != first || first != 1 {
		t.Errorf("got the text kept as %d and then %d, want it kept once", first, again)
	}
	store.damaged = false
	if got := followed(t, in, reader); got.Confirmed != 1 {
		t.Errorf("whole again: got %+v, want the row confirmed", got)
	}
}

func seqOf(t *testing.T, in *evidence.Intake) int64 {
	t.Helper()
	var seq int64
	err := in.Store.View(t.Context(), testScope, testBook, func(r evidence.Reader) error {
		list, err := r.Texts(t.Context(), 0)
		if len(list) == 1 {
			seq = list[0].Seq
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}
