package meilitest

import (
	"slices"
	"strings"
	"testing"
)

// TestFilterLanguage guards the double: it must refuse what the server does.
func TestFilterLanguage(t *testing.T) {
	x := &doubleIndex{filterable: map[string]bool{"kind": true, "f": true}, documents: map[string]doubleDocument{}}
	lines, bad := readLines([]byte(`{"id":"1","kind":"page","f":["a","b"]}` + "\n" + `{"id":"2","kind":"page","f":"C"}`))
	if bad != nil {
		t.Fatal(bad)
	}
	if err := x.add(lines); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string][]string{
		`f = "a"`:                                {"1"},
		`f = "a" OR f = "c"`:                     {"1", "2"},
		`NOT f = "a" AND kind = "page"`:          {"2"},
		`NOT (f = "a" AND kind = "page")`:        {"2"},
		`kind = "page" AND (f = "b" OR f = "z")`: {"1"},
		`kind = "none"`:                          nil,
		`f = "z" OR f = "b" AND kind = "page"`:   {"1"},
		`(f = "z" OR f = "b") AND kind = "none"`: nil,
	} {
		if got, err := x.filter(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{`g = "a"`, `f EXISTS`, `f = `, `f ~ "a"`, `(f = "a"`, `f = "a" f = "b"`, `f = "a" OR`, `)`, strings.Repeat("(", 500)} {
		if _, err := x.filter(in); err == nil {
			t.Errorf("%.20s: got no error", in)
		}
	}
}
