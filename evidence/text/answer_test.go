package text

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// A child that was taken over says what it likes; only what is sayable passes.
func TestDecodeExtraction(t *testing.T) {
	page := `{"number":1,"text":"Số: 32","quality":{"words":1,"valid":1,"marked":1},"width":595,"height":842}`
	whole := func(pages string) string {
		return `{"extraction":{"extractor":"pdfium/1","source":"pdf-text","pages":[` + pages + `]}}`
	}
	if e, err := decodeExtraction([]byte(whole(page))); err != nil || e.Pages[0].Text != "Số: 32" {
		t.Fatalf("an honest answer: got %+v, %v", e, err)
	}
	tests := []struct{ name, answer string }{
		{"nothing", ""},
		{"no extraction", `{}`},
		{"two values", whole(page) + "{}"},
		{"unknown field", strings.Replace(whole(page), `"source"`, `"verdict":1,"source"`, 1)},
		{"unknown source", strings.Replace(whole(page), "pdf-text", "revelation", 1)},
		{"source of the parent", strings.Replace(whole(page), "pdf-text", "ocr", 1)},
		{"no extractor", strings.Replace(whole(page), "pdfium/1", "", 1)},
		{"control character", strings.Replace(whole(page), "pdfium/1", `pdf\u001b[2J`, 1)},
		{"long problem", strings.Replace(whole(page), `"pages"`, `"problem":"`+strings.Repeat("x", 2000)+`","pages"`, 1)},
		{"number", whole(strings.Replace(page, `"number":1`, `"number":2`, 1))},
		{"text not clean", whole(strings.Replace(page, "32", `\u202e32`, 1))},
		{"overlay not clean", whole(strings.Replace(page, `"text"`, `"overlay":"\u0007","text"`, 1))},
		{"head not clean", whole(strings.Replace(page, `"text"`, `"head":" x","text"`, 1))},
		{"long text", whole(strings.Replace(page, "32", strings.Repeat("x", MaxPageText), 1))},
		{"quality", whole(strings.Replace(page, `"valid":1`, `"valid":1.5`, 1))},
		{"size", whole(strings.Replace(page, "595", "-1", 1))},
		{"read by OCR", whole(strings.Replace(page, `"text"`, `"ocr":true,"text"`, 1))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if e, err := decodeExtraction([]byte(test.answer)); err == nil {
				t.Errorf("got %+v, want an error", e)
			}
		})
	}
}

func TestDecodePicture(t *testing.T) {
	for _, answer := range []string{"", "{}", "{}\nGIF89a", "x\n\x89PNG\r\n\x1a\n", `{"problem":"\u001b"}` + "\n"} {
		if picture, problem := decodePicture([]byte(answer)); problem == "" || picture != nil {
			t.Errorf("%q: got %q, %q, want a problem", answer, picture, problem)
		}
	}
	if _, problem := decodePicture([]byte(`{"problem":"page 3 cannot be drawn"}` + "\n")); problem != "page 3 cannot be drawn" {
		t.Errorf("got %q, want the child's sentence", problem)
	}
}

func TestTakeOCR(t *testing.T) {
	const good = "Căn cứ chương trình công tác năm 2022 Ủy ban nhân dân xã báo cáo kết quả thực hiện công tác cải cách hành chính và phòng chống tham nhũng"
	noise := strings.Repeat("tltln IIlt qzx wrtl ", 10)
	tests := []struct {
		name, before, read, want string
		needs, ocr               bool
	}{
		{"empty page", "", good, good, false, true},
		{"caption", "Quét ngày", good, good, false, true},
		{"noise", "", noise, "", true, false},
		{"less than there was", good, "Căn cứ", good, false, false},
		{"nothing on the picture", "", "", "", false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := Extraction{}
			e.add(Page{Number: 1, NeedsOCR: true}, test.before)
			p := e.Pages[0]
			p.takeOCR(test.read)
			if p.Text != test.want || p.NeedsOCR != test.needs || p.OCR != test.ocr {
				t.Errorf("got %q, needs %t, read %t, want %q, %t, %t", p.Text, p.NeedsOCR, p.OCR, test.want, test.needs, test.ocr)
			}
		})
	}
}

func TestDPIFor(t *testing.T) {
	for _, p := range []Page{{Width: 595, Height: 842}, {Width: 14_400, Height: 14_400}, {}} {
		dpi := dpiFor(p)
		if dpi > ocrDPI || dpi < 56 || p.Width < 1000 && dpi != ocrDPI {
			t.Errorf("a page of %v × %v: got %d dpi", p.Width, p.Height, dpi)
		}
	}
}

func TestPageBudgets(t *testing.T) {
	var e Extraction
	long := strings.Repeat("x ", MaxPageText)
	added := 0
	for e.add(Page{Number: added + 1}, long) {
		added++
	}
	if want := MaxText / MaxPageText; added < want-1 || added > want || e.Problem == "" {
		t.Errorf("got %d pages, %q, want about %d and a problem", added, e.Problem, want)
	}
	if got := len(e.Pages[0].Text); got > MaxPageText {
		t.Errorf("got %d bytes on a page, want at most %d", got, MaxPageText)
	}
}

func TestUnreadableFile(t *testing.T) {
	broken := errors.New("the store is away")
	p, err := New(Config{Command: []string{"/nowhere"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, err = p.Extract(context.Background(), File{Size: 1, Open: func(context.Context) (io.ReadCloser, error) { return nil, broken }})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
