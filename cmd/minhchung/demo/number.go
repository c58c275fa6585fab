package demo

import (
	"fmt"
	"strings"

	"minhchung/cmd/minhchung/paper"
)

// enterNumber is what the clerk does between the person's and the
// organisation's signature (Decree 30/2020 art. 15, 32): number and date are
// written into the band that was left free, in an incremental update.
func (p *printer) enterNumber(file []byte, l letter, how numbering) ([]byte, error) {
	u, err := openPage(file)
	if err != nil {
		return nil, err
	}
	if how == inContent {
		at := contentsKey.FindStringSubmatch(u.body)
		if at == nil {
			return nil, fmt.Errorf("page %d of a file of our own has no contents", u.page)
		}
		added := u.add(stream("", p.numberContent(l)))
		u.replace(u.page, strings.Replace(u.body, at[0], fmt.Sprintf("/Contents [%s 0 R %d 0 R]", at[1], added), 1))
		return u.bytes(), nil
	}
	refs, err := p.numberAnnotations(u.update, u.page, l, how)
	if err != nil {
		return nil, err
	}
	u.replace(u.page, withAnnotations(u.body, refs))
	return u.bytes(), nil
}

// numberContent draws both lines with the page's own font.
func (p *printer) numberContent(l letter) string {
	var b strings.Builder
	b.WriteString("q\n")
	for _, t := range p.numberTexts(l) {
		fmt.Fprintf(&b, "BT /F1 %g Tf %.2f %.2f Td <%s> Tj ET\n", bodySize, t.x, paper.Height-numberBand, p.Regular.Hex(t.text))
	}
	b.WriteString("Q")
	return b.String()
}

type placedText struct {
	text string
	x    float64
}

func (p *printer) numberTexts(l letter) []placedText {
	var out []placedText
	for axis, s := range map[float64]string{leftAxis: l.numberLine(), rightAxis: l.dateLine()} {
		out = append(out, placedText{s, axis - p.Regular.Measure(s, bodySize)/2})
	}
	if out[0].x > out[1].x { // a map has no order, a page has
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// numberAnnotations adds one small annotation for the number and one for the
// date, each with an appearance stream, and returns their references.
func (p *printer) numberAnnotations(u *update, page int, l letter, how numbering) (string, error) {
	body, err := object(u.base, page)
	if err != nil {
		return "", err
	}
	font, err := pageFont(u.base, body)
	if err != nil {
		return "", err
	}
	var refs []string
	for i, t := range p.numberTexts(l) {
		w := p.Regular.Measure(t.text, bodySize)
		form := u.add(stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 %.2f 18] /Resources << /Font << /F1 %d 0 R >> >>", w+4, font),
			fmt.Sprintf("BT /F1 %g Tf 2 5 Td <%s> Tj ET", bodySize, p.Regular.Hex(t.text))))
		y := paper.Height - numberBand - 5
		dict := fmt.Sprintf("<<\n/Type /Annot\n/Rect [%.2f %.2f %.2f %.2f]\n/F 4\n/P %d 0 R\n/AP << /N %d 0 R >>\n%s\n>>",
			t.x-2, y, t.x+w+2, y+18, page, form, annotation(how, i, t.text))
		refs = append(refs, fmt.Sprintf("%d 0 R", u.add(dict)))
	}
	all := strings.Join(refs, " ")
	if how != inWidget {
		return all, nil
	}
	// A widget is also a field of the form, which the person's signature made.
	catalog, err := object(u.base, u.root)
	if err != nil {
		return "", err
	}
	u.replace(u.root, fieldsKey.ReplaceAllString(catalog, "/Fields [${1} "+all+"]"))
	return all, nil
}

func annotation(how numbering, i int, text string) string {
	switch how {
	case inFreeText:
		return fmt.Sprintf("/Subtype /FreeText\n/DA (/F1 %g Tf 0 g)\n/Contents %s", bodySize, textString(text))
	case inStamp:
		return fmt.Sprintf("/Subtype /Stamp\n/Contents %s", textString(text))
	default:
		return fmt.Sprintf("/Subtype /Widget\n/FT /Tx\n/Ff 1\n/T (%s)\n/DA (/F1 %g Tf 0 g)\n/V %s", []string{"so", "ngay"}[i], bodySize, textString(text))
	}
}
