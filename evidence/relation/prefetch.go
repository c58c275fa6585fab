package relation

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// Far is a Writer whose every read costs a round trip.
type Far interface {
	// Lookup answers all lookups in one round trip, one after the other. The
	// functions must not use the Conn.
	Lookup(ctx context.Context, lookups ...Lookup) error
}

// Lookup selects the rows in which one column has one of many values.
type Lookup struct {
	Query string // up to the column, which ends it
	Args  []any
	Keys  []string // each once, in their order
	Each  func(scan Scan) error
}

// Prefetch implements evidence.Prefetcher.
func (t *Tx) Prefetch(ctx context.Context, keys evidence.Keys) error {
	far, ok := t.writer.(Far)
	if !ok {
		return nil
	}
	k := &known{rows: map[string]*evidence.Row{}, matches: map[string]*evidence.Match{}, confirmations: map[string]*evidence.Confirmation{},
		matched: map[signature.Hash]map[string]bool{}, missing: map[signature.Hash]bool{}, signed: map[signature.Hash]map[signature.Hash]bool{}}
	var others []signature.Hash
	lookups := slices.Concat(t.knowRows(keys, k), t.knowDocuments(keys, k), t.knowSigned(keys, k, &others), t.knowStates(keys))
	if err := lookUp(ctx, far, lookups); err != nil {
		return err
	}
	if err := lookUp(ctx, far, []Lookup{t.knowMatched(others, k)}); err != nil {
		return err
	}
	t.known = k
	return nil
}

// lookUp leaves out what asks for nothing.
func lookUp(ctx context.Context, far Far, lookups []Lookup) error {
	lookups = slices.DeleteFunc(lookups, func(l Lookup) bool { return len(l.Keys) == 0 })
	if len(lookups) == 0 {
		return nil
	}
	if err := far.Lookup(ctx, lookups...); err != nil {
		return fmt.Errorf("reading together: %w", err)
	}
	return nil
}

func (t *Tx) lookup(query string, keys []string, each func(scan Scan) error) Lookup {
	return Lookup{query, []any{t.key}, keys, each}
}

func (t *Tx) knowRows(keys evidence.Keys, k *known) []Lookup {
	for _, id := range keys.Rows {
		k.rows[id], k.matches[id], k.confirmations[id] = nil, nil, nil
	}
	ids := slices.Sorted(maps.Keys(k.rows))
	return []Lookup{
		t.lookup(rowColumns+` AND key`, ids, func(scan Scan) error {
			row, err := scanRow(scan)
			k.rows[row.ID] = &row
			return err
		}),
		t.lookup(matchColumns+` AND key`, ids, func(scan Scan) error {
			m, err := scanMatch(scan)
			k.matches[m.Row] = &m
			return err
		}),
		t.lookup(confirmColumns+` AND key`, ids, func(scan Scan) error {
			c, err := scanConfirmation(scan)
			k.confirmations[c.Row] = &c
			return err
		}),
	}
}

func hexes(hashes []signature.Hash) []string {
	list := make([]string, len(hashes))
	for i, h := range hashes {
		list[i] = h.String()
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (t *Tx) knowDocuments(keys evidence.Keys, k *known) []Lookup {
	for _, sha := range keys.Documents {
		k.missing[sha], k.matched[sha] = true, map[string]bool{}
	}
	there := t.lookup(`SELECT key FROM "document" WHERE book = ? AND key`, hexes(keys.Documents), func(scan Scan) error {
		var sha signature.Hash
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		err := unhex(&sha, text)
		delete(k.missing, sha)
		return err
	})
	return []Lookup{there, t.knowMatched(keys.Documents, k)}
}

// knowMatched reads the rows of documents that k.matched has no rows of yet.
func (t *Tx) knowMatched(documents []signature.Hash, k *known) Lookup {
	return t.lookup(matchColumns+` AND document`, hexes(documents), func(scan Scan) error {
		m, err := scanMatch(scan)
		if err == nil {
			k.matched[m.Document][m.Row] = true
		}
		return err
	})
}

// knowSigned reads the documents that share a signature with the group. With
// the rows of the others, RowsSigned needs no look.
func (t *Tx) knowSigned(keys evidence.Keys, k *known, others *[]signature.Hash) []Lookup {
	for _, f := range keys.Fingerprints {
		k.signed[f] = map[signature.Hash]bool{}
	}
	return []Lookup{t.lookup(`SELECT s.fingerprint, s.document FROM "signature" s
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
				*others = append(*others, document)
			}
			return err
		})}
}

func (t *Tx) knowStates(keys evidence.Keys) (lookups []Lookup) {
	for _, rule := range keys.Rules {
		list := make([]string, len(keys.Rows))
		for i, id := range keys.Rows {
			list[i] = rule + " " + id
			t.tally.states[[2]string{rule, id}] = nil
		}
		slices.Sort(list)
		lookups = append(lookups, t.lookup(stateColumns+`key`, slices.Compact(list), func(scan Scan) error {
			s, err := scanState(scan)
			t.tally.states[[2]string{s.Rule, s.Row}] = &s
			return err
		}))
	}
	return lookups
}
