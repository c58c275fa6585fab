package evidence

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

var _ Event = Confirmed{}

// By whom a file was confirmed to be the document of its row.
const (
	ByText   = "text"   // number, notation and date were found in it
	ByPerson = "person" // a named person looked
)

// Confirmation says whether a file is the document that its row names
// (DESIGN.md, "Row states", line 16). A row has one, the newest.
type Confirmation struct {
	Row      string         `json:"row"`
	Document signature.Hash `json:"document"`
	// Number, Notation and Date are what the row said then: when they are
	// corrected later, the file has to be confirmed again.
	Number   string `json:"number"`
	Notation string `json:"notation"`
	Date     Date   `json:"date"`
	By       string `json:"by"`               // ByText or ByPerson
	Person   string `json:"person,omitempty"` // who, ByPerson
	Note     string `json:"note,omitempty"`   // why, at most MaxNoteBytes
	// Denied says that the file is not the row's document; it holds until
	// somebody confirms it.
	Denied bool `json:"denied,omitempty"`
	// Reader read the text, and this is where it says so; ByText only. The
	// places are those of package text, the pages 1-based.
	Reader      string `json:"reader,omitempty"`
	NumberPlace string `json:"numberPlace,omitempty"`
	NumberPage  int    `json:"numberPage,omitempty"`
	DatePlace   string `json:"datePlace,omitempty"`
	DatePage    int    `json:"datePage,omitempty"`
	Entry       int64  `json:"-"` // of its leaf; not part of it
}

// Confirmed confirms or denies. Table "confirm".
type Confirmed struct{ Confirmation Confirmation }

// About reports whether the confirmation speaks of the row as it is now and of
// this file.
func (c Confirmation) About(row Row, document signature.Hash) bool {
	return c.Row == row.ID && c.Document == document &&
		c.Number == row.Number && c.Notation == row.Notation && c.Date == row.Date
}

// Validate reports what keeps the confirmation from becoming a leaf.
func (c Confirmation) Validate() error {
	switch {
	case c.Row == "" || c.Document.IsZero():
		return errors.New("a confirmation needs a row and a document")
	case c.By != ByText && c.By != ByPerson:
		return fmt.Errorf("nobody confirms by %q", c.By)
	case c.By == ByPerson && c.Person == "":
		return errors.New("a person who confirms has a name")
	case c.By == ByText && c.Denied:
		return errors.New("a text never denies: what is not found may be unreadable")
	case len(c.Note) > MaxNoteBytes || len(c.Person) > MaxNoteBytes || !utf8.ValidString(c.Note+c.Person):
		return fmt.Errorf("name and note are UTF-8 of at most %d bytes", MaxNoteBytes)
	}
	return nil
}

// Draft implements Event: a "confirm" leaf. Who and why stand in the opening.
func (e Confirmed) Draft() (ledger.Draft, error) {
	c := e.Confirmation
	if err := c.Validate(); err != nil {
		return ledger.Draft{}, err
	}
	return draft(LeafConfirm, c, map[string]string{"row": c.Row, "document": c.Document.String()},
		map[string]string{"by": c.By, "denied": decimal(boolean(c.Denied))})
}

// Records implements Event, in table "confirm".
func (e Confirmed) Records(index int64) []Record {
	c := e.Confirmation
	return []Record{{Table: "confirm", Key: c.Row, Values: map[string]any{
		"document": c.Document.String(), "number": c.Number, "notation": c.Notation, "date": string(c.Date),
		"by": c.By, "person": c.Person, "note": c.Note, "denied": boolean(c.Denied), "reader": c.Reader,
		"number_place": c.NumberPlace, "number_page": int64(c.NumberPage),
		"date_place": c.DatePlace, "date_page": int64(c.DatePage), "entry": index}}}
}
