package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

// Looked counts what ConfirmByText did.
type Looked struct {
	Matched   int // documents without a row that were given one
	Confirmed int // rows whose file was found to be their document
}

// confirmGroup is how many rows one transaction confirms.
const confirmGroup = 64

// ConfirmByText looks into the kept texts: a matched document is confirmed when
// it has number, notation and date of its row as its own; one that is not, or
// has no row, is matched to the one row whose document it is. What stands in a
// document counts more than the name of its file, and a person's word more
// than both. Running it again changes nothing until texts, rows or matches
// change.
func (in *Intake) ConfirmByText(ctx context.Context) (Looked, error) {
	var done Looked
	var work []finding
	err := in.Store.View(ctx, in.Scope, in.Book, func(r Reader) (err error) {
		work, err = look(ctx, r)
		return err
	})
	if err != nil {
		return done, fmt.Errorf("looking for rows in texts of book %s: %w", in.Book, err)
	}
	for group := range slices.Chunk(work, confirmGroup) {
		step, err := in.confirm(ctx, group)
		if err != nil {
			return done, fmt.Errorf("confirming rows of book %s: %w", in.Book, err)
		}
		done.Matched += step.Matched
		done.Confirmed += step.Confirmed
	}
	return done, nil
}

// finding is a row that a text speaks of.
type finding struct {
	confirmation Confirmation
	match        bool // the document has another row, or none
}

// look compares every unconfirmed pair of row and document, and then every
// document that is not confirmed with the rows that are not.
func look(ctx context.Context, r Reader) ([]finding, error) {
	b, err := readBench(ctx, r)
	if err != nil {
		return nil, err
	}
	var work []finding
	for _, row := range b.rows {
		document, matched := b.matched[row.ID]
		if !matched || row.Withdrawn || b.settled(row, document) {
			continue
		}
		t, err := b.read(ctx, r, document)
		if err != nil {
			return nil, err
		}
		if c, ok := t.confirms(row); ok {
			work = append(work, finding{confirmation: c})
			b.sureRow[row.ID], b.sureDocument[document] = true, true
		}
	}
	more, err := b.unmatched(ctx, r)
	return append(work, more...), err
}

// bench is what looking needs of a book.
type bench struct {
	rows      []Row
	matched   map[string]signature.Hash // row → document
	said      map[string]Confirmation
	documents []Document
	texts     map[signature.Hash]bool
	// sureRow and sureDocument are those of confirmed pairs.
	sureRow      map[string]bool
	sureDocument map[signature.Hash]bool
}

func readBench(ctx context.Context, r Reader) (*bench, error) {
	b := &bench{matched: map[string]signature.Hash{}, said: map[string]Confirmation{}, texts: map[signature.Hash]bool{},
		sureRow: map[string]bool{}, sureDocument: map[signature.Hash]bool{}}
	var err error
	if b.rows, err = r.Rows(ctx); err != nil {
		return nil, err
	}
	matches, err := r.Matches(ctx)
	for _, m := range matches {
		b.matched[m.Row] = m.Document
	}
	if err != nil {
		return nil, err
	}
	said, err := r.Confirmations(ctx)
	for _, c := range said {
		b.said[c.Row] = c
	}
	if err != nil {
		return nil, err
	}
	texts, err := r.Texts(ctx, 0)
	for _, t := range texts {
		b.texts[t.Document] = true
	}
	if err != nil {
		return nil, err
	}
	for _, row := range b.rows {
		if document, matched := b.matched[row.ID]; matched && b.settled(row, document) && !b.said[row.ID].Denied {
			b.sureRow[row.ID], b.sureDocument[document] = true, true
		}
	}
	b.documents, err = r.Documents(ctx)
	return b, err
}

// settled reports whether somebody or a text has answered for this pair.
func (b *bench) settled(row Row, document signature.Hash) bool {
	c, said := b.said[row.ID]
	return said && c.About(row, document)
}

// readText is a kept text made ready for looking.
type readText struct {
	document signature.Hash
	reader   string
	pages    text.Prepared
}

// read returns the text of a document; one without any says nothing.
func (b *bench) read(ctx context.Context, r Reader, document signature.Hash) (readText, error) {
	t := readText{document: document}
	if !b.texts[document] {
		return t, nil
	}
	kept, err := r.TextOf(ctx, document)
	if err != nil {
		return t, err
	}
	e, err := kept.Extraction()
	t.reader, t.pages = e.Extractor, text.Prepare(e.Pages)
	return t, err
}

// confirms reports whether the text is that of the row's document.
func (t readText) confirms(row Row) (Confirmation, bool) {
	found := t.pages.Find(text.Sought{Number: row.Number, Notation: row.Notation, Date: string(row.Date)})
	return Confirmation{
		Row: row.ID, Document: t.document, Number: row.Number, Notation: row.Notation, Date: row.Date, By: ByText, Reader: t.reader,
		NumberPlace: string(found.Number), NumberPage: found.NumberPage, DatePlace: string(found.Date), DatePage: found.DatePage,
	}, found.Confirmed()
}

// unmatched finds the rows of documents that are not confirmed where they are.
// A document that two rows could own, and a row that two documents could be,
// are left to people.
func (b *bench) unmatched(ctx context.Context, r Reader) ([]finding, error) {
	free := map[string][]Row{}
	for _, row := range b.rows {
		if !b.sureRow[row.ID] && !row.Withdrawn && !row.Exclusion.Applies() {
			key := text.Key(row.Number, row.Notation)
			free[key] = append(free[key], row)
		}
	}
	claims := map[string][]finding{}
	for _, d := range b.documents {
		if b.sureDocument[d.SHA256] || !b.texts[d.SHA256] || len(free) == 0 {
			continue
		}
		t, err := b.read(ctx, r, d.SHA256)
		if err != nil {
			return nil, err
		}
		if c, ok := b.owner(t, free); ok {
			claims[c.Row] = append(claims[c.Row], finding{c, true})
		}
	}
	var work []finding
	for _, row := range b.rows { // in the order of the register
		if list := claims[row.ID]; len(list) == 1 {
			work = append(work, list[0])
		}
	}
	return work, nil
}

