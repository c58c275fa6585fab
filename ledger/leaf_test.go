package ledger_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"minhchung/ledger"
)

const testLine = `{"actor":"u-7","at":"2026-11-23T08:00:00.000Z","codes":{"kind":"original","pages":"2"},"commit":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","refs":{"row":"32/QĐ-UBND"},"type":"row-correction","v":1}`

func testLeaf() ledger.Leaf {
	return ledger.Leaf{
		V: 1, Type: "row-correction", Actor: "u-7", At: testStart,
		Refs:   map[string]string{"row": "32/QĐ-UBND"},
		Codes:  map[string]string{"pages": "2", "kind": "original"},
		Commit: ledger.Commitment(nil, nil),
	}
}

func TestLeafEncode(t *testing.T) {
	got, err := testLeaf().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != testLine {
		t.Errorf("got  %s\nwant %s", got, testLine)
	}
	back, err := ledger.ParseLeaf(got)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, testLeaf()) {
		t.Errorf("got %+v, want %+v", back, testLeaf())
	}
}

// The escapes of RFC 8785 section 3.2.2.2: its own sample string, among them.
func TestLeafEscapes(t *testing.T) {
	l := testLeaf()
	l.Actor = "\u20ac$\u000f\nA'B\"\\\"/\b\t\f\r\x7f<&>\u2028"
	got, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"actor":"` + "\u20ac$" + `\u000f\nA'B\"\\\"/\b\t\f\r` + "\x7f<&>\u2028" + `","at"`
	if !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s, want it to begin with %s", got, want)
	}
	if back, err := ledger.ParseLeaf(got); err != nil || back.Actor != l.Actor {
		t.Errorf("got %q, %v, want %q", back.Actor, err, l.Actor)
	}
}

func TestLeafEncodeTime(t *testing.T) {
	l := testLeaf()
	l.At = time.Date(2022, 3, 1, 6, 30, 0, int(7*time.Millisecond), time.FixedZone("+07", 7*3600))
	got, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if want := `"at":"2022-02-28T23:30:00.007Z"`; !bytes.Contains(got, []byte(want)) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}

func TestLeafEncodeRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*ledger.Leaf)
		want   string
	}{
		{"version", func(l *ledger.Leaf) { l.V = 2 }, "version 2"},
		{"no type", func(l *ledger.Leaf) { l.Type = "" }, "type"},
		{"type in capitals", func(l *ledger.Leaf) { l.Type = "Row" }, "type"},
		{"type with two hyphens", func(l *ledger.Leaf) { l.Type = "row--x" }, "type"},
		{"type ends in a hyphen", func(l *ledger.Leaf) { l.Type = "row-" }, "type"},
		{"long type", func(l *ledger.Leaf) { l.Type = strings.Repeat("a", 65) }, "type"},
		{"commit in capitals", func(l *ledger.Leaf) { l.Commit = strings.ToUpper(l.Commit) }, "commitment"},
		{"short commit", func(l *ledger.Leaf) { l.Commit = l.Commit[1:] }, "commitment"},
		{"microseconds", func(l *ledger.Leaf) { l.At = l.At.Add(time.Microsecond) }, "milliseconds"},
		{"no time", func(l *ledger.Leaf) { l.At = time.Time{} }, "outside the years"},
		{"year 10000", func(l *ledger.Leaf) { l.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "outside the years"},
		{"actor not UTF-8", func(l *ledger.Leaf) { l.Actor = "\xff" }, "UTF-8"},
		{"value not UTF-8", func(l *ledger.Leaf) { l.Refs["row"] = "\xc3" }, "UTF-8"},
		{"key with a space", func(l *ledger.Leaf) { l.Codes["a b"] = "1" }, "key"},
		{"empty key", func(l *ledger.Leaf) { l.Codes[""] = "1" }, "key"},
		{"too long", func(l *ledger.Leaf) { l.Refs["row"] = strings.Repeat("x", 900) }, "more than 1000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := testLeaf()
			tt.change(&l)
			_, err := l.Encode()
			wantError(t, err, tt.want)
		})
	}
}

func TestParseLeafRefuses(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(testLine, old) {
			t.Fatalf("the test line has no %s", old)
		}
		return strings.Replace(testLine, old, new, 1)
	}
	tests := []struct{ name, line string }{
		{"empty", ""},
		{"null", "null"},
		{"newline behind", testLine + "\n"},
		{"space", replace(`"v":1`, `"v": 1`)},
		{"second value", testLine + "{}"},
		{"duplicate key", replace(`"actor":"u-7"`, `"actor":"u-8","actor":"u-7"`)},
		{"duplicate reference", replace(`"row":`, `"row":"1","row":`)},
		{"unknown key", replace(`,"v":1`, `,"v":1,"w":1`)},
		{"key in capitals", replace(`"actor"`, `"Actor"`)},
		{"missing key", replace(`"actor":"u-7",`, ``)},
		{"other order", replace(`"kind":"original","pages":"2"`, `"pages":"2","kind":"original"`)},
		{"null map", replace(`{"row":"32/QĐ-UBND"}`, `null`)},
		{"needless escape", replace(`QĐ`, `Q\u0110`)},
		{"escaped slash", replace(`32/`, `32\/`)},
		{"broken UTF-8", replace(`Đ`, "\xc4")},
		{"lone surrogate", replace(`Đ`, `\ud800`)},
		{"other version", replace(`"v":1`, `"v":2`)},
		{"version as float", replace(`"v":1`, `"v":1.0`)},
		{"other zone", replace(`.000Z`, `.000+00:00`)},
		{"no milliseconds", replace(`.000Z`, `Z`)},
		{"comma in seconds", replace(`.000Z`, `,000Z`)},
		{"microseconds", replace(`.000Z`, `.000001Z`)},
		{"leap second", replace(`08:00:00`, `08:00:60`)},
		{"too long", replace(`"u-7"`, `"`+strings.Repeat("u", 1000)+`"`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if l, err := ledger.ParseLeaf([]byte(tt.line)); err == nil {
				t.Errorf("got leaf %+v from %s, want an error", l, tt.line)
			}
		})
	}
}

func FuzzParseLeaf(f *testing.F) {
	f.Add([]byte(testLine))
	f.Add([]byte(strings.Replace(testLine, "u-7", `\u0001\"\\\n`, 1)))
	f.Add([]byte(strings.Replace(testLine, `"v":1`, `"v":1,"v":1`, 1)))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"refs":{"":""}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := ledger.ParseLeaf(line)
		if err != nil {
			return
		}
		again, err := l.Encode()
		if err != nil || !bytes.Equal(again, line) {
			t.Errorf("got %s, %v from a leaf parsed from %s", again, err, line)
		}
	})
}

