package content

import "testing"

// bitmapFont is a Type 3 font as TeX writes one: code 65 is a bitmap of 5 by 7
// pixels on the base line, 66 draws nothing, 67 is what is given.
func bitmapFont(more, third string) map[int]string {
	return map[int]string{
		7: "<</Type/Font/Subtype/Type3/FontMatrix[.1 0 0 .1 0 0]/FontBBox[0 0 1 1]/FirstChar 65/LastChar 67/Widths[6 6 6]" +
			"/Encoding<</Differences[65/a/b/c]>>/CharProcs<</a 21 0 R/b 22 0 R/c 23 0 R>>" + more + ">>",
		21: stream("", "6 0 0 0 5 7 d1 q 5 0 0 7 0 0 cm BI/IM true/W 5/H 7/BPC 1 ID 1234567 EI Q"),
		22: stream("", "6 0 0 0 0 0 d1"),
		23: stream("", third),
	}
}

// TestType3 measures glyphs by drawing them, whatever their boxes promise.
func TestType3(t *testing.T) {
	box := "6 0 d0 0 0 5 7 re f"
	for _, c := range []struct {
		name, third, more, data, want string
		bounded                       bool
	}{
		{"bitmap", box, "", "BT /F1 10 Tf 100 200 Td (A) Tj ET", "text 100 200 105 207 ", true},
		{"blank between", box, "", "BT /F1 10 Tf 100 200 Td (ABA) Tj ET", "text 100 200 105 207 ; text 112 200 117 207 ", true},
		{"drawn to the left", "6 0 d0 -30 0 5 7 re f", "", "BT /F1 10 Tf 100 200 Td (C) Tj ET", "text 70 200 76 208 ", true},
		{"stroked with the width outside", "6 0 d0 0 0 m 0 7 l S", "", "20 w BT /F1 10 Tf 100 200 Td (C) Tj ET", "text 90 190 111 218 ", true},
		{"not hidden by the rendering mode", box, "", "BT 3 Tr /F1 10 Tf 100 200 Td (A) Tj ET", "text 100 200 105 207 ", true},
		{"too far", "6 0 d0 -500 0 5 7 re f", "", "BT /F1 10 Tf 100 200 Td (C) Tj ET", "text 100 200 106 201 ", false},
		{"a text in a glyph", "6 0 d0 BT /F1 1 Tf (A) Tj ET", "/Resources<</Font<</F1 7 0 R>>>>", "BT /F1 10 Tf 100 200 Td (C) Tj ET", "text 100 200 106 201 ", false},
		{"a shading", "6 0 d0 /S sh", "", "BT /F1 10 Tf 100 200 Td (C) Tj ET", "text 100 200 106 201 ", false},
		{"no such glyph", box, "", "BT /F1 10 Tf 100 200 Td (D) Tj ET", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := draw(t, c.data, bitmapFont(c.more, c.third))
			if got := show(d); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, m := range d.Marks {
				if m.Bounded != c.bounded || m.Invisible {
					t.Errorf("bounded %v, invisible %v, want %v, false", m.Bounded, m.Invisible, c.bounded)
				}
			}
		})
	}
}

// TestType3Budget has a glyph that would keep the interpreter busy.
func TestType3Budget(t *testing.T) {
	loop := ""
	for range 200 {
		loop += "q Q "
	}
	for range 7 {
		loop += loop
	}
	d := draw(t, "BT /F1 10 Tf (C) Tj ET", bitmapFont("", "6 0 d0 "+loop+"0 0 1 1 re f"))
	if len(d.Marks) != 1 || d.Marks[0].Bounded {
		t.Errorf("got %s, want a text that is not bounded", show(d))
	}
}

func FuzzType3(f *testing.F) {
	for _, s := range []string{"6 0 0 0 5 7 d1 q 5 0 0 7 0 0 cm BI/IM true/W 5/H 7/BPC 1 ID 1234567 EI Q", "6 0 d0 0 0 m 9 9 l S", "1 0 d0 BT (C) Tj ET", "1 0 d0 9 w 0 0 1 1 re W n sh"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := draw(t, "BT /F1 10 Tf 100 200 Td (CAC) Tj ET", bitmapFont("", string(data)))
		for _, m := range d.Marks {
			if m.Box.Empty() || m.Box.Intersect(page) != m.Box {
				t.Fatalf("got a mark at %v, want it inside %v", m.Box, page)
			}
		}
	})
}
