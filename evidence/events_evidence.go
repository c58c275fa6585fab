package evidence

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

var (
	_ Event = SchemeUsed{}
	_ Event = Attached{}
	_ Event = Detached{}
	_ Event = Explained{}
)

// SchemeUsed keeps the exact bytes of the scoring scheme (bộ chỉ số) whose
// criteria a book answers; the newest one is in force. Table "scheme".
type SchemeUsed struct {
	SHA256    signature.Hash
	ID        string
	Canonical []byte
}

// Attachment hangs a document of the book on a criterion that it proves
// (tài liệu kiểm chứng). There is one for each criterion and document; a newer
// leaf of the same two replaces pages and note.
type Attachment struct {
	Criterion string         `json:"criterion"` // see ValidCriterion
	Document  signature.Hash `json:"document"`
	Scheme    signature.Hash `json:"scheme"`          // that the criterion is of
	Pages     string         `json:"pages,omitempty"` // as Pages.String writes them; "" for all
	Note      string         `json:"note,omitempty"`  // at most MaxNoteBytes
	Entry     int64          `json:"entry"`           // of its newest leaf; not part of it
}

// Explanation says why evidence for a criterion is missing or incomplete
// (giải trình). The newest one counts, older ones stay.
type Explanation struct {
	Criterion string         `json:"criterion"`
	Scheme    signature.Hash `json:"scheme"`
	Text      string         `json:"text,omitempty"` // at most MaxExplanationBytes
	// Document is the explanation as a file of the book; zero for none.
	Document signature.Hash `json:"document,omitzero"`
	// Withdrawn takes back what was said before and says nothing.
	Withdrawn bool  `json:"withdrawn,omitempty"`
	Entry     int64 `json:"entry"` // of its leaf; not part of it
}

// Attached and Detached hang a document on a criterion, or take it off again;
// both are "attachment" leaves. Table "attachment".
type (
	Attached struct{ Attachment Attachment }
	Detached struct{ Attachment Attachment }
)

// Explained gives or withdraws an explanation. Table "explanation".
type Explained struct{ Explanation Explanation }

// Bounds of what people write.
const (
	MaxNoteBytes        = 2_000
	MaxExplanationBytes = 20_000
	maxCriterionBytes   = 32
)

