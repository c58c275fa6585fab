package relation

import (
	"context"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Scheme implements evidence.Reader.
func (r *Reader) Scheme(ctx context.Context) (evidence.SchemeUsed, error) {
	var s evidence.SchemeUsed
	var sha string
	err := r.conn.Row(ctx, `SELECT id, sha256 FROM "scheme" WHERE book = ? ORDER BY key DESC LIMIT 1`, []any{r.key}, &s.ID, &sha)
	if err != nil {
		return s, missing(err, "scheme of book %s", r.book)
	}
	return s, unhex(&s.SHA256, sha)
}

const attachmentColumns = `SELECT criterion, document, scheme, pages, note, entry FROM "attachment" WHERE book = ?`

func scanAttachment(scan Scan) (evidence.Attachment, error) {
	var a evidence.Attachment
	var document, scheme string
	if err := scan(&a.Criterion, &document, &scheme, &a.Pages, &a.Note, &a.Entry); err != nil {
		return a, err
	}
	if err := unhex(&a.Document, document); err != nil {
		return a, err
	}
	return a, unhex(&a.Scheme, scheme)
}

// Attachments implements evidence.Reader.
func (r *Reader) Attachments(ctx context.Context) ([]evidence.Attachment, error) {
	var list []evidence.Attachment
	err := r.conn.Each(ctx, func(scan Scan) error {
		a, err := scanAttachment(scan)
		list = append(list, a)
		return err
	}, attachmentColumns+` ORDER BY criterion, entry`, r.key)
	return list, err
}

// AttachmentOf implements evidence.Reader.
func (r *Reader) AttachmentOf(ctx context.Context, criterion string, sha signature.Hash) (evidence.Attachment, error) {
	a, err := scanAttachment(func(dest ...any) error {
		return r.conn.Row(ctx, attachmentColumns+` AND key = ?`, []any{r.key, criterion + " " + sha.String()}, dest...)
	})
	return a, missing(err, "attachment of %s to criterion %s", sha, criterion)
}

// Explanations implements evidence.Reader.
func (r *Reader) Explanations(ctx context.Context) ([]evidence.Explanation, error) {
	var list []evidence.Explanation
	err := r.conn.Each(ctx, func(scan Scan) error {
		var x evidence.Explanation
		var scheme, document string
		var withdrawn int64
		if err := scan(&x.Criterion, &scheme, &x.Text, &document, &withdrawn, &x.Entry); err != nil {
			return err
		}
		x.Withdrawn = withdrawn != 0
		list = append(list, x)
		last := &list[len(list)-1]
		if err := unhex(&last.Scheme, scheme); err != nil {
			return err
		}
		return unhex(&last.Document, document)
	}, `SELECT criterion, scheme, text, document, withdrawn, entry FROM "explanation" WHERE book = ? ORDER BY criterion, entry`, r.key)
	return list, err
}
