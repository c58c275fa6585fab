package demo

import (
	"fmt"
	"strings"
	"time"

	"minhchung/cmd/minhchung/paper"
	"minhchung/cmd/minhchung/pdfsign"
	"minhchung/evidence/signature"
)

// label is what a visible signature shows (Decree 30/2020 appendix I): the
// picture means nothing to a verifier, and covers nothing.
type label struct {
	lines []string
	x     float64
}

const (
	labelSize  = 7.5
	labelWidth = 190.0
	labelRise  = 10.0
	// labelBase is the lower edge: above the first line of text.
	labelBase = paper.Height - 36
)

// labelOf puts the person to the left and the organisation to the right of
// the upper margin.
func labelOf(p profile, at time.Time) *label {
	l := &label{x: 60, lines: []string{"Ký bởi: " + p.name, "Thời gian ký: " + at.In(zone).Format("02/01/2006 15:04:05 -07:00")}}
	if p.role == signature.RoleOrganisation {
		l.x = 345
	}
	return l
}

func (l label) text() string { return strings.Join(l.lines, "") }

// appearance hands pdfsign a widget with an appearance of our own: its own
// texts know no Vietnamese letters.
func (p *printer) appearance(file []byte, l label) (*pdfsign.Appearance, error) {
	u, err := openPage(file)
	if err != nil {
		return nil, err
	}
	font, err := pageFont(file, u.body)
	if err != nil {
		return nil, err
	}
	height := labelRise*float64(len(l.lines)) + 4
	var b strings.Builder
	for i, line := range l.lines {
		y := height - labelRise*float64(i+1)
		fmt.Fprintf(&b, "BT /F1 %g Tf 2 %.2f Td <%s> Tj ET\n", labelSize, y, p.Regular.Hex(line))
	}
	form := stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 %g %g] /Resources << /Font << /F1 %d 0 R >> >>", labelWidth, height, font), b.String())
	return &pdfsign.Appearance{X: l.x, Y: labelBase, Width: labelWidth, Height: height, Form: []byte(form)}, nil
}