// ValidCriterion reports whether id may name a criterion: 1 to 32 of a-z, 0-9,
// '.' and '-'. It stands open in leaves.
func ValidCriterion(id string) bool {
	return id != "" && len(id) <= maxCriterionBytes && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// Draft implements Event: a "scheme" leaf. The opening is the scheme's own
// bytes.
func (e SchemeUsed) Draft() (ledger.Draft, error) {
	return canonicalDraft(LeafScheme, e.SHA256, e.ID, e.Canonical)
}

// Records implements Event, in tables "digest" and "scheme".
func (e SchemeUsed) Records(index int64) []Record {
	return []Record{digestRecord(LeafScheme, e.SHA256, index), {Table: "scheme", Key: fmt.Sprintf("%012d", index), Values: map[string]any{
		"id": e.ID, "sha256": e.SHA256.String(), "entry": index}}}
}

func decodeScheme(leaf ledger.Leaf, opening []byte) (Event, error) {
	return SchemeUsed{signature.HashOf(opening), leaf.Codes["id"], opening}, nil
}

// attachmentOpening is an Attachment as its leaf has it.
type attachmentOpening struct {
	Criterion string         `json:"criterion"`
	Document  signature.Hash `json:"document"`
	Scheme    signature.Hash `json:"scheme"`
	Pages     string         `json:"pages,omitempty"`
	Note      string         `json:"note,omitempty"`
	Removed   bool           `json:"removed,omitempty"`
}

func attachmentEvent(v attachmentOpening) Event {
	a := Attachment{Criterion: v.Criterion, Document: v.Document, Scheme: v.Scheme, Pages: v.Pages, Note: v.Note}
	if v.Removed {
		return Detached{a}
	}
	return Attached{a}
}

// Validate reports what keeps the link from becoming a leaf.
func (a Attachment) Validate() error {
	pages, err := ParsePages(a.Pages)
	switch {
	case !ValidCriterion(a.Criterion):
		return fmt.Errorf("an attachment cannot name the criterion %q", a.Criterion)
	case a.Document.IsZero():
		return errors.New("an attachment needs a document")
	case err != nil:
		return err
	case pages.String() != a.Pages:
		return fmt.Errorf("the pages %q are written %q", a.Pages, pages)
	case len(a.Note) > MaxNoteBytes || !utf8.ValidString(a.Note):
		return fmt.Errorf("a note is UTF-8 of at most %d bytes", MaxNoteBytes)
	}
	return nil
}

func (a Attachment) draft(removed bool) (ledger.Draft, error) {
	if err := a.Validate(); err != nil {
		return ledger.Draft{}, err
	}
	return draft(LeafAttachment, attachmentOpening{a.Criterion, a.Document, a.Scheme, a.Pages, a.Note, removed},
		map[string]string{"criterion": a.Criterion, "document": a.Document.String(), "scheme": a.Scheme.String()},
		map[string]string{"removed": decimal(boolean(removed))})
}

// key names the link in table "attachment".
func (a Attachment) key() string { return a.Criterion + " " + a.Document.String() }

// Draft implements Event: an "attachment" leaf whose code "removed" is 0.
// Pages and note stand in the opening.
func (e Attached) Draft() (ledger.Draft, error) { return e.Attachment.draft(false) }

// Records implements Event, in table "attachment".
func (e Attached) Records(index int64) []Record {
	a := e.Attachment
	return []Record{{Table: "attachment", Key: a.key(), Values: map[string]any{
		"criterion": a.Criterion, "document": a.Document.String(), "scheme": a.Scheme.String(),
		"pages": a.Pages, "note": a.Note, "entry": index}}}
}

// Draft implements Event: an "attachment" leaf whose code "removed" is 1. The
// note says why.
func (e Detached) Draft() (ledger.Draft, error) { return e.Attachment.draft(true) }

// Records implements Event: the link leaves table "attachment".
func (e Detached) Records(int64) []Record {
	return []Record{{Table: "attachment", Key: e.Attachment.key(), Delete: true}}
}

// explanationOpening is an Explanation as its leaf has it.
type explanationOpening struct {
	Criterion string         `json:"criterion"`
	Scheme    signature.Hash `json:"scheme"`
	Text      string         `json:"text,omitempty"`
	Document  signature.Hash `json:"document,omitzero"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
}

func (v explanationOpening) explanation() Explanation {
	return Explanation{Criterion: v.Criterion, Scheme: v.Scheme, Text: v.Text, Document: v.Document, Withdrawn: v.Withdrawn}
}

// Validate reports what keeps the explanation from becoming a leaf.
func (x Explanation) Validate() error {
	said := x.Text != "" || !x.Document.IsZero()
	switch {
	case !ValidCriterion(x.Criterion):
		return fmt.Errorf("an explanation cannot name the criterion %q", x.Criterion)
	case said == x.Withdrawn:
		return errors.New("an explanation has a text or a document, a withdrawn one has neither")
	case len(x.Text) > MaxExplanationBytes || !utf8.ValidString(x.Text):
		return fmt.Errorf("an explanation is UTF-8 of at most %d bytes", MaxExplanationBytes)
	}
	return nil
}

// Draft implements Event: an "explanation" leaf. The text stands in the
// opening.
func (e Explained) Draft() (ledger.Draft, error) {
	x := e.Explanation
	if err := x.Validate(); err != nil {
		return ledger.Draft{}, err
	}
	refs := map[string]string{"criterion": x.Criterion, "scheme": x.Scheme.String()}
	if !x.Document.IsZero() {
		refs["document"] = x.Document.String()
	}
	return draft(LeafExplanation, explanationOpening{x.Criterion, x.Scheme, x.Text, x.Document, x.Withdrawn}, refs,
		map[string]string{"withdrawn": decimal(boolean(x.Withdrawn))})
}

// Records implements Event, in table "explanation", which keeps them all.
func (e Explained) Records(index int64) []Record {
	x := e.Explanation
	return []Record{{Table: "explanation", Key: fmt.Sprintf("%s %012d", x.Criterion, index), Values: map[string]any{
		"criterion": x.Criterion, "scheme": x.Scheme.String(), "text": x.Text, "document": hexOrNone(x.Document),
		"withdrawn": boolean(x.Withdrawn), "entry": index}}}
}

// InForce returns the newest explanation of each criterion that was not
// withdrawn, from the list of Reader.Explanations.
func InForce(all []Explanation) map[string]Explanation {
	newest := map[string]Explanation{}
	for _, x := range all {
		if x.Withdrawn {
			delete(newest, x.Criterion)
		} else {
			newest[x.Criterion] = x
		}
	}
	return newest
}
