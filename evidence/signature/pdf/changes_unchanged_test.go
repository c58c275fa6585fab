package pdf

import (
	"testing"

	"minhchung/evidence/signature"
)

// TestBehindUnchanged changes an object that only objects which stay as they
// were lead to.
func TestBehindUnchanged(t *testing.T) {
	font := func(more string) string {
		return "<</Type/Font/Subtype/TrueType/BaseFont/X/FirstChar 32/Encoding/WinAnsiEncoding" + more + ">>"
	}
	var cases []changeCase
	for name, more := range map[string]string{
		"an entry":                 "/Widths 60 0 R",
		"an element":               "/Widths[250 60 0 R 500]",
		"an array in an array":     "/W[36[600 60 0 R]48[500]]",
		"an array in two":          "/W[36[[[60 0 R]]]]",
		"a dictionary in an array": "/W[36[<</X 60 0 R>>]]",
		"a dictionary":             "/FontDescriptor<</Ascent 900/X 60 0 R>>",
		"an object between":        "/FontDescriptor 61 0 R",
		"an object with a cycle":   "/FontDescriptor 62 0 R",
	} {
		base := objects{7: font(more), 60: "500", 61: "<</MissingWidth 60 0 R>>", 62: "[63 0 R 62 0 R]", 63: "<</Back 62 0 R/Kids[[1 60 0 R]]>>"}
		cases = append(cases,
			changeCase{name: name, base: base, revisions: []objects{{60: "900"}}, want: signature.ChangeForbidden, what: signature.WhatResource, detail: "900 instead of 500"},
			changeCase{name: name + ", written again", base: base, revisions: []objects{{60: "500"}}, want: signature.ChangePermitted})
	}
	runAll(t, cases)
}
