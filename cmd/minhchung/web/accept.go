package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/register"
	"minhchung/evidence/signature"
)

// accepted is a file that is in the ledger now.
type accepted struct {
	file      spooled
	known     bool // it was there before
	read      bool // its text was looked into
	ambiguous bool // its name fits several rows, or several files fit its row
	document  evidence.Document
	verdict   signature.Verdict
	rows      []evidence.Row
	by        string
	states    []evidence.RowState
	replaced  []replacement
}

// replacement is a document that a row had before. It stays in the ledger.
type replacement struct {
	row string
	old evidence.Document
}

// accept takes spooled files into a book as `import` does: inspect, store,
// commit, anchor. Once the files are here the work goes on when the client is
// gone, so that a repeated request finds it done.
func (s *server) accept(ctx context.Context, who visitor, k evidence.BookID, files []spooled) (list []accepted, err error) {
	err = s.alone(ctx, func(ctx context.Context) error {
		var incoming []evidence.File
		if list, incoming, err = s.match(ctx, who, k, files); err != nil {
			return err
		}
		err := s.withIntake(ctx, who, k, func(in *evidence.Intake) error { return s.receive(ctx, in, incoming) })
		if err != nil {
			return err
		}
		return s.Store.View(ctx, who.Scope(), k, func(r evidence.Reader) error {
			for i := range list {
				if err := readBack(ctx, r, &list[i]); err != nil {
					return fmt.Errorf("reading back %s: %w", list[i].file.name, err)
				}
			}
			return nil
		})
	})
	return list, err
}

// alone does what changes a book: one at a time, and to its end when the
// client is gone.
func (s *server) alone(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.AcceptTime)
	defer cancel()
	select {
	case s.accepting <- struct{}{}:
		defer func() { <-s.accepting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.boundedWork(ctx, database, func(ctx context.Context) error { return s.boundedWork(ctx, replica, do) })
}

// prove makes the receipt of an accepted file: of its first row, or of the
// document alone. Like the acceptance it goes on when the client is gone.
func (s *server) prove(ctx context.Context, who visitor, k evidence.BookID, a accepted) (receipt report.Receipt, err error) {
	err = s.boundedWork(context.WithoutCancel(ctx), database, func(ctx context.Context) error {
		return report.Readers(ctx, s.Store, who.Scope(), k, func(r, root evidence.Reader) error {
			if len(a.rows) > 0 {
				receipt, err = report.ProveRow(ctx, r, root, s.Public, k, a.rows[0].ID)
			} else {
				receipt, err = report.ProveDocument(ctx, r, root, s.Public, k, a.file.sha)
			}
			return err
		})
	})
	return receipt, err
}

// match finds the rows that the files' names belong to, and what is known
// already.
func (s *server) match(ctx context.Context, who visitor, k evidence.BookID, files []spooled) (list []accepted, incoming []evidence.File, err error) {
	var rows []evidence.Row
	known, before := map[signature.Hash]bool{}, map[string]evidence.Document{}
	err = s.Store.View(ctx, who.Scope(), k, func(r evidence.Reader) (err error) {
		if rows, err = r.Rows(ctx); err != nil {
			return err
		}
		for _, f := range files {
			_, err := r.Document(ctx, f.sha)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			known[f.sha] = err == nil
		}
		before, err = documentsOf(ctx, r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	names := make([]register.File, len(files))
	for i, f := range files {
		names[i] = register.File{Path: f.name}
	}
	found := register.MatchFiles(rows, names)
	for _, f := range files {
		in := evidence.File{Name: f.name, Open: f.open, Size: f.size}
		var replaced []replacement
		for _, p := range found.Pairs {
			if p.Path != f.name {
				continue
			}
			in.Rows, in.By = append(in.Rows, p.Row), p.By
			if old, ok := before[p.Row]; ok && old.SHA256 != f.sha {
				replaced = append(replaced, replacement{p.Row, old})
			}
		}
		ambiguous := slices.ContainsFunc(found.Ambiguous, func(a register.Ambiguity) bool { return slices.Contains(a.Paths, f.name) })
		list = append(list, accepted{file: f, known: known[f.sha], ambiguous: ambiguous && len(in.Rows) == 0, replaced: replaced})
		incoming = append(incoming, in)
		known[f.sha] = true // the same bytes twice in one request are one document
	}
	return list, incoming, nil
}

// documentsOf returns the document of each row that has one.
func documentsOf(ctx context.Context, r evidence.Reader) (map[string]evidence.Document, error) {
	docs, err := r.Documents(ctx)
	if err != nil {
		return nil, err
	}
	byHash := map[signature.Hash]evidence.Document{}
	for _, d := range docs {
		byHash[d.SHA256] = d
	}
	matches, err := r.Matches(ctx)
	byRow := map[string]evidence.Document{}
	for _, m := range matches {
		byRow[m.Row] = byHash[m.Document]
	}
	return byRow, err
}

// withIntake changes a book and anchors what was changed.
func (s *server) withIntake(ctx context.Context, who visitor, k evidence.BookID, change func(in *evidence.Intake) error) error {
	in, done, err := s.Intake(ctx, who.Scope(), k)
	if err != nil {
		return err
	}
	defer done()
	if err := change(in); err != nil {
		return err
	}
	// Anchoring is the installation's own act, whoever changed the book.
	own := *in
	own.Scope = evidence.Scope{All: true, Actor: who.ID}
	return own.Anchor(ctx)
}

// receive takes files as long as their store answers: each is in the ledger
// whole or not at all.
func (s *server) receive(ctx context.Context, in *evidence.Intake, files []evidence.File) error {
	return s.boundedWork(ctx, documents, func(ctx context.Context) error {
		if err := in.Prepare(ctx); err != nil {
			return err
		}
		summary, err := in.Receive(ctx, files)
		if err != nil {
			return err
		}
		if len(summary.Failures) > 0 { // our own spool could not be read
			f := summary.Failures[0]
			return fmt.Errorf("receiving %s: %w", f.Name, f.Err)
		}
		return nil
	})
}

// readBack fills in what the book says of a document now.
func readBack(ctx context.Context, r evidence.Reader, a *accepted) (err error) {
	if a.verdict, a.document, err = evidence.ReadVerdict(ctx, r, a.file.sha); err != nil {
		return err
	}
	switch _, err := r.TextOf(ctx, a.file.sha); {
	case err == nil:
		a.read = true
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	ids, err := r.MatchedRows(ctx, a.file.sha)
	if err != nil {
		return err
	}
	for _, id := range ids {
		row, err := r.Row(ctx, id)
		if err != nil {
			return err
		}
		match, err := r.MatchOf(ctx, id)
		if err != nil {
			return err
		}
		states, err := report.StatesOfRow(ctx, r, id)
		if err != nil {
			return err
		}
		a.rows, a.by, a.states = append(a.rows, row), match.By, append(a.states, states...)
	}
	return nil
}
