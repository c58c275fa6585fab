package evidence

import (
	"errors"
	"strings"
	"testing"
)

func TestParsePages(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " ": "", "1": "1", "1-3,5": "1-3,5", " 5 , 1 - 3 ": "1-3,5", "1-3,2-7,8": "1-8", "7,7": "7", "100000": "100000", "3-3": "3", "007": "7",
		"1-10,2-3": "1-10",
	} {
		got, err := ParsePages(in)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
		if again, err := ParsePages(got.String()); err != nil || again.String() != want {
			t.Errorf("%q: read again %q, %v", in, again, err)
		}
	}
	for _, bad := range []string{"0", "-", "1-", "-3", "3-1", "1,,2", "1;2", "a", "1.5", "100001", "١", "+1", "1-2-3", "99999999999999999999",
		strings.Repeat("1,", 300) + "1", strings.Repeat(" ", 3000) + "1"} {
		if got, err := ParsePages(bad); !errors.Is(err, ErrPages) {
			t.Errorf("%q: got %v, %v, want ErrPages", bad, got, err)
		}
	}
	if p, _ := ParsePages("9,1-3"); p.Last() != 9 {
		t.Errorf("last page: got %d, want 9", p.Last())
	}
}

func FuzzParsePages(f *testing.F) {
	f.Add("1-3,5")
	f.Add("3-1,99999999")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePages(s)
		if err != nil {
			return
		}
		if again, err := ParsePages(p.String()); err != nil || again.String() != p.String() {
			t.Errorf("%q became %q, then %q, %v", s, p, again, err)
		}
	})
}
