package evidence

import (
	"encoding/json"
	"fmt"

	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

// DocumentText is what a reader read of a document. It follows the ledger and
// is no part of it: it can be deleted and read again.
type DocumentText struct {
	Document signature.Hash
	// Reader is name and version of what read it. Text of another reader is
	// read again.
	Reader string
	// OCR says what read the pages that are pictures: "" when there were none,
	// OCRAwaited when nothing was there to read them.
	OCR string
	// Seq orders the texts of a book by when they were kept: a text that is
	// kept again gets a new one. Store.Keep assigns it, from 1.
	Seq int64
	// Content is the JSON of a text.Extraction; empty in the lists of
	// Reader.Texts.
	Content []byte
}

// OCRAwaited in DocumentText.OCR marks pages that nobody could read yet.
const OCRAwaited = "awaited"

// Extraction decodes Content.
func (t DocumentText) Extraction() (text.Extraction, error) {
	var e text.Extraction
	if err := json.Unmarshal(t.Content, &e); err != nil {
		return e, fmt.Errorf("stored text of %s: %w", t.Document, err)
	}
	return e, nil
}

// Kept is a step of followers: what they made of a book, and how far they came.
type Kept struct {
	Texts []DocumentText
	// Places are how far named followers came; what the numbers count is the
	// follower's own business.
	Places map[string]int64
}
