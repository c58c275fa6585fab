package meili

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	client "github.com/meilisearch/meilisearch-go"

	"minhchung/evidence"
	"minhchung/search"
)

// Fields of the server's documents besides the terms and facets.
const (
	idField      = "id"      // primary key
	kindField    = "kind"    // page, cursor or version
	pageField    = "page"    // the page as JSON, not indexed
	dateField    = "date"    // for sorting; absent without a date
	orderField   = "order"   // the page's ID, so written that sorting keeps its order
	prefixField  = "prefix"  // beginnings of folded tokens
	cursorField  = "cursor"  // of a book, not indexed
	versionField = "version" // rules, not indexed

	kindPage, kindCursor, kindVersion = "page", "cursor", "version"

	versionID = "version" // page IDs hold "_"
)

// rules names what an index was made by: the terms, and the settings below.
var rules = search.Version + "-2"

const (
	// cutoff is the time after which the server leaves off sorting and answers
	// as if it had sorted, 1.5 s unless set. Pieces of an answer would then
	// not fit together; the context of a search ends it, never this.
	cutoff = time.Hour
	// maxCounted are the values of a facet that the server counts. Of equally
	// frequent ones it keeps the last, so search.MaxFacetValues are chosen here.
	maxCounted = 5000
)

// settings of an index. Full-text search is not used, so one attribute that no
// document has is searchable: an empty list would mean all.
func settings() *client.Settings {
	byCount := map[string]client.SortFacetType{"*": client.SortFacetTypeCount}
	off := "disabled"
	return &client.Settings{
		RankingRules:         []string{"sort"},
		SearchableAttributes: []string{"nothing"},
		DisplayedAttributes:  []string{idField, pageField, cursorField, versionField},
		SortableAttributes:   []string{dateField, orderField},
		TypoTolerance:        &client.TypoTolerance{MinWordSizeForTypos: client.MinWordSizeForTypos{OneTypo: 5, TwoTypos: 9}},
		Pagination:           &client.Pagination{MaxTotalHits: search.MaxHits},
		Faceting:             &client.Faceting{MaxValuesPerFacet: maxCounted, SortFacetValuesBy: byCount},
		SearchCutoffMs:       cutoff.Milliseconds(),
		ProximityPrecision:   client.ByAttribute,
		PrefixSearch:         &off,
	}
}

// filterable lists the attributes that filters use: by equality only, which is
// the least the server has to keep for them.
func filterable() []any {
	names := []string{kindField, prefixField}
	for _, f := range search.TermFields() {
		names = append(names, attribute(f))
	}
	for _, f := range search.Facets() {
		names = append(names, attribute(search.Field(f)))
	}
	return []any{client.AttributeRule{
		AttributePatterns: names,
		Features:          client.AttributeFeatures{Filter: client.FilterFeatures{Equality: true}},
	}}
}

// attribute names a term field or facet on the server.
func attribute(f search.Field) string { return "f_" + string(f) }

// newDocument returns a page as a document of the server.
func newDocument(p search.Page) (map[string]any, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	id := p.ID()
	d := map[string]any{idField: id, kindField: kindPage, orderField: ordered(id), pageField: string(raw)}
	if p.Date != "" {
		d[dateField] = string(p.Date)
	}
	terms := search.Terms(p)
	for field, values := range terms {
		d[attribute(field)] = encodeAll(values)
	}
	d[prefixField] = prefixes(terms[search.FieldSyllable])
	for _, facet := range search.Facets() {
		if values := facet.Values(p); len(values) > 0 {
			d[attribute(search.Field(facet))] = encodeAll(values)
		}
	}
	return d, nil
}

// maxPrefix bounds the beginnings that are indexed, in bytes of the encoded
// token; a longer one in a query is cut, and finds a little more.
const maxPrefix = 24

func prefixes(tokens []string) []string {
	var out []string
	for _, token := range tokens {
		code := encode(token)
		for n := 1; n <= min(len(code), maxPrefix); n++ {
			out = append(out, code[:n])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// cursor is how far the index follows a book.
type cursor struct {
	Book evidence.BookID `json:"book"`
	Size int64           `json:"size"`
}

func newCursor(book evidence.BookID, size int64) map[string]any {
	name := sha256.Sum256([]byte(strconv.Quote(string(book.Unit)) + strconv.Quote(string(book.Period))))
	return map[string]any{
		idField: fmt.Sprintf("cursor-%x", name[:16]), kindField: kindCursor, cursorField: cursor{book, size},
	}
}

// ordered writes an ID so that the server, which sorts without regard to case,
// keeps the order of its bytes.
func ordered(id string) string { return hex.EncodeToString([]byte(id)) }

// maxValue bounds an encoded value in bytes: the server keeps at most 468 of a
// filterable value.
const maxValue = 400

// encode writes a value in lower-case letters, digits, "-" and "_"; other bytes
// are a "." and two hex digits. The server compares values decomposed, in lower
// case, without spaces around; it leaves these alone, so that
// "Báo cáo" and "báo cáo" stay two. What is too long ends in a hash.
func encode(value string) string {
	var b strings.Builder
	kept := 0 // bytes of whole characters that leave room for a hash
	for i := 0; i < len(value); i++ {
		if b.Len() <= maxValue-40 && utf8.RuneStart(value[i]) {
			kept = b.Len()
		}
		if c := value[i]; c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, ".%02x", c)
		}
		if b.Len() > maxValue {
			sum := sha256.Sum256([]byte(value))
			return fmt.Sprintf("%s~%x", b.String()[:kept], sum[:16])
		}
	}
	return b.String()
}

func encodeAll(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = encode(v)
	}
	return out
}

// decode is the inverse of encode; of what was too long, the beginning.
func decode(code string) string {
	if at := strings.IndexByte(code, '~'); at >= 0 {
		return decode(code[:at]) + "…"
	}
	var out []byte
	for i := 0; i < len(code); i++ {
		if code[i] == '.' && i+2 < len(code) {
			if c, err := hex.DecodeString(code[i+1 : i+3]); err == nil {
				out = append(out, c[0])
				i += 2
				continue
			}
		}
		out = append(out, code[i])
	}
	return string(out)
}
