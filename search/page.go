// Package search finds pages of documents: typed with or without marks, in
// clean text and in bad scans, and only in the units a caller may see.
//
// One index document is one page. Vietnamese has few syllables and each is
// frequent, so pages are indexed by bigrams of folded syllables, found by set
// operations, and then verified on the stored text: a hit always shows where
// it was found. What the index knows follows the ledger and can be deleted
// and built again; every answer says which ledger sizes it covers.
package search

import (
	"fmt"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/text/syllable"
)

// Page is one page of a document as it is indexed and stored. A document
// without text has one page with empty Text: it is found by its metadata.
type Page struct {
	Unit     evidence.UnitID `json:"unit"`
	Period   evidence.Period `json:"period"`
	Document signature.Hash  `json:"document"`
	Number   int             `json:"page"` // 1-based
	// Row, Criteria, Type and State are projections of the ledger; a change
	// of theirs is a Put of the page with the same text.
	Row        string         `json:"row,omitempty"`
	Criteria   []string       `json:"criteria,omitempty"`
	Type       string         `json:"type,omitempty"` // TypeName of the row, as written
	State      evidence.State `json:"state,omitempty"`
	TextSource string         `json:"textSource,omitempty"` // "pdf", "ocr-vie", "ocr-eng", "office", "plain", "none"
	Date       evidence.Date  `json:"date,omitempty"`
	// CodeNumber and Notation are the row's, "32" and "BC-UBND" (Decree
	// 30/2020 appendix VI). Pages without a row have none.
	CodeNumber string `json:"codeNumber,omitempty"`
	Notation   string `json:"notation,omitempty"`
	Name       string `json:"name,omitempty"`    // file name as received
	Subject    string `json:"subject,omitempty"` // trích yếu
	Text       string `json:"text,omitempty"`
}

// MaxTokens is the number of tokens of a page that are indexed; the rest of a
// longer page is stored and shown, but not found. Meilisearch keeps 65,536
// positions of an attribute.
const MaxTokens = 60_000

// ID returns the page's key: unit, period, document and page, in the
// alphabet [A-Za-z0-9_-]. It is injective: other bytes of a period are
// written as "_" and two hex digits, and neither a unit, a hash nor a page
// number holds "_".
func (p Page) ID() string {
	return fmt.Sprintf("%s_%s_%s_%d", escape(string(p.Unit)), escape(string(p.Period)), p.Document, p.Number)
}

// DocumentID returns what the IDs of a document's pages begin with, less the
// page number.
func DocumentID(book evidence.BookID, document signature.Hash) string {
	return fmt.Sprintf("%s_%s_%s", escape(string(book.Unit)), escape(string(book.Period)), document)
}

func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// Book returns the ledger book the page belongs to.
func (p Page) Book() evidence.BookID { return evidence.BookID{Unit: p.Unit, Period: p.Period} }

// zone is one text of a page that a phrase can lie in; phrases do not cross
// from one to another.
type zone struct {
	name   string
	text   string
	tokens []syllable.Token
}

// zones returns the page's texts, the body first.
func (p Page) zones() []zone {
	out := []zone{{name: "text", text: p.Text}, {name: "subject", text: p.Subject}, {name: "name", text: p.Name}}
	left := MaxTokens
	for i := range out {
		out[i].tokens = syllable.Split(out[i].text)
		if len(out[i].tokens) > left {
			out[i].tokens = out[i].tokens[:left]
		}
		left -= len(out[i].tokens)
	}
	return out
}
