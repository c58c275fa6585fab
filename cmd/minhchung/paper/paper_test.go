package paper

import (
	"bytes"
	"strings"
	"testing"
)

func newTestPrinter(t *testing.T) *Printer {
	t.Helper()
	p, err := NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWrap(t *testing.T) {
	f := newTestPrinter(t).Regular
	for _, text := range []string{"", "Báo cáo", strings.Repeat("ngày tháng năm ", 60), strings.Repeat("Đ", 300), "a " + strings.Repeat("x", 200) + " b"} {
		lines := f.Wrap(text, 10, 120, 20)
		if len(lines) == 0 {
			t.Errorf("%.20q: no line", text)
		}
		for i, line := range lines {
			room := 120.0
			if i == 0 {
				room -= 20
			}
			if w := f.Measure(line, 10); w > room {
				t.Errorf("%.20q line %d: %.1f points wide, want at most %.0f", text, i, w, room)
			}
		}
		got := strings.ReplaceAll(strings.Join(lines, ""), " ", "")
		if want := strings.ReplaceAll(text, " ", ""); got != want {
			t.Errorf("got %q, want every letter of %q", got, want)
		}
	}
}

// TestCleanPrintsAnything: what no font has must not stop a report.
func TestCleanPrintsAnything(t *testing.T) {
	p := newTestPrinter(t)
	text := p.Regular.Clean("Kế hoạch\t№ 5 – 漢字 \u202e😀\x00")
	if want := "Kế hoạch ? 5 – ?? ???"; text != want {
		t.Errorf("got %q, want %q", text, want)
	}
	s := p.Sheet()
	s.Text(50, 50, 12, false, text)
	if _, err := s.Bytes(); err != nil {
		t.Error(err)
	}
}

func TestUnknownLetterIsAnError(t *testing.T) {
	s := newTestPrinter(t).Sheet()
	s.Text(50, 50, 12, false, "漢")
	if _, err := s.Bytes(); err == nil {
		t.Error("a letter that is not in the font was dropped silently")
	}
}

// TestSheetIsDeterministic: the same calls give the same bytes.
func TestSheetIsDeterministic(t *testing.T) {
	p := newTestPrinter(t)
	print := func() []byte {
		s := p.Sheet()
		s.Centre(300, 50, 12, true, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
		s.Page()
		s.Text(50, 50, 12, false, "Trang hai: 98,4 %")
		s.Turn(1)
		s.Right(500, 800, 9, false, "1/2")
		b, err := s.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := print()
	for range 5 {
		if !bytes.Equal(first, print()) {
			t.Fatal("two prints of the same calls differ")
		}
	}
}
