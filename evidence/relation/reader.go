package relation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// Units implements evidence.Reader, sorted by id.
func (r *Reader) Units(ctx context.Context) ([]evidence.Unit, error) {
	var units []evidence.Unit
	err := r.conn.Each(ctx, func(scan Scan) error {
		var u evidence.Unit
		if err := scan((*string)(&u.ID), &u.Name, &u.OrganID); err != nil {
			return err
		}
		if r.scope.Allows(evidence.BookID{Unit: u.ID}) {
			units = append(units, u)
		}
		return nil
	}, `SELECT key, name, organ_id FROM "unit" WHERE book = ? ORDER BY key`, RootKey)
	return units, err
}

// Roster implements evidence.Reader, in the order the entries were added.
func (r *Reader) Roster(ctx context.Context, unit evidence.UnitID) ([]evidence.RosterEntry, error) {
	if unit == "" || !r.scope.Allows(evidence.BookID{Unit: unit}) {
		return nil, fmt.Errorf("unit %q: %w", string(unit), fs.ErrNotExist)
	}
	return openings[evidence.RosterEntry](ctx, r, `SELECT entry FROM "roster" WHERE book = ? AND unit = ? ORDER BY entry`, RootKey, string(unit))
}

// Trust implements evidence.Reader, in the order the entries were changed.
func (r *Reader) Trust(ctx context.Context) ([]evidence.TrustEntry, error) {
	return openings[evidence.TrustEntry](ctx, r, `SELECT entry FROM "trust" WHERE book = ? ORDER BY entry`, RootKey)
}

