package evidence

import (
	"errors"
	"fmt"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

var (
	_ Event = DocumentReceived{}
	_ Event = FactsRead{}
	_ Event = VerdictReached{}
	_ Event = Matched{}
	_ Event = Unmatched{}
)

// documentOpening gives DocumentReceived its JSON names.
type documentOpening struct {
	SHA256 signature.Hash `json:"sha256"`
	Size   int64          `json:"size"`
	Name   string         `json:"name"`
	Absent bool           `json:"absent,omitempty"`
}

// Draft implements Event: a "document" leaf.
func (e DocumentReceived) Draft() (ledger.Draft, error) {
	codes := map[string]string{codeSize: decimal(e.Size)}
	if e.Absent {
		codes["absent"] = "1"
	}
	return draft(LeafDocument, documentOpening(e), map[string]string{"sha256": e.SHA256.String()}, codes)
}

// Records implements Event, in tables "document" and "digest".
func (e DocumentReceived) Records(index int64) []Record {
	return []Record{digestRecord(LeafDocument, e.SHA256, index),
		{Table: "document", Key: e.SHA256.String(), Values: map[string]any{
			"size": e.Size, "name": e.Name, "entry": index}}}
}

// factsOpening gives FactsRead its JSON name.
type factsOpening struct {
	Facts signature.Facts `json:"facts"`
}

// Draft implements Event: a "facts" leaf. Blobs are kept by Tx.PutBlobs and
// left out here.
func (e FactsRead) Draft() (ledger.Draft, error) {
	f, _ := e.Facts.Detach()
	return draft(LeafFacts, factsOpening{f}, map[string]string{"document": f.SHA256.String()}, map[string]string{
		"reader": f.Reader, "format": f.Format, "condition": string(f.Condition),
		"pages": decimal(f.Pages), "signatures": decimal(len(f.Signatures))})
}

// Records implements Event, in table "facts"; the entry's opening has all.
func (e FactsRead) Records(index int64) []Record {
	f := e.Facts
	return []Record{{Table: "facts", Key: f.SHA256.String(), Values: map[string]any{
		"reader": f.Reader, "format": f.Format, "condition": string(f.Condition),
		"pages": int64(f.Pages), "signatures": int64(len(f.Signatures)), "entry": index}}}
}

// verdictOpening gives VerdictReached its JSON names.
type verdictOpening struct {
	Document signature.Hash    `json:"document"`
	Material signature.Hash    `json:"material"`
	Policy   signature.Hash    `json:"policy"`
	Verdict  signature.Verdict `json:"verdict"`
}

// Draft implements Event: a "verdict" leaf with the number of signatures of
// each indication (EN 319 102-1).
func (e VerdictReached) Draft() (ledger.Draft, error) {
	count := map[signature.Indication]int{}
	for _, s := range e.Verdict.Signatures {
		count[s.Indication]++
	}
	return draft(LeafVerdict, verdictOpening(e),
		map[string]string{"document": e.Document.String(), "material": e.Material.String(), "policy": e.Policy.String()},
		map[string]string{"result": string(e.Verdict.Result), "signatures": decimal(len(e.Verdict.Signatures)),
			"passed": decimal(count[signature.TotalPassed]), "indeterminate": decimal(count[signature.Indeterminate]),
			"failed": decimal(count[signature.TotalFailed])})
}

// Records implements Event, in tables "verdict" and "signature". A newer
// verdict with fewer signatures leaves older records of table "signature"
// behind: only those with the verdict's own entry count.
func (e VerdictReached) Records(index int64) []Record {
	v := e.Verdict
	records := make([]Record, 0, 1+len(v.Signatures))
	records = append(records, Record{Table: "verdict", Key: e.Document.String(), Values: map[string]any{
		"result": string(v.Result), "material": e.Material.String(), "policy": e.Policy.String(),
		"signatures": int64(len(v.Signatures)), "judged_at": stamp(v.At), "entry": index}})
	for i, s := range v.Signatures {
		records = append(records, Record{Table: "signature", Key: fmt.Sprintf("%s/%04d", e.Document, i), Values: map[string]any{
			"document": e.Document.String(), "n": int64(i), "kind": string(s.Kind), "indication": string(s.Indication),
			"subindication": string(s.Subindication), "fingerprint": hexOrNone(s.Fingerprint), "entry": index}})
	}
	return records
}

// Draft implements Event: a "match" leaf.
func (e Matched) Draft() (ledger.Draft, error) { return matchDraft(LeafMatch, e.Match) }

// Records implements Event, in table "match": a row has one document.
func (e Matched) Records(index int64) []Record {
	return []Record{{Table: "match", Key: e.Match.Row, Values: map[string]any{
		"document": e.Match.Document.String(), "by": e.Match.By, "entry": index}}}
}

// Draft implements Event: an "unmatch" leaf.
func (e Unmatched) Draft() (ledger.Draft, error) { return matchDraft(LeafUnmatch, e.Match) }

// Records implements Event: it takes the row out of table "match".
func (e Unmatched) Records(int64) []Record {
	return []Record{{Table: "match", Key: e.Match.Row, Delete: true}}
}

func matchDraft(leafType string, m Match) (ledger.Draft, error) {
	if m.Row == "" || m.Document.IsZero() {
		return ledger.Draft{}, errors.New("a match needs a row and a document")
	}
	return draft(leafType, m, map[string]string{"row": m.Row, "document": m.Document.String()},
		map[string]string{"by": m.By})
}
