package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"minhchung/cmd/minhchung/paper"
	"minhchung/cmd/minhchung/pdfsign"
)

// errorPage is what a web server sent instead of the document.
const errorPage = `<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><title>502 Bad Gateway</title></head>
<body><h1>502 Bad Gateway</h1><p>Không tải được tệp. Vui lòng thử lại sau.</p></body></html>
`

// keptBytes is what a bad copy kept of its file: the header, and no object.
const keptBytes = 16

// spoil does to a signed file what its variant says.
func (w *workshop) spoil(e *entry, file []byte) ([]byte, error) {
	switch e.v.fault {
	case zeroed:
		clear(file[min(keptBytes, len(file)):])
		return file, nil
	case digitFlip:
		return w.flipDigit(file)
	case newContent:
		return w.replaceContent(file)
	case newPage:
		return w.addPage(file)
	}
	return file, nil
}

// yearFrom and yearTo are the digits that the forgeries exchange: they turn
// the document's year into the next one.
const (
	yearFrom = "năm 2022"
	yearTo   = "năm 2023"
)

// flipDigit changes one figure of the text inside the signed bytes.
func (w *workshop) flipDigit(file []byte) ([]byte, error) {
	f := w.printer.Regular
	i := bytes.Index(file, []byte(f.Hex(yearFrom)))
	if i < 0 {
		return nil, errors.New("the year is not in the text of a document of our own")
	}
	copy(file[i:], f.Hex(yearTo))
	return file, nil
}

// replaceContent appends an update that gives page one another content
// stream: the same text with another year.
func (w *workshop) replaceContent(file []byte) ([]byte, error) {
	u, err := newUpdate(file)
	if err != nil {
		return nil, err
	}
	_, page, err := u.firstPage()
	if err != nil {
		return nil, err
	}
	content, err := number(file, page, contentsKey)
	if err != nil {
		return nil, err
	}
	body, err := object(file, content)
	if err != nil {
		return nil, err
	}
	f := w.printer.Regular
	u.replace(content, strings.Replace(body, f.Hex(yearFrom), f.Hex(yearTo), 1))
	return u.bytes(), nil
}

// addPage appends an update with one more page behind the signed ones.
func (w *workshop) addPage(file []byte) ([]byte, error) {
	u, err := openPage(file)
	if err != nil {
		return nil, err
	}
	tree, err := object(file, u.pages)
	if err != nil {
		return nil, err
	}
	count, err := number(file, u.pages, countKey)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("BT /F1 %g Tf %g %g Td <%s> Tj ET", bodySize, left, paper.Height-100, w.printer.Regular.Hex("Số: 2022"))
	content := u.add(stream("", text))
	added := u.add(contentsKey.ReplaceAllString(u.body, fmt.Sprintf("/Contents %d 0 R", content)))
	tree = countKey.ReplaceAllString(tree, "/Count "+strconv.Itoa(count+1))
	u.replace(u.pages, kidsKey.ReplaceAllString(tree, fmt.Sprintf("/Kids [${1} %d 0 R ]", added)))
	return u.bytes(), nil
}

// transplanted carries the signatures of another document over to base: the
// whole donor becomes a stream, and ByteRanges point into it, so that every
// digest is right while nothing of what people see is covered.
func (w *workshop) transplanted(ctx context.Context, e *entry, base []byte) ([]byte, error) {
	donor := *e
	donor.row.Number = "1" + e.row.Number
	l := w.letter(&donor)
	printed, err := w.printer.print(l)
	if err != nil {
		return nil, err
	}
	signed, err := w.signAll(ctx, &donor, printed, l)
	if err != nil {
		return nil, err
	}
	u, err := newUpdate(base)
	if err != nil {
		return nil, err
	}
	start := u.offset()
	u.add(stream("", string(signed)))
	shift := start + bytes.Index(u.buf.Bytes()[start-len(base):], signed)
	return w.graft(u, signed, len(printed), shift)
}

// graft adds fields whose signatures are the donor's, moved by shift.
func (w *workshop) graft(u *update, donor []byte, from, shift int) ([]byte, error) {
	_, page, err := u.firstPage()
	if err != nil {
		return nil, err
	}
	var fields []string
	for i := 1; ; i++ {
		g, err := pdfsign.FindGap(donor, from)
		if err != nil {
			break
		}
		value := u.add(fmt.Sprintf("<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /adbe.pkcs7.detached\n/ByteRange [%d %d %d %d]\n/Contents %s\n>>",
			shift, g.Start, g.End+shift, g.Tail, donor[g.Start:g.End]))
		field := u.add(fmt.Sprintf("<<\n/Type /Annot\n/Subtype /Widget\n/Rect [0 0 0 0]\n/F 132\n/P %d 0 R\n/FT /Sig\n/T (Signature %d)\n/V %d 0 R\n>>", page, i, value))
		fields = append(fields, fmt.Sprintf("%d 0 R", field))
		from = g.End + g.Tail
	}
	if len(fields) == 0 {
		return nil, errors.New("the donor of a transplant has no signature")
	}
	catalog, err := object(u.base, u.root)
	if err != nil {
		return nil, err
	}
	u.replace(u.root, withKey(catalog, "/AcroForm << /Fields ["+strings.Join(fields, " ")+"] /SigFlags 3 >>"))
	return u.bytes(), nil
}
