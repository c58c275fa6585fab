package storetest

import (
	"context"
	"fmt"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Province opens the books of a period for units of a made-up province, each
// with a register and its documents, whose states under the rule "nd30" are
// claimed: no file is behind them. Unit n, from 1, is "xa-" and three digits.
// The same arguments give the same books.
func Province(ctx context.Context, s evidence.Store, period evidence.Period, units, rows int) error {
	scope := evidence.Scope{All: true, Actor: "test"}
	for n := 1; n <= units; n++ {
		b := evidence.BookID{Unit: evidence.UnitID(fmt.Sprintf("xa-%03d", n)), Period: period}
		_, err := s.Update(ctx, scope, evidence.RootBook, func(tx evidence.Tx) error {
			_, err := tx.Append(ctx, evidence.UnitAdded{Unit: evidence.Unit{ID: b.Unit, Name: fmt.Sprintf("UBND xã Thử %d", n)}})
			return err
		})
		if err != nil {
			return err
		}
		_, err = s.Update(ctx, scope, b, func(tx evidence.Tx) error {
			if _, err := tx.Append(ctx, evidence.Opened{Book: b}); err != nil {
				return err
			}
			return addCommune(ctx, tx, n, rows)
		})
		if err != nil {
			return fmt.Errorf("book %s: %w", b, err)
		}
	}
	return nil
}

// addCommune appends the nth register with its documents, and as many files
// without a row as its number leaves when it is divided by five.
func addCommune(ctx context.Context, tx evidence.Tx, n, rows int) error {
	register := evidence.Register{SHA256: signature.HashOf(fmt.Appendf(nil, "register %d", n)), Name: "so.csv"}
	for i := range n % 4 {
		register.Findings = append(register.Findings, evidence.Finding{Code: "gap", Line: i + 2, Detail: fmt.Sprint(i + 1)})
	}
	if _, err := tx.Append(ctx, evidence.RegisterImported{Register: register}); err != nil {
		return err
	}
	for i := 1; i <= rows; i++ {
		row := evidence.Row{ID: fmt.Sprintf("%d/BC-UBND", i), Number: fmt.Sprint(i), Notation: "BC-UBND",
			Date: evidence.Date(fmt.Sprintf("2022-%02d-%02d", 1+i%12, 1+i%28)), Subject: fmt.Sprintf("Báo cáo số %d", i), Kind: evidence.Original, Line: i + 1}
		state := evidence.RowState{Row: row.ID, Rule: "nd30", State: evidence.Proven, Grade: "B"}
		switch {
		case i%83 == 0:
			row.Exclusion = &evidence.Exclusion{Code: "void", Reason: "ghi nhầm", Approver: "Nguyễn Văn Thử"}
			state.State, state.Code, state.Grade = evidence.Excluded, "void", ""
		case i%(5+n%50) == 0:
			state.State, state.Code, state.Grade = evidence.Disproven, "no-file", ""
		case i%97 == 0:
			state.State, state.Code, state.Grade = evidence.Undetermined, "content-unconfirmed", ""
		}
		events := []evidence.Event{evidence.RowAdded{Row: row}}
		if state.Code == "" || state.Code == "content-unconfirmed" {
			events = append(events, arrived(n, i, row.ID)...)
		}
		if _, err := tx.Append(ctx, append(events, evidence.StateChanged{State: state})...); err != nil {
			return err
		}
	}
	for i := range n % 5 {
		if _, err := tx.Append(ctx, arrived(n, -1-i, "")...); err != nil {
			return err
		}
	}
	return nil
}

// arrived is what a store is told of the ith document of the nth commune.
func arrived(n, i int, row string) []evidence.Event {
	sha := signature.HashOf(fmt.Appendf(nil, "document %d of %d", i, n))
	verdict := signature.Verdict{Result: signature.ResultIntact, Signatures: make([]signature.SignatureVerdict, 2)}
	for k := range verdict.Signatures {
		verdict.Signatures[k].Fingerprint = signature.HashOf(fmt.Append(sha[:], k))
	}
	events := []evidence.Event{
		evidence.DocumentReceived{SHA256: sha, Size: 50_000, Name: fmt.Sprintf("%d.pdf", i)},
		evidence.FactsRead{Facts: signature.Facts{Reader: "test/1", SHA256: sha, Format: "pdf", Condition: signature.Readable, Signatures: make([]signature.SignatureFacts, 2)}},
		evidence.VerdictReached{Document: sha, Verdict: verdict},
	}
	if row != "" {
		events = append(events, evidence.Matched{Match: evidence.Match{Row: row, Document: sha, By: "name"}})
	}
	return events
}
