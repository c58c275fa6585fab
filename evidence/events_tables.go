package evidence

import "slices"

// Column is a column of a projected table, beside book and key.
type Column struct {
	Name    string
	Integer bool // int64, else string
}

// columns declares every projected table once; drivers build their statements
// from it, and tests compare it with Records and with each driver's schema.
var columns = map[string][]Column{
	"book":      cols("unit", "period", "origin", "#entry"),
	"unit":      cols("name", "organ_id", "#entry"),
	"roster":    cols("unit", "role", "name", "certificate", "subject", "valid_from", "valid_until", "#entry"),
	"trust":     cols("kind", "domain", "name", "#removed", "#entry"),
	"anchor":    cols("origin", "#size", "root", "#entry"),
	"digest":    cols("type", "sha256", "#entry"),
	"rule":      cols("sha256", "#entry"),
	"register":  cols("sha256", "#size", "name", "#secret_rows", "#findings", "#entry"),
	"row":       cols("series", "number", "notation", "date", "type", "subject", "kind", "file", "#excluded", "exclusion", "reason", "approver", "sent_at", "channel", "receipt", "#line", "#withdrawn", "#entry"),
	"document":  cols("#size", "name", "#entry"),
	"facts":     cols("reader", "format", "condition", "#pages", "#signatures", "#entry"),
	"verdict":   cols("result", "material", "policy", "#signatures", "judged_at", "#entry"),
	"signature": cols("document", "#n", "kind", "indication", "subindication", "fingerprint", "#entry"),
	"match":     cols("document", "by", "#entry"),
	"confirm":   cols("document", "number", "notation", "date", "by", "person", "note", "#denied", "reader", "number_place", "#number_page", "date_place", "#date_page", "#entry"),
	"rowstate":  cols("row", "rule", "state", "code", "grade", "reasons", "#entry"),

	"scheme":      cols("id", "sha256", "#entry"),
	"attachment":  cols("criterion", "document", "scheme", "pages", "note", "#entry"),
	"moved":       cols("step", "place", "#entry"),
	"explanation": cols("criterion", "scheme", "text", "document", "#withdrawn", "#entry"),
}

// cols reads column names; "#" in front means an integer.
func cols(names ...string) []Column {
	list := make([]Column, len(names))
	for i, n := range names {
		if n[0] == '#' {
			list[i] = Column{Name: n[1:], Integer: true}
		} else {
			list[i] = Column{Name: n}
		}
	}
	return list
}

// Tables returns the names of all projected tables, sorted.
func Tables() []string {
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Columns returns the columns of a projected table beside book and key, in
// the order of their declaration; nil for an unknown table.
func Columns(table string) []Column { return slices.Clone(columns[table]) }