// FuzzLeafEncode looks for a leaf that Encode writes and ParseLeaf refuses.
func FuzzLeafEncode(f *testing.F) {
	f.Add("row", "u-1", "key", "value", int64(1669190400000))
	f.Add("a-b", "\x00\u2028\"", "K.9_", "\\", int64(0))
	f.Fuzz(func(t *testing.T, typ, actor, key, value string, ms int64) {
		l := ledger.Leaf{
			V: 1, Type: typ, Actor: actor, At: time.UnixMilli(ms).UTC(),
			Refs: map[string]string{key: value}, Codes: map[string]string{},
			Commit: ledger.Commitment(nil, nil),
		}
		line, err := l.Encode()
		if err != nil {
			return
		}
		back, err := ledger.ParseLeaf(line)
		if err != nil || !reflect.DeepEqual(back, l) {
			t.Errorf("got %+v, %v, want %+v", back, err, l)
		}
	})
}

// Known answers: SHA-256 of nothing, and of "abc" in two parts (FIPS 180-4).
func TestCommitment(t *testing.T) {
	tests := []struct{ salt, opening, want string }{
		{"", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"a", "bc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	}
	for _, tt := range tests {
		if got := ledger.Commitment([]byte(tt.salt), []byte(tt.opening)); got != tt.want {
			t.Errorf("got %s for %q and %q, want %s", got, tt.salt, tt.opening, tt.want)
		}
	}
}

func TestNewSalt(t *testing.T) {
	a, b := ledger.NewSalt(), ledger.NewSalt()
	if len(a) != ledger.SaltBytes || bytes.Equal(a, b) {
		t.Errorf("got salts %x and %x, want two different ones of %d bytes", a, b, ledger.SaltBytes)
	}
}
