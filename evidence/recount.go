package evidence

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"minhchung/evidence/signature"
)

// judged is what a rule needs of a document.
type judged struct {
	facts    signature.Facts
	verdict  signature.Verdict
	received time.Time
}

// readJudged returns a document's facts and verdict, from fresh when the
// running transaction wrote them: their leaves have no bytes yet.
func readJudged(ctx context.Context, r Reader, sha signature.Hash, fresh map[signature.Hash]judged) (judged, error) {
	if j, ok := fresh[sha]; ok {
		return j, nil
	}
	verdict, doc, err := ReadVerdict(ctx, r, sha)
	if err != nil {
		return judged{}, err
	}
	facts, err := ReadFacts(ctx, r, doc)
	if err != nil {
		return judged{}, err
	}
	at, err := leafTime(ctx, r, doc.Entry)
	return judged{facts, verdict, at}, err
}

// recountGroup is how many rows are read together.
const recountGroup = 512

// recount writes the new state of every touched row whose state changed,
// under each rule of the basis. With fresh documents, what the rows need was
// read with these.
func (in *Intake) recount(ctx context.Context, tx Tx, fresh map[signature.Hash]judged, touched map[string]bool) error {
	var events []Event
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(touched)), recountGroup) {
		if fresh == nil {
			if err := in.prefetch(ctx, tx, Keys{Rows: ids}); err != nil {
				return err
			}
		}
		for _, id := range ids {
			changed, err := in.changedStates(ctx, tx, id, fresh)
			if err != nil {
				return err
			}
			events = append(events, changed...)
		}
	}
	if len(events) == 0 {
		return nil
	}
	_, err := tx.Append(ctx, events...)
	return err
}

// changedStates are the events of one row's new states.
func (in *Intake) changedStates(ctx context.Context, tx Tx, id string, fresh map[signature.Hash]judged) (events []Event, err error) {
	e, err := gather(ctx, tx, id, fresh)
	if err != nil {
		return nil, err
	}
	for _, rule := range in.Basis.Rules {
		state := rule.State(e)
		old, err := tx.StateOf(ctx, rule.ID(), id)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || !sameState(old, state) {
			events = append(events, StateChanged{State: state})
		}
	}
	return events, nil
}

func sameState(a, b RowState) bool {
	return a.State == b.State && a.Code == b.Code && a.Grade == b.Grade && slices.Equal(a.Reasons, b.Reasons)
}

// Gather collects what a rule sees of a row.
func Gather(ctx context.Context, r Reader, id string) (RowEvidence, error) {
	return gather(ctx, r, id, nil)
}

func gather(ctx context.Context, r Reader, id string, fresh map[signature.Hash]judged) (RowEvidence, error) {
	row, err := r.Row(ctx, id)
	if err != nil {
		return RowEvidence{}, err
	}
	e := RowEvidence{Row: row}
	match, err := r.MatchOf(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	j, err := readJudged(ctx, r, match.Document, fresh)
	if err != nil {
		return e, err
	}
	e.Facts, e.Verdict, e.Received = &j.facts, &j.verdict, j.received
	if e.Confirmed, err = confirmed(ctx, r, row, match.Document); err != nil {
		return e, err
	}
	e.Duplicate, err = duplicate(ctx, r, id, j.verdict)
	return e, err
}

// confirmed reports whether the file was found to be the row's document as the
// row is now.
func confirmed(ctx context.Context, r Reader, row Row, document signature.Hash) (bool, error) {
	c, err := r.ConfirmationOf(ctx, row.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && c.About(row, document) && !c.Denied, err
}

// duplicate reports whether a signature of the row's file also stands under
// another row that counts.
func duplicate(ctx context.Context, r Reader, id string, v signature.Verdict) (bool, error) {
	for _, s := range v.Signatures {
		if s.Fingerprint.IsZero() {
			continue
		}
		rows, err := r.RowsSigned(ctx, s.Fingerprint)
		if err != nil {
			return false, err
		}
		for _, other := range rows {
			if other == id {
				continue
			}
			row, err := r.Row(ctx, other)
			if err != nil {
				return false, err
			}
			if !row.Exclusion.Applies() && !row.Withdrawn {
				return true, nil
			}
		}
	}
	return false, nil
}