// openings reads the openings of root-book entries that query selects.
func openings[T any](ctx context.Context, r *Reader, query string, args ...any) ([]T, error) {
	var indexes []int64
	err := r.conn.Each(ctx, func(scan Scan) error {
		var i int64
		err := scan(&i)
		indexes = append(indexes, i)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	list := make([]T, len(indexes))
	for n, i := range indexes {
		opening, err := r.opening(ctx, RootKey, i)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(opening, &list[n]); err != nil {
			return nil, fmt.Errorf("opening of entry %d of the root book: %w", i, err)
		}
	}
	return list, nil
}

// Announced implements evidence.Reader.
func (r *Reader) Announced(ctx context.Context, b evidence.BookID) (bool, error) {
	if !r.scope.Allows(b) {
		return false, NotThere(b)
	}
	return r.exists(ctx, `SELECT EXISTS (SELECT 1 FROM "book" WHERE book = ? AND key = ?)`, RootKey, b.String())
}

func (r *Reader) exists(ctx context.Context, query string, args ...any) (bool, error) {
	var yes bool
	err := r.conn.Row(ctx, query, args, &yes)
	return yes, err
}

const rowColumns = `SELECT key, series, number, notation, date, type, subject, kind, file, excluded, exclusion, reason, approver, sent_at, channel, receipt, line, withdrawn FROM "row" WHERE book = ?`

func scanRow(scan Scan) (evidence.Row, error) {
	var row evidence.Row
	var x evidence.Exclusion
	var excluded, withdrawn int64
	err := scan(&row.ID, &row.Series, &row.Number, &row.Notation, (*string)(&row.Date), &row.Type, &row.Subject, (*string)(&row.Kind), &row.File,
		&excluded, &x.Code, &x.Reason, &x.Approver, &row.SentAt, &row.Channel, &row.Receipt, &row.Line, &withdrawn)
	if excluded != 0 {
		row.Exclusion = &x
	}
	row.Withdrawn = withdrawn != 0
	return row, err
}

// Rows implements evidence.Reader.
func (r *Reader) Rows(ctx context.Context) ([]evidence.Row, error) {
	var rows []evidence.Row
	err := r.conn.Each(ctx, func(scan Scan) error {
		row, err := scanRow(scan)
		rows = append(rows, row)
		return err
	}, rowColumns+` ORDER BY line, key`, r.key)
	return rows, err
}

// Row implements evidence.Reader.
func (r *Reader) Row(ctx context.Context, id string) (evidence.Row, error) {
	row, err := scanRow(func(dest ...any) error {
		return r.conn.Row(ctx, rowColumns+` AND key = ?`, []any{r.key, id}, dest...)
	})
	return row, missing(err, "row %s", id)
}

// Register implements evidence.Reader.
func (r *Reader) Register(ctx context.Context) (evidence.Register, error) {
	var index int64
	err := r.conn.Row(ctx, `SELECT entry FROM "register" WHERE book = ? ORDER BY key DESC LIMIT 1`, []any{r.key}, &index)
	if err != nil {
		return evidence.Register{}, missing(err, "register of book %s", r.book)
	}
	opening, err := r.opening(ctx, r.key, index)
	if err != nil {
		return evidence.Register{}, err
	}
	var reg evidence.Register
	if err := json.Unmarshal(opening, &reg); err != nil {
		return evidence.Register{}, fmt.Errorf("opening of entry %d of book %s: %w", index, r.book, err)
	}
	return reg, nil
}

const documentColumns = `SELECT d.key, d.size, d.name, d.entry, coalesce(f.entry, 0), coalesce(v.entry, 0),
	coalesce(v.result, ''), coalesce(v.material, ''), coalesce(v.policy, '')
	FROM "document" d LEFT JOIN "facts" f ON f.book = d.book AND f.key = d.key
	LEFT JOIN "verdict" v ON v.book = d.book AND v.key = d.key WHERE d.book = ?`

func scanDocument(scan Scan) (evidence.Document, error) {
	var d evidence.Document
	var sha, material, policy string
	err := scan(&sha, &d.Size, &d.Name, &d.Entry, &d.FactsEntry, &d.VerdictEntry, (*string)(&d.Result), &material, &policy)
	if err != nil {
		return d, err
	}
	return d, errors.Join(unhex(&d.SHA256, sha), unhex(&d.Material, material), unhex(&d.Policy, policy))
}

// unhex reads a digest; nothing is the zero one. Anything else is
// evidence.ErrRecord.
func unhex(h *signature.Hash, s string) error {
	if s == "" {
		*h = signature.Hash{}
		return nil
	}
	if err := h.UnmarshalText([]byte(s)); err != nil {
		return fmt.Errorf("%w (%w)", evidence.ErrRecord, err)
	}
	return nil
}

// Documents implements evidence.Reader, in the order they were received.
func (r *Reader) Documents(ctx context.Context) ([]evidence.Document, error) {
	var docs []evidence.Document
	err := r.conn.Each(ctx, func(scan Scan) error {
		d, err := scanDocument(scan)
		docs = append(docs, d)
		return err
	}, documentColumns+` ORDER BY d.entry`, r.key)
	return docs, err
}

// Document implements evidence.Reader.
func (r *Reader) Document(ctx context.Context, sha signature.Hash) (evidence.Document, error) {
	d, err := scanDocument(func(dest ...any) error {
		return r.conn.Row(ctx, documentColumns+` AND d.key = ?`, []any{r.key, sha.String()}, dest...)
	})
	return d, missing(err, "document %s", sha)
}

const matchColumns = `SELECT key, document, "by" FROM "match" WHERE book = ?`

func scanMatch(scan Scan) (evidence.Match, error) {
	var m evidence.Match
	var sha string
	if err := scan(&m.Row, &sha, &m.By); err != nil {
		return m, err
	}
	return m, unhex(&m.Document, sha)
}

// Matches implements evidence.Reader, by row id.
func (r *Reader) Matches(ctx context.Context) ([]evidence.Match, error) {
	var matches []evidence.Match
	err := r.conn.Each(ctx, func(scan Scan) error {
		m, err := scanMatch(scan)
		matches = append(matches, m)
		return err
	}, matchColumns+` ORDER BY key`, r.key)
	return matches, err
}

// MatchOf implements evidence.Reader.
func (r *Reader) MatchOf(ctx context.Context, row string) (evidence.Match, error) {
	m, err := scanMatch(func(dest ...any) error {
		return r.conn.Row(ctx, matchColumns+` AND key = ?`, []any{r.key, row}, dest...)
	})
	return m, missing(err, "match of row %s", row)
}

func (r *Reader) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	var list []string
	err := r.conn.Each(ctx, func(scan Scan) error {
		var s string
		err := scan(&s)
		list = append(list, s)
		return err
	}, query, args...)
	return list, err
}

// MatchedRows implements evidence.Reader, sorted.
func (r *Reader) MatchedRows(ctx context.Context, sha signature.Hash) ([]string, error) {
	return r.strings(ctx, `SELECT key FROM "match" WHERE book = ? AND document = ? ORDER BY key`, r.key, sha.String())
}

// RowsSigned implements evidence.Reader, sorted. The zero fingerprint is of
// no signature.
func (r *Reader) RowsSigned(ctx context.Context, fingerprint signature.Hash) ([]string, error) {
	if fingerprint.IsZero() {
		return nil, nil
	}
	// The subquery keeps this order of tables: as a join, and without
	// statistics, SQLite's planner takes book alone for selective and reads
	// the whole of match.
	return r.strings(ctx, `SELECT key FROM "match" WHERE book = ? AND document IN (
		SELECT s.document FROM "signature" s WHERE s.book = ? AND s.fingerprint = ? AND EXISTS (
			SELECT 1 FROM "verdict" v WHERE v.book = s.book AND v.key = s.document AND v.entry = s.entry))
		ORDER BY key`, r.key, r.key, fingerprint.String())
}

// Rules implements evidence.Reader, sorted.
func (r *Reader) Rules(ctx context.Context) ([]string, error) {
	return r.strings(ctx, `SELECT DISTINCT rule FROM "rowstate" WHERE book = ? ORDER BY rule`, r.key)
}

const stateColumns = `SELECT "row", rule, state, code, grade, reasons FROM "rowstate" WHERE book = ? AND `

func scanState(scan Scan) (evidence.RowState, error) {
	var s evidence.RowState
	var reasons string
	if err := scan(&s.Row, &s.Rule, (*string)(&s.State), &s.Code, &s.Grade, &reasons); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(reasons), &s.Reasons)
}

