package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

// keep keeps the text of a document as a follower would, and looks into it.
func (w *world) keep(content, ocr string, pages ...text.Page) {
	w.t.Helper()
	b, err := json.Marshal(text.Extraction{Extractor: "test/1", Source: text.SourcePDF, Pages: pages})
	if err != nil {
		w.t.Fatal(err)
	}
	scope := evidence.Scope{All: true, Actor: "test"}
	kept := evidence.Kept{Texts: []evidence.DocumentText{{Document: signature.HashOf([]byte(content)), Reader: "test/1", OCR: ocr, Content: b}}}
	if err := w.session.Store.Keep(w.t.Context(), scope, testBook, kept); err != nil {
		w.t.Fatal(err)
	}
	in, done, err := w.intake(w.t.Context(), scope, testBook)
	if err != nil {
		w.t.Fatal(err)
	}
	defer done()
	if _, err := in.ConfirmByText(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// firstRow is the id of the row that the file "altered" is matched to.
func (w *world) firstRow() (id string) {
	w.t.Helper()
	err := w.session.Store.View(w.t.Context(), evidence.Scope{All: true}, testBook, func(r evidence.Reader) error {
		ids, err := r.MatchedRows(w.t.Context(), signature.HashOf([]byte("altered")))
		if err == nil {
			id = ids[0]
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// TestConfirmation: the page says what confirms a file, or what is missing,
// and a named person can say it.
func TestConfirmation(t *testing.T) {
	w := filled(t)
	sha, row := signature.HashOf([]byte("altered")).String(), w.firstRow()
	see := func(want ...string) {
		t.Helper()
		page := w.get(documentPath("altered"))
		checkPage(t, "document", page, "vi")
		for _, want := range want {
			if !strings.Contains(page.Body.String(), want) {
				t.Errorf("got no %q in:\n%s", want, page.Body)
			}
		}
	}
	say := func(status int, form ...string) {
		t.Helper()
		out := w.do(fields("/units/xa-a/2022/confirm", form...))
		if out.Code != status {
			t.Errorf("%q: got %d, want %d: %s", form, out.Code, status, out.Body)
		}
	}
	see("chữ trong tệp chưa được đọc", "<details><summary>Xác nhận bằng mắt")
	w.keep("altered", evidence.OCRAwaited, text.Page{Number: 1})
	see("trang là ảnh quét chưa nhận dạng được chữ", "<details open><summary>Xác nhận bằng mắt", "Cài tesseract")
	w.keep("altered", "", text.Page{Number: 1, Text: "không có gì <b>\u202ex"})
	see("chưa thấy số, ký hiệu và ngày", "không có gì &lt;b&gt;\ufffdx")

	say(http.StatusBadRequest, "row", row, "document", sha, "person", " ")
	say(http.StatusBadRequest, "row", row, "document", sha, "person", strings.Repeat("a", maxPerson+1))
	say(http.StatusNotFound, "row", "none", "document", sha, "person", "Nguyễn Văn Thử")
	say(http.StatusNotFound, "row", row, "document", "x", "person", "Nguyễn Văn Thử")
	say(http.StatusConflict, "row", row, "document", signature.HashOf([]byte("plain")).String(), "person", "Nguyễn Văn Thử")
	see("chưa thấy số, ký hiệu và ngày")

	say(http.StatusSeeOther, "row", row, "document", sha, "person", "Nguyễn Văn Thử", "note", "đã xem bản giấy")
	see("Nguyễn Văn Thử đã xác nhận đúng", "đã xem bản giấy")
	say(http.StatusSeeOther, "row", row, "document", sha, "person", "Trần Thị Mẫu", "deny", "1")
	see("Trần Thị Mẫu đã xác nhận KHÔNG phải")
}

func TestConfirmedByText(t *testing.T) {
	w := filled(t)
	const reading = "Đang đọc chữ trong 2 tệp"
	for _, path := range []string{"/", "/units/xa-a/2022/register", "/units/xa-a/2022/indicators/7.1.3"} {
		if body := w.get(path).Body.String(); !strings.Contains(body, reading) {
			t.Errorf("%s: got no %q", path, reading)
		}
	}
	w.keep("plain", "")
	w.keep("altered", "",
		text.Page{Number: 1, Text: "ỦY BAN NHÂN DÂN\nXÃ THỬ\nSố: 1/BC-UBND\nThử, ngày 04 tháng 01 năm 2022\nBÁO CÁO", Head: "Số: 1/BC-UBND\nThử, ngày 04 tháng 01 năm 2022"},
		text.Page{Number: 2, Text: strings.Repeat("dài ", 10_000)})
	// A sheet has no picture: its text is what there is to see.
	if body := w.get(documentPath("altered") + "?page=2").Body.String(); !strings.Contains(body, "<details open><summary>Chữ đọc được trên trang này") || !strings.Contains(body, "dài dài") {
		t.Errorf("got no text of page 2: %s", body)
	}
	if body := w.get("/").Body.String(); strings.Contains(body, "Đang đọc chữ") {
		t.Error("got texts to read when all were")
	}
	body := w.get(documentPath("altered")).Body.String()
	for _, want := range []string{"đã thấy số, ký hiệu ở trang 1 và ngày ở trang 1 của tệp", "Chữ đọc được trên trang này"} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in:\n%s", want, body)
		}
	}
}

// TestChangedPages: what was changed after signing is listed once, by page.
func TestChangedPages(t *testing.T) {
	change := func(page int, what string, class signature.ChangeClass) signature.Change {
		return signature.Change{Page: page, What: what, Class: class}
	}
	v := signature.Verdict{Signatures: []signature.SignatureVerdict{
		{ChangeList: []signature.Change{change(2, signature.WhatPageContent, signature.ChangeForbidden), change(0, "x", signature.ChangePermitted), change(1, "y", signature.ChangeUnknown)}},
		{ChangeList: []signature.Change{change(2, signature.WhatPageContent, signature.ChangeForbidden)}},
	}}
	pages, more := changedPages("vi", v, "/documents/x?unit=a")
	if len(pages) != 3 || more != 0 || pages[0].Page != 0 || pages[0].Link != "" || pages[2].Link != "/documents/x?unit=a&page=2#preview" ||
		len(pages[2].Changes) != 1 || pages[2].Changes[0].Class != "forbidden" {
		t.Errorf("got %+v and %d more", pages, more)
	}
	for i := range mostChanges + 5 {
		v.Signatures[1].ChangeList = append(v.Signatures[1].ChangeList, change(9+i, "z", signature.ChangeForbidden))
	}
	if pages, more := changedPages("vi", v, ""); len(pages) != mostChanges || more != 8 {
		t.Errorf("got %d pages and %d more, want %d and 8", len(pages), more, mostChanges)
	}
}
