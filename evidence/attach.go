package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"minhchung/evidence/signature"
)

// PagesError says that a document has fewer pages than a link names.
type PagesError struct {
	Pages string
	Last  int // the document's last page
}

// Error returns an English sentence.
func (e *PagesError) Error() string {
	return fmt.Sprintf("pages %s: the document has %d", e.Pages, e.Last)
}

// Error returns what is wrong with the file.
func (f Failure) Error() string { return f.Name + ": " + f.Err.Error() }

// Unwrap returns Err.
func (f Failure) Unwrap() error { return f.Err }

// UseScheme opens the book when it is new, commits the basis, and puts the
// scheme in force where none is; with replace also in the place of another
// one. It reports whether it opened the book.
func (in *Intake) UseScheme(ctx context.Context, scheme SchemeUsed, replace bool) (opened bool, err error) {
	if err := in.announce(ctx); err != nil {
		return false, err
	}
	_, err = in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		_, err := tx.Head(ctx)
		opened = errors.Is(err, fs.ErrNotExist)
		if _, err := in.open(ctx, tx); err != nil {
			return err
		}
		touched := map[string]bool{}
		if err := in.lay(ctx, tx, touched); err != nil {
			return err
		}
		now, err := tx.Scheme(ctx)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || replace && now.SHA256 != scheme.SHA256 {
			if _, err := tx.Append(ctx, scheme); err != nil {
				return err
			}
		}
		return in.recount(ctx, tx, nil, touched)
	})
	return opened, err
}

// Attach receives a file like any other, with Rows as they are, and hangs it
// on the criteria of links in the same transaction; the Document of each link
// is filled in. A link that is there just so is not written again, so that
// attaching twice changes nothing. It returns the document's digest and
// whether its bytes are new. What is wrong with the file is a Failure, and a
// *PagesError in it when a link names pages it does not have; nothing is stored
// then.
func (in *Intake) Attach(ctx context.Context, f File, links []Attachment) (sha signature.Hash, fresh bool, err error) {
	f.Accept = func(facts signature.Facts) error { return pagesFit(links, facts) }
	f.Link = func(ctx context.Context, tx Tx, sha signature.Hash) error { return attach(ctx, tx, sha, links) }
	return in.receiveOne(ctx, f)
}

// receiveOne receives a single file; its failure is the error.
func (in *Intake) receiveOne(ctx context.Context, f File) (sha signature.Hash, fresh bool, err error) {
	summary, err := in.Receive(ctx, []File{f})
	if err != nil {
		return sha, false, err
	}
	if len(summary.Failures) > 0 {
		return sha, false, summary.Failures[0]
	}
	return summary.Documents[f.Name], summary.Received > 0, nil
}

// AttachDocument hangs a document that the book has already on the criteria of
// links. A document that is not there is fs.ErrNotExist.
func (in *Intake) AttachDocument(ctx context.Context, sha signature.Hash, links []Attachment) error {
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		return attach(ctx, tx, sha, links)
	})
	return err
}

func attach(ctx context.Context, tx Tx, sha signature.Hash, links []Attachment) error {
	doc, err := tx.Document(ctx, sha)
	if err != nil {
		return err
	}
	// The leaves of a document that came in this transaction have no bytes
	// yet; its pages were compared before it was stored.
	facts, err := ReadFacts(ctx, tx, doc)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := pagesFit(links, facts); err != nil {
		return err
	}
	for _, a := range links {
		a.Document = sha
		old, err := tx.AttachmentOf(ctx, a.Criterion, sha)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		case err == nil && old.Pages == a.Pages && old.Note == a.Note:
			continue
		}
		if _, err := tx.Append(ctx, Attached{a}); err != nil {
			return err
		}
	}
	return nil
}

// pagesFit compares the links' pages with the pages a reader counted. Formats
// without pages, and files nobody could read, have none.
func pagesFit(links []Attachment, facts signature.Facts) error {
	for _, a := range links {
		pages, err := ParsePages(a.Pages)
		if err != nil {
			return err
		}
		if facts.Pages > 0 && pages.Last() > facts.Pages {
			return &PagesError{a.Pages, facts.Pages}
		}
	}
	return nil
}

// Detach takes a document off criteria; reason goes into the leaves' openings.
// The document and the older leaves stay. A link that is not there is
// fs.ErrNotExist, and none is taken off.
func (in *Intake) Detach(ctx context.Context, sha signature.Hash, criteria []string, reason string) error {
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error {
		for _, criterion := range criteria {
			link, err := tx.AttachmentOf(ctx, criterion, sha)
			if err != nil {
				return err
			}
			link.Note = reason
			if _, err := tx.Append(ctx, Detached{link}); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Explain gives an explanation, or withdraws the one in force. One that says
// the same as the one in force is not written again. Withdrawing where there
// is none is fs.ErrNotExist.
func (in *Intake) Explain(ctx context.Context, x Explanation) error {
	_, err := in.Store.Update(ctx, in.Scope, in.Book, func(tx Tx) error { return explain(ctx, tx, x) })
	return err
}

// ExplainByFile receives a file like any other and gives it as the
// explanation, in the same transaction.
func (in *Intake) ExplainByFile(ctx context.Context, f File, x Explanation) (sha signature.Hash, fresh bool, err error) {
	f.Link = func(ctx context.Context, tx Tx, sha signature.Hash) error {
		x := x
		x.Document = sha
		return explain(ctx, tx, x)
	}
	return in.receiveOne(ctx, f)
}

func explain(ctx context.Context, tx Tx, x Explanation) error {
	all, err := tx.Explanations(ctx)
	if err != nil {
		return err
	}
	now, said := InForce(all)[x.Criterion]
	switch {
	case x.Withdrawn && !said:
		return fmt.Errorf("explanation of criterion %s: %w", x.Criterion, fs.ErrNotExist)
	case said && !x.Withdrawn && now.Text == x.Text && now.Document == x.Document:
		return nil
	}
	if !x.Document.IsZero() {
		if _, err := tx.Document(ctx, x.Document); err != nil {
			return err
		}
	}
	_, err = tx.Append(ctx, Explained{x})
	return err
}
