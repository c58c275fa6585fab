package signature_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"minhchung/evidence/signature"
)

// codes returns the values of all constants in verdict.go that people may see.
func codes(t *testing.T) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "verdict.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, s := range gen.Specs {
			v := s.(*ast.ValueSpec)
			kind := ""
			if id, ok := v.Type.(*ast.Ident); ok {
				kind = id.Name
			}
			lit, ok := v.Values[0].(*ast.BasicLit)
			if !ok || kind != "Subindication" && kind != "Indication" && kind != "Result" && !strings.HasPrefix(v.Names[0].Name, "Reason") {
				continue
			}
			code, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, code)
		}
	}
	if len(list) < 45 {
		t.Fatalf("found %d codes in verdict.go, want all", len(list))
	}
	return list
}

// TestSentence: every code has a sentence in both languages, and every one
// that is not good news has a next step.
func TestSentence(t *testing.T) {
	for _, code := range codes(t) {
		var whats []string
		for _, lang := range []string{"vi", "en"} {
			what, next := signature.Sentence(code, lang)
			if what == "" || what == code || !strings.HasSuffix(what, ".") {
				t.Errorf("%s in %s: got %q, want a sentence", code, lang, what)
			}
			good := code == string(signature.TotalPassed) || code == string(signature.ResultIntact)
			if (next == "") != good {
				t.Errorf("%s in %s: next step %q", code, lang, next)
			}
			whats = append(whats, what)
		}
		if whats[0] == whats[1] {
			t.Errorf("%s: the same sentence in both languages", code)
		}
	}
	if what, next := signature.Sentence("nonsense", "en"); what != "nonsense" || next != "" {
		t.Errorf("unknown code: got %q, %q", what, next)
	}
}
