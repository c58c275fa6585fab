package syllable

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Đường", "duong"},
		{"ỦY BAN", "uy ban"},
		{"QĐ-UBND", "qd-ubnd"},
		{norm.NFD.String("nghiệm"), "nghiem"},
		{"s6", "s6"},
		{"Журнал", "журнал"},
		{"", ""},
	} {
		if got := Fold(c.in); got != c.want {
			t.Errorf("Fold(%q): got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestSplitOffsets(t *testing.T) {
	text := "“Kiểm điểm”, " + norm.NFD.String("rút") + " \xff3.1/kinh\u202enghiệm"
	want := []string{"kiem", "diem", "rut", "3", "1", "kinh", "nghiem"}
	tokens := Split(text)
	if len(tokens) != len(want) {
		t.Fatalf("got %d tokens %v, want %d", len(tokens), tokens, len(want))
	}
	for i, token := range tokens {
		if token.Folded != want[i] || Fold(text[token.Start:token.End]) != want[i] {
			t.Errorf("token %d: got %q at %q, want %q", i, token.Folded, text[token.Start:token.End], want[i])
		}
	}
}

func TestKeyPlacesTheToneOnce(t *testing.T) {
	for _, pair := range [][2]string{{"hòa", "hoà"}, {"Ủy", "uỷ"}, {"thuế", norm.NFD.String("thuế")}} {
		if Key(pair[0]) != Key(pair[1]) {
			t.Errorf("got keys %q and %q, want one", Key(pair[0]), Key(pair[1]))
		}
	}
	if Key("hóa") == Key("hòa") {
		t.Error("got one key for two tones")
	}
}

func TestValid(t *testing.T) {
	good := "kiểm điểm rút kinh nghiệm chỉ số cải cách hành chính ủy ban nhân dân quyết định nghị giải gì giữ giếng quốc quyền khuya nguyễn huỳnh yêu ý đường trường thuở xoong ngoằn nghiêng gìn ghi kỷ luật"
	for _, w := range strings.Fields(good) {
		if !Valid(Fold(w)) || !ValidKey(Key(w)) {
			t.Errorf("%q: got folded %v, marked %v, want true", w, Valid(Fold(w)), ValidKey(Key(w)))
		}
	}
	for _, w := range strings.Fields("kjem nghiem1 duge thyc truee chirc wolf street ngi ce gha bcd ubnd") {
		if Valid(w) {
			t.Errorf("%q: got valid", w)
		}
	}
	for _, w := range strings.Fields("cat càch đựờng chình1 tốcg") {
		if ValidKey(Key(w)) {
			t.Errorf("%q: got valid with these marks", w)
		}
	}
	if n := len(All()); n < 1400 || n > 1700 {
		t.Errorf("got %d folded syllables, want about 1,560", n)
	}
}

func TestMeasure(t *testing.T) {
	clean := strings.Repeat("Ủy ban nhân dân xã ban hành kế hoạch cải cách hành chính năm 2022. ", 5)
	for _, c := range []struct {
		name, text    string
		good, ordered bool
	}{
		{"typed", clean, true, true},
		{"decomposed", norm.NFD.String(clean), true, true},
		{"without marks", Fold(clean), false, true},
		{"foreign", strings.Repeat("the quick brown foxes jumped over lazy sleeping dogs ", 5), false, false},
		{"abbreviations", strings.Repeat("UBND TTHC CCHC 2022 ", 20), true, true},
		{"empty", "", true, true},
	} {
		q := Measure(c.text)
		if q.Good() != c.good || q.Ordered() != c.ordered {
			t.Errorf("%s: got good %v, ordered %v (%+v), want %v, %v", c.name, q.Good(), q.Ordered(), q, c.good, c.ordered)
		}
	}
}

func TestWrittenPlacesTheTone(t *testing.T) {
	for w := range strings.FieldsSeq("hòa ủy quốc quỳnh giếng gì gìn già giữ thuế nghiệm được rượu khuỷu toán mía của đ ban lý yếu") {
		if got := Written(Key(w)); got != w {
			t.Errorf("Written(Key(%q)): got %q", w, got)
		}
	}
}
