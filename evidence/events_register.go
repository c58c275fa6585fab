package evidence

import (
	"encoding/json"
	"errors"
	"fmt"

	"minhchung/ledger"
)

var (
	_ Event = RegisterImported{}
	_ Event = RowAdded{}
	_ Event = RowCorrected{}
	_ Event = RowWithdrawn{}
	_ Event = RowExcluded{}
	_ Event = StateChanged{}
)

// Draft implements Event: a "register" leaf. Its rows have leaves of their
// own and are left out here.
func (e RegisterImported) Draft() (ledger.Draft, error) {
	r := e.Register
	r.Rows = nil
	return draft(LeafRegister, r, map[string]string{"sha256": r.SHA256.String()}, map[string]string{
		codeSize: decimal(r.Size), "secret": decimal(r.SecretRows), "findings": decimal(len(r.Findings))})
}

// Records implements Event, in tables "register" and "digest".
func (e RegisterImported) Records(index int64) []Record {
	r := e.Register
	return []Record{digestRecord(LeafRegister, r.SHA256, index),
		{Table: "register", Key: fmt.Sprintf("%012d", index), Values: map[string]any{
			"sha256": r.SHA256.String(), "size": r.Size, "name": r.Name, "secret_rows": int64(r.SecretRows),
			"findings": int64(len(r.Findings)), "entry": index}}}
}

// Draft implements Event: a "row" leaf.
func (e RowAdded) Draft() (ledger.Draft, error) { return rowDraft(LeafRow, e.Row) }

// Records implements Event, in table "row".
func (e RowAdded) Records(index int64) []Record { return rowRecords(e.Row, index) }

// Draft implements Event: a "row-correction" leaf.
func (e RowCorrected) Draft() (ledger.Draft, error) { return rowDraft(LeafRowCorrection, e.Row) }

// Records implements Event, in table "row".
func (e RowCorrected) Records(index int64) []Record { return rowRecords(e.Row, index) }

// Draft implements Event: a "row-withdrawal" leaf.
func (e RowWithdrawn) Draft() (ledger.Draft, error) {
	if !e.Row.Withdrawn {
		return ledger.Draft{}, fmt.Errorf("row %s is not marked as withdrawn", e.Row.ID)
	}
	return rowDraft(LeafRowWithdrawal, e.Row)
}

// Records implements Event, in table "row".
func (e RowWithdrawn) Records(index int64) []Record { return rowRecords(e.Row, index) }

// Draft implements Event: an "exclusion" leaf. Reason and approver stand in
// the opening. A row without exclusion takes an older one back.
func (e RowExcluded) Draft() (ledger.Draft, error) { return rowDraft(LeafExclusion, e.Row) }

// Records implements Event, in table "row".
func (e RowExcluded) Records(index int64) []Record { return rowRecords(e.Row, index) }

func rowDraft(leafType string, r Row) (ledger.Draft, error) {
	if r.ID == "" {
		return ledger.Draft{}, errors.New("a row needs an id")
	}
	codes := map[string]string{codeKind: string(r.Kind), "withdrawn": decimal(boolean(r.Withdrawn))}
	if r.Exclusion != nil {
		codes["exclusion"] = r.Exclusion.Code
	}
	return draft(leafType, r, map[string]string{"row": r.ID}, codes)
}

func rowRecords(r Row, index int64) []Record {
	var x Exclusion
	if r.Exclusion != nil {
		x = *r.Exclusion
	}
	return []Record{{Table: "row", Key: r.ID, Values: map[string]any{
		"series": r.Series, "number": r.Number, "notation": r.Notation, "date": string(r.Date),
		"type": r.Type, "subject": r.Subject, "kind": string(r.Kind), "file": r.File,
		"excluded": boolean(r.Exclusion != nil), "exclusion": x.Code, "reason": x.Reason, "approver": x.Approver,
		"sent_at": r.SentAt, "channel": r.Channel, "receipt": r.Receipt, "line": int64(r.Line),
		"withdrawn": boolean(r.Withdrawn), "entry": index}}}
}

// Draft implements Event: a "rowstate" leaf.
func (e StateChanged) Draft() (ledger.Draft, error) {
	s := e.State
	if s.Row == "" {
		return ledger.Draft{}, errors.New("a row state needs a row")
	}
	codes := map[string]string{"rule": s.Rule, "state": string(s.State), "code": s.Code, "grade": s.Grade}
	return draft(LeafRowState, s, map[string]string{"row": s.Row}, codes)
}

// Records implements Event, in table "rowstate": the last one of a row and a
// rule wins.
func (e StateChanged) Records(index int64) []Record {
	s := e.State
	return []Record{{Table: "rowstate", Key: s.Rule + " " + s.Row, Values: map[string]any{
		"row": s.Row, "rule": s.Rule, "state": string(s.State), "code": s.Code, "grade": s.Grade,
		"reasons": codeList(s.Reasons), "entry": index}}}
}

// codeList writes codes as a JSON array; no codes are "[]".
func codeList(codes []string) string {
	if len(codes) == 0 {
		return "[]"
	}
	b, err := json.Marshal(codes)
	if err != nil {
		panic(fmt.Sprintf("strings %q are not JSON: %v", codes, err))
	}
	return string(b)
}
