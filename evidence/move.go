package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/evidence/object"
	"minhchung/ledger"
)

// Mover is a Store that can take over a book of another one.
type Mover interface {
	// TakeOver makes the book, in one transaction, what from reads: the same
	// leaves, salts and openings byte for byte, the same tree and time, all
	// projections and blobs, and a checkpoint of this store's key over the
	// same root. from is checked while it is read, against pub, which signed
	// its checkpoint. A book that is here already must be the beginning of the
	// other one (else ledger.ErrForked); with nothing new nothing changes.
	TakeOver(ctx context.Context, scope Scope, book BookID, from Reader, pub ledger.PublicKey) error
}

// Installation is one side of a move.
type Installation struct {
	Name    string // what the origins of its new books begin with
	Store   Store
	Objects object.Store
	Scope   Scope
	Public  ledger.PublicKey // that its checkpoints are signed with
}

// MoveReport says what Move did.
type MoveReport struct {
	Book   BookID
	Size   int64     // of the book when it departed, with that leaf
	Root   tlog.Hash // of that size, in both installations
	Copied int64     // files that were not there yet
}

// ErrUnsound says that check finds problems in a book, before it moves or when
// it has arrived.
var ErrUnsound = errors.New("check finds problems")

// Move brings a book to another installation. The old one checks it and closes
// it with a departure; every document is copied and hashed again; the new one
// takes over the exact leaves, says so with an arrival, and is checked as a
// whole; then the roots are compared. Interrupted at any moment, it goes on
// from there when it is called again. From the departure on only the new
// installation appends to the book, until it moves back. What is trusted does
// not move: that is for the administrator there to decide, and old verdicts
// keep their material.
//
// Errors besides those of the stores: ErrUnsound, ErrMoved when the book
// departed to somewhere else, ledger.ErrForked.
func Move(ctx context.Context, from, to Installation, book BookID) (MoveReport, error) {
	mover, ok := to.Store.(Mover)
	if !ok || from.Name == to.Name {
		return MoveReport{}, fmt.Errorf("book %s cannot move from %q to %q", book, from.Name, to.Name)
	}
	m := &move{from: from, to: to, book: book, mover: mover, report: MoveReport{Book: book}}
	for _, step := range []func(context.Context) error{m.depart, m.copyFiles, m.introduce, m.takeOver, m.arrive, m.verify} {
		if err := step(ctx); err != nil {
			return m.report, fmt.Errorf("moving book %s from %s to %s: %w", book, from.Name, to.Name, err)
		}
	}
	return m.report, nil
}

type move struct {
	from, to Installation
	book     BookID
	mover    Mover
	left     ledger.Head // of the old installation, after the departure
	report   MoveReport
}