// owner returns the one free row that the text is the document of.
func (b *bench) owner(t readText, free map[string][]Row) (Confirmation, bool) {
	var own []Confirmation
	for _, key := range t.pages.OwnKeys() {
		for _, row := range free[key] {
			if c, ok := t.confirms(row); ok && !b.settled(row, t.document) {
				own = append(own, c)
			}
		}
	}
	if len(own) != 1 {
		return Confirmation{}, false
	}
	return own[0], true
}

// confirm makes findings true, those that still hold.
func (in *Intake) confirm(ctx context.Context, group []finding) (done Looked, err error) {
	_, err = in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		done = Looked{}
		touched := map[string]bool{}
		for _, f := range group {
			holds, err := f.holds(ctx, tx)
			if err != nil {
				return err
			}
			if !holds {
				continue
			}
			c := f.confirmation
			if f.match {
				if err := rematch(ctx, tx, c, touched); err != nil {
					return err
				}
				done.Matched++
			}
			if _, err := tx.Append(ctx, Confirmed{c}); err != nil {
				return err
			}
			done.Confirmed++
			touched[c.Row] = true
		}
		return in.recount(ctx, tx, nil, touched)
	})
	return done, err
}

// rematch takes the row's document off it, and the document off its rows, and
// ties them to each other.
func rematch(ctx context.Context, tx Tx, c Confirmation, touched map[string]bool) error {
	rows, err := tx.MatchedRows(ctx, c.Document)
	if err != nil {
		return err
	}
	for _, row := range append(rows, c.Row) {
		old, err := tx.MatchOf(ctx, row)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := touchSigned(ctx, tx, old.Document, nil, touched); err != nil {
			return err
		}
		if _, err := tx.Append(ctx, Unmatched{old}); err != nil {
			return err
		}
		touched[row] = true
	}
	if _, err := tx.Append(ctx, Matched{Match{Row: c.Row, Document: c.Document, By: ByText}}); err != nil {
		return err
	}
	return touchSigned(ctx, tx, c.Document, nil, touched)
}

// holds looks again inside the transaction: rows, matches and what people said
// may have changed since the texts were looked into.
func (f finding) holds(ctx context.Context, tx Tx) (bool, error) {
	c := f.confirmation
	row, err := tx.Row(ctx, c.Row)
	if err != nil {
		return false, err
	}
	if row.Withdrawn || !c.About(row, c.Document) {
		return false, nil
	}
	said, err := tx.ConfirmationOf(ctx, c.Row)
	if err == nil && said.About(row, c.Document) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	match, err := tx.MatchOf(ctx, c.Row)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if !f.match {
		return err == nil && match.Document == c.Document, nil
	}
	if err == nil {
		sure, err := confirmed(ctx, tx, row, match.Document)
		if err != nil || sure || match.Document == c.Document {
			return false, err
		}
	}
	return f.loose(ctx, tx)
}

// loose reports whether the document is confirmed for none of its rows.
func (f finding) loose(ctx context.Context, tx Tx) (bool, error) {
	rows, err := tx.MatchedRows(ctx, f.confirmation.Document)
	if err != nil {
		return false, err
	}
	for _, id := range rows {
		row, err := tx.Row(ctx, id)
		if err != nil {
			return false, err
		}
		if sure, err := confirmed(ctx, tx, row, f.confirmation.Document); err != nil || sure {
			return false, err
		}
	}
	return true, nil
}

// ErrUnmatched says that a row has no file that could be confirmed or denied.
var ErrUnmatched = errors.New("the row has no file")

// ConfirmByPerson says, in somebody's name, that a row's file is its document,
// or with deny that it is not; a file that only its text had matched to the row
// is then taken off it. Saying the same again changes nothing. A row that is
// not there is fs.ErrNotExist, one without a file ErrUnmatched.
func (in *Intake) ConfirmByPerson(ctx context.Context, row, person, note string, deny bool) error {
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		now, err := tx.Row(ctx, row)
		if err != nil {
			return err
		}
		match, err := tx.MatchOf(ctx, row)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("row %s: %w", row, ErrUnmatched)
		}
		if err != nil {
			return err
		}
		said, err := tx.ConfirmationOf(ctx, row)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && said.About(now, match.Document) && said.Denied == deny && (said.By == ByPerson || !deny) {
			return nil
		}
		return in.sayByPerson(ctx, tx, match, Confirmation{
			Row: row, Document: match.Document, Number: now.Number, Notation: now.Notation, Date: now.Date,
			By: ByPerson, Person: person, Note: note, Denied: deny,
		})
	})
	return err
}

func (in *Intake) sayByPerson(ctx context.Context, tx Tx, match Match, c Confirmation) error {
	touched := map[string]bool{c.Row: true}
	if _, err := tx.Append(ctx, Confirmed{c}); err != nil {
		return err
	}
	if c.Denied && match.By == ByText {
		if _, err := tx.Append(ctx, Unmatched{match}); err != nil {
			return err
		}
		if err := touchSigned(ctx, tx, match.Document, nil, touched); err != nil {
			return err
		}
	}
	return in.recount(ctx, tx, nil, touched)
}
