package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"minhchung/evidence/signature"
)

// RowChanges are the row events of an import, in the order of the register.
type RowChanges struct {
	Added, Corrected, Withdrawn []Row
}

func (c RowChanges) empty() bool {
	return len(c.Added) == 0 && len(c.Corrected) == 0 && len(c.Withdrawn) == 0
}

// Begin opens the book when it is new and commits the basis, the register and
// its rows with their first states in one transaction. With a register and a
// basis that are there already it changes nothing.
//
// decide gets the rows that the book has in that transaction, so that of two
// imports at the same time the second one sees what the first one did. Its
// error ends Begin with nothing written; it may be called more than once.
func (in *Intake) Begin(ctx context.Context, reg Register, decide func(old []Row) (RowChanges, error)) error {
	if err := in.announce(ctx); err != nil {
		return err
	}
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		old, err := in.open(ctx, tx)
		if err != nil {
			return err
		}
		changes, err := decide(old)
		if err != nil {
			return err
		}
		touched := map[string]bool{}
		if err := in.lay(ctx, tx, touched); err != nil {
			return err
		}
		if err := in.appendRegister(ctx, tx, reg, changes, touched); err != nil {
			return err
		}
		return in.recount(ctx, tx, nil, touched)
	})
	return err
}

// open appends leaf 0 to a book that has none, and returns the rows of one
// that is open.
func (in *Intake) open(ctx context.Context, tx Tx) ([]Row, error) {
	_, err := tx.Head(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = tx.Append(ctx, Opened{Book: in.Book, Origin: in.Origin})
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return tx.Rows(ctx)
}

// announce tells the root book about a new book first: a crash in between
// leaves an announced book that the next run opens.
func (in *Intake) announce(ctx context.Context) error {
	books, err := in.Store.Books(ctx, in.Scope)
	if err != nil || slices.Contains(books, in.Book) {
		return err
	}
	_, err = in.Store.Update(ctx, in.Scope, RootBook, func(tx Tx) error {
		if announced, err := tx.Announced(ctx, in.Book); err != nil || announced {
			return err
		}
		_, err := tx.Append(ctx, Opened{Book: in.Book, Origin: in.Origin})
		return err
	})
	return err
}

// lay writes the leaves of the basis that the book does not have yet, and
// touches every row when a rule is new to it.
func (in *Intake) lay(ctx context.Context, tx Tx, touched map[string]bool) error {
	b := in.Basis
	if err := tx.PutBlobs(ctx, materialBlobs(b.Material)); err != nil {
		return err
	}
	events := []struct {
		leafType string
		sha      signature.Hash
		event    Event
	}{
		{"policy", signature.HashOf(b.PolicyBytes), PolicyUsed{signature.HashOf(b.PolicyBytes), b.Policy.ID, b.PolicyBytes}},
		{"material", b.MaterialHash, MaterialUsed{b.MaterialHash, b.Material}},
	}
	for _, rule := range b.Rules {
		sha := signature.HashOf(rule.Canonical())
		events = append(events, struct {
			leafType string
			sha      signature.Hash
			event    Event
		}{"rule", sha, RuleUsed{sha, rule.ID(), rule.Canonical()}})
	}
	for _, e := range events {
		if has, err := tx.HasLeaf(ctx, e.leafType, e.sha); err != nil || has {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Append(ctx, e.event); err != nil {
			return err
		}
		if e.leafType == "rule" {
			if err := touchAll(ctx, tx, touched); err != nil {
				return err
			}
		}
	}
	return nil
}

func touchAll(ctx context.Context, tx Tx, touched map[string]bool) error {
	rows, err := tx.Rows(ctx)
	for _, row := range rows {
		touched[row.ID] = true
	}
	return err
}

func (in *Intake) appendRegister(ctx context.Context, tx Tx, reg Register, changes RowChanges, touched map[string]bool) error {
	last, err := tx.Register(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && last.SHA256 == reg.SHA256 && changes.empty() {
		return nil
	}
	events := []Event{RegisterImported{Register: reg}}
	for _, row := range changes.Added {
		events, touched[row.ID] = append(events, RowAdded{row}), true
	}
	for _, row := range changes.Corrected {
		events, touched[row.ID] = append(events, RowCorrected{row}), true
	}
	for _, row := range changes.Withdrawn {
		events, touched[row.ID] = append(events, RowWithdrawn{row}), true
	}
	_, err = tx.Append(ctx, events...)
	if err != nil {
		return err
	}
	// A row that left or came back may end or begin a duplicate elsewhere.
	for _, row := range slices.Concat(changes.Corrected, changes.Withdrawn) {
		if err := touchTwins(ctx, tx, row.ID, touched); err != nil {
			return err
		}
	}
	return nil
}

// touchTwins marks the rows that share a signature with this row's document.
func touchTwins(ctx context.Context, tx Tx, id string, touched map[string]bool) error {
	match, err := tx.MatchOf(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return touchSigned(ctx, tx, match.Document, nil, touched)
}

// Exclude takes a row out of the denominator, with its reason and approver.
func (in *Intake) Exclude(ctx context.Context, id string, x Exclusion) error {
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		row, err := tx.Row(ctx, id)
		if err != nil {
			return err
		}
		row.Exclusion = &x
		if _, err := tx.Append(ctx, RowExcluded{row}); err != nil {
			return err
		}
		touched := map[string]bool{id: true}
		if err := touchTwins(ctx, tx, id, touched); err != nil {
			return err
		}
		return in.recount(ctx, tx, nil, touched)
	})
	return err
}

// rejudgeGroup is how many verdicts one transaction replaces.
const rejudgeGroup = 64

// Rejudge reaches a new verdict, from stored facts, on every document whose
// newest one rests on other material or another policy. A verdict that says
// the same as before stays. It returns how many were replaced.
func (in *Intake) Rejudge(ctx context.Context) (int, error) {
	stale, err := in.stale(ctx)
	if err != nil {
		return 0, err
	}
	judger := signature.NewJudger(in.Basis.Material, in.Basis.Policy)
	replaced := 0
	for group := range slices.Chunk(stale, rejudgeGroup) {
		n, err := in.rejudge(ctx, judger, group)
		replaced += n
		if err != nil {
			return replaced, err
		}
	}
	return replaced, nil
}

func (in *Intake) stale(ctx context.Context) (stale []signature.Hash, err error) {
	policy := signature.HashOf(in.Basis.PolicyBytes)
	err = in.Store.View(ctx, in.Scope, in.Book, func(r Reader) error {
		docs, err := r.Documents(ctx)
		for _, d := range docs {
			if d.Material != in.Basis.MaterialHash || d.Policy != policy {
				stale = append(stale, d.SHA256)
			}
		}
		return err
	})
	return stale, err
}

func (in *Intake) rejudge(ctx context.Context, judger *signature.Judger, group []signature.Hash) (replaced int, err error) {
	_, err = in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		replaced = 0
		fresh, touched := map[signature.Hash]judged{}, map[string]bool{}
		for _, sha := range group {
			old, err := readJudged(ctx, tx, sha, nil)
			if err != nil {
				return err
			}
			verdict, err := in.judgeAgain(ctx, tx, judger, old)
			if err != nil {
				return fmt.Errorf("judging %s again: %w", sha, err)
			}
			if sameVerdict(old.verdict, verdict) {
				continue
			}
			replaced++
			fresh[sha] = judged{old.facts, verdict, old.received}
			event := VerdictReached{Document: sha, Material: in.Basis.MaterialHash, Policy: signature.HashOf(in.Basis.PolicyBytes), Verdict: verdict}
			if _, err := tx.Append(ctx, event); err != nil {
				return err
			}
			rows, err := tx.MatchedRows(ctx, sha)
			if err != nil {
				return err
			}
			for _, id := range rows {
				touched[id] = true
			}
			if err := touchSigned(ctx, tx, sha, fresh, touched); err != nil {
				return err
			}
		}
		return in.recount(ctx, tx, fresh, touched)
	})
	return replaced, err
}

func (in *Intake) judgeAgain(ctx context.Context, tx Tx, judger *signature.Judger, old judged) (signature.Verdict, error) {
	blobs, err := tx.Blobs(ctx, old.facts.BlobHashes())
	if err != nil {
		return signature.Verdict{}, err
	}
	proofs := []signature.Proof{{At: old.received, Source: "ledger"}}
	return judger.Judge(old.facts.Attach(blobs), proofs, in.Now().UTC()), nil
}

// sameVerdict compares what two verdicts say, not when they were reached: the
// first one was reached moments before its leaf got its time.
func sameVerdict(a, b signature.Verdict) bool {
	return string(timeless(a)) == string(timeless(b))
}

func timeless(v signature.Verdict) []byte {
	v.At = time.Time{}
	v.Signatures = slices.Clone(v.Signatures)
	for i := range v.Signatures {
		if v.Signatures[i].ProvenBy == "ledger" {
			v.Signatures[i].ProvenTime = nil
		}
	}
	return mustJSON(v)
}