// head returns the head of the book and its newest move; a zero one for none.
func (s Installation) head(ctx context.Context, book BookID) (head ledger.Head, last BookMove, err error) {
	err = s.Store.View(ctx, s.Scope, book, func(r Reader) error {
		if head, err = r.Head(ctx); err != nil {
			return err
		}
		last, err = r.LastMove(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return head, last, err
}

func (s Installation) sound(ctx context.Context, book BookID) error {
	report, err := Check(ctx, s.Store, s.Scope, book, s.Public, s.Objects, CheckOptions{})
	if err != nil {
		return err
	}
	for _, p := range slices.Concat(report.Ledger, report.Evidence, report.Unverified) {
		return fmt.Errorf("%w at %s: %s", ErrUnsound, s.Name, p)
	}
	return nil
}

// depart checks the book and closes it in the old installation. After a crash
// behind it the book belongs to nobody until Move is called again.
func (m *move) depart(ctx context.Context) error {
	if err := m.from.sound(ctx, m.book); err != nil {
		return err
	}
	_, err := m.from.Store.Update(ctx, m.from.Scope, m.book, func(tx Tx) error {
		last, err := tx.LastMove(ctx)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		case last.Step != MoveDeparted:
			_, err := tx.Append(ctx, Moved{BookMove{Step: MoveDeparted, Place: m.to.Name}})
			return err
		case last.Place != m.to.Name:
			return fmt.Errorf("it departed to %s: %w", last.Place, ErrMoved)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.left, _, err = m.from.head(ctx, m.book)
	m.report.Size, m.report.Root = m.left.Size, m.left.Root
	return err
}

// copyFiles puts every document where it is not yet. Put hashes what it
// stores, so bytes that changed on the way are refused.
func (m *move) copyFiles(ctx context.Context) error {
	var documents []Document
	err := m.from.Store.View(ctx, m.from.Scope, m.book, func(r Reader) (err error) {
		documents, err = r.Documents(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range documents {
		if err := m.copyFile(ctx, object.Key{Unit: string(m.book.Unit), SHA256: d.SHA256}); err != nil {
			return fmt.Errorf("document %s: %w", d.SHA256, err)
		}
	}
	return nil
}

func (m *move) copyFile(ctx context.Context, key object.Key) error {
	size, err := m.from.Objects.Stat(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // over the limits and not kept: the check of both sides knows
	}
	if err != nil {
		return err
	}
	if there, err := m.to.Objects.Stat(ctx, key); err == nil && there == size {
		return nil // verify reads its bytes
	}
	body, err := m.from.Objects.Get(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := m.to.Objects.Put(ctx, key, size, body); err != nil {
		return err
	}
	m.report.Copied++
	return nil
}

// introduce tells the new installation's root book of the unit and of who
// signs for it.
func (m *move) introduce(ctx context.Context) error {
	var units []Unit
	var roster []RosterEntry
	err := m.from.Store.View(ctx, m.from.Scope, m.book, func(r Reader) error {
		all, err := r.Units(ctx)
		if err != nil {
			return err
		}
		units = slices.DeleteFunc(all, func(u Unit) bool { return u.ID != m.book.Unit })
		roster, err = r.Roster(ctx, m.book.Unit)
		return err
	})
	if err != nil {
		return err
	}
	_, err = m.to.Store.Update(ctx, m.to.Scope, RootBook, func(tx Tx) error {
		known, err := tx.Units(ctx)
		if err != nil {
			return err
		}
		there, err := tx.Roster(ctx, m.book.Unit)
		if err != nil {
			return err
		}
		var events []Event
		for _, u := range units {
			if !slices.ContainsFunc(known, func(k Unit) bool { return k.ID == u.ID }) {
				events = append(events, UnitAdded{u})
			}
		}
		for _, e := range roster {
			if !slices.ContainsFunc(there, func(k RosterEntry) bool { return sameEntry(k, e) }) {
				events = append(events, RosterAdded{e})
			}
		}
		if len(events) == 0 {
			return nil
		}
		_, err = tx.Append(ctx, events...)
		return err
	})
	return err
}

func sameEntry(a, b RosterEntry) bool {
	return a.Unit == b.Unit && string(mustJSON(a.Signer)) == string(mustJSON(b.Signer))
}

// arrived reports whether the new installation has the arrival behind this
// departure already.
func (m *move) arrived(ctx context.Context) (bool, error) {
	_, last, err := m.to.head(ctx, m.book)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return last.Step == MoveArrived && last.Entry == m.left.Size, err
}

func (m *move) takeOver(ctx context.Context) error {
	if done, err := m.arrived(ctx); err != nil || done {
		return err
	}
	return m.from.Store.View(ctx, m.from.Scope, m.book, func(r Reader) error {
		return m.mover.TakeOver(ctx, m.to.Scope, m.book, r, m.from.Public)
	})
}

// arrive opens the book in the new installation and anchors it in both.
func (m *move) arrive(ctx context.Context) error {
	done, err := m.arrived(ctx)
	if err == nil && !done {
		_, err = m.to.Store.Update(ctx, m.to.Scope, m.book, func(tx Tx) error {
			head, err := tx.Head(ctx)
			if err == nil && head.Root != m.left.Root {
				err = fmt.Errorf("the root is %v at %s and %v at %s: %w", m.left.Root, m.from.Name, head.Root, m.to.Name, ledger.ErrForked)
			}
			if err != nil {
				return err
			}
			_, err = tx.Append(ctx, Moved{BookMove{Step: MoveArrived, Place: m.from.Name,
				Key: m.from.Public.String(), Checkpoint: string(m.left.Checkpoint)}})
			return err
		})
	}
	if err != nil {
		return err
	}
	_, err = m.to.Store.Update(ctx, m.to.Scope, RootBook, func(tx Tx) error {
		if announced, err := tx.Announced(ctx, m.book); err != nil || announced {
			return err
		}
		_, err := tx.Append(ctx, Opened{Book: m.book, Origin: m.left.Origin})
		return err
	})
	for _, side := range []Installation{m.to, m.from} {
		if err == nil {
			err = (&Intake{Store: side.Store, Scope: side.Scope, Book: m.book}).Anchor(ctx)
		}
	}
	return err
}

// verify reads everything in its new place.
func (m *move) verify(ctx context.Context) error {
	if err := m.to.sound(ctx, m.book); err != nil {
		return err
	}
	return m.to.Store.View(ctx, m.to.Scope, m.book, func(r Reader) error {
		root, err := ledger.RootAt(ctx, r, m.left.Size)
		if err == nil && root != m.left.Root {
			err = fmt.Errorf("at size %d the root is %v at %s and %v at %s: %w", m.left.Size, m.left.Root, m.from.Name, root, m.to.Name, ledger.ErrForked)
		}
		return err
	})
}
