package relation

import (
	"context"
	"io/fs"
	"maps"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// known is what a transaction has read together. A key that is in a map was
// read, and is kept as the transaction changes it; its value may be "none".
type known struct {
	rows          map[string]*evidence.Row
	matches       map[string]*evidence.Match        // by row
	confirmations map[string]*evidence.Confirmation // by row
	matched       map[signature.Hash]map[string]bool
	missing       map[signature.Hash]bool                    // documents that are not there
	signed        map[signature.Hash]map[signature.Hash]bool // by fingerprint: documents whose newest verdict has it
}

// learn keeps what is known in step with an event. Whatever changes more than
// it can follow makes it forget.
func (t *Tx) learn(event evidence.Event) {
	k := t.known
	if k == nil {
		return
	}
	switch e := event.(type) {
	case evidence.DocumentReceived:
		delete(k.missing, e.SHA256)
	case evidence.VerdictReached:
		t.learnVerdict(e)
	case evidence.Matched:
		t.learnMatch(e.Match.Row, &e.Match)
	case evidence.Unmatched:
		t.learnMatch(e.Match.Row, nil)
	case evidence.Confirmed:
		delete(k.confirmations, e.Confirmation.Row)
	case evidence.RowAdded, evidence.RowCorrected, evidence.RowWithdrawn, evidence.RowExcluded:
		t.known = nil
	}
}

func (t *Tx) learnVerdict(e evidence.VerdictReached) {
	for _, documents := range t.known.signed {
		delete(documents, e.Document)
	}
	for _, s := range e.Verdict.Signatures {
		if documents, ok := t.known.signed[s.Fingerprint]; ok {
			documents[e.Document] = true
		}
	}
}

func (t *Tx) learnMatch(row string, m *evidence.Match) {
	for _, rows := range t.known.matched {
		delete(rows, row)
	}
	if _, ok := t.known.matches[row]; ok {
		t.known.matches[row] = m
	}
	if m == nil {
		return
	}
	if rows, ok := t.known.matched[m.Document]; ok {
		rows[row] = true
	}
}

// Row implements evidence.Reader.
func (t *Tx) Row(ctx context.Context, id string) (evidence.Row, error) {
	if t.known != nil {
		if row, ok := t.known.rows[id]; ok && row != nil {
			return *row, nil
		}
	}
	return t.Reader.Row(ctx, id)
}

// MatchOf implements evidence.Reader.
func (t *Tx) MatchOf(ctx context.Context, row string) (evidence.Match, error) {
	if t.known != nil {
		if m, ok := t.known.matches[row]; ok && m != nil {
			return *m, nil
		} else if ok {
			return evidence.Match{}, missing(fs.ErrNotExist, "match of row %s", row)
		}
	}
	return t.Reader.MatchOf(ctx, row)
}

// ConfirmationOf implements evidence.Reader.
func (t *Tx) ConfirmationOf(ctx context.Context, row string) (evidence.Confirmation, error) {
	if t.known != nil {
		if c, ok := t.known.confirmations[row]; ok && c != nil {
			return *c, nil
		} else if ok {
			return evidence.Confirmation{}, missing(fs.ErrNotExist, "confirmation of row %s", row)
		}
	}
	return t.Reader.ConfirmationOf(ctx, row)
}

// MatchedRows implements evidence.Reader.
func (t *Tx) MatchedRows(ctx context.Context, sha signature.Hash) ([]string, error) {
	if t.known != nil {
		if rows, ok := t.known.matched[sha]; ok {
			return slices.Sorted(maps.Keys(rows)), nil
		}
	}
	return t.Reader.MatchedRows(ctx, sha)
}

// RowsSigned implements evidence.Reader.
func (t *Tx) RowsSigned(ctx context.Context, fingerprint signature.Hash) ([]string, error) {
	if t.known == nil {
		return t.Reader.RowsSigned(ctx, fingerprint)
	}
	documents, ok := t.known.signed[fingerprint]
	if !ok {
		return t.Reader.RowsSigned(ctx, fingerprint)
	}
	rows := map[string]bool{}
	for d := range documents {
		if t.known.matched[d] == nil { // of neither the group nor those found
			return t.Reader.RowsSigned(ctx, fingerprint)
		}
		maps.Copy(rows, t.known.matched[d])
	}
	return slices.Sorted(maps.Keys(rows)), nil
}

// Document implements evidence.Reader.
func (t *Tx) Document(ctx context.Context, sha signature.Hash) (evidence.Document, error) {
	if t.known != nil && t.known.missing[sha] {
		return evidence.Document{}, missing(fs.ErrNotExist, "document %s", sha)
	}
	return t.Reader.Document(ctx, sha)
}
