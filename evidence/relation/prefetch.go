package relation

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Far is a Writer whose every read costs a round trip.
type Far interface{ Far() }

// known is what a transaction has read together. A key that is in a map was
// read, and is kept as the transaction changes it; its value may be "none".
type known struct {
	rows    map[string]*evidence.Row
	matches map[string]*evidence.Match // by row
	matched map[signature.Hash]map[string]bool
	missing map[signature.Hash]bool                    // documents that are not there
	signed  map[signature.Hash]map[signature.Hash]bool // by fingerprint: documents whose newest verdict has it
}

// Prefetch implements evidence.Prefetcher.
func (t *Tx) Prefetch(ctx context.Context, keys evidence.Keys) error {
	if _, far := t.writer.(Far); !far {
		return nil
	}
	k := &known{rows: map[string]*evidence.Row{}, matches: map[string]*evidence.Match{}, matched: map[signature.Hash]map[string]bool{},
		missing: map[signature.Hash]bool{}, signed: map[signature.Hash]map[signature.Hash]bool{}}
	for _, step := range []func(context.Context, evidence.Keys, *known) error{t.knowRows, t.knowDocuments, t.knowSigned, t.knowStates} {
		if err := step(ctx, keys, k); err != nil {
			return err
		}
	}
	t.known = k
	return nil
}

// in calls fn for every row of the query, whose "IN" is followed by the keys.
func (t *Tx) in(ctx context.Context, query string, keys []string, fn func(scan Scan) error) error {
	if len(keys) == 0 {
		return nil
	}
	list, args := among(keys)
	return t.conn.Each(ctx, fn, query+list, append([]any{t.key}, args...)...)
}

// among writes " IN (?, …)" for at least one key, and the arguments. Their
// number is filled up to a power of two, so that there are few different
// statements.
func among(keys []string) (list string, args []any) {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	for i := range n {
		args = append(args, keys[min(i, len(keys)-1)])
	}
	return " IN (?" + strings.Repeat(", ?", n-1) + ")", args
}

func (t *Tx) knowRows(ctx context.Context, keys evidence.Keys, k *known) error {
	for _, id := range keys.Rows {
		k.rows[id], k.matches[id] = nil, nil
	}
	ids := slices.Sorted(maps.Keys(k.rows))
	err := t.in(ctx, rowColumns+` AND key`, ids, func(scan Scan) error {
		row, err := scanRow(scan)
		k.rows[row.ID] = &row
		return err
	})
	if err != nil {
		return fmt.Errorf("reading %d rows: %w", len(ids), err)
	}
	return t.in(ctx, matchColumns+` AND key`, ids, func(scan Scan) error {
		m, err := scanMatch(scan)
		k.matches[m.Row] = &m
		return err
	})
}

func hexes(hashes []signature.Hash) []string {
	list := make([]string, len(hashes))
	for i, h := range hashes {
		list[i] = h.String()
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (t *Tx) knowDocuments(ctx context.Context, keys evidence.Keys, k *known) error {
	for _, sha := range keys.Documents {
		k.missing[sha], k.matched[sha] = true, map[string]bool{}
	}
	err := t.in(ctx, `SELECT key FROM "document" WHERE book = ? AND key`, hexes(keys.Documents), func(scan Scan) error {
		var sha signature.Hash
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		err := unhex(&sha, text)
		delete(k.missing, sha)
		return err
	})
	if err != nil {
		return err
	}
	return t.knowMatched(ctx, keys.Documents, k)
}

// knowMatched reads the rows of documents that k.matched has no rows of yet.
func (t *Tx) knowMatched(ctx context.Context, documents []signature.Hash, k *known) error {
	return t.in(ctx, matchColumns+` AND document`, hexes(documents), func(scan Scan) error {
		m, err := scanMatch(scan)
		if err == nil {
			k.matched[m.Document][m.Row] = true
		}
		return err
	})
}

// knowSigned reads the rows of every document that shares a signature with the
// group, so that RowsSigned needs no look.
func (t *Tx) knowSigned(ctx context.Context, keys evidence.Keys, k *known) error {
	for _, f := range keys.Fingerprints {
		k.signed[f] = map[signature.Hash]bool{}
	}
	var others []signature.Hash
	err := t.in(ctx, `SELECT s.fingerprint, s.document FROM "signature" s
		JOIN "verdict" v ON v.book = s.book AND v.key = s.document AND v.entry = s.entry WHERE s.book = ? AND s.fingerprint`,
		hexes(keys.Fingerprints), func(scan Scan) error {
			var fingerprint, document signature.Hash
			var f, d string
			if err := scan(&f, &d); err != nil {
				return err
			}
			if err := unhex(&fingerprint, f); err != nil {
				return err
			}
			err := unhex(&document, d)
			k.signed[fingerprint][document] = true
			if k.matched[document] == nil {
				k.matched[document] = map[string]bool{}
				others = append(others, document)
			}
			return err
		})
	if err != nil {
		return err
	}
	return t.knowMatched(ctx, others, k)
}

func (t *Tx) knowStates(ctx context.Context, keys evidence.Keys, k *known) error {
	for _, rule := range keys.Rules {
		var list []string
		for id := range k.rows {
			list = append(list, rule+" "+id)
			t.tally.states[[2]string{rule, id}] = nil
		}
		slices.Sort(list)
		err := t.in(ctx, stateColumns+`key`, list, func(scan Scan) error {
			s, err := scanState(scan)
			t.tally.states[[2]string{s.Rule, s.Row}] = &s
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
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