// States implements evidence.Reader, by row id.
func (r *Reader) States(ctx context.Context, rule string) ([]evidence.RowState, error) {
	var states []evidence.RowState
	err := r.conn.Each(ctx, func(scan Scan) error {
		s, err := scanState(scan)
		states = append(states, s)
		return err
	}, stateColumns+`rule = ? ORDER BY "row"`, r.key, rule)
	return states, err
}

// StateOf implements evidence.Reader.
func (r *Reader) StateOf(ctx context.Context, rule, row string) (evidence.RowState, error) {
	s, err := scanState(func(dest ...any) error {
		return r.conn.Row(ctx, stateColumns+`rule = ? AND "row" = ?`, []any{r.key, rule, row}, dest...)
	})
	return s, missing(err, "state of row %s under rule %s", row, rule)
}

// HasLeaf implements evidence.Reader.
func (r *Reader) HasLeaf(ctx context.Context, leafType string, sha signature.Hash) (bool, error) {
	return r.exists(ctx, `SELECT EXISTS (SELECT 1 FROM "digest" WHERE book = ? AND type = ? AND sha256 = ?)`, r.key, leafType, sha.String())
}

// LeafOf implements evidence.Reader.
func (r *Reader) LeafOf(ctx context.Context, leafType string, sha signature.Hash) (ledger.Entry, error) {
	var index int64
	err := r.conn.Row(ctx, `SELECT entry FROM "digest" WHERE book = ? AND type = ? AND sha256 = ? ORDER BY entry LIMIT 1`,
		[]any{r.key, leafType, sha.String()}, &index)
	if err != nil {
		return ledger.Entry{}, missing(err, "%s leaf %s", leafType, sha)
	}
	return r.Entry(ctx, index)
}

// Blobs implements evidence.Reader. DER that no longer has its digest is
// evidence.ErrDamaged.
func (r *Reader) Blobs(ctx context.Context, hashes []signature.Hash) ([]signature.Blob, error) {
	blobs := make([]signature.Blob, len(hashes))
	for i, h := range hashes {
		b := signature.Blob{SHA256: h}
		err := r.conn.Row(ctx, `SELECT der FROM blob WHERE book = ? AND sha256 = ?`, []any{r.key, h[:]}, &b.DER)
		if err != nil {
			return nil, missing(err, "blob %s", h)
		}
		if signature.HashOf(b.DER) != h {
			return nil, fmt.Errorf("blob %s: %w", h, evidence.ErrDamaged)
		}
		blobs[i] = b
	}
	return blobs, nil
}
