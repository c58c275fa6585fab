package meili

import (
	"fmt"
	"strings"

	"minhchung/search"
)

// maxOperands bounds the documents deleted by one filter.
const maxOperands = 200

func term(field search.Field, value string) search.Expr {
	return search.Expr{Op: search.OpTerm, Field: field, Value: value}
}

// onlyPages leaves out cursors and the version.
func onlyPages(e search.Expr) search.Expr {
	return search.Expr{Op: search.OpAll, Parts: []search.Expr{term(kindField, kindPage), e}}
}

// filter writes an expression in the server's filter language. Values are
// encoded, so that none can end its quotes.
func filter(e search.Expr) string {
	var b strings.Builder
	write(&b, e)
	return b.String()
}

// Filters that select every page and none.
const (
	everything = kindField + ` = "` + kindPage + `"`
	nothing    = kindField + ` = "none"`
)

// write recurses as deep as the expression, which search makes.
func write(b *strings.Builder, e search.Expr) {
	switch e.Op {
	case search.OpTerm:
		name := attribute(e.Field)
		if e.Field == kindField {
			name = kindField
		}
		fmt.Fprintf(b, `%s = "%s"`, name, encode(e.Value))
	case search.OpPrefix:
		code := encode(e.Value)
		fmt.Fprintf(b, `%s = "%s"`, prefixField, code[:min(len(code), maxPrefix)])
	case search.OpAll:
		join(b, e.Parts, " AND ", everything)
	case search.OpAny:
		join(b, e.Parts, " OR ", nothing)
	case search.OpNot:
		b.WriteString("NOT (")
		write(b, e.Parts[0])
		b.WriteString(")")
	default:
		panic(fmt.Sprintf("meili: expression with operation %d", e.Op))
	}
}

func join(b *strings.Builder, parts []search.Expr, with, empty string) {
	if len(parts) == 0 {
		b.WriteString(empty)
		return
	}
	b.WriteString("(")
	for i, p := range parts {
		if i > 0 {
			b.WriteString(with)
		}
		write(b, p)
	}
	b.WriteString(")")
}
