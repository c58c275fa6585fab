package storetest

import (
	"errors"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

func testScheme(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	use := func(text string) evidence.SchemeUsed {
		return evidence.SchemeUsed{SHA256: signature.HashOf([]byte(text)), ID: "commune-" + text, Canonical: []byte(text)}
	}
	older, newer := use("2022"), use("2023")
	update(t, s, book)
	view(t, s, book, func(r evidence.Reader) error {
		_, err := r.Scheme(ctx)
		wantMissing(t, "scheme of a book without one", err)
		return nil
	})
	update(t, s, book, older, newer)
	_, err := s.Update(ctx, all, book, func(tx evidence.Tx) error {
		_, err := tx.Append(ctx, older) // back to it: the last one counts, not the first of its kind
		got, err2 := tx.Scheme(ctx)
		want(t, "scheme inside", got, evidence.SchemeUsed{SHA256: older.SHA256, ID: older.ID})
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	view(t, s, book, func(r evidence.Reader) error {
		got, err := r.Scheme(ctx)
		want(t, "scheme in force", got.ID, older.ID)
		e, err2 := r.LeafOf(ctx, evidence.LeafScheme, newer.SHA256)
		want(t, "the scheme's bytes", string(e.Opening), "2023")
		return errors.Join(err, err2)
	})
	sound(t, h, s, book)
}

func testAttachments(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	link := func(criterion string, n int, pages, note string) evidence.Attachment {
		return evidence.Attachment{Criterion: criterion, Document: sha(n), Scheme: sha(-3), Pages: pages, Note: note}
	}
	a, b, c := link("1.6", 2, "1-3,5", "biên bản"), link("1.6", 1, "", ""), link("1.10", 2, "", "")
	update(t, s, book, evidence.Attached{Attachment: a}, evidence.Attached{Attachment: b}, evidence.Attached{Attachment: c},
		evidence.Attached{Attachment: link("7.1.3", 1, "", "")}) // 1, 2, 3, 4
	changed := link("1.6", 2, "2", "'; DROP TABLE attachment; -- \x00 😀")
	update(t, s, book, evidence.Attached{Attachment: changed}, evidence.Detached{Attachment: link("7.1.3", 1, "", "nhầm")}) // 5, 6
	b.Entry, c.Entry, changed.Entry = 2, 3, 5
	view(t, s, book, func(r evidence.Reader) error {
		list, err := r.Attachments(ctx)
		want(t, "attachments", list, []evidence.Attachment{c, b, changed})
		one, err2 := r.AttachmentOf(ctx, "1.6", sha(2))
		want(t, "attachment", one, changed)
		_, missing := r.AttachmentOf(ctx, "7.1.3", sha(1))
		wantMissing(t, "attachment that was taken off", missing)
		_, missing = r.AttachmentOf(ctx, "1.6", sha(3))
		wantMissing(t, "attachment", missing)
		return errors.Join(err, err2)
	})
	other := evidence.BookID{Unit: "xa-khac", Period: book.Period}
	update(t, s, other)
	view(t, s, other, func(r evidence.Reader) error {
		list, err := r.Attachments(ctx)
		want(t, "attachments of a neighbour", len(list), 0)
		return err
	})
	sound(t, h, s, book)
}

func testExplanations(t *testing.T, h Harness) {
	s, ctx := h.Open(t), t.Context()
	first := evidence.Explanation{Criterion: "1.6", Scheme: sha(-3), Text: "chỉ có 2 cuộc", Entry: 1}
	second := evidence.Explanation{Criterion: "1.6", Scheme: sha(-3), Text: "đủ 5 cuộc", Document: sha(1), Entry: 2}
	other := evidence.Explanation{Criterion: "1.5", Scheme: sha(-3), Text: "chưa có sáng kiến", Entry: 3}
	taken := evidence.Explanation{Criterion: "1.5", Scheme: sha(-3), Withdrawn: true, Entry: 4}
	update(t, s, book, evidence.Explained{Explanation: first}, evidence.Explained{Explanation: second},
		evidence.Explained{Explanation: other}, evidence.Explained{Explanation: taken})
	view(t, s, book, func(r evidence.Reader) error {
		list, err := r.Explanations(ctx)
		want(t, "explanations", list, []evidence.Explanation{other, taken, first, second})
		want(t, "in force", evidence.InForce(list), map[string]evidence.Explanation{"1.6": second})
		return err
	})
	sound(t, h, s, book)
}
